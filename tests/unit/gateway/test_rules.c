/*
 * Rules of a generation: what a line may be, and which connections outlive a change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/gateway/rules.c"

#include "base/compiler.h"

#define D1 "0123456789abcdef"
#define D2 "fedcba9876543210"

static struct rules parse(const char *text)
{
	const char *why;
	struct rules r;
	size_t line;

	if (!rules_parse(text, strlen(text), &r, &why, &line))
		fail_msg("line %zu: %s in: %s", line, why, text);
	return r;
}

static void test_valid(unused_arg void **state)
{
	struct rules r = parse("tls 443 *.slack.com - 0 outside/r0\n"
			       "tls 443 inside.example.com private 1798675200 outside/r1\n"
			       "tcp 5432 10.99.0.1 private 0 outside/r2\n"
			       "route 80 ghl " D1 " 0 route_ghl/upstream\n");
	char id[RULE_ID_SIZE];

	assert_int_equal(r.count, 4);
	rule_id(&r.rule[0], id);
	assert_string_equal(id, "tls:443:*.slack.com");
	rule_id(&r.rule[2], id);
	assert_string_equal(id, "tcp:5432:10.99.0.1");
	rule_id(&r.rule[3], id);
	assert_string_equal(id, "route:ghl");
	assert_ptr_equal(rules_by_server(&r, "outside", "r1"), &r.rule[1]);
	assert_ptr_equal(rules_by_server(&r, "route_ghl", "upstream"), &r.rule[3]);
	assert_null(rules_by_server(&r, "outside", "upstream"));
	assert_int_equal(rules_next_end(&r, 1798675199), 1798675200);
	assert_int_equal(rules_next_end(&r, 1798675200), 0);
	assert_false(rule_is_past(&r.rule[1], 1798675199));
	assert_true(rule_is_past(&r.rule[1], 1798675200));
	assert_false(rule_is_past(&r.rule[0], 1798675200));
	rules_note_past(&r, 1798675200);
	assert_true(r.rule[1].past);
	assert_false(r.rule[0].past);
	rules_free(&r);
	r = parse("");
	assert_int_equal(r.count, 0);
	rules_free(&r);
}

static void test_refused(unused_arg void **state)
{
	static const struct {
		const char *text, *why;
		size_t line;
	} cases[] = {
		{ "tls 443 a.com - 0 outside/r0", "newline", 0 },
		{ "\n", "six fields", 1 },
		{ "tls 443 a.com - 0\n", "six fields", 1 },
		{ "tls 443 a.com - 0 outside/r0 x\n", "six fields", 1 },
		{ "tls  443 a.com - 0 outside/r0\n", "six fields", 1 },
		{ "tls 443 a.com - 0 o/r0\nudp 53 a.com - 0 o/r1\n", "kind", 2 },
		{ "tls 0 a.com - 0 outside/r0\n", "port", 1 },
		{ "tls 65536 a.com - 0 outside/r0\n", "port", 1 },
		{ "tls 0443 a.com - 0 outside/r0\n", "port", 1 },
		{ "tls -1 a.com - 0 outside/r0\n", "port", 1 },
		{ "tls 443 a/../b - 0 outside/r0\n", "host", 1 },
		{ "tls 443 *. - 0 outside/r0\n", "host", 1 },
		{ "tls 443 a*.com - 0 outside/r0\n", "host", 1 },
		{ "tls 443 a.com public 0 outside/r0\n", "flags", 1 },
		{ "route 80 ghl - 0 route_ghl/upstream\n", "flags", 1 },
		{ "tls 443 a.com - 99999999999999999999 outside/r0\n", "expiry", 1 },
		{ "tls 443 a.com - soon outside/r0\n", "expiry", 1 },
		{ "tls 443 a.com - 0 r0\n", "server", 1 },
		{ "tls 443 a.com - 0 outside/r0;x\n", "server", 1 },
		{ "tls 443 a.com - 0 out\tside/r0\n", "server", 1 },
		{ "tls 443 a.com - 0 /r0\n", "server", 1 },
		{ "tls 443 a.com - 0 a/b/c\n", "server", 1 },
	};
	struct rules r;
	const char *why;
	size_t line;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text;

		if (rules_parse(text, strlen(text), &r, &why, &line) ||
		    !strstr(why, cases[i].why) || line != cases[i].line)
			fail_msg("%s", text);
		assert_null(r.rule);
	}
	assert_false(rules_parse("tls 443 a.com - 0 o/r\0\n", 23, &r, &why, &line));
}

static void test_too_many(unused_arg void **state)
{
	static const char rule[] = "tls 443 a.com - 0 o/r\n";
	size_t len = sizeof(rule) - 1;
	char *text = malloc(len * (RULES_MAX + 1));
	struct rules r;
	const char *why;
	size_t line;

	assert_non_null(text);
	for (size_t i = 0; i <= RULES_MAX; i++)
		memcpy(text + i * len, rule, len);
	assert_false(rules_parse(text, len * (RULES_MAX + 1), &r, &why, &line));
	assert_true(rules_parse(text, len * RULES_MAX, &r, &why, &line));
	rules_free(&r);
	free(text);
}

/* Whether the first rule of `from` outlives the change to `to`, at second 1000. */
static void test_coverage(unused_arg void **state)
{
	static const struct {
		const char *from, *to;
		bool lives;
	} cases[] = {
		{ "tls 443 a.x.com - 0 o/r\n", "tls 443 a.x.com - 0 o/r7\n", true },
		{ "tls 443 a.x.com - 0 o/r\n", "", false },
		{ "tls 443 a.x.com - 0 o/r\n", "tls 8443 a.x.com - 0 o/r\n", false },
		{ "tls 443 a.x.com - 0 o/r\n", "tcp 443 a.x.com - 0 o/r\n", false },
		{ "tls 443 a.x.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", true },
		{ "tls 443 a.b.x.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", true },
		{ "tls 443 x.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", false },
		{ "tls 443 ax.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", false },
		{ "tls 443 *.x.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", true },
		{ "tls 443 *.b.x.com - 0 o/r\n", "tls 443 *.x.com - 0 o/r\n", true },
		{ "tls 443 *.x.com - 0 o/r\n", "tls 443 *.b.x.com - 0 o/r\n", false },
		{ "tls 443 *.x.com - 0 o/r\n", "tls 443 a.x.com - 0 o/r\n", false },
		/* The address matters: what was private needs a private rule. */
		{ "tls 443 a.com private 0 o/r\n", "tls 443 a.com - 0 o/r\n", false },
		{ "tls 443 a.com - 0 o/r\n", "tls 443 a.com private 0 o/r\n", true },
		{ "tls 443 a.com private 0 o/r\n", "tls 443 a.com private 0 o/r\n", true },
		{ "tls 443 *.x.com private 0 o/r\n",
		  "tls 443 *.x.com private 0 o/r\ntls 443 a.x.com - 0 o/r\n", false },
		{ "tls 443 *.x.com private 0 o/r\ntls 443 a.x.com - 0 o/r\n",
		  "tls 443 *.x.com private 0 o/r\ntls 443 a.x.com - 0 o/r\n", true },
		/* Time */
		{ "tls 443 a.com - 0 o/r\n", "tls 443 a.com - 1000 o/r\n", false },
		{ "tls 443 a.com - 0 o/r\n", "tls 443 a.com - 1001 o/r\n", true },
		{ "tls 443 a.com - 900 o/r\n", "tls 443 a.com - 1001 o/r\n", true },
		{ "tls 443 a.x.com - 0 o/r\n", "tls 443 a.x.com - 9 o/r\ntls 443 *.x.com - 0 o/r\n",
		  true },
		/* Routes live only as they were. */
		{ "route 80 g " D1 " 0 r/u\n", "route 80 g " D1 " 0 r/u\n", true },
		{ "route 80 g " D1 " 0 r/u\n", "route 80 g " D2 " 0 r/u\n", false },
		{ "route 80 g " D1 " 0 r/u\n", "route 80 h " D1 " 0 r/u\n", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rules from = parse(cases[i].from), to = parse(cases[i].to);

		if (rules_cover(&to, &from, &from.rule[0], 1000) != cases[i].lives)
			fail_msg("case %zu: %s-> %s", i, cases[i].from, cases[i].to);
		rules_free(&from);
		rules_free(&to);
	}
}

static void test_keys(unused_arg void **state)
{
	static const char text[] = "ghl.0 Bearer a.b c\nghl.1 x\nghl.x.0 kept\nopenai.0 y\n"
				   "no-index z\ngh.0 kept";
	struct rules r = parse("tls 443 gh - 0 o/r\nroute 80 ghl " D1 " 0 route_ghl/upstream\n"
			       "route 80 openai " D1 " 0 route_openai/upstream\n");
	struct rules none = parse("tls 443 a.com - 0 o/r\n");
	char keys[sizeof(text)];
	size_t len;

	assert_true(rules_have_route(&r));
	assert_false(rules_have_route(&none));
	memcpy(keys, text, sizeof(text));
	assert_int_equal(rules_keep_keys(&r, keys, sizeof(text) - 1), sizeof(text) - 1);
	assert_string_equal(keys, text);
	r.rule[0].cut = r.rule[1].cut = true;
	len = rules_keep_keys(&r, keys, sizeof(text) - 1);
	assert_string_equal(keys, "ghl.x.0 kept\nopenai.0 y\nno-index z\ngh.0 kept");
	for (size_t i = len; i < sizeof(text); i++)
		assert_int_equal(keys[i], 0);
	assert_int_equal(rules_keep_keys(&r, keys, 0), 0);
	rules_free(&r);
	rules_free(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many), cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
