/* What the operations that change a tenant have in common. Private to ops. */
#ifndef OPS_CHANGE_H
#define OPS_CHANGE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"
#include "ops/gateway_set.h"
#include "ops/ops.h"

struct prepared { /* everything read before a plan is made */
	struct tenant_spec spec;
	char *manifest_text;
	struct gateway_keys keys;
	struct tenant_state state;
	struct allocation allocation; /* the tenant's, or the one it would get */
	struct desired_tenant desired;
};
void prepared_free(struct prepared *p);
#define auto_prepared cleanup_with(prepared_free)

/* How numbers are handled. */
enum allocating {
	ALLOCATE_CLAIM, /* a new tenant's are claimed, an old one's follow the manifest */
	ALLOCATE_LOOK,	/* the same, and nothing is written */
	ALLOCATE_NONE,	/* as they are: the tenant exists */
};

/* Fills `allocation` and `desired`, and what `state` says of files. The keys were loaded before;
 * where a tenant is claimed they are loaded again. */
int prepare_desired(struct context *c, struct prepared *p, enum allocating how, struct err *e)
	must_check;
struct gateway_set prepared_set(const struct context *c, const struct prepared *p);

/* Reads all that there is and should be, and plans what would make the tenant run as its manifest
 * has it. Changes nothing. */
int plan_look(struct context *c, const char *tenant, struct prepared *p, struct plan *out,
	      struct err *e) must_check;

int tenant_lock(struct context *c, const char *tenant, int *out_fd, struct err *e) must_check;

/* ops_reload_keys for a caller that holds the tenant's lock. */
int reload_locked(struct context *c, const char *tenant, const struct keys_options *o,
		  struct run_result *out, struct err *e) must_check;

/* Runs out->plan; `undo` as in struct run. */
int run_prepared(struct context *c, const char *operation, const char *tenant, struct prepared *p,
		 bool undo, struct run_result *out, struct err *e) must_check;

#endif
