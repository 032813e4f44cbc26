/*
 * What the gateway's files are never rendered from: anything that could change the meaning of a
 * line in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "gateway_config.h"

static bool refused(const struct gateway_config *c)
{
	struct err e = ERR_INIT;
	struct strmap files auto_strmap = { 0 };
	int r = gateway_render(c, &files, &e);

	if (r < 0) {
		assert_int_equal(files.count, 0);
		assert_int_equal(e.code, ERR_INTERNAL);
		return true;
	}
	return false;
}

static void test_days_refused(unused_arg void **state)
{
	static const char *const days[] = { "",		  "2026-02-29",	 "2026-13-01", "2026-00-01",
					    "2026-04-31", "2026-1-1",	 "26-01-01",   "2026-01-0x",
					    "1969-12-31", "2026-01-011", " 026-01-01", "+026-01-01",
					    "2026/01/01", "2026-01-01\n" };

	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		struct egress_entry r = { .host = (char *)"a.b",
					  .port = 443,
					  .expires = (char *)days[i] };
		struct gateway_config c = config_of(&r, 1);

		if (!refused(&c))
			fail_msg("accepted \"%s\"", days[i]);
	}
}

static void test_hosts_refused(unused_arg void **state)
{
	static const char *const hosts[] = {
		"",	   "*",	     "*.",	 "*a.com",   "a.*.com", "a b.com", "a\nb.com",
		"a'b.com", "a\"b",   "a{b}.com", "$x.com",   "a\\.com", "a#b",	   "a/b.com",
		"A.com",   "a..com", ".a.com",	 "a.com.",   "-a.com",	"a-.com",  "a_b.com",
		"a,b.com", "\x80.a", "a:443",	 "%[src].a", "a;b",	"*.*.com",
	};
	char longest[260];

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct egress_entry r = { .host = (char *)hosts[i], .port = 443 };
		struct gateway_config c = config_of(&r, 1);

		if (!refused(&c))
			fail_msg("accepted \"%s\"", hosts[i]);
	}
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? '.' : 'a';
	for (size_t len = 249; len < sizeof(longest); len += 2) {
		struct egress_entry r = { .host = longest, .port = 443 };
		struct gateway_config c = config_of(&r, 1);
		char end = longest[len];

		longest[len] = '\0';
		assert_int_equal(refused(&c), len > 253);
		longest[len] = end;
	}
}

static void test_ports_refused(unused_arg void **state)
{
	static const struct {
		int64_t port;
		bool refused;
	} cases[] = { { 0, true },     { -1, true },	    { 53, true }, { 80, true },
		      { 65536, true }, { 1LL << 33, true }, { 1, false }, { 65535, false } };
	static const struct egress_entry pairs[][2] = {
		{ { .host = (char *)"a.b", .port = 5, .protocol = EGRESS_TCP },
		  { .host = (char *)"c.d", .port = 5, .protocol = EGRESS_TCP } },
		{ { .host = (char *)"a.b", .port = 5, .protocol = EGRESS_TCP },
		  { .host = (char *)"c.d", .port = 5, .protocol = EGRESS_TLS } },
		{ { .host = (char *)"a.b", .port = 443 }, { .host = (char *)"a.b", .port = 443 } },
	};
	struct egress_entry wildcard = { .host = (char *)"*.a.b",
					 .port = 5,
					 .protocol = EGRESS_TCP };
	struct egress_entry other = { .host = (char *)"a.b", .port = 5, .protocol = 9 };
	struct gateway_config c = config_of(&wildcard, 1);

	assert_true(refused(&c));
	c = config_of(&other, 1);
	assert_true(refused(&c));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct egress_entry r = { .host = (char *)"a.b", .port = cases[i].port };

		c = config_of(&r, 1);
		assert_int_equal(refused(&c), cases[i].refused);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		c = config_of(pairs[i], 2);
		assert_true(refused(&c));
	}
}

static void test_settings_refused(unused_arg void **state)
{
	static const struct {
		size_t offset;
		const char *value;
	} cases[] = {
		{ offsetof(struct gateway_config, tenant), "a'b" },
		{ offsetof(struct gateway_config, tenant), "a.b" },
		{ offsetof(struct gateway_config, tenant), NULL },
		{ offsetof(struct gateway_config, inner_ip), "10.231.0" },
		{ offsetof(struct gateway_config, inner_ip), "10.231.0.2\n" },
		{ offsetof(struct gateway_config, worker_ip), "" },
		{ offsetof(struct gateway_config, worker_ip), "::1" },
		{ offsetof(struct gateway_config, twin_ip), "10.231.0.4 0.0.0.0/0" },
		{ offsetof(struct gateway_config, egress_ip), "256.1.1.1" },
		{ offsetof(struct gateway_config, egress_host_ip), NULL },
		{ offsetof(struct gateway_config, resolver), "127.0.0.11" },
		{ offsetof(struct gateway_config, resolver), "127.0.0.11:0" },
		{ offsetof(struct gateway_config, resolver), "127.0.0.11:99999" },
		{ offsetof(struct gateway_config, resolver), "127.0.0.11:53 x" },
		{ offsetof(struct gateway_config, resolver), ":53" },
		{ offsetof(struct gateway_config, pool), "10.0.0.0" },
		{ offsetof(struct gateway_config, pool), "10.0.0.0/33" },
		{ offsetof(struct gateway_config, pool), "10.0.0.0/" },
		{ offsetof(struct gateway_config, pool), "10.0.0.0/8 0.0.0.0/0" },
		{ offsetof(struct gateway_config, egress_subnet), "10.0.0/8" },
	};
	const struct egress_entry rule = { .host = (char *)"a.b", .port = 443 };
	struct gateway_config c = config_of(&rule, 1);

	assert_false(refused(&c));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		c = config_of(&rule, 1);
		memcpy((char *)&c + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
		if (!refused(&c))
			fail_msg("case %zu accepted", i);
	}
}

static void test_host_addresses_refused(unused_arg void **state)
{
	static const char *const cases[] = { "",	  "1.2.3.4/32",	 "1.2.3.4 0.0.0.0/0",
					     "1.2.3.4\n", "example.com", "::1%eth0" };
	const struct egress_entry rule = { .host = (char *)"a.b", .port = 443 };
	struct gateway_config c = config_of(&rule, 1);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct strlist l = { .items = (char *[]){ (char *)cases[i] }, .count = 1 };

		c.host_addresses = &l;
		if (!refused(&c))
			fail_msg("case %zu accepted", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_refused),
		cmocka_unit_test(test_hosts_refused),
		cmocka_unit_test(test_ports_refused),
		cmocka_unit_test(test_settings_refused),
		cmocka_unit_test(test_host_addresses_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
