/*
 * The engine says which devices it was asked for; what is in the container's /dev is
 * what it got. Runtimes make a fixed set there (OCI runtime specification, "Default
 * Devices"); a privileged container, or one that a runtime's flaw misled, has more.
 * The tree may be the tenant's: nothing is followed, nothing is opened but folders.
 */
#include "devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/mem.h"

enum { ENTRIES_MAX = 8192, DEPTH_MAX = 4, SHOWN_MAX = 16 };

struct look {
	struct strlist *out;
	dev_t top; /* the file system of /dev itself */
	unsigned seen;
	bool cut;
};

/* null, zero, full, random, urandom, tty, ptmx, and terminals */
static bool is_common(dev_t dev)
{
	static const unsigned minors_of_memory[] = { 3, 5, 7, 8, 9 };

	if (major(dev) == TTYAUX_MAJOR)
		return minor(dev) == 0 || minor(dev) == 2;
	if (major(dev) >= UNIX98_PTY_SLAVE_MAJOR && major(dev) < UNIX98_PTY_SLAVE_MAJOR + 8)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(minors_of_memory); i++)
		if (major(dev) == MEM_MAJOR && minor(dev) == minors_of_memory[i])
			return true;
	return false;
}

static void look_into(struct look *l, int fd, const char *path, unsigned depth);

/* The kernel opens no device there (may_open_dev), and shared memory is the worker's own: however
 * deep or full it makes its folders, nothing of them has to be known. */
static bool opens_no_devices(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NODEV);
}

static void look_at(struct look *l, int dir, const char *path, const char *name, unsigned depth)
{
	auto_free char *whole = mem_printf("%s/%.255s", path, name);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && st.st_dev != l->top && opens_no_devices(fd))
			close(fd);
		else if (fd >= 0)
			look_into(l, fd, whole, depth + 1);
		else
			l->cut |= errno != ENOENT;
		return;
	}
	if (!(S_ISBLK(st.st_mode) || (S_ISCHR(st.st_mode) && !is_common(st.st_rdev))))
		return;
	if (l->out->count < SHOWN_MAX)
		strlist_addf(l->out, "%s (%s %u:%u)", whole,
			     S_ISBLK(st.st_mode) ? "block" : "character", major(st.st_rdev),
			     minor(st.st_rdev));
}

/* Takes `fd`. */
static void look_into(struct look *l, int fd, const char *path, unsigned depth)
{
	DIR *d = depth > DEPTH_MAX ? NULL : fdopendir(fd);

	if (!d) {
		close(fd);
		l->cut = true;
		return;
	}
	for (struct dirent *ent; (ent = readdir(d));) {
		/* the worker's own files in shared memory are no devices, and may be many */
		if (ent->d_type != DT_CHR && ent->d_type != DT_BLK && ent->d_type != DT_DIR &&
		    ent->d_type != DT_UNKNOWN)
			continue;
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		if (++l->seen > ENTRIES_MAX) {
			l->cut = true;
			break;
		}
		look_at(l, dirfd(d), path, ent->d_name, depth);
	}
	closedir(d);
}

bool devices_look(int root, struct strlist *out)
{
	struct look l = { .out = out };
	int fd = openat(root, "dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	struct stat st;

	if (fd < 0)
		return false;
	l.top = fstat(fd, &st) == 0 ? st.st_dev : 0;
	look_into(&l, fd, "/dev", 0);
	return !l.cut;
}
