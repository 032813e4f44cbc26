/*
 * The limits in force: a cgroup's own and those of all its ancestors, of which the
 * smallest one wins. Version 1 and 2 differ per controller on hybrid hosts.
 */
#include "limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"

/* v1 prints "none" as LONG_MAX rounded down to a page; nobody has 4 EiB. */
#define V1_UNLIMITED ((uint64_t)1 << 62)

struct view { /* one controller's folders, from the container's up to the top */
	struct cgroup_place place;
	int top;
};

static void view_close(struct view *v)
{
	mem_close_slot(&v->top);
}
#define auto_view cleanup_with(view_close)

static bool view_open(const struct target *t, const char *controller, struct view *v)
{
	struct err e = ERR_INIT;

	return target_place(t, controller, &v->place, &e) == 0 &&
	       cgroup_open_hierarchy(t->cgroup_root, &v->place, controller, &v->top, &e) == 0;
}

static bool read_text(const struct view *v, const char *path, const char *file, char *buf,
		      size_t size)
{
	struct err e = ERR_INIT;
	auto_fd int dir = -1;

	return fsio_open_beneath(v->top, *path ? path : ".", O_RDONLY | O_DIRECTORY, &dir, &e) ==
		       0 &&
	       fsio_read_at(dir, file, buf, size, &e) >= 0;
}

/* One number, or "max". Anything else is not a limit that can be relied on. */
static bool parse_limit(const char *text, uint64_t *out, const char **out_rest)
{
	char *end;

	if (strncmp(text, "max", 3) == 0 && (!text[3] || isspace((unsigned char)text[3]))) {
		*out = UINT64_MAX;
		*out_rest = text + 3;
		return true;
	}
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	if (errno || (*end && !isspace((unsigned char)*end)))
		return false;
	*out = n >= V1_UNLIMITED ? UINT64_MAX : n;
	*out_rest = end;
	return true;
}

/* Cuts the last component off; false when the top was reached. */
static bool step_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!*path)
		return false;
	if (slash)
		*slash = '\0';
	else
		*path = '\0';
	return true;
}

static uint64_t read_number(const struct view *v, const char *path, const char *file)
{
	char text[64];
	const char *rest;
	uint64_t n;

	if (!read_text(v, path, file, text, sizeof(text)) || !parse_limit(text, &n, &rest))
		return UINT64_MAX;
	return n;
}

/* The root of v2 has no such files, the root of v1 has no limit. */
static uint64_t smallest(const struct view *v, const char *file)
{
	char path[sizeof(v->place.path)];
	uint64_t least = UINT64_MAX;

	snprintf(path, sizeof(path), "%s", v->place.path);
	do {
		uint64_t n = read_number(v, path, file);

		least = MIN_OF(least, n);
	} while (step_up(path) && *path);
	return least;
}

static void read_memory(const struct target *t, struct cgroup_facts *out)
{
	auto_view struct view v = { .top = -1 };
	const char *max, *swap, *current;
	char text[64];

	if (!view_open(t, "memory", &v))
		return;
	bool v2 = v.place.version == 2;
	max = v2 ? "memory.max" : "memory.limit_in_bytes";
	swap = v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
	current = v2 ? "memory.current" : "memory.usage_in_bytes";
	out->version = v.place.version;
	snprintf(out->path, sizeof(out->path), "%s", v.place.path);
	out->memory_max = smallest(&v, max);
	out->swap_known = read_text(&v, v.place.path, swap, text, sizeof(text));
	out->memory_swap_max = smallest(&v, swap);
	out->memory_current = read_number(&v, v.place.path, current);
}

static void read_pids(const struct target *t, struct cgroup_facts *out)
{
	auto_view struct view v = { .top = -1 };

	if (!view_open(t, "pids", &v))
		return;
	out->pids_max = smallest(&v, "pids.max");
	out->pids_current = read_number(&v, v.place.path, "pids.current");
}

static bool read_quota(const struct view *v, const char *path, uint64_t *quota, uint64_t *period)
{
	char text[128];
	const char *rest;

	if (v->place.version == 1) {
		*quota = read_number(v, path, "cpu.cfs_quota_us"); /* -1 is not a number here */
		*period = read_number(v, path, "cpu.cfs_period_us");
	} else if (!read_text(v, path, "cpu.max", text, sizeof(text)) ||
		   !parse_limit(text, quota, &rest) || *rest != ' ' ||
		   !parse_limit(rest + 1, period, &rest)) {
		return false;
	}
	return *quota <= UINT32_MAX && *period > 0 && *period <= INT32_MAX;
}

static void read_cpu(const struct target *t, struct cgroup_facts *out)
{
	auto_view struct view v = { .top = -1 };
	char path[sizeof(v.place.path)];
	uint64_t quota, period;

	if (!view_open(t, "cpu", &v))
		return;
	snprintf(path, sizeof(path), "%s", v.place.path);
	do {
		if (!read_quota(&v, path, &quota, &period))
			continue;
		/* a/b < c/d without division; both products fit into 64 bits */
		if (out->cpu_quota_us >= 0 &&
		    quota * (uint64_t)out->cpu_period_us >= (uint64_t)out->cpu_quota_us * period)
			continue;
		out->cpu_quota_us = (int64_t)quota;
		out->cpu_period_us = (int64_t)period;
	} while (step_up(path) && *path);
}

void limits_read(const struct target *t, struct cgroup_facts *out)
{
	*out = (struct cgroup_facts)LIMITS_UNKNOWN;
	read_memory(t, out);
	read_pids(t, out);
	read_cpu(t, out);
}
