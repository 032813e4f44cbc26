/* What the audit commands share: running it, and showing results. Private to cli. */
#ifndef CLI_AUDIT_VIEW_H
#define CLI_AUDIT_VIEW_H

#include "command.h"
#include "ops/audit.h"
#include "report.h"

#define AUDIT_UNUSED_FOR "90d"
#define AUDIT_EXPIRES_WITHIN "14d"
#define AUDIT_OLD_AFTER "90d"

#define AUDIT_OPTION_FORMAT                                                                        \
	{                                                                                          \
		.name = "format", .placeholder = "FORMAT", .choices = report_formats,              \
		.help = "human (default), or any other that verify has"                            \
	}
#define AUDIT_OPTIONS_EGRESS                                                                       \
	{ .name = "unused-for",                                                                    \
	  .placeholder = "TIME",                                                                   \
	  .arg = ARG_TEXT,                                                                         \
	  .help = "a rule that was not used for so long is unused: " AUDIT_UNUSED_FOR              \
		  " (default), 4w" },                                                              \
	{                                                                                          \
		.name = "expires-within", .placeholder = "TIME", .arg = ARG_TEXT,                  \
		.help = "a rule that expires within this time is told: " AUDIT_EXPIRES_WITHIN      \
			" (default)"                                                               \
	}
#define AUDIT_OPTION_IMAGES                                                                        \
	{                                                                                          \
		.name = "old-after", .placeholder = "TIME", .arg = ARG_TEXT,                       \
		.help = "an image is old when it was made longer ago: " AUDIT_OLD_AFTER            \
			" (default)"                                                               \
	}

/* The options above, with their defaults; for parts 1 << enum audit_part. */
int audit_options_read(const struct invocation *inv, unsigned parts, struct audit_options *out,
		       struct err *e) must_check;

/* Audits the tenants. *out is an array of what audit_result_json makes, or of "tenant" and "error",
 * in their order; also on failure. ERR_CHECK when anything was found. The caller owns *out. */
int audit_run(struct invocation *inv, const struct strlist *tenants, const struct audit_options *o,
	      struct node **out, struct err *e) must_check;

/* The results in the format asked for. `name` is the command's ("audit caps"). */
int audit_put(struct invocation *inv, const struct node *results, unsigned parts, const char *name,
	      struct err *e) must_check;

/* One result for people: what there is of each part, then what is unusual. */
void audit_put_tenant(struct output *o, const struct node *result, unsigned parts);

#endif
