/* Patterns, paths and decisions of credential routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/egress.h"
#include "domain/egress_route.h"
#include "gateway_config.h"

/* ---- patterns ------------------------------------------------------------------------------ */

static const struct {
	const char *pattern, *method, *path;
	bool matches;
} matches[] = {
	{ "GET /contacts", "GET", "/contacts", true },
	{ "GET /contacts", "GET", "/contacts/", false },
	{ "GET /contacts", "GET", "/contact", false },
	{ "GET /contacts", "POST", "/contacts", false },
	{ "GET /contacts", "HEAD", "/contacts", false },
	{ "GET /contacts/*", "GET", "/contacts/", true },
	{ "GET /contacts/*", "GET", "/contacts/1/notes/2", true },
	{ "GET /contacts/*", "GET", "/contacts", false },
	{ "GET /contacts/*", "GET", "/Contacts/1", false },
	{ "GET /contacts/*", "GET", "/x/contacts/1", false },
	{ "* /v1/*", "DELETE", "/v1/x", true },
	{ "* /*", "PATCH", "/", true },
	{ "GET /a/*/b", "GET", "/a/1/b", true },
	{ "GET /a/*/b", "GET", "/a//b", false },
	{ "GET /a/*/b", "GET", "/a/1/2/b", false },
	{ "GET /a/*/b", "GET", "/a/1/b/", false },
	{ "GET /a/*/b", "GET", "/a/1/bb", false },
	{ "GET /a/*/b/*", "GET", "/a/1/b/", true },
	{ "GET /a/*/b/*", "GET", "/a/1/b/2/3", true },
	{ "GET /a/*/b/*", "GET", "/a/1/b", false },
	{ "GET /a/x*x/b", "GET", "/a/xx/b", false },
	{ "GET /a/x*x/b", "GET", "/a/xyx/b", true },
	{ "GET /a/x*x/b", "GET", "/a/xxxx/b", true },
	{ "GET /a/*-b/c", "GET", "/a/1-b-b/c", true },
	{ "GET /a/*-b/c", "GET", "/a/-b/c", false },
	{ "GET /a*/b*/*c/*", "GET", "/ax/bx/xc/", true },
	{ "GET /a/x*", "GET", "/a/x/y", true },
	{ "GET /a/*.json", "GET", "/a/b.json", true },
	{ "GET /a/*.json", "GET", "/a/b/json", false },
	{ "POST /v1/models/*:generate", "POST", "/v1/models/m-1:generate", true },
	{ "POST /a$b+c.d", "POST", "/a$b+c.d", true },
	{ "POST /a$b+c.d/*/x", "POST", "/a$b+cxd/1/x", false },
	{ "M-SEARCH /x", "M-SEARCH", "/x", true },
};

static bool regex_matches(const char *regex, int flags, const char *text)
{
	regex_t re;
	bool found;

	assert_int_equal(regcomp(&re, regex, REG_EXTENDED | REG_NOSUB | flags), 0);
	found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

static bool pattern_regex_matches(const struct route_pattern *p, const char *path)
{
	struct strbuf regex auto_strbuf = STRBUF_INIT(4096);

	route_pattern_regex(p, &regex);
	return regex_matches(strbuf_str(&regex), 0, path);
}

static void patterns_match(unused_arg void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		struct route_pattern p;
		const char *problem = route_pattern_parse(matches[i].pattern, &p);

		if (problem)
			fail_msg("%s: %s", matches[i].pattern, problem);
		if (route_pattern_matches(&p, matches[i].method, matches[i].path) !=
		    matches[i].matches)
			fail_msg("%s and %s %s", matches[i].pattern, matches[i].method,
				 matches[i].path);
		if (p.match == ROUTE_PARTS && strcmp(p.method, matches[i].method) == 0)
			assert_int_equal(pattern_regex_matches(&p, matches[i].path),
					 matches[i].matches);
	}
}

static void patterns_are_refused(unused_arg void **state)
{
	static const char *const texts[] = { "",
					     "GET",
					     "/x",
					     "GET  /x",
					     "GET x",
					     "get /x",
					     "G.T /x",
					     "TRACE /x",
					     "CONNECT /x",
					     "** /x",
					     "GET /x y",
					     "GET /x?y=1",
					     "GET /x#y",
					     "GET /x;y",
					     "GET /x\\y",
					     "GET //x",
					     "GET /x//y",
					     "GET /../x",
					     "GET /%2e/x",
					     "GET /x/%2F/y",
					     "GET /x%",
					     "GET /x%zz",
					     "GET /x'y",
					     "GET /x\"y",
					     "GET /x(y)",
					     "GET /x/**",
					     "GET /**/x",
					     "GET /a/*-*/b",
					     "GET /*.*.*/x",
					     "GET /a/x*y*",
					     "GET /a/*x*/*",
					     "GET /x\ny",
					     "GET /x\x80",
					     "GET /x%00",
					     "GET /x%252e",
					     "GET /x/..",
					     "GET /x\ty",
					     "GET /{x}",
					     "GET /x|y",
					     " GET /x",
					     "GET /x ",
					     "POST,GET /x",
					     "GET /[a-z]x",
					     "GET /^x",
					     "ABCDEFGHIJKLMNOPQRSTUVWXY /x" };
	struct route_pattern p;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!route_pattern_parse(texts[i], &p))
			fail_msg("taken for a pattern: %s", texts[i]);
}

