/* What tells about the host, opens its devices, or holds its secrets. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- masked -------------------------------------------------------------------------------- */

void attack_masked_files(struct attempt *a)
{
	static const char *const paths[] = {
		"/proc/kcore",
		"/proc/keys",
		"/proc/timer_list",
		"/proc/timer_stats",
		"/proc/sched_debug",
		"/proc/latency_stats",
		"/proc/interrupts",
		"/proc/kmsg",
		"/proc/kpagecount",
		"/proc/kpageflags",
		"/proc/vmallocinfo",
		"/proc/slabinfo",
		"/proc/iomem",
		"/sys/kernel/debug/sched/debug",
		"/sys/kernel/debug/tracing/trace",
		"/sys/kernel/tracing/trace",
		"/sys/class/dmi/id/product_serial",
		"/sys/class/dmi/id/product_uuid",
	};

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char text[2048];
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		/* whoever may not know them is shown addresses of zeros */
		if (strcmp(paths[i], "/proc/iomem") == 0 && strspn(text, "0-") >= 17)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", paths[i]);
	}
}

void attack_masked_folders(struct attempt *a)
{
	static const char *const paths[] = {
		"/proc/acpi",
		"/proc/asound",
		"/proc/scsi",
		"/sys/firmware",
		"/sys/devices/virtual/powercap",
		"/sys/devices/virtual/block",
		"/sys/devices/system/cpu/cpu0/thermal_throttle",
		"/sys/fs/ext4",
		"/sys/kernel/debug",
		"/sys/kernel/tracing",
		"/sys/fs/bpf",
		"/sys/fs/pstore",
	};

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		DIR *d = opendir(paths[i]);
		struct dirent *e;
		size_t entries = 0;

		while (d && (e = readdir(d)))
			entries += e->d_name[0] != '.';
		if (d)
			closedir(d);
		if (entries == 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", paths[i]);
	}
}

void attack_masked_symbols(struct attempt *a)
{
	char line[128] = "";
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		judge_call(a, -1);
		return;
	}
	if (read(fd, line, sizeof(line) - 1) <= 0 || strspn(line, "0") >= 8) {
		a->outcome = OUTCOME_BLOCKED;
		say(a, "addresses are zero");
	} else {
		a->outcome = OUTCOME_OPEN;
		say(a, "addresses are shown");
	}
	close(fd);
}

/* Storage drivers write paths of the engine there (upperdir=/var/lib/docker/...), and nobody can
 * hide them from a process; mounts of the tenant's own files tell its own name, and no other may be
 * there. */
void attack_masked_mounts(struct attempt *a)
{
	static const char word[] = "/tenants/";
	char text[32768], first[64] = "";

	if (!read_text("/proc/self/mountinfo", text, sizeof(text))) {
		attempt_failed(a);
		return;
	}
	a->outcome = OUTCOME_BLOCKED;
	for (const char *at = text; (at = strstr(at, word));) {
		char name[64];

		at += sizeof(word) - 1;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "/ ,:\n"), at);
		if (!*first)
			memcpy(first, name, sizeof(first));
		if (strcmp(first, name) == 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", name);
	}
}

/* ---- devices ------------------------------------------------------------------------------- */

/* What every runtime makes (OCI runtime spec, config-linux.md, default devices). */
static bool is_default_device(const struct stat *st)
{
	unsigned major_number = major(st->st_rdev), minor_number = minor(st->st_rdev);

	if (!S_ISCHR(st->st_mode))
		return false;
	return (major_number == 1 && (minor_number == 3 || minor_number == 5 || minor_number == 7 ||
				      minor_number == 8 || minor_number == 9)) ||
	       (major_number == 5 && minor_number <= 2) || major_number == 136;
}

