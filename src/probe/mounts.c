/*
 * Mounts of a container, and a careful look through /proc/PID/root: are masked kernel
 * files really covered, is a daemon's socket within reach? The tree is the tenant's, so
 * every open is resolved inside of it (RESOLVE_IN_ROOT), never through magic links,
 * never with more than O_PATH on something that is not a directory, and bounded.
 */
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"
#include "devices.h"
#include "places.h"

enum { ENTRIES_MAX = 1024, MOUNTS_MAX = 512, SOCKETS_MAX = 128 };

/* runc's defaults and what engines mask, all releases taken together, and where loop devices and
 * their file systems tell about other tenants. */
static const char *const masked_paths[] = {
	"proc/acpi",
	"proc/asound",
	"proc/interrupts",
	"proc/kcore",
	"proc/keys",
	"proc/latency_stats",
	"proc/sched_debug",
	"proc/scsi",
	"proc/timer_list",
	"proc/timer_stats",
	"sys/firmware",
	"sys/devices/virtual/powercap",
	"sys/devices/virtual/block",
	"sys/fs/ext4",
};

/* Where daemons keep sockets below a folder that somebody mounts as a whole. */
static const char *const daemon_sockets[] = {
	"docker.sock",
	"docker/metrics.sock",
	"containerd/containerd.sock",
	"docker/containerd/containerd.sock",
	"podman/podman.sock",
	"crio/crio.sock",
	"buildkit/buildkitd.sock",
	"dbus/system_bus_socket",
	"systemd/private",
	"run/docker.sock",
	"run/containerd/containerd.sock",
	"var/run/docker.sock",
};

int mounts_open_inside(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static bool folder_is_empty(int root, const char *path)
{
	bool empty = true;
	int fd = mounts_open_inside(root, path, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		mem_close_slot(&fd);
		return false;
	}
	for (struct dirent *ent; empty && (ent = readdir(d));)
		empty = strcmp(ent->d_name, ".") == 0 || strcmp(ent->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* Engines cover a file with /dev/null and a folder with an empty tmpfs. */
static bool is_masked(int root, const char *path)
{
	struct stat st;
	auto_fd int fd = mounts_open_inside(root, path, O_PATH);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3);
	return S_ISDIR(st.st_mode) && folder_is_empty(root, path);
}

void mounts_unmasked(int root, struct strlist *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(masked_paths); i++)
		if (!is_masked(root, masked_paths[i]))
			strlist_addf(out, "/%s", masked_paths[i]);
}

static void add_socket(struct strlist *out, const char *path)
{
	if (out->count < SOCKETS_MAX && !strlist_has(out, path))
		strlist_add(out, path);
}

static bool is_foreign_socket(int dir, const char *name, uid_t uid)
{
	struct stat st;
	auto_fd int fd = mounts_open_inside(dir, name, O_PATH | O_NOFOLLOW);

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid != uid;
}

static void look_into(int fd, const char *target, uid_t uid, struct strlist *out)
{
	unsigned seen = 0;
	DIR *d = fdopendir(fd);

	if (!d) {
		close(fd);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(daemon_sockets); i++) {
		auto_free char *path = mem_printf("%s/%s", target, daemon_sockets[i]);

		if (is_foreign_socket(dirfd(d), daemon_sockets[i], uid))
			add_socket(out, path);
	}
	for (struct dirent *ent; (ent = readdir(d)) && ++seen <= ENTRIES_MAX;) {
		auto_free char *path = mem_printf("%s/%s", target, ent->d_name);

		if ((ent->d_type == DT_SOCK || ent->d_type == DT_UNKNOWN) &&
		    is_foreign_socket(dirfd(d), ent->d_name, uid))
			add_socket(out, path);
	}
	closedir(d);
}

/* Remote file systems may never answer, and the kernel's own have no sockets; the image itself
 * (the root) can't hold a living one. */
bool mounts_may_be_looked_at(const struct proc_mount *m)
{
	static const char *const never[] = { "proc", "sysfs",  "cgroup", "cgroup2", "mqueue",
					     "nfs",  "nfs4",   "cifs",	 "smb3",    "ceph",
					     "9p",   "devpts", "afs",	 "autofs" };

	if (strcmp(m->target, "/") == 0 || strncmp(m->fstype, "fuse", 4) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (strcmp(m->fstype, never[i]) == 0)
			return false;
	return true;
}

static void look_at(int root, const char *target, uid_t uid, struct strlist *out)
{
	struct stat st;
	auto_fd int fd = mounts_open_inside(root, target, O_PATH);

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (S_ISSOCK(st.st_mode))
		add_socket(out, target);
	if (!S_ISDIR(st.st_mode))
		return;
	int dir = mounts_open_inside(root, target, O_RDONLY | O_DIRECTORY);
	if (dir >= 0)
		look_into(dir, target, uid, out);
}

void mounts_sockets(int root, const struct proc_mounts *mounts, uid_t uid, struct strlist *out)
{
	size_t looked = 0;

	for (size_t i = 0; i < mounts->count && looked < MOUNTS_MAX; i++) {
		if (!mounts_may_be_looked_at(&mounts->items[i]))
			continue;
		looked++;
		look_at(root, mounts->items[i].target, uid, out);
	}
}

int mounts_read(const struct target *t, const struct proc_mounts *host, struct tenant_facts *out,
		struct err *e)
{
	struct proc_status status;

	if (proc_read_mounts(t->dir, &out->mounts, e) < 0 ||
	    proc_read_status(t->dir, &status, e) < 0)
		return -1;
	auto_fd int root = openat(t->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, errno, "root of process %d", (int)t->pid);
	mounts_unmasked(root, &out->unmasked_paths);
	mounts_sockets(root, &out->mounts, status.uid[1], &out->sockets);
	out->devices_known = devices_look(root, &out->devices);
	places_add(&out->mounts, root, &(struct places_of){ t->proc_root, host, false },
		   &out->places);
	return 0;
}
