/*
 * Any bytes as what was seen and as why nothing was: XML and HTML stay well-formed and
 * harmless, JSON and SARIF readable with the same words in them, TAP keeps its lines,
 * and no byte that acts reaches a terminal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/markup.h"
#include "../../src/cli/report.h"
#include "base/mem.h"
#include "domain/checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_markup(const struct report *r, enum markup_kind kind,
			 void (*put)(const struct report *, struct strbuf *))
{
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	char problem[160] = "";

	put(r, &out);
	must(markup_check(strbuf_str(&out), kind, problem, sizeof(problem)) > 0, problem);
}

static void check_json(const struct report *r, void (*put)(const struct report *, struct strbuf *))
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	put(r, &out);
	must(doc_parse_json(strbuf_str(&out), out.len, "report", &limits, &d, &e) == 0, e.message);
}

static void check_lines(const struct report *r)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	size_t lines = 0;

	report_tap(r, &out);
	for (const char *p = strbuf_str(&out); *p; p += strcspn(p, "\n") + 1)
		lines++;
	/* two of the stream, a block of nine of the finding that failed, of four of the tenant */
	must(lines == 2 + 1 + 10 + 4, "TAP has another number of lines");
	strbuf_reset(&out);
	report_human(r, &(struct report_style){ .verbose = true }, &out);
	for (const char *p = strbuf_str(&out); *p; p++)
		must(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7F), "a control byte");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count;
	const struct check *c = checks_all(&count);
	auto_free char *text = mem_strndup((const char *)data, MIN_OF(size, (size_t)4096));
	struct finding findings[2];
	struct verify_result result = { .tenant = (char *)"acme",
					.at = (char *)"2026-01-01T00:00:00Z",
					.findings = { .items = findings, .count = 2 } };
	struct report_row rows[] = { { .tenant = "acme", .result = &result },
				     { .tenant = "beta", .error = text } };
	const struct report r = { .rows = rows, .count = 2, .version = "1" };

	for (size_t i = 0; i < 2; i++)
		findings[i] =
			(struct finding){ .id = c[i].id,
					  .title = c[i].title,
					  .remedy = c[i].remedy,
					  .verdict = i ? VERDICT_FAIL : VERDICT_NOT_APPLICABLE,
					  .expected = text,
					  .observed = text,
					  .evidence = text };
	check_markup(&r, MARKUP_XML, report_junit);
	check_markup(&r, MARKUP_HTML, report_html);
	check_json(&r, report_json);
	check_json(&r, report_sarif);
	check_lines(&r);
	return 0;
}
