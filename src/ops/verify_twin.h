/*
 * The twin of one verification: made after everything else was measured, so that nothing
 * it does is taken for the worker's. Private to ops.
 */
#ifndef OPS_VERIFY_TWIN_H
#define OPS_VERIFY_TWIN_H

#include "domain/plan.h"
#include "domain/spec.h"
#include "domain/twin.h"
#include "ops/ops.h"
#include "verify_peers.h"

struct twin_view {
	bool tried; /* it is made once, however often the rest is looked at again */
	struct twin_facts facts;
	struct container_info container;
	bool has_container;
	struct log_facts log; /* with a container */
};
void twin_view_free(struct twin_view *v);
#define auto_twin_view cleanup_with(twin_view_free)

/* Makes a twin of the running worker, lets it attack and removes it. What went wrong with the twin
 * is its facts' trouble; an error is what ends the verification: interrupted, another twin in the
 * way, or a twin that could not be removed. */
int verify_twin(struct context *c, const struct tenant_spec *spec, const struct tenant_state *state,
		const struct peers *peers, struct twin_view *out, struct err *e) must_check;

/* Id of the member of the tenant's network that is a twin of this creation, which somebody else's
 * verification runs, or that was one and is gone already; NULL without one. Owned by the caller. */
char *verify_twin_running(struct context *c, const struct tenant_spec *spec,
			  const struct tenant_state *state);

#endif
