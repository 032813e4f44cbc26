/*
 * Finding and walking cgroups. A v1 controller is mounted under its own name or under
 * the names of all controllers that share the hierarchy; v2 is mounted at the top or,
 * on hybrid hosts, in "unified". A worker with a writable cgroup mount may make
 * children, so the walk is bounded in depth and number.
 */
#include "cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"

enum { WALK_DEPTH = 16, WALK_FOLDERS = 1024, PROCS_BYTES = 64 * 1024, ID_LENGTH = 64 };

void pid_set_free(struct pid_set *s)
{
	free(s->items);
	*s = (struct pid_set){ 0 };
}

static bool list_has_word(const char *list, size_t len, const char *word)
{
	size_t want = strlen(word);

	while (len > 0) {
		const char *comma = memchr(list, ',', len);
		size_t n = comma ? (size_t)(comma - list) : len;

		if (n == want && memcmp(list, word, n) == 0)
			return true;
		if (!comma)
			break;
		list += n + 1;
		len -= n + 1;
	}
	return false;
}

static bool path_climbs(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (n == 2 && memcmp(p, "..", 2) == 0)
			return true;
	}
	return false;
}

/* Takes "N:controllers:/path" apart; false when the line is for another controller. */
static bool line_matches(const char *line, const char *controller, struct cgroup_place *out)
{
	const char *list = strchr(line, ':');
	const char *path = list ? strchr(++list, ':') : NULL;

	if (!path || path[1] != '/' || strlen(path + 2) >= sizeof(out->path))
		return false;
	size_t len = (size_t)(path - list);
	if (len >= sizeof(out->controllers))
		return false;
	bool v2 = len == 0 && strncmp(line, "0:", 2) == 0;
	if (controller ? !list_has_word(list, len, controller) : !v2)
		return false;
	out->version = v2 ? 2 : 1;
	snprintf(out->controllers, sizeof(out->controllers), "%.*s", (int)len, list);
	snprintf(out->path, sizeof(out->path), "%s", path + 2);
	return true;
}

int cgroup_locate(const struct strlist *lines, const char *controller, struct cgroup_place *out,
		  struct err *e)
{
	const char *const wanted[] = { controller, NULL };

	for (size_t w = 0; w < ARRAY_SIZE(wanted); w++) {
		for (size_t i = 0; i < lines->count; i++) {
			struct cgroup_place p = { 0 };

			if (!line_matches(lines->items[i], wanted[w], &p))
				continue;
			if (path_climbs(p.path))
				return err_set(e, ERR_PROTOCOL,
					       "the process is outside of this cgroup namespace");
			*out = p;
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no cgroup hierarchy has the %s controller", controller);
}

static bool is_container_id(const char *id)
{
	return strlen(id) == ID_LENGTH && strspn(id, "0123456789abcdef") == ID_LENGTH;
}

static bool component_is_of(const char *part, size_t len, const char *id)
{
	static const char prefix[] = "docker-", suffix[] = ".scope";
	size_t head = sizeof(prefix) - 1, tail = sizeof(suffix) - 1;

	if (len == ID_LENGTH)
		return memcmp(part, id, ID_LENGTH) == 0;
	return len == head + ID_LENGTH + tail && memcmp(part, prefix, head) == 0 &&
	       memcmp(part + head, id, ID_LENGTH) == 0 &&
	       memcmp(part + head + ID_LENGTH, suffix, tail) == 0;
}

bool cgroup_is_of(const char *path, const char *id, size_t *out_len)
{
	if (!is_container_id(id))
		return false;
	for (const char *p = path; *p; p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (component_is_of(p, n, id)) {
			*out_len = (size_t)(p - path) + n;
			return true;
		}
		p += n;
	}
	return false;
}

int cgroup_open_hierarchy(int cgroup_root, const struct cgroup_place *p, const char *controller,
			  int *out_fd, struct err *e)
{
	const char *const v1[] = { p->controllers, controller };
	const char *const v2[] = { "unified", "." };
	/* On a hybrid host the top is a tmpfs; only a real v2 top has this file. */
	bool v2_top = p->version == 2 && faccessat(cgroup_root, "cgroup.controllers", F_OK, 0) == 0;
	const char *const *names = p->version == 1 ? v1 : v2;

	for (size_t i = v2_top ? 1 : 0; i < 2; i++) {
		int fd = openat(cgroup_root, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		*out_fd = fd;
		return 0;
	}
	return err_sys(e, errno, "cgroup hierarchy %s",
		       p->version == 1 ? p->controllers : "unified");
}

static void add_pid(struct pid_set *s, long pid)
{
	/* A process outside of our pid namespace is printed as 0. */
	if (pid <= 0 || pid > (1L << 22) || s->count == CGROUP_PIDS_MAX) {
		s->cut = true;
		return;
	}
	s->items = mem_grow(s->items, s->count + 1, sizeof(*s->items));
	s->items[s->count++] = (pid_t)pid;
}

static void parse_pids(const char *text, struct pid_set *s)
{
	while (*text) {
		char *end = NULL;
		long pid = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;

		add_pid(s, end && (*end == '\n' || *end == '\0') ? pid : 0);
		if (s->count == CGROUP_PIDS_MAX && s->cut)
			return;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

static int read_procs(int dir, struct pid_set *s, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(PROCS_BYTES);

	if (proc_read_text(dir, "cgroup.procs", &text, e) < 0) {
		/* In a threaded v2 cgroup only this file may be read (cgroup-v2, "Threads"). */
		if (e->sys_errno != EOPNOTSUPP ||
		    proc_read_text(dir, "cgroup.threads", &text, e) < 0)
			return -1;
		err_clear(e);
	}
	parse_pids(strbuf_str(&text), s);
	return 0;
}

static void walk(int dir, int depth, unsigned *folders, struct pid_set *s);

static void walk_children(int dir, int depth, unsigned *folders, struct pid_set *s)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		if (copy >= 0)
			close(copy);
		s->cut = true;
		return;
	}
	for (struct dirent *ent; (ent = readdir(d));) {
		if (ent->d_name[0] == '.' || (ent->d_type != DT_DIR && ent->d_type != DT_UNKNOWN))
			continue;
		auto_fd int child =
			openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			walk(child, depth + 1, folders, s);
	}
	closedir(d);
}

static void walk(int dir, int depth, unsigned *folders, struct pid_set *s)
{
	struct err e = ERR_INIT;

	if (depth > WALK_DEPTH || ++*folders > WALK_FOLDERS) {
		s->cut = true;
		return;
	}
	/* A child that was removed meanwhile (ENODEV, ENOENT) holds no process any more. */
	if (read_procs(dir, s, &e) < 0 && e.sys_errno != ENODEV && e.sys_errno != ENOENT)
		s->cut = true;
	walk_children(dir, depth, folders, s);
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_read_pids(int dir, struct pid_set *out, struct err *e)
{
	struct pid_set s = { 0 };
	unsigned folders = 0;
	size_t kept = 0;

	if (read_procs(dir, &s, e) < 0) {
		pid_set_free(&s);
		return err_wrap(e, "processes of the cgroup");
	}
	walk_children(dir, 0, &folders, &s);
	if (s.count > 0)
		qsort(s.items, s.count, sizeof(*s.items), compare_pids);
	/* A process that moved during the walk is seen twice. */
	for (size_t i = 0; i < s.count; i++)
		if (kept == 0 || s.items[kept - 1] != s.items[i])
			s.items[kept++] = s.items[i];
	s.count = kept;
	*out = s;
	return 0;
}
