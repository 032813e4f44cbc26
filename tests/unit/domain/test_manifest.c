/*
 * Bad manifests, each with the exact place and key that the refusal must name, and
 * the rules of the host's own configuration. Under the address sanitizer the same
 * table shows that no refusal leaks what was read before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/spec.h"

#define HEAD "version: 1\ntenant: acme\nimage: a/b:1\n" /* three lines */

struct bad {
	const char *text;
	const char *start;  /* of the message */
	const char *needle; /* somewhere in message or hint */
};

static const struct bad bad_manifests[] = {
	/* form of the document */
	{ "", "m.yaml:", "empty" },
	{ "[]\n", "m.yaml:1:1: ", "expected a mapping" },
	{ HEAD "a: &x 1\n", "m.yaml:4:4:", "anchor" },
	{ HEAD "port: *x\n", "m.yaml:4:7:", "alias" },
	{ HEAD "port: !!int 80\n", "m.yaml:4:7:", "tag" },
	{ HEAD "port: 80\nport: 81\n", "m.yaml:5:1:", "port" },
	{ HEAD "---\nport: 81\n", "m.yaml:4:", "document" },
	{ HEAD "\tport: 81\n", "m.yaml:4:1:", "" },
	{ HEAD "<<: { port: 81 }\n", "m.yaml:4:1:", "merge" },
	/* keys */
	{ HEAD "resource: {}\n", "m.yaml:4:1: resource: unknown key", "did you mean 'resources'?" },
	{ HEAD "credential: []\n", "m.yaml:4:1: credential: unknown key", "'credentials'" },
	{ HEAD "credentials: {}\n", "m.yaml:4:14: credentials: found a mapping", "a list" },
	{ HEAD "resources: { memry: 1g }\n", "m.yaml:4:14: resources.memry: unknown key",
	  "'memory'" },
	{ "tenant: a\nimage: a/b:1\n", "m.yaml:1:1: version: required key is missing", "" },
	{ "version: 1\nimage: a/b:1\n", "m.yaml:1:1: tenant: required key is missing", "" },
	{ "version: 1\ntenant: a\n", "m.yaml:1:1: image: required key is missing", "" },
	{ "version: 2\ntenant: a\nimage: a/b:1\n", "m.yaml:1:10: version: ", "only version" },
	/* types: the look of a scalar means nothing */
	{ HEAD "port: 0o17\n", "m.yaml:4:7: port: '0o17'", "1 to 65535" },
	{ HEAD "port: 1e3\n", "m.yaml:4:7: port: '1e3'", "" },
	{ HEAD "port: 12:30\n", "m.yaml:4:7: port: '12:30'", "" },
	{ HEAD "port: 0x50\n", "m.yaml:4:7: port: '0x50'", "" },
	{ HEAD "port: \"\"\n", "m.yaml:4:7: port: ''", "" },
	{ HEAD "port:\n", "m.yaml:4:", "port: found no value" },
	{ HEAD "port: [80]\n", "m.yaml:4:7: port: found a list", "" },
	{ HEAD "port: 0\n", "m.yaml:4:7: port: ", "1 to 65535" },
	{ HEAD "port: 70000\n", "m.yaml:4:7: port: ", "1 to 65535" },
	{ HEAD "port: 99999999999999999999\n", "m.yaml:4:7: port: ", "1 to 65535" },
	{ HEAD "command: sh\n", "m.yaml:4:10: command: ", "list" },
	{ HEAD "tier: gvisor\n", "m.yaml:4:7: tier: 'gvisor'", "this version supports" },
	{ HEAD "tier: shared\n", "m.yaml:4:7: tier: 'shared'", "container" },
	{ HEAD "egress:\n  - { host: a.example.com, private: yes }\n",
	  "m.yaml:5:37: egress[0].private: 'yes'", "true or false" },
	{ HEAD "egress: [\"\"]\n", "m.yaml:4:10: egress[0]: '' is not valid", "host name" },
	{ HEAD "egress: [\"a\\nb.com\"]\n", "m.yaml:4:10: egress[0]: control", "" },
	/* ranges */
	{ HEAD "resources: { memory: 63m }\n", "m.yaml:4:22: resources.memory: ", "64m" },
	{ HEAD "resources: { memory: 2048g }\n", "m.yaml:4:22: resources.memory: ", "1024g" },
	{ HEAD "resources: { memory: 1.5g }\n", "m.yaml:4:22: resources.memory: ", "" },
	{ HEAD "resources: { cpus: 0.04 }\n", "m.yaml:4:20: resources.cpus: ", "0.05" },
	{ HEAD "resources: { cpus: 513 }\n", "m.yaml:4:20: resources.cpus: ", "512" },
	{ HEAD "resources: { pids: 15 }\n", "m.yaml:4:20: resources.pids: ", "16 to 100000" },
	{ HEAD "resources: { pids: -1 }\n", "m.yaml:4:20: resources.pids: ", "" },
	{ HEAD "resources: { nofile: 63 }\n", "m.yaml:4:22: resources.nofile: ", "" },
	{ HEAD "resources: { workspace: 17000g }\n",
	  "m.yaml:4:25: resources.workspace: ", "16384g" },
	{ HEAD "resources: { disk_rate: 1023k }\n", "m.yaml:4:25: resources.disk_rate: ", "1m" },
	{ HEAD "resources: { shm: 2g }\n", "m.yaml:4:19: resources.shm: 2g is more than", "1536m" },
	{ HEAD "resources: { memory: 128m }\n",
	  "m.yaml:4:12: resources.tmp: 256m (the default) is more than", "128m" },
	{ HEAD "stop_timeout: 0\n", "m.yaml:4:15: stop_timeout: ", "" },
	{ HEAD "logs: { files: 51 }\n", "m.yaml:4:16: logs.files: ", "1 to 50" },
	{ HEAD "logs: { size: 2g }\n", "m.yaml:4:15: logs.size: ", "1g" },
	{ HEAD "logs: { driver: syslog }\n", "m.yaml:4:17: logs.driver: ", "json-file or local" },
	{ HEAD "health: { interval: 0 }\n", "m.yaml:4:21: health.interval: ", "" },
	{ HEAD "health: { command: [\"\"] }\n", "m.yaml:4:21: health.command[0]: ", "program" },
};

