/*
 * The audit: what a look over all tenants brings up beside the boundary itself, which
 * verify proves. Each part lists what there is as rows, and says of what is unusual one
 * finding for each subject, so that two audits can be compared. Pure functions.
 */
#ifndef DOMAIN_AUDIT_H
#define DOMAIN_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "domain/checks.h"
#include "domain/egress_log.h"
#include "domain/finding.h"
#include "domain/plan.h"

enum audit_part { AUDIT_CAPS, AUDIT_EGRESS, AUDIT_IMAGES, AUDIT_DRIFT, AUDIT_PARTS };

/* "caps", ...; and the member of a result that holds the part's rows: "processes", ... */
const char *audit_part_name(enum audit_part p);
const char *audit_rows_name(enum audit_part p);

/* The catalogue; judge is NULL. */
const struct check *audit_checks(size_t *out_count);
/* NULL when there is none. */
const struct check *audit_check_find(const char *id);

#define AUDIT_FINDINGS_MAX 200 /* of one check and tenant; the last one counts the others */

/* Adds a finding about `subject` ("worker: node", a rule), unless there is one of this check and
 * subject already. */
void audit_add(struct findings *f, const char *id, enum finding_verdict verdict,
	       const char *subject, const char *fmt, ...) printf_like(5, 6);
/* Nothing could be seen of a part: its check "complete" is inconclusive, for the reason given. */
void audit_blind(struct findings *f, enum audit_part p, const char *why);
/* Adds a pass for each check of the part that has no finding; after a part's audit. What could not
 * be seen (audit_blind) gets none. */
void audit_close(struct findings *f, enum audit_part p);

/* ---- what is looked at ---- */

struct audit_container {  /* processes of one container of a tenant */
	const char *role; /* ROLE_WORKER, ROLE_GATEWAY */
	bool running;
	int64_t uid; /* that all of it must have */
	const struct process_facts *processes;
	size_t count;
	bool cut; /* some could not be looked at */
};
/* `rows` is an array, as in the functions below. */
void audit_caps(const struct audit_container *containers, size_t count, struct findings *f,
		struct node *rows);

struct audit_egress_input {
	const struct tenant_spec *spec;
	const struct egress_state *state;
	int64_t now, unused_for, expires_within; /* seconds */
};
void audit_egress(const struct audit_egress_input *in, struct findings *f, struct node *rows);
/* Whose names anybody can get below this wildcard ("*.s3.amazonaws.com"), or NULL. */
const char *audit_shared_suffix(const char *wildcard);

struct audit_image { /* of one container of a tenant */
	const char *role;
	const char *ref;    /* what the manifest or the host's configuration names */
	const char *in_use; /* id that the container runs on; NULL: there is no container */
	const char *tag;    /* id that `ref` leads to now; NULL: to none on this engine */
	const struct image_info *info; /* of the image in use; NULL: the engine has it no more */
};
struct audit_images_input {
	const struct audit_image *images;
	size_t count;
	int64_t now, old_after; /* seconds */
};
void audit_images(const struct audit_images_input *in, struct findings *f, struct node *rows);

struct audit_drift_input {
	const struct desired_tenant *desired;
	const struct tenant_state *state;
	const struct plan *plan; /* from `state` to a running tenant */
};
void audit_drift(const struct audit_drift_input *in, struct findings *f, struct node *rows);

/* ---- the host ---- */

#define AUDIT_HOST "(host)" /* stands in a tenant's place; no tenant can be called so */

struct audit_host_input { /* of the audit log */
	size_t records, tenants;
	const char *problem;	/* where the chain is broken; NULL: nowhere */
	const char *unfinished; /* bytes at its end that are no record; NULL: none */
	const char *unread;	/* why it could not be read; NULL: it was */
};
void audit_host(const struct audit_host_input *in, struct findings *f);

#endif
