/*
 * /proc as data. Names and paths in it were chosen by the processes it describes;
 * everything is bounded, and lines that do not parse are errors, not guesses.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "proc_internal.h"

#define STATUS_MAX ((size_t)1 << 20) /* 65536 groups of eleven bytes */
#define STRINGS_MAX ((size_t)128 << 10)
#define SMALL_MAX ((size_t)64 << 10)

static int open_error(struct err *e, int saved_errno, const char *name)
{
	err_sys(e, saved_errno, "%s", name);
	/* ESRCH: the process went away between open and read */
	if (saved_errno == ENOENT || saved_errno == ESRCH)
		e->code = ERR_NOT_FOUND;
	return -1;
}

/* Reads a file of /proc whole, up to the buffer's maximum; what is beyond it is dropped. */
static int slurp(int dir, const char *name, struct strbuf *out, struct err *e)
{
	char buf[8192];
	auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return open_error(e, errno, name);
	while (!out->overflow) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return open_error(e, errno, name);
		if (n == 0)
			break;
		strbuf_add(out, buf, (size_t)n);
	}
	return 0;
}

int proc_read_text(int dir, const char *name, struct strbuf *out, struct err *e)
{
	if (slurp(dir, name, out, e))
		return -1;
	if (out->overflow)
		return err_set(e, ERR_SYSTEM, "%s: longer than %zu bytes", name, out->max);
	return 0;
}

int proc_malformed(struct err *e, const char *name)
{
	return err_set(e, ERR_SYSTEM, "%s: not in the form that the kernel prints", name);
}

int proc_open_root(const char *path, int *out_fd, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return open_error(e, errno, path);
	*out_fd = fd;
	return 0;
}

int proc_open_pid(int proc_root, pid_t pid, int *out_fd, struct err *e)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	int fd = openat(proc_root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return open_error(e, errno, name);
	*out_fd = fd;
	return 0;
}

int proc_start_time(int pid_dir, uint64_t *out, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(SMALL_MAX);

	if (proc_read_text(pid_dir, "stat", &text, e))
		return -1;
	/* the name in field 2 may hold blanks and ")": the last ")" ends it */
	const char *p = strrchr(strbuf_str(&text), ')');
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	char *end = NULL;
	uint64_t v = p ? strtoull(p, &end, 10) : 0;
	if (!p || end == p)
		return proc_malformed(e, "stat");
	*out = v;
	return 0;
}

/* Numbers separated by blanks to `out`; how many there were in all. */
static size_t read_ids(const char *s, uint32_t *out, size_t max)
{
	size_t count = 0;

	for (;;) {
		char *end = NULL;
		unsigned long v = strtoul(s, &end, 10);
		if (end == s)
			return count;
		if (count < max)
			out[count] = (uint32_t)v;
		count++;
		s = end;
	}
}

static bool read_status_ids(const char *key, const char *value, struct proc_status *st)
{
	if (strcmp(key, "Uid") == 0)
		return read_ids(value, st->uid, 4) == 4;
	if (strcmp(key, "Gid") == 0)
		return read_ids(value, st->gid, 4) == 4;
	if (strcmp(key, "Groups") == 0) {
		size_t all = read_ids(value, st->groups, ARRAY_SIZE(st->groups));
		st->group_count = MIN_OF(all, ARRAY_SIZE(st->groups));
		st->groups_more = all > ARRAY_SIZE(st->groups);
	}
	return true;
}

static void read_status_number(const char *key, const char *value, struct proc_status *st)
{
	static const char *const caps[PROC_CAP_SETS] = { "CapInh", "CapPrm", "CapEff", "CapBnd",
							 "CapAmb" };
	const struct {
		const char *key;
		int *slot;
	} numbers[] = { { "Pid", &st->pid },
			{ "PPid", &st->ppid },
			{ "NoNewPrivs", &st->no_new_privs },
			{ "Seccomp", &st->seccomp },
			{ "Seccomp_filters", &st->seccomp_filters },
			{ "Threads", &st->threads } };
	uint32_t ignored[1];

	for (size_t i = 0; i < PROC_CAP_SETS; i++) {
		if (strcmp(key, caps[i]) == 0)
			st->caps[i] = strtoull(value, NULL, 16);
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(key, numbers[i].key) == 0)
			*numbers[i].slot = (int)strtol(value, NULL, 10);
	}
	if (strcmp(key, "NSpid") == 0)
		st->ns_depth = (int)read_ids(value, ignored, 1);
}

