/* The last verification of a tenant, kept as a small file for `list`. Private to ops. */
#ifndef OPS_VERIFY_STORE_H
#define OPS_VERIFY_STORE_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

int verify_store(const struct context *c, const struct verify_result *r, struct err *e) must_check;

/* When it was (RFC 3339, UTC) and how it ended ("pass", "fail", "inconclusive"); both NULL when the
 * tenant was never verified or the file can't be read. Owned by the caller. */
void verify_last(const struct context *c, const char *tenant, char **out_at, char **out_verdict);

#endif
