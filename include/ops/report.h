/*
 * A verification as one JSON document: what a fleet's child hands to its parent, and
 * what machines read. Nothing here prints.
 */
#ifndef OPS_REPORT_H
#define OPS_REPORT_H

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "ops/ops.h"

#define REPORT_VERSION 1

/* "pass", "fail" or "inconclusive", over all findings. */
const char *verify_verdict(const struct verify_result *r);

/* {"tenant", "at", "seconds", "partial", "quick", "verdict", "findings": [...], "matrix": [...]}.
 * The caller owns the node. */
struct node *verify_result_json(const struct verify_result *r) returns_owned;

/* The reverse; ERR_PROTOCOL for anything that verify_result_json does not make, and for a check id
 * that is not in the catalogue. */
int verify_result_read(const struct node *root, struct verify_result *out, struct err *e)
	must_check;

/* An array of findings as finding_json writes them; ERR_PROTOCOL for a check or verdict that is not
 * known. */
int findings_read(const struct node *array, struct findings *out, struct err *e) must_check;

#endif
