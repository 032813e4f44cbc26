/*
 * YAML documents: what is accepted, with which positions, and that everything which
 * makes readers disagree is refused at the place where it stands.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/strbuf.h"

static const struct doc_limits limits = DOC_LIMITS_MANIFEST;

static int parse(const char *text, size_t len, struct doc **out, struct err *e)
{
	return doc_parse_yaml(text, len, "acme.yaml", &limits, out, e);
}

static void scalars_are_text(void **state)
{
	(void)state;
	static const char *const texts[] = { "yes",   "0o17", "1e3",  "12:30",	    "017", "0x1f",
					     "1_000", "true", ".inf", "2026-12-31", "=",   "1.0" };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_doc struct doc *d = NULL;
		struct err e = ERR_INIT;
		auto_free char *text = mem_printf("k: %s\n", texts[i]);
		assert_ok(parse(text, strlen(text), &d, &e), &e);
		assert_string_equal(node_str(doc_find(d, "k"), NULL), texts[i]);
		assert_false(node_is_null(doc_find(d, "k")));
	}
}

static void nulls_are_marked(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool null;
	} cases[] = { { "k:\n", true },	    { "k: ~\n", true },	      { "k: null\n", true },
		      { "k: ''\n", false }, { "k: 'null'\n", false }, { "k: \"~\"\n", false } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_doc struct doc *d = NULL;
		struct err e = ERR_INIT;
		assert_ok(parse(cases[i].text, strlen(cases[i].text), &d, &e), &e);
		assert_true(node_is_string(doc_find(d, "k")));
		assert_int_equal(node_is_null(doc_find(d, "k")), cases[i].null);
	}
}

static void check_extent(const char *text, const struct doc *d, const char *path, const char *key,
			 const char *value)
{
	const struct node *n = doc_find(d, path);
	struct extent x;

	assert_true(doc_extent(d, n, &x));
	assert_int_equal(x.to - x.from, strlen(value));
	assert_memory_equal(text + x.from, value, strlen(value));
	assert_int_equal(doc_key_extent(d, n, &x), key != NULL);
	if (!key)
		return;
	assert_int_equal(x.to - x.from, strlen(key));
	assert_memory_equal(text + x.from, key, strlen(key));
}

static void extents_are_known(void **state)
{
	(void)state;
	static const char text[] =
		"# \xc3\xbc\r\n\"a\": plain text  # c\r\nb:\r\n- x\r\n- {y: '\xe2\x82\xac'} # d\r\n"
		"\r\n# e\r\nc: [ 1, k: v , {} ]  # f\r\nd:\r\n    e: \"\\\"\"\r\n\r\n# end\r\n";
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	struct extent x;

	assert_ok(parse(text, strlen(text), &d, &e), &e);
	check_extent(text, d, "a", "\"a\"", "plain text");
	check_extent(text, d, "b", "b", "- x\r\n- {y: '\xe2\x82\xac'}");
	check_extent(text, d, "b[0]", NULL, "x");
	check_extent(text, d, "b[1]", NULL, "{y: '\xe2\x82\xac'}");
	check_extent(text, d, "b[1].y", "y", "'\xe2\x82\xac'");
	check_extent(text, d, "c", "c", "[ 1, k: v , {} ]");
	check_extent(text, d, "c[1]", NULL, "k: v");
	check_extent(text, d, "c[2]", NULL, "{}");
	check_extent(text, d, "d", "d", "e: \"\\\"\"");
	assert_false(doc_extent(d, NULL, &x));
}

static void positions_are_known(void **state)
{
	(void)state;
	static const char text[] = "a: 1\nresources:\n  memory: 12q\n  list: [x, {host: y}]\n";
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	assert_ok(parse(text, strlen(text), &d, &e), &e);
	struct position p = doc_position(d, doc_find(d, "resources.memory"));
	assert_int_equal(p.line, 3);
	assert_int_equal(p.column, 11);
	p = doc_key_position(d, doc_find(d, "resources.memory"));
	assert_int_equal(p.line, 3);
	assert_int_equal(p.column, 3);
	p = doc_position(d, doc_find(d, "resources.list[1].host"));
	assert_int_equal(p.line, 4);
	assert_int_equal(p.column, 20);
	assert_null(doc_find(d, "resources.list[2]"));
	assert_null(doc_find(d, "resources.list[x]"));
	assert_null(doc_find(d, "a.b"));
	assert_int_equal(doc_error(d, "resources.memory.deeper", &e, "is %s", "bad"), -1);
	assert_string_equal(e.message, "acme.yaml:3:11: resources.memory.deeper: is bad");
	assert_int_equal(e.code, ERR_MANIFEST);
	auto_free char *printed = node_print(doc_root(d), false);
	assert_string_equal(printed, "{\"a\":\"1\",\"resources\":{\"memory\":\"12q\","
				     "\"list\":[\"x\",{\"host\":\"y\"}]}}");
}

struct bad {
	const char *text;
	size_t len; /* 0: up to the NUL */
	const char *message;
};