/* ---- paths --------------------------------------------------------------------------------- */

static const char *const always[] = {
	"x",	     "",	   "/.",       "/..",	   "/a/../b",	"/a/./b",      "/a/..",
	"/%2e%2e/b", "/a/%2E/b",   "/a/.%2e/", "/a/%2e./", "/a\\..\\b", "/a%2f..%2fb", "/a/..%5cb",
	"/a/..;/b",  "/a/.;x=1/b", "/a b",     "/a\x01",   "/a\x7f",	"/a\xc3\xa4",  "/a#b",
};
static const char *const strict[] = {
	"/a//b",      "//a",	     "/a/",	    "/a%2fb",	 "/a%2Fb",	   "/a%5Cb",
	"/a\\b",      "/a;b=1",	     "/a%3bb",	    "/a%00",	 "/a%252e",	   "/a%252f",
	"/a%25252fb", "/a%255c",     "/a%",	    "/a%2",	 "/a%u002e",	   "/a%zz",
	"/a%c0%af",   "/a%C1x",	     "/a%e0%80%ae", "/a%E0%9fx", "/a%f0%80%80%ae", "/a%f8%80x",
	"/a%fc%80x",  "/a%25%32%65", "/a%25%32e",   "/a%252%65", "/a%25%46%66",	   "/a%2541",
};
static const char *const fine[] = {
	"/",	    "/a",	  "/a/b/c",	   "/a.b",	 "/...",   "/a/.b",
	"/a/b.",    "/a/..b",	  "/a%20b",	   "/%e2%82%ac", "/a%25b", "/a:b@c$d&e+f,g",
	"/a=b!c~d", "/%41",	  "/a'b(c)d",	   "/a%25%25",	 "/a%25",  "/a%25%20b",
	"/a%25g1",  "/%e0%a4%85", "/%f0%9f%98%80", "/%252"
};

