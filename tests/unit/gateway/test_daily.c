/* Daily counts: the file, the table's keys, and days that are over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "../../../src/gateway/daily.c"

#include "base/compiler.h"

#define TODAY 20782

/* 0 when nothing is known. */
static uint32_t daily_of(struct daily *d, const char *key)
{
	uint32_t day;
	size_t len = split_key(key, &day);
	const struct daily_count *c = len ? find(d, key, len, day) : NULL;

	return c ? c->count : 0;
}

static void parse(struct daily *d, const char *text)
{
	*d = (struct daily){ .count = 0 };
	daily_parse(d, text, strlen(text), TODAY);
}

static void test_file(unused_arg void **state)
{
	char out[DAILY_FILE_MAX];
	struct daily d;
	size_t len;

	parse(&d, "ghl 20782 41\nghl 20781 7\nopenai 20782 4294967294\n");
	assert_int_equal(d.count, 3);
	assert_int_equal(daily_of(&d, "ghl:20782"), 41);
	assert_int_equal(daily_of(&d, "ghl:20781"), 7);
	assert_int_equal(daily_of(&d, "ghl:20780"), 0);
	assert_int_equal(daily_of(&d, "nonsense"), 0);
	len = daily_print(&d, out);
	assert_int_equal(len, strlen("ghl 20782 41\nghl 20781 7\nopenai 20782 4294967294\n"));
	assert_memory_equal(out, "ghl 20782 41\nghl 20781 7\nopenai 20782 4294967294\n", len);
}

static void test_hostile_file(unused_arg void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		" \n",
		"  \n",
		"ghl\n",
		"ghl 20782\n",
		"ghl 20782 \n",
		"ghl 20782 x\n",
		"ghl 20782 1 2\n",
		"ghl 20782 4294967295\n",
		"ghl 20782 99999999999999999999\n",
		"ghl 20783 1\n",
		"ghl 20780 1\n",
		"ghl 4294967295 1\n",
		"g/l 20782 1\n",
		" 20782 1\n",
		"GHL 20782 1\n",
		"a-route-name-that-is-longer-than-any-that-tenants-may-have 20782 1\n",
	};
	struct daily d;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		parse(&d, lines[i]);
		if (d.count)
			fail_msg("%s", lines[i]);
	}
	parse(&d, "bad\nghl 20782 3");
	assert_int_equal(daily_of(&d, "ghl:20782"), 3);
	d.count = 0;
	daily_parse(&d, "g\0l 20782 3\n", 12, TODAY);
	assert_int_equal(d.count, 0);
}

static void test_counts_grow(unused_arg void **state)
{
	struct daily d = { .count = 0 };
	char key[DAILY_KEY];

	assert_true(daily_note(&d, "ghl:20782", 5, TODAY));
	assert_true(d.changed);
	d.changed = false;
	assert_true(daily_note(&d, "ghl:20782", 5, TODAY));
	assert_true(daily_note(&d, "ghl:20782", 3, TODAY));
	assert_false(d.changed);
	assert_int_equal(daily_of(&d, "ghl:20782"), 5);
	assert_true(daily_note(&d, "ghl:20782", 6, TODAY));
	assert_true(d.changed);
	assert_false(daily_note(&d, "ghl:20783", 1, TODAY));
	assert_false(daily_note(&d, "ghl", 1, TODAY));
	assert_false(daily_note(&d, "ready", 1, TODAY));
	assert_false(daily_note(&d, ":20782", 1, TODAY));
	daily_key(&d.entry[0], key);
	assert_string_equal(key, "ghl:20782");
}

static void test_days_go(unused_arg void **state)
{
	struct daily d;

	parse(&d, "a 20781 1\nb 20782 2\n");
	d.changed = false;
	daily_prune(&d, TODAY);
	assert_false(d.changed);
	daily_prune(&d, TODAY + 1);
	assert_true(d.changed);
	assert_int_equal(d.count, 1);
	assert_string_equal(d.entry[0].route, "b");
}

static void test_bound(unused_arg void **state)
{
	struct daily d = { .count = 0 };
	char key[DAILY_KEY], out[DAILY_FILE_MAX];

	for (unsigned i = 0; i < DAILY_MAX; i++) {
		snprintf(key, sizeof(key), "%047u:20782", i);
		assert_true(daily_note(&d, key, 4294967294u, TODAY));
	}
	assert_false(daily_note(&d, "one-more:20782", 1, TODAY));
	assert_true(daily_print(&d, out) < sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),	    cmocka_unit_test(test_hostile_file),
		cmocka_unit_test(test_counts_grow), cmocka_unit_test(test_days_go),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
