/*
 * What a check found. A finding never says "pass" because something could not be
 * looked at: then it is inconclusive, and that counts as a failure.
 */
#ifndef DOMAIN_FINDING_H
#define DOMAIN_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/doc.h"

enum finding_group {
	GROUP_INJECTION,  /* cross-tenant reach */
	GROUP_CREDENTIAL, /* key leakage */
	GROUP_FILESYSTEM, /* traversal */
	GROUP_RESOURCE,	  /* exhaustion */
	GROUP_NETWORK,	  /* pivot */
	GROUP_CONFIG,
	GROUP_HOST,
	GROUPS,
};
enum finding_severity { SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW };
enum finding_verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_INCONCLUSIVE,
	VERDICT_NOT_APPLICABLE,
	VERDICT_WARN, /* of the host only: worth knowing, and no reason to stop */
	VERDICTS,
};

struct finding {
	const char *id;	   /* stable: "net.sibling.tcp" */
	const char *title; /* what must hold, one line */
	const char *remedy;
	enum finding_group group;
	enum finding_severity severity;
	enum finding_verdict verdict;
	char *expected, *observed;
	char *evidence; /* where it was seen: "/proc/1234/status CapEff"; or the reason of n/a */
};

struct findings {
	struct finding *items;
	size_t count;
};

void findings_free(struct findings *f);
size_t findings_count(const struct findings *f, enum finding_verdict v);
/* True when nothing failed and nothing was inconclusive; warnings do not count. */
bool findings_pass(const struct findings *f);
/* What a reader has to see: neither passed nor not applicable. */
static inline bool verdict_is_notable(enum finding_verdict v)
{
	return v != VERDICT_PASS && v != VERDICT_NOT_APPLICABLE;
}
const char *group_name(enum finding_group g);
const char *severity_name(enum finding_severity s);
const char *verdict_name(enum finding_verdict v);
/* False when `name` (NULL allowed) is none. */
bool verdict_of_name(const char *name, enum finding_verdict *out);
struct node *finding_json(const struct finding *f) returns_owned;

#endif
