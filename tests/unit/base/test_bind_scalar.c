/* Scalars as manifests and command lines write them: exact, in range, one spelling each. */
#include "unit.h"

#include <string.h>

#include "base/bind.h"

static void sizes_print_exactly(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = { { 0, "0" },
		      { 100, "100" },
		      { 1024, "1k" },
		      { 1025, "1025" },
		      { UINT64_C(1536) << 20, "1536m" },
		      { UINT64_C(10) << 30, "10g" },
		      { UINT64_C(1) << 40, "1024g" } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[32];
		uint64_t back = 1;
		struct err e = ERR_INIT;
		bind_format_size(cases[i].bytes, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		assert_ok(bind_parse_size(text, 0, 0, &back, &e), &e);
		assert_true(back == cases[i].bytes);
	}
	uint64_t size = 0;
	int64_t number = 0;
	struct err e = ERR_INIT;
	assert_ok(bind_parse_size("7b", 0, 0, &size, &e), &e);
	assert_int_equal(size, 7);
	assert_refused(bind_parse_size("9223372036854775808", 0, 0, &size, &e), &e, ERR_USAGE,
		       "out of range");
	assert_ok(bind_parse_int("-5", -10, -1, &number, &e), &e);
	assert_int_equal(number, -5);
	assert_refused(bind_parse_int("9223372036854775808", 0, 0, &number, &e), &e, ERR_USAGE,
		       "out of range");
	assert_refused(bind_parse_int("+5", 0, 0, &number, &e), &e, ERR_USAGE, "whole number");
	assert_ok(bind_parse_decimal("-0.25", -1000, 1000, &number, &e), &e);
	assert_int_equal(number, -250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_print_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
