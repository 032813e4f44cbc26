/*
 * The binder: what a manifest says goes into the struct, and what it should not say is
 * refused with place, path, expectation and nearest name.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "base/strmap.h"

struct egress {
	char *host;
	int64_t port;
	int protocol;
};

struct limit {
	char *rate;
	int64_t burst;
};

struct manifest {
	int64_t version;
	char *tenant;
	int tier;
	bool debug;
	uint64_t memory;
	int64_t cpus;
	struct strlist command, tags;
	struct strmap environment;
	struct limit limit;
	struct bind_list egress;
	uint64_t floor;
};

static const char *const tiers[] = { "shared", "container", "gvisor", NULL };
static const char *const protocols[] = { "tls", "tcp", NULL };

static const struct bind_field egress_fields[] = {
	{ .key = "host",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct egress, host),
	  .flags = BIND_REQUIRED,
	  .pattern = "(\\*\\.)?[a-z0-9.-]+",
	  .want = "a host name" },
	{ .key = "port",
	  .kind = BIND_INT,
	  .offset = offsetof(struct egress, port),
	  .min = 1,
	  .max = 65535,
	  .def = "443" },
	{ .key = "protocol",
	  .kind = BIND_ENUM,
	  .offset = offsetof(struct egress, protocol),
	  .names = protocols,
	  .def = "tls" },
};

static const struct bind_table egress_table = { .name = "egress entry",
						.size = sizeof(struct egress),
						.fields = egress_fields,
						.count = ARRAY_SIZE(egress_fields),
						.scalar_key = "host" };

static const struct bind_field limit_fields[] = {
	{ .key = "rate",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct limit, rate),
	  .flags = BIND_REQUIRED },
	{ .key = "burst", .kind = BIND_INT, .offset = offsetof(struct limit, burst), .def = "40" },
};

static const struct bind_table limit_table = { .name = "limit",
					       .size = sizeof(struct limit),
					       .fields = limit_fields,
					       .count = ARRAY_SIZE(limit_fields) };

#define AT(member) offsetof(struct manifest, member)

static const struct bind_field manifest_fields[] = {
	{ .key = "version",
	  .kind = BIND_INT,
	  .offset = AT(version),
	  .min = 1,
	  .max = 1,
	  .flags = BIND_REQUIRED },
	{ .key = "tenant",
	  .kind = BIND_STRING,
	  .offset = AT(tenant),
	  .flags = BIND_REQUIRED,
	  .pattern = "^[a-z0-9-]+$",
	  .max_len = 40,
	  .want = "a tenant name: a-z, 0-9 and -" },
	{ .key = "tier",
	  .kind = BIND_ENUM,
	  .offset = AT(tier),
	  .names = tiers,
	  .def = "container",
	  .help = "The boundary." },
	{ .key = "debug", .kind = BIND_BOOL, .offset = AT(debug), .def = "true" },
	{ .key = "memory",
	  .kind = BIND_SIZE,
	  .offset = AT(memory),
	  .min = 64 << 20,
	  .max = INT64_C(1) << 40,
	  .def = "1536m" },
	{ .key = "cpus",
	  .kind = BIND_DECIMAL,
	  .offset = AT(cpus),
	  .min = 10,
	  .max = 512000,
	  .def = "1.0" },
	{ .key = "command", .kind = BIND_STRLIST, .offset = AT(command), .max_len = 4 },
	{ .key = "tags", .kind = BIND_STRLIST, .offset = AT(tags), .def = "[a, \"b c\"]" },
	{ .key = "environment",
	  .kind = BIND_STRMAP,
	  .offset = AT(environment),
	  .pattern = "[A-Z_]+",
	  .def = "{TZ: UTC}" },
	{ .key = "limit", .kind = BIND_OBJECT, .offset = AT(limit), .sub = &limit_table },
	{ .key = "egress", .kind = BIND_LIST, .offset = AT(egress), .sub = &egress_table },
	{ .key = "floor",
	  .kind = BIND_SIZE,
	  .offset = AT(floor),
	  .min = 1024,
	  .max = 4096,
	  .flags = BIND_HIDDEN },
};

static const struct bind_table manifest_table = { .name = "manifest",
						  .size = sizeof(struct manifest),
						  .fields = manifest_fields,
						  .count = ARRAY_SIZE(manifest_fields) };

static const struct doc_limits limits = DOC_LIMITS_MANIFEST;

static int read_yaml(const char *text, struct manifest *out, struct err *e)
{
	auto_doc struct doc *d = NULL;

	memset(out, 0, sizeof(*out));
	if (doc_parse_yaml(text, strlen(text), "acme.yaml", &limits, &d, e))
		return -1;
	return bind_read(&manifest_table, BIND_STRICT, d, doc_root(d), "", out, e);
}

static int read_json(const char *text, struct manifest *out, struct err *e)
{
	auto_doc struct doc *d = NULL;

	memset(out, 0, sizeof(*out));
	if (doc_parse_json(text, strlen(text), "reply", &limits, &d, e))
		return -1;
	return bind_read(&manifest_table, BIND_TOLERANT, d, doc_root(d), "", out, e);
}

static const char full[] = "version: 1\n"
			   "tenant: acme\n"
			   "tier: gvisor\n"
			   "debug: false\n"
			   "memory: 2g\n"
			   "cpus: 1.5\n"
			   "command: [run, \"-x y\", 10, yes, \"\"]\n"
			   "environment: {TZ: \"a: b\", E: ''}\n"
			   "limit: {rate: 20/s}\n"
			   "egress:\n"
			   "  - api.openai.com\n"
			   "  - \"*.slack.com\"\n"
			   "  - {host: db.example.com, port: 5432, protocol: tcp}\n"
			   "floor: 2k\n";

static void full_manifest_is_read(void **state)
{
	(void)state;
	struct manifest m;
	struct err e = ERR_INIT;
	assert_refused(read_yaml(full, &m, &e), &e, ERR_MANIFEST,
		       "acme.yaml:7:10: command: more than 4 entries");
	auto_free char *text = mem_strdup(full);
	memcpy(strstr(text, ", \"\"]"), "]    ", 5);
	assert_ok(read_yaml(text, &m, &e), &e);
	assert_int_equal(m.version, 1);
	assert_string_equal(m.tenant, "acme");
	assert_int_equal(m.tier, 2);
	assert_false(m.debug);
	assert_true(m.memory == UINT64_C(2) << 30);
	assert_int_equal(m.cpus, 1500);
	assert_int_equal(m.command.count, 4);
	assert_string_equal(m.command.items[2], "10");
	assert_string_equal(m.command.items[3], "yes");
	assert_int_equal(m.tags.count, 2);
	assert_string_equal(m.tags.items[1], "b c");
	assert_int_equal(m.environment.count, 2);
	assert_string_equal(strmap_get(&m.environment, "E"), "");
	assert_string_equal(m.limit.rate, "20/s");
	assert_int_equal(m.limit.burst, 40);
	assert_int_equal(m.egress.count, 3);
	const struct egress *list = m.egress.items;
	assert_string_equal(list[1].host, "*.slack.com");
	assert_int_equal(list[1].port, 443);
	assert_int_equal(list[2].protocol, 1);
	assert_int_equal(m.floor, 2048);
	bind_free(&manifest_table, &m);
	struct manifest zero = { .version = 0 };
	assert_memory_equal(&m, &zero, sizeof(m));
}

#define HEAD "version: 1\ntenant: acme\n"

static const struct {
	const char *text, *message;
} refusals[] = {
	{ HEAD "memroy: 1g\n", "acme.yaml:3:1: memroy: unknown key; did you mean 'memory'?" },
	{ HEAD "zzzzzz: 1\n", "acme.yaml:3:1: zzzzzz: unknown key" },
	{ HEAD "limit:\n  rate: x\n  brst: 1\n",
	  "acme.yaml:5:3: limit.brst: unknown key; did you mean 'burst'?" },
	{ HEAD "memory: 12q\n", "acme.yaml:3:9: memory: '12q' is not a size: "
				"expected digits with b, k, m or g, 64m to 1024g" },
	{ HEAD "memory: 1m\n", "acme.yaml:3:9: memory: '1m' is out of range: "
			       "expected 64m to 1024g" },
	{ HEAD "memory: -1\n", "'-1' is not a size" },
	{ HEAD "memory: 99999999999999999999g\n", "out of range" },
	{ HEAD "memory: 17179869185g\n", "out of range" },
	{ HEAD "memory: 1G\n", "is not a size" },
	{ HEAD "memory: 1gb\n", "is not a size" },
	{ HEAD "memory: 0100m\n", "is not a size" },
	{ HEAD "memory: [1]\n", "acme.yaml:3:9: memory: found a list: expected digits" },
	{ HEAD "memory:\n", "memory: found no value: expected digits" },
	{ HEAD "memory: ~\n", "memory: found no value" },
	{ HEAD "memory: ''\n", "'' is not a size" },
	{ HEAD "cpus: 1e3\n", "'1e3' is not a number" },
	{ HEAD "cpus: 1.0005\n", "'1.0005' is not a number" },
	{ HEAD "cpus: 1.\n", "is not a number" },
	{ HEAD "cpus: .5\n", "is not a number" },
	{ HEAD "cpus: .inf\n", "is not a number" },
	{ HEAD "cpus: 0\n", "'0' is out of range: expected 0.01 to 512.0" },
	{ HEAD "debug: yes\n", "'yes' is not a truth value: expected true or false" },
	{ HEAD "debug: True\n", "is not a truth value" },
	{ HEAD "tier: contaner\n", "acme.yaml:3:7: tier: 'contaner' is not known: expected "
				   "shared, container or gvisor; did you mean 'container'?" },
	{ HEAD "egress: [{port: 1}]\n", "acme.yaml:3:10: egress[0].host: required key is "
					"missing: expected a host name" },
	{ HEAD "egress: [{host: a, port: 65536}]\n", "egress[0].port: '65536' is out of" },
	{ HEAD "egress: [{host: a, port: 0o17}]\n", "'0o17' is not a whole number" },
	{ HEAD "egress: [{host: a, port: 017}]\n", "'017' is not a whole number" },
	{ HEAD "egress: [{host: a, port: 12:30}]\n", "'12:30' is not a whole number" },
	{ HEAD "egress: [{host: a, port: 1e3}]\n", "'1e3' is not a whole number" },
	{ HEAD "egress: [a, A_B]\n", "acme.yaml:3:13: egress[1]: 'A_B' is not valid: "
				     "expected a host name" },
	{ HEAD "egress: [[a]]\n", "egress[0]: expected a mapping: egress entry" },
	{ HEAD "egress: [~]\n", "egress[0]: found no value" },
	{ HEAD "egress: a\n", "egress: found a string: expected a list" },
	{ HEAD "egress:\n", "egress: found no value: expected a list" },
	{ HEAD "limit: {burst: 1}\n", "limit.rate: required key is missing" },
	{ HEAD "limit: {rate: ''}\n", "limit.rate: '' is not valid" },
	{ HEAD "limit: x\n", "limit: expected a mapping: limit" },
	{ HEAD "environment: {a: b}\n", "environment.a: 'a' is not valid" },
	{ HEAD "environment: {A: [b]}\n", "environment.A: expected a string" },
	{ HEAD "environment: {A: \"x\\ny\"}\n", "environment.A: control characters" },
	{ HEAD "command: [\"x\\e[0m\"]\n", "acme.yaml:3:11: command[0]: control characters" },
	{ HEAD "command: [\"\\N\"]\n", "command[0]: control characters" },
	{ HEAD "command: [a, ~]\n", "command[1]: expected a string" },
	{ HEAD "command: a\n", "command: found a string: expected a list of strings" },
	{ "version: 1\n", "acme.yaml:1:1: tenant: required key is missing: "
			  "expected a tenant name: a-z, 0-9 and -" },
	{ "version: 1\ntenant: ../x\n", "acme.yaml:2:9: tenant: '../x' is not valid" },
	{ "version: 1\ntenant: \"a\\nb\"\n", "control characters" },
	{ "version: 2\ntenant: a\n", "version: '2' is out of range: expected 1 to 1" },
	{ "[]\n", "acme.yaml:1:1: expected a mapping: manifest" },
	{ "x\n", "acme.yaml:1:1: expected a mapping: manifest" },
};

static void bad_manifests_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct manifest m, zero = { .version = 0 };
		struct err e = ERR_INIT;
		int rc = read_yaml(refusals[i].text, &m, &e);
		if (rc == 0)
			fail_msg("accepted: %s", refusals[i].text);
		assert_refused(rc, &e, ERR_MANIFEST, refusals[i].message);
		assert_memory_equal(&m, &zero, sizeof(m)); /* nothing owned is left behind */
	}
	struct manifest m;
	struct err e = ERR_INIT;
	auto_free char *longest = mem_printf("version: 1\ntenant: %041d\n", 0);
	assert_refused(read_yaml(longest, &m, &e), &e, ERR_MANIFEST, "longer than 40 bytes");
}

