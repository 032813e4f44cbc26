/* One tenant as list and show see it. Private to ops. */
#ifndef OPS_TENANT_ROW_H
#define OPS_TENANT_ROW_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

/* From manifest, allocation, last verification and the engine's rows (NULL: no such container). */
int tenant_row_fill(const struct context *c, const char *tenant, const struct container_row *worker,
		    const struct container_row *gateway, struct tenant_row *out, struct err *e)
	must_check;
enum tenant_status tenant_status_of(const struct container_row *worker,
				    const struct container_row *gateway, bool allocated);

#endif
