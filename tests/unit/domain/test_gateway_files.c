/* Sets of a gateway's files: their identity, words for a change, and what a hostile gateway says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/gateway_files.h"

static void set_plain(struct strmap *m)
{
	strmap_set(m, "dnsmasq.conf", "local=/#/\n");
	strmap_set(m, "haproxy.cfg", "global\n");
	strmap_set(m, "hosts", "10.231.0.2 api.example.com\n");
	strmap_set(m, "rules",
		   "tls 443 api.example.com - 0 outside/r0\n"
		   "route 80 ghl 9f86d081884c7d65 0 route_ghl/upstream\n");
}

static void identity_is_of_the_content(void **state unused_arg)
{
	struct strmap a auto_strmap = { 0 }, b auto_strmap = { 0 };
	size_t digest = 16;

	set_plain(&a);
	set_plain(&b);
	auto_free char *one = gateway_generation_line(&a, "0badcafe");
	auto_free char *two = gateway_generation_line(&b, "12345678");
	assert_int_equal(strspn(one, "0123456789abcdef"), digest);
	assert_int_equal(strcspn(one, " "), GENERATION_SIZE - 1);
	assert_memory_equal(one + digest, "-0badcafe ", 10);
	assert_int_equal(strlen(one), GENERATION_SIZE - 1 + 2 * (1 + digest));
	assert_memory_equal(one, two, digest);
	assert_string_equal(strchr(one, ' '), strchr(two, ' '));
	strmap_set(&b, "hosts", "");
	auto_free char *three = gateway_generation_line(&b, "12345678");
	assert_true(memcmp(two, three, digest) != 0);
	assert_string_equal(strchr(two, ' '), strchr(three, ' '));
}

static void changes_have_names(void **state unused_arg)
{
	static const struct {
		const char *file, *text;
		bool keys;
		const char *difference;
	} cases[] = {
		{ NULL, NULL, false, NULL },
		{ NULL, NULL, true, "keys" },
		{ "hosts", "", false, "egress rules" },
		{ "rules",
		  "tls 443 *.example.com - 0 outside/r0\n"
		  "route 80 ghl 9f86d081884c7d65 0 route_ghl/upstream\n",
		  false, "egress rules" },
		{ "rules", "tls 443 api.example.com - 0 outside/r0\n", true, "credentials, keys" },
		{ "rules", "", false, "egress rules, credentials" },
		{ "ca-ghl.pem", "x", false, "credentials" },
		{ "haproxy.cfg", "global\n\tmaxconn 1\n", false, "configuration" },
		{ "haproxy.cfg", "global\n\tmaxconn 1\n", true, "configuration, keys" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strmap have auto_strmap = { 0 }, want auto_strmap = { 0 };

		set_plain(&have);
		set_plain(&want);
		if (cases[i].file)
			strmap_set(&want, cases[i].file, cases[i].text);
		auto_free char *there = gateway_files_difference(&have, &want, cases[i].keys);
		auto_free char *back = gateway_files_difference(&want, &have, cases[i].keys);
		if (!cases[i].difference) {
			assert_null(there);
			continue;
		}
		assert_non_null(there);
		assert_string_equal(there, cases[i].difference);
		assert_string_equal(back, cases[i].difference);
	}
}

static void answers_are_hostile(void **state unused_arg)
{
	static const char mine[] = "0123456789abcdef-01234567";
	static const struct {
		const char *text;
		enum gateway_result result;
		const char *error;
	} cases[] = {
		{ "generation 0123456789abcdef-01234567\nresult loaded\n", GATEWAY_LOADED, "" },
		{ "result loaded\ngeneration 0123456789abcdef-01234567", GATEWAY_LOADED, "" },
		{ "generation 0123456789abcdef-01234567\nresult refused\nerror line 3: bad\n",
		  GATEWAY_REFUSED, "line 3: bad" },
		{ "generation 0123456789abcdef-01234567\nresult refused\nerror a\033[2Jb\n",
		  GATEWAY_REFUSED, "a?[2Jb" },
		{ "generation 0123456789abcdef-01234567\nresult refused\n", GATEWAY_REFUSED, "" },
		{ "generation 0123456789abcdef-00000000\nresult loaded\n", GATEWAY_SAID_NOTHING,
		  "" },
		{ "generation 0123456789abcdef-012345678\nresult loaded\n", GATEWAY_SAID_NOTHING,
		  "" },
		{ "generation 0123456789abcdef-01234567\nresult loadedx\n", GATEWAY_SAID_NOTHING,
		  "" },
		{ "generation 0123456789abcdef-01234567\n", GATEWAY_SAID_NOTHING, "" },
		{ "generation \nresult loaded\n", GATEWAY_SAID_NOTHING, "" },
		{ "generation\n", GATEWAY_SAID_NOTHING, "" },
		{ "\n\n\n", GATEWAY_SAID_NOTHING, "" },
		{ "", GATEWAY_SAID_NOTHING, "" },
	};
	char error[GATEWAY_ERROR_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* exactly as many bytes as there are: a sanitizer sees what reads on */
		size_t len = strlen(cases[i].text);
		auto_free char *text = mem_alloc(len);
		memcpy(text, cases[i].text, len);
		assert_int_equal(gateway_status_read(text, len, mine, error), cases[i].result);
		assert_string_equal(error, cases[i].error);
	}
	auto_free char *long_text = mem_alloc(5000);
	memset(long_text, 'e', 4999);
	auto_free char *flood =
		mem_printf("generation %s\nresult refused\nerror %s\n", mine, long_text);
	assert_int_equal(gateway_status_read(flood, strlen(flood), mine, error), GATEWAY_REFUSED);
	assert_int_equal(strlen(error), GATEWAY_ERROR_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_is_of_the_content),
		cmocka_unit_test(changes_have_names),
		cmocka_unit_test(answers_are_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