static void replies_are_read_tolerantly(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message; /* NULL: accepted */
	} cases[] = {
		{ "{\"version\":1,\"tenant\":\"a\",\"new\":[1],\"tier\":null,\"egress\":null}",
		  NULL },
		{ "{\"version\":1,\"tenant\":\"a\",\"memory\":67108864,\"cpus\":0.5}", NULL },
		{ "{\"version\":1,\"tenant\":\"a\",\"command\":[\"x\\ny\"]}", NULL },
		{ "{\"version\":1}", "reply: tenant: required key is missing" },
		{ "{\"version\":1,\"tenant\":null}", "reply: tenant: required key is missing" },
		{ "{\"version\":\"1\",\"tenant\":\"a\"}", "reply: version: found a string" },
		{ "{\"version\":1.5,\"tenant\":\"a\"}", "not a whole number" },
		{ "{\"version\":1e30,\"tenant\":\"a\"}", "not a whole number" },
		{ "{\"version\":2,\"tenant\":\"a\"}", "reply: version: '2' is not in range" },
		{ "{\"version\":1,\"tenant\":5}", "reply: tenant: found a number" },
		{ "{\"version\":1,\"tenant\":\"a\",\"debug\":\"true\"}", "debug: found a string" },
		{ "{\"version\":1,\"tenant\":\"a\",\"egress\":[{\"host\":\"b\"},{\"host\":1}]}",
		  "reply: egress[1].host: found a number" },
		{ "{\"version\":1,\"tenant\":\"a\",\"environment\":{\"A\":1}}",
		  "reply: environment.A: expected a string" },
		{ "[]", "reply: expected a mapping: manifest" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest m;
		struct err e = ERR_INIT;
		int rc = read_json(cases[i].text, &m, &e);
		if (cases[i].message)
			assert_refused(rc, &e, ERR_PROTOCOL, cases[i].message);
		else
			assert_ok(rc, &e);
		if (!cases[i].message)
			assert_int_equal(m.tier, 1); /* null is absent: the default */
		bind_free(&manifest_table, &m);
	}
}

