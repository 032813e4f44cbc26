/* Words for a tenant's state. Private to cli. */
#ifndef CLI_TENANT_TEXT_H
#define CLI_TENANT_TEXT_H

#include "ops/history.h"
#include "ops/ops.h"
#include "output.h"

const char *tenant_status_name(enum tenant_status s);
enum output_color tenant_status_color(enum tenant_status s);
enum output_color tenant_verdict_color(const char *verdict);
/* "running (healthy)", "running (no manifest)"; owned by the caller. */
char *tenant_state_text(const struct tenant_row *r) returns_owned;
/* "pass 5 m ago", "never"; owned by the caller. */
char *tenant_verified_text(const struct tenant_row *r, int64_t now) returns_owned;

/* "cap.bounding, net.sibling.tcp (inconclusive)" and how many more; "" when all passed. The caller
 * owns it. */
char *history_marks_text(const struct history_entry *x) returns_owned;

#endif
