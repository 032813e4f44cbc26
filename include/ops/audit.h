/*
 * The audit of tenants: gathers what domain/audit judges. A part that can't be looked at
 * is a finding, and does not hide the others. Nothing is changed, but that counters of
 * egress are brought up to now.
 */
#ifndef OPS_AUDIT_H
#define OPS_AUDIT_H

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "domain/audit.h"
#include "ops/ops.h"

struct audit_options {
	unsigned parts; /* bits 1 << enum audit_part */
	int64_t now;	/* seconds since 1970 */
	/* in seconds: rules unused for so long; rules that expire within; age of old images */
	int64_t unused_for, expires_within, old_after;
};

struct audit_result {
	struct verify_result base;	/* tenant, at, seconds, findings */
	struct node *rows[AUDIT_PARTS]; /* arrays; NULL: not asked for */
};
void audit_result_free(struct audit_result *r);

/* One tenant. ERR_NOT_FOUND when it was not created; an error only when nothing at all could be
 * looked at. */
int ops_audit(struct context *c, const char *tenant, const struct audit_options *o,
	      struct audit_result *out, struct err *e) must_check;

/* What belongs to no tenant: the audit log. The result's tenant is AUDIT_HOST. */
void ops_audit_host(const struct context *c, size_t tenants, struct audit_result *out,
		    size_t *out_records);

/* {"tenant", "at", "seconds", "verdict", "findings": [...], "processes": [...], "rules": [...],
 * "images": [...], "differences": [...]}. The caller owns the node. */
struct node *audit_result_json(const struct audit_result *r) returns_owned;
/* The reverse, without the rows; ERR_PROTOCOL for what is none. */
int audit_result_read(const struct node *result, struct verify_result *out, struct err *e)
	must_check;

#endif