static void look_at_devices(struct attempt *a, const char *path, int depth)
{
	static const char *const expected[] = { "null",	   "zero", "full", "random",
						"urandom", "tty",  "ptmx", "console" };
	DIR *d = depth < 3 ? opendir(path) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char name[512];
		struct stat st;
		bool known = strcmp(path, "/dev/pts") == 0;

		if (e->d_name[0] == '.' ||
		    snprintf(name, sizeof(name), "%s/%s", path, e->d_name) >= (int)sizeof(name) ||
		    lstat(name, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			look_at_devices(a, name, depth + 1);
			continue;
		}
		for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
			known = known || (depth == 0 && strcmp(e->d_name, expected[i]) == 0);
		if ((!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) ||
		    (known && is_default_device(&st)))
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", name);
	}
	if (d)
		closedir(d);
}

void attack_devices_nodes(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	look_at_devices(a, "/dev", 0);
}

void attack_devices_open(struct attempt *a)
{
	static const char *const paths[] = {
		"/dev/kmsg",	     "/dev/mem",	 "/dev/port",		"/dev/kvm",
		"/dev/fuse",	     "/dev/cuse",	 "/dev/loop0",		"/dev/loop-control",
		"/dev/sda",	     "/dev/vda",	 "/dev/nvme0n1",	"/dev/dm-0",
		"/dev/net/tun",	     "/dev/vhost-net",	 "/dev/vsock",		"/dev/uinput",
		"/dev/input/event0", "/dev/dri/card0",	 "/dev/nvidia0",	"/dev/snapshot",
		"/dev/hpet",	     "/dev/userfaultfd", "/dev/mapper/control",
	};

	a->outcome = OUTCOME_BLOCKED;
	a->error = ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", paths[i]);
		close(fd);
	}
}

/* A block device of an unused kind, and the memory of the machine. */
void attack_devices_make(struct attempt *a)
{
	const char *const folders[] = { a->given->workspace, "/tmp", "/dev/shm", "/dev" };
	static const struct {
		mode_t mode;
		unsigned major_number, minor_number;
	} devices[] = { { S_IFBLK | 0600, 7, 0 }, { S_IFCHR | 0600, 1, 1 } };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(folders) * ARRAY_SIZE(devices); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/twin-device", folders[i / 2]);
		if (mknod(path, devices[i % 2].mode,
			  makedev(devices[i % 2].major_number, devices[i % 2].minor_number)) < 0) {
			a->error = errno;
			continue;
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", path);
		unlink(path);
	}
}

/* ---- files by number ----------------------------------------------------------------------- */

/* The way to any file of the host's disk: a mount of a single file shows which file system it is
 * on, and inode 2 is the root of an ext4 one. Whoever lacks the right is refused before the handle
 * is looked at. */
void attack_handles_open(struct attempt *a)
{
	static const char *const files[] = { "/etc/hostname", "/etc/hosts", "/etc/resolv.conf",
					     "/" };
	struct {
		struct file_handle head;
		uint32_t inode, generation;
	} h = { .head = { .handle_bytes = 8, .handle_type = 1 }, .inode = 2 };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int mount = open(files[i], O_RDONLY | O_CLOEXEC), fd;

		if (mount < 0)
			continue;
		fd = open_by_handle_at(mount, &h.head, O_RDONLY | O_CLOEXEC);
		close(mount);
		if (fd < 0 && (errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP)) {
			a->error = errno;
			continue;
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "%s: %s ", files[i], fd < 0 ? strerror(errno) : "opened");
	}
}

void attack_credentials_files(struct attempt *a)
{
	static const char *const paths[] = {
		"/etc/shadow",
		"/etc/sudoers",
		"/etc/ssh/ssh_host_ed25519_key",
		"/root/.ssh",
		"/root/.docker/config.json",
		"/root/.aws/credentials",
		"/root/.config/gcloud",
		"/root/.kube/config",
		"/root/.netrc",
		"/var/lib/docker",
		"/var/lib/containerd",
		"/var/lib/kubelet",
		"/var/lib/tenantctl",
		"/etc/tenantctl",
		"/etc/gateway",
		"/run/gateway",
		"/run/tenantctl",
		"/run/secrets/kubernetes.io/serviceaccount/token",
		"/srv/tenants",
	};

	a->outcome = OUTCOME_BLOCKED;
	a->error = ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct stat st;

		if (lstat(paths[i], &st) < 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", paths[i]);
	}
}