static const struct bad bad_hosts[] = {
	{ "poool: 10.0.0.0/8\n", "m.yaml:1:1: poool: unknown key", "'pool'" },
	{ "pool: 10.0.0.0\n", "m.yaml:1:7: pool: ", "ADDRESS/PREFIX" },
	{ "pool: 10.0.0.1/8\n", "m.yaml:1:7: pool: ", "behind its prefix" },
	{ "pool: 10.230.0.0/15\n", "m.yaml:1:1: egress_subnet: ", "overlaps" },
	{ "pool: 10.0.0.0/30\n", "m.yaml:1:7: pool: ", "room" },
	{ "uid_base: 0\n", "m.yaml:1:11: uid_base: ", "65536" },
	{ "port_base: 80\n", "m.yaml:1:12: port_base: ", "1024" },
	{ "gateway_image: x\n", "m.yaml:1:16: gateway_image: ", "neither tag nor digest" },
	{ "gateway_archive: x.tar\n", "m.yaml:1:18: gateway_archive: ", "absolute" },
	{ "gateway_archive: /a/../x.tar\n", "m.yaml:1:18: gateway_archive: ", "'..'" },
	{ "resolver: 127.0.0.1\n", "m.yaml:1:11: resolver: ", "" },
	{ "resolver: 1.2.3.999:53\n", "m.yaml:1:11: resolver: ", "" },
	{ "resolver: 127.0.0.1:0\n", "m.yaml:1:11: resolver: ", "" },
	{ "resolver: 1111111111111111.1:53\n", "m.yaml:1:11: resolver: ", "" },
};

static void check_message(const struct bad *b, const struct err *e)
{
	if (strncmp(e->message, b->start, strlen(b->start)) != 0 ||
	    (!strstr(e->message, b->needle) && !strstr(e->hint, b->needle)))
		fail_msg("for\n%s\nexpected: %s ... %s\ngot:      %s (%s)", b->text, b->start,
			 b->needle, e->message, e->hint);
	assert_int_equal(e->code, ERR_MANIFEST);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_manifests); i++) {
		const struct bad *b = &bad_manifests[i];
		struct tenant_spec s, zero = { 0 };
		struct err e = ERR_INIT;

		memset(&s, 0xff, sizeof(s));
		if (!manifest_parse(b->text, strlen(b->text), "m.yaml", NULL, &s, &e))
			fail_msg("accepted:\n%s", b->text);
		check_message(b, &e);
		assert_memory_equal(&s, &zero, sizeof(s));
	}
}

