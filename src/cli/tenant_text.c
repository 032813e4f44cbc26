/* Words that list and show share. */
#include "tenant_text.h"

#include <string.h>

#include "base/mem.h"

enum { MARKS_SHOWN = 4 };

const char *tenant_status_name(enum tenant_status s)
{
	static const char *const names[] = { [TENANT_ABSENT] = "not created",
					     [TENANT_RUNNING] = "running",
					     [TENANT_STOPPED] = "stopped",
					     [TENANT_BROKEN] = "broken" };

	return names[s];
}

enum output_color tenant_status_color(enum tenant_status s)
{
	static const enum output_color colors[] = { [TENANT_ABSENT] = COLOR_DIM,
						    [TENANT_RUNNING] = COLOR_GOOD,
						    [TENANT_STOPPED] = COLOR_WARN,
						    [TENANT_BROKEN] = COLOR_BAD };

	return colors[s];
}

enum output_color tenant_verdict_color(const char *verdict)
{
	if (!verdict)
		return COLOR_DIM;
	return strcmp(verdict, "pass") == 0 ? COLOR_GOOD : COLOR_BAD;
}

char *tenant_state_text(const struct tenant_row *r)
{
	const char *name = tenant_status_name(r->status);

	if (!r->has_manifest)
		return mem_printf("%s (no manifest)", name);
	if (r->health && r->status == TENANT_RUNNING)
		return mem_printf("%s (%s)", name, r->health);
	return mem_strdup(name);
}

char *tenant_verified_text(const struct tenant_row *r, int64_t now)
{
	char age[32];

	if (!r->verified || !r->verified_at)
		return mem_strdup(r->status == TENANT_ABSENT ? "" : "never");
	output_age(now, output_parse_time(r->verified_at), age, sizeof(age));
	return mem_printf("%s %s ago", r->verified, age);
}

char *history_marks_text(const struct history_entry *x)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(4096);
	size_t shown = 0, bad = 0;

	for (size_t i = 0; i < x->mark_count; i++) {
		const struct history_mark *m = &x->marks[i];

		if (m->verdict == VERDICT_WARN)
			continue;
		if (++bad > MARKS_SHOWN)
			continue;
		strbuf_printf(&b, "%s%s%s", shown++ ? ", " : "", m->id,
			      m->verdict == VERDICT_INCONCLUSIVE ? " (inconclusive)" : "");
	}
	if (bad > shown)
		strbuf_printf(&b, " and %zu more", bad - shown);
	return strbuf_take(&b);
}
