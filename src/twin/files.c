/* Files: what must not be written, read, opened or executed. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* ---- root ---------------------------------------------------------------------------------- */

static void root_create(struct result *r)
{
	static const char *const folders[] = {
		"/", "/etc", "/dev", "/proc", "/sys", "/run", "/var"
	};
	bool tried = false;

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[64];
		int fd;

		if (access(folders[i], F_OK) < 0)
			continue;
		tried = true;
		snprintf(path, sizeof(path), "%s/twin-was-here", folders[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0) {
			r->error = errno;
			continue;
		}
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", folders[i]);
		unlink(path);
	}
	if (!tried)
		r->outcome = OUTCOME_ERROR;
}

static void root_write(struct result *r)
{
	judge_call(r, open(SELF, O_WRONLY | O_CLOEXEC));
}

static void root_truncate(struct result *r)
{
	judge_call(r, truncate("/tenantctl-probe", 0));
}

static void root_rename(struct result *r)
{
	judge_call(r, rename("/tenantctl-probe", "/tenantctl-probe.old"));
}

static void root_chmod(struct result *r)
{
	judge_call(r, chmod("/", 0777));
}

static void root_setxattr(struct result *r)
{
	judge_call(r, setxattr("/", "user.twin", "x", 1, 0));
}

static void root_utimes(struct result *r)
{
	judge_call(r, utimensat(AT_FDCWD, "/tenantctl-probe", NULL, 0));
}

/* ---- execution ----------------------------------------------------------------------------- */

/* Copies this program; the descriptor is open for reading, or -1. */
static int copy_self(const char *path)
{
	char buf[65536];
	int in = open(SELF, O_RDONLY | O_CLOEXEC), out;
	ssize_t n = 0;

	unlink(path);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	while (in >= 0 && out >= 0 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			break;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return out >= 0 && n == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static void exec_tmp(struct result *r)
{
	static char name[] = "/tmp/twin-copy", quiet[] = "--nothing";
	char *argv[] = { name, quiet, NULL };
	int fd = copy_self(name);

	if (fd < 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	close(fd);
	/* When this succeeds the new program exits at once and the outcome below stands. */
	r->outcome = OUTCOME_OPEN;
	execv(name, argv);
	judge_call(r, -1);
	unlink(name);
}

static void map_tmp(struct result *r)
{
	int fd = copy_self("/tmp/twin-map");
	void *p;

	if (fd < 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	judge_call(r, p == MAP_FAILED ? -1 : 0);
	unlink("/tmp/twin-map");
}

/* ---- settings of the kernel ---------------------------------------------------------------- */

/* Opened for writing only: nothing is ever written. */
static void try_writable(struct result *r, const char *const *paths, size_t count)
{
	size_t there = 0;

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < count; i++) {
		int fd;

		if (access(paths[i], F_OK) < 0)
			continue;
		there++;
		fd = open(paths[i], O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0) {
			r->error = errno;
			continue;
		}
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", paths[i]);
		close(fd);
	}
	if (there == 0)
		r->outcome = OUTCOME_NONE;
	else if (r->outcome == OUTCOME_BLOCKED)
		say(r, "%zu files", there);
}

static void kernel_settings(struct result *r)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/domainname",
		"/proc/sys/kernel/randomize_va_space",
		"/proc/sys/vm/panic_on_oom",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/fs/binfmt_misc/register",
		"/proc/sysrq-trigger",
		"/proc/irq/default_smp_affinity",
		"/proc/bus/pci",
		"/proc/mtrr",
		"/proc/acpi/wakeup",
		"/sys/kernel/uevent_helper",
		"/sys/kernel/mm/ksm/run",
		"/sys/kernel/profiling",
		"/sys/power/state",
		"/sys/class/net/eth0/mtu",
	};

	try_writable(r, paths, ARRAY_SIZE(paths));
}

static void cgroup_settings(struct result *r)
{
	static const char *const paths[] = {
		"/sys/fs/cgroup/release_agent",
		"/sys/fs/cgroup/cgroup.procs",
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
	};

	try_writable(r, paths, ARRAY_SIZE(paths));
}

static void own_settings(struct result *r)
{
	static const char *const paths[] = { "/proc/1/oom_score_adj", "/proc/1/mem",
					     "/proc/1/uid_map", "/proc/1/attr/exec" };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		/* pid 1 is the container's own init: only what lowers its confinement counts */
		int fd = open(paths[i], O_WRONLY | O_CLOEXEC);
		ssize_t n;

		if (fd < 0) {
			r->error = errno;
			continue;
		}
		n = strstr(paths[i], "oom")   ? write(fd, "-1000", 5)
		    : strstr(paths[i], "uid") ? write(fd, "0 0 1", 5)
					      : -1;
		if (n < 0) {
			r->error = errno;
		} else {
			r->outcome = OUTCOME_OPEN;
			say(r, "%s ", paths[i]);
		}
		close(fd);
	}
}

