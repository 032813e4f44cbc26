/*
 * Places are folders and files that belong to root, opened without following links.
 * The gateway's state is the gateway's: it is read as what a hostile process wrote.
 * Contents live in one buffer that is wiped, for one of them holds the keys.
 */
#include "host_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/mem.h"

enum {
	MEMBERS_MAX = 256,
	MEMBER_BUFFER = (1 << 20) + 1, /* the largest file there may be, and a NUL */
	STATUS_MAX = 4096,
	KEY_IDS_MAX = 1024,
};

static void note_stat(int fd, struct file_facts *f)
{
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0) {
		f->sys_errno = errno;
		return;
	}
	f->mode = st.st_mode;
	f->uid = st.st_uid;
	f->gid = st.st_gid;
	f->links = st.st_nlink;
	f->size = (uint64_t)st.st_size;
	f->dev = st.st_dev;
	f->on_tmpfs = fs.f_type == TMPFS_MAGIC;
}

static void read_places(const struct probe_request *r, struct gateway_files_facts *out)
{
	out->places = mem_array(r->place_count + 1, sizeof(*out->places));
	out->place_count = r->place_count;
	for (size_t i = 0; i < r->place_count; i++) {
		struct file_facts *f = &out->places[i];
		auto_fd int fd = open(r->places[i].path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		f->role = r->places[i].role;
		snprintf(f->path, sizeof(f->path), "%s", r->places[i].path);
		note_stat(fd, f);
	}
}

/* Less than `size` bytes, and a NUL; -1: not readable, or there are more. */
static ssize_t read_content(int dir, const char *name, char *buf, size_t size)
{
	struct err ignored = ERR_INIT;

	return fsio_read_at(dir, name, buf, size, &ignored);
}

/* "ghl.0 Bearer ...": the id only. */
static void note_key_ids(const char *text, struct strlist *out)
{
	while (*text && out->count < KEY_IDS_MAX) {
		size_t line = strcspn(text, "\n"), id = strcspn(text, " \n");

		if (id > 0) {
			auto_free char *word = mem_strndup(text, MIN_OF(id, (size_t)128));

			strlist_add(out, word);
		}
		text += line + (text[line] == '\n');
	}
}

static void note_line(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)MIN_OF(strcspn(text, "\n"), size - 1), text);
}

static void read_member(int dir, const char *name, char *buf, struct gateway_files_facts *out)
{
	struct file_facts *f = &out->members[out->member_count++];
	auto_fd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len;

	f->role = FILE_SET_MEMBER;
	snprintf(f->path, sizeof(f->path), "%s", name);
	note_stat(fd, f);
	if (f->sys_errno || !S_ISREG(f->mode))
		return;
	len = read_content(dir, name, buf, MEMBER_BUFFER);
	if (len >= 0) {
		digest_of(buf, (size_t)len, f->digest);
		if (!strcmp(name, "keys"))
			note_key_ids(buf, &out->key_ids);
		else if (!strcmp(name, "generation"))
			note_line(buf, out->generation, sizeof(out->generation));
	}
	mem_wipe(buf, len < 0 ? MEMBER_BUFFER : (size_t)len);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file_facts *)a)->path, ((const struct file_facts *)b)->path);
}

static int read_set(const char *path, struct gateway_files_facts *out, struct err *e)
{
	auto_free char *buf = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		int saved = errno;

		mem_close_slot(&fd);
		return err_sys(e, saved, "%s", path);
	}
	buf = mem_alloc(MEMBER_BUFFER);
	out->members = mem_array(MEMBERS_MAX, sizeof(*out->members));
	for (struct dirent *ent; (ent = readdir(d));) {
		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		if (out->member_count == MEMBERS_MAX) {
			err_set(e, ERR_SYSTEM, "%s: more than %d files", path, MEMBERS_MAX);
			break;
		}
		read_member(dirfd(d), ent->d_name, buf, out);
	}
	closedir(d);
	qsort(out->members, out->member_count, sizeof(*out->members), by_path);
	return e->code == ERR_NONE ? 0 : -1;
}

/* Lines "generation ID", "result WORD", "error TEXT", as a hostile gateway writes them. The text is
 * left where it is: whoever writes it holds keys. */
static void note_status(const char *text, struct gateway_files_facts *out)
{
	char generation[sizeof(out->loaded)] = "";
	bool loaded = false;

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (!strncmp(p, "generation ", 11))
			note_line(p + 11, generation, sizeof(generation));
		else if (len == 13 && !strncmp(p, "result loaded", 13))
			loaded = true;
		else if (len == 14 && !strncmp(p, "result refused", 14))
			out->refused = true;
	}
	if (loaded)
		memcpy(out->loaded, generation, sizeof(out->loaded));
}

static void read_status(const char *path, struct gateway_files_facts *out)
{
	struct err ignored = ERR_INIT;
	char text[STATUS_MAX];
	struct stat st;
	auto_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int fd = -1;
	ssize_t len;

	if (dir < 0 || fsio_open_beneath(dir, "status", O_RDONLY | O_NONBLOCK, &fd, &ignored) ||
	    fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return;
	text[len] = '\0';
	note_status(text, out);
}

void host_files_read(const struct probe_request *r, struct gateway_files_facts *out)
{
	struct err e = ERR_INIT;

	if (!r->gateway_set)
		return;
	read_places(r, out);
	if (read_set(r->gateway_set, out, &e) < 0)
		snprintf(out->error, sizeof(out->error), "%.199s", e.message);
	for (size_t i = 0; i < ARRAY_SIZE(r->gateway_next); i++)
		if (r->gateway_next[i] &&
		    faccessat(AT_FDCWD, r->gateway_next[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			strlist_add(&out->leftovers, r->gateway_next[i]);
	if (r->gateway_state)
		read_status(r->gateway_state, out);
}
