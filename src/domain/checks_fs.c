/*
 * The worker's file system as its own mount table shows it. What is declared comes
 * from the spec; what a runtime always adds is listed here; anything else is a hole.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"

/* Mount points of the runtime and the engine. An entry that ends in "/" covers what is below it,
 * on the named file systems only. */
struct known_mount {
	const char *target;
	const char *fstypes; /* comma-separated; NULL: any */
};

static const struct known_mount known_mounts[] = {
	{ "/", NULL },
	{ "/proc", "proc" },
	{ "/proc/", "proc,tmpfs" }, /* masked and read-only paths */
	{ "/dev", "tmpfs" },
	{ "/dev/pts", "devpts" },
	{ "/dev/console", "devpts" },
	{ "/dev/mqueue", "mqueue" },
	{ "/dev/shm", "tmpfs" },
	{ "/sys", "sysfs" },
	{ "/sys/", "tmpfs,sysfs" },
	{ "/sys/fs/cgroup", "tmpfs,cgroup,cgroup2" },
	{ "/sys/fs/cgroup/", "cgroup" },
	{ "/etc/resolv.conf", NULL },
	{ "/etc/hostname", NULL },
	{ "/etc/hosts", NULL },
	{ "/sbin/docker-init", NULL },
	{ "/usr/sbin/docker-init", NULL }, /* where an image's /sbin is a link, as on most today */
};

static bool mount_is_known(const struct proc_mount *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_mounts); i++) {
		const struct known_mount *k = &known_mounts[i];
		size_t len = strlen(k->target);
		bool below = len > 1 && k->target[len - 1] == '/';

		if (below ? strncmp(m->target, k->target, len) : strcmp(m->target, k->target))
			continue;
		if (!k->fstypes || option_has(k->fstypes, m->fstype))
			return true;
	}
	return false;
}

static bool mount_is_declared(const struct check_input *in, const struct proc_mount *m)
{
	const struct container_spec *w = &in->desired->worker;
	const struct engine_mount *mounts = w->mounts.items;

	for (size_t i = 0; i < w->mounts.count; i++)
		if (!strcmp(mounts[i].target, m->target))
			return true;
	return strmap_get(&w->tmpfs, m->target) && !strcmp(m->fstype, "tmpfs");
}

void judge_fs_mounts_declared(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "only the runtime's mounts, /tmp, the workspace and declared sources");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];

		if (!mount_is_known(m) && !mount_is_declared(in, m))
			complain(&c, "%s (%s %s from %s)", m->target, m->fstype, m->root,
				 m->source);
	}
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	judge_complaints(f, &c, "%zu mounts, all declared", in->facts->mounts.count);
}

void judge_fs_root_readonly(const struct check_input *in, struct finding *f)
{
	const struct proc_mount *root;

	judge_expect(f, "/ is mounted read-only");
	if (!have_mounts(in, f))
		return;
	root = mount_at(&in->facts->mounts, "/");
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	if (!root)
		judge_unknown(f, "no mount at /");
	else if (option_has(root->options, "ro"))
		judge_pass(f, "%s", root->options);
	else
		judge_fail(f, "%s", root->options);
}

/* /dev has to hold devices; runtimes mount it without nodev and mask paths with its null device.
 * Only root could make a node there, and the worker is not root. */
static bool is_dev_tmpfs(const struct proc_mount *m)
{
	return !strcmp(m->target, "/dev") || !strcmp(m->fstype, "devpts") ||
	       (!strcmp(m->fstype, "tmpfs") && !strcmp(m->root, "/null"));
}

