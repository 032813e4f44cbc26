/* An audit of a whole host in a page that fits an e-mail. Private to cli. */
#ifndef CLI_AUDIT_SUMMARY_H
#define CLI_AUDIT_SUMMARY_H

#include "base/strbuf.h"
#include "domain/audit_items.h"

#define AUDIT_SUMMARY_LINES 40
#define AUDIT_SUMMARY_COLUMNS 72
#define AUDIT_SUMMARY_PARTS 5

struct audit_summary_part {
	const char *name, *what; /* "caps", "processes" */
	size_t seen;
};

struct audit_summary {
	const char *host, *engine, *kernel; /* NULL: not known */
	size_t tenants;			    /* of the host that were created */
	const struct audit_summary_part *parts;
	size_t part_count;			/* at most AUDIT_SUMMARY_PARTS */
	const struct audit_items *now, *before; /* sorted; before->at NULL: the first one */
	bool whole;				/* every item, however many lines that takes */
};

/* The first line alone says how it went: a subject. Text is escaped, and cut to the width. */
void audit_summary(const struct audit_summary *s, struct strbuf *out);

#endif
