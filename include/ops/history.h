/*
 * What a tenant's verifications said over time, kept in its state folder.
 */
#ifndef OPS_HISTORY_H
#define OPS_HISTORY_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/history.h"
#include "ops/ops.h"

/* Adds `r`. A history that is damaged is put aside as history.jsonl.damaged, with a warning, and
 * begins anew. */
int history_add(const struct context *c, const struct verify_result *r, struct err *e) must_check;

/* None yet: empty. ERR_PROTOCOL, or ERR_MANIFEST when others could write it, for what is damaged;
 * the message says where, nothing is changed. Needs no engine. */
int history_read(const struct context *c, const char *tenant, struct history *out, struct err *e)
	must_check;

#endif
