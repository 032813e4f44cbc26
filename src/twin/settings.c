/* Settings of the kernel that live in files: of the host, its network, cgroups and processes. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DEPTH_MAX = 6 };

struct settings {
	struct attempt *a;
	size_t seen, open_count;
};

static void note(struct settings *s, const char *path, const char *how)
{
	if (s->open_count++ < 4)
		say(s->a, "%s %s ", path, how);
}

/* Opened for writing only: nothing is ever written. Where whose the file is stands in the way, the
 * mount has to do so, too: a worker that is root in some way is no owner less. */
static void try_file(struct settings *s, const char *path, bool readonly)
{
	struct statvfs v;
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		s->seen++;
		note(s, path, "opens");
		return;
	}
	if (errno == ENOENT || errno == ENOTDIR || errno == ENXIO)
		return;
	s->seen++;
	s->a->error = errno;
	if (readonly && statvfs(path, &v) == 0 && !(v.f_flag & ST_RDONLY))
		note(s, path, "is not read-only");
}

/* Files that can be opened for writing. */
static void try_tree(struct settings *s, const char *path, int depth)
{
	DIR *d = depth < DEPTH_MAX ? opendir(path) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char name[512];
		int len = snprintf(name, sizeof(name), "%s/%s", path, e->d_name);

		if (e->d_name[0] == '.' || len < 0 || (size_t)len >= sizeof(name))
			continue;
		if (e->d_type == DT_DIR) {
			try_tree(s, name, depth + 1);
			continue;
		}
		s->seen += e->d_type == DT_REG;
		/* asks the mount, too (access(2): EROFS), and opens nothing */
		if (e->d_type == DT_REG && access(name, W_OK) == 0)
			note(s, name, "can be written");
	}
	if (d)
		closedir(d);
}

static void finish(struct settings *s)
{
	s->a->outcome = s->open_count ? OUTCOME_OPEN : s->seen ? OUTCOME_BLOCKED : OUTCOME_NONE;
	say(s->a, "%zu of %zu files", s->open_count, s->seen);
}

void attack_settings_kernel(struct attempt *a)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/hotplug",
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/domainname",
		"/proc/sys/kernel/randomize_va_space",
		"/proc/sys/kernel/sysrq",
		"/proc/sys/vm/panic_on_oom",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/fs/binfmt_misc/register",
		"/proc/sys/fs/file-max",
		"/proc/sysrq-trigger",
		"/proc/irq/default_smp_affinity",
		"/proc/bus/pci/devices",
		"/proc/fs/nfs/exports",
		"/sys/kernel/uevent_helper",
		"/sys/kernel/mm/ksm/run",
		"/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/kernel/profiling",
		"/sys/kernel/kexec_crash_size",
		"/sys/power/state",
		"/sys/module/kernel/parameters/panic",
	};
	struct settings s = { .a = a };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		try_file(&s, paths[i], true);
	/* not read-only to begin with: whose they are is what protects them */
	try_file(&s, "/proc/mtrr", false);
	try_file(&s, "/proc/acpi/wakeup", false);
	try_tree(&s, "/proc/sys", 0);
	finish(&s);
}

void attack_settings_network(struct attempt *a)
{
	static const char *const paths[] = {
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/ipv4/conf/all/route_localnet",
		"/proc/sys/net/ipv4/conf/all/rp_filter",
		"/proc/sys/net/ipv4/ping_group_range",
		"/proc/sys/net/ipv4/ip_unprivileged_port_start",
		"/proc/sys/net/ipv4/ip_nonlocal_bind",
		"/proc/sys/net/ipv6/conf/all/disable_ipv6",
		"/proc/sys/net/ipv6/conf/eth0/disable_ipv6",
		"/sys/class/net/eth0/mtu",
		"/sys/class/net/eth0/queues/rx-0/rps_cpus",
	};
	struct settings s = { .a = a };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		try_file(&s, paths[i], true);
	finish(&s);
}

void attack_settings_cgroup(struct attempt *a)
{
	static const char *const paths[] = {
		"/sys/fs/cgroup/release_agent",
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/fs/cgroup/cgroup.subtree_control",
		"/sys/fs/cgroup/memory.max",
		"/sys/fs/cgroup/pids.max",
		"/sys/fs/cgroup/cpu.max",
		"/sys/fs/cgroup/memory/release_agent",
		"/sys/fs/cgroup/memory/notify_on_release",
		"/sys/fs/cgroup/memory/cgroup.procs",
		"/sys/fs/cgroup/memory/memory.limit_in_bytes",
		"/sys/fs/cgroup/pids/pids.max",
		"/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
		"/sys/fs/cgroup/devices/devices.allow",
		"/sys/fs/cgroup/rdma/release_agent",
		"/sys/fs/cgroup/systemd/release_agent",
	};
	struct settings s = { .a = a };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		try_file(&s, paths[i], true);
	try_tree(&s, "/sys/fs/cgroup", 0);
	finish(&s);
}

/* Files of the own processes belong to them: only what lowers the confinement counts. */
void attack_settings_process(struct attempt *a)
{
	static const struct {
		const char *path, *text;
	} list[] = {
		{ "/proc/1/uid_map", "0 0 1\n" },	  { "/proc/1/gid_map", "0 0 1\n" },
		{ "/proc/1/attr/current", "unconfined" }, { "/proc/1/attr/exec", "unconfined" },
		{ "/proc/self/attr/exec", "unconfined" }, { "/proc/self/uid_map", "0 0 1\n" },
	};
	struct settings s = { .a = a };

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		int fd = open(list[i].path, O_WRONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		s.seen++;
		if (fd >= 0 && write(fd, list[i].text, strlen(list[i].text)) >= 0)
			note(&s, list[i].path, "was written");
		else
			a->error = errno;
		if (fd >= 0)
			close(fd);
	}
	finish(&s);
}
