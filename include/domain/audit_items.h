/*
 * What an audit of a host found, one item for each subject, so that two audits can be
 * compared; and the file that keeps the last one. Pure functions.
 */
#ifndef DOMAIN_AUDIT_ITEMS_H
#define DOMAIN_AUDIT_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "domain/finding.h"

#define AUDIT_ITEMS_VERSION 1
#define AUDIT_ITEMS_MAX 20000
#define AUDIT_ITEMS_BYTES_MAX ((size_t)16 << 20)
/* Of a tenant that could not be audited at all. */
#define AUDIT_ITEM_ERROR "audit.tenant"

struct audit_item {
	char *tenant, *id, *subject; /* what is compared */
	char *text;
	enum finding_verdict verdict; /* fail, inconclusive or warn */
};

struct audit_items {
	char *at; /* RFC 3339, UTC; NULL: there was no audit */
	struct audit_item *items;
	size_t count;
};
void audit_items_free(struct audit_items *a);
#define auto_audit_items cleanup_with(audit_items_free)

/* Adds what of the findings is no pass; beyond AUDIT_ITEMS_MAX nothing is added. */
void audit_items_add(struct audit_items *a, const char *tenant, const struct findings *f);
void audit_items_add_error(struct audit_items *a, const char *tenant, const char *why);
/* By verdict (fail first), then tenant, check and subject. */
void audit_items_sort(struct audit_items *a);
size_t audit_items_count(const struct audit_items *a, enum finding_verdict v);

/* Items of `a` that `b` has not, whatever their text: in *out, which refers to them. Both are
 * sorted. The caller frees *out. */
size_t audit_items_beyond(const struct audit_items *a, const struct audit_items *b,
			  const struct audit_item ***out);

/* JSON text, and back: ERR_PROTOCOL for what audit_items_text does not write. */
char *audit_items_text(const struct audit_items *a) returns_owned;
int audit_items_parse(const char *text, size_t len, const char *name, struct audit_items *out,
		      struct err *e) must_check;
/* Adds {"tenant", "id", "subject", "verdict", "text"}. */
void audit_item_put(const struct audit_item *x, struct node *array);

#endif
