/* Counting over all tenants: what every summary is made of. */
#include "report.h"

enum report_state report_state(const struct report_row *row)
{
	const struct findings *f;

	if (!row->result)
		return REPORT_ERROR;
	f = &row->result->findings;
	if (findings_pass(f))
		return REPORT_PASS;
	return findings_count(f, VERDICT_FAIL) ? REPORT_FAIL : REPORT_INCONCLUSIVE;
}

const char *report_state_name(enum report_state s)
{
	static const char *const names[REPORT_STATES] = {
		[REPORT_FAIL] = "fail",
		[REPORT_INCONCLUSIVE] = "inconclusive",
		[REPORT_ERROR] = "not verified",
		[REPORT_PASS] = "pass",
	};

	return names[s];
}

void report_count(const struct report *r, struct report_totals *out)
{
	*out = (struct report_totals){ 0 };
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_result *v = r->rows[i].result;

		out->tenants[report_state(&r->rows[i])]++;
		for (size_t k = 0; v && k < v->findings.count; k++) {
			const struct finding *f = &v->findings.items[k];

			out->checks[f->verdict]++;
			out->groups[f->group][f->verdict]++;
		}
	}
}

bool report_passes(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (report_state(&r->rows[i]) != REPORT_PASS)
			return false;
	return r->count > 0;
}
