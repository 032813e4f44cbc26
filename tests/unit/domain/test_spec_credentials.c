/*
 * Rules for credentials: each refusal is checked for the exact place and key it names, and
 * that it repeats nothing of what may be a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/spec.h"

/* No real keys; joined so that scanners of sources stay quiet. */
#define FAKE_KEY                                                                                   \
	"sk-"                                                                                      \
	"proj-s3cret0a1b2c3d4e5f6"
#define FAKE_RANDOM                                                                                \
	"S3cretaB3dE5gH7jK9mN1p"                                                                   \
	"Q2sT4uV6xY8z"

#define HEAD                                                                                       \
	"version: 1\n"                                                                             \
	"tenant: acme\n"                                                                           \
	"image: a:1\n"                                                                             \
	"credentials:\n"

struct value {
	const char *text;
	const char *needle; /* in the refusal; NULL: accepted */
};

static int parse(const char *text, struct tenant_spec *s, struct err *e)
{
	return manifest_parse(text, strlen(text), "m", NULL, s, e);
}

/* `start`: position and path that a refusal names. */
static void try_text(const char *text, const char *needle, const char *start)
{
	auto_spec struct tenant_spec s = { 0 };
	struct err e = ERR_INIT;
	int rc = parse(text, &s, &e);

	if (!needle && rc)
		fail_msg("refused: %s\n%s", text, e.message);
	if (needle && !rc)
		fail_msg("accepted: %s", text);
	if (rc && (strncmp(e.message, start, strlen(start)) != 0 || !strstr(e.message, needle)))
		fail_msg("for %s\nexpected: %s ... %s\ngot: %s", text, start, needle, e.message);
	assert_null(strstr(e.message, "s3cret"));
	assert_null(strstr(e.message, "S3cret"));
	assert_null(strstr(e.hint, "s3cret"));
}

