/* Slots: claimed and given back under one host-wide lock. Private to ops. */
#ifndef OPS_ALLOCATE_H
#define OPS_ALLOCATE_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

/* Picks the lowest free slot whose subnet neither the engine's networks nor the host's routes use,
 * and, unless `dry`, writes the allocation file. Two runs at once never get one slot. */
int allocate_claim(struct context *c, const struct tenant_spec *spec, bool dry,
		   struct allocation *out, struct err *e) must_check;

/* Rewrites the listen address of an existing allocation after the manifest changed it. */
int allocate_update_listen(struct context *c, const struct tenant_spec *spec, struct allocation *a,
			   struct err *e) must_check;

/* Gives the tenant its placeholder for keys where it has none yet; `dry`: for this run only. */
int allocate_give_token(struct context *c, const char *tenant, bool dry, struct allocation *a,
			struct err *e) must_check;

/* Removes the allocation; when no tenant is left, the shared egress network goes too. */
int allocate_release(struct context *c, const char *tenant, struct err *e) must_check;

/* Takes the host-wide lock that guards slots and shared objects; closing the fd gives it back. */
int allocate_lock(struct context *c, int *out_fd, struct err *e) must_check;

#endif
