/*
 * Which parts of which file systems a container has, so that two containers can be
 * compared. The kernel's own table of mounts says it: the device, and the path within it
 * that a mount shows, whatever links and binds of the host led there. Two more ways lead
 * to the same bytes and not to the same path: a second name of a file (a hard link), so
 * the inode is noted as well; and a second loop device on the file that holds a file
 * system, so that file is noted as a place, too.
 */
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "mounts.h"
#include "nsview.h"
#include "probe/probe.h"

static void note_error(struct mount_places *out, const char *what, const char *target)
{
	if (!out->error[0])
		snprintf(out->error, sizeof(out->error), "%s %.120s", what, target);
}

static void push(struct mount_places *out, const struct mount_place *p)
{
	if ((out->count & (out->count - 1)) == 0) /* 0 and the powers of two */
		out->items =
			mem_grow(out->items, out->count ? out->count * 2 : 1, sizeof(*out->items));
	out->items[out->count++] = *p;
}

/* ---- the file behind a loop device ---- */

/* "/dev/loop3" of 7:3; with partitions the number is another one, so the kernel is asked. */
static bool loop_name(dev_t dev, char *out, size_t size)
{
	char link[64], to[256];
	const char *base;
	ssize_t n;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	n = readlink(link, to, sizeof(to) - 1);
	if (n <= 0)
		return false;
	to[n] = '\0';
	base = strrchr(to, '/');
	return base && snprintf(out, size, "/dev%s", base) < (int)size;
}

/* Device and inode of the file, from the driver: a path may lead elsewhere by now. */
static bool loop_file(dev_t dev, struct mount_place *image)
{
	struct loop_info64 info;
	struct stat st;
	char name[280];
	auto_fd int fd = -1;

	if (!loop_name(dev, name, sizeof(name)))
		return false;
	fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISBLK(st.st_mode) || st.st_rdev != dev ||
	    ioctl(fd, LOOP_GET_STATUS64, &info))
		return false;
	image->inode_dev = (dev_t)info.lo_device; /* encoded as user space has it (kdev_t.h) */
	image->ino = (ino_t)info.lo_inode;
	return true;
}

/* Of mounts at the same path the last one is seen. */
static const struct proc_mount *mount_over(const struct proc_mounts *host, const char *path)
{
	const struct proc_mount *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < host->count; i++) {
		const char *target = host->items[i].target;
		size_t len = strcmp(target, "/") ? strlen(target) : 0;

		if (len >= longest && !strncmp(path, target, len) && path[len] == '/') {
			best = &host->items[i];
			longest = len;
		}
	}
	return best;
}

/* Its path on its own file system, by its name on the host. A name that is another file's, or
 * nobody's, tells nothing. */
static bool loop_place(dev_t dev, const struct proc_mounts *host, struct mount_place *image)
{
	char file[64], path[PATH_MAX + 2];
	struct err ignored = ERR_INIT;
	const struct proc_mount *m;
	struct stat st;

	snprintf(file, sizeof(file), "/sys/dev/block/%u:%u/loop/backing_file", major(dev),
		 minor(dev));
	if (fsio_read_at(AT_FDCWD, file, path, sizeof(path), &ignored) < 0)
		return false;
	path[strcspn(path, "\n")] = '\0';
	if (path[0] != '/' || stat(path, &st) || st.st_dev != image->inode_dev ||
	    st.st_ino != image->ino)
		return false;
	m = mount_over(host, path);
	if (!m)
		return false;
	image->dev = makedev(m->major, m->minor);
	image->root = mem_printf("%s%s", strcmp(m->root, "/") ? m->root : "",
				 path + (strcmp(m->target, "/") ? strlen(m->target) : 0));
	return true;
}

static void add_image(const struct mount_place *of, const struct proc_mounts *host,
		      struct mount_places *out)
{
	struct mount_place image = {
		.gateway = of->gateway, .image = true, .writable = of->writable, .dev = of->dev
	};

	if (!loop_file(of->dev, &image) || !loop_place(of->dev, host, &image)) {
		note_error(out, "it can't be told which file holds what is mounted at", of->target);
		return;
	}
	image.target = mem_strdup(of->target);
	push(out, &image);
}

/* ---- mounts ---- */

