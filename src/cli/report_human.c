/*
 * What an operator sees. Short when all is well: one line per tenant. Text that came
 * from the engine, the kernel or a manifest is escaped before it reaches a terminal.
 */
#include "report.h"

#include "domain/checks.h"
#include "ops/report.h"
#include "report_text.h"

static const char *color_of(const struct report_style *s, enum finding_verdict v)
{
	static const char *const colors[] = {
		[VERDICT_PASS] = "\033[32m",
		[VERDICT_FAIL] = "\033[31m",
		[VERDICT_INCONCLUSIVE] = "\033[33m",
		[VERDICT_NOT_APPLICABLE] = "\033[2m",
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

static void put_finding(const struct finding *f, const struct report_style *s, struct strbuf *out)
{
	strbuf_printf(out, "  %s%-12s%s  %-22s %-8s  %s\n", color_of(s, f->verdict),
		      verdict_name(f->verdict), color_end(s), f->id, severity_name(f->severity),
		      f->title);
	if (f->verdict == VERDICT_PASS || f->verdict == VERDICT_NOT_APPLICABLE)
		return;
	put_field(out, "expected", f->expected);
	put_field(out, "observed", f->observed);
	put_field(out, "evidence", f->evidence);
	put_field(out, "remedy", f->remedy);
}

static void put_findings(const struct findings *f, const struct report_style *s, struct strbuf *out)
{
	for (int g = 0; g < GROUPS; g++) {
		bool headed = false;

		for (size_t i = 0; i < f->count; i++) {
			const struct finding *x = &f->items[i];
			bool bad = x->verdict == VERDICT_FAIL || x->verdict == VERDICT_INCONCLUSIVE;

			if ((int)x->group != g || (!bad && !s->verbose))
				continue;
			if (!headed && s->verbose)
				strbuf_printf(out, " %s\n", group_name(x->group));
			headed = true;
			put_finding(x, s, out);
		}
	}
}

static void put_tenant(const struct report_row *row, const struct report_style *s,
		       struct strbuf *out)
{
	const struct findings *f;
	enum finding_verdict v;

	report_safe(out, row->tenant);
	if (!row->result) {
		strbuf_printf(out, ": %snot verified%s: ", color_of(s, VERDICT_FAIL), color_end(s));
		report_safe(out, row->error);
		strbuf_putc(out, '\n');
		return;
	}
	f = &row->result->findings;
	v = findings_pass(f)		      ? VERDICT_PASS
	    : findings_count(f, VERDICT_FAIL) ? VERDICT_FAIL
					      : VERDICT_INCONCLUSIVE;
	strbuf_printf(out,
		      ": %s%s%s, %zu passed, %zu failed, %zu inconclusive, %zu not applicable "
		      "(%.2f s)%s\n",
		      color_of(s, v), verify_verdict(row->result), color_end(s),
		      findings_count(f, VERDICT_PASS), findings_count(f, VERDICT_FAIL),
		      findings_count(f, VERDICT_INCONCLUSIVE),
		      findings_count(f, VERDICT_NOT_APPLICABLE), row->result->seconds,
		      row->result->partial ? ", a selection of the checks" : "");
	put_findings(f, s, out);
}

bool report_passes(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->rows[i].result || !findings_pass(&r->rows[i].result->findings))
			return false;
	return r->count > 0;
}

void report_human(const struct report *r, const struct report_style *style, struct strbuf *out)
{
	for (size_t i = 0; i < r->count; i++)
		put_tenant(&r->rows[i], style, out);
	if (style->verbose)
		report_matrix(r, out);
}

void report_checks(struct strbuf *out)
{
	size_t count;
	const struct check *c = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		strbuf_printf(out, "%-22s %-8s  %-12s  %s\n", c[i].id, severity_name(c[i].severity),
			      group_name(c[i].group), c[i].title);
}
