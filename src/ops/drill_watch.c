/*
 * The twin is watched from its start to its end: its cgroup, its log on the disk, the
 * host. Whatever happens, it is removed, and then everything has to be as before.
 */
#include "drill_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/twin.h"

enum {
	STEP_MS = 25,	  /* between two looks at the cgroup */
	SLOW_MS = 100,	  /* between two looks at host and disk */
	EXTRA_MS = 15000, /* for start, settling and a host under load */
	CALM_MS = 5000,	  /* in which all must be as before */
	REPORT_LINES = 16,
	REPORT_BYTES = 64 * 1024,
	LOG_FILES_MAX = 1024,
	LOG_DEPTH = 2,
};

/* ---- room ---- */

static uint64_t free_bytes(const char *path)
{
	struct statvfs fs;

	return statvfs(path, &fs) ? 0 : (uint64_t)fs.f_bavail * fs.f_frsize;
}

int drill_room(struct context *c, struct drill_room *out, struct err *e)
{
	auto_free char *served = path_of(c->root, PATH_SERVED, NULL);
	struct host_load load;

	if (!c->engine.server_version && client_info(c->client, &c->engine, e))
		return -1;
	if (host_load_read("/proc", &load, e))
		return -1;
	*out = (struct drill_room){
		.memory = load.memory_available,
		.log_disk = free_bytes(c->engine.docker_root ? c->engine.docker_root : "/"),
		.workspace_disk = free_bytes(served),
		.load = load.load,
		.cpus = load.cpus,
	};
	return 0;
}

/* ---- while it runs ---- */

struct watch {
	const struct drill_run *r;
	const struct drill *d;
	struct drill_facts *f;
	struct twin *twin;
	struct usage_view *usage;
	char *folder; /* of the engine, with the twin's log */
	int pidfd;
	int64_t began_ms, ended_ms; /* when the cgroup was first and last seen */
	uint64_t first_cpu_us;
	struct host_load host_first, host_last;
};

/* The folder is the engine's own; links are not followed all the same. */
static void measure_log(int parent, const char *name, int depth, struct drill_log *out)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir) {
		mem_close_slot(&fd);
		return;
	}
	for (struct dirent *x; (x = readdir(dir)) && out->files < LOG_FILES_MAX;) {
		if (x->d_name[0] == '.' || fstatat(fd, x->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(st.st_mode) && depth > 0) {
			measure_log(fd, x->d_name, depth - 1, out);
		} else if (S_ISREG(st.st_mode) && strstr(x->d_name, "log")) {
			out->files++;
			out->total += (uint64_t)st.st_blocks * 512;
			out->largest = MAX_OF(out->largest, (uint64_t)st.st_size);
		}
	}
	closedir(dir);
}

static void look_at_log(struct watch *w)
{
	struct drill_log now = { 0 };

	if (!w->folder || w->f->plan.log == 0)
		return;
	measure_log(AT_FDCWD, w->folder, LOG_DEPTH, &now);
	w->f->log.largest = MAX_OF(w->f->log.largest, now.largest);
	w->f->log.total = MAX_OF(w->f->log.total, now.total);
	w->f->log.files = MAX_OF(w->f->log.files, now.files);
}

static void look_slowly(struct watch *w)
{
	struct host_load now;
	struct err ignored = ERR_INIT;

	look_at_log(w);
	if (host_load_read("/proc", &now, &ignored))
		return;
	w->host_last = now;
	w->f->memory_lowest = MIN_OF(w->f->memory_lowest, now.memory_available);
}

static void look(struct watch *w)
{
	uint64_t before = w->f->twin.cpu_us;

	usage_read(w->usage, &w->f->twin);
	if (w->first_cpu_us == 0)
		w->first_cpu_us = w->f->twin.cpu_us;
	if (w->f->twin.cpu_us != before)
		w->ended_ms = clock_monotonic_ms();
}

