/*
 * JUnit XML for build servers. XML 1.0 has no way to write most control bytes, not
 * even escaped: report_markup writes them as text.
 */
#include "report.h"

#include <string.h>

#include "report_text.h"

static void put_attribute(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, " %s=\"", name);
	report_markup(out, value);
	strbuf_putc(out, '"');
}

static void put_line(struct strbuf *out, const char *name, const char *text)
{
	if (!text)
		return;
	strbuf_printf(out, "%s: ", name);
	report_markup(out, text);
	strbuf_putc(out, '\n');
}

static void put_outcome(struct strbuf *out, const struct finding *f, const char *element)
{
	bool outcome = f->verdict != VERDICT_WARN;

	strbuf_printf(out, "      <%s", element);
	if (outcome)
		put_attribute(out, "message", f->observed ? f->observed : "nothing was observed");
	if (outcome && strcmp(element, "skipped") != 0)
		put_attribute(out, "type", severity_name(f->severity));
	strbuf_putc(out, '>');
	put_line(out, "expected", f->expected);
	put_line(out, "observed", f->observed);
	put_line(out, "evidence", f->evidence);
	put_line(out, "remedy", f->remedy);
	strbuf_printf(out, "</%s>\n", element);
}

static void put_case(struct strbuf *out, const char *tenant, const struct finding *f)
{
	static const char *const elements[VERDICTS] = {
		[VERDICT_PASS] = NULL,
		[VERDICT_FAIL] = "failure",
		[VERDICT_INCONCLUSIVE] = "error",
		[VERDICT_NOT_APPLICABLE] = "skipped",
	};

	strbuf_puts(out, "    <testcase");
	put_attribute(out, "classname", tenant);
	put_attribute(out, "name", f->id);
	/* The format has no warnings: a test that passed, and what it said. */
	if (f->verdict == VERDICT_WARN) {
		strbuf_puts(out, ">\n");
		put_outcome(out, f, "system-out");
		strbuf_puts(out, "    </testcase>\n");
		return;
	}
	if (!elements[f->verdict]) {
		strbuf_puts(out, "/>\n");
		return;
	}
	strbuf_puts(out, ">\n");
	put_outcome(out, f, elements[f->verdict]);
	strbuf_puts(out, "    </testcase>\n");
}

static void put_suite(struct strbuf *out, const struct report_row *row)
{
	const struct findings *f = &row->result->findings;

	strbuf_puts(out, "  <testsuite");
	put_attribute(out, "name", row->tenant);
	put_attribute(out, "timestamp", row->result->at);
	strbuf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		      f->count, findings_count(f, VERDICT_FAIL),
		      findings_count(f, VERDICT_INCONCLUSIVE),
		      findings_count(f, VERDICT_NOT_APPLICABLE));
	strbuf_printf(out, " time=\"%.3f\">\n", row->result->seconds);
	for (size_t i = 0; i < f->count; i++)
		put_case(out, row->tenant, &f->items[i]);
	strbuf_puts(out, "  </testsuite>\n");
}

static void put_error_suite(struct strbuf *out, const struct report_row *row)
{
	strbuf_puts(out, "  <testsuite");
	put_attribute(out, "name", row->tenant);
	strbuf_puts(out, " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <testcase");
	put_attribute(out, "classname", row->tenant);
	strbuf_puts(out, " name=\"verify\">\n      <error");
	put_attribute(out, "message", row->error);
	strbuf_puts(out, "/>\n    </testcase>\n  </testsuite>\n");
}

void report_junit(const struct report *r, struct strbuf *out)
{
	strbuf_printf(out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<testsuites name=\"tenantctl %s\">\n",
		      r->command ? r->command : "verify");
	for (size_t i = 0; i < r->count; i++) {
		if (r->rows[i].result)
			put_suite(out, &r->rows[i]);
		else
			put_error_suite(out, &r->rows[i]);
	}
	strbuf_puts(out, "</testsuites>\n");
}
