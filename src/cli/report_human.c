/*
 * What an operator sees. Short when all is well: one line per tenant. Text that came
 * from the engine, the kernel or a manifest is escaped before it reaches a terminal.
 */
#include "report.h"

#include <string.h>

#include "report_text.h"

enum { ID_WIDTH_MIN = 22 };

static const char *color_of(const struct report_style *s, enum finding_verdict v)
{
	static const char *const colors[VERDICTS] = {
		[VERDICT_PASS] = "\033[32m",	     [VERDICT_FAIL] = "\033[31m",
		[VERDICT_INCONCLUSIVE] = "\033[33m", [VERDICT_NOT_APPLICABLE] = "\033[2m",
		[VERDICT_WARN] = "\033[33m",
	};

	return s->color ? colors[v] : "";
}

static const char *color_end(const struct report_style *s)
{
	return s->color ? "\033[0m" : "";
}

static void put_field(struct strbuf *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	strbuf_printf(out, "      %-9s ", name);
	report_safe(out, text);
	strbuf_putc(out, '\n');
}

/* What is shown although nobody asked for everything. */
static void put_finding(const struct finding *f, const struct report_style *s, int id_width,
			struct strbuf *out)
{
	bool bad = report_is_bad(f);

	strbuf_printf(out, "  %s%-14s%s  %-*s %-8s  %s\n", color_of(s, f->verdict),
		      verdict_name(f->verdict), color_end(s), id_width, f->id,
		      severity_name(f->severity), f->title);
	put_field(out, "expected", bad ? f->expected : NULL);
	put_field(out, "observed", f->observed);
	put_field(out, "evidence", bad || s->verbose ? f->evidence : NULL);
	put_field(out, "remedy", verdict_is_notable(f->verdict) ? f->remedy : NULL);
}

static int id_width_of(const struct findings *f, const struct report_style *s)
{
	int width = ID_WIDTH_MIN;

	for (size_t i = 0; i < f->count; i++)
		if (s->verbose || verdict_is_notable(f->items[i].verdict))
			width = MAX_OF(width, (int)strlen(f->items[i].id));
	return width;
}

/* Without an engine most of what doctor asks has one and the same answer. */
static bool is_repeated(const struct findings *f, size_t i)
{
	const struct finding *x = &f->items[i];

	for (size_t k = 0; x->verdict == VERDICT_INCONCLUSIVE && k < i; k++)
		if (f->items[k].verdict == VERDICT_INCONCLUSIVE && f->items[k].observed &&
		    x->observed && !strcmp(f->items[k].observed, x->observed))
			return true;
	return false;
}

static void put_findings(const struct findings *f, const struct report_style *s, struct strbuf *out)
{
	int id_width = id_width_of(f, s);
	size_t folded = 0;

	for (int g = 0; g < GROUPS; g++) {
		bool headed = false;

		for (size_t i = 0; i < f->count; i++) {
			const struct finding *x = &f->items[i];

			if ((int)x->group != g || (!verdict_is_notable(x->verdict) && !s->verbose))
				continue;
			if (s->fold && !s->verbose && is_repeated(f, i)) {
				folded++;
				continue;
			}
			if (!headed && s->verbose)
				strbuf_printf(out, " %s\n", group_name(x->group));
			headed = true;
			put_finding(x, s, id_width, out);
		}
	}
	if (folded)
		strbuf_printf(out,
			      "  and %zu more checks are inconclusive for the same reasons; "
			      "-v shows them\n",
			      folded);
}

/* Each state has the colour of the verdict that it is about. */
static const char *state_color(const struct report_style *s, enum report_state state)
{
	static const enum finding_verdict verdicts[REPORT_STATES] = {
		[REPORT_FAIL] = VERDICT_FAIL,
		[REPORT_INCONCLUSIVE] = VERDICT_INCONCLUSIVE,
		[REPORT_ERROR] = VERDICT_FAIL,
		[REPORT_PASS] = VERDICT_PASS,
	};

	return color_of(s, verdicts[state]);
}

static void put_tenant(const struct report_row *row, const struct report_style *s,
		       struct strbuf *out)
{
	enum report_state state = report_state(row);
	const struct findings *f;

	report_safe(out, row->tenant);
	strbuf_printf(out, ": %s%s%s", state_color(s, state), report_state_name(state),
		      color_end(s));
	if (!row->result) {
		strbuf_puts(out, ": ");
		report_safe(out, row->error);
		strbuf_putc(out, '\n');
		return;
	}
	f = &row->result->findings;
	strbuf_printf(out, ", %zu passed, %zu failed, %zu inconclusive, %zu not applicable",
		      findings_count(f, VERDICT_PASS), findings_count(f, VERDICT_FAIL),
		      findings_count(f, VERDICT_INCONCLUSIVE),
		      findings_count(f, VERDICT_NOT_APPLICABLE));
	if (findings_count(f, VERDICT_WARN))
		strbuf_printf(out, ", %zu warnings", findings_count(f, VERDICT_WARN));
	strbuf_printf(out, " (%.2f s)%s\n", row->result->seconds,
		      row->result->partial ? ", a selection of the checks" : "");
	put_findings(f, s, out);
}

static void put_totals(const struct report *r, const struct report_style *s, struct strbuf *out)
{
	struct report_totals t;
	size_t shown = 0;

	report_count(r, &t);
	strbuf_printf(out, "%zu tenants: ", r->count);
	for (int i = 0; i < REPORT_STATES; i++)
		if (t.tenants[i])
			strbuf_printf(out, "%s%zu %s%s%s", shown++ ? ", " : "", t.tenants[i],
				      state_color(s, i), report_state_name(i), color_end(s));
	strbuf_printf(out, "; %zu checks passed, %zu failed, %zu inconclusive\n",
		      t.checks[VERDICT_PASS], t.checks[VERDICT_FAIL],
		      t.checks[VERDICT_INCONCLUSIVE]);
}

void report_human(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	for (size_t i = 0; i < r->count; i++)
		put_tenant(&r->rows[i], style, out);
	if (r->count > 1)
		put_totals(r, style, out);
	if (style->verbose)
		report_matrix(r, out);
}