/* Until the twin's first process has ended. */
static int watch(struct watch *w, struct err *e)
{
	int64_t until = w->began_ms + w->d->most_ms + EXTRA_MS, slow = 0;
	struct pollfd end = { .fd = w->pidfd, .events = POLLIN };

	for (;;) {
		int64_t now = clock_monotonic_ms();

		if (twin_is_asked_to_end())
			return err_set(e, ERR_PARTIAL, "interrupted while its twin ran");
		look(w);
		if (now - slow >= SLOW_MS) {
			look_slowly(w);
			slow = now;
		}
		if (poll(&end, 1, STEP_MS) > 0)
			return 0;
		if (now > until) {
			snprintf(w->f->trouble, sizeof(w->f->trouble),
				 "the twin did not end within %u s", w->d->most_ms / 1000);
			return 0;
		}
	}
}

static unsigned percent(uint64_t before, uint64_t after, int64_t ms)
{
	return after > before && ms > 0
		       ? (unsigned)MIN_OF((after - before) / 10 / (uint64_t)ms, (uint64_t)100)
		       : 0;
}

/* The kernel adds one for each process killed so, in whichever cgroup. */
static void conclude_watch(struct watch *w, int64_t until_ms)
{
	struct drill_facts *f = w->f;
	const struct host_load *a = &w->host_first, *b = &w->host_last;
	uint64_t killed = b->oom_kills - MIN_OF(a->oom_kills, b->oom_kills);
	uint64_t own = MAX_OF(f->twin.oom_kills, f->reached.kills);
	int64_t ms = until_ms - w->began_ms, busy_ms = w->ended_ms - w->began_ms;

	f->killed_elsewhere = killed - MIN_OF(own, killed);
	f->pressure_known = a->pressure_known && b->pressure_known;
	f->cpu_stall = percent(a->cpu_stall_us, b->cpu_stall_us, ms);
	f->memory_stall = percent(a->memory_stall_us, b->memory_stall_us, ms);
	f->io_stall = percent(a->io_stall_us, b->io_stall_us, ms);
	if (busy_ms > 0)
		f->cpu_milli = (f->twin.cpu_us - w->first_cpu_us) / (uint64_t)busy_ms;
	latency_settle(w->r->asked, until_ms);
	latency_between(w->r->asked, w->began_ms, until_ms, &f->during);
}

/* ---- its report ---- */

static int collect(void *arg, const struct log_line *line)
{
	struct strbuf *text = arg;

	if (line->stream == 1)
		strbuf_add(text, line->data, line->len);
	return text->overflow;
}

/* The last lines are enough; before them a flood may lie. */
static int read_report(const struct watch *w, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(REPORT_BYTES);

	if (client_container_logs(w->r->c->client, w->twin->id, w->twin->container.spec.tty,
				  REPORT_LINES, collect, &text, e))
		return -1;
	if (!w->f->trouble[0] &&
	    !drill_parse(w->d->kind, strbuf_str(&text), text.len, &w->f->reached))
		snprintf(w->f->trouble, sizeof(w->f->trouble), "the twin's program told nothing");
	return 0;
}

static int watch_twin(struct watch *w, struct err *e)
{
	struct err gone = ERR_INIT;
	int64_t status, until;

	w->pidfd = w->twin->pid > 0 ? (int)syscall(SYS_pidfd_open, w->twin->pid, 0) : -1;
	if (w->pidfd < 0 || usage_open(w->twin->pid, w->twin->id, &w->usage, &gone)) {
		snprintf(w->f->trouble, sizeof(w->f->trouble), "the twin ended at once");
		return 0;
	}
	w->began_ms = w->ended_ms = clock_monotonic_ms();
	if (watch(w, e))
		return -1;
	until = clock_monotonic_ms();
	/* its log is complete when the engine says that it has ended */
	if (!w->f->trouble[0] &&
	    client_container_wait(w->r->c->client, w->twin->id, EXTRA_MS, &status, e))
		return -1;
	if (read_report(w, e))
		return -1;
	look_slowly(w);
	conclude_watch(w, until);
	return 0;
}

