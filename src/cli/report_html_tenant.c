/* What was found about each tenant: failures in full, then everything, folded away. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/explain.h"
#include "domain/source.h"
#include "report_html.h"
#include "report_text.h"

/* ---- one line per tenant ---- */

static void put_count(struct strbuf *out, const struct findings *f, enum finding_verdict v)
{
	size_t n = findings_count(f, v);

	strbuf_printf(out, "<td class=\"number %s\">%zu</td>", n ? html_verdict_class(v) : "none",
		      n);
}

static void put_line(const struct report_row *row, size_t number, struct strbuf *out)
{
	enum report_state s = report_state(row);

	strbuf_printf(out, "<tr><th scope=\"row\"><a href=\"#t%zu\">", number);
	report_markup(out, row->tenant);
	strbuf_printf(out, "</a></th><td><span class=\"badge %s\">%s</span></td>",
		      html_state_class(s), report_state_name(s));
	if (!row->result) {
		strbuf_puts(out, "<td colspan=\"6\">");
		report_markup(out, row->error);
		strbuf_puts(out, "</td></tr>\n");
		return;
	}
	put_count(out, &row->result->findings, VERDICT_FAIL);
	put_count(out, &row->result->findings, VERDICT_INCONCLUSIVE);
	put_count(out, &row->result->findings, VERDICT_PASS);
	put_count(out, &row->result->findings, VERDICT_NOT_APPLICABLE);
	strbuf_puts(out, "<td>");
	html_element(out, "time", NULL, row->result->at);
	strbuf_puts(out, "</td>");
	strbuf_printf(out, "<td class=\"number\">%.2f s</td></tr>\n", row->result->seconds);
}

/* Calls `put` for each row, the worst state first; within a state their order stays. */
static void each_row(const struct report *r, struct strbuf *out,
		     void (*put)(const struct report_row *row, size_t number, struct strbuf *out))
{
	for (int s = 0; s < REPORT_STATES; s++)
		for (size_t i = 0; i < r->count; i++)
			if (report_state(&r->rows[i]) == (enum report_state)s)
				put(&r->rows[i], i + 1, out);
}

static void put_overview(const struct report *r, struct strbuf *out)
{
	static const char *const heads[] = { "Failed", "Inconclusive", "Passed", "Not applicable" };

	strbuf_puts(out, "<section>\n<h2>Tenants</h2>\n<table class=\"overview\">\n<thead><tr><th "
			 "scope=\"col\">Tenant"
			 "</th><th scope=\"col\">Verdict</th>");
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		strbuf_printf(out, "<th scope=\"col\" class=\"number\">%s</th>", heads[i]);
	strbuf_puts(out,
		    "<th scope=\"col\">Measured</th><th scope=\"col\" class=\"number\">Took</th>"
		    "</tr></thead>\n<tbody>\n");
	each_row(r, out, put_line);
	strbuf_puts(out, "</tbody>\n</table>\n</section>\n");
}

/* ---- a finding in full ---- */

static void put_field(struct strbuf *out, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	html_element(out, "dt", NULL, name);
	html_element(out, "dd", NULL, text);
	strbuf_putc(out, '\n');
}

static void put_failure(const struct finding *f, struct strbuf *out)
{
	static const char *const claims[VERDICTS] = {
		[VERDICT_FAIL] = "Does not hold",
		[VERDICT_INCONCLUSIVE] = "Not shown",
		[VERDICT_WARN] = "Not quite",
	};
	const struct explanation *x = explain_check(f->id);

	strbuf_printf(out, "<article class=\"%s\">\n<h3><span class=\"badge %s\">%s</span> %s: ",
		      html_verdict_class(f->verdict), html_verdict_class(f->verdict),
		      verdict_name(f->verdict), claims[f->verdict]);
	html_element(out, "span", NULL, f->title);
	strbuf_puts(out, "</h3>\n<p class=\"id\">");
	html_element(out, "code", NULL, f->id);
	strbuf_printf(out, " · %s · %s</p>\n<dl>\n", severity_name(f->severity),
		      group_name(f->group));
	put_field(out, "Expected", f->expected);
	put_field(out, "Observed", f->observed);
	put_field(out, "Evidence", f->evidence);
	put_field(out, "Tried", x ? x->tried : NULL);
	put_field(out, "Why", x ? x->why : NULL);
	put_field(out, "To fix", f->remedy);
	put_field(out, "Source", source_of(f->id));
	strbuf_puts(out, "</dl>\n</article>\n");
}