static void paths(unused_arg void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (!route_path_problem(always[i], false))
			fail_msg("taken for a path: %s", always[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		if (route_path_problem(fine[i], true))
			fail_msg("%s: %s", fine[i], route_path_problem(fine[i], true));
	for (size_t i = 0; i < ARRAY_SIZE(strict); i++) {
		bool whole = strcmp(strict[i], "/a/") == 0;

		assert_null(route_path_problem(strict[i], false));
		if (!route_path_problem(strict[i], true) != whole)
			fail_msg("strictly: %s", strict[i]);
	}
}

/* PCRE needs stack for each repetition of a group, and has 32 KiB: a path of 9 KiB would not match
 * what it holds. */
static void long_paths(unused_arg void **state)
{
	struct strbuf path auto_strbuf = STRBUF_INIT(16384);

	assert_null(strstr(ROUTE_DOT_REGEX ROUTE_ODD_REGEX, ")+"));
	assert_null(strstr(ROUTE_DOT_REGEX ROUTE_ODD_REGEX, ")*"));
	strbuf_puts(&path, "/contacts/%");
	for (int i = 0; i < 4500; i++)
		strbuf_puts(&path, "25");
	strbuf_puts(&path, "x/y");
	assert_non_null(route_path_problem(strbuf_str(&path), true));
	assert_true(regex_matches(ROUTE_ODD_REGEX, REG_ICASE, strbuf_str(&path)));
}

/* What the gateway's configuration says in expressions is what is decided here. */
static void expressions_are_the_same(unused_arg void **state)
{
	static const char *const parts[] = { "/",   "/",   "/",	 ".",	"..", "%",   "2",
					     "5",   "e",   "f",	 "F",	"C",  "%2e", "%2F",
					     "%5c", "%25", ";",	 "\\",	"a",  "%3b", "0",
					     "%00", "c0",  "z",	 "%c1", "%3", "%6",  "%25",
					     "%e0", "%f0", "%8", "%9",	"%fC" };
	char path[128];

	srandom(4711);
	for (int i = 0; i < 20000; i++) {
		bool dots, odd;

		strcpy(path, "/");
		for (long n = random() % 8; n >= 0; n--)
			strcat(path, parts[(size_t)random() % ARRAY_SIZE(parts)]);
		dots = regex_matches(ROUTE_DOT_REGEX, REG_ICASE, path);
		odd = regex_matches(ROUTE_ODD_REGEX, REG_ICASE, path);
		if (dots != !!route_path_problem(path, false) ||
		    (dots || odd) != !!route_path_problem(path, true))
			fail_msg("%s: %d %d", path, dots, odd);
	}
}

static void stars_are_the_same(unused_arg void **state)
{
	static const char *const parts[] = { "/", "a", "b", "*", "ab", ".", "/a", "/b" };
	char text[128], path[128];

	srandom(4712);
	for (int i = 0; i < 20000; i++) {
		struct route_pattern p;

		strcpy(text, "GET /");
		strcpy(path, "/");
		for (long n = random() % 7; n >= 0; n--)
			strcat(text, parts[(size_t)random() % ARRAY_SIZE(parts)]);
		for (long n = random() % 7; n >= 0; n--)
			strcat(path, parts[(size_t)random() % ARRAY_SIZE(parts)]);
		if (route_pattern_parse(text, &p) || p.match != ROUTE_PARTS)
			continue;
		if (route_pattern_matches(&p, "GET", path) != pattern_regex_matches(&p, path))
			fail_msg("%s and %s", text, path);
	}
}

/* ---- decisions ----------------------------------------------------------------------------- */

static char *ghl_allow[] = { (char *)"GET /contacts/*", (char *)"POST /conversations/*/messages",
			     NULL };
static const struct credential_entry routes[] = {
	{ .name = (char *)"ghl",
	  .upstream = (char *)"https://api.example.com",
	  .allow = { .items = ghl_allow, .count = 2 } },
	{ .name = (char *)"open", .upstream = (char *)"https://llm.example.com" },
	{ .name = (char *)"tok",
	  .upstream = (char *)"https://llm.example.com",
	  .token = TOKEN_REQUIRED },
};

static const struct {
	const char *method, *path, *reason, *rule;
	bool token;
} decisions[] = {
	{ "GET", "/ghl/contacts/1", "none", "route:ghl", false },
	{ "GET", "/ghl/contacts/1?x=/../;", "none", "route:ghl", false },
	{ "POST", "/ghl/conversations/7/messages", "none", "route:ghl", false },
	{ "POST", "/ghl/contacts/1", "rule", "route:ghl", false },
	{ "GET", "/ghl", "rule", "route:ghl", false },
	{ "GET", "/ghl/contacts//1", "path", "route:ghl", false },
	{ "GET", "/ghl/contacts/../x", "path", "", false },
	{ "GET", "/../ghl/contacts/1", "path", "", false },
	{ "GET", "/GHL/contacts/1", "route", "", false },
	{ "GET", "/%67hl/contacts/1", "route", "", false },
	{ "GET", "//ghl/contacts/1", "route", "", false },
	{ "GET", "/", "route", "", false },
	{ "GET", "ghl/x", "target", "", false },
	{ "GET", "http://gateway/ghl/contacts/1", "target", "", false },
	{ "TRACE", "/open/x", "method", "", false },
	{ "CONNECT", "/open/x", "method", "", false },
	{ "get", "/open/x", "method", "", false },
	{ "", "/open/x", "method", "", false },
	{ "DELETE", "/open/a//b;c%2fd", "none", "route:open", false },
	{ "GET", "/open", "none", "route:open", false },
	{ "GET", "/open/a/..", "path", "", false },
	{ "GET", "/tok/x", "token", "route:tok", false },
	{ "GET", "/tok/x", "none", "route:tok", true },
};

static void requests_are_decided(unused_arg void **state)
{
	struct gateway_config c = config_of(NULL, 0);

	c.credentials = routes;
	c.credential_count = ARRAY_SIZE(routes);
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		struct egress_query q = { .host = "gateway",
					  .port = 80,
					  .method = decisions[i].method,
					  .path = decisions[i].path,
					  .has_token = decisions[i].token };
		struct egress_decision d;

		route_decide(&c, &q, &d);
		if (strcmp(d.reason, decisions[i].reason) != 0 ||
		    strcmp(d.rule, decisions[i].rule) != 0)
			fail_msg("%s %s: %s by '%s' (%s)", q.method, q.path, d.reason, d.rule,
				 d.text);
		assert_int_equal(d.allowed, strcmp(d.reason, "none") == 0);
		assert_true(*d.text);
	}
}

/* Texts go to a terminal, whatever was asked. */
static void texts_are_printable(unused_arg void **state)
{
	struct gateway_config c = config_of(NULL, 0);
	char filler[3995] = "";
	auto_free char *path = NULL;
	struct egress_query q = { .method = "G\x1b[31m" };
	struct egress_decision d;

	c.credentials = routes;
	c.credential_count = ARRAY_SIZE(routes);
	memset(filler, 'x', sizeof(filler) - 1);
	path = mem_printf("/ghl/%s", filler);
	q.path = path;
	route_decide(&c, &q, &d);
	assert_null(strchr(d.text, '\x1b'));
	q.method = "GET";
	route_decide(&c, &q, &d);
	assert_string_equal(d.reason, "rule");
	assert_true(strlen(d.text) < sizeof(d.text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(patterns_are_refused),
		cmocka_unit_test(paths),
		cmocka_unit_test(long_paths),
		cmocka_unit_test(expressions_are_the_same),
		cmocka_unit_test(stars_are_the_same),
		cmocka_unit_test(requests_are_decided),
		cmocka_unit_test(texts_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
