/*
 * What there is of a tenant now (engine objects, files, mounts) and what there
 * should be, with the engine's and the files' answers filled in. Read-only.
 */
#ifndef OPS_OBSERVE_H
#define OPS_OBSERVE_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/desired.h"
#include "domain/plan.h"
#include "ops/ops.h"

/* Reads allocation, files, mounts and the engine's objects of `tenant`. Objects that carry the
 * tenant's names without its labels and nonce are listed in out->foreign, never touched. */
int observe_tenant(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
	must_check;

/* The same; ERR_NOT_FOUND, with what to do, when the tenant was not created. */
int observe_created(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
	must_check;

/* The same for what is to be deleted: an allocation file that cannot be understood counts as none,
 * and labels alone tell what is the tenant's. */
int observe_remains(struct context *c, const char *tenant, struct tenant_state *out, struct err *e)
	must_check;

/* Reads the allocation file; ERR_NOT_FOUND when the tenant has none. */
int observe_allocation(const struct context *c, const char *tenant, struct allocation *out,
		       struct err *e) must_check;

/* Fills c->host_addresses, once per run: all of the network namespace that tenantctl runs in, which
 * is the engine's. */
int observe_host_addresses(struct context *c, struct err *e) must_check;

/* Composes what `spec` and `allocation` ask for: resolves image ids through the engine (a missing
 * image leaves the manifest's reference in place) and loads the seccomp profiles. */
int desired_for(struct context *c, const struct tenant_spec *spec,
		const struct allocation *allocation, struct desired_tenant *out, struct err *e)
	must_check;

#endif
