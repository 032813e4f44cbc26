/*
 * What is searched belongs to tenants, to the engine and to other processes: every
 * read is bounded, and the buffer is wiped, for what is looked for may be in it.
 */
#include "probe/exposure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"

enum {
	EXPOSED_MAX = 16,
	UNREAD_MAX = 16,
	PROCESS_BYTES_MAX = 128 * 1024,
	FILE_BYTES_MAX = 1 << 20,
	FOLDER_FILES_MAX = 512,
	FOLDER_DEPTH_MAX = 4,
	LOG_TRIES = 20,
	LOG_PAUSE_NS = 10000000,
};

static void note_unread(const struct exposure *x, const char *fmt, ...) printf_like(2, 3);
static void note_unread(const struct exposure *x, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (x->out->unread.count == UNREAD_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strlist_add(&x->out->unread, text);
}

void exposure_text(const struct exposure *x, const char *place, const void *text, size_t len)
{
	struct secret_facts *out = x->out;
	struct needle_hit hit;

	out->places++;
	out->bytes += len;
	if (!needles_find(x->needles, text, len, NEEDLES_ANY, &hit))
		return;
	if (out->exposed.count == EXPOSED_MAX)
		out->exposed_more++;
	else
		strlist_addf(&out->exposed, "%s: %s, %s", place, x->ids->items[hit.tag], hit.form);
}

static void search_fd(const struct exposure *x, const char *place, int fd, size_t max)
{
	struct stat st;
	char *buf;
	size_t size;
	ssize_t len;

	if (fstat(fd, &st) < 0) {
		note_unread(x, "%s: %s", place, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode))
		return;
	size = MIN_OF((size_t)st.st_size, max);
	buf = mem_alloc(size + 1);
	len = fsio_read_fd(fd, buf, size, (off_t)((size_t)st.st_size - size));
	if (len < 0)
		note_unread(x, "%s: %s", place, strerror(errno));
	else
		exposure_text(x, place, buf, (size_t)len);
	mem_wipe_free(buf, size + 1);
}

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void exposure_file(const struct exposure *x, const char *place, const char *path, size_t max)
{
	auto_fd int fd = open_file(path);

	if (fd >= 0)
		search_fd(x, place, fd, max);
	else if (errno != ENOENT && errno != ELOOP && errno != ENXIO)
		note_unread(x, "%s: %s", place, strerror(errno));
}

void exposure_log(const struct exposure *x, const char *place, const char *path, size_t max)
{
	const struct timespec pause = { .tv_nsec = LOG_PAUSE_NS };
	auto_fd int fd = open_file(path);
	struct stat st;

	/* while it is rotated there is none for a moment */
	for (int i = 0; fd < 0 && errno == ENOENT && i < LOG_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = open_file(path);
	}
	if (fd < 0)
		note_unread(x, "%s: %s", place, strerror(errno));
	else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		note_unread(x, "%s: not a regular file", place);
	else
		search_fd(x, place, fd, max);
}

/* ---- folders ---- */

struct walk {
	const struct exposure *x;
	const char *place;
	const char *const *skip;
	size_t files;
	bool cut;
};

static bool is_skipped(const struct walk *w, const char *name)
{
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return true;
	for (size_t i = 0; w->skip && w->skip[i]; i++)
		if (!strcmp(w->skip[i], name))
			return true;
	return false;
}

static void walk_folder(struct walk *w, int fd, unsigned depth);

static void walk_entry(struct walk *w, int dir, const char *name, unsigned depth)
{
	struct err ignored = ERR_INIT;
	auto_free char *place = mem_printf("%s/%.100s", w->place, name);
	struct stat st;
	auto_fd int fd = -1;

	if (++w->files > FOLDER_FILES_MAX) {
		w->cut = true;
		return;
	}
	/* Without a look at what it is first, opening a device or a pipe could do something. */
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return;
	if (fsio_open_beneath(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, &ignored)) {
		if (ignored.sys_errno != ENOENT && ignored.sys_errno != EXDEV)
			note_unread(w->x, "%s: %s", place, ignored.message);
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		const char *here = w->place;

		w->place = place;
		walk_folder(w, fd, depth + 1);
		w->place = here;
	} else {
		search_fd(w->x, place, fd, FILE_BYTES_MAX);
	}
}

static void walk_folder(struct walk *w, int fd, unsigned depth)
{
	int copy = depth > FOLDER_DEPTH_MAX ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		mem_close_slot(&copy);
		w->cut = true;
		return;
	}
	for (struct dirent *ent; !w->cut && (ent = readdir(d));)
		if (!is_skipped(w, ent->d_name))
			walk_entry(w, dirfd(d), ent->d_name, depth);
	closedir(d);
}

void exposure_folder(const struct exposure *x, const char *place, const char *path,
		     const char *const skip[])
{
	struct walk w = { .x = x, .place = place, .skip = skip };
	auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0) {
		note_unread(x, "%s: %s", place, strerror(errno));
		return;
	}
	walk_folder(&w, fd, 0);
	if (w.cut)
		note_unread(x, "%s: more files than are looked into", place);
}

/* ---- processes ---- */

static void search_process(const struct exposure *x, int proc_root, const char *pid,
			   const char *name, const char *who, char *buf)
{
	auto_free char *path = mem_printf("%s/%s", pid, name);
	auto_free char *place = mem_printf("%s of %sprocess %s", name, who, pid);
	auto_fd int fd = openat(proc_root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : fsio_read_fd(fd, buf, PROCESS_BYTES_MAX, -1);

	/* One that has ended tells nobody anything. */
	if (len >= 0)
		exposure_text(x, place, buf, (size_t)len);
	else if (errno != ENOENT && errno != ESRCH)
		note_unread(x, "%s: %s", place, strerror(errno));
	if (len > 0)
		mem_wipe(buf, (size_t)len);
}

static bool is_among(const struct process_facts *items, size_t count, const char *pid)
{
	long number = atol(pid);

	for (size_t i = 0; i < count; i++)
		if (items[i].pid == number)
			return true;
	return false;
}

void exposure_processes(const struct exposure *x, const char *proc_path,
			const struct tenant_facts *f)
{
	struct err e = ERR_INIT;
	int root = -1;
	DIR *d = NULL;
	char *buf;

	if (proc_open_root(proc_path, &root, &e) || !(d = fdopendir(root))) {
		note_unread(x, "processes of the host: %s", e.code ? e.message : strerror(errno));
		mem_close_slot(&root);
		return;
	}
	buf = mem_alloc(PROCESS_BYTES_MAX);
	for (struct dirent *ent; (ent = readdir(d));) {
		const char *pid = ent->d_name, *who = "";

		if (*pid < '1' || *pid > '9')
			continue;
		if (is_among(f->processes, f->process_count, pid))
			who = "worker ";
		else if (is_among(f->gateway_processes, f->gateway_process_count, pid))
			who = "gateway ";
		search_process(x, dirfd(d), pid, "cmdline", who, buf);
		if (*who)
			search_process(x, dirfd(d), pid, "environ", who, buf);
	}
	closedir(d);
	free(buf);
}
