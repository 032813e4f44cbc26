/* Two audits compared, and the file between them. */
#include "../base/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/audit_items.h"

static struct finding make(const char *id, const char *subject, const char *text,
			   enum finding_verdict v)
{
	return (struct finding){
		.id = id, .evidence = (char *)subject, .observed = (char *)text, .verdict = v
	};
}

static void fill(struct audit_items *a, const struct finding *f, size_t count)
{
	const struct findings all = { .items = (struct finding *)f, .count = count };

	a->at = mem_strdup("2026-01-01T00:00:00Z");
	audit_items_add(a, "acme", &all);
	audit_items_sort(a);
}

static void only_what_is_no_pass_counts(void **state unused_arg)
{
	struct audit_items a auto_audit_items = { 0 };
	const struct finding f[] = {
		make("audit.z", "s", "t", VERDICT_WARN),
		make("audit.b", "s", "t", VERDICT_PASS),
		make("audit.c", NULL, NULL, VERDICT_INCONCLUSIVE),
		make("audit.d", "s", "t", VERDICT_NOT_APPLICABLE),
		make("audit.e", "s", "t", VERDICT_FAIL),
	};

	fill(&a, f, ARRAY_SIZE(f));
	audit_items_add_error(&a, "beta", "no engine");
	audit_items_sort(&a);
	assert_int_equal(a.count, 4);
	assert_string_equal(a.items[0].id, "audit.e");
	assert_string_equal(a.items[1].id, "audit.c");
	assert_string_equal(a.items[2].id, AUDIT_ITEM_ERROR);
	assert_string_equal(a.items[3].id, "audit.z");
	assert_int_equal(audit_items_count(&a, VERDICT_INCONCLUSIVE), 2);
}

static void subjects_are_compared_not_words(void **state unused_arg)
{
	struct audit_items then auto_audit_items = { 0 }, now auto_audit_items = { 0 };
	const struct finding old[] = { make("audit.a", "one", "7 days", VERDICT_WARN),
				       make("audit.a", "two", "t", VERDICT_FAIL) };
	const struct finding young[] = { make("audit.a", "one", "8 days", VERDICT_FAIL),
					 make("audit.a", "three", "t", VERDICT_FAIL),
					 make("audit.b", "two", "t", VERDICT_FAIL) };
	auto_free const struct audit_item **added = NULL;
	auto_free const struct audit_item **gone = NULL;

	fill(&then, old, ARRAY_SIZE(old));
	fill(&now, young, ARRAY_SIZE(young));
	assert_int_equal(audit_items_beyond(&now, &then, &added), 2);
	assert_string_equal(added[0]->subject, "three");
	assert_string_equal(added[1]->id, "audit.b");
	assert_int_equal(audit_items_beyond(&then, &now, &gone), 1);
	assert_string_equal(gone[0]->subject, "two");
}

static void the_file_reads_back(void **state unused_arg)
{
	struct audit_items a auto_audit_items = { 0 }, b auto_audit_items = { 0 };
	const struct finding f[] = { make("audit.a", "x \"y\" \xc3\xa4", "t\n", VERDICT_WARN),
				     make("audit.b", "", "", VERDICT_FAIL) };
	struct err e = ERR_INIT;

	fill(&a, f, ARRAY_SIZE(f));
	auto_free char *text = audit_items_text(&a);
	assert_ok(audit_items_parse(text, strlen(text), "f", &b, &e), &e);
	auto_free char *again = audit_items_text(&b);
	assert_string_equal(text, again);
}

#define ITEM(rest) "{\"version\":1,\"at\":\"x\",\"items\":[{\"tenant\":\"a\"," rest "}]}"

static void damage_is_refused(void **state unused_arg)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"version\":2,\"at\":\"x\",\"items\":[]}",
		"{\"version\":1,\"items\":[]}",
		"{\"version\":1,\"at\":\"x\"}",
		ITEM("\"id\":\"a\",\"subject\":\"s\",\"verdict\":\"pass\""),
		ITEM("\"id\":\"a\",\"subject\":\"s\",\"verdict\":7"),
		ITEM("\"id\":\"a\",\"verdict\":\"fail\""),
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct audit_items a = { 0 };
		struct err e = ERR_INIT;

		if (!audit_items_parse(bad[i], strlen(bad[i]), "f", &a, &e))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

static void there_is_a_bound(void **state unused_arg)
{
	struct audit_items a auto_audit_items = { 0 };

	for (int i = 0; i < AUDIT_ITEMS_MAX + 5; i++)
		audit_items_add_error(&a, "acme", "x");
	assert_int_equal(a.count, AUDIT_ITEMS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_no_pass_counts),
		cmocka_unit_test(subjects_are_compared_not_words),
		cmocka_unit_test(the_file_reads_back),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(there_is_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
