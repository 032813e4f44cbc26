/*
 * Rules across fields: images, addresses, mounts, variables, profiles and egress.
 * Each refusal is checked for the exact place and key it names.
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
#include "domain/spec.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct value {
	const char *text;
	const char *needle; /* in the refusal; NULL: accepted */
};

static int parse(const char *text, struct tenant_spec *s, struct err *e)
{
	return manifest_parse(text, strlen(text), "m", NULL, s, e);
}

/* `format` makes a manifest of one value; the refusal must start with `start`. */
static void try_value(const char *format, const struct value *v, const char *start)
	__attribute__((format(printf, 1, 0)));
static void try_value(const char *format, const struct value *v, const char *start)
{
	struct tenant_spec s;
	struct err e = ERR_INIT;
	char *text = NULL;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	int n = asprintf(&text, format, v->text);
#pragma GCC diagnostic pop
	assert_true(n > 0);
	int rc = parse(text, &s, &e);
	if (!v->needle && rc)
		fail_msg("refused: %s\n%s", v->text, e.message);
	if (v->needle && !rc)
		fail_msg("accepted: %s", v->text);
	if (rc && (strncmp(e.message, start, strlen(start)) != 0 || !strstr(e.message, v->needle)))
		fail_msg("for %s\nexpected: %s ... %s\ngot: %s", v->text, start, v->needle,
			 e.message);
	tenant_spec_free(&s);
	free(text);
}

