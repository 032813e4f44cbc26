/* The host's own addresses in the gateway's configuration: never a destination. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gateway_config.h"

static char *render_with(const struct gateway_config *base, char **addresses, size_t count)
{
	const struct strlist l = { .items = addresses, .count = count };
	struct gateway_config c = *base;
	auto_free char *d = NULL;
	char *h = NULL;

	c.host_addresses = &l;
	render(&c, &h, &d);
	return h;
}

#define RENDER_WITH(c, ...)                                                                        \
	render_with(c, (char *[]){ __VA_ARGS__ },                                                  \
		    sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *))

/* The acl is refused before private_ok is asked, on every way out. */
static void test_host_address_is_never_opened(unused_arg void **state)
{
	static const struct egress_entry rules[] = {
		{ .host = (char *)"a.b", .port = 443, .private_ok = true },
		{ .host = (char *)"c.d", .port = 444 },
		{ .host = (char *)"e.f", .port = 5, .protocol = EGRESS_TCP, .private_ok = true },
	};
	struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));
	auto_free char *h = RENDER_WITH(&c, (char *)"203.0.113.77");

	assert_int_equal(count_of(h, "\tacl never var(txn.dst) -m ip 203.0.113.77\n"), 3);
	assert_int_equal(count_of(h, "\ttcp-request content reject if never\n"
				     "\ttcp-request content reject if private"),
			 3);
}

static void test_host_addresses_are_a_set(unused_arg void **state)
{
	struct gateway_config c = config_of(gateway_sample, ARRAY_SIZE(gateway_sample));
	auto_free char *one = RENDER_WITH(&c, (char *)"9.9.9.9", (char *)"203.0.113.77");
	auto_free char *other = RENDER_WITH(&c, (char *)"203.0.113.77", (char *)"9.9.9.9",
					    (char *)"203.0.113.77", (char *)"9.9.9.9");

	assert_non_null(strstr(one, "acl never var(txn.dst) -m ip 9.9.9.9 203.0.113.77\n"));
	assert_string_equal(one, other);
}

/* Else every bridge or tunnel would be a change of every gateway. */
static void test_refused_ranges_are_left_out(unused_arg void **state)
{
	static char *refused[] = {
		(char *)"0.0.0.0",	   (char *)"127.0.0.1",
		(char *)"169.254.10.20",   (char *)"168.63.129.16",
		(char *)"100.100.100.200", (char *)"224.0.0.1",
		(char *)"255.255.255.255", (char *)"10.0.0.1",
		(char *)"172.17.0.1",	   (char *)"172.31.255.255",
		(char *)"192.168.1.5",	   (char *)"100.127.0.1",
		(char *)"198.19.0.1",	   (char *)"44.1.2.3",
		(char *)"45.0.0.1",	   (char *)"::1",
		(char *)"2001:db8::1",	   (char *)"fe80::1",
	};
	struct gateway_config c = config_of(gateway_sample, ARRAY_SIZE(gateway_sample));
	auto_free char *none = NULL, *all = NULL, *edges = NULL;

	c.pool = "44.0.0.0/14";
	c.egress_subnet = "45.0.0.0/24";
	none = render_with(&c, NULL, 0);
	all = render_with(&c, refused, ARRAY_SIZE(refused));
	assert_string_equal(none, all);
	edges = RENDER_WITH(&c, (char *)"11.0.0.0", (char *)"172.32.0.0", (char *)"44.4.0.0",
			    (char *)"45.0.1.0", (char *)"9.255.255.255");
	assert_non_null(
		strstr(edges, " -m ip 9.255.255.255 11.0.0.0 44.4.0.0 45.0.1.0 172.32.0.0\n"));
}

/* HAProxy takes 64 words a line; test_gateway_programs.c has it read as many. */
static void test_many_host_addresses(unused_arg void **state)
{
	struct strlist many auto_strlist = { 0 };
	struct gateway_config c = config_of(gateway_sample, 1);
	auto_free char *h = NULL;

	make_many(&many, 100);
	for (size_t n = 1; n <= many.count; n++) {
		free(take_ptr(h));
		h = render_with(&c, many.items, n);
		assert_int_equal(count_of(h, "acl never "), 1 + (n + 15) / 16);
		assert_int_equal(count_of(h, " 203.0.113."), n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_address_is_never_opened),
		cmocka_unit_test(test_host_addresses_are_a_set),
		cmocka_unit_test(test_refused_ranges_are_left_out),
		cmocka_unit_test(test_many_host_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
