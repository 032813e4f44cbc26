/*
 * The walk goes down by one name at a time, each opened beneath the folder above it
 * (openat2(2): no links, no other mount), and holds one descriptor for each level. Only
 * regular files are opened, after a look at what they are. Text that was read is wiped:
 * what is looked for may be in it.
 */
#include "probe/layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/strbuf.h"

enum {
	DEPTH_MAX = 100,
	NAME_ROOM = (DEPTH_MAX + 2) * 256, /* NAME_MAX is 255 */
	SHOWN_MAX = 240,		   /* bytes of a path that are kept, its end */
	HEAD = 4096,
	TEXT_MAX = 256 * 1024, /* bytes that are looked at in one piece */
	OVERLAP = 4096,
	CLOCK_EVERY = 256, /* entries between two looks at the clock */
	PERMISSIONS = 07777,
};

struct walk {
	const struct layer_rules *rules;
	const struct layer_limits *limits;
	struct image_facts *out;
	unsigned layer;
	int64_t deadline;
	uint64_t bytes;
	size_t len; /* of path */
	char path[NAME_ROOM];
	size_t size; /* of text */
	char text[TEXT_MAX + 1];
};

/* ---- what was found ---- */

void image_facts_add(struct image_facts *f, enum image_find_kind kind, unsigned layer,
		     const char *path, const char *what)
{
	auto_strbuf struct strbuf shown = STRBUF_INIT(4 * SHOWN_MAX + 8);
	auto_strbuf struct strbuf said = STRBUF_INIT(4 * SHOWN_MAX + 8);
	size_t len = strlen(path), of_kind = 0;
	size_t from = len > SHOWN_MAX ? len - SHOWN_MAX : 0;

	for (size_t i = 0; i < f->find_count; i++)
		of_kind += f->finds[i].kind == kind;
	if (of_kind == IMAGE_FINDS_KEPT) {
		f->more[kind]++;
		return;
	}
	strbuf_puts(&shown, from ? "..." : "");
	strbuf_escape(&shown, path + from, len - from);
	strbuf_escape(&said, what, strnlen(what, SHOWN_MAX));
	if ((f->find_count & (f->find_count - 1)) == 0) /* 0 and the powers of two */
		f->finds = mem_grow(f->finds, f->find_count ? f->find_count * 2 : 1,
				    sizeof(*f->finds));
	f->finds[f->find_count++] = (struct image_find){ .kind = kind,
							 .layer = layer,
							 .path = strbuf_take(&shown),
							 .what = strbuf_take(&said) };
}

static void find(struct walk *w, enum image_find_kind kind, const char *what)
{
	image_facts_add(w->out, kind, w->layer, w->path, what);
}

static void cut(struct walk *w, const char *bound)
{
	if (!w->out->cut[0])
		snprintf(w->out->cut, sizeof(w->out->cut), "%s", bound);
}

static bool is_cut(const struct walk *w)
{
	return w->out->cut[0] != '\0';
}

static void note_unread(struct walk *w, int error)
{
	auto_strbuf struct strbuf shown = STRBUF_INIT(sizeof(w->out->unread));
	size_t from = w->len > 100 ? w->len - 100 : 0;

	if (w->out->unread[0])
		return;
	strbuf_printf(&shown, "layer %u %s", w->layer, from ? "..." : "");
	strbuf_escape(&shown, w->path + from, w->len - from);
	snprintf(w->out->unread, sizeof(w->out->unread), "%.150s: %.40s", strbuf_str(&shown),
		 strerror(error));
}

/* ---- one entry ---- */

/* No file is opened for it: /proc/self/fd leads to the very folder, and the name is not followed.
 */
static void look_at_capabilities(struct walk *w, int dir, const char *name)
{
	char link[NAME_MAX + 64];
	char value[64]; /* struct vfs_ns_cap_data is 24 bytes, linux/capability.h */
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", dir, name);
	len = lgetxattr(link, "security.capability", value, sizeof(value));
	if (len >= 0 || errno == ERANGE)
		find(w, IMAGE_FILECAP, "capabilities");
	else if (errno != ENODATA && errno != ENOTSUP)
		note_unread(w, errno);
}

static int open_text(int dir, const char *name, struct err *e)
{
	struct stat st;
	int fd = -1;

	if (fsio_open_beneath(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, e))
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	e->sys_errno = ESTALE;
	return -1;
}

