/*
 * What a field's flags change in the binder: one mapping in place of a list, and messages
 * that keep a text to themselves.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"

struct quota {
	char *rate, *key;
	int unit;
	int64_t burst;
};

struct sample {
	struct bind_list quotas, plain;
};

static const char *const units[] = { "second", "minute", NULL };

static const struct bind_field quota_fields[] = {
	{ .key = "rate",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct quota, rate),
	  .flags = BIND_REQUIRED },
	{ .key = "key",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct quota, key),
	  .flags = BIND_QUIET,
	  .pattern = "[a-z]+",
	  .max_len = 9,
	  .want = "a word" },
	{ .key = "unit",
	  .kind = BIND_ENUM,
	  .offset = offsetof(struct quota, unit),
	  .flags = BIND_QUIET,
	  .names = units,
	  .def = "second" },
	{ .key = "burst", .kind = BIND_INT, .offset = offsetof(struct quota, burst), .def = "40" },
};

static const struct bind_table quota_table = { .name = "quota",
					       .size = sizeof(struct quota),
					       .fields = quota_fields,
					       .count = ARRAY_SIZE(quota_fields) };

static const struct bind_field sample_fields[] = {
	{ .key = "quotas",
	  .kind = BIND_LIST,
	  .offset = offsetof(struct sample, quotas),
	  .flags = BIND_REQUIRED | BIND_SINGLE,
	  .sub = &quota_table,
	  .max_len = 2 },
	{ .key = "plain",
	  .kind = BIND_LIST,
	  .offset = offsetof(struct sample, plain),
	  .sub = &quota_table },
};

static const struct bind_table sample_table = { .name = "sample",
						.size = sizeof(struct sample),
						.fields = sample_fields,
						.count = ARRAY_SIZE(sample_fields) };

static const struct doc_limits limits = DOC_LIMITS_MANIFEST;

static int read_yaml(const char *text, struct sample *out, struct err *e)
{
	auto_doc struct doc *d = NULL;

	memset(out, 0, sizeof(*out));
	if (doc_parse_yaml(text, strlen(text), "m", &limits, &d, e))
		return -1;
	return bind_read(&sample_table, BIND_STRICT, d, doc_root(d), "", out, e);
}

static void refusals_name_place_and_form(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "quotas: x\n",
		  "m:1:9: quotas: found a string: expected a mapping or a list of mappings" },
		{ "quotas: {burst: 1}\n", "m:1:9: quotas.rate: required key is missing" },
		{ "quotas: {rate: a, brst: 1}\n",
		  "m:1:19: quotas.brst: unknown key; did you mean 'burst'?" },
		{ "quotas: [{rate: a}, {burst: 1}]\n",
		  "m:1:21: quotas[1].rate: required key is missing" },
		{ "quotas: [{rate: a}, {rate: a}, {rate: a}]\n", "quotas: more than 2 entries" },
		{ "plain: []\n", "quotas: required key is missing: expected a mapping or a list" },
		{ "quotas: []\nplain: {rate: a}\n",
		  "m:2:8: plain: found a mapping: expected a list" },
		/* quiet ones */
		{ "quotas: {rate: x, key: s3cret}\n",
		  "m:1:24: quotas.key: not valid: expected a word" },
		{ "quotas: {rate: x, key: s3cret-longer}\n",
		  "m:1:24: quotas.key: longer than 9 bytes" },
		{ "quotas: {rate: x, unit: s3cret}\n",
		  "m:1:25: quotas.unit: not known: expected second or minute" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sample m, zero = { .quotas = { NULL, 0 } };
		struct err e = ERR_INIT;
		int rc = read_yaml(cases[i].text, &m, &e);
		if (rc == 0)
			fail_msg("accepted: %s", cases[i].text);
		assert_refused(rc, &e, ERR_MANIFEST, cases[i].message);
		assert_null(strstr(e.message, "s3cret"));
		assert_memory_equal(&m, &zero, sizeof(m));
	}
}

static void one_mapping_is_a_list_of_one(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"quotas: {rate: 5/s, burst: 7}\n",
		"quotas:\n  rate: 5/s\n  burst: 7\n",
		"quotas: [{rate: 5/s, burst: 7}]\n",
	};
	struct sample m, first;
	struct err e = ERR_INIT;
	assert_ok(read_yaml(texts[0], &first, &e), &e);
	assert_int_equal(first.quotas.count, 1);
	assert_string_equal(((struct quota *)first.quotas.items)->rate, "5/s");
	for (size_t i = 1; i < ARRAY_SIZE(texts); i++) {
		assert_ok(read_yaml(texts[i], &m, &e), &e);
		assert_true(bind_equal(&sample_table, &m, &first));
		bind_free(&sample_table, &m);
	}
	/* printed, and read again */
	auto_strbuf struct strbuf yaml = STRBUF_INIT(STRBUF_TEXT_MAX);
	bind_write_yaml(&sample_table, &first, &yaml);
	assert_ok(read_yaml(strbuf_str(&yaml), &m, &e), &e);
	assert_true(bind_equal(&sample_table, &m, &first));
	bind_free(&sample_table, &m);
	bind_free(&sample_table, &first);
}

static void schema_knows_both_forms(void **state)
{
	(void)state;
	auto_node struct node *s = bind_schema(&sample_table);
	auto_free char *text = node_print(s, false);
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	assert_ok(doc_parse_json(text, strlen(text), "schema", &limits, &d, &e), &e);
	assert_string_equal(node_str(doc_find(d, "properties.quotas.anyOf[0].type"), ""), "object");
	assert_string_equal(node_str(doc_find(d, "properties.quotas.anyOf[1].type"), ""), "array");
	assert_int_equal(node_int(doc_find(d, "properties.quotas.anyOf[1].maxItems"), 0), 2);
	assert_int_equal(node_int(doc_find(d, "properties.quotas.anyOf[1].minItems"), 0), 1);
	assert_null(doc_find(d, "properties.quotas.type"));
	assert_string_equal(node_str(doc_find(d, "properties.plain.type"), ""), "array");
	assert_null(doc_find(d, "properties.plain.minItems"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_name_place_and_form),
		cmocka_unit_test(one_mapping_is_a_list_of_one),
		cmocka_unit_test(schema_knows_both_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
