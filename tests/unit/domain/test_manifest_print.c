/*
 * What is generated from the table of keys: resolved manifests, the commented
 * manifest of `init`, the JSON Schema and the manual. The examples are the input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <regex.h>

#include "base/bind.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/spec.h"

static const char *const examples[] = { "examples/minimal.yaml", "examples/acme-dental.yaml" };

/* The examples as values; the tests run in the top folder of the source. */
static char *slurp(const char *path)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	FILE *f = fopen(path, "r");
	char buf[4096];
	size_t n;

	if (!f)
		fail_msg("%s cannot be opened", path);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(&text, buf, n);
	fclose(f);
	return strbuf_take(&text);
}

static void parse(const char *text, struct tenant_spec *s)
{
	struct err e = ERR_INIT;

	if (manifest_parse(text, strlen(text), "m", NULL, s, &e))
		fail_msg("%s\n%s", e.message, text);
}

static void test_resolved(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		auto_free char *text = slurp(examples[i]);
		auto_spec struct tenant_spec first = { 0 }, second = { 0 };
		parse(text, &first);
		auto_free char *printed = manifest_resolved(&first);
		parse(printed, &second);
		auto_free char *again = manifest_resolved(&second);
		assert_string_equal(printed, again);
		assert_true(bind_equal(&tenant_table, &first, &second));
		for (size_t j = 0; j < tenant_table.count; j++) { /* every key is spelled out */
			auto_free char *key = mem_printf("\n%s:", tenant_table.fields[j].key);
			assert_true(strstr(printed, key) ||
				    !strncmp(printed, key + 1, strlen(key + 1)));
		}
	}
}

/* Takes away the '#' of lines that are keys: "#key" and "#  key", not "# prose". */
static char *uncomment(const char *text)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	for (; *text; text++) {
		bool start = out.len == 0 || out.data[out.len - 1] == '\n';
		if (start && *text == '#' && (text[1] != ' ' || text[2] == ' '))
			continue;
		strbuf_putc(&out, *text);
	}
	return strbuf_take(&out);
}

static void test_template(void **state)
{
	struct init_options o = { .tenant = "acme" };
	auto_spec struct tenant_spec plain = { 0 }, full = { 0 }, least = { 0 };
	struct err e = ERR_INIT;
	char *text = NULL;

	(void)state;
	assert_int_equal(manifest_template(&o, &text, &e), 0);
	parse(text, &plain);
	parse("version: 1\ntenant: acme\nimage: example/worker:1.0\n", &least);
	assert_true(bind_equal(&tenant_table, &plain, &least));
	auto_free char *all = uncomment(text);
	parse(all, &full);
	assert_int_equal(full.egress.count, 3);
	assert_int_equal(full.source.count, 1);
	assert_int_equal(full.command.count, 2);
	assert_int_equal(full.health.command.count, 2);
	assert_int_equal(full.allow_plain.count, 1);
	assert_int_equal(full.credentials.count, 1);
	free(text);
}

static bool same_field(const char *key, const struct tenant_spec *a, const struct tenant_spec *b)
{
	struct bind_table one = { .size = tenant_table.size, .count = 1 };

	for (size_t i = 0; i < tenant_table.count; i++)
		if (strcmp(tenant_table.fields[i].key, key) == 0)
			one.fields = &tenant_table.fields[i];
	assert_non_null(one.fields);
	return bind_equal(&one, a, b);
}

static void test_template_from(void **state)
{
	auto_free char *example = slurp("examples/acme-dental.yaml");
	auto_spec struct tenant_spec from = { 0 }, made = { 0 };
	struct init_options o = { .tenant = "beta", .image = "x/y:2", .from = &from };
	struct err e = ERR_INIT;
	char *text = NULL;

	(void)state;
	parse(example, &from);
	strlist_add(&o.allow, "api.openai.com"); /* there already */
	strlist_add(&o.allow, "new.example.com:8443");
	assert_int_equal(manifest_template(&o, &text, &e), 0);
	parse(text, &made);
	assert_non_null(strstr(text, "\n  - api.openai.com\n"));
	assert_non_null(strstr(text, "\n  - { host: new.example.com, port: 8443 }\n"));
	assert_string_equal(made.tenant, "beta");
	assert_string_equal(made.image, "x/y:2");
	assert_int_equal(made.egress.count, from.egress.count + 1);
	assert_int_equal(made.stop_timeout, 20);
	assert_non_null(strstr(text, "\n  - name: ghl\n    upstream: "));
	assert_non_null(strstr(text,
			       "\n    inject: { header: Authorization, format: \"Bearer {}\" }"
			       "\n    secret: ghl\n"));
	assert_true(same_field("credentials", &made, &from));
	assert_true(strmap_equal(&made.environment, &from.environment));
	strlist_free(&o.allow);
	free(text);
}

