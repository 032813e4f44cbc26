/*
 * The HTML report: well-formed, harmless whatever a tenant writes, with every check of
 * every tenant in it and a square for every pair.
 */
#include "cli_fixture.h"

#include <ctype.h>
#include <openssl/evp.h>

#include "../../support/markup.h"
#include "../../support/report_fixture.h"

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

/* The caller frees it. */
static char *page_of(const struct report *r)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	char problem[160];

	report_html(r, &out);
	assert_false(out.overflow);
	if (markup_check(strbuf_str(&out), MARKUP_HTML, problem, sizeof(problem)) == 0)
		fail_msg("%s", problem);
	return strbuf_take(&out);
}

static void spoil_all(struct report_fixture *x, const char *text)
{
	for (size_t i = 0; i < x->report.count; i++)
		for (size_t k = 0; k < x->results[i].findings.count; k++) {
			struct finding *f = &x->results[i].findings.items[k];

			f->verdict = (enum finding_verdict)(k % VERDICTS);
			mem_replace(&f->expected, text);
			mem_replace(&f->observed, text);
			mem_replace(&f->evidence, text);
		}
}

static void hostile_text_stays_text(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 3);
	spoil_all(&x, HOSTILE);
	report_fixture_lose(&x, 2, HOSTILE);
	auto_free char *page = page_of(&x.report);
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<!--"));
	assert_int_equal(count_of(page, "</style>"), 1);
	for (const char *p = page; *p; p++)
		assert_true(*p == '\n' || *p == '\t' || !iscntrl((unsigned char)*p));
	report_fixture_free(&x);
}

static void every_size_is_complete(void **state unused_arg)
{
	static const size_t sizes[] = { 1, 2, 17, 50, 64 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t n = sizes[i];
		struct report_fixture x;

		report_fixture_make(&x, n);
		auto_free char *page = page_of(&x.report);
		assert_int_equal(count_of(page, "class=\"tenant\""), n);
		assert_int_equal(count_of(page, "<th scope=\"row\"><code>"),
				 n * x.results[0].findings.count);
		/* and one in the legend for each state */
		assert_int_equal(count_of(page, "<use href="), n == 1 ? 0 : n * n + PAIR_STATES);
		/* one tenant's report shows everything at once */
		assert_int_equal(count_of(page, "<details open"), n == 1);
		assert_holds(page, "<header class=\"pass\">");
		report_fixture_free(&x);
	}
}

/* Beyond 64 tenants equal neighbours are one shape, but what is bad has its own. */
static void many_tenants_are_drawn_in_runs(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 80);
	report_fixture_pair(&x, 3, 70, CELL_TCP, CELL_REACHED);
	auto_free char *page = page_of(&x.report);
	assert_int_equal(count_of(page, "<use href=\"#pr\" x="), 1);
	assert_true(count_of(page, "<g class=\"blocked\"><rect") >= 80);
	assert_true(count_of(page, "<use href=") < 80 * 3);
	report_fixture_free(&x);
}

static void the_headline_says_the_worst(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 3);
	auto_free char *good = page_of(&x.report);
	assert_holds(good, "<title>The boundary of all 3 tenants holds</title>");
	report_fixture_set(&x, 1, "limit.swap", VERDICT_INCONCLUSIVE, "not known");
	report_fixture_lose(&x, 2, "gone");
	auto_free char *unsure = page_of(&x.report);
	assert_holds(unsure, "<h1>The boundary of 2 of 3 tenants is not proved</h1>");
	report_fixture_set(&x, 0, "limit.swap", VERDICT_FAIL, "no limit");
	auto_free char *bad = page_of(&x.report);
	assert_holds(bad, "<h1>The boundary of 1 of 3 tenants does not hold</h1>");
	/* what failed comes first, whatever its name */
	assert_true(strstr(bad, "id=\"t1\"") < strstr(bad, "id=\"t2\""));
	x.report.count = 1;
	x.results[0].partial = true;
	auto_free char *only = page_of(&x.report);
	assert_holds(only, "<h1>The boundary of acme does not hold</h1>");
	assert_holds(only, "Only a selection of the checks ran");
	report_fixture_set(&x, 0, "limit.swap", VERDICT_PASS, "1536m");
	auto_free char *selected = page_of(&x.report);
	assert_holds(selected, "<h1>What was checked holds</h1>");
	x.report.count = 3;
	report_fixture_free(&x);
}

static void pairs_say_what_was_expected(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 2);
	report_fixture_pair(&x, 0, 1, CELL_TCP, CELL_REACHED);
	report_fixture_pair(&x, 1, 1, CELL_DNS, CELL_BLOCKED);
	auto_free char *page = page_of(&x.report);
	assert_holds(page, "<title>acme to beta: tcp reached, expected blocked (3 tried); "
			   "udp blocked (2 tried); dns blocked (2 tried)</title>");
	assert_holds(page, "<title>beta to its own gateway: tcp reached (3 tried); udp reached "
			   "(2 tried); dns blocked, expected reached (2 tried)</title>");
	assert_holds(page,
		     "<td>acme</td><td>beta</td><td>tcp</td><td>blocked</td><td>reached</td>");
	report_fixture_free(&x);
}

/* Who is handed the report of one tenant learns nothing of the others. */
static void others_are_named_for_a_reason_only(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 4);
	x.report.rows = x.rows + 1;
	x.report.count = 1;
	auto_free char *good = page_of(&x.report);
	assert_null(strstr(good, ">acme"));
	assert_null(strstr(good, "corvus"));
	assert_holds(good, "<title>beta to other 1: tcp blocked");
	assert_holds(good, ">other 3</text>");
	report_fixture_pair(&x, 1, 2, CELL_TCP, CELL_REACHED);
	auto_free char *bad = page_of(&x.report);
	assert_holds(bad, "<title>beta to corvus: tcp reached, expected blocked");
	assert_null(strstr(bad, ">acme"));
	x.report = (struct report){ .rows = x.rows, .count = 4 };
	report_fixture_free(&x);
}

/* The policy lets through the page's own style sheet and nothing else. */
static void the_policy_knows_the_style(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 1);
	auto_free char *page = page_of(&x.report);
	const char *style = strstr(page, "<style>") + strlen("<style>");
	const char *end = strstr(style, "</style>");
	const char *hash = strstr(page, "style-src 'sha256-") + strlen("style-src 'sha256-");
	auto_free char *text = mem_strndup(style, (size_t)(end - style));
	auto_free char *base64 = mem_strndup(hash, strcspn(hash, "'"));
	unsigned char digest[32], want[64];

	assert_int_equal(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL), 1);
	EVP_EncodeBlock(want, digest, sizeof(digest));
	assert_string_equal(base64, (const char *)want);
	assert_null(strstr(text, "url("));
	assert_null(strstr(text, "@import"));
	assert_holds(page, "content=\"default-src 'none'; style-src 'sha256-");
	report_fixture_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_stays_text),
		cmocka_unit_test(every_size_is_complete),
		cmocka_unit_test(many_tenants_are_drawn_in_runs),
		cmocka_unit_test(the_headline_says_the_worst),
		cmocka_unit_test(pairs_say_what_was_expected),
		cmocka_unit_test(others_are_named_for_a_reason_only),
		cmocka_unit_test(the_policy_knows_the_style),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
