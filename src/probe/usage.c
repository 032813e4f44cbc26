/* What a container's cgroup uses, and how pressed the host is: read over and over while a drill
 * runs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "cgroup.h"
#include "usage.h"

enum { TEXT_MAX = 8192 };

enum { MEMORY, PIDS, CPU, CPUACCT, CONTROLLERS };
static const char *const controllers[CONTROLLERS] = { "memory", "pids", "cpu", "cpuacct" };

struct usage_view {
	struct {
		int version, dir; /* dir -1: there is no such controller */
	} of[CONTROLLERS];
};

static int open_controller(const struct target *t, const char *controller, int *out_version,
			   struct err *e)
{
	struct cgroup_place place;
	auto_fd int top = -1;
	int dir;

	if (target_place(t, controller, &place, e) ||
	    cgroup_open_hierarchy(t->cgroup_root, &place, controller, &top, e) ||
	    fsio_open_beneath(top, place.path, O_RDONLY | O_DIRECTORY, &dir, e))
		return -1;
	*out_version = place.version;
	return dir;
}

int usage_open_target(const struct target *t, struct usage_view **out, struct err *e)
{
	struct usage_view *v = mem_alloc(sizeof(*v));
	struct err ignored = ERR_INIT;

	for (int i = 0; i < CONTROLLERS; i++)
		v->of[i].dir = open_controller(t, controllers[i], &v->of[i].version, &ignored);
	if (v->of[MEMORY].dir < 0 || v->of[PIDS].dir < 0) {
		usage_close(v);
		return err_set(e, ERR_NOT_FOUND, "no cgroup of container %.12s", t->id);
	}
	*out = v;
	return 0;
}

int usage_open(pid_t pid, const char *id, struct usage_view **out, struct err *e)
{
	auto_fd int proc_root = -1;
	auto_fd int cgroup_root = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct target t auto_target = TARGET_INIT;

	return proc_open_root("/proc", &proc_root, e) ||
			       target_open(proc_root, cgroup_root, pid, id, &t, e) ||
			       usage_open_target(&t, out, e)
		       ? -1
		       : 0;
}

void usage_close(struct usage_view *v)
{
	for (int i = 0; v && i < CONTROLLERS; i++)
		mem_close_slot(&v->of[i].dir);
	free(v);
}

static bool read_text(int dir, const char *file, char *text, size_t size)
{
	struct err ignored = ERR_INIT;

	return dir >= 0 && fsio_read_at(dir, file, text, size, &ignored) > 0;
}

static uint64_t number(int dir, const char *file)
{
	char text[64];

	return read_text(dir, file, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

/* The number behind a word that starts a line: "oom_kill 2". */
static uint64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (!strncmp(p, key, len) && (p[len] == ' ' || p[len] == ':'))
			return strtoull(p + len + 1, NULL, 10);
	return 0;
}

static void read_cpu(const struct usage_view *v, struct usage_facts *seen)
{
	char text[TEXT_MAX];

	if (!read_text(v->of[CPU].dir, "cpu.stat", text, sizeof(text)))
		return;
	seen->throttled = MAX_OF(seen->throttled, keyed(text, "nr_throttled"));
	seen->throttle_periods = MAX_OF(seen->throttle_periods, keyed(text, "nr_periods"));
	if (v->of[CPU].version == 2)
		seen->cpu_us = MAX_OF(seen->cpu_us, keyed(text, "usage_usec"));
	else
		seen->cpu_us =
			MAX_OF(seen->cpu_us, number(v->of[CPUACCT].dir, "cpuacct.usage") / 1000);
}

void usage_read(const struct usage_view *v, struct usage_facts *seen)
{
	bool v2 = v->of[MEMORY].version == 2;
	int memory = v->of[MEMORY].dir;
	char text[TEXT_MAX];

	if (!read_text(memory, v2 ? "memory.events" : "memory.oom_control", text, sizeof(text)))
		return;
	seen->seen = true;
	seen->oom_kills = MAX_OF(seen->oom_kills, keyed(text, "oom_kill"));
	/* The kernel's own mark of the highest, where it has one: v2 since 5.19. */
	seen->memory = MAX_OF(seen->memory,
			      number(memory, v2 ? "memory.peak" : "memory.max_usage_in_bytes"));
	seen->memory = MAX_OF(seen->memory,
			      number(memory, v2 ? "memory.current" : "memory.usage_in_bytes"));
	seen->pids = MAX_OF(seen->pids, number(v->of[PIDS].dir, "pids.peak"));
	seen->pids = MAX_OF(seen->pids, number(v->of[PIDS].dir, "pids.current"));
	read_cpu(v, seen);
}

bool usage_is_gone(const struct usage_view *v)
{
	return faccessat(v->of[PIDS].dir, "cgroup.procs", F_OK, 0) != 0;
}

/* ---- the host ---- */

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345", in microseconds (PSI, since 4.20). */
static uint64_t stall(int proc, const char *file, bool *known)
{
	char text[512];
	const char *total;

	if (!read_text(proc, file, text, sizeof(text)) || strncmp(text, "some ", 5) != 0)
		return 0;
	total = strstr(text, "total=");
	*known = total != NULL;
	return total ? strtoull(total + 6, NULL, 10) : 0;
}

int host_load_read(const char *proc_path, struct host_load *out, struct err *e)
{
	auto_fd int proc = open(proc_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *vmstat = mem_alloc(TEXT_MAX * 2);
	struct host_load h = { .cpus = (unsigned)MAX_OF(sysconf(_SC_NPROCESSORS_ONLN), 1L) };
	char text[TEXT_MAX];

	if (fsio_read_at(proc, "meminfo", text, sizeof(text), e) < 0)
		return err_wrap(e, "%s/meminfo", proc_path);
	h.memory_total = keyed(text, "MemTotal") << 10;
	h.memory_available = keyed(text, "MemAvailable") << 10;
	if (fsio_read_at(proc, "loadavg", text, sizeof(text), e) < 0)
		return err_wrap(e, "%s/loadavg", proc_path);
	h.load = strtod(text, NULL);
	if (read_text(proc, "vmstat", vmstat, TEXT_MAX * 2))
		h.oom_kills = keyed(vmstat, "oom_kill");
	h.cpu_stall_us = stall(proc, "pressure/cpu", &h.pressure_known);
	h.memory_stall_us = stall(proc, "pressure/memory", &h.pressure_known);
	h.io_stall_us = stall(proc, "pressure/io", &h.pressure_known);
	*out = h;
	return 0;
}
