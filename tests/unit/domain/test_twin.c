/*
 * The probe's output is a worker's word: one line that is not as agreed, and it proves
 * nothing any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/twin.h"

#define ENTRY(what, outcome)                                                                       \
	"{\"v\":1,\"id\":\"twin.mount\",\"what\":\"" what "\",\"outcome\":\"" outcome              \
	"\",\"errno\":1,\"detail\":\"\"}\n"
#define SWEEP(abi, from, results)                                                                  \
	"{\"v\":1,\"id\":\"sweep\",\"what\":\"" abi "\",\"from\":" from ",\"results\":\"" results  \
	"\"}\n"
#define END(count) "{\"v\":1,\"id\":\"end\",\"count\":" count "}\n"

static void parse(const char *text, struct twin_facts *out)
{
	twin_parse(text, strlen(text), out);
}

static void what_was_agreed_is_read(void **state unused_arg)
{
	struct twin_facts f auto_twin_facts = { 0 };

	parse(ENTRY("fsopen", "blocked") ENTRY("chroot", "open") SWEEP(
		      "native", "0", "0001feff") SWEEP("native", "4", "fd")
		      SWEEP("ia32", "575", "26") "{\"v\":1,\"id\":\"twin.names\",\"what\":\"host\","
						 "\"outcome\":\"none\",\"errno\":0,"
						 "\"detail\":\"a\\u001bb\\\"\"}\n" END("6"),
	      &f);
	assert_true(f.complete);
	assert_null(f.trouble);
	assert_int_equal(f.count, 3);
	assert_int_equal(twin_find(&f, "twin.mount", "fsopen")->outcome, TWIN_BLOCKED);
	assert_int_equal(twin_find(&f, "twin.mount", "fsopen")->sys_errno, 1);
	assert_int_equal(twin_find(&f, "twin.mount", "chroot")->outcome, TWIN_OPEN);
	assert_string_equal(twin_find(&f, "twin.names", "host")->detail, "a\\x1Bb\"");
	assert_null(twin_find(&f, "twin.names", "fsopen"));
	assert_int_equal(f.calls[TWIN_ABI_NATIVE][0], 0);
	assert_int_equal(f.calls[TWIN_ABI_NATIVE][1], 1);
	assert_int_equal(f.calls[TWIN_ABI_NATIVE][2], TWIN_CALL_KILLED);
	assert_int_equal(f.calls[TWIN_ABI_NATIVE][3], TWIN_CALL_UNTRIED);
	assert_int_equal(f.calls[TWIN_ABI_NATIVE][4], TWIN_CALL_SILENT);
	assert_int_equal(f.calls[TWIN_ABI_IA32][575], 38);
	assert_int_equal(f.calls[TWIN_ABI_X32][0], TWIN_CALL_UNTRIED);
}

struct bad {
	const char *why, *text; /* why: part of the trouble */
};

