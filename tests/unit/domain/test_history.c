/* Lines of a tenant's history: read back as written, bounded, and refused when damaged. */
#include "../base/unit.h"

#include <string.h>

#include "base/mem.h"
#include "domain/history.h"

#define NEWER "{\"version\":2,\"when\":1}\n"

static char *line_at(const char *at, bool quick)
{
	struct finding items[] = {
		{ .id = "cap.bounding", .verdict = VERDICT_FAIL },
		{ .id = "cap.effective", .verdict = VERDICT_PASS },
		{ .id = "limit.swap", .verdict = VERDICT_INCONCLUSIVE },
		{ .id = "proc.lsm", .verdict = VERDICT_NOT_APPLICABLE },
		{ .id = "doctor.x", .verdict = VERDICT_WARN },
	};
	const struct findings f = { .items = items, .count = ARRAY_SIZE(items) };

	return history_line(&(struct history_record){ .at = at,
						      .verdict = "fail",
						      .engine = "28.5.2",
						      .seconds = 0.5,
						      .quick = quick,
						      .findings = &f });
}

static void a_line_reads_back(void **state unused_arg)
{
	auto_free char *line = line_at("2026-01-01T00:00:00Z", true);
	auto_history struct history h = { 0 };
	struct err e = ERR_INIT;
	const struct history_entry *x;

	assert_ok(history_parse(line, strlen(line), "h", &h, &e), &e);
	assert_int_equal(h.count, 1);
	x = &h.items[0];
	assert_string_equal(x->at, "2026-01-01T00:00:00Z");
	assert_string_equal(x->verdict, "fail");
	assert_string_equal(x->engine, "28.5.2");
	assert_null(x->kernel);
	assert_true(x->quick);
	for (int v = 0; v < VERDICTS; v++)
		assert_int_equal(x->counts[v], 1);
	assert_int_equal(x->mark_count, 3);
	assert_string_equal(x->marks[1].id, "limit.swap");
	assert_int_equal(x->marks[1].verdict, VERDICT_INCONCLUSIVE);
}

static void the_oldest_go_first(void **state unused_arg)
{
	auto_strbuf struct strbuf all = STRBUF_INIT(HISTORY_BYTES_MAX * 2);
	auto_history struct history h = { 0 };
	struct err e = ERR_INIT;

	for (int i = 0; i < HISTORY_ENTRIES_MAX + 7; i++) {
		auto_strbuf struct strbuf next = STRBUF_INIT(HISTORY_BYTES_MAX * 2);
		auto_free char *at = mem_printf("%d", i);
		auto_free char *line = line_at(at, false);

		history_append(strbuf_str(&all), all.len, line, &next);
		strbuf_reset(&all);
		strbuf_add(&all, next.data, next.len);
	}
	assert_ok(history_parse(strbuf_str(&all), all.len, "h", &h, &e), &e);
	assert_int_equal(h.count, HISTORY_ENTRIES_MAX);
	assert_string_equal(h.items[0].at, "7");
	assert_string_equal(h.items[h.count - 1].at, "106");
}

static void bytes_are_bounded(void **state unused_arg)
{
	auto_strbuf struct strbuf all = STRBUF_INIT(HISTORY_BYTES_MAX * 2);
	auto_strbuf struct strbuf next = STRBUF_INIT(HISTORY_BYTES_MAX * 2);
	auto_free char *line = line_at("x", false);

	for (int i = 0; i < 3; i++) {
		auto_free char *big = mem_alloc(HISTORY_BYTES_MAX / 3);

		memset(big, 'a' + i, HISTORY_BYTES_MAX / 3 - 1);
		strbuf_printf(&all, "%s\n", big);
	}
	history_append(strbuf_str(&all), all.len, line, &next);
	assert_true(next.len <= HISTORY_BYTES_MAX);
	assert_int_equal(*strbuf_str(&next), 'b');
	assert_non_null(strstr(strbuf_str(&next), line));
}

static void a_newer_version_is_kept(void **state unused_arg)
{
	auto_strbuf struct strbuf all = STRBUF_INIT(HISTORY_BYTES_MAX);
	auto_free char *line = line_at("x", false);
	auto_history struct history h = { 0 };
	struct err e = ERR_INIT;

	history_append(NEWER, strlen(NEWER), line, &all);
	assert_memory_equal(strbuf_str(&all), NEWER, strlen(NEWER));
	assert_ok(history_parse(strbuf_str(&all), all.len, "h", &h, &e), &e);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.newer, 1);
}

#define GOOD "\"at\":\"x\",\"verdict\":\"pass\",\"counts\":{},\"not_passed\":[]"

static void damage_is_refused(void **state unused_arg)
{
	static const char *const bad[] = {
		"{\"version\":1," GOOD "}", /* cut off */
		"\n",
		"[]\n",
		"{}\n",
		"{" GOOD "}\n", /* no version */
		"{\"version\":1,\"at\":\"x\",\"verdict\":\"great\",\"not_passed\":[]}\n",
		"{\"version\":1,\"at\":\"\",\"verdict\":\"pass\",\"not_passed\":[]}\n",
		"{\"version\":1,\"verdict\":\"pass\",\"not_passed\":[]}\n",
		"{\"version\":1,\"at\":\"x\",\"verdict\":\"pass\"}\n",
		"{\"version\":1,\"at\":\"x\",\"verdict\":\"pass\",\"counts\":{\"fail\":-1},"
		"\"not_passed\":[]}\n",
		"{\"version\":1,\"at\":\"x\",\"verdict\":\"pass\",\"not_passed\":[{\"id\":\"a\"}]}"
		"\n",
		"{\"version\":1," GOOD "}\ngarbage\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct history h = { 0 };
		struct err e = ERR_INIT;

		if (!history_parse(bad[i], strlen(bad[i]), "h", &h, &e))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_PROTOCOL);
		assert_non_null(strstr(e.message, "h:"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_reads_back), cmocka_unit_test(the_oldest_go_first),
		cmocka_unit_test(bytes_are_bounded), cmocka_unit_test(a_newer_version_is_kept),
		cmocka_unit_test(damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