static const struct bad bad_texts[] = {
	{ "a: &x 1\n", 0, "acme.yaml:1:4: anchors" },
	{ "a: &x [1]\n", 0, "acme.yaml:1:4: anchors" },
	{ "a: &x {b: 1}\n", 0, "acme.yaml:1:4: anchors" },
	{ "&x a: 1\n", 0, "acme.yaml:1:1: anchors" },
	{ "a: 1\nb: *a\n", 0, "acme.yaml:2:4: aliases" },
	{ "*a : 1\n", 0, "acme.yaml:1:1: aliases" },
	{ "a: !!int 1\n", 0, "acme.yaml:1:4: tags" },
	{ "a: !x {}\n", 0, "acme.yaml:1:4: tags" },
	{ "a: !<tag:x> []\n", 0, "acme.yaml:1:4: tags" },
	{ "a: ! x\n", 0, "acme.yaml:1:4: tags" },
	{ "!!str a: 1\n", 0, "acme.yaml:1:1: tags" },
	{ "a:\n  <<: {b: 1}\n", 0, "acme.yaml:2:3: merge keys" },
	{ "a: 1\nb: 2\na: 3\n", 0, "acme.yaml:3:1: duplicate key 'a'" },
	{ "a: {x: 1, y: 2, x: 1}\n", 0, "acme.yaml:1:17: duplicate key 'x'" },
	{ "a: 1\n\"\\x61\": 2\n", 0, "acme.yaml:2:1: duplicate key 'a'" },
	{ "[a, b]: 1\n", 0, "acme.yaml:1:1: a key must be" },
	{ "? {a: 1}\n: 2\n", 0, "acme.yaml:1:3: a key must be" },
	{ "a: 1\n---\nb: 2\n", 0, "acme.yaml:2:1: more than one document" },
	{ "a: 1\n...\n---\n", 0, "acme.yaml:3:1: more than one document" },
	{ "%YAML 1.1\n---\na: 1\n", 0, "acme.yaml:1:1: directives" },
	{ "%TAG ! tag:x,2000:\n---\na: 1\n", 0, "acme.yaml:1:1: directives" },
	{ "a:\n\t- b\n", 0, "acme.yaml:2:1: not YAML" },
	{ "a: [1, 2\n", 0, "not YAML" },
	{ "a: \"x\n", 0, "not YAML" },
	{ "a: b: c\n", 0, "acme.yaml:1:5: not YAML" },
	{ "", 0, "the document is empty" },
	{ "# only a comment\n", 0, "the document is empty" },
	{ "\xFF\xFE"
	  "a\0:\0 \0b\0",
	  10, "acme.yaml:1:1: not UTF-8" },
	{ "\xFE\xFF\0a\0:", 6, "acme.yaml:1:1: not UTF-8" },
	{ "a\0:\0 \0b\0\n\0", 10, "acme.yaml:1:2: NUL" },
	{ "a: b\nc: \xC0\x80\n", 0, "acme.yaml:2:4: not UTF-8" },
	{ "a: \xED\xA0\x80\n", 0, "acme.yaml:1:4: not UTF-8" },
	{ "a: b\0c\n", 7, "acme.yaml:1:5: NUL" },
	{ "a: \x1b[31m\n", 0, "acme.yaml:1:4: control character" },
	{ "a: \xC2\x9B"
	  "31m\n",
	  0, "acme.yaml:1:4: control character" },
	{ "a: \"x\\0y\"\n", 0, "acme.yaml:1:4: NUL" },
	{ "\"x\\0y\": 1\n", 0, "acme.yaml:1:1: NUL" },
};

