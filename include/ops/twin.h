/*
 * A twin: a second container made of what a worker is seen to be, which runs tenantctl's
 * own program in its place. Nothing is ever run in, or copied into, the worker itself.
 *
 * One at a time for each tenant: while a twin is there its maker holds a lock of the
 * tenant's (not the one of changes), whose file is there exactly as long as a twin may
 * be. A run that was killed leaves both, and the next run that may change the tenant
 * removes them.
 */
#ifndef OPS_TWIN_H
#define OPS_TWIN_H

#include <signal.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "domain/netplan.h"
#include "engine/types.h"
#include "ops/ops.h"

#define TWIN_LIMIT_S 60u

struct twin_lures;

struct twin_order {
	const char *tenant;
	const struct container_info *worker; /* as observed; it runs */
	const struct allocation *allocation;
	struct strlist arguments; /* of the program; owned by the caller */
	uint64_t image_bytes;	  /* an image like the workspace's stands in; 0: a small tmpfs */
	unsigned limit_s;	  /* of twin_wait; 0: TWIN_LIMIT_S */
	bool lures; /* make things of the host that it must not find, and name them to it */
};

struct twin {
	char id[ENGINE_ID_SIZE];
	pid_t pid; /* of its first process, on the host; 0: it ended already */
	struct container_info container; /* as the engine described it after the start */
	char *tenant;
	unsigned limit_s;
	bool has_scratch;
	struct twin_lures *lures; /* NULL: none */
	int lock;		  /* -1: none */
	sigset_t old_mask;
};

/* Waits for another twin of the tenant first (ERR_BUSY when that takes too long). From success on
 * SIGINT, SIGTERM and SIGHUP are held back until twin_remove, which must be called. On failure
 * nothing is left, or the error says so. Needs ENGINE_MAY_CHANGE and ENGINE_MAY_LOAD. */
int twin_start(struct context *c, const struct twin_order *o, struct twin *out, struct err *e)
	must_check;

struct twin_output {
	char *text; /* what it wrote to its standard output, at most 1 MiB; NUL at its end */
	size_t size;
	char *trouble; /* why it proves nothing: killed, out of memory, too late; NULL: none */
	int heard;     /* datagrams of it that came to the lures; -1: nobody listened */
};
void twin_output_free(struct twin_output *o);
#define auto_twin_output cleanup_with(twin_output_free)

/* SIGINT, SIGTERM or SIGHUP is pending: they are held from twin_start to twin_remove. */
bool twin_is_asked_to_end(void);
/* Until it ended by itself or, after the order's limit, by force. ERR_PARTIAL when this process was
 * asked to end. What the program did wrong is no error but out->trouble. */
int twin_wait(struct context *c, struct twin *t, struct twin_output *out, struct err *e) must_check;

/* Removes the container and its scratch folder, and lets signals through again: one that came ends
 * this process. On failure the next run that may change the tenant tries again. */
int twin_remove(struct context *c, struct twin *t, struct err *e) must_check;

/* What a run that was killed left. Asks the engine only when there are traces; a twin whose maker
 * lives is left alone. */
int twin_remove_stale(struct context *c, const char *tenant, struct err *e) must_check;

/* The same before the tenant's network goes: waits for a twin whose maker lives, then ERR_BUSY. */
int twin_evict(struct context *c, const char *tenant, struct err *e) must_check;

#endif
