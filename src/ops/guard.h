/*
 * A child that outlives its parent by one act: when the process that started a worker
 * dies before it has verified it (kill -9, a crash), the guard stops that worker.
 * Private to ops.
 */
#ifndef OPS_GUARD_H
#define OPS_GUARD_H

#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

struct guard {
	pid_t pid; /* 0: none */
	int fd;	   /* a byte says "verified"; the end of file without one, "stop it" */
};

/* Call while no other thread runs, before the worker is started. `worker_id` is copied. */
int guard_start(struct context *c, const char *worker_id, struct guard *out, struct err *e)
	must_check;
/* The worker may stay, or was stopped already. Waits for the child; none is no error. */
void guard_release(struct guard *g);
/* The worker was not verified: the child stops it now. Waits until it has. */
void guard_fire(struct guard *g);

#endif
