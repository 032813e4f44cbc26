/* The counters of one tenant's egress: read, brought up to date, kept. Private to ops. */
#ifndef OPS_EGRESS_STATE_H
#define OPS_EGRESS_STATE_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/egress_log.h"
#include "ops/ops.h"
#include "run_plan.h"

/* Counts what the gateway container (an id, or "" for none) logged since the last time, notes the
 * age of the rules of `spec` (NULL: unknown), and keeps the result. A tenant without state has no
 * counters. *out may be NULL. */
int egress_harvest(struct context *c, struct client *client, const char *tenant,
		   const char *gateway_id, const struct tenant_spec *spec, struct egress_state *out,
		   struct err *e) must_check;

/* The tenant's gateway container by its label; out_id is "" when there is none. */
int egress_find_gateway(struct context *c, const char *tenant, char out_id[ENGINE_ID_SIZE],
			bool *out_running, struct err *e) must_check;

/* Before a step that ends a gateway, and with each closing verification: what was logged is
 * counted. That it could not be is a warning. */
void egress_harvest_step(struct run *r, struct client *client, enum step_kind kind);

#endif
