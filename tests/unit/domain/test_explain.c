/* Prose about checks: none may be missing, none may be about a check that is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/domain/explain_tables.h"
#include "domain/checks.h"

#define TEXT_MAX 320 /* four lines of a terminal */

static bool has_check(const char *id)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i].id, id))
			return true;
	return false;
}

static void every_check_is_explained(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++) {
		const struct explanation *x = explain_check(all[i].id);

		if (!x)
			fail_msg("nobody says why there is %s: add it to src/domain/explain_*.c",
				 all[i].id);
		else
			assert_string_equal(x->id, all[i].id);
	}
	assert_null(explain_check("no.such"));
	assert_null(explain_check(""));
}

static void check_text(const char *id, const char *text)
{
	size_t len = strlen(text);

	if (len < 20 || len > TEXT_MAX || text[len - 1] != '.')
		fail_msg("%s: not a short sentence: %s", id, text);
	if (strstr(text, "  ") || strstr(text, " .") || strchr(text, '\n'))
		fail_msg("%s: blanks: %s", id, text);
	for (; *text; text++)
		if ((unsigned char)*text > 126)
			fail_msg("%s: not ASCII: %s", id, text);
}

static void check_table(const struct explanation *(*table)(size_t *))
{
	size_t count;
	const struct explanation *all = table(&count);

	for (size_t i = 0; i < count; i++) {
		if (!has_check(all[i].id))
			fail_msg("%s is explained and is no check", all[i].id);
		assert_ptr_equal(explain_check(all[i].id), &all[i]);
		check_text(all[i].id, all[i].tried);
		check_text(all[i].id, all[i].why);
		assert_string_not_equal(all[i].tried, all[i].why);
	}
}

static void nothing_else_is_explained(void **state unused_arg)
{
	check_table(explain_worker_all);
	check_table(explain_network_all);
	check_table(explain_twin_all);
	check_table(explain_drill_all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check_is_explained),
		cmocka_unit_test(nothing_else_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
