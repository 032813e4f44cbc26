/* Runs a plan's steps with journal, progress, undo and interruption. Private to ops. */
#ifndef OPS_RUN_PLAN_H
#define OPS_RUN_PLAN_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/gateway_set.h"
#include "ops/ops.h"

struct run { /* everything the steps need */
	struct context *c;
	const char *operation; /* "create" */
	const char *tenant;
	const struct tenant_spec *spec;	      /* NULL for delete and stop */
	const struct allocation *allocation;  /* NULL when there is none */
	const struct desired_tenant *desired; /* NULL for delete and stop */
	const struct gateway_keys *keys;      /* the same */
	const struct tenant_state *state;
	struct run_result *result;
	bool undo; /* a failure takes back what this run made (create of a new tenant) */
	/* Ids acted on: as inspected, then as created by this run. "" when there is none. */
	char worker_id[ENGINE_ID_SIZE], gateway_id[ENGINE_ID_SIZE], network_id[ENGINE_ID_SIZE];
};

/* Runs result->plan; fills the ids from `state` first. On failure without undo: ERR_PARTIAL when a
 * step was done already, else the step's own error; the message names tenant and step. SIGINT,
 * SIGTERM and SIGHUP stop it between two steps. A failed verification is ERR_CHECK after the worker
 * was stopped. */
int run_plan(struct run *r, struct err *e) must_check;

/* One step. `client` is the connection to use (the second lane has its own). */
int run_step(struct run *r, struct client *client, enum step_kind kind, struct err *e) must_check;

#endif
