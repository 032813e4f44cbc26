/*
 * Reaching a file through its folders. Each part is opened relative to the one before
 * with O_NOFOLLOW, so that a link placed on the way by someone else is an error and not
 * a detour, whenever it is placed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "fsio_internal.h"

int fsio_open_error(struct err *e, int saved_errno, const char *path)
{
	err_sys(e, saved_errno, "%s", path);
	if (saved_errno == ENOENT) {
		e->code = ERR_NOT_FOUND;
	} else if (saved_errno == ELOOP) {
		err_set(e, ERR_MANIFEST, "%s: a part of the path is a symbolic link", path);
		e->sys_errno = saved_errno;
	}
	return -1;
}

static bool owner_is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

static int check_folder(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", path);
	if (!owner_is_trusted(st.st_uid)) {
		err_set(e, ERR_MANIFEST, "%s: a folder on the way belongs to uid %u", path,
			(unsigned)st.st_uid);
		return err_hint(e, "chown root the folders above %s", path);
	}
	/* sticky: others may add entries, but not rename or remove ours */
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX)) {
		err_set(e, ERR_MANIFEST,
			"%s: a folder on the way can be written by group or others (mode %04o)",
			path, (unsigned)(st.st_mode & 07777));
		return err_hint(e, "chmod go-w the folders above %s", path);
	}
	return 0;
}

/* With O_PATH|O_NOFOLLOW a link opens as itself, and with O_DIRECTORY that is ENOTDIR. */
static int folder_errno(int dirfd, const char *name, int saved_errno)
{
	struct stat st;

	if (saved_errno == ENOTDIR && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return ELOOP;
	return saved_errno;
}

int fsio_open_parent(const char *path, bool trusted, int *out_fd, const char **out_name,
		     struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	auto_free char *folder = mem_strndup(path, (size_t)(name - path));
	auto_fd int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *state = NULL;

	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(e, ERR_MANIFEST, "'%s' does not name a file", path);
	if (trusted && check_folder(fd, path, e))
		return -1;
	for (char *part = strtok_r(folder, "/", &state); part; part = strtok_r(NULL, "/", &state)) {
		int next = openat(fd, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return fsio_open_error(e, folder_errno(fd, part, errno), path);
		close(fd);
		fd = next;
		if (trusted && check_folder(fd, path, e))
			return -1;
	}
	*out_fd = fd;
	*out_name = name;
	fd = -1;
	return 0;
}

int fsio_open_beneath(int dirfd, const char *name, int flags, int *out, struct err *e)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW,
		.mode = (flags & O_CREAT) ? 0600 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

	if (fd >= 0) {
		*out = fd;
		return 0;
	}
	int saved = errno;
	if (saved == EXDEV) {
		err_set(e, ERR_REFUSED, "%s: leads out of its folder or onto another mount", name);
		e->sys_errno = saved;
		return -1;
	}
	return fsio_open_error(e, saved, name);
}

int fsio_mkdirs(const char *path, mode_t mode, struct err *e)
{
	auto_free char *copy = mem_strdup(path);
	auto_fd int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *state = NULL;

	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	for (char *part = strtok_r(copy, "/", &state); part; part = strtok_r(NULL, "/", &state)) {
		bool made = mkdirat(fd, part, mode & 07777) == 0;
		if (!made && errno != EEXIST)
			return err_sys(e, errno, "%s: cannot make folder '%s'", path, part);
		int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return fsio_open_error(e, folder_errno(fd, part, errno), path);
		close(fd);
		fd = next;
		/* mkdirat's mode went through the umask */
		if (made && fchmod(fd, mode & 07777) < 0)
			return err_sys(e, errno, "%s: chmod", path);
	}
	return 0;
}
