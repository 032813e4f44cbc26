/*
 * What each check of the catalogue does and why it is there, for people: `verify
 * --explain`, the rules of a SARIF report, the failures of an HTML report. How to fix
 * is the check's own remedy.
 */
#ifndef DOMAIN_EXPLAIN_H
#define DOMAIN_EXPLAIN_H

#include <stddef.h>

struct explanation {
	const char *id;
	const char *tried; /* what is looked at or attempted, and from where */
	const char *why;   /* what an attacker or an accident makes of a failure */
};

/* NULL for an id that is not in the catalogue. */
const struct explanation *explain_check(const char *id);

#endif
