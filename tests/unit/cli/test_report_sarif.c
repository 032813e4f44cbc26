/*
 * The SARIF report against what the standard says (numbers are its sections): members
 * that must be there, words that are allowed, and numbers that point to something.
 */
#include "cli_fixture.h"

#include "../../support/report_fixture.h"

static struct doc *read_report(const struct report *r)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_strbuf struct strbuf out = STRBUF_INIT(REPORT_BYTES_MAX);
	struct doc *d = NULL;
	struct err e = ERR_INIT;

	report_sarif(r, &out);
	if (doc_parse_json(strbuf_str(&out), out.len, "report", &limits, &d, &e))
		fail_msg("%s", e.message);
	return d;
}

static const char *str_at(const struct node *n, const char *key)
{
	const char *s = node_str(node_get(n, key), NULL);

	if (!s)
		fail_msg("%s is missing or no string", key);
	return s ? s : "";
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* 3.11: a message has a text; 3.11.5 and 3.11.6: no bare brace or bracket in it. */
static void check_message(const struct node *message)
{
	const char *text = str_at(message, "text");

	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			assert_non_null(strchr("[]\\", *++p));
		else if (*p == '{' || *p == '}') {
			assert_int_equal(p[1], p[0]);
			p++;
		} else if (*p == '[' || *p == ']')
			fail_msg("a bracket in '%s'", text);
	}
}

static void check_rules(const struct node *rules)
{
	static const char *const levels[] = { "error", "warning", "note", NULL };

	for (const struct node *n = node_first(rules); n; n = node_next(n)) {
		const struct node *config = node_get(n, "defaultConfiguration");

		str_at(n, "id");
		check_message(node_get(n, "shortDescription"));
		check_message(node_get(n, "fullDescription"));
		check_message(node_get(n, "help"));
		assert_true(is_one_of(str_at(config, "level"), levels));
		assert_true(strtod(str_at(node_get(n, "properties"), "security-severity"), NULL) >
			    0);
		for (const struct node *m = node_first(rules); m != n; m = node_next(m))
			assert_string_not_equal(str_at(m, "id"), str_at(n, "id"));
	}
}

static void check_result(const struct node *n, const struct node *rules, const struct node *tenants)
{
	static const char *const kinds[] = { "pass", "fail", "notApplicable", NULL };
	static const char *const levels[] = { "error", "warning", "note", NULL };
	const struct node *rule = node_at(rules, (size_t)node_int(node_get(n, "ruleIndex"), -1));
	const struct node *place =
		node_at(node_get(node_at(node_get(n, "locations"), 0), "logicalLocations"), 0);
	const struct node *tenant =
		node_at(tenants, (size_t)node_int(node_get(place, "parentIndex"), -1));
	auto_free char *whole = NULL;
	bool fails = !strcmp(str_at(n, "kind"), "fail");

	assert_true(is_one_of(str_at(n, "kind"), kinds));
	/* 3.27.10: whatever is no failure has the level "none" */
	if (fails)
		assert_true(is_one_of(str_at(n, "level"), levels));
	else
		assert_string_equal(str_at(n, "level"), "none");
	assert_string_equal(str_at(rule, "id"), str_at(n, "ruleId"));
	check_message(node_get(n, "message"));
	whole = mem_printf("%s/%s", str_at(tenant, "fullyQualifiedName"), str_at(n, "ruleId"));
	assert_string_equal(str_at(place, "fullyQualifiedName"), whole);
	assert_int_equal(strlen(str_at(node_get(n, "fingerprints"), "tenantAndCheck/v1")), 64);
}