void judge_fs_mount_flags(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t writable = 0;

	judge_expect(f, "nosuid,nodev on every writable mount, noexec on tmpfs");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];
		bool dev = is_dev_tmpfs(m);

		/* A writable root is a finding of its own. */
		if (!option_has(m->options, "rw") || !strcmp(m->target, "/"))
			continue;
		writable++;
		if (!option_has(m->options, "nosuid"))
			complain(&c, "%s lacks nosuid", m->target);
		if (!dev && !option_has(m->options, "nodev"))
			complain(&c, "%s lacks nodev", m->target);
		if (!dev && !strcmp(m->fstype, "tmpfs") && !option_has(m->options, "noexec"))
			complain(&c, "%s lacks noexec", m->target);
	}
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	judge_complaints(f, &c, "%zu writable mounts, all flagged", writable);
}

void judge_fs_propagation(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no mount shared with the host");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];
		const char *o = m->optional ? m->optional : "";

		/* Runtimes make the root a slave of the host's: only a mount made by the host
		 * below this very root file system would come in. */
		if (strstr(o, "shared:") || (strstr(o, "master:") && strcmp(m->target, "/") != 0))
			complain(&c, "%s is %s", m->target, o);
	}
	judge_evidence(f, "/proc/%d/mountinfo optional fields", (int)in->facts->init_pid);
	judge_complaints(f, &c, "%zu mounts, none shared", in->facts->mounts.count);
}

void judge_fs_masked(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "kernel files that tell about the host are masked");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->unmasked_paths.count; i++)
		complain(&c, "%s can be read", in->facts->unmasked_paths.items[i]);
	judge_evidence(f, "looked up below /proc/%d/root", (int)in->facts->init_pid);
	judge_complaints(f, &c, "all masked");
}

void judge_fs_proc_readonly(const struct check_input *in, struct finding *f)
{
	static const char *const targets[] = { "/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs",
					       "/sys" };
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "/proc/sys, /proc/irq, /proc/bus, /proc/fs and /sys are read-only");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		const struct proc_mount *m = mount_at(&in->facts->mounts, targets[i]);

		if (!m || !option_has(m->options, "ro"))
			complain(&c, "%s is writable", targets[i]);
	}
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	judge_complaints(f, &c, "read-only");
}

/* Sockets that the tenant made in its own places are its own affair; one that was mounted in
 * leads out of the container. */
void judge_fs_sockets(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no unix socket of the host inside");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->sockets.count; i++) {
		const char *path = in->facts->sockets.items[i];
		bool own = path_is_below(path, in->spec->workspace.path) ||
			   path_is_below(path, "/tmp") || path_is_below(path, "/dev/shm");

		if (!own || mount_at(&in->facts->mounts, path))
			complain(&c, "%s", path);
	}
	judge_evidence(f, "looked for below /proc/%d/root", (int)in->facts->init_pid);
	judge_complaints(f, &c, "none");
}

/* ---- where mounts come from ---- */

/* Host places whose content, or whose writing, gives a tenant the host. */
static const char *const sensitive_places[] = {
	"/etc",
	"/root",
	"/home",
	"/boot",
	"/dev",
	"/proc",
	"/sys",
	"/run",
	"/var/run",
	"/usr",
	"/lib",
	"/bin",
	"/sbin",
	"/var/lib/docker",
	"/var/lib/containerd",
	"/var/log",
	"/var/spool/cron",
	"/var/lib/kubelet",
	"/etc/tenantctl",
	"/var/lib/tenantctl",
};

static const char *sensitive_place(const char *source)
{
	if (!strcmp(source, "/"))
		return "/";
	for (size_t i = 0; i < ARRAY_SIZE(sensitive_places); i++)
		if (path_is_below(source, sensitive_places[i]))
			return sensitive_places[i];
	return NULL;
}

static bool bind_is_desired(const struct check_input *in, const char *source, const char *target)
{
	const struct engine_mount *mounts = in->desired->worker.mounts.items;

	for (size_t i = 0; i < in->desired->worker.mounts.count; i++)
		if (!strcmp(mounts[i].source, source) && !strcmp(mounts[i].target, target))
			return true;
	return false;
}

