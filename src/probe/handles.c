/*
 * A descriptor or working folder that a runtime left open leads to the host's files
 * whatever is mounted (CVE-2024-21626). The name that /proc shows for it proves
 * nothing: what counts is the mount it lies on, which statx(2) tells and mountinfo of
 * the process has to list. Magic links are opened with O_PATH only, so that no pipe or
 * device of a hostile process does anything.
 */
#include "handles.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"

enum { DESCRIPTORS_MAX = 65536, SHOWN_MAX = 8, LINK_MAX_BYTES = 512, SECOND_LOOK_NS = 250000000 };
#define MOUNTINFO_MAX ((size_t)1 << 20)

/* `mountinfo` has the mounts' ids at the starts of its lines. */
static bool own_mounts_have(const struct strbuf *mountinfo, uint64_t id)
{
	for (const char *line = strbuf_str(mountinfo); line && *line;) {
		if (strtoull(line, NULL, 10) == id)
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

/* Memory that has a name but no place: memfd_create(2), shmget(2), aio and shared /dev/zero. They
 * are unlinked, which a file that somebody left behind under such a name would not be. */
static bool is_memory(const char *link, const struct statx *st)
{
	static const char *const names[] = { "/memfd:", "/SYSV", "/[aio]", "/dev/zero",
					     "/anon_hugepage" };

	for (size_t i = 0; st->stx_nlink == 0 && i < ARRAY_SIZE(names); i++)
		if (strncmp(link, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* What a process without a terminal gets for its standard streams from whoever starts it: nothing
 * is reached through it. */
static bool is_null(const struct statx *st)
{
	return S_ISCHR(st->stx_mode) && st->stx_rdev_major == 1 && st->stx_rdev_minor == 3;
}

/* "mnt:[4026531841]" of another namespace than the process's own: setns(2) would enter it. */
static bool is_other_namespace(const char *link, const struct process_facts *f)
{
	const char *open = strstr(link, ":[");

	for (int k = 0; open && k < NS_KINDS; k++)
		if (strlen(ns_names[k]) == (size_t)(open - link) &&
		    strncmp(link, ns_names[k], (size_t)(open - link)) == 0)
			return f->ns[k].ino != 0 && strtoull(open + 2, NULL, 10) != f->ns[k].ino;
	return false;
}

static void add(struct process_facts *f, const char *what, const char *link)
{
	if (f->handles.count < SHOWN_MAX)
		strlist_addf(&f->handles, "%s %.200s", what, link);
}

/* The link `name` in `dir`; `what` names it for people. One that is gone is none. */
static void look_at(int dir, const char *name, const char *what, const struct strbuf *mounts,
		    struct process_facts *f)
{
	char link[LINK_MAX_BYTES];
	struct statx st;
	auto_fd int fd = -1;
	ssize_t len = readlinkat(dir, name, link, sizeof(link) - 1);

	if (len < 0) {
		f->handles_unread |= errno != ENOENT && errno != ESRCH;
		return;
	}
	link[len] = '\0';
	if (link[0] != '/') {
		if (is_other_namespace(link, f))
			add(f, what, link);
		return;
	}
	fd = openat(dir, name, O_PATH | O_CLOEXEC);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID)) {
		f->handles_unread |= fd >= 0 || (errno != ENOENT && errno != ESRCH);
		return;
	}
	if (!own_mounts_have(mounts, st.stx_mnt_id) && !is_memory(link, &st) && !is_null(&st))
		add(f, what, link);
}

static void look_at_descriptors(int dir, const struct strbuf *mounts, struct process_facts *f)
{
	unsigned seen = 0;
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		f->handles_unread |= errno != ENOENT && errno != ESRCH;
		mem_close_slot(&fd);
		return;
	}
	for (struct dirent *ent; (ent = readdir(d));) {
		auto_free char *what = NULL;

		if (!isdigit((unsigned char)ent->d_name[0]))
			continue;
		if (++seen > DESCRIPTORS_MAX) {
			f->handles_unread = true;
			break;
		}
		what = mem_printf("descriptor %.10s:", ent->d_name);
		look_at(dirfd(d), ent->d_name, what, mounts, f);
	}
	closedir(d);
}

void handles_look_once(int dir, struct process_facts *f)
{
	auto_strbuf struct strbuf mounts = STRBUF_INIT(MOUNTINFO_MAX);
	struct err e = ERR_INIT;

	strlist_free(&f->handles);
	f->handles_unread = false;
	if (proc_read_text(dir, "mountinfo", &mounts, &e) || mounts.len == 0) {
		f->handles_unread = true;
		return;
	}
	look_at(dir, "cwd", "folder", &mounts, f);
	look_at(dir, "root", "root", &mounts, f);
	look_at(dir, "exe", "program", &mounts, f);
	look_at_descriptors(dir, &mounts, f);
}

/* Again, if it is still the same process; one that has ended holds nothing. */
static void look_again(const struct target *t, struct process_facts *f)
{
	struct err e = ERR_INIT;
	auto_fd int dir = -1;
	uint64_t start;

	if (proc_open_pid(t->proc_root, f->pid, &dir, &e) < 0 ||
	    proc_start_time(dir, &start, &e) < 0 || start != f->start_time) {
		strlist_free(&f->handles);
		return;
	}
	handles_look_once(dir, f);
}

void handles_look(const struct target *t, struct process_facts *items, size_t count)
{
	const struct timespec pause = { .tv_nsec = SECOND_LOOK_NS };
	bool paused = false;

	for (size_t i = 0; i < count; i++) {
		if (items[i].handles.count == 0)
			continue;
		if (!paused)
			nanosleep(&pause, NULL);
		paused = true;
		look_again(t, &items[i]);
	}
}