/* ---- what tells about the host ------------------------------------------------------------- */

static void masked(struct result *r)
{
	static const char *const paths[] = {
		"/proc/kcore",
		"/proc/keys",
		"/proc/timer_list",
		"/proc/sched_debug",
		"/proc/latency_stats",
		"/proc/interrupts",
		"/proc/kmsg",
		"/sys/firmware/dmi/tables/DMI",
		"/sys/kernel/debug/tracing/trace",
		"/sys/devices/virtual/powercap/intel-rapl/enabled",
	};

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char byte;
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (read(fd, &byte, 1) == 1) {
			r->outcome = OUTCOME_OPEN;
			say(r, "%s ", paths[i]);
		}
		close(fd);
	}
}

static void symbols(struct result *r)
{
	char line[128] = "";
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		judge_call(r, -1);
		return;
	}
	if (read(fd, line, sizeof(line) - 1) <= 0 || strspn(line, "0") >= 16) {
		r->outcome = OUTCOME_BLOCKED;
		say(r, "addresses are zero");
	} else {
		r->outcome = OUTCOME_OPEN;
		say(r, "addresses are shown");
	}
}

static void devices(struct result *r)
{
	static const char *const paths[] = {
		"/dev/kmsg",	     "/dev/mem",       "/dev/port",    "/dev/kvm",
		"/dev/fuse",	     "/dev/cuse",      "/dev/loop0",   "/dev/loop-control",
		"/dev/sda",	     "/dev/vda",       "/dev/nvme0n1", "/dev/dm-0",
		"/dev/net/tun",	     "/dev/vhost-net", "/dev/vsock",   "/dev/uinput",
		"/dev/input/event0", "/dev/dri/card0", "/dev/nvidia0", "/dev/snapshot",
	};

	r->outcome = OUTCOME_BLOCKED;
	r->error = ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			continue;
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", paths[i]);
		close(fd);
	}
}

static void make_device(struct result *r)
{
	static const char *const folders[] = { "/workspace", "/tmp", "/dev/shm" };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/twin-device", folders[i]);
		if (mknod(path, S_IFBLK | 0600, makedev(7, 0)) < 0) {
			r->error = errno;
			continue;
		}
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", path);
		unlink(path);
	}
}

static void handles(struct result *r)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount_id, fd;

	if (name_to_handle_at(AT_FDCWD, "/", &h.head, &mount_id, 0) < 0) {
		judge_call(r, -1);
		return;
	}
	fd = open_by_handle_at(AT_FDCWD, &h.head, O_RDONLY | O_CLOEXEC);
	judge_call(r, fd);
}

static void credentials(struct result *r)
{
	static const char *const paths[] = {
		"/etc/shadow",
		"/root/.ssh",
		"/root/.docker/config.json",
		"/root/.aws/credentials",
		"/var/run/docker.sock",
		"/run/docker.sock",
		"/run/containerd/containerd.sock",
		"/run/podman/podman.sock",
		"/var/lib/docker",
		"/var/lib/tenantctl",
		"/etc/tenantctl",
		"/run/tenantctl",
		"/run/secrets",
	};

	r->outcome = OUTCOME_BLOCKED;
	r->error = ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct stat st;

		if (stat(paths[i], &st) < 0)
			continue;
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", paths[i]);
	}
}

static const struct attack items[] = {
	{ "twin.fs.root", "create a file", root_create },
	{ "twin.fs.root", "write to a program", root_write },
	{ "twin.fs.root", "truncate", root_truncate },
	{ "twin.fs.root", "rename", root_rename },
	{ "twin.fs.root", "chmod", root_chmod },
	{ "twin.fs.root", "setxattr", root_setxattr },
	{ "twin.fs.root", "utimensat", root_utimes },
	{ "twin.fs.noexec", "execve from /tmp", exec_tmp },
	{ "twin.fs.noexec", "mmap from /tmp", map_tmp },
	{ "twin.fs.kernel", "settings of the kernel", kernel_settings },
	{ "twin.fs.kernel", "settings of the cgroup", cgroup_settings },
	{ "twin.fs.kernel", "settings of process 1", own_settings },
	{ "twin.fs.masked", "files about the host", masked },
	{ "twin.fs.masked", "kernel symbols", symbols },
	{ "twin.fs.devices", "open", devices },
	{ "twin.fs.devices", "mknod", make_device },
	{ "twin.fs.handles", "open_by_handle_at", handles },
	{ "twin.fs.credentials", "the host's secrets and sockets", credentials },
};
const struct attack_list attacks_files = { items, ARRAY_SIZE(items) };
