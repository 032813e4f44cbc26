/*
 * Reading with trust rules and writing without half-written files. A file is opened
 * once, judged by the descriptor, read once and judged again: what was checked is what
 * was read, whatever happens to the name meanwhile.
 */
#include "base/fsio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fsio_internal.h"

#define TEMPORARY_DIGITS 16 /* of the random number behind a temporary file's name */
#define FOLDER_MAX ((size_t)65536)

static int check_trust(const char *path, const struct stat *st, enum fsio_trust trust,
		       struct err *e)
{
	unsigned mode = (unsigned)(st->st_mode & 07777);

	if (trust == FSIO_ANY)
		return 0;
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		err_set(e, ERR_MANIFEST, "%s: belongs to uid %u, not to root or the caller", path,
			(unsigned)st->st_uid);
		return err_hint(e, "chown root %s", path);
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		err_set(e, ERR_MANIFEST, "%s: can be written by group or others (mode %04o)", path,
			mode);
		return err_hint(e, "chmod go-w %s", path);
	}
	if (trust != FSIO_TRUSTED_SECRET)
		return 0;
	if (st->st_mode & (S_IRWXG | S_IRWXO)) {
		err_set(e, ERR_MANIFEST, "%s: a secret, readable by group or others (mode %04o)",
			path, mode);
		return err_hint(e, "chmod 0600 %s", path);
	}
	/* a second name may lie where others can reach it */
	if (st->st_nlink > 1)
		return err_set(e, ERR_MANIFEST, "%s: a secret with %ju hard links", path,
			       (uintmax_t)st->st_nlink);
	return 0;
}

static int check_file(const char *path, const struct stat *st, enum fsio_trust trust, size_t max,
		      struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_MANIFEST, "%s: not a regular file", path);
	if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		return err_set(e, ERR_MANIFEST, "%s: larger than %zu bytes", path, max);
	return check_trust(path, st, trust, e);
}