static void test_host_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_hosts); i++) {
		const struct bad *b = &bad_hosts[i];
		struct host_config h = { 0 };
		struct err e = ERR_INIT;

		if (!host_config_parse(b->text, strlen(b->text), "m.yaml", &h, &e))
			fail_msg("accepted:\n%s", b->text);
		check_message(b, &e);
	}
}

static void test_host_defaults(void **state)
{
	static const char *const same[] = { "", "# nothing\n\n  # set\n", "pool: 10.231.0.0/16\n" };
	struct host_config expected = { 0 };

	(void)state;
	host_config_defaults(&expected);
	assert_string_equal(expected.pool, "10.231.0.0/16");
	assert_string_equal(expected.egress_subnet, "10.230.0.0/16");
	assert_int_equal(expected.uid_base, 1879048192);
	assert_int_equal(expected.port_base, 18000);
	assert_string_equal(expected.gateway_image, "tenantctl-gateway:2");
	assert_string_equal(expected.gateway_archive, TENANTCTL_DATADIR "/gateway-image.tar");
	assert_string_equal(expected.resolver, "127.0.0.11:53");
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct host_config h = { 0 };
		struct err e = ERR_INIT;
		assert_int_equal(host_config_parse(same[i], strlen(same[i]), "h", &h, &e), 0);
		assert_true(bind_equal(&host_config_table, &h, &expected));
		host_config_free(&h);
	}
	host_config_free(&expected);
}

static void test_defaults(void **state)
{
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	if (manifest_parse(HEAD, strlen(HEAD), "m", "acme", &s, &e))
		fail_msg("%s", e.message);
	assert_int_equal(s.tier, TIER_CONTAINER);
	assert_int_equal(s.port, 8080);
	assert_string_equal(s.listen, "auto");
	assert_int_equal(s.listen_port, 0);
	assert_int_equal(s.resources.memory, (uint64_t)1536 << 20);
	assert_int_equal(s.resources.cpus, 1000);
	assert_int_equal(s.resources.pids, 256);
	assert_int_equal(s.resources.nofile, 4096);
	assert_int_equal(s.resources.shm, 64 << 20);
	assert_int_equal(s.resources.tmp, 256 << 20);
	assert_int_equal(s.resources.workspace, (uint64_t)10 << 30);
	assert_int_equal(s.resources.disk_rate, 0);
	assert_string_equal(s.workspace.path, "/workspace");
	assert_string_equal(s.seccomp, "ai-worker");
	assert_int_equal(s.egress.count, 0);
	assert_int_equal(s.health.command.count, 0);
	assert_int_equal(s.logs.driver, LOG_DRIVER_JSON_FILE);
	assert_int_equal(s.logs.size, 10 << 20);
	assert_int_equal(s.logs.files, 5);
	tenant_spec_free(&s);
}

static void test_name_of_file(void **state)
{
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(manifest_parse(HEAD, strlen(HEAD), "m", "other", &s, &e), -1);
	assert_string_equal(e.message, "m:2:9: tenant: 'acme' where 'other' was expected");
}

/* One byte over each bound of the reader. */
static void test_bounds(void **state)
{
	auto_strbuf struct strbuf big = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_strbuf struct strbuf many = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_strbuf struct strbuf deep = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct tenant_spec s;
	struct err e = ERR_INIT;

	(void)state;
	strbuf_puts(&big, HEAD "#");
	while (big.len <= 256 * 1024)
		strbuf_putc(&big, 'x');
	assert_int_equal(manifest_parse(big.data, big.len, "m", NULL, &s, &e), -1);
	strbuf_puts(&many, HEAD "command: [x");
	for (int i = 0; i < 256; i++)
		strbuf_puts(&many, ",x");
	strbuf_puts(&many, "]\n");
	assert_int_equal(manifest_parse(many.data, many.len, "m", NULL, &s, &e), -1);
	assert_non_null(strstr(e.message, "m:4:10: command: more than 256 entries"));
	strbuf_puts(&deep, HEAD "command: ");
	for (int i = 0; i < 20; i++)
		strbuf_putc(&deep, '[');
	assert_int_equal(manifest_parse(deep.data, deep.len, "m", NULL, &s, &e), -1);
	assert_non_null(strstr(e.message, "m:4:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_host_refused),
		cmocka_unit_test(test_host_defaults), cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_name_of_file),  cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
