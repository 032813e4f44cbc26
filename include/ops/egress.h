/*
 * What a tenant may reach, what it reached, what it was refused, and changing that: the
 * manifest is edited in its text, and a running gateway takes the change at once.
 */
#ifndef OPS_EGRESS_H
#define OPS_EGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "domain/egress.h"
#include "domain/egress_log.h"
#include "ops/ops.h"

/* ---- look ---- */

struct egress_view {
	struct tenant_spec spec;
	struct egress_state state; /* counters, up to now when there is a gateway */
	bool exists, running;	   /* the gateway */
};
void egress_view_free(struct egress_view *v);
/* Reads the manifest, counts what the gateway logged since the last time. */
int ops_egress_view(struct context *c, const char *tenant, struct egress_view *out, struct err *e)
	must_check;

/* What the gateway of the manifest as it is does; needs no engine. */
int ops_egress_check(struct context *c, const char *tenant, const struct egress_query *q,
		     struct egress_decision *out, struct err *e) must_check;
/* The same for a spec that was read already. */
int egress_check_spec(struct context *c, const struct tenant_spec *spec,
		      const struct egress_query *q, struct egress_decision *out, struct err *e)
	must_check;

/* ---- change ---- */

enum egress_effect {
	EGRESS_UNCHANGED,
	EGRESS_AT_START, /* the manifest was changed; no gateway runs */
	EGRESS_LIVE,	 /* and the running gateway has it */
};

struct egress_changed {
	enum egress_effect effect;
	struct strlist
		rules; /* ids of what was added or removed; unchanged: what allows it already */
	bool replaced; /* allow: an entry that was there was changed */
	int64_t milliseconds; /* from the first byte written to the gateway's answer */
};
void egress_changed_free(struct egress_changed *r);

/* What is not given in `entry` (private_ok false, expires and reason NULL) is kept when there is
 * such an entry already; an expired one loses its date. A gateway that refuses the change gets the
 * manifest put back. */
int ops_egress_allow(struct context *c, const char *tenant, const struct egress_entry *entry,
		     struct egress_changed *out, struct err *e) must_check;
/* Entries of `host` (as written in the manifest) and, unless 0, `port`. ERR_NOT_FOUND when there is
 * none. */
int ops_egress_revoke(struct context *c, const char *tenant, const char *host, int64_t port,
		      struct egress_changed *out, struct err *e) must_check;
/* Entries by their rules' ids; those that are not there are skipped. */
int ops_egress_remove(struct context *c, const char *tenant, const struct strlist *rules,
		      struct egress_changed *out, struct err *e) must_check;

#endif