static void bad_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		const struct bad *c = &bad_texts[i];
		struct doc *d = NULL;
		struct err e = ERR_INIT;
		int rc = parse(c->text, c->len ? c->len : strlen(c->text), &d, &e);
		if (rc == 0)
			fail_msg("accepted: %s", c->text);
		assert_refused(rc, &e, ERR_MANIFEST, c->message);
		assert_null(d);
	}
}

/* "[[[[...", "a: {a: {a: ..." and the like, as deep as the byte limit lets them be. */
static void depth_is_limited(void **state)
{
	(void)state;
	static const char *const units[] = { "[", "{a: ", "- ", "? " };
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(limits.bytes);
		struct doc *d = NULL;
		struct err e = ERR_INIT;
		while (!text.overflow)
			strbuf_puts(&text, units[i]);
		assert_int_equal(parse(text.data, text.len, &d, &e), -1);
		assert_int_equal(e.code, ERR_MANIFEST);
	}
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	static const char at_limit[] = "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]";
	assert_ok(parse(at_limit, strlen(at_limit), &d, &e), &e);
	static const char beyond[] = "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]";
	struct doc *none = NULL;
	assert_refused(parse(beyond, strlen(beyond), &none, &e), &e, ERR_MANIFEST,
		       "acme.yaml:1:17: nested too deep");
}

static void size_and_count_are_limited(void **state)
{
	(void)state;
	auto_strbuf struct strbuf keys = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct doc *d = NULL;
	struct err e = ERR_INIT;
	for (int i = 0; i < 1000000; i++)
		strbuf_printf(&keys, "k%d: v\n", i);
	assert_refused(parse(keys.data, keys.len, &d, &e), &e, ERR_MANIFEST, "longer than 262144");
	strbuf_reset(&keys);
	strbuf_putc(&keys, '[');
	for (size_t i = 0; i < limits.nodes; i++)
		strbuf_puts(&keys, "x,");
	strbuf_putc(&keys, ']');
	assert_refused(parse(keys.data, keys.len, &d, &e), &e, ERR_MANIFEST, "too many values");
	strbuf_reset(&keys);
	for (int i = 0; i < 400; i++)
		strbuf_putc(&keys, 'k');
	strbuf_puts(&keys, ": v\n");
	assert_refused(parse(keys.data, keys.len, &d, &e), &e, ERR_MANIFEST, "key longer");
}

/* As many distinct keys as the limits let through must not take quadratic time. */
static void many_keys_are_fast(void **state)
{
	(void)state;
	auto_strbuf struct strbuf keys = STRBUF_INIT(limits.bytes);
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	for (int i = 0; i < 19000; i++)
		strbuf_printf(&keys, "k%05d: v\n", i);
	clock_t start = clock();
	assert_ok(parse(keys.data, keys.len, &d, &e), &e);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5.0);
	assert_int_equal(node_count(doc_root(d)), 19000);
}

static void mutations_never_break(void **state)
{
	(void)state;
	static const char seed[] = "version: 1\nname: &a \"x\\n\"\nlist: [a, {b: *c, d: !!e f}]\n"
				   "map:\n  <<: {k: v}\n  t: |\n    text\n...\n---\n? x\n: - y\n";
	unsigned random = 12345;
	for (int round = 0; round < 3000; round++) {
		char text[sizeof(seed)];
		struct doc *d = NULL;
		struct err e = ERR_INIT;
		memcpy(text, seed, sizeof(seed));
		for (int i = 0; i < 1 + round % 8; i++) {
			random = random * 1103515245u + 12345u;
			text[(random >> 8) % (sizeof(seed) - 1)] = (char)(random >> 20);
		}
		int rc = parse(text, (random >> 4) % sizeof(seed), &d, &e);
		if (rc)
			assert_true(e.code == ERR_MANIFEST && e.message[0] != '\0');
		else
			assert_non_null(d);
		doc_free(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_text),	      cmocka_unit_test(nulls_are_marked),
		cmocka_unit_test(extents_are_known),	      cmocka_unit_test(positions_are_known),
		cmocka_unit_test(bad_texts_are_refused),      cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(size_and_count_are_limited), cmocka_unit_test(many_keys_are_fast),
		cmocka_unit_test(mutations_never_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
