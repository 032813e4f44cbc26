/* Bounds on what a worker can make gateway-init write and keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../src/gateway/limits.c"

#include "base/compiler.h"

static void test_lines(unused_arg void **state)
{
	struct line_limit l = { 0 };
	unsigned written = 0;

	for (unsigned i = 0; i < DENIED_LINES_PER_SECOND + 50; i++)
		written += line_limit_take(&l, 7);
	assert_int_equal(written, DENIED_LINES_PER_SECOND);
	/* More may follow in the same second. */
	assert_int_equal(line_limit_report(&l, 7), 0);
	assert_int_equal(line_limit_report(&l, 8), 50);
	assert_int_equal(line_limit_report(&l, 8), 0);
	assert_true(line_limit_take(&l, 8));
	assert_int_equal(line_limit_report(&l, 9), 0);
}

/* What nobody asked for in time is not forgotten. */
static void test_late_report(unused_arg void **state)
{
	struct line_limit l = { 0 };

	for (long long second = 1; second <= 3; second++)
		for (unsigned i = 0; i < DENIED_LINES_PER_SECOND + 10; i++)
			(void)line_limit_take(&l, second);
	assert_int_equal(line_limit_report(&l, 4), 30);
}

static void test_excess(unused_arg void **state)
{
	static const struct {
		uint32_t connections[5];
		size_t count, want;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { 500 }, 1, 0 },
		{ { 501 }, 1, 1 },
		{ { 300, 200 }, 2, 0 },
		{ { 300, 201 }, 2, 1 },
		{ { 1, 501 }, 2, 2 },
		{ { 501, 1 }, 2, 1 },
		{ { 1, 1, 1, 1 }, 4, 0 },
		{ { 0, 0, 0, 0, 0 }, 5, 1 },
		{ { 0, 300, 300, 0, 0 }, 5, 2 },
		{ { 300, 300, 100, 100, 100 }, 5, 2 },
		{ { UINT32_MAX, UINT32_MAX, 1 }, 3, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t got = limits_excess(cases[i].connections, cases[i].count, 4, 500);

		if (got != cases[i].want)
			fail_msg("case %zu: %zu, not %zu", i, got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_late_report),
		cmocka_unit_test(test_excess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
