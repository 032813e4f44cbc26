/*
 * Credential routes in the gateway's files: golden text, what must come before what, and
 * what is never rendered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "routes_sample.h"

#define GOLDEN "tests/unit/domain/golden/routes-"

/* ---- golden -------------------------------------------------------------------------------- */

static void compare_golden(const char *name, const char *text)
{
	auto_free char *path = mem_printf(GOLDEN "%s", name);
	auto_free char *want = mem_alloc(262144);
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s cannot be read; run from the top folder", path);
	want[fread(want, 1, 262143, f)] = '\0';
	fclose(f);
	if (strcmp(text, want) != 0)
		fail_msg("%s differs from what is rendered", path);
}

static void golden(unused_arg void **state)
{
	struct gateway_config c = routes_config();
	struct strmap files auto_strmap = { 0 };

	render_all(&c, &files);
	for (size_t i = 0; i < files.count; i++) {
		const char *name = files.entries[i].key;

		if (strncmp(name, "ca-", 3) == 0)
			assert_string_equal(files.entries[i].value, routes_ca);
		else
			compare_golden(name, files.entries[i].value);
	}
	assert_int_equal(files.count, 4 + ARRAY_SIZE(routes_sample) - 1);
}

/* ---- structure ----------------------------------------------------------------------------- */

/* The section that begins with `title`, up to the next empty line. */
static char *section(const char *text, const char *title)
{
	auto_free char *head = mem_printf("\n%s\n", title);
	const char *at = strstr(text, head), *end;

	if (!at)
		fail_msg("no section %s", title);
	end = strstr(at + 1, "\n\n");
	return end ? mem_strndup(at, (size_t)(end - at) + 1) : mem_strdup(at);
}

static void assert_order(const char *text, const char *const *needles, size_t count)
{
	const char *at = text;

	for (size_t i = 0; i < count; i++) {
		const char *next = strstr(at, needles[i]);

		if (!next)
			fail_msg("'%s' is missing or comes before '%s'", needles[i],
				 i ? needles[i - 1] : "");
		at = next + 1;
	}
}

/* All that may refuse comes before the address is used, the key is put in, and the request counts;
 * the worker's copies go before the key comes; an answer is searched before it is let through. */
static void order_of_a_route(unused_arg void **state)
{
	static const char *const needles[] = {
		"set-path ",
		"reason) str(path)",
		"reason) str(rule)",
		"do-resolve(",
		"reason) str(unresolved)",
		"reason) str(address)",
		"if is_new never || is_new private",
		"set-dst ",
		"reason) str(key)",
		"wait-for-body",
		"reason) str(reload) if { stopping }",
		"http-request return status 503",
		"http-request del-header",
		"set-header Host ",
		"set-header Authorization ",
		"str(allowed)",
		"http-response del-header",
		"withheld) str(echo) if { res.hdrs -m sub -f echo }",
		"withheld) str(range) if { status 206 }",
		"wait-for-body",
		"withheld) str(echo) if is_searched { res.body -m sub -f echo }",
		"http-response allow if { status 200 } !is_withheld",
		"reason) var(txn.withheld) if is_withheld",
		"verdict) str(denied) if is_withheld",
		"http-response return status 502",
		"withheld) -m str echo }",
		"http-response return status 502",
		"withheld) -m str range }",
		"http-response set-status 101",
		"server upstream 0.0.0.0:443 ",
	};
	struct gateway_config c = routes_config();
	auto_free char *h = NULL, *d = NULL, *text = NULL;

	render(&c, &h, &d);
	text = section(h, "backend route_crm");
	assert_order(text, needles, ARRAY_SIZE(needles));
}

static void order_of_limits(unused_arg void **state)
{
	static const char *const needles[] = {
		"stick-table ",
		"reason) str(key)",
		"track-sc0 ",
		"sc_gpc1_rate(0) ge 100 }",
		"sc_gpc0_rate(0) ge 1000 }",
		"reason) str(reload) if !{ str(ready),in_table(daily) -m bool }",
		"table daily",
		"sc_get_gpc0(1) ge 4 }",
		"sc-inc-gpc0(1)",
		"sc-inc-gpc0(0)",
		"sc-inc-gpc1(0)",
		"str(allowed)",
	};
	struct gateway_config c = routes_config();
	auto_free char *h = NULL, *d = NULL, *text = NULL;

	render(&c, &h, &d);
	text = section(h, "backend route_daily");
	assert_order(text, needles, ARRAY_SIZE(needles));
}