/* Printed as manifest and as JSON, and read again, the struct is the same. */
static void assert_round_trip(const struct manifest *m)
{
	auto_strbuf struct strbuf yaml = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_node struct node *json = bind_write(&manifest_table, m);
	auto_free char *text = node_print(json, false);
	struct manifest again;
	struct err e = ERR_INIT;

	bind_write_yaml(&manifest_table, m, &yaml);
	if (read_yaml(strbuf_str(&yaml), &again, &e))
		fail_msg("%s\n%s", e.message, strbuf_str(&yaml));
	if (!bind_equal(&manifest_table, m, &again))
		fail_msg("changed by printing:\n%s", strbuf_str(&yaml));
	bind_free(&manifest_table, &again);
	assert_non_null(strstr(text, "\"memory\":"));
}

static void printed_manifests_read_back(void **state)
{
	(void)state;
	static const char *const strings[] = {
		"",	 " ",	 "x",	     "null",   "~",	  "yes", "1e3", "0x1f",
		"12:30", "a: b", "a #b",     "#",      "- x",	  "[a",	 "{",	"}",
		"'",	 "\"",	 "\\",	     "*a",     "&a",	  "!a",	 "%a",	"@a",
		"`a",	 "|",	 ">",	     "?",      "a:",	  ":",	 "---", "...",
		"<<",	 "=",	 "\xC3\xA9", "a\\x41", "/bin/sh", "a=b", ",",	"-1",
	};
	struct manifest m;
	struct err e = ERR_INIT;
	assert_ok(read_yaml(HEAD "egress: [a, b]\n", &m, &e), &e);
	assert_round_trip(&m);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++) {
		strlist_add(&m.tags, strings[i]);
		strmap_set(&m.environment, "E", strings[i]);
		assert_round_trip(&m);
	}
	m.floor = 1025;
	mem_replace(&m.limit.rate, "1/s");
	strmap_free(&m.environment);
	strlist_free(&m.tags);
	assert_round_trip(&m);
	bind_free(&manifest_table, &m);
}