static void test_template_refuses(void **state)
{
	static const char *const bad[] = { "localhost", "a.com:0", "a.com:99999", "a b.com", "" };
	struct err e = ERR_INIT;
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct init_options o = { .tenant = "acme" };
		strlist_add(&o.allow, bad[i]);
		assert_int_equal(manifest_template(&o, &text, &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		strlist_free(&o.allow);
	}
	struct init_options o = { .tenant = "../x" };
	assert_int_equal(manifest_template(&o, &text, &e), -1);
	assert_null(text);
}

/* ---- a validator for the part of JSON Schema that the generator uses ---- */

static const char *const known_words[] = {
	"$schema",     "$id",		"title",
	"description", "examples",	"default",
	"type",	       "pattern",	"minLength",
	"maxLength",   "minimum",	"maximum",
	"enum",	       "items",		"maxItems",
	"properties",  "required",	"additionalProperties",
	"anyOf",       "propertyNames", "maxProperties",
	"minItems",
};

static bool type_matches(const struct node *types, const struct node *n)
{
	const char *word = node_str(types, "");
	bool scalar = node_is_string(n);

	if (node_is_array(types)) {
		for (const struct node *t = node_first(types); t; t = node_next(t)) {
			if (type_matches(t, n))
				return true;
		}
		return false;
	}
	/* the YAML reader gives text: a number is what reads as one */
	if (!strcmp(word, "integer") || !strcmp(word, "number"))
		return scalar && strspn(node_str(n, "x"), "0123456789.") == strlen(node_str(n, ""));
	if (!strcmp(word, "boolean"))
		return scalar &&
		       (!strcmp(node_str(n, ""), "true") || !strcmp(node_str(n, ""), "false"));
	return !strcmp(word, "string")	? scalar
	       : !strcmp(word, "array") ? node_is_array(n)
					: !strcmp(word, "object") && node_is_object(n);
}

static bool pattern_matches(const struct node *schema, const char *s)
{
	const char *pattern = node_str(node_get(schema, "pattern"), NULL);
	regex_t re;

	if (!pattern)
		return true;
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	bool ok = regexec(&re, s, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static bool valid(const struct node *schema, const struct node *n);

static bool scalar_valid(const struct node *schema, const struct node *n)
{
	const struct node *names = node_get(schema, "enum");
	const char *s = node_str(n, "");
	double v = strtod(s, NULL);
	bool found = !names;

	for (const struct node *i = node_first(names); i; i = node_next(i))
		found |= !strcmp(node_str(i, ""), s);
	bool numeric = type_matches(node_get(schema, "type"), n) && s[0] >= '0' && s[0] <= '9' &&
		       strspn(s, "0123456789.") == strlen(s);
	return found && pattern_matches(schema, s) &&
	       strlen(s) >= node_num(node_get(schema, "minLength"), 0) &&
	       strlen(s) <= node_num(node_get(schema, "maxLength"), 1e9) &&
	       (!numeric || (v >= node_num(node_get(schema, "minimum"), -1e18) &&
			     v <= node_num(node_get(schema, "maximum"), 1e18)));
}

static bool object_valid(const struct node *schema, const struct node *n)
{
	const struct node *rest = node_get(schema, "additionalProperties");

	for (const struct node *r = node_first(node_get(schema, "required")); r; r = node_next(r)) {
		if (!node_get(n, node_str(r, "")))
			return false;
	}
	for (const struct node *i = node_first(n); i; i = node_next(i)) {
		const struct node *sub = node_get(node_get(schema, "properties"), node_key(i));
		const struct node *names = node_get(schema, "propertyNames");
		if (!sub && (!rest || node_is_bool(rest)))
			return false;
		if ((names && !pattern_matches(names, node_key(i))) || !valid(sub ? sub : rest, i))
			return false;
	}
	return true;
}

static bool valid(const struct node *schema, const struct node *n)
{
	const struct node *forms = node_get(schema, "anyOf");

	for (const struct node *w = node_first(schema); w; w = node_next(w)) {
		bool known = false;
		for (size_t i = 0; i < ARRAY_SIZE(known_words); i++)
			known |= !strcmp(node_key(w), known_words[i]);
		if (!known)
			fail_msg("the validator does not know '%s'", node_key(w));
	}
	for (const struct node *f = node_first(forms); f; f = node_next(f)) {
		if (valid(f, n))
			return true;
	}
	if (forms || (node_get(schema, "type") && !type_matches(node_get(schema, "type"), n)))
		return false;
	if (node_is_object(n))
		return object_valid(schema, n);
	for (const struct node *i = node_first(n); node_is_array(n) && i; i = node_next(i)) {
		if (!valid(node_get(schema, "items"), i))
			return false;
	}
	return node_is_array(n) ? node_count(n) <= node_num(node_get(schema, "maxItems"), 1e9) &&
					  node_count(n) >= node_num(node_get(schema, "minItems"), 0)
				: scalar_valid(schema, n);
}

static bool text_valid(const struct node *schema, const char *text)
{
	struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_yaml(text, strlen(text), "m", &limits, &d, &e))
		fail_msg("%s", e.message);
	return valid(schema, doc_root(d));
}

static void test_schema(void **state)
{
	static const char *const bad[] = {
		"tenant: a\nimage: a:1\n",
		"version: 2\ntenant: a\nimage: a:1\n",
		"version: 1\ntenant: A\nimage: a:1\n",
		"version: 1\ntenant: a\nimage: a:1\nprot: 1\n",
		"version: 1\ntenant: a\nimage: a:1\nport: 70000\n",
		"version: 1\ntenant: a\nimage: a:1\nresources: { memory: 1t }\n",
		"version: 1\ntenant: a\nimage: a:1\negress: [ { port: 1 } ]\n",
		"version: 1\ntenant: a\nimage: a:1\nlogs: { driver: x }\n",
		"version: 1\ntenant: a\nimage: a:1\nenvironment: { 1A: x }\n",
		"version: 1\ntenant: a\nimage: a:1\ncredentials:\n"
		"  - { name: a, upstream: \"https://a.b\", inject: [], secret: a }\n",
		"version: 1\ntenant: a\nimage: a:1\ncredentials:\n"
		"  - { name: a, upstream: \"https://a.b\", inject: { heder: A }, secret: a }\n",
		"version: 1\ntenant: a\nimage: a:1\ncredentials:\n"
		"  - { name: A, upstream: \"https://a.b\", inject: { header: A }, secret: a }\n",
	};
	auto_node struct node *schema = manifest_schema();

	(void)state;
	assert_non_null(node_str(node_get(schema, "$id"), NULL));
	assert_non_null(node_str(node_get(schema, "title"), NULL));
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		auto_free char *text = slurp(examples[i]);
		auto_spec struct tenant_spec s = { 0 };
		parse(text, &s);
		auto_free char *resolved = manifest_resolved(&s);
		if (!text_valid(schema, text) || !text_valid(schema, resolved))
			fail_msg("%s does not validate", examples[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (text_valid(schema, bad[i]))
			fail_msg("validates:\n%s", bad[i]);
	}
	/* the schema's own example is a manifest (JSON is YAML) */
	const struct node *example = node_at(node_get(schema, "examples"), 0);
	auto_free char *text = node_print(example, false);
	auto_spec struct tenant_spec s = { 0 };
	parse(text, &s);
}

static void check_keys(const char *manual, const struct bind_table *t, const char *prefix)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		auto_free char *line = mem_printf("\n.B %s%s\n", prefix, f->key);
		if (!strstr(manual, line))
			fail_msg("the manual lacks %s%s", prefix, f->key);
		assert_non_null(f->help);
		auto_free char *deeper =
			mem_printf("%s%s%s.", prefix, f->key, f->kind == BIND_LIST ? "[]" : "");
		if (f->sub)
			check_keys(manual, f->sub, deeper);
	}
}

static void test_manual(void **state)
{
	auto_free char *manual = manifest_manual();

	(void)state;
	check_keys(manual, &tenant_table, "");
	check_keys(manual, &host_config_table, "");
	assert_non_null(strstr(manual, "decimal digits, 1 to 65535"));
	assert_non_null(strstr(manual, "\n.BR 1536m .\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolved),      cmocka_unit_test(test_template),
		cmocka_unit_test(test_template_from), cmocka_unit_test(test_template_refuses),
		cmocka_unit_test(test_schema),	      cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