static void test_names(void **state)
{
	static const struct value cases[] = {
		{ "ghl", NULL },
		{ "a", NULL },
		{ "0-a", NULL },
		{ "a01234567890123456789012345678901", "longer than 32" },
		{ "", "1 to 32" },
		{ "-a", "1 to 32" },
		{ "a-", "1 to 32" },
		{ "A", "1 to 32" },
		{ "a.b", "1 to 32" },
		{ "a/b", "1 to 32" },
		{ "a_b", "1 to 32" },
		{ "..", "1 to 32" },
		{ "gateway", "reserved" },
		{ "proxy", "reserved" },
		{ "healthz", "reserved" },
		{ "first", "credentials[0] is called 'first', too" },
		{ FAKE_KEY, "looks like an OpenAI key" },
		{ FAKE_RANDOM, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text =
			mem_printf(HEAD "  - { name: first, upstream: \"https://a.example.com\", "
					"inject: { header: A }, secret: a }\n"
					"  - name: \"%s\"\n    upstream: https://a.example.com\n"
					"    inject: { header: A }\n    secret: a\n",
				   cases[i].text);
		try_text(text, cases[i].needle, "m:6:11: credentials[1].name: ");
	}
}

static void test_upstreams(void **state)
{
	static const struct value cases[] = {
		{ "https://api.example.com", NULL },
		{ "https://api.example.com:8443", NULL },
		{ "HTTPS://API.Example.com", NULL },
		{ "http://api.example.com", "expected https:" },
		{ "HTTP://api.example.com", "expected https:" },
		{ "api.example.com", "https://HOST" },
		{ "//api.example.com", "https://HOST" },
		{ "ftp://api.example.com", "https://HOST" },
		{ "https:/api.example.com", "https://HOST" },
		{ " https://api.example.com", "https://HOST" },
		{ "", "https://HOST" },
		{ "https://", "empty" },
		{ "https://:443", "empty" },
		{ "https://api.example.com/", "no path" },
		{ "https://api.example.com/v1", "no path" },
		{ "https://api.example.com?key=s3cret", "no path" },
		{ "https://api.example.com#s3cret", "no path" },
		{ "https://api.example.com\\\\x", "no path" },
		{ "https://user@api.example.com", "neither user nor password" },
		{ "https://user:s3cret@api.example.com", "a URL with a password" },
		{ "https://api.example.com:s3cret@x", "a URL with a password" },
		{ "https://api.example.com:", "1 to 65535" },
		{ "https://api.example.com:0", "1 to 65535" },
		{ "https://api.example.com:65536", "1 to 65535" },
		{ "https://api.example.com:0443", "1 to 65535" },
		{ "https://api.example.com:+443", "1 to 65535" },
		{ "https://api.example.com:443:443", "1 to 65535" },
		{ "https://*.example.com", "one host name" },
		{ "https://*", "one host name" },
		{ "https://api.example.com.", "dot at its end" },
		{ "https://api..example.com", "empty" },
		{ "https://api_x.example.com", "letters" },
		{ "https://a b.example.com", "letters" },
		{ "https://a%20b.example.com", "letters" },
		{ "https://a'b.example.com", "letters" },
		{ "https://a{b.example.com", "letters" },
		{ "https://localhost", "two labels" },
		{ "https://gateway", "two labels" },
		{ "https://x.localhost", "public tree" },
		{ "https://127.0.0.1", "addresses" },
		{ "https://2130706433", "addresses" },
		{ "https://0x7f.1:443", "addresses" },
		{ "https://[::1]", "addresses" },
		{ "https://[::1]:443", "addresses" },
		{ "https://169.254.169.254", "addresses" },
		{ "https://metadata.google.internal", "metadata" },
		{ "https://metadata.goog:443", "metadata" },
		{ "https://crm.acme.internal", "private: true" },
		{ FAKE_KEY, "looks like" },
	};
	auto_free char *label = mem_printf("%0250d.example.com", 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text = mem_printf(
			HEAD "  - name: ghl\n    upstream: \"%s\"\n    inject: { header: A }\n"
			     "    secret: a\n",
			cases[i].text);
		try_text(text, cases[i].needle, "m:6:15: credentials[0].upstream: ");
	}
	auto_free char *text =
		mem_printf(HEAD "  - { name: a, upstream: \"https://%s\", secret: a, "
				"inject: { header: A } }\n",
			   label);
	try_text(text, "253", "m:5:26: credentials[0].upstream: ");
}

static void test_upstream_is_taken_apart(void **state)
{
	static const char text[] =
		HEAD "  - { name: a, upstream: \"https://CRM.acme.Internal\", secret: a, "
		     "inject: { header: A }, private: true }\n"
		     "  - { name: b, upstream: \"https://b.example.com:8443\", secret: a, "
		     "inject: { header: A }, limit: { rate: 600/m } }\n"
		     "  - { name: c, upstream: \"https://b.example.com\", command: [/bin/x], "
		     "inject: { header: A }, limit: { rate: 5000/h, burst: 3, body: 10m } }\n";
	auto_spec struct tenant_spec s = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	if (parse(text, &s, &e))
		fail_msg("%s", e.message);
	const struct credential_entry *r = s.credentials.items;
	assert_string_equal(r[0].upstream, "https://crm.acme.internal");
	assert_string_equal(r[0].upstream_host, "crm.acme.internal");
	assert_int_equal(r[0].upstream_port, 443);
	assert_int_equal(r[0].limit.rate_count, 0);
	assert_string_equal(r[1].upstream_host, "b.example.com");
	assert_int_equal(r[1].upstream_port, 8443);
	assert_int_equal(r[1].limit.rate_count, 600);
	assert_int_equal(r[1].limit.rate_seconds, 60);
	assert_int_equal(r[2].limit.rate_count, 5000);
	assert_int_equal(r[2].limit.rate_seconds, 3600);
	assert_int_equal(r[2].limit.burst, 3);
	assert_int_equal(r[2].limit.body, 10 << 20);
	assert_int_equal(r[2].inject.count, 1);
	assert_string_equal(((struct inject_entry *)r[2].inject.items)->format, "{}");
}

#define CREDENTIAL "  - name: ghl\n    upstream: https://a.example.com\n    secret: a\n"

/* Text of one inject entry, the key that is refused behind its path, and a word of the reason. */
static const struct {
	const char *text, *key, *needle;
} injects[] = {
	{ "header: Authorization, format: \"Bearer {}\"", "", NULL },
	{ "header: x", "", NULL },
	{ "header: X-Api-Key", "", NULL },
	{ "header: Cookie, format: \"session={}; a=b\"", "", NULL },
	{ "header: Authorization, format: \"Token token={}, realm=x\"", "", NULL },
	{ "query: api_key", "", NULL },
	{ "query: key, format: \"{}\"", "", NULL },
	{ "basic: \"api:{}\"", "", NULL },
	{ "basic: \"{}:\"", "", NULL },
	{ "basic: \"{}:x\"", "", NULL },
	{ "format: \"Bearer {}\"", "", "found none" },
	{ "secret: b", "", "found none" },
	{ "header: A, query: b", "", "found several" },
	{ "header: A, basic: \"b:{}\"", "", "found several" },
	{ "query: key, format: \"x {}\"", ".format", "header only" },
	{ "basic: \"a:{}\", format: \"x {}\"", ".format", "header only" },
	{ "header: A, format: \"Bearer\"", ".format", "{} once" },
	{ "header: A, format: \"\"", ".format", "{} once" },
	{ "header: A, format: \"{} {}\"", ".format", "{} once" },
	{ "header: A, format: \"{ }\"", ".format", "{} once" },
	{ "header: A, format: \" {}\"", ".format", "no space" },
	{ "header: A, format: \"{} \"", ".format", "no space" },
	{ "header: A, format: \"a\\tb {}\"", ".format", "control" },
	{ "header: A, format: \"a\\nb {}\"", ".format", "control" },
	{ "header: A, format: \"a\\r\\nX: y {}\"", ".format", "control" },
	{ "header: A, format: \"\xc3\xa9 {}\"", ".format", "ASCII" },
	{ "header: A, format: \"Bearer " FAKE_KEY "{}\"", ".format", "looks like" },
	{ "header: A, format: \"Bearer {} " FAKE_RANDOM "\"", ".format", "looks like" },
	{ "header: A, format: \"" FAKE_RANDOM " {}\"", ".format", "looks like" },
	{ "basic: \"api\"", ".basic", "{} once" },
	{ "basic: \"{}\"", ".basic", "USER:PASSWORD" },
	{ "basic: \"" FAKE_RANDOM ":{}\"", ".basic", "looks like" },
	{ "query: \"a b\"", ".query", "name of a query parameter" },
	{ "query: \"a=b\"", ".query", "name of a query parameter" },
	{ "query: \"a%20\"", ".query", "name of a query parameter" },
	{ "query: \"\"", ".query", "name of a query parameter" },
	{ "query: " FAKE_KEY, ".query", "looks like" },
	{ "header: \"A B\"", ".header", "name of a header" },
	{ "header: \"A:\"", ".header", "name of a header" },
	{ "header: \"A_B\"", ".header", "name of a header" },
	{ "header: \"A\\nB\"", ".header", "control" },
	{ "header: \"\"", ".header", "name of a header" },
	{ "header: \"-\"", ".header", "dash" },
	{ "header: A-", ".header", "dash" },
	{ "header: " FAKE_KEY, ".header", "looks like" },
	{ "header: Host", ".header", "frames" },
	{ "header: host", ".header", "frames" },
	{ "header: Content-Length", ".header", "frames" },
	{ "header: Transfer-Encoding", ".header", "frames" },
	{ "header: Connection", ".header", "frames" },
	{ "header: Keep-Alive", ".header", "frames" },
	{ "header: Upgrade", ".header", "frames" },
	{ "header: TE", ".header", "frames" },
	{ "header: Trailer", ".header", "frames" },
	{ "header: Expect", ".header", "frames" },
	{ "header: Proxy-Authorization", ".header", "frames" },
	{ "header: Proxy-Connection", ".header", "frames" },
	{ "header: X-Forwarded-For", ".header", "frames" },
	{ "header: Forwarded", ".header", "frames" },
	{ "header: Via", ".header", "frames" },
	{ "header: Sec-WebSocket-Key", ".header", "frames" },
	{ "header: Accept-Encoding", ".header", "frames" },
	{ "header: A, secret: B", ".secret", "1 to 32" },
	{ "header: A, secret: ../b", ".secret", "1 to 32" },
	{ "header: A, secret: " FAKE_KEY, ".secret", "looks like" },
	{ "header: A, secret: \"Bearer s3cret\"", ".secret", "1 to 32" },
	{ "heder: A", ".heder", "did you mean 'header'" },
};

/* The place of a refusal is that of the mapping, and that of the entry of a list. */
static void test_injects(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(injects); i++) {
		/* the credential's own secret is in use by a second entry */
		auto_free char *list = mem_printf(HEAD CREDENTIAL "    inject:\n      - { %s }\n"
								  "      - { header: Z-Unused }\n",
						  injects[i].text);
		auto_free char *one =
			mem_printf(HEAD CREDENTIAL "    inject: { %s }\n", injects[i].text);
		auto_free char *in_list = mem_printf("m:9:%s", "");
		auto_free char *list_path =
			mem_printf("credentials[0].inject[0]%s: ", injects[i].key);
		auto_free char *one_path = mem_printf("credentials[0].inject%s: ", injects[i].key);
		auto_spec struct tenant_spec s = { 0 }, t = { 0 };
		struct err e = ERR_INIT;

		try_text(list, injects[i].needle, in_list);
		if (parse(list, &s, &e) && !strstr(e.message, list_path))
			fail_msg("not %s: %s", list_path, e.message);
		try_text(one, injects[i].needle, "m:8:");
		if (parse(one, &t, &e) && !strstr(e.message, one_path))
			fail_msg("not %s: %s", one_path, e.message);
	}
}

