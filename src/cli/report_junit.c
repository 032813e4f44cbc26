/*
 * JUnit XML for build servers. XML 1.0 has no way to write most control bytes, not
 * even escaped, so they become "\xHH" first; then the five special characters are
 * escaped.
 */
#include "report.h"

#include <string.h>

static void put_xml(struct strbuf *out, const char *text)
{
	struct strbuf safe auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_escape(&safe, text ? text : "", strlen(text ? text : ""));
	for (const char *p = strbuf_str(&safe); *p; p++) {
		/* U+FFFE and U+FFFF are good UTF-8 and yet no characters of XML. */
		if (!strncmp(p, "\xef\xbf\xbe", 3) || !strncmp(p, "\xef\xbf\xbf", 3)) {
			strbuf_puts(out, "\\uFFFE");
			p += 2;
			continue;
		}
		switch (*p) {
		case '&':
			strbuf_puts(out, "&amp;");
			break;
		case '<':
			strbuf_puts(out, "&lt;");
			break;
		case '>':
			strbuf_puts(out, "&gt;");
			break;
		case '"':
			strbuf_puts(out, "&quot;");
			break;
		case '\'':
			strbuf_puts(out, "&apos;");
			break;
		default:
			strbuf_putc(out, *p);
		}
	}
}

static void put_attribute(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, " %s=\"", name);
	put_xml(out, value);
	strbuf_putc(out, '"');
}

static void put_outcome(struct strbuf *out, const struct finding *f, const char *element)
{
	strbuf_printf(out, "      <%s", element);
	put_attribute(out, "message", f->observed ? f->observed : "nothing was observed");
	if (strcmp(element, "skipped") != 0)
		put_attribute(out, "type", severity_name(f->severity));
	strbuf_puts(out, ">expected: ");
	put_xml(out, f->expected);
	strbuf_puts(out, "\nobserved: ");
	put_xml(out, f->observed);
	strbuf_puts(out, "\nevidence: ");
	put_xml(out, f->evidence);
	strbuf_puts(out, "\nremedy: ");
	put_xml(out, f->remedy);
	strbuf_printf(out, "</%s>\n", element);
}

static void put_case(struct strbuf *out, const char *tenant, const struct finding *f)
{
	static const char *const elements[] = {
		[VERDICT_PASS] = NULL,
		[VERDICT_FAIL] = "failure",
		[VERDICT_INCONCLUSIVE] = "error",
		[VERDICT_NOT_APPLICABLE] = "skipped",
	};

	strbuf_puts(out, "    <testcase");
	put_attribute(out, "classname", tenant);
	put_attribute(out, "name", f->id);
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
	strbuf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<testsuites name=\"tenantctl verify\">\n");
	for (size_t i = 0; i < r->count; i++) {
		if (r->rows[i].result)
			put_suite(out, &r->rows[i]);
		else
			put_error_suite(out, &r->rows[i]);
	}
	strbuf_puts(out, "</testsuites>\n");
}
