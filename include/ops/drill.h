/* Drills of one tenant: loud attacks in its twin, while others are watched. */
#ifndef OPS_DRILL_H
#define OPS_DRILL_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

/* Runs the drills whose id starts with one of `only` (empty: all), one after another; *out holds
 * their findings alone. One drill at a time on a host: ERR_BUSY. ERR_REFUSED when the tenant does
 * not run, or the host is short of what a drill may take: then none was begun. ERR_PARTIAL when
 * this process was asked to end. Needs ENGINE_MAY_CHANGE and ENGINE_MAY_LOAD. */
int ops_drill(struct context *c, const char *tenant, const struct strlist *only,
	      struct verify_result *out, struct err *e) must_check;

#endif