static void test_images(void **state)
{
	static const struct value cases[] = {
		{ "worker:1", NULL },
		{ "a/b/c_d__e-f.g:v1.0_x", NULL },
		{ "localhost:5000/a:1", NULL },
		{ "Registry.example.com:5000/a/b:1", NULL },
		{ "a@sha256:" HEX64, NULL },
		{ "a:latest@sha256:" HEX64, NULL },
		{ "sha256:" HEX64, NULL },
		{ "worker", "neither tag nor digest" },
		{ "localhost:5000/worker", "neither tag nor digest" },
		{ "worker:latest", "'latest' changes" },
		{ "Worker:1", "expected an image" },
		{ "Reg/worker:1", "expected an image" },
		{ "a@sha256:abc", "64 hexadecimal digits" },
		{ "a@md5:abc", "expected an image" },
		{ "a b:1", "expected an image" },
		{ "../a:1", "expected an image" },
		{ "a//b:1", "expected an image" },
		{ "a:1;rm", "expected an image" },
		{ "-a:1", "expected an image" },
		{ "https://a/b:1", "expected an image" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value("version: 1\ntenant: acme\nimage: \"%s\"\n", &cases[i], "m:3:8: image: ");
}

static void test_names(void **state)
{
	static const struct value cases[] = {
		{ "a", NULL },
		{ "deadbeef", NULL },
		{ "", "expected 1 to 40" },
		{ ".", "expected 1 to 40" },
		{ "..", "expected 1 to 40" },
		{ "../x", "expected 1 to 40" },
		{ "a/b", "expected 1 to 40" },
		{ "a%", "expected 1 to 40" },
		{ "-a", "expected 1 to 40" },
		{ "Acme", "expected 1 to 40" },
		{ "a\\nb", "control characters" },
		{ "\xd0\xb0"
		  "cme",
		  "expected 1 to 40" },
		{ "host", "reserved" },
		{ "a-gw", "-gw" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value("version: 1\nimage: a:1\ntenant: \"%s\"\n", &cases[i], "m:3:9: tenant: ");
}

#define HEAD "version: 1\ntenant: acme\nimage: a:1\n"

static void test_listen(void **state)
{
	static const struct value cases[] = {
		{ "auto", NULL },
		{ "127.0.0.1:8001", NULL },
		{ "0.0.0.0:443", NULL },
		{ "192.168.1.5:65535", NULL },
		{ "8001", "expected auto" },
		{ "localhost:8001", "expected auto" },
		{ "[::1]:8001", "expected auto" },
		{ "127.0.0.1:0", "1 to 65535" },
		{ "127.0.0.1:65536", "1 to 65535" },
		{ "127.0.0.1:08", "1 to 65535" },
		{ "127.1:80", "not an IPv4 address" },
		{ "127.0.0.256:80", "not an IPv4 address" },
		{ "0177.0.0.1:80", "not an IPv4 address" },
		{ "224.0.0.1:80", "not an IPv4 address" },
		{ "255.255.255.255:80", "not an IPv4 address" },
	};
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "listen: \"%s\"\n", &cases[i], "m:4:9: listen: ");
	assert_int_equal(parse(HEAD "listen: 127.0.0.9:8001\n", &s, &e), 0);
	assert_string_equal(s.listen_host, "127.0.0.9");
	assert_int_equal(s.listen_port, 8001);
	tenant_spec_free(&s);
}

static void test_workspace(void **state)
{
	static const struct value cases[] = {
		{ "/workspace", NULL },	    { "/home/agent", NULL },
		{ "/sysx", NULL },	    { "/", "expected an absolute" },
		{ "work", "absolute" },	    { "/a/../b", "'..'" },
		{ "/a/./b", "'.'" },	    { "/a//b", "'//'" },
		{ "/a/", "at its end" },    { "/proc/1", "/proc" },
		{ "/sys", "/sys" },	    { "/dev/shm", "/dev" },
		{ "/etc", "/etc" },	    { "/tmp/w", "/tmp" },
		{ "/source/w", "/source" }, { "//", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "workspace: { path: \"%s\" }\n", &cases[i],
			  "m:4:20: workspace.path: ");
}

static void test_source_host(void **state)
{
	static const struct value cases[] = {
		{ "/srv/shared/skills", NULL },
		{ "/usr/share/dict", NULL },
		{ "/etcetera", NULL },
		{ "/", "expected an absolute" },
		{ "skills", "absolute" },
		{ "/srv/../etc", "'..'" },
		{ "/etc", "/etc" },
		{ "/etc/ssl", "/etc" },
		{ "/proc", "/proc" },
		{ "/sys/fs", "/sys" },
		{ "/dev", "/dev" },
		{ "/run", "/run" },
		{ "/var/run/docker.sock", "/var/run" },
		{ "/var/lib/docker/overlay2", "/var/lib/docker" },
		{ "/var", "contains" },
		{ "/var/lib", "contains" },
		{ "/root/.ssh", "/root" },
		{ "/srv", "contains /srv/tenants" },
		{ "/srv/tenants/beta/workspace", "/srv/tenants" },
		{ "/var/lib/tenantctl/x", "/var/lib/tenantctl" },
		{ "/opt/x/docker.sock", "root on the host" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "source:\n  - { host: \"%s\", path: /source/x }\n", &cases[i],
			  "m:5:13: source[0].host: ");
}

static void test_source_path(void **state)
{
	static const struct value cases[] = {
		{ "/source/b", NULL },
		{ "/source/ab", NULL },
		{ "/source", "below /source" },
		{ "/srv/b", "below /source" },
		{ "/source/../b", "'..'" },
		{ "/source/a", "already" },
		{ "/source/a/b", "in the other" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "source:\n  - { host: /srv/a, path: /source/a }\n"
			       "  - { host: /srv/b, path: \"%s\" }\n",
			  &cases[i], "m:6:27: source[1].path: ");
}

static void test_seccomp(void **state)
{
	static const struct value cases[] = {
		{ "strict", NULL },
		{ "/etc/tenantctl/seccomp/x.json", NULL },
		{ "unconfined", "no built-in profile" },
		{ "ai-workr", "did you mean 'ai-worker'?" },
		{ "x.json", "absolute path" },
		{ "/etc/../x.json", "'..'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "seccomp: \"%s\"\n", &cases[i], "m:4:10: seccomp: ");
}

static void test_environment(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "environment: { TZ: UTC }\n", NULL },
		{ "environment: { A_TOKEN: abcd1234 }\nallow_plain: [A_TOKEN]\n", NULL },
		{ "allow_plain: [/app/test.key]\n", NULL },
		{ "allow_plain: [/app/../test.key]\n", "m:4:15: allow_plain[0]: " },
		{ "allow_plain: [app/test.key]\n", "m:4:15: allow_plain[0]: " },
		{ "environment: { A_TOKEN: abcd1234 }\n",
		  "m:4:25: environment.A_TOKEN: the value" },
		{ "environment: { LD_PRELOAD: /x }\n", "m:4:28: environment.LD_PRELOAD: " },
		{ "environment: { 1A: x }\n", "m:4:" },
		{ "environment: { A: x }\nallow_plain: [B_LONG]\n", "m:5:15: allow_plain[0]: no " },
		{ "environment: { \"A=B\": x }\n", "m:4:" },
		{ "environment: { A: \"x\\ny\" }\n", "m:4:19: environment.A: control" },
		{ "environment: { A: [x] }\n", "m:4:19: environment.A: " },
		{ "command: [curl, \"https://u:secretpw@x.example\"]\n", "m:4:17: command[1]: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tenant_spec s;
		struct err e = ERR_INIT;
		auto_free char *text = mem_printf(HEAD "%s", cases[i].text);
		int rc = parse(text, &s, &e);
		const char *want = cases[i].message;
		if (!rc == !!want || (want && strncmp(e.message, want, strlen(want)) != 0))
			fail_msg("for %s: %s", cases[i].text, e.message);
		assert_null(strstr(e.message, "abcd1234"));
		assert_null(strstr(e.message, "secretpw"));
		tenant_spec_free(&s);
	}
}

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME253                                                                                    \
	LABEL63 "." LABEL63 "." LABEL63 "."                                                        \
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_egress_hosts(void **state)
{
	static const struct value cases[] = {
		{ "api.openai.com", NULL },
		{ "API.OpenAI.com", NULL },
		{ "*.slack.com", NULL },
		{ "xn--bcher-kva.example", NULL },
		{ "1password.com", NULL },
		{ "0.pool.example", NULL },
		{ NAME253, NULL },
		{ NAME253 "a", "253" },
		{ "a" LABEL63 ".com", "63" },
		{ "a;b.com", "letters" },
		{ "a{b.com", "letters" },
		{ "$a.com", "letters" },
		{ "a'b.com", "letters" },
		{ "a\\\"b.com", "letters" },
		{ "a b.com", "letters" },
		{ "a_b.com", "letters" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "letters" },
		{ "*", "letters" },
		{ "*.", "empty" },
		{ "*.com", "two labels" },
		{ "*.*.com", "letters" },
		{ "a.*.com", "letters" },
		{ "*a.com", "letters" },
		{ ".a.com", "empty" },
		{ "a.com.", "dot at its end" },
		{ "a..com", "empty" },
		{ "-a.com", "dash" },
		{ "a-.com", "dash" },
		{ "localhost", "two labels" },
		{ "gateway", "two labels" },
		{ "proxy", "two labels" },
		{ "x.localhost", "public tree" },
		{ "1.2.3.4", "addresses" },
		{ "*.1.2.3.4", "addresses" },
		{ "127.1", "addresses" },
		{ "2130706433", "addresses" },
		{ "0x7f000001", "addresses" },
		{ "0X7F.1", "addresses" },
		{ "0177.0.0.01", "addresses" },
		{ "1.2.3.0x4", "addresses" },
		{ "::1", "letters" },
		{ "[::1]", "letters" },
		{ "https://a.com", "letters" },
		{ "a.com:443", "letters" },
		{ "a.com/x", "letters" },
		{ "metadata.google.internal", "metadata" },
		{ "*.google.internal", "metadata" },
		{ "metadata.goog", "metadata" },
		{ "db.acme.internal", "private: true" },
		{ "4.3.2.1.in-addr.arpa", "public tree" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		try_value(HEAD "egress:\n  - \"%s\"\n", &cases[i], "m:5:5: egress[0].host: ");
		try_value(HEAD "egress:\n  - { host: \"%s\" }\n", &cases[i],
			  "m:5:13: egress[0].host: ");
	}
}

/* The refusal of a host never repeats it: it may be a URL with a password. */
static void test_egress_is_not_repeated(void **state)
{
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse(HEAD "egress: [ \"https://u:hunter2@a.com\" ]\n", &s, &e), -1);
	assert_null(strstr(e.message, "hunter2"));
}

static void test_egress_entries(void **state)
{
	static const struct value cases[] = {
		{ "{ host: a.x.com, port: 5432, protocol: tcp }", NULL },
		{ "{ host: a.x.com, port: 8443, expires: 2028-02-29, reason: why }", NULL },
		{ "{ host: a.corp, private: true }", NULL },
		{ "{ host: a.x.com, port: 0 }", "egress[1].port: " },
		{ "{ host: a.x.com, port: 70000 }", "egress[1].port: " },
		{ "{ host: a.x.com, port: 53 }", "egress[1].port: the gateway" },
		{ "{ host: a.x.com, port: 80 }", "egress[1].port: the gateway" },
		{ "{ host: a.x.com, port: 8080 }", "egress[1].port: the gateway" },
		{ "{ host: a.x.com, protocol: tcp }", "egress[1].port: required" },
		{ "{ host: a.x.com, protocol: udp }", "egress[1].protocol: 'udp'" },
		{ "{ host: \"*.x.com\", port: 99, protocol: tcp }", "egress[1].host: a wildcard" },
		{ "{ host: a.x.com, port: 443, protocol: tcp }", "egress[1].port: egress[0] has" },
		{ "{ host: A.Example.com }", "egress[1].host: egress[0] is the same" },
		{ "{ host: a.x.com, expires: 2027-02-29 }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: 2027-13-01 }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: 2027-00-01 }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: 2027-04-31 }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: 2100-02-29 }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: tomorrow }", "egress[1].expires: " },
		{ "{ host: a.x.com, expires: \"2027-1-1\" }", "egress[1].expires: " },
		{ "{ host: a.x.com, reason: \"a\\eb\" }", "egress[1].reason: control" },
		{ "{ port: 443 }", "egress[1].host: required" },
		{ "{ host: a.x.com, hots: b }",
		  "egress[1].hots: unknown key; did you mean 'host'?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_value(HEAD "egress:\n  - a.example.com\n  - %s\n", &cases[i], "m:6:");
}

static void test_egress_two_tcp(void **state)
{
	static const char text[] = HEAD "egress:\n"
					"  - { host: a.x.com, port: 22, protocol: tcp }\n"
					"  - { host: b.x.com, port: 22, protocol: tcp }\n";
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(parse(text, &s, &e), -1);
	assert_non_null(strstr(e.message, "m:6:28: egress[1].port: egress[0] has port 22 too"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_workspace),
		cmocka_unit_test(test_source_host),
		cmocka_unit_test(test_source_path),
		cmocka_unit_test(test_seccomp),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_egress_hosts),
		cmocka_unit_test(test_egress_is_not_repeated),
		cmocka_unit_test(test_egress_entries),
		cmocka_unit_test(test_egress_two_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