/* The mount point's own path has no links, so a link on the way is not what was asked for. */
static void look_up(int root, struct mount_place *p)
{
	struct stat st;
	auto_fd int fd = mounts_open_inside(root, p->target, O_PATH | O_NOFOLLOW);

	if (fd < 0 || fstat(fd, &st))
		return;
	p->inode_dev = st.st_dev;
	p->ino = st.st_ino;
}

static int read_own_mounts(int proc_root, struct proc_mounts *out, struct err *e)
{
	auto_fd int dir = -1;

	return proc_open_pid(proc_root, getpid(), &dir, e) || proc_read_mounts(dir, out, e) ? -1
											    : 0;
}

int probe_own_mounts(const char *proc_path, struct proc_mounts *out, struct err *e)
{
	auto_fd int proc_root = -1;

	return proc_open_root(proc_path, &proc_root, e) || read_own_mounts(proc_root, out, e) ? -1
											      : 0;
}

/* One for each namespace (proc, sysfs, mqueue), for each mount (devpts), or only one for all
 * (cgroup): what two containers have in common of them is what they have in common of namespaces.
 */
static bool is_of_namespace(const struct proc_mount *m)
{
	static const char *const types[] = { "proc",   "sysfs",	 "cgroup",
					     "mqueue", "devpts", "cgroup2" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(m->fstype, types[i]))
			return true;
	return false;
}

static void add_images(const struct places_of *of, size_t first, struct mount_places *out)
{
	struct proc_mounts own auto_mounts = { NULL, 0 };
	const struct proc_mounts *host = of->host;
	struct err ignored = ERR_INIT;
	size_t end = out->count;

	for (size_t i = first; i < end; i++) {
		const struct mount_place p = out->items[i];

		if (major(p.dev) != LOOP_MAJOR)
			continue;
		if (!host && !own.items && read_own_mounts(of->proc_root, &own, &ignored))
			note_error(out, "the host's mounts can't be read, and so not what holds",
				   p.target);
		add_image(&p, host ? host : &own, out);
	}
}

static void add_mount(const struct proc_mount *m, int root, bool gateway, struct mount_places *out)
{
	struct mount_place p = {
		.gateway = gateway,
		.writable = !option_has(m->options, "ro") && !option_has(m->super_options, "ro"),
		.dev = makedev(m->major, m->minor),
		.root = mem_strdup(m->root),
		.target = mem_strdup(m->target),
	};

	/* A whole file system has no second name. */
	if (strcmp(m->root, "/") != 0 && mounts_may_be_looked_at(m))
		look_up(root, &p);
	push(out, &p);
}

void places_add(const struct proc_mounts *mounts, int root, const struct places_of *of,
		struct mount_places *out)
{
	size_t first = out->count;

	for (size_t i = 0; i < mounts->count; i++)
		if (!is_of_namespace(&mounts->items[i]))
			add_mount(&mounts->items[i], root, of->gateway, out);
	add_images(of, first, out);
	mount_places_sort(out);
}

/* ---- of another tenant ---- */

static bool is_in_own_namespace(int proc_root, int dir)
{
	struct err ignored = ERR_INIT;
	struct ns_id its, own;
	auto_fd int self = -1;

	return proc_open_pid(proc_root, getpid(), &self, &ignored) ||
	       !nsview_one(self, NS_MNT, &own) || !nsview_one(dir, NS_MNT, &its) ||
	       nsview_same(&own, &its);
}

void probe_places(const char *proc_path, pid_t pid, bool gateway, const struct proc_mounts *host,
		  struct mount_places *out)
{
	const char *who = gateway ? "the gateway" : "the worker";
	struct proc_mounts mounts auto_mounts = { NULL, 0 };
	struct err ignored = ERR_INIT;
	auto_fd int proc_root = -1;
	auto_fd int dir = -1;
	auto_fd int root = -1;

	if (proc_open_root(proc_path, &proc_root, &ignored) || pid <= 0 ||
	    proc_open_pid(proc_root, pid, &dir, &ignored)) {
		note_error(out, "no process was found of", who);
		return;
	}
	/* a runtime that did not come to leave it yet */
	if (is_in_own_namespace(proc_root, dir)) {
		note_error(out, "the host's own mounts are those of", who);
		return;
	}
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || proc_read_mounts(dir, &mounts, &ignored)) {
		note_error(out, "the mounts can't be read of", who);
		return;
	}
	places_add(&mounts, root, &(struct places_of){ proc_root, host, gateway }, out);
}
