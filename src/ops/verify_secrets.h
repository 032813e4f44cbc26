/*
 * The tenant's real keys, looked for wherever a verification can look. Private to ops.
 */
#ifndef OPS_VERIFY_SECRETS_H
#define OPS_VERIFY_SECRETS_H

#include "domain/plan.h"
#include "ops/ops.h"
#include "probe/facts.h"

/* Fills facts->secrets from the file of keys that the gateway holds; without credentials in `spec`
 * nothing is done. Processes are those that *facts lists. Never fails: what went wrong is there. */
void verify_secrets(struct context *c, const struct tenant_spec *spec,
		    const struct tenant_state *state, struct tenant_facts *facts);

#endif