/* One piece of the file, of w->size bytes. False: there is no more to look at. */
static bool look_at_piece(struct walk *w)
{
	bool is_text = !memchr(w->text, '\0', w->size);
	const char *what;

	for (char *nul; (nul = memchr(w->text, '\0', w->size));)
		*nul = '\n';
	w->text[w->size] = '\0';
	what = w->rules->secret(w->path, w->text);
	if (what)
		find(w, IMAGE_CREDENTIAL, what);
	if (w->bytes > w->limits->bytes)
		cut(w, "there is more text than is read");
	return is_text && !what && !is_cut(w);
}

/* Programs and pictures have a NUL near their beginning; text has none at all. Pieces overlap, so
 * that a key on their border is whole in one of them. */
static int look_at_pieces(struct walk *w, int fd)
{
	ssize_t len = fsio_read_fd(fd, w->text, HEAD, 0);
	bool ended = len < HEAD;
	off_t at = len;

	if (len < 0)
		return -1;
	w->size = (size_t)len;
	w->bytes += (uint64_t)len;
	if (memchr(w->text, '\0', w->size))
		return 0;
	for (;;) {
		size_t room = TEXT_MAX - w->size;

		if (!ended) {
			len = fsio_read_fd(fd, w->text + w->size, room, at);
			if (len < 0)
				return -1;
			ended = (size_t)len < room;
			w->size += (size_t)len;
			w->bytes += (uint64_t)len;
			at += len;
		}
		if (!look_at_piece(w) || ended)
			return 0;
		memmove(w->text, w->text + w->size - OVERLAP, OVERLAP);
		w->size = OVERLAP;
	}
}

static void look_at_text(struct walk *w, int dir, const char *name)
{
	struct err e = ERR_INIT;
	auto_fd int fd = open_text(dir, name, &e);

	if (fd < 0 || look_at_pieces(w, fd))
		note_unread(w, fd < 0 ? e.sys_errno : errno);
	else
		w->out->files_read++;
	mem_wipe(w->text, w->size);
	w->size = 0;
}

static void look_at_file(struct walk *w, int dir, const char *name, const struct stat *st)
{
	char mode[16];

	if (st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) {
		snprintf(mode, sizeof(mode), "mode %04o", (unsigned)st->st_mode & PERMISSIONS);
		if (st->st_mode & S_ISUID)
			find(w, IMAGE_SETUID, mode);
		else if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP))
			find(w, IMAGE_SETGID, mode);
		look_at_capabilities(w, dir, name);
	}
	if (st->st_size > 0 && w->rules->is_read(w->path))
		look_at_text(w, dir, name);
}

/* Those that runtimes make in every container; the image's own are below their mount of /dev. */
static bool is_ordinary(const struct walk *w, const struct stat *st)
{
	static const struct {
		unsigned major, minor;
	} ordinary[] = {
		{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, { 1, 9 }, { 5, 0 }, { 5, 1 }, { 5, 2 },
	};

	if (!S_ISCHR(st->st_mode) || strncmp(w->path, "/dev/", 5) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ordinary); i++)
		if (major(st->st_rdev) == ordinary[i].major &&
		    minor(st->st_rdev) == ordinary[i].minor)
			return true;
	return false;
}

static void look_at_device(struct walk *w, const struct stat *st)
{
	char what[48];

	if (is_ordinary(w, st))
		return;
	snprintf(what, sizeof(what), "%s %u:%u", S_ISBLK(st->st_mode) ? "block" : "char",
		 major(st->st_rdev), minor(st->st_rdev));
	find(w, IMAGE_DEVICE, what);
}

/* A whiteout (docs.kernel.org/filesystems/overlayfs): the layer deletes the name. */
static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* The runtime mounts there, through whatever is there. */
static void look_at_place(struct walk *w, int dir, const char *name, const struct stat *st)
{
	char target[100], what[128];
	ssize_t len;

	if (S_ISDIR(st->st_mode) || is_whiteout(st) ||
	    (strcmp(name, "dev") && strcmp(name, "proc") && strcmp(name, "sys")))
		return;
	len = S_ISLNK(st->st_mode) ? readlinkat(dir, name, target, sizeof(target)) : -1;
	if (len >= 0)
		snprintf(what, sizeof(what), "a symbolic link to %.*s", (int)len, target);
	else
		snprintf(what, sizeof(what), "not a folder");
	find(w, IMAGE_PLACE, what);
}

/* ---- folders ---- */

static void walk_folder(struct walk *w, int fd, unsigned depth);