int proc_read_status(int pid_dir, struct proc_status *out, struct err *e)
{
	struct proc_status st = { .no_new_privs = -1, .seccomp = -1, .seccomp_filters = -1 };
	auto_strbuf struct strbuf text = STRBUF_INIT(STATUS_MAX);
	char *state = NULL;
	unsigned seen = 0;

	if (proc_read_text(pid_dir, "status", &text, e))
		return -1;
	/* the kernel escapes newlines in Name, so that no process can forge another line */
	for (char *line = text.len ? strtok_r(text.data, "\n", &state) : NULL; line;
	     line = strtok_r(NULL, "\n", &state)) {
		char *colon = strchr(line, ':');
		if (!colon)
			return proc_malformed(e, "status");
		*colon = '\0';
		const char *value = colon + 1 + strspn(colon + 1, " \t");
		if (strcmp(line, "Name") == 0)
			snprintf(st.name, sizeof(st.name), "%s", value);
		if (!read_status_ids(line, value, &st))
			return proc_malformed(e, "status");
		read_status_number(line, value, &st);
		seen |= (strcmp(line, "Uid") == 0) | (strcmp(line, "Gid") == 0) << 1 |
			(strcmp(line, "CapEff") == 0) << 2 | (strcmp(line, "Pid") == 0) << 3;
	}
	if (seen != 15) /* without these a reader would take zero for an answer */
		return proc_malformed(e, "status");
	*out = st;
	return 0;
}

int proc_read_strings(int pid_dir, const char *name, struct strlist *out, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRINGS_MAX);

	if (slurp(pid_dir, name, &text, e))
		return -1;
	strlist_free(out);
	for (size_t i = 0; i < text.len; i += strlen(text.data + i) + 1)
		strlist_add(out, text.data + i);
	return 0;
}

int proc_read_cgroup(int pid_dir, struct strlist *out, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(SMALL_MAX);
	char *state = NULL;

	if (proc_read_text(pid_dir, "cgroup", &text, e))
		return -1;
	strlist_free(out);
	for (char *line = text.len ? strtok_r(text.data, "\n", &state) : NULL; line;
	     line = strtok_r(NULL, "\n", &state))
		strlist_add(out, line);
	return 0;
}

int proc_ns_id(int pid_dir, const char *ns, dev_t *out_dev, ino_t *out_ino, struct err *e)
{
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "ns/%s", ns);
	/* followed on purpose: stat of the magic link answers for the namespace itself */
	if (fstatat(pid_dir, name, &st, 0) < 0)
		return open_error(e, errno, name);
	*out_dev = st.st_dev;
	*out_ino = st.st_ino;
	return 0;
}

static bool read_limit_value(const char **s, uint64_t *out)
{
	const char *p = *s + strspn(*s, " ");
	char *end = NULL;

	if (strncmp(p, "unlimited", 9) == 0) {
		*out = UINT64_MAX;
		*s = p + 9;
		return true;
	}
	*out = strtoull(p, &end, 10);
	*s = end;
	return end != p;
}

/* "Max cpu time              unlimited            unlimited            seconds": the name is
 * padded to 26 columns and followed by the numbers (fs/proc/base.c, proc_pid_limits). */
static bool read_limit(const char *line, struct proc_limit *out)
{
	const size_t width = 26;
	size_t len = width;

	if (strlen(line) < width)
		return false;
	while (len > 0 && line[len - 1] == ' ')
		len--;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)len, line);
	line += width;
	return read_limit_value(&line, &out->soft) && read_limit_value(&line, &out->hard);
}

int proc_read_limits(int pid_dir, struct proc_limit *out, size_t max, size_t *out_count,
		     struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(SMALL_MAX);
	char *state = NULL;
	size_t count = 0;

	if (proc_read_text(pid_dir, "limits", &text, e))
		return -1;
	char *line = text.len ? strtok_r(text.data, "\n", &state) : NULL;
	if (!line || strncmp(line, "Limit", 5) != 0)
		return proc_malformed(e, "limits");
	while ((line = strtok_r(NULL, "\n", &state)) && count < max) {
		if (!read_limit(line, &out[count++]))
			return proc_malformed(e, "limits");
	}
	*out_count = count;
	return 0;
}
