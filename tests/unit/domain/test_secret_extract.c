/* There and back: what is composed for an upstream gives the secret again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "domain/secret_extract.h"
#include "domain/secret_value.h"

static const struct inject_entry ways[] = {
	{ .header = (char *)"Authorization", .format = (char *)"Bearer {}" },
	{ .header = (char *)"X-Api-Key", .format = (char *)"{}" },
	{ .header = (char *)"X-Api-Key" },
	{ .header = (char *)"X-Auth", .format = (char *)"a={}; b=2" },
	{ .query = (char *)"key" },
	{ .basic = (char *)"user:{}" },
	{ .basic = (char *)"{}:" },
};

static void what_was_composed_comes_back(void **state)
{
	static const char *const secrets[] = {
		"q8Zt4Lw7Vx2Rn9", "a%2Fb c&d=e+f/g", "{}", "%41", "x", "with \"quotes\" and \\"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(secrets); k++) {
			struct strbuf value auto_strbuf = STRBUF_SECRET(4096);
			struct strbuf back auto_strbuf = STRBUF_SECRET(4096);

			secret_compose(&ways[i], secrets[k], &value);
			assert_true(secret_extract(&ways[i], strbuf_str(&value), &back));
			assert_string_equal(strbuf_str(&back), secrets[k]);
		}
	}
}

static void other_values_are_refused(void **state)
{
	static const struct {
		size_t way;
		const char *value;
	} cases[] = {
		{ 0, "" },
		{ 0, "Bearer " },
		{ 0, "Basic abc" },
		{ 0, "Bear" },
		{ 3, "a=; b=2" },
		{ 3, "a=key; b=3" },
		{ 4, "" },
		{ 4, "a%4" },
		{ 4, "a%" },
		{ 4, "a%zz" },
		{ 5, "Bearer abcd" },
		{ 5, "Basic !!!!" },
		{ 5, "Basic " },
		{ 5, "Basic b3RoZXI6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf back auto_strbuf = STRBUF_SECRET(4096);

		if (secret_extract(&ways[cases[i].way], cases[i].value, &back))
			fail_msg("'%s' gave '%s'", cases[i].value, strbuf_str(&back));
		assert_int_equal(back.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_composed_comes_back),
		cmocka_unit_test(other_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
