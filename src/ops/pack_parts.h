/* The files of an evidence pack, one function each. Private to ops. */
#ifndef OPS_PACK_PARTS_H
#define OPS_PACK_PARTS_H

#include "base/compiler.h"
#include "ops/audit_log.h"
#include "ops/pack.h"

/* What is looked at once for all of them. */
struct pack_view {
	struct tenant_view tenant;
	char manifest_sha256[DIGEST_HEX_SIZE];
	struct engine_version version;
	struct audit_state log;
	struct node *records; /* array */
	struct seccomp_report *seccomp;
};

/* policy.yaml; changes v->tenant.spec: what must not be told is replaced there. */
char *pack_policy(struct pack_view *v, const struct pack_names *n) returns_owned;
char *pack_seccomp(const struct pack_view *v) returns_owned;
/* Fills v->log and v->records: changes of the tenant, and its last verification. */
int pack_read_records(const struct context *c, const char *tenant, const struct pack_names *n,
		      struct pack_view *v, struct err *e) must_check;
char *pack_records(const struct pack_view *v) returns_owned;
int pack_summary(struct context *c, const struct pack_order *o, const struct pack_view *v,
		 char **out, struct err *e) must_check;

#endif