static void put_failures(const struct findings *f, struct strbuf *out)
{
	static const enum finding_verdict order[] = { VERDICT_FAIL, VERDICT_INCONCLUSIVE,
						      VERDICT_WARN };

	for (size_t v = 0; v < ARRAY_SIZE(order); v++)
		for (int s = SEVERITY_CRITICAL; s <= SEVERITY_LOW; s++)
			for (size_t i = 0; i < f->count; i++)
				if (f->items[i].verdict == order[v] &&
				    f->items[i].severity == (enum finding_severity)s)
					put_failure(&f->items[i], out);
}

/* ---- everything ---- */

static void put_finding_row(const struct finding *f, struct strbuf *out)
{
	strbuf_printf(out, "<tr><td><span class=\"badge %s\">%s</span></td><th scope=\"row\">",
		      html_verdict_class(f->verdict), verdict_name(f->verdict));
	html_element(out, "code", NULL, f->id);
	strbuf_putc(out, ' ');
	html_element(out, "span", NULL, f->title);
	strbuf_puts(out, "</th>");
	html_element(out, "td", NULL, severity_name(f->severity));
	html_element(out, "td", NULL, f->expected);
	html_element(out, "td", NULL, f->observed);
	html_element(out, "td", NULL, f->evidence);
	strbuf_puts(out, "</tr>\n");
}

static bool has_group(const struct findings *f, enum finding_group g)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].group == g)
			return true;
	return false;
}

static void put_all(const struct findings *f, struct strbuf *out)
{
	static const char *const heads[] = { "Verdict",	 "Check",    "Severity",
					     "Expected", "Observed", "Evidence" };

	strbuf_puts(out, "<table class=\"checks\">\n<thead><tr>");
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		strbuf_printf(out, "<th scope=\"col\">%s</th>", heads[i]);
	strbuf_puts(out, "</tr></thead>\n");
	for (int g = 0; g < GROUPS; g++) {
		if (!has_group(f, g))
			continue;
		strbuf_printf(out,
			      "<tbody>\n<tr><th colspan=\"6\" scope=\"rowgroup\">%s</th></tr>\n",
			      group_name(g));
		for (size_t i = 0; i < f->count; i++)
			if (f->items[i].group == (enum finding_group)g)
				put_finding_row(&f->items[i], out);
		strbuf_puts(out, "</tbody>\n");
	}
	strbuf_puts(out, "</table>\n");
}

static void put_tenant(const struct report_row *row, size_t number, bool open, struct strbuf *out)
{
	enum report_state s = report_state(row);
	const struct findings *f;

	strbuf_printf(out,
		      "<section id=\"t%zu\" class=\"tenant\">\n<h2><span class=\"badge %s\">%s"
		      "</span> ",
		      number, html_state_class(s), report_state_name(s));
	html_element(out, "span", NULL, row->tenant);
	strbuf_puts(out, "</h2>\n");
	if (!row->result) {
		html_element(out, "p", NULL, row->error);
		strbuf_puts(out, "\n</section>\n");
		return;
	}
	f = &row->result->findings;
	put_failures(f, out);
	strbuf_printf(out,
		      "<details%s>\n<summary>All %zu checks with evidence: %zu passed, %zu failed, "
		      "%zu inconclusive, %zu not applicable</summary>\n",
		      open ? " open=\"open\"" : "", f->count, findings_count(f, VERDICT_PASS),
		      findings_count(f, VERDICT_FAIL), findings_count(f, VERDICT_INCONCLUSIVE),
		      findings_count(f, VERDICT_NOT_APPLICABLE));
	put_all(f, out);
	strbuf_puts(out, "</details>\n</section>\n");
}

/* The report of one tenant is its client's: on paper, too, it shows everything. */
static void put_only(const struct report_row *row, size_t number, struct strbuf *out)
{
	put_tenant(row, number, true, out);
}

static void put_folded(const struct report_row *row, size_t number, struct strbuf *out)
{
	put_tenant(row, number, false, out);
}

void html_tenants(const struct report *r, struct strbuf *out)
{
	if (r->count > 1)
		put_overview(r, out);
	each_row(r, out, r->count == 1 ? put_only : put_folded);
}
