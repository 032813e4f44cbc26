/* Hosts, ports, days and durations as operators type them, with their mistakes. */
#include "cli_fixture.h"

#include "../../../src/cli/egress_text.h"

static void hosts_are_read(void **state unused_arg)
{
	static const struct {
		const char *text, *host;
		int64_t port;
	} cases[] = {
		{ "api.example.com", "api.example.com", 0 },
		{ "API.Example.COM.", "api.example.com", 0 },
		{ "api.example.com:8443", "api.example.com", 8443 },
		{ "*.slack.com", "*.slack.com", 0 },
		{ "10.1.2.3:5432", "10.1.2.3", 5432 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *host = NULL;
		struct err e = ERR_INIT;
		int64_t port;

		if (egress_parse_host(cases[i].text, &host, &port, &e))
			fail_msg("%s: %s", cases[i].text, e.message);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

static void mistakes_in_hosts_are_explained(void **state unused_arg)
{
	static const struct {
		const char *text, *message, *hint;
	} cases[] = {
		{ "https://api.example.com/v1/chat", "not a URL", "'api.example.com'" },
		{ "https://me:pw@api.example.com", "not a URL", "'api.example.com'" },
		{ "me:pw@api.example.com", "URL with a user", "'api.example.com'" },
		{ "api.example.com/v1", "paths are not seen", "'api.example.com'" },
		{ "", "no host name", "" },
		{ "a b", "no host name", "" },
		{ "a.example.com,b.example.com", "no host name", "" },
		{ "::1", "IPv6", "" },
		{ "api.example.com:", "port", "" },
		{ "api.example.com:0", "port", "" },
		{ "api.example.com:99999", "port", "" },
		{ "*", "wildcard", "opens everything" },
		{ "*.", "wildcard", "opens everything" },
		{ "*slack.com", "wildcard", "*.example.com" },
		{ "api.*.com", "wildcard", "*.example.com" },
		{ "*.*.com", "wildcard", "*.example.com" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *host = NULL;
		struct err e = ERR_INIT;
		int64_t port;

		assert_int_equal(egress_parse_host(cases[i].text, &host, &port, &e), -1);
		assert_null(host);
		assert_int_equal(e.code, ERR_USAGE);
		assert_holds(e.message, cases[i].message);
		assert_holds(e.hint, cases[i].hint);
		assert_null(strstr(e.message, "pw"));
		assert_null(strstr(e.hint, "pw"));
	}
}

static void days_are_read(void **state unused_arg)
{
	static const struct {
		const char *text, *day; /* day: NULL when refused */
	} cases[] = {
		{ "2026-01-02", "2026-01-02" },
		{ "2031-12-31", "2031-12-31" },
		{ "30d", "2026-02-01" },
		{ "1w", "2026-01-09" },
		{ "2026-01-01", NULL },
		{ "2025-12-31", NULL },
		{ "2026-02-30", NULL },
		{ "2026-1-5", NULL },
		{ "31.12.2030", NULL },
		{ "tomorrow", NULL },
		{ "0d", NULL },
		{ "30", NULL },
		{ "-3d", NULL },
		{ "", NULL },
		{ "2030-01-01x", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		char day[16];
		int rc = egress_parse_day(cases[i].text, FIXTURE_NOW, day, &e);

		assert_int_equal(rc, cases[i].day ? 0 : -1);
		if (cases[i].day)
			assert_string_equal(day, cases[i].day);
		else
			assert_int_equal(e.code, ERR_USAGE);
	}
}

static void durations_and_times_are_read(void **state unused_arg)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} durations[] = { { "90d", 90 * 86400 }, { "12h", 43200 }, { "2w", 14 * 86400 },
			  { "30m", 1800 },	 { "0d", 0 },	   { "90", -1 },
			  { "d", -1 },		 { "1y", -1 },	   { "1d2h", -1 },
			  { "9999999d", -1 } };
	static const struct {
		const char *text;
		int64_t at;
	} times[] = { { "24h", FIXTURE_NOW - 86400 },
		      { "2025-12-31", FIXTURE_NOW - 86400 },
		      { "2025-12-31T12:00:00Z", FIXTURE_NOW - 43200 },
		      { "yesterday", -1 },
		      { "2025-13-01", -1 } };
	int64_t got;

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		struct err e = ERR_INIT;
		int rc = egress_parse_duration(durations[i].text, "unused-for", &got, &e);

		assert_int_equal(rc, durations[i].seconds < 0 ? -1 : 0);
		if (!rc)
			assert_int_equal(got, durations[i].seconds);
		else
			assert_holds(e.message, "--unused-for");
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct err e = ERR_INIT;
		int rc = egress_parse_since(times[i].text, FIXTURE_NOW, &got, &e);

		assert_int_equal(rc, times[i].at < 0 ? -1 : 0);
		if (!rc)
			assert_int_equal(got, times[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_read),
		cmocka_unit_test(mistakes_in_hosts_are_explained),
		cmocka_unit_test(days_are_read),
		cmocka_unit_test(durations_and_times_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
