/*
 * Measures how others fare while a drill runs: the answers of a gateway, the use of a
 * cgroup, the pressure on the host. Needs root.
 */
#ifndef PROBE_LOAD_H
#define PROBE_LOAD_H

#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"
#include "probe/load_facts.h"

/* ---- answers of a gateway ---- */

struct latency_order {
	pid_t pid;			    /* a process of the worker that asks ... */
	const char *container;		    /* ... and the container it belongs to */
	const struct http_attempt *request; /* what is asked, over and over */
};

struct latency;
/* Starts a child that enters the worker's network namespace, gives up all privileges and sends the
 * request 50 times a second, each over a connection of its own. It ends with its parent. The caller
 * owns *out. */
int latency_start(const struct latency_order *o, struct latency **out, struct err *e) must_check;
/* Waits, a second at most, until what began before `to_ms` was answered or given up. */
void latency_settle(const struct latency *l, int64_t to_ms);
/* What began from `from_ms` (clock_monotonic_ms) on and before `to_ms`. A request that is still
 * under way counts with the time it has taken so far. */
void latency_between(const struct latency *l, int64_t from_ms, int64_t to_ms,
		     struct latency_facts *out);
void latency_stop(struct latency *l); /* NULL allowed */
static inline void latency_stop_slot(struct latency **l)
{
	latency_stop(*l);
}
#define auto_latency cleanup_with(latency_stop_slot)

/* ---- use of a cgroup ---- */

struct usage_view;
/* Holds the cgroup of container `id` through `pid`, one of its processes. ERR_NOT_FOUND when it has
 * ended. The caller owns *out. */
int usage_open(pid_t pid, const char *id, struct usage_view **out, struct err *e) must_check;
/* Reads it once and keeps the greater numbers in *seen; a cgroup that is gone changes nothing. */
void usage_read(const struct usage_view *v, struct usage_facts *seen);
/* True when the cgroup is there no more. */
bool usage_is_gone(const struct usage_view *v);
void usage_close(struct usage_view *v); /* NULL allowed */
static inline void usage_close_slot(struct usage_view **v)
{
	usage_close(*v);
}
#define auto_usage cleanup_with(usage_close_slot)

/* ---- the host ---- */

/* From `proc_path` ("/proc"). */
int host_load_read(const char *proc_path, struct host_load *out, struct err *e) must_check;

#endif
