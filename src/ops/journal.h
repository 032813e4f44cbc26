/*
 * The journal of a tenant: the plan before it runs, each step after it ran, the end.
 * Labels and files are the truth about objects; the journal says what somebody wanted
 * and that it was not finished. Private to ops.
 */
#ifndef OPS_JOURNAL_H
#define OPS_JOURNAL_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/plan.h"

int journal_begin(const char *root, const char *operation, const struct plan *p, struct err *e)
	must_check;
int journal_step(const char *root, const struct plan *p, size_t step, struct err *e) must_check;
/* `result`: "done", "failed: ...", "undone". */
int journal_end(const char *root, const struct plan *p, const char *result, struct err *e)
	must_check;
/* "create, stopped after 3 of 9 steps", or NULL when the last operation ended. Owned by the caller.
 */
char *journal_unfinished(const char *root, const char *tenant) must_check;

#endif