static void enter(struct walk *w, int dir, const char *name, unsigned depth)
{
	struct err e = ERR_INIT;
	int fd = -1;

	if (depth > DEPTH_MAX)
		cut(w, "folders are nested deeper than is looked at");
	else if (fsio_open_beneath(dir, name, O_RDONLY | O_DIRECTORY, &fd, &e))
		note_unread(w, e.sys_errno);
	else
		walk_folder(w, fd, depth);
}

static bool has_time(struct walk *w)
{
	if (++w->out->entries > w->limits->entries)
		cut(w, "there are more files than are looked at");
	else if (w->out->entries % CLOCK_EVERY == 0 && clock_monotonic_ms() > w->deadline)
		cut(w, LAYERS_TOOK_TOO_LONG);
	return !is_cut(w);
}

static void look_at(struct walk *w, int dir, const char *name, unsigned depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		note_unread(w, errno);
		return;
	}
	if (depth == 0)
		look_at_place(w, dir, name, &st);
	if (S_ISDIR(st.st_mode))
		enter(w, dir, name, depth + 1);
	else if (S_ISREG(st.st_mode))
		look_at_file(w, dir, name, &st);
	else if ((S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && !is_whiteout(&st))
		look_at_device(w, &st);
}

/* Takes the descriptor. */
static void walk_folder(struct walk *w, int fd, unsigned depth)
{
	DIR *d = fdopendir(fd);
	size_t len = w->len;

	if (!d) {
		note_unread(w, errno);
		close(fd);
		return;
	}
	for (struct dirent *ent; !is_cut(w) && (errno = 0, ent = readdir(d));) {
		size_t more = strlen(ent->d_name);

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..") || !has_time(w))
			continue;
		/* DEPTH_MAX names of NAME_MAX bytes fit */
		w->path[len] = '/';
		memcpy(w->path + len + 1, ent->d_name, more + 1);
		w->len = len + 1 + more;
		look_at(w, dirfd(d), ent->d_name, depth);
		w->len = len;
		w->path[len] = '\0';
	}
	if (errno && !is_cut(w))
		note_unread(w, errno);
	closedir(d);
}

void layers_walk(const struct strlist *folders, const struct layer_rules *rules,
		 const struct layer_limits *limits, struct image_facts *out)
{
	struct walk *w = mem_alloc(sizeof(*w));

	w->rules = rules;
	w->limits = limits;
	w->out = out;
	w->deadline = clock_monotonic_ms() + (int64_t)limits->seconds * 1000;
	if (folders->count == 0)
		snprintf(out->error, sizeof(out->error), "no layer has a folder of its own");
	for (size_t i = 0; i < folders->count && !out->error[0] && !is_cut(w); i++) {
		int fd = open(folders->items[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0) {
			snprintf(out->error, sizeof(out->error), "layer %zu: %.120s: %.40s", i + 1,
				 folders->items[i], strerror(errno));
			break;
		}
		w->layer = (unsigned)i + 1;
		walk_folder(w, fd, 0);
	}
	out->layers = (unsigned)folders->count;
	out->looked = !out->error[0];
	free(w);
}

/* ---- which folders ---- */

/* The engine's own folders are root's; a link among them (overlay2/l/NAME) is as good as its
 * target. A relative name is relative to a folder that only the engine knows. */
static bool add_folder(struct strlist *l, const char *name)
{
	auto_free char *real = name[0] == '/' && !strchr(name, '\\') ? realpath(name, NULL) : NULL;

	if (real)
		strlist_add(l, real);
	return real != NULL;
}

bool layers_of_mount(const struct proc_mount *root, struct strlist *out)
{
	auto_strlist struct strlist found = { 0 };
	auto_free char *options = NULL;
	char *state = NULL;

	if (!root || !root->super_options || strcmp(root->fstype, "overlay") != 0)
		return false;
	options = mem_strdup(root->super_options);
	for (char *o = strtok_r(options, ",", &state); o; o = strtok_r(NULL, ",", &state)) {
		char *names = strncmp(o, "lowerdir=", 9) == 0	  ? o + 9
			      : strncmp(o, "lowerdir+=", 10) == 0 ? o + 10
								  : NULL;

		for (char *name; names && (name = strsep(&names, ":"));)
			if (!add_folder(&found, name))
				return false;
	}
	for (size_t i = found.count; i > 0; i--)
		strlist_add(out, found.items[i - 1]);
	return found.count > 0;
}
