/*
 * Where each check comes from, so that an auditor can look it up: numbers of the CIS
 * Docker Benchmark and of published flaws, names of tools that try the same, manual
 * pages of what is relied on. For `verify` and `doctor` alike.
 */
#ifndef DOMAIN_SOURCE_H
#define DOMAIN_SOURCE_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "base/strlist.h"

/* The references of a check, like "CIS Docker 5.4, amicontained, capabilities(7)"; NULL for an id
 * that is in neither catalogue. */
const char *source_of(const char *id);
/* The same one by one; adds to *out. */
void source_references(const char *id, struct strlist *out);
/* Where on the web a reference can be read; false when it is of no known kind. */
bool source_uri(const char *reference, struct strbuf *out);

#endif
