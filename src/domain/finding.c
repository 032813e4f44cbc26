/*
 * Findings as data: their words, their totals and their JSON form. Whether a run
 * passed is decided here and nowhere else: inconclusive is never a pass.
 */
#include "domain/finding.h"

#include <string.h>

#include "base/mem.h"
#include "domain/source.h"

const char *group_name(enum finding_group g)
{
	static const char *const names[GROUPS] = {
		[GROUP_INJECTION] = "cross-tenant",
		[GROUP_CREDENTIAL] = "credentials",
		[GROUP_FILESYSTEM] = "filesystem",
		[GROUP_RESOURCE] = "resources",
		[GROUP_NETWORK] = "network",
		[GROUP_CONFIG] = "config",
		[GROUP_HOST] = "host",
	};

	return names[g];
}

const char *severity_name(enum finding_severity s)
{
	static const char *const names[] = {
		[SEVERITY_CRITICAL] = "critical",
		[SEVERITY_HIGH] = "high",
		[SEVERITY_MEDIUM] = "medium",
		[SEVERITY_LOW] = "low",
	};

	return names[s];
}

const char *verdict_name(enum finding_verdict v)
{
	static const char *const names[VERDICTS] = {
		[VERDICT_PASS] = "pass",
		[VERDICT_FAIL] = "fail",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_NOT_APPLICABLE] = "not-applicable",
		[VERDICT_WARN] = "warn",
	};

	return names[v];
}

bool verdict_of_name(const char *name, enum finding_verdict *out)
{
	for (int v = 0; name && v < VERDICTS; v++)
		if (!strcmp(name, verdict_name((enum finding_verdict)v))) {
			*out = (enum finding_verdict)v;
			return true;
		}
	return false;
}

void findings_free(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].expected);
		free(f->items[i].observed);
		free(f->items[i].evidence);
	}
	free(f->items);
	*f = (struct findings){ 0 };
}

size_t findings_count(const struct findings *f, enum finding_verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		n += f->items[i].verdict == v;
	return n;
}

/* A run that looked at nothing has shown nothing. */
bool findings_pass(const struct findings *f)
{
	return findings_count(f, VERDICT_PASS) > 0 && findings_count(f, VERDICT_FAIL) == 0 &&
	       findings_count(f, VERDICT_INCONCLUSIVE) == 0;
}

struct node *finding_json(const struct finding *f)
{
	struct node *n = node_new_object();

	node_set_str(n, "id", f->id);
	node_set_str(n, "group", group_name(f->group));
	node_set_str(n, "severity", severity_name(f->severity));
	node_set_str(n, "title", f->title);
	node_set_str(n, "verdict", verdict_name(f->verdict));
	node_set_str(n, "expected", f->expected);
	node_set_str(n, "observed", f->observed);
	node_set_str(n, "evidence", f->evidence);
	node_set_str(n, "remedy", f->remedy);
	node_set_str(n, "source", source_of(f->id));
	return n;
}