/* ---- afterwards ---- */

/* A request that was begun since then was answered. */
static bool own_gateway_answers(const struct drill_run *r, int64_t since_ms)
{
	struct latency_facts f;

	latency_between(r->own, since_ms, clock_monotonic_ms(), &f);
	return f.requests > f.failures + 1; /* one may be under way still */
}

/* With the cgroup go its processes, their memory and open files; with the folder its log. */
static void look_for_rest(const struct watch *w, int64_t since_ms, struct strlist *out)
{
	struct stat st;

	if (!own_gateway_answers(w->r, since_ms))
		strlist_add(out, "the tenant's gateway does not answer any more");
	if (w->usage && !usage_is_gone(w->usage))
		strlist_add(out, "the twin's cgroup is still there");
	if (w->folder && lstat(w->folder, &st) == 0)
		strlist_add(out, "the twin's log is still there");
}

static void check_rest(const struct watch *w)
{
	int64_t since = clock_monotonic_ms();

	for (;;) {
		auto_strlist struct strlist rest = { 0 };

		look_for_rest(w, since, &rest);
		if (rest.count == 0)
			break;
		if (clock_monotonic_ms() - since > CALM_MS) {
			strlist_copy(&w->f->after, &rest);
			break;
		}
		poll(NULL, 0, STEP_MS);
	}
	for (size_t i = 0; i < ARRAY_SIZE(w->r->watched); i++) {
		struct pollfd end = { .fd = w->r->watched[i].pidfd, .events = POLLIN };

		if (poll(&end, 1, 0) != 0)
			strlist_addf(&w->f->after, "the %s ended", w->r->watched[i].what);
	}
}

/* ---- one drill ---- */

static void order_arguments(const struct drill_run *r, const struct drill *d,
			    const struct drill_facts *f, struct strlist *out)
{
	const char *place = d->place;

	if (!strcmp(d->kind, "connections"))
		place = r->state->allocation.gateway_ip;
	else if (place && !*place)
		place = r->spec->workspace.path;
	strlist_add(out, "drill");
	strlist_add(out, d->kind);
	strlist_addf(out, "%u", d->most_ms);
	strlist_addf(out, "%u", d->hold_ms);
	strlist_addf(out, "%llu", (unsigned long long)f->plan.most);
	if (place)
		strlist_add(out, place);
}

int drill_run_one(const struct drill_run *r, const struct drill *d, struct drill_facts *out,
		  struct err *e)
{
	struct twin_order order = { .tenant = r->spec->tenant,
				    .worker = &r->state->worker,
				    .allocation = &r->state->allocation,
				    .image_bytes = out->plan.scratch };
	struct twin twin = { .lock = -1 };
	struct watch w = { .r = r, .d = d, .f = out, .twin = &twin, .pidfd = -1 };
	struct err left = ERR_INIT;
	int rc;

	out->ran = true;
	out->other = r->other;
	latency_between(r->asked, r->calm_from_ms, r->calm_until_ms, &out->before);
	if (host_load_read("/proc", &w.host_first, e))
		return -1;
	w.host_last = w.host_first;
	out->memory_lowest = w.host_first.memory_available;
	out->cpus = w.host_first.cpus;
	order_arguments(r, d, out, &order.arguments);
	rc = twin_start(r->c, &order, &twin, e);
	strlist_free(&order.arguments);
	if (rc)
		return -1;
	if (r->c->engine.docker_root)
		w.folder = mem_printf("%s/containers/%s", r->c->engine.docker_root, twin.id);
	rc = watch_twin(&w, e);
	if (twin_remove(r->c, &twin, &left) && !rc) {
		*e = left;
		rc = -1;
	}
	if (!rc)
		check_rest(&w);
	usage_close(w.usage);
	mem_close_slot(&w.pidfd);
	free(w.folder);
	return rc;
}