static void json_form_reads_back(void **state)
{
	(void)state;
	struct manifest m, again;
	struct err e = ERR_INIT;
	assert_ok(read_yaml(HEAD "cpus: 0.123\nfloor: 1k\nmemory: 64m\n", &m, &e), &e);
	mem_replace(&m.limit.rate, "1/s"); /* an unset required key can't be read back */
	auto_node struct node *json = bind_write(&manifest_table, &m);
	auto_free char *text = node_print(json, true);
	assert_ok(read_json(text, &again, &e), &e);
	assert_true(bind_equal(&manifest_table, &m, &again));
	again.cpus++;
	assert_false(bind_equal(&manifest_table, &m, &again));
	bind_free(&manifest_table, &m);
	bind_free(&manifest_table, &again);
}

static void schema_says_what_the_table_says(void **state)
{
	(void)state;
	auto_node struct node *s = bind_schema(&manifest_table);
	auto_free char *text = node_print(s, false);
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	assert_ok(doc_parse_json(text, strlen(text), "schema", &limits, &d, &e), &e);
	assert_string_equal(node_str(node_get(s, "$schema"), ""),
			    "https://json-schema.org/draft/2020-12/schema");
	assert_false(node_bool(doc_find(d, "additionalProperties"), true));
	assert_string_equal(node_str(doc_find(d, "required[1]"), ""), "tenant");
	assert_null(doc_find(d, "properties.floor"));
	assert_string_equal(node_str(doc_find(d, "properties.tier.enum[2]"), ""), "gvisor");
	assert_string_equal(node_str(doc_find(d, "properties.tier.default"), ""), "container");
	assert_string_equal(node_str(doc_find(d, "properties.tier.description"), ""),
			    "The boundary.");
	assert_int_equal(node_int(doc_find(d, "properties.version.maximum"), 0), 1);
	assert_string_equal(node_str(doc_find(d, "properties.memory.type[1]"), ""), "integer");
	assert_string_equal(node_str(doc_find(d, "properties.egress.items.anyOf[0].type"), ""),
			    "string");
	assert_string_equal(node_str(doc_find(d, "properties.egress.items.anyOf[1].type"), ""),
			    "object");
	assert_int_equal(
		node_int(doc_find(d, "properties.egress.items.anyOf[1].properties.port.default"),
			 0),
		443);
	assert_string_equal(node_str(doc_find(d, "properties.tags.default[1]"), ""), "b c");
}

static void mutations_never_break(void **state)
{
	(void)state;
	unsigned random = 7;
	for (int round = 0; round < 3000; round++) {
		char text[sizeof(full)];
		struct manifest m;
		struct err e = ERR_INIT;
		memcpy(text, full, sizeof(full));
		memcpy(strstr(text, ", \"\"]"), "]    ", 5);
		for (int i = 0; i < 1 + round % 3; i++) {
			random = random * 1103515245u + 12345u;
			text[(random >> 8) % (sizeof(full) - 1)] = (char)(32 + (random >> 20) % 95);
		}
		if (read_yaml(text, &m, &e) == 0)
			assert_round_trip(&m);
		else
			assert_int_equal(e.code, ERR_MANIFEST);
		bind_free(&manifest_table, &m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_manifest_is_read),
		cmocka_unit_test(bad_manifests_are_refused),
		cmocka_unit_test(replies_are_read_tolerantly),
		cmocka_unit_test(printed_manifests_read_back),
		cmocka_unit_test(json_form_reads_back),
		cmocka_unit_test(schema_says_what_the_table_says),
		cmocka_unit_test(mutations_never_break),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
