/*
 * Test Anything Protocol. Version 13, which every reader knows, and flat: subtests of
 * version 14 are comments to older ones, which would then see tenants and no checks.
 * There are no warnings: such a test passes, and says what it found.
 */
#include "report.h"

#include "report_text.h"

/* "#" starts a directive, and a backslash takes that meaning away. */
static void put_words(struct strbuf *out, const char *text)
{
	auto_strbuf struct strbuf safe = STRBUF_INIT(out->max);

	report_safe(&safe, text);
	for (const char *p = strbuf_str(&safe); *p; p++) {
		if (*p == '#' || *p == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *p);
	}
}

static void put_field(struct strbuf *out, const char *name, const char *text)
{
	if (!text)
		return;
	strbuf_printf(out, "  %s: ", name);
	report_quoted(out, text);
	strbuf_putc(out, '\n');
}

static void put_diagnostics(struct strbuf *out, const struct finding *f)
{
	strbuf_puts(out, "  ---\n");
	put_field(out, "verdict", verdict_name(f->verdict));
	put_field(out, "severity", severity_name(f->severity));
	put_field(out, "group", group_name(f->group));
	put_field(out, "expected", f->expected);
	put_field(out, "observed", f->observed);
	put_field(out, "evidence", f->evidence);
	put_field(out, "remedy", f->remedy);
	strbuf_puts(out, "  ...\n");
}

static void put_finding(struct strbuf *out, size_t number, const char *tenant,
			const struct finding *f)
{
	strbuf_printf(out, "%sok %zu - ", report_is_bad(f) ? "not " : "", number);
	put_words(out, tenant);
	strbuf_putc(out, ' ');
	put_words(out, f->id);
	strbuf_puts(out, ": ");
	put_words(out, f->title);
	if (f->verdict == VERDICT_NOT_APPLICABLE) {
		strbuf_puts(out, " # SKIP ");
		put_words(out, f->observed);
	}
	strbuf_putc(out, '\n');
	if (verdict_is_notable(f->verdict))
		put_diagnostics(out, f);
}

static void put_error(struct strbuf *out, size_t number, const struct report_row *row)
{
	strbuf_printf(out, "not ok %zu - ", number);
	put_words(out, row->tenant);
	strbuf_puts(out, " verify: it could not be verified\n  ---\n");
	put_field(out, "error", row->error);
	strbuf_puts(out, "  ...\n");
}

void report_tap(const struct report *r, struct strbuf *out)
{
	size_t planned = 0, number = 0;

	for (size_t i = 0; i < r->count; i++)
		planned += r->rows[i].result ? r->rows[i].result->findings.count : 1;
	strbuf_printf(out, "TAP version 13\n1..%zu%s\n", planned,
		      planned ? "" : " # SKIP nothing was verified");
	for (size_t i = 0; i < r->count; i++) {
		const struct report_row *row = &r->rows[i];

		if (!row->result)
			put_error(out, ++number, row);
		for (size_t k = 0; row->result && k < row->result->findings.count; k++)
			put_finding(out, ++number, row->tenant, &row->result->findings.items[k]);
	}
}
