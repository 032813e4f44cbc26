/*
 * Verification results for people and machines. Each formatter fills a buffer; the
 * command prints it. Private to cli.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "base/strlist.h"
#include "command.h"
#include "ops/ops.h"

/* Hundreds of tenants with all evidence, and still a bound. */
#define REPORT_BYTES_MAX ((size_t)256 << 20)

struct report_row { /* one tenant: a result, or why there is none */
	const char *tenant;
	const struct verify_result *result; /* NULL: it could not be verified */
	const char *error;		    /* then: why */
};

struct report {
	const struct report_row *rows;
	size_t count;
	const char *version;	     /* of tenantctl */
	const char *kernel, *engine; /* releases of what was measured; NULL: not known */
	const char *command;	     /* whose results they are; NULL: verify */
};

struct report_style {
	bool verbose; /* every finding, not only those that did not pass */
	bool color;
	bool fold; /* a reason why nothing could be said is given once */
};

/* ---- formats ---- */

/* A line per tenant, what did not pass in full, totals; verbose: everything, and the table between
 * tenants. */
void report_human(const struct report *r, const struct report_style *style, struct strbuf *out);
/* One JSON document with a schema version, ends in a newline. */
void report_json(const struct report *r, struct strbuf *out);
/* JUnit XML: a testsuite per tenant, a testcase per check. */
void report_junit(const struct report *r, struct strbuf *out);
/* Test Anything Protocol, version 13: a test per tenant and check. */
void report_tap(const struct report *r, struct strbuf *out);
/* SARIF 2.1.0: a rule per check, a result per tenant and check. */
void report_sarif(const struct report *r, struct strbuf *out);
/* One HTML file that needs no other. */
void report_html(const struct report *r, struct strbuf *out);

/* Formats that --format takes, the default first; ends with NULL. */
extern const char *const report_formats[];
/* The one that was asked for. */
const char *report_format(const struct invocation *inv);
/* Writes the report in the format asked for, to standard output or the file of --output. */
int report_put(struct invocation *inv, const struct report *r, struct err *e) must_check;
int report_put_text(struct invocation *inv, const struct strbuf *text, struct err *e) must_check;

/* ---- the catalogue ---- */

/* For --list. */
void report_checks(struct strbuf *out);
/* The drills with their limits and bounds, for --drill --list. */
void report_drills(bool json, struct strbuf *out);
/* The check of this id, or all whose id starts with it: what is tried, why, how to fix. The number
 * of checks put out. */
size_t report_explain(const char *id, struct strbuf *out);
/* Either as JSON; NULL: all checks. */
size_t report_checks_json(const char *id, struct strbuf *out);

/* ---- totals ---- */

enum report_state { /* of one tenant, the worst first */
		    REPORT_FAIL,
		    REPORT_INCONCLUSIVE,
		    REPORT_ERROR, /* no result */
		    REPORT_PASS,
		    REPORT_STATES,
};

struct report_totals {
	size_t tenants[REPORT_STATES];
	size_t checks[VERDICTS];
	size_t groups[GROUPS][VERDICTS];
};

enum report_state report_state(const struct report_row *row);
/* "pass", "fail", "inconclusive", "not verified" */
const char *report_state_name(enum report_state s);
void report_count(const struct report *r, struct report_totals *out);
/* True when every tenant was verified and passed. */
bool report_passes(const struct report *r);
/* True for what is no pass. */
static inline bool report_is_bad(const struct finding *f)
{
	return f->verdict == VERDICT_FAIL || f->verdict == VERDICT_INCONCLUSIVE;
}

/* ---- the table between tenants ---- */

/* How a pair did over all kinds of attempts, the worst last. */
enum pair_state {
	PAIR_BLOCKED, /* as it must be */
	PAIR_OWN,     /* the own gateway answers, as it must */
	PAIR_STOPPED, /* nothing ran there */
	PAIR_UNKNOWN, /* not shown */
	PAIR_SILENT,  /* the own gateway does not answer */
	PAIR_REACHED, /* another tenant answered */
	PAIR_STATES,
};

struct report_pair {
	enum pair_state state;
	const struct matrix_cell *kinds[CELL_KINDS]; /* NULL: not tried */
};

/* Every tenant that a row is about or was aimed at, sorted. */
void report_targets(const struct report *r, struct strlist *out);
/* The row's pair with each of the targets, in their order. */
void report_pairs(const struct report_row *row, const struct strlist *targets,
		  struct report_pair *out);
/* As text; nothing for fewer than two tenants. */
void report_matrix(const struct report *r, struct strbuf *out);

#endif
