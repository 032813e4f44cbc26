/* Tenant names: the table of hostile ones, and the check against the manifest's pattern. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <regex.h>

#include "base/compiler.h"
#include "domain/spec.h"

#define LONG40 "a123456789a123456789a123456789a123456789"
#define LONG41 "a123456789a123456789a123456789a123456789b"

static void test_table(void **state)
{
	static const char *const good[] = { "a",	"7",	"a-b", "a--b", "acme-dental",
					    "deadbeef", LONG40, "gw",  "agw",  "host2" };
	static const char *const bad[] = {
		"",	      ".",     "..",   "../x",	  "a/b",  "a\n",    "a b",
		"a%20b",      "%",     "-a",   "a-",	  "A",	  "aB",	    LONG41,
		"\xd0\xb0-x", "a_b",   "a.b",  "host",	  "none", "bridge", "all",
		"gateway",    "proxy", "auto", "default", "a-gw", "a-twin",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = ERR_INIT;
		if (!tenant_name_is_valid(good[i]) || tenant_name_check(good[i], ERR_USAGE, &e))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_INIT;
		if (tenant_name_is_valid(bad[i]) || !tenant_name_check(bad[i], ERR_USAGE, &e))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.code, ERR_USAGE);
		assert_non_null(strstr(e.message, "is a reserved") ? e.message
				: strstr(e.message, "ends in")
					? e.message
					: strstr(e.message, "expected 1 to 40"));
	}
}

static const char *table_pattern(void)
{
	for (size_t i = 0; i < tenant_table.count; i++) {
		if (strcmp(tenant_table.fields[i].key, "tenant") == 0)
			return tenant_table.fields[i].pattern;
	}
	return NULL;
}

/* Every string of up to three bytes of a small alphabet: the check accepts nothing that the table's
 * pattern refuses, and refuses beyond it only words. */
static void test_agrees_with_pattern(void **state)
{
	static const char alphabet[] = "ag-w0.A_/\n";
	char anchored[128];
	regex_t re;

	(void)state;
	snprintf(anchored, sizeof(anchored), "^(%s)$", table_pattern());
	assert_int_equal(regcomp(&re, anchored, REG_EXTENDED | REG_NOSUB), 0);
	for (size_t n = 0; n < 11 * 11 * 11; n++) {
		char name[4] = { alphabet[n % 11], alphabet[n / 11 % 11], alphabet[n / 121], '\0' };
		bool matched = regexec(&re, name, 0, NULL, 0) == 0;
		if (matched != tenant_name_is_valid(name))
			fail_msg("'%s': pattern %d, check %d", name, matched, !matched);
	}
	regfree(&re);
}

static void test_long_name_is_cut(void **state)
{
	struct err e = ERR_INIT;
	char name[3000];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(tenant_name_check(name, ERR_MANIFEST, &e), -1);
	assert_true(strlen(e.message) < 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_agrees_with_pattern),
		cmocka_unit_test(test_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
