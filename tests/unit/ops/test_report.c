/*
 * Reports: JSON that reads back to the same result, XML that an independent reader takes,
 * a table without an empty cell, and hostile text that reaches no terminal.
 */
#include "../../support/checks_fixture.h"

#include <string.h>

#include "../../support/markup.h"
#include "../../support/report_fixture.h"
#include "base/mem.h"
#include "ops/report.h"

static void make_result(struct verify_result *r, bool spoiled)
{
	struct fixture x;

	fixture_make(&x);
	if (spoiled) {
		x.facts.processes[0].status.no_new_privs = 0;
		x.facts.cgroup.swap_known = false;
		fixture_reach(&x, "net.sibling.tcp", false)->outcome = REACH_OPEN;
	}
	*r = (struct verify_result){ .tenant = mem_strdup("acme"),
				     .at = mem_strdup("2026-01-01T00:00:00Z"),
				     .seconds = 0.25 };
	checks_run(&x.in, NULL, &r->findings);
	matrix_build(&x.in, &r->matrix);
	fixture_free(&x);
}

static struct finding *find(struct verify_result *r, const char *id)
{
	for (size_t i = 0; i < r->findings.count; i++)
		if (!strcmp(r->findings.items[i].id, id))
			return &r->findings.items[i];
	fail_msg("no finding %s", id);
	return NULL;
}

/* ---- JSON ---- */

static char *json_of(const struct verify_result *r)
{
	auto_node struct node *n = verify_result_json(r);

	return node_print(n, true);
}

static int read_text(const char *text, struct verify_result *out, struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_doc struct doc *d = NULL;

	return doc_parse_json(text, strlen(text), "result", &limits, &d, e) ||
			       verify_result_read(doc_root(d), out, e)
		       ? -1
		       : 0;
}

static void json_reads_back(void **state unused_arg)
{
	struct verify_result a, b = { 0 };
	struct err e = ERR_INIT;

	make_result(&a, true);
	mem_replace(&find(&a, "cap.effective")->observed, "<&\"\033\x01");
	auto_free char *first = json_of(&a);
	if (read_text(first, &b, &e))
		fail_msg("%s", e.message);
	auto_free char *second = json_of(&b);
	assert_string_equal(first, second);
	assert_string_equal(verify_verdict(&b), "fail");
	assert_int_equal(a.matrix.count, b.matrix.count);
	verify_result_free(&a);
	verify_result_free(&b);
}