static void order_of_the_frontend(unused_arg void **state)
{
	static const char *const needles[] = {
		"maxconn 300\n",
		"tcp-request connection reject if !{ src 10.231.0.3 10.231.0.4 }",
		"reason) str(reload) if { stopping }",
		"http-request return status 503",
		"http-request allow if is_plain",
		"reason) str(host)",
		"reason) str(target)",
		"reason) str(method)",
		"reason) str(upgrade)",
		"reason) str(connection)",
		"reason) str(header)",
		"reason) str(path)",
		"reason) str(route)",
		"use_backend route_%[var(txn.route)]\n",
		"log-format ",
		"error-log-format ",
	};
	struct gateway_config c = routes_config();
	auto_free char *h = NULL, *d = NULL, *text = NULL;

	render(&c, &h, &d);
	text = section(h, "frontend routes");
	assert_order(text, needles, ARRAY_SIZE(needles));
}

/* Every return has a status of an error and a condition, or is the one without; each server
 * verifies its upstream. */
static void nothing_is_left_out(unused_arg void **state)
{
	size_t count = ARRAY_SIZE(routes_sample);
	struct gateway_config c = routes_config();
	auto_free char *h = NULL, *d = NULL;

	render(&c, &h, &d);
	assert_int_equal(count_of(h, "\nbackend route_"), count);
	assert_int_equal(count_of(h, "\tserver upstream 0.0.0.0:"), count);
	assert_int_equal(count_of(h, " ssl verify required ca-file "), count);
	assert_int_equal(count_of(h, " ca-file /etc/ssl/certs/ca-certificates.crt "), 1);
	assert_int_equal(count_of(h, " verifyhost "), count);
	assert_int_equal(count_of(h, "if { res.hdrs -m sub -f echo }\n"), count);
	assert_int_equal(count_of(h, "{ res.body -m sub -f echo }\n"), count);
	assert_int_equal(count_of(h, "http-request return status 2"), 0);
	assert_int_equal(count_of(h, "\thttp-request del-header"), count);
	assert_int_equal(count_of(h, "str(reload) if { stopping }\n"), 1 + count);
	assert_null(strstr(h, "is_stream"));
	/* The placeholder is where it is asked for, a value to send nowhere. */
	assert_int_equal(count_of(h, ROUTES_TOKEN), 4);
	assert_int_equal(count_of(h, "Bearer"), 0);
}

static void no_credentials(unused_arg void **state)
{
	struct gateway_config c = config_of(NULL, 0);
	auto_free char *h = NULL, *d = NULL, *text = NULL;

	render(&c, &h, &d);
	text = section(h, "frontend routes");
	assert_null(strstr(text, "use_backend"));
	assert_non_null(strstr(text, "this tenant has no credentials"));
	assert_null(strstr(h, "backend route_"));
}

/* ---- refused ------------------------------------------------------------------------------- */

static void assert_refused(const struct credential_entry *list, size_t count, const char *token,
			   const char *what)
{
	static const char *const texts[GATEWAY_MAX_CREDENTIALS + 1];
	struct gateway_config c = config_of(NULL, 0);
	struct strmap files auto_strmap = { 0 };
	struct err e = ERR_INIT;

	c.credentials = list;
	c.credential_count = count;
	c.ca_texts = texts;
	c.token = token;
	if (gateway_render(&c, &files, &e) == 0)
		fail_msg("accepted: %s", what);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(files.count, 0);
}

static struct credential_entry plain(void)
{
	return (struct credential_entry){ .name = (char *)"a",
					  .upstream = (char *)"https://a.example.com",
					  .upstream_host = "a.example.com",
					  .upstream_port = 443,
					  .inject = INJECT(inject_bearer) };
}

