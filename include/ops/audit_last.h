/* The last audit of this host, kept for the next one. */
#ifndef OPS_AUDIT_LAST_H
#define OPS_AUDIT_LAST_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/audit_items.h"
#include "ops/ops.h"

/* None yet: empty, at is NULL. ERR_PROTOCOL, or ERR_MANIFEST when others could write it, for what
 * is damaged. */
int audit_last_read(const struct context *c, struct audit_items *out, struct err *e) must_check;
int audit_last_write(const struct context *c, const struct audit_items *a, struct err *e)
	must_check;

#endif
