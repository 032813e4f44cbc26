/*
 * The verifications of one tenant over time: a line of JSON for each, the newest last,
 * bounded in number and bytes. Pure: text in, text out. Lines are kept as they are, so
 * that what a newer version wrote outlives an older one.
 */
#ifndef DOMAIN_HISTORY_H
#define DOMAIN_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "domain/finding.h"

#define HISTORY_VERSION 1
#define HISTORY_ENTRIES_MAX 100
#define HISTORY_BYTES_MAX ((size_t)1 << 20)

struct history_mark { /* a check that did not pass */
	char *id;
	enum finding_verdict verdict;
};

struct history_entry {
	char *at;	       /* RFC 3339, UTC */
	char *verdict;	       /* "pass", "fail", "inconclusive" */
	char *engine, *kernel; /* releases; NULL: not known */
	double seconds;
	bool quick;
	int64_t counts[VERDICTS];
	struct history_mark *marks;
	size_t mark_count;
};

struct history { /* the newest last */
	struct history_entry *items;
	size_t count;
	size_t newer; /* entries of a newer version that can't be understood */
};
void history_free(struct history *h);
#define auto_history cleanup_with(history_free)

/* One line, with its newline; what failed, was inconclusive or warned is named. The caller owns it.
 */
struct history_record { /* what is known of a verification that just ended */
	const char *at, *verdict, *engine, *kernel;
	double seconds;
	bool quick;
	const struct findings *findings;
};
char *history_line(const struct history_record *r) returns_owned;

/* ERR_PROTOCOL when any line is none that was ever written; the message says which. */
int history_parse(const char *text, size_t len, const char *name, struct history *out,
		  struct err *e) must_check;

/* `text` (lines that history_parse takes) and `line` behind it, without the oldest lines that are
 * too many or too much. */
void history_append(const char *text, size_t len, const char *line, struct strbuf *out);

/* {"at", "verdict", "quick", "seconds", "engine", "kernel", "counts": {verdict: n}, "not_passed":
 * [{"id", "verdict"}]}. The caller owns the node. */
struct node *history_entry_json(const struct history_entry *x) returns_owned;

#endif