static void names_are_refused(unused_arg void **state)
{
	static const char *const names[] = { "",    "a b", "a\nb", "a'b", "A",	 "a_b",
					     "a.b", "a/b", "%[x]", "a{b", "a\"b" };
	static const char *const hosts[] = { "",     "a b.c", "a\nb.c",	  "a'b.c", "A.c",
					     "a..c", "*.a.c", "10.0.0.1", "a/b",   "%[src].c" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct credential_entry r = plain();

		r.name = (char *)names[i];
		assert_refused(&r, 1, NULL, names[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct credential_entry r = plain();

		strcpy(r.upstream_host, hosts[i]);
		assert_refused(&r, 1, NULL, hosts[i]);
	}
}

static void injects_are_refused(unused_arg void **state)
{
	static struct inject_entry lists[][2] = {
		{ { .header = NULL } },
		{ { .header = (char *)"X", .query = (char *)"x" } },
		{ { .header = (char *)"X Y" } },
		{ { .header = (char *)"X'Y" } },
		{ { .header = (char *)"X_Y" } },
		{ { .header = (char *)"" } },
		{ { .header = (char *)"Host" } },
		{ { .header = (char *)"transfer-Encoding" } },
		{ { .header = (char *)"Connection" } },
		{ { .query = (char *)"a&b" } },
		{ { .query = (char *)"a(b" } },
		{ { .query = (char *)"a%b" } },
		{ { .query = (char *)"" } },
		{ { .header = (char *)"X-A" }, { .header = (char *)"x-a" } },
		{ { .basic = (char *)"u:{}" }, { .header = (char *)"authorization" } },
		{ { .query = (char *)"k" }, { .query = (char *)"K" } },
	};
	struct credential_entry r = plain();

	r.inject.count = 0;
	assert_refused(&r, 1, NULL, "nothing to inject");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		auto_free char *what = mem_printf("inject list %zu", i);

		r.inject.items = lists[i];
		r.inject.count = i < 13 ? 1 : 2;
		assert_refused(&r, 1, NULL, what);
	}
}

static void the_rest_is_refused(unused_arg void **state)
{
	static char *odd[] = { (char *)"GET /x' }", NULL };
	static const struct route_limit limits[] = {
		{ .rate_count = 1 },
		{ .rate_count = 1, .rate_seconds = 2 },
		{ .rate_count = -1, .rate_seconds = 1 },
		{ .rate_count = 10000000, .rate_seconds = 1 },
		{ .rate_seconds = 1 },
		{ .burst = -1 },
		{ .daily = -1 },
	};
	auto_free struct credential_entry *many =
		mem_array(GATEWAY_MAX_CREDENTIALS + 1, sizeof(*many));
	struct credential_entry r = plain(), two[] = { plain(), plain() };

	assert_refused(two, 2, NULL, "one name twice");
	r.upstream_port = 0;
	assert_refused(&r, 1, NULL, "port 0");
	r = plain();
	r.allow = (struct strlist){ .items = odd, .count = 1 };
	assert_refused(&r, 1, NULL, "a pattern");
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		r = plain();
		r.limit = limits[i];
		assert_refused(&r, 1, NULL, "a limit");
	}
	r = plain();
	r.ca = (char *)"/etc/x.pem";
	assert_refused(&r, 1, NULL, "a CA without its text");
	r = plain();
	r.token = TOKEN_REQUIRED;
	assert_refused(&r, 1, NULL, "no placeholder");
	assert_refused(&r, 1, "", "an empty placeholder");
	assert_refused(&r, 1, "tenant-placeholder-x y", "an odd placeholder");
	for (size_t i = 0; i <= GATEWAY_MAX_CREDENTIALS; i++)
		many[i] = plain();
	assert_refused(many, GATEWAY_MAX_CREDENTIALS + 1, NULL, "too many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(order_of_a_route),
		cmocka_unit_test(order_of_limits),
		cmocka_unit_test(order_of_the_frontend),
		cmocka_unit_test(nothing_is_left_out),
		cmocka_unit_test(no_credentials),
		cmocka_unit_test(names_are_refused),
		cmocka_unit_test(injects_are_refused),
		cmocka_unit_test(the_rest_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
