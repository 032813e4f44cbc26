/*
 * Every format of a report against a file that was read by hand, and against the rules
 * of the format where a reader of its own is small enough. Three tenants: one failed,
 * one passed, one could not be verified.
 */
#include "cli_fixture.h"

#include "../../support/report_fixture.h"
#include "domain/checks.h"

#define GOLDEN_DIR "tests/unit/cli/golden/"
#define GOLDEN_MAX ((size_t)1 << 20)

static void make_sample(struct report_fixture *x)
{
	static const char *const kept[] = { "proc.no_new_privs", "proc.lsm",	   "limit.swap",
					    "net.sibling.tcp",	 "config.network", NULL };

	report_fixture_make(x, 3);
	report_fixture_keep(x, kept);
	report_fixture_set(x, 0, "net.sibling.tcp", VERDICT_FAIL, "beta worker answered");
	report_fixture_set(x, 0, "proc.no_new_privs", VERDICT_FAIL, HOSTILE);
	report_fixture_set(x, 0, "limit.swap", VERDICT_INCONCLUSIVE, "swap is not accounted");
	report_fixture_pair(x, 0, 1, CELL_TCP, CELL_REACHED);
	report_fixture_pair(x, 1, 0, CELL_UDP, CELL_UNKNOWN);
	report_fixture_lose(x, 2, "engine: <gone> " HOSTILE);
}

/* What the style sheet and its digest are is of no interest here. */
static void drop_between(char *text, const char *from, const char *to)
{
	char *start = strstr(text, from), *end = start ? strstr(start, to) : NULL;

	if (end)
		memmove(start + strlen(from), end, strlen(end) + 1);
}

static void compare_golden(const char *name, const struct strbuf *got)
{
	auto_free char *path = mem_printf(GOLDEN_DIR "%s", name);
	auto_free char *text = mem_strdup(strbuf_str(got));
	auto_free char *want = NULL;
	struct err e = ERR_INIT;
	size_t len;

	drop_between(text, "<style>", "</style>");
	drop_between(text, "'sha256-", "'; base");
	if (fsio_read(path, FSIO_ANY, GOLDEN_MAX, &want, &len, &e))
		fail_msg("%s; run from the top folder", e.message);
	if (strcmp(text, want) != 0) {
		auto_free char *seen = mem_printf("%s.new", path);

		if (fsio_write(seen, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &e))
			fail_msg("%s", e.message);
		fail_msg("%s differs: what came out is in %s", path, seen);
	}
}

static void put_human(const struct report *r, struct strbuf *out)
{
	report_human(r, &(struct report_style){ .color = true }, out);
}

static void put_verbose(const struct report *r, struct strbuf *out)
{
	report_human(r, &(struct report_style){ .verbose = true }, out);
}

static void put_explained(const struct report *r unused_arg, struct strbuf *out)
{
	assert_int_equal(report_explain("ns.p", out), 1);
	strbuf_putc(out, '\n');
	assert_int_equal(report_explain("config.network", out), 1);
	assert_int_equal(report_explain("no.such", out), 0);
}

static void put_explained_json(const struct report *r unused_arg, struct strbuf *out)
{
	assert_int_equal(report_checks_json("limit.s", out), 2);
}

static void formats_are_as_read_by_hand(void **state unused_arg)
{
	static const struct {
		const char *name;
		void (*put)(const struct report *, struct strbuf *);
	} formats[] = {
		{ "report.txt", put_human },
		{ "report-verbose.txt", put_verbose },
		{ "report.json", report_json },
		{ "report.xml", report_junit },
		{ "report.tap", report_tap },
		{ "report.sarif", report_sarif },
		{ "report.html", report_html },
		{ "explain.txt", put_explained },
		{ "explain.json", put_explained_json },
	};
	struct report_fixture x;

	make_sample(&x);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);

		formats[i].put(&x.report, &out);
		assert_false(out.overflow);
		compare_golden(formats[i].name, &out);
	}
	report_fixture_free(&x);
}

/* ---- TAP ---- */

/* A line is a test, a part of the YAML block below one, or nothing that TAP knows. */
static void tap_is_one_test_for_each_check(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	struct report_fixture x;
	size_t number = 0, bad = 0, planned = 0;
	bool inside = false;

	report_fixture_make(&x, 2);
	report_fixture_set(&x, 1, "proc.lsm", VERDICT_NOT_APPLICABLE, HOSTILE);
	report_fixture_set(&x, 0, "cap.ambient", VERDICT_FAIL, HOSTILE);
	report_tap(&x.report, &out);
	assert_int_equal(sscanf(strbuf_str(&out), "TAP version 13\n1..%zu\n", &planned), 1);
	for (const char *p = strchr(strbuf_str(&out), '.'); (p = strchr(p, '\n')) && *++p;) {
		size_t n = 0;

		if (inside) {
			assert_int_equal(strncmp(p, "  ", 2), 0);
			inside = strncmp(p, "  ...\n", 6) != 0;
		} else if (strncmp(p, "  ---\n", 6) == 0) {
			inside = true;
		} else {
			bool not_ok = strncmp(p, "not ", 4) == 0;

			assert_int_equal(sscanf(p + (not_ok ? 4 : 0), "ok %zu - ", &n), 1);
			assert_int_equal(n, ++number);
			bad += not_ok;
		}
	}
	assert_false(inside);
	assert_int_equal(number, planned);
	assert_int_equal(planned, 2 * x.results[0].findings.count);
	assert_int_equal(bad, 1);
	assert_holds(strbuf_str(&out), " # SKIP ]]>");
	assert_holds(strbuf_str(&out), "\\# skip:");
	report_fixture_free(&x);
}

static void nothing_is_no_pass(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	const struct report none = { .version = "1" };

	assert_false(report_passes(&none));
	report_tap(&none, &out);
	assert_string_equal(strbuf_str(&out), "TAP version 13\n1..0 # SKIP nothing was verified\n");
	strbuf_reset(&out);
	report_html(&none, &out);
	assert_holds(strbuf_str(&out), "<h1>Nothing was verified</h1>");
	assert_holds(strbuf_str(&out), "<header class=\"inconclusive\">");
	strbuf_reset(&out);
	report_sarif(&none, &out);
	assert_holds(strbuf_str(&out), "\"executionSuccessful\": false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_as_read_by_hand),
		cmocka_unit_test(tap_is_one_test_for_each_check),
		cmocka_unit_test(nothing_is_no_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
