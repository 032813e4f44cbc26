/* One drill in a twin, and what is seen of it from the host meanwhile. Private to ops. */
#ifndef OPS_DRILL_WATCH_H
#define OPS_DRILL_WATCH_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/drill.h"
#include "ops/observe.h"
#include "ops/ops.h"
#include "probe/load.h"

struct watched { /* a process that must outlive every drill */
	const char *what;
	int pidfd;
};

struct drill_run {
	struct context *c;
	const struct tenant_spec *spec;
	const struct tenant_state *state;
	const char *other;		     /* another tenant that is asked; NULL: none */
	const struct latency *own, *asked;   /* of the own gateway; of the other's, or the same */
	int64_t calm_from_ms, calm_until_ms; /* when nothing was drilled */
	struct watched watched[2];	     /* worker and gateway */
};

/* Free room of the host as it is now. */
int drill_room(struct context *c, struct drill_room *out, struct err *e) must_check;

/* Runs the drill that out->plan describes and fills *out. What goes wrong with the twin is in
 * out->trouble; an error is one of the engine or of removing, or ERR_PARTIAL when this process was
 * asked to end. */
int drill_run_one(const struct drill_run *r, const struct drill *d, struct drill_facts *out,
		  struct err *e) must_check;

#endif