static void json_refuses_what_it_did_not_write(void **state unused_arg)
{
	static const char *const bad[] = {
		"null",
		"[]",
		"{}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":[],\"matrix\":{}}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":[{\"id\":\"no.such\",\"verdict\":"
		"\"pass\"}],"
		"\"matrix\":[]}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":[{\"id\":\"cap.effective\","
		"\"verdict\":"
		"\"great\"}],\"matrix\":[]}",
		"{\"tenant\":\"a\",\"at\":\"b\",\"findings\":[],\"matrix\":[{\"from\":\"a\"}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct verify_result r = { 0 };
		struct err e = ERR_INIT;

		assert_int_equal(read_text(bad[i], &r, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

static void json_report_counts_errors(void **state unused_arg)
{
	struct verify_result good;
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct report_row rows[2] = { { .tenant = "acme", .result = &good },
				      { .tenant = "beta", .error = "engine: gone" } };
	struct report r = { .rows = rows, .count = 2 };
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	make_result(&good, false);
	assert_false(report_passes(&r));
	r.count = 1;
	assert_true(report_passes(&r));
	r.count = 0;
	assert_false(report_passes(&r));
	r.count = 2;
	report_json(&r, &out);
	assert_int_equal(doc_parse_json(out.data, out.len, "report", &limits, &d, &e), 0);
	assert_int_equal(node_int(doc_find(d, "schema"), 0), REPORT_VERSION);
	assert_false(node_bool(doc_find(d, "pass"), true));
	assert_string_equal(node_str(doc_find(d, "tenants[0].verdict"), ""), "pass");
	assert_string_equal(node_str(doc_find(d, "tenants[1].verdict"), ""), "error");
	verify_result_free(&good);
}

/* ---- XML ---- */

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

static void junit_is_well_formed(void **state unused_arg)
{
	struct verify_result bad;
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct report_row rows[2] = { { .tenant = "acme", .result = &bad },
				      { .tenant = "beta", .error = HOSTILE } };
	const struct report r = { .rows = rows, .count = 2 };
	const char *text;
	char problem[128];

	make_result(&bad, true);
	mem_replace(&find(&bad, "proc.no_new_privs")->observed, HOSTILE);
	mem_replace(&find(&bad, "proc.no_new_privs")->evidence, HOSTILE);
	report_junit(&r, &out);
	text = strbuf_str(&out);
	if (markup_check(text, MARKUP_XML, problem, sizeof(problem)) <= bad.findings.count)
		fail_msg("%s", problem);
	assert_int_equal(count_of(text, "<testcase"), bad.findings.count + 1);
	assert_int_equal(count_of(text, "<failure"), findings_count(&bad.findings, VERDICT_FAIL));
	assert_int_equal(count_of(text, "<error"),
			 findings_count(&bad.findings, VERDICT_INCONCLUSIVE) + 1);
	assert_int_equal(count_of(text, "<skipped"),
			 findings_count(&bad.findings, VERDICT_NOT_APPLICABLE));
	assert_int_equal(findings_count(&bad.findings, VERDICT_FAIL), 2);
	assert_null(strstr(text, "\xef\xbf\xbe"));
	verify_result_free(&bad);
}

/* ---- people ---- */

static void human_is_short_when_all_is_well(void **state unused_arg)
{
	struct verify_result good;
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct report_row row = { .tenant = "acme", .result = &good };
	const struct report r = { .rows = &row, .count = 1 };

	make_result(&good, false);
	report_human(&r, &(struct report_style){ 0 }, &out);
	assert_int_equal(count_of(strbuf_str(&out), "\n"), 1);
	assert_non_null(strstr(strbuf_str(&out), "acme: pass, "));
	assert_null(strchr(strbuf_str(&out), '\033'));
	strbuf_reset(&out);
	report_human(&r, &(struct report_style){ .verbose = true, .color = true }, &out);
	for (size_t i = 0; i < good.findings.count; i++)
		assert_non_null(strstr(strbuf_str(&out), good.findings.items[i].id));
	verify_result_free(&good);
}

static void human_shows_failures_in_full_and_escapes(void **state unused_arg)
{
	struct verify_result bad;
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct report_row row = { .tenant = "acme", .result = &bad };
	const struct report r = { .rows = &row, .count = 1 };
	const char *text;

	make_result(&bad, true);
	mem_replace(&find(&bad, "proc.no_new_privs")->observed, HOSTILE);
	report_human(&r, &(struct report_style){ 0 }, &out);
	text = strbuf_str(&out);
	assert_non_null(strstr(text, "acme: fail, "));
	assert_non_null(strstr(text, "proc.no_new_privs"));
	assert_non_null(strstr(text, "limit.swap"));
	assert_non_null(strstr(text, "tenantctl apply NAME"));
	assert_null(strstr(text, "limit.memory"));
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\x01'));
	verify_result_free(&bad);
}

static void matrix_has_no_empty_cell(void **state unused_arg)
{
	struct verify_result good, bad;
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct report_row rows[2] = { { .tenant = "acme", .result = &good },
				      { .tenant = "beta", .error = "gone" } };
	const struct report r = { .rows = rows, .count = 2 };

	make_result(&good, false);
	make_result(&bad, true);
	assert_int_equal(good.matrix.count, 2 * CELL_KINDS);
	report_matrix(&r, &out);
	assert_non_null(strstr(strbuf_str(&out), "   o   .\n")); /* acme */
	assert_non_null(strstr(strbuf_str(&out), "   ?   ?\n")); /* beta could not be verified */
	strbuf_reset(&out);
	rows[0].result = &bad;
	report_matrix(&r, &out);
	assert_non_null(strstr(strbuf_str(&out), "   o   X\n"));
	verify_result_free(&good);
	verify_result_free(&bad);
}

/* What was not looked at is not stopped. */
static void matrix_of_a_stopped_worker_is_unknown(void **state unused_arg)
{
	struct fixture x;
	struct matrix m;

	fixture_make(&x);
	x.sibling.running = false;
	matrix_build(&x.in, &m);
	assert_int_equal(m.cells[CELL_KINDS + CELL_TCP].observed, CELL_STOPPED);
	assert_int_equal(m.cells[CELL_KINDS + CELL_DNS].observed, CELL_BLOCKED);
	matrix_free(&m);
	x.facts.running = false;
	x.facts.reach_count = x.facts.dns_count = 0;
	matrix_build(&x.in, &m);
	for (size_t i = 0; i < m.count; i++)
		assert_int_equal(m.cells[i].observed, CELL_UNKNOWN);
	assert_int_equal(m.cells[CELL_KINDS + CELL_TCP].expected, CELL_BLOCKED);
	matrix_free(&m);
	fixture_free(&x);
}

static void catalogue_lists_every_check(void **state unused_arg)
{
	struct strbuf out auto_strbuf = STRBUF_INIT(STRBUF_TEXT_MAX);
	size_t count;

	checks_all(&count);
	report_checks(&out);
	assert_int_equal(count_of(strbuf_str(&out), "\n"), count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_reads_back),
		cmocka_unit_test(json_refuses_what_it_did_not_write),
		cmocka_unit_test(json_report_counts_errors),
		cmocka_unit_test(junit_is_well_formed),
		cmocka_unit_test(human_is_short_when_all_is_well),
		cmocka_unit_test(human_shows_failures_in_full_and_escapes),
		cmocka_unit_test(matrix_has_no_empty_cell),
		cmocka_unit_test(matrix_of_a_stopped_worker_is_unknown),
		cmocka_unit_test(catalogue_lists_every_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