static bool is_same_content(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

ssize_t fsio_read_fd(int fd, void *buf, size_t size, off_t offset)
{
	size_t have = 0;

	while (have < size) {
		char *at = (char *)buf + have;
		ssize_t n = offset < 0 ? read(fd, at, size - have)
				       : pread(fd, at, size - have, offset + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* Reads what fstat announced and one byte more: a file that grew is refused, not cut. */
static int read_checked(int fd, const char *path, enum fsio_trust trust, size_t max, char **out,
			size_t *out_len, struct err *e)
{
	struct stat before, after;

	if (fstat(fd, &before) < 0)
		return err_sys(e, errno, "%s", path);
	if (check_file(path, &before, trust, max, e))
		return -1;
	size_t size = (size_t)before.st_size;
	char *data = mem_alloc(size + 2);
	ssize_t n = fsio_read_fd(fd, data, size + 1, -1);
	if (n < 0 || fstat(fd, &after) < 0)
		err_sys(e, errno, "%s", path);
	else if ((size_t)n != size || !is_same_content(&before, &after))
		err_set(e, ERR_MANIFEST, "%s: changed while it was read", path);
	else if (check_trust(path, &after, trust, e) == 0) {
		*out = data;
		*out_len = size;
		return 0;
	}
	mem_wipe_free(data, size + 2); /* it may be part of a secret */
	return -1;
}

/* The folders above the working directory are part of the way, too. */
static char *absolute(const char *path)
{
	auto_free char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

	return cwd ? mem_printf("%s/%s", cwd, path) : mem_strdup(path);
}

int fsio_read(const char *path, enum fsio_trust trust, size_t max, char **out, size_t *out_len,
	      struct err *e)
{
	/* O_NONBLOCK: opening a FIFO or a tape must not hang; it is refused a line later */
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	auto_free char *whole = trust == FSIO_ANY ? mem_strdup(path) : absolute(path);
	auto_fd int dir = -1, fd = -1;
	const char *name = whole;

	if (trust != FSIO_ANY && fsio_open_parent(whole, true, &dir, &name, e))
		return -1;
	fd = openat(dir >= 0 ? dir : AT_FDCWD, name, flags);
	if (fd < 0 && errno == ENXIO)
		return err_set(e, ERR_MANIFEST, "%s: not a regular file", path);
	if (fd < 0)
		return fsio_open_error(e, errno, path);
	return read_checked(fd, path, trust, max, out, out_len, e);
}

int fsio_check(const char *path, enum fsio_trust trust, struct err *e)
{
	auto_free char *whole = absolute(path);
	auto_fd int dir = -1;
	const char *name = NULL;
	struct stat st;

	if (fsio_open_parent(whole, true, &dir, &name, e))
		return -1;
	if (trust == FSIO_ANY)
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fsio_open_error(e, errno, path);
	return check_file(path, &st, trust, SIZE_MAX, e);
}

int fsio_write_fd(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* fsync(2) of the folder: without it a rename may be gone after a power cut. O_PATH
 * descriptors cannot be synced, so it is opened again. */
static int sync_folder(int dir, const char *path, struct err *e)
{
	auto_fd int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, errno, "%s: fsync of the folder", path);
	return 0;
}

static int fill_temporary(int fd, const char *path, const void *data, size_t len, mode_t mode,
			  uid_t uid, gid_t gid, struct err *e)
{
	if (fsio_write_fd(fd, data, len) < 0)
		return err_sys(e, errno, "%s: write", path);
	/* chown first: it clears set-id bits, and the mode must not open before the owner is set */
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
		return err_sys(e, errno, "%s: chown", path);
	if (fchmod(fd, mode & 07777) < 0)
		return err_sys(e, errno, "%s: chmod", path);
	if (fsync(fd) < 0)
		return err_sys(e, errno, "%s: fsync", path);
	return 0;
}

int fsio_write(const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid,
	       struct err *e)
{
	auto_fd int dir = -1, fd = -1;
	const char *name = NULL;
	uint64_t random = 0;

	if (fsio_open_parent(path, false, &dir, &name, e))
		return -1;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return err_sys(e, errno, "getrandom");
	auto_free char *temporary = mem_printf(".%.128s.%016" PRIx64, name, random);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, errno, "%s: cannot create a file beside it", path);
	if (fill_temporary(fd, path, data, len, mode, uid, gid, e)) {
		unlinkat(dir, temporary, 0);
		return -1;
	}
	if (renameat(dir, temporary, dir, name) < 0) {
		int saved = errno;
		unlinkat(dir, temporary, 0);
		return err_sys(e, saved, "%s: rename", path);
	}
	return sync_folder(dir, path, e);
}

int fsio_unlink(const char *path, struct err *e)
{
	auto_fd int dir = -1;
	const char *name = NULL;

	if (fsio_open_parent(path, false, &dir, &name, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (unlinkat(dir, name, 0) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "%s: unlink", path);
	return sync_folder(dir, path, e);
}

int fsio_unlink_left(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder =
		slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
	auto_free char *prefix = mem_printf(".%.128s.", slash ? slash + 1 : path);
	auto_strlist struct strlist names = { NULL, 0 };
	size_t len = strlen(prefix);

	if (fsio_list(folder, FOLDER_MAX, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];

		if (strncmp(name, prefix, len) != 0 || strlen(name + len) != TEMPORARY_DIGITS ||
		    strspn(name + len, "0123456789abcdef") != TEMPORARY_DIGITS)
			continue;
		auto_free char *left = mem_printf("%s/%s", folder, name);
		if (fsio_unlink(left, e))
			return -1;
	}
	return 0;
}

int fsio_unlink_all(const char *path, struct err *e)
{
	return fsio_unlink_left(path, e) || fsio_unlink(path, e) ? -1 : 0;
}

static int append_record(int fd, const char *path, const void *data, size_t len, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_MANIFEST, "%s: not a regular file", path);
	if (fsio_write_fd(fd, data, len) < 0) {
		err_sys(e, errno, "%s: write", path);
		/* half a record would be read as a damaged journal */
		if (ftruncate(fd, st.st_size) < 0)
			err_wrap(e, "%s: ends in half a record", path);
		return -1;
	}
	return fsync(fd) < 0 ? err_sys(e, errno, "%s: fsync", path) : 0;
}

int fsio_append(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	auto_fd int dir = -1, fd = -1;
	const char *name = NULL;
	bool made = false;

	if (fsio_open_parent(path, false, &dir, &name, e))
		return -1;
	fd = openat(dir, name, flags);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(dir, name, flags | O_CREAT, mode & 07777);
		made = fd >= 0;
	}
	if (fd < 0)
		return fsio_open_error(e, errno, path);
	if (append_record(fd, path, data, len, e))
		return -1;
	return made ? sync_folder(dir, path, e) : 0;
}

static int open_folder(const char *path, int *out_fd, struct err *e)
{
	auto_free char *inside = mem_printf("%s/.d", path);
	const char *name = NULL;

	/* as the parent of anything inside it, so that no part of the path is a link */
	return fsio_open_parent(inside, false, out_fd, &name, e);
}

/* All names of a folder, or ERR_MANIFEST when there are more than `max`. */
static int read_names(DIR *stream, const char *path, size_t max, struct strlist *out, struct err *e)
{
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(stream);
		if (!entry)
			return errno ? err_sys(e, errno, "%s", path) : 0;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (out->count == max)
			return err_set(e, ERR_MANIFEST, "%s: more than %zu entries", path, max);
		strlist_add(out, entry->d_name);
	}
}

int fsio_list(const char *path, size_t max, struct strlist *out, struct err *e)
{
	auto_fd int dir = -1, fd = -1;
	auto_strlist struct strlist names = { NULL, 0 };

	if (open_folder(path, &dir, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		strlist_free(out);
		return 0;
	}
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	if (!stream)
		return err_sys(e, errno, "%s", path);
	fd = -1; /* the stream's now */
	int rc = read_names(stream, path, max, &names, e);
	closedir(stream);
	if (rc)
		return -1;
	strlist_sort(&names);
	strlist_free(out);
	*out = names;
	names = (struct strlist){ NULL, 0 };
	return 0;
}

ssize_t fsio_read_at(int dirfd, const char *name, char *buf, size_t size, struct err *e)
{
	auto_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fsio_open_error(e, errno, name);
	ssize_t n = fsio_read_fd(fd, buf, size, -1);
	if (n < 0)
		return err_sys(e, errno, "%s", name);
	if ((size_t)n >= size) {
		buf[size - 1] = '\0';
		return err_sys(e, EFBIG, "%s", name);
	}
	buf[n] = '\0';
	return n;
}
