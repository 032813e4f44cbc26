/* Warnings: shown, counted, and no reason to fail. */
#include "cli_fixture.h"

#include "../../../src/cli/report.h"
#include "../../support/markup.h"
#include "base/mem.h"
#include "domain/finding.h"

static void make(struct verify_result *r)
{
	static const struct finding items[] = {
		{ .id = "doctor.a",
		  .title = "a holds",
		  .remedy = "mend a",
		  .verdict = VERDICT_PASS },
		{ .id = "doctor.of-a-long-name.b",
		  .title = "b holds",
		  .remedy = "mend b",
		  .verdict = VERDICT_WARN },
		{ .id = "doctor.c", .title = "c holds", .remedy = "r", .verdict = VERDICT_PASS },
		{ .id = "doctor.d", .title = "d holds", .remedy = "r", .verdict = VERDICT_PASS },
	};

	*r = (struct verify_result){ .tenant = mem_strdup("host"),
				     .at = mem_strdup("2026-01-01T00:00:00Z") };
	r->findings.items = mem_array(ARRAY_SIZE(items), sizeof(*r->findings.items));
	r->findings.count = ARRAY_SIZE(items);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		r->findings.items[i] = items[i];
		r->findings.items[i].expected = mem_strdup("good");
		r->findings.items[i].observed = mem_strdup("as <seen>");
	}
}

static void people_see_them(void **state unused_arg)
{
	struct verify_result result;
	struct report_row row = { .tenant = "host", .result = &result };
	struct report r = { .rows = &row, .count = 1, .command = "doctor" };
	struct report_style style = { 0 };
	struct strbuf out auto_strbuf = STRBUF_INIT(1 << 20);

	make(&result);
	assert_true(findings_pass(&result.findings));
	report_human(&r, &style, &out);
	assert_holds(strbuf_str(&out), "host: pass, 3 passed, 0 failed, 0 inconclusive, "
				       "0 not applicable, 1 warnings");
	assert_holds(strbuf_str(&out), "warn            doctor.of-a-long-name.b");
	assert_holds(strbuf_str(&out), "mend b");
	assert_null(strstr(strbuf_str(&out), "doctor.a "));
	verify_result_free(&result);
}

/* One reason is told once, unless everything was asked for. */
static void reasons_are_folded(void **state unused_arg)
{
	struct verify_result result;
	struct report_row row = { .tenant = "host", .result = &result };
	struct report r = { .rows = &row, .count = 1 };
	struct report_style style = { .fold = true };
	struct strbuf brief auto_strbuf = STRBUF_INIT(1 << 20);
	struct strbuf whole auto_strbuf = STRBUF_INIT(1 << 20);

	make(&result);
	result.findings.items[2].verdict = VERDICT_INCONCLUSIVE;
	result.findings.items[3].verdict = VERDICT_INCONCLUSIVE;
	report_human(&r, &style, &brief);
	assert_holds(strbuf_str(&brief), "doctor.c");
	assert_null(strstr(strbuf_str(&brief), "doctor.d"));
	assert_holds(strbuf_str(&brief), "1 more checks are inconclusive");
	style.verbose = true;
	report_human(&r, &style, &whole);
	assert_holds(strbuf_str(&whole), "doctor.d");
	verify_result_free(&result);
}

static void build_servers_see_them(void **state unused_arg)
{
	struct verify_result result;
	struct report_row row = { .tenant = "host", .result = &result };
	struct report r = { .rows = &row, .count = 1, .command = "doctor" };
	struct strbuf out auto_strbuf = STRBUF_INIT(1 << 20);

	make(&result);
	report_junit(&r, &out);
	assert_holds(strbuf_str(&out), "name=\"tenantctl doctor\"");
	assert_holds(strbuf_str(&out), "<system-out>expected: good\nobserved: as &lt;seen&gt;");
	assert_holds(strbuf_str(&out), "failures=\"0\" errors=\"0\" skipped=\"0\"");
	verify_result_free(&result);
}

/* Another command's checks are in no catalogue of tenants, and have no table between them. */
static void other_formats_take_them(void **state unused_arg)
{
	struct verify_result result;
	struct report_row row = { .tenant = "host", .result = &result };
	struct report r = { .rows = &row, .count = 1, .version = "1", .command = "doctor" };
	struct strbuf out auto_strbuf = STRBUF_INIT(1 << 20);
	char problem[160];

	make(&result);
	report_tap(&r, &out);
	assert_holds(strbuf_str(&out), "ok 2 - host doctor.of-a-long-name.b: b holds\n  ---\n"
				       "  verdict: \"warn\"\n");
	assert_null(strstr(strbuf_str(&out), "not ok"));
	strbuf_reset(&out);
	report_sarif(&r, &out);
	assert_holds(strbuf_str(&out), "\"id\": \"tenantctl/doctor/\"");
	assert_holds(strbuf_str(&out), "\"ruleId\": \"doctor.of-a-long-name.b\",\n"
				       "          \"ruleIndex\": 1,\n"
				       "          \"kind\": \"fail\",\n"
				       "          \"level\": \"note\"");
	strbuf_reset(&out);
	report_html(&r, &out);
	if (!markup_check(strbuf_str(&out), MARKUP_HTML, problem, sizeof(problem)))
		fail_msg("%s", problem);
	assert_holds(strbuf_str(&out), "<h1>doctor: nothing failed</h1>");
	assert_holds(strbuf_str(&out), "Not quite: <span>b holds</span>");
	assert_null(strstr(strbuf_str(&out), "Who reaches whom"));
	verify_result_free(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_see_them),
		cmocka_unit_test(reasons_are_folded),
		cmocka_unit_test(build_servers_see_them),
		cmocka_unit_test(other_formats_take_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