/* resolv.conf comes from tenantctl's own state folder; spec_check has judged declared sources. */
void judge_fs_mounts_source(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct engine_mount *mounts;

	judge_expect(f, "no folder or socket of the host but the declared ones");
	if (!have_worker(in, f))
		return;
	mounts = in->worker->spec.mounts.items;
	for (size_t i = 0; i < in->worker->spec.mounts.count; i++) {
		const char *place;

		if (bind_is_desired(in, mounts[i].source, mounts[i].target))
			continue;
		place = sensitive_place(mounts[i].source);
		complain(&c, "%s at %s%s%s", mounts[i].source, mounts[i].target,
			 place ? ", part of the host's " : "", place ? place : "");
	}
	for (size_t i = 0; i < in->worker->spec.binds.count; i++)
		complain(&c, "bind %s", in->worker->spec.binds.items[i]);
	for (size_t i = 0; i < in->worker->spec.volumes_from.count; i++)
		complain(&c, "volumes of %s", in->worker->spec.volumes_from.items[i]);
	judge_evidence(f, "inspect %s HostConfig.Mounts, Binds, VolumesFrom", in->worker->name);
	judge_complaints(f, &c, "%zu mounts, all declared", in->worker->spec.mounts.count);
}

void judge_fs_source_readonly(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct source_entry *s = in->spec->source.items;

	judge_expect(f, "source material is read-only");
	if (in->spec->source.count == 0) {
		judge_skip(f, "the manifest declares no source");
		return;
	}
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];

		for (size_t k = 0; k < in->spec->source.count; k++)
			if (path_is_below(m->target, s[k].path) && !option_has(m->options, "ro"))
				complain(&c, "%s is writable", m->target);
	}
	for (size_t k = 0; k < in->spec->source.count; k++)
		if (!mount_at(&in->facts->mounts, s[k].path))
			complain(&c, "%s is not mounted", s[k].path);
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	judge_complaints(f, &c, "%zu sources, all read-only", in->spec->source.count);
}

void judge_fs_workspace_quota(const struct check_input *in, struct finding *f)
{
	const struct proc_mount *m;
	char want[32], have[32];

	bind_format_size(in->spec->resources.workspace, want, sizeof(want));
	judge_expect(f, "%s is a file system of its own of at most %s", in->spec->workspace.path,
		     want);
	if (!have_mounts(in, f))
		return;
	m = mount_at(&in->facts->mounts, in->spec->workspace.path);
	judge_evidence(f, "/proc/%d/mountinfo and statvfs of the mount", (int)in->facts->init_pid);
	bind_format_size(in->facts->workspace_bytes, have, sizeof(have));
	if (!m)
		judge_fail(f, "nothing is mounted at %s", in->spec->workspace.path);
	else if (in->facts->workspace_bytes == 0)
		judge_unknown(f, "its size could not be read");
	else if (in->facts->workspace_bytes > in->spec->resources.workspace)
		judge_fail(f, "%s from %s", have, m->source);
	else
		judge_pass(f, "%s from %s", have, m->source);
}

void judge_fs_devices(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no device beyond null, zero, full, random, urandom, tty and terminals");
	if (!have_worker(in, f) || !have_worker_process(in, f))
		return;
	judge_evidence(f,
		       "/proc/%d/root/dev; inspect %s HostConfig.Devices, DeviceRequests, "
		       "DeviceCgroupRules",
		       (int)in->facts->init_pid, in->worker->name);
	if (in->worker->spec.device_count || in->worker->spec.device_cgroup_rules.count)
		complain(&c, "%" PRId64 " devices, %zu device rules ordered",
			 in->worker->spec.device_count, in->worker->spec.device_cgroup_rules.count);
	for (size_t i = 0; i < in->facts->devices.count; i++)
		complain(&c, "%s", in->facts->devices.items[i]);
	if (c.count == 0 && !in->facts->devices_known)
		judge_unknown(f, "not all of the worker's /dev could be looked at");
	else
		judge_complaints(f, &c, "none");
}