static void what_was_not_agreed_proves_nothing(void **state unused_arg)
{
	static const struct bad cases[] = {
		{ "without its end", "" },
		{ "without its end", ENTRY("a", "blocked") },
		{ "line 2: cut off", ENTRY("a", "blocked") "{\"v\":1,\"id\":\"end\",\"count\":1}" },
		{ "another number", ENTRY("a", "blocked") END("0") },
		{ "another number", ENTRY("a", "blocked") END("2") },
		{ "another number", END("-1") },
		{ "another number", END("\"0\"") },
		{ "another number", "{\"v\":1,\"id\":\"end\",\"count\":0,\"more\":1}\n" },
		{ "after its end", END("0") END("0") },
		{ "after its end", END("0") "\n" },
		{ "after its end", END("0") ENTRY("a", "blocked") },
		{ "line 1: not JSON", "hello\n" },
		{ "line 1: not JSON", "\n" },
		{ "line 1: not JSON", "{\"v\":1,\"id\":\"a\\u0000\"}\n" },
		{ "line 1: not JSON", "{\"v\":1,\"id\":\"\xff\"}\n" },
		{ "line 1: not JSON", "{\"v\":1,\"v\":1,\"id\":\"end\",\"count\":0}\n" },
		{ "line 1: not JSON", "{\"v\":1,\"id\":[[[[1]]]]}\n" },
		{ "version", "{\"v\":2,\"id\":\"end\",\"count\":0}\n" },
		{ "version", "[]\n" },
		{ "line 2: an attempt that was told before",
		  ENTRY("a", "open") ENTRY("a", "blocked") END("2") },
		{ "not an attempt", ENTRY("a", "fine") END("1") },
		{ "not an attempt", ENTRY("", "blocked") END("1") },
		{ "not an attempt", ENTRY("a\\u0007", "blocked") END("1") },
		{ "not an attempt", ENTRY("\xc3\xa4", "blocked") END("1") },
		{ "not an attempt",
		  ENTRY("0123456789012345678901234567890123456789012345678901234567890123",
			"blocked") END("1") },
		{ "not an attempt", "{\"v\":1,\"id\":\"a\",\"what\":\"b\",\"outcome\":\"open\","
				    "\"errno\":-1,\"detail\":\"\"}\n" },
		{ "not an attempt", "{\"v\":1,\"id\":\"a\",\"what\":\"b\",\"outcome\":\"open\","
				    "\"errno\":4096,\"detail\":\"\"}\n" },
		{ "not an attempt", "{\"v\":1,\"id\":\"a\",\"what\":\"b\",\"outcome\":\"open\","
				    "\"errno\":1,\"detail\":2}\n" },
		{ "not an attempt", "{\"v\":1,\"id\":\"a\",\"what\":\"b\",\"outcome\":\"open\","
				    "\"errno\":1,\"detail\":\"\",\"more\":1}\n" },
		{ "not a sweep", SWEEP("arm", "0", "00") END("1") },
		{ "not a sweep", SWEEP("native", "576", "00") END("1") },
		{ "not a sweep", SWEEP("native", "-1", "00") END("1") },
		{ "not a sweep", SWEEP("native", "575", "0000") END("1") },
		{ "not a sweep", SWEEP("native", "0", "") END("1") },
		{ "not a sweep", SWEEP("native", "0", "000") END("1") },
		{ "not a sweep", SWEEP("native", "0", "0g") END("1") },
		{ "not a sweep", SWEEP("native", "0", "f0") END("1") },
		{ "not a sweep", SWEEP("native", "0", "01") SWEEP("native", "0", "00") END("2") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct twin_facts f auto_twin_facts = { 0 };

		parse(cases[i].text, &f);
		if (f.complete || !f.trouble || !strstr(f.trouble, cases[i].why))
			fail_msg("%s: %s", cases[i].text, f.trouble ? f.trouble : "complete");
	}
}

static void bytes_outside_of_text_are_refused(void **state unused_arg)
{
	static const char nul[] = ENTRY("a", "blocked") "\0\n" END("2");
	struct twin_facts f auto_twin_facts = { 0 };

	twin_parse(nul, sizeof(nul) - 1, &f);
	assert_false(f.complete);
	assert_string_equal(f.trouble, "line 2: not JSON");
	assert_int_equal(f.count, 1); /* what came before is kept */
}

static void everything_is_bounded(void **state unused_arg)
{
	struct strbuf b auto_strbuf = STRBUF_INIT(2 * TWIN_OUTPUT_MAX);
	struct twin_facts f auto_twin_facts = { 0 }, many auto_twin_facts = { 0 };
	struct twin_facts much auto_twin_facts = { 0 }, wide auto_twin_facts = { 0 };
	char line[TWIN_LINE_MAX + 2];

	memset(line, ' ', sizeof(line));
	line[TWIN_LINE_MAX + 1] = '\n';
	twin_parse(line, sizeof(line), &f);
	assert_string_equal(f.trouble, "line 1: too long");

	for (int i = 0; i <= TWIN_ENTRIES_MAX; i++)
		strbuf_printf(&b,
			      "{\"v\":1,\"id\":\"a\",\"what\":\"%d\",\"outcome\":\"open\","
			      "\"errno\":0,\"detail\":\"\"}\n",
			      i);
	twin_parse(strbuf_str(&b), b.len, &many);
	assert_false(many.complete);
	assert_non_null(strstr(many.trouble, "too many"));
	assert_int_equal(many.count, TWIN_ENTRIES_MAX);

	while (b.len <= TWIN_OUTPUT_MAX)
		strbuf_puts(&b, "\n");
	twin_parse(strbuf_str(&b), b.len, &much);
	assert_false(much.complete);
	assert_int_equal(much.count, 0);

	strbuf_reset(&b);
	strbuf_puts(&b, "{\"v\":1,\"id\":\"a\",\"what\":\"b\",\"outcome\":\"open\",\"errno\":0,"
			"\"detail\":\"");
	for (int i = 0; i < 120; i++)
		strbuf_puts(&b, "\\u0007");
	strbuf_puts(&b, "\"}\n" END("1"));
	twin_parse(strbuf_str(&b), b.len, &wide);
	assert_true(wide.complete);
	assert_int_equal(strlen(wide.items[0].detail), (TWIN_DETAIL_MAX - 1) / 4 * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_agreed_is_read),
		cmocka_unit_test(what_was_not_agreed_proves_nothing),
		cmocka_unit_test(bytes_outside_of_text_are_refused),
		cmocka_unit_test(everything_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
