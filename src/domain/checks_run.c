/* Choosing among the checks of the catalogue, and running them. */
#include "domain/checks.h"

#include <string.h>

#include "base/mem.h"
#include "checks_judges.h"

const struct check *check_find(const char *id)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i].id, id))
			return &all[i];
	return NULL;
}

bool check_is_selected(const char *id, const struct strlist *only)
{
	if (!only || only->count == 0)
		return true;
	for (size_t i = 0; i < only->count; i++)
		if (!strncmp(id, only->items[i], strlen(only->items[i])))
			return true;
	return false;
}

bool checks_need_twin(const struct strlist *only)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		if ((!strncmp(all[i].id, "twin.", strlen("twin.")) ||
		     all[i].judge == judge_log_separate) &&
		    check_is_selected(all[i].id, only))
			return true;
	return false;
}

struct finding check_finding(const struct check *c, enum finding_verdict v)
{
	return (struct finding){ .id = c->id,
				 .title = c->title,
				 .remedy = c->remedy,
				 .group = c->group,
				 .severity = c->severity,
				 .verdict = v };
}

void checks_run(const struct check_input *in, const struct strlist *only, struct findings *out)
{
	size_t count;
	const struct check *all = checks_all(&count);

	*out = (struct findings){ .items = mem_array(count, sizeof(*out->items)) };
	for (size_t i = 0; i < count; i++) {
		const struct check *c = &all[i];
		struct finding *f = &out->items[out->count];

		if (!c->judge || !check_is_selected(c->id, only))
			continue;
		/* A judge that says nothing has shown nothing. */
		*f = check_finding(c, VERDICT_INCONCLUSIVE);
		c->judge(in, f);
		out->count++;
	}
}