static void a_report_follows_the_standard(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 3);
	for (size_t k = 0; k < x.results[0].findings.count; k++) {
		struct finding *f = &x.results[0].findings.items[k];

		f->verdict = (enum finding_verdict)(k % VERDICTS);
		mem_replace(&f->observed, HOSTILE);
	}
	report_fixture_lose(&x, 2, HOSTILE);
	auto_doc struct doc *d = read_report(&x.report);
	const struct node *rules = doc_find(d, "runs[0].tool.driver.rules");
	const struct node *results = doc_find(d, "runs[0].results");
	const struct node *tenants = doc_find(d, "runs[0].logicalLocations");
	const struct node *note =
		doc_find(d, "runs[0].invocations[0].toolExecutionNotifications[0]");
	const struct node *done = doc_find(d, "runs[0].invocations[0].executionSuccessful");

	assert_string_equal(str_at(doc_root(d), "version"), "2.1.0");
	assert_string_equal(str_at(doc_find(d, "runs[0].tool.driver"), "name"), "tenantctl");
	assert_int_equal(node_count(rules), x.results[0].findings.count);
	check_rules(rules);
	assert_int_equal(node_count(results), 2 * x.results[0].findings.count);
	for (const struct node *n = node_first(results); n; n = node_next(n))
		check_result(n, rules, tenants);
	assert_int_equal(node_count(tenants), 3);
	assert_true(node_is_bool(done));
	assert_false(node_bool(done, true));
	assert_string_equal(str_at(note, "level"), "error");
	check_message(node_get(note, "message"));
	report_fixture_free(&x);
}

static const struct node *result_of(const struct doc *d, const char *id)
{
	const struct node *results = doc_find(d, "runs[0].results");

	for (const struct node *n = node_first(results); n; n = node_next(n))
		if (!strcmp(str_at(n, "ruleId"), id))
			return n;
	fail_msg("no result %s", id);
	return NULL;
}

/* Who counts levels must never take for proved what was not seen. */
static void only_what_passed_is_harmless(void **state unused_arg)
{
	static const struct {
		const char *id;
		enum finding_verdict verdict;
		const char *kind, *level;
	} cases[] = {
		{ "cap.effective", VERDICT_FAIL, "fail", "error" }, /* critical */
		{ "limit.swap", VERDICT_FAIL, "fail", "error" },    /* high */
		{ "limit.core", VERDICT_FAIL, "fail", "warning" },  /* medium */
		{ "cap.ambient", VERDICT_INCONCLUSIVE, "fail", "warning" },
		{ "limit.shm", VERDICT_INCONCLUSIVE, "fail", "warning" },
		{ "proc.lsm", VERDICT_NOT_APPLICABLE, "notApplicable", "none" },
		{ "net.ipv6", VERDICT_PASS, "pass", "none" },
		{ "host.limits", VERDICT_WARN, "fail", "note" },
	};
	struct report_fixture x;

	report_fixture_make(&x, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		report_fixture_set(&x, 0, cases[i].id, cases[i].verdict, "seen");
	auto_doc struct doc *d = read_report(&x.report);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct node *n = result_of(d, cases[i].id);

		assert_string_equal(str_at(n, "kind"), cases[i].kind);
		assert_string_equal(str_at(n, "level"), cases[i].level);
		assert_string_equal(str_at(node_get(n, "properties"), "verdict"),
				    verdict_name(cases[i].verdict));
	}
	report_fixture_free(&x);
}

/* The same problem of another run, and only that. */
static void fingerprints_last(void **state unused_arg)
{
	struct report_fixture x;

	report_fixture_make(&x, 2);
	auto_doc struct doc *a = read_report(&x.report);
	report_fixture_set(&x, 0, "cap.ambient", VERDICT_FAIL, "other words");
	mem_replace(&x.results[0].at, "2027-01-01T00:00:00Z");
	auto_doc struct doc *b = read_report(&x.report);
	size_t n = node_count(doc_find(a, "runs[0].results"));

	for (size_t i = 0; i < n; i++) {
		const struct node *mine = node_at(doc_find(a, "runs[0].results"), i);
		const struct node *other = node_at(doc_find(b, "runs[0].results"), i);
		const struct node *next = node_at(doc_find(a, "runs[0].results"), (i + 1) % n);
		const char *print = str_at(node_get(mine, "fingerprints"), "tenantAndCheck/v1");

		assert_string_equal(print,
				    str_at(node_get(other, "fingerprints"), "tenantAndCheck/v1"));
		assert_string_not_equal(
			print, str_at(node_get(next, "fingerprints"), "tenantAndCheck/v1"));
	}
	report_fixture_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_follows_the_standard),
		cmocka_unit_test(only_what_passed_is_harmless),
		cmocka_unit_test(fingerprints_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
