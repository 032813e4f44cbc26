/*
 * JSON documents: limits before recursion, the gaps of cJSON closed, exact numbers,
 * stable printing.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/strbuf.h"

static const struct doc_limits limits = { .bytes = 1 << 20, .depth = 64, .nodes = 1000 };

static int parse(const char *text, size_t len, struct doc **out, struct err *e)
{
	return doc_parse_json(text, len, "reply", &limits, out, e);
}

static void reprints_as_read(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"\"\"",
		"-1",
		"0.001",
		"[1,2.5,true,false,null,\"x\"]",
		"{\"b\":1,\"a\":{\"c\":[{}]}}",
		"\"\\\"\\\\\\n\\t\\u0001\\u007f\"",
		"\"\xC3\xA9\xF0\x9F\x98\x80\"",
		"9007199254740992",
		"-9007199254740992",
		"1.5e+300",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_doc struct doc *d = NULL;
		struct err e = ERR_INIT;
		assert_ok(parse(texts[i], strlen(texts[i]), &d, &e), &e);
		auto_free char *printed = node_print(doc_root(d), false);
		assert_string_equal(printed, texts[i]);
	}
}

static void bad_texts_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *message;
	} cases[] = {
		{ "", 0, "not JSON" },
		{ "{", 0, "not JSON" },
		{ "[1,]", 0, "not JSON" },
		{ "nul", 0, "not JSON" },
		{ "{\"a\":1,\"a\":2}", 0, "duplicate key" },
		{ "[{\"x\":{\"a\":1,\"b\":0,\"\\u0061\":2}}]", 0, "duplicate key" },
		{ "1 2", 0, "text after the value" },
		{ "{} x", 0, "text after the value" },
		{ "]", 0, "never opened" },
		{ "1e999", 0, "number out of range" },
		{ "[-1e999]", 0, "number out of range" },
		{ "NaN", 0, "not JSON" },
		{ "\"a\\u0000b\"", 0, "NUL in a string" },
		{ "\"a\0b\"", 5, "control byte" },
		{ "1\0", 2, "NUL byte" },
		{ "\"\n\"", 0, "control byte" },
		{ "\"\xFF\"", 0, "invalid UTF-8" },
		{ "\"\xC0\xAF\"", 0, "invalid UTF-8" },
		{ "\"\\ud800\"", 0, "not JSON" },
		{ "\"abc", 0, "string without an end" },
		{ "\"abc\\", 0, "string without an end" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doc *d = NULL;
		struct err e = ERR_INIT;
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].text);
		int rc = parse(cases[i].text, len, &d, &e);
		if (rc == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_refused(rc, &e, ERR_PROTOCOL, cases[i].message);
		assert_ptr_equal(strstr(e.message, "reply: "), e.message);
	}
}

static void limits_hold(void **state)
{
	(void)state;
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct doc *d = NULL;
	struct err e = ERR_INIT;
	for (int i = 0; i < 500000; i++)
		strbuf_putc(&text, '[');
	assert_refused(parse(text.data, text.len, &d, &e), &e, ERR_PROTOCOL, "nested too deep");
	for (int i = 0; i < 600000; i++)
		strbuf_putc(&text, '[');
	assert_refused(parse(text.data, text.len, &d, &e), &e, ERR_PROTOCOL, "longer than");
	strbuf_reset(&text);
	strbuf_puts(&text, "[1");
	for (int i = 0; i < 998; i++)
		strbuf_puts(&text, ",1");
	strbuf_puts(&text, " ]");
	auto_doc struct doc *full = NULL; /* the list and 999 numbers */
	assert_ok(parse(text.data, text.len, &full, &e), &e);
	text.data[text.len - 2] = ',';
	text.data[text.len - 1] = '1';
	strbuf_putc(&text, ']');
	assert_refused(parse(text.data, text.len, &d, &e), &e, ERR_PROTOCOL, "too many values");
}

static void numbers_are_exact_or_refused(void **state)
{
	(void)state;
	static const char text[] = "[9007199254740992, 9007199254740994, 1.5, -0.0, 1e3, \"5\"]";
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	assert_ok(parse(text, strlen(text), &d, &e), &e);
	assert_true(node_int(node_at(doc_root(d), 0), -7) == INT64_C(9007199254740992));
	assert_int_equal(node_int(node_at(doc_root(d), 1), -7), -7);
	assert_int_equal(node_int(node_at(doc_root(d), 2), -7), -7);
	assert_int_equal(node_int(node_at(doc_root(d), 3), -7), 0);
	assert_int_equal(node_int(node_at(doc_root(d), 4), -7), 1000);
	assert_int_equal(node_int(node_at(doc_root(d), 5), -7), -7);
	assert_int_equal(node_int(node_at(doc_root(d), 6), -7), -7);
	assert_int_equal(node_int(NULL, -7), -7);
}

static void building_replaces_and_takes_over(void **state)
{
	(void)state;
	auto_node struct node *n = node_new_object();
	node_set_str(n, "a", "old");
	node_set_int(n, "b", 2);
	node_set_str(n, "a", NULL);
	node_set(n, "none", NULL);
	node_set_bool(n, "c", true);
	node_push_str(node_set_array(n, "d"), "x\xFFy");
	node_set_num(node_push_object(node_set_array(n, "e")), "f", 0.1);
	auto_node struct node *copy = node_copy(n);
	auto_free char *printed = node_print(copy, false);
	assert_string_equal(printed, "{\"b\":2,\"a\":null,\"c\":true,\"d\":[\"x\\ufffdy\"],"
				     "\"e\":[{\"f\":0.1}]}");
	auto_free char *pretty = node_print(node_get(n, "e"), true);
	assert_string_equal(pretty, "[\n  {\n    \"f\": 0.1\n  }\n]\n");
	assert_null(node_copy(NULL));
	assert_null(node_get(node_get(n, "b"), "x"));
	assert_null(node_get(n, "A"));
}

static void mutations_never_break(void **state)
{
	(void)state;
	static const char seed[] = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\"],\"b\":{\"c\":{}}}";
	unsigned random = 99;
	for (int round = 0; round < 20000; round++) {
		char text[sizeof(seed)];
		struct doc *d = NULL;
		struct err e = ERR_INIT;
		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i < 1 + round % 4; i++) {
			random = random * 1103515245u + 12345u;
			text[(random >> 8) % (sizeof(seed) - 1)] = (char)(random >> 20);
		}
		if (parse(text, sizeof(seed) - 1, &d, &e) == 0) {
			/* what was accepted prints as JSON that is accepted again */
			auto_free char *printed = node_print(doc_root(d), false);
			auto_doc struct doc *again = NULL;
			assert_ok(parse(printed, strlen(printed), &again, &e), &e);
			auto_free char *twice = node_print(doc_root(again), false);
			assert_string_equal(printed, twice);
		}
		doc_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reprints_as_read),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(numbers_are_exact_or_refused),
		cmocka_unit_test(building_replaces_and_takes_over),
		cmocka_unit_test(mutations_never_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
