/*
 * Removing a tree that someone hostile has filled. It is walked by descriptor, one
 * folder open at a time, so that neither depth nor a folder moved meanwhile leads out:
 * the way down is openat2(2) beneath the current folder without links and mounts, the
 * way up is ".." and must be the folder that we came from.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "fsio_internal.h"

struct level {
	dev_t dev; /* of the folder that holds `name` */
	ino_t ino;
	char *name;
};

struct walk {
	const char *path;
	int fd; /* current folder */
	struct level *levels;
	size_t depth;
};

static void walk_free(struct walk *w)
{
	for (size_t i = 0; i < w->depth; i++)
		free(w->levels[i].name);
	free(w->levels);
	if (w->fd >= 0)
		close(w->fd);
}

static int descend(struct walk *w, const char *name, struct err *e)
{
	struct stat st;
	int next = -1;

	if (fstat(w->fd, &st) < 0)
		return err_sys(e, errno, "%s", w->path);
	if (fsio_open_beneath(w->fd, name, O_RDONLY | O_DIRECTORY, &next, e))
		return err_wrap(e, "%s: removing", w->path);
	if ((w->depth & (w->depth - 1)) == 0) /* 0 and the powers of two */
		w->levels = mem_grow(w->levels, w->depth ? w->depth * 2 : 1, sizeof(*w->levels));
	w->levels[w->depth++] =
		(struct level){ .dev = st.st_dev, .ino = st.st_ino, .name = mem_strdup(name) };
	close(w->fd);
	w->fd = next;
	return 0;
}

/* Back to the folder above, where the emptied one is removed. */
static int ascend(struct walk *w, struct err *e)
{
	struct level *from = &w->levels[w->depth - 1];
	struct stat st;
	auto_fd int up = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (up < 0 || fstat(up, &st) < 0)
		return err_sys(e, errno, "%s", w->path);
	if (st.st_dev != from->dev || st.st_ino != from->ino)
		return err_set(e, ERR_REFUSED, "%s: a folder was moved while it was removed",
			       w->path);
	if (unlinkat(up, from->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, errno, "%s: rmdir", w->path);
	close(w->fd);
	w->fd = up;
	up = -1;
	free(from->name);
	w->depth--;
	return 0;
}

/* Removes one entry. *out_folder is its name when it is a folder to go into. */
static int remove_entry(struct walk *w, const char *name, char **out_folder, struct err *e)
{
	if (unlinkat(w->fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* unlink(2) of a folder: EISDIR on Linux, EPERM elsewhere */
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, errno, "%s: unlink", w->path);
	int saved = errno;
	struct stat st;
	if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, errno, "%s", w->path);
	if (!S_ISDIR(st.st_mode))
		return err_sys(e, saved, "%s: unlink", w->path);
	*out_folder = mem_strdup(name);
	return 0;
}

/* Removes entries up to the first folder, whose name it returns. Stopping there keeps one
 * folder open at a time; the entries before it are gone, so that no entry is read twice. */
static int empty_folder(struct walk *w, char **out_folder, struct err *e)
{
	int fd = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
	int rc = 0;

	if (!stream)
		return err_sys(e, errno, "%s", w->path);
	while (rc == 0 && !*out_folder) {
		errno = 0;
		struct dirent *entry = readdir(stream);
		if (!entry) {
			rc = errno ? err_sys(e, errno, "%s", w->path) : 0;
			break;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = remove_entry(w, entry->d_name, out_folder, e);
	}
	closedir(stream);
	return rc;
}

static int remove_below(struct walk *w, struct err *e)
{
	for (;;) {
		auto_free char *folder = NULL;
		if (empty_folder(w, &folder, e))
			return -1;
		if (folder) {
			if (descend(w, folder, e))
				return -1;
		} else if (w->depth == 0) {
			return 0;
		} else if (ascend(w, e)) {
			return -1;
		}
	}
}

int fsio_remove_tree(const char *path, struct err *e)
{
	struct walk w = { .path = path, .fd = -1 };
	auto_fd int dir = -1;
	const char *name = NULL;

	if (fsio_open_parent(path, false, &dir, &name, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0; /* a file or link: gone without being followed */
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, errno, "%s: unlink", path);
	if (fsio_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, &w.fd, e))
		return err_wrap(e, "%s: removing", path);
	int rc = remove_below(&w, e);
	walk_free(&w);
	if (rc == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = err_sys(e, errno, "%s: rmdir", path);
	return rc;
}