static void test_two_injects(void **state)
{
	static const struct value cases[] = {
		{ "[ { header: A }, { header: B } ]", NULL },
		{ "[ { query: a }, { query: A } ]", NULL },
		{ "[ { header: A }, { query: A } ]", NULL },
		{ "[ { header: A }, { header: B, secret: b } ]", NULL },
		{ "[ { header: A }, { header: A } ]", "inject[1].header: inject[0] sets the same" },
		{ "[ { header: A }, { header: a } ]", "inject[1].header: inject[0] sets the same" },
		{ "[ { query: A }, { query: A } ]", "inject[1].query: inject[0] sets the same" },
		{ "[ { basic: \"a:{}\" }, { basic: \"b:{}\" } ]", "inject[1].basic: inject[0]" },
		{ "[ { header: authorization }, { basic: \"b:{}\" } ]", "inject[1].basic: inj" },
		{ "[ { basic: \"b:{}\" }, { header: Authorization } ]", "inject[1].header: inj" },
		{ "[]", "credentials[0].inject: expected at least one" },
		{ "Bearer", "credentials[0].inject: found a string" },
		{ "{}", "credentials[0].inject: expected one of" },
		{ "[ { header: A, secret: b } ]", "credentials[0].secret: not used" },
		{ "{ header: A, secret: b }", "credentials[0].secret: not used" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text =
			mem_printf(HEAD CREDENTIAL "    inject: %s\n", cases[i].text);
		try_text(text, cases[i].needle, "m:");
	}
}

static void test_sources(void **state)
{
	static const struct value cases[] = {
		{ "secret: a\n", NULL },
		{ "command: [/usr/local/bin/op, read, \"op://acme/ghl\"]\n", NULL },
		{ "secret: a\n    command: []\n", NULL },
		{ "limit: { daily: 1 }\n", "m:5:5: credentials[0]: no secret" },
		{ "command: []\n", "m:5:5: credentials[0]: no secret" },
		{ "secret: a\n    command: [/bin/x]\n", "m:9:14: credentials[0].command: beside" },
		{ "command: [op, read]\n", "m:8:15: credentials[0].command[0]: expected an abs" },
		{ "command: [\"\"]\n", "m:8:15: credentials[0].command[0]: expected an absolute" },
		{ "command: [/bin/../x]\n", "m:8:15: credentials[0].command[0]: " },
		{ "command: [/bin/sh, -c, \"echo " FAKE_KEY "\"]\n",
		  "m:8:28: credentials[0].command[2]: looks like an OpenAI key" },
		{ "command: \"op read\"\n", "m:8:14: credentials[0].command: found a string" },
		{ "secret: " FAKE_KEY "\n", "m:8:13: credentials[0].secret: looks like" },
		{ "secret: " FAKE_RANDOM "\n", "m:8:13: credentials[0].secret: " },
		{ "secret: ../a\n", "m:8:13: credentials[0].secret: not valid" },
		{ "secret: /etc/shadow\n", "m:8:13: credentials[0].secret: not valid" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text =
			mem_printf(HEAD "  - name: ghl\n    upstream: https://a.example.com\n"
					"    inject: { header: A }\n    %s",
				   cases[i].text);
		try_text(text, cases[i].needle, cases[i].needle ? cases[i].needle : "");
	}
	try_text(HEAD "  - name: ghl\n    upstream: https://a.example.com\n"
		      "    inject: { header: A, secret: b }\n    command: [/bin/x]\n",
		 "not used", "m:8:14: credentials[0].command: ");
}

static void test_rest(void **state)
{
	static const struct value cases[] = {
		{ "limit: { rate: 20/s, burst: 40, daily: 20000, body: 10m }", NULL },
		{ "limit: { rate: 20/s, burst: 20 }", NULL },
		{ "limit: { rate: 600/m, burst: 1 }", NULL },
		{ "limit: {}", NULL },
		{ "limit: { rate: 0/s }", "limit.rate: not valid" },
		{ "limit: { rate: 20 }", "limit.rate: not valid" },
		{ "limit: { rate: 20/d }", "limit.rate: not valid" },
		{ "limit: { rate: -1/s }", "limit.rate: not valid" },
		{ "limit: { rate: 99999999/s }", "limit.rate: not valid" },
		{ "limit: { rate: \"20/s \" }", "limit.rate: not valid" },
		{ "limit: { burst: 5 }", "limit.burst: needs a rate" },
		{ "limit: { rate: 20/s, burst: 19 }", "limit.burst: smaller than the rate" },
		{ "limit: { rate: 20/s, burst: 0 }", "limit.burst: '0'" },
		{ "limit: { daily: 0 }", "limit.daily: '0'" },
		{ "limit: { body: 0 }", "limit.body: '0'" },
		{ "limit: { size: 1 }", "limit.size: unknown key" },
		{ "ca: /etc/ssl/acme.pem", NULL },
		{ "ca: acme.pem", "ca: not valid" },
		{ "ca: /etc/../acme.pem", "ca: expected a path without" },
		{ "ca: /etc//acme.pem", "ca: expected a path without" },
		{ "ca: /", "ca: not valid" },
		{ "token: optional", NULL },
		{ "token: required", "token: the worker has no placeholder" },
		{ "token: " FAKE_KEY, "token: not known: expected optional or required" },
		{ "private: maybe", "private: 'maybe'" },
		{ "allow: []", NULL },
		{ "allow: [\"GET /a\", \"POST /a\", \"* /b/*\", \"GET /a/*/c\"]", NULL },
		{ "allow: [\"GET /a\", \"GET /a\"]", "allow[1]: the same as allow[0]" },
		{ "allow: [\"GET /" FAKE_KEY "\"]", "allow[0]: looks like" },
		{ "allow: [GET]", "allow[0]: " },
		{ "allow: [\"/a\"]", "allow[0]: " },
		{ "allow: [\"get /a\"]", "allow[0]: " },
		{ "allow: [\"GET a\"]", "allow[0]: " },
		{ "allow: [\"GET  /a\"]", "allow[0]: " },
		{ "allow: [\"GET /a b\"]", "allow[0]: " },
		{ "allow: [\"GET /a/../b\"]", "allow[0]: " },
		{ "allow: [\"GET /a//b\"]", "allow[0]: " },
		{ "allow: [\"GET /a?b\"]", "allow[0]: " },
		{ "allow: [\"GET /a#b\"]", "allow[0]: " },
		{ "allow: [\"GET /a'b\"]", "allow[0]: " },
		{ "allow: [\"GET /a%2fb\"]", "allow[0]: " },
		{ "allow: [\"TRACE /a\"]", "allow[0]: " },
		{ "allow: [\"CONNECT /a\"]", "allow[0]: " },
		{ "nme: a", "nme: unknown key; did you mean 'name'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text = mem_printf(
			HEAD CREDENTIAL "    inject: { header: A }\n    %s\n", cases[i].text);
		try_text(text, cases[i].needle, "m:9:");
	}
}

static void test_placeholder(void **state)
{
	static const char credential[] =
		"credentials:\n" CREDENTIAL "    inject: { header: A }\n    token: required\n";
	static const struct {
		const char *environment;
		bool credential;
		const char *message;
	} cases[] = {
		{ "{ API_KEY: placeholder }", true, NULL },
		{ "{ DB_PASSWORD: placeholder }", true, NULL },
		{ "{ API_KEY: placeholder, B: placeholder }", true, NULL },
		{ "{ API_KEY: placeholder }", false, "m:4:25: environment.API_KEY: 'placeholder'" },
		{ "{ DB_PASSWORD: placeholder }", false, "m:4:29: environment.DB_PASSWORD: 'pl" },
		{ "{ A: Placeholder }\nallow_plain: [A]", true, "m:11:12: credentials[0].token: " },
		{ "{ A: placeholder }\nallow_plain: [A]", false, NULL },
		{ "{ A: placeholder }\nallow_plain: [A]", true, "m:11:12: credentials[0].token: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text =
			mem_printf("version: 1\ntenant: acme\nimage: a:1\n"
				   "environment: %s\n%s",
				   cases[i].environment, cases[i].credential ? credential : "");
		try_text(text, cases[i].message, cases[i].message ? cases[i].message : "");
	}
}

/* As many as there may be; one more is an error with a place. */
static void test_bounds(void **state)
{
	(void)state;
	for (int count = 64; count <= 65; count++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

		strbuf_puts(&text, HEAD);
		for (int i = 0; i < count; i++)
			strbuf_printf(&text,
				      "  - { name: n%d, upstream: \"https://a.example.com\", "
				      "inject: { header: A }, secret: a }\n",
				      i);
		try_text(strbuf_str(&text), count > 64 ? "more than 64" : NULL,
			 "m:5:3: credentials: ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_upstreams),
		cmocka_unit_test(test_upstream_is_taken_apart),
		cmocka_unit_test(test_injects),
		cmocka_unit_test(test_two_injects),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_placeholder),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
