/*
 * Verification results for people and machines. Each formatter fills a buffer; the
 * command prints it. Private to cli.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "ops/ops.h"

struct report_row { /* one tenant: a result, or why there is none */
	const char *tenant;
	const struct verify_result *result; /* NULL: it could not be verified */
	const char *error;		    /* then: why */
};

struct report {
	const struct report_row *rows;
	size_t count;
};

struct report_style {
	bool verbose; /* every finding, not only those that did not pass */
	bool color;
};

/* A line per tenant, what did not pass in full, the table between tenants. */
void report_human(const struct report *r, const struct report_style *style, struct strbuf *out);
/* One JSON document with a schema version, ends in a newline. */
void report_json(const struct report *r, struct strbuf *out);
/* JUnit XML: a testsuite per tenant, a testcase per check. */
void report_junit(const struct report *r, struct strbuf *out);
/* The catalogue, for --list. */
void report_checks(struct strbuf *out);
void report_checks_json(struct strbuf *out);

/* True when every tenant was verified and passed. */
bool report_passes(const struct report *r);

/* The table between tenants, from the rows of all results; nothing for fewer than two tenants. */
void report_matrix(const struct report *r, struct strbuf *out);

#endif
