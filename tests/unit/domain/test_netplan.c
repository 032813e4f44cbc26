/* The numbers of a tenant: all follow from its slot, none is ever shared, none leaves its pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/netplan.h"

static const char manifest_auto[] = "version: 1\ntenant: acme\nimage: example/worker:1\n";
static const char manifest_fixed[] = "version: 1\ntenant: acme\nimage: example/worker:1\n"
				     "listen: 127.0.0.2:9000\n";

struct numbers {
	struct host_config host;
	struct tenant_spec spec;
};

static void numbers_make(struct numbers *n, const char *manifest)
{
	struct err e = ERR_INIT;

	*n = (struct numbers){ 0 };
	host_config_defaults(&n->host);
	if (manifest_parse(manifest, strlen(manifest), "acme.yaml", "acme", &n->spec, &e))
		fail_msg("%s", e.message);
}

static void numbers_free(struct numbers *n)
{
	host_config_free(&n->host);
	tenant_spec_free(&n->spec);
}

static void addresses_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		uint32_t ip;
	} good[] = { { "0.0.0.0", 0 },
		     { "10.231.0.5", 0x0ae70005 },
		     { "255.255.255.255", UINT32_MAX } };
	static const char *const bad[] = { "",		"1",	    "1.2.3",	 "1.2.3.4.5",
					   "1.2.3.256", "01.2.3.4", "0x1.2.3.4", " 1.2.3.4",
					   "1.2.3.4 ",	"1.2.3.-4", "::1",	 "1.2.3.4\n" };
	struct err e = ERR_INIT;
	uint32_t ip = 7;
	char buf[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(ipv4_parse(good[i].text, &ip, &e), 0);
		assert_int_equal(ip, good[i].ip);
		ipv4_format(ip, buf);
		assert_string_equal(buf, good[i].text);
	}
	ip = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ipv4_parse(bad[i], &ip, &e) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.code, ERR_MANIFEST);
		assert_int_equal(ip, 7);
	}
}

static void networks_are_read_strictly(void **state)
{
	static const char *const bad[] = { "10.0.0.0",	  "10.0.0.0/",		 "10.0.0.0/33",
					   "10.0.0.0/-1", "10.0.0.0/8x",	 "10.0.0.1/8",
					   "/8",	  "10.0.0.0/8/8",	 "10.0.0.0/ 8",
					   "0.0.0.1/0",	  "10.0.0.0.0.0.0.0.0/8" };
	struct err e = ERR_INIT;
	struct ipv4_net net = { .prefix = 99 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (ipv4_net_parse(bad[i], &net, &e) != -1)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(net.prefix, 99);
	}
	assert_int_equal(ipv4_net_parse("10.231.0.8/29", &net, &e), 0);
	assert_int_equal(net.base, 0x0ae70008);
	assert_int_equal(net.prefix, 29);
	assert_int_equal(ipv4_net_parse("0.0.0.0/0", &net, &e), 0);
	assert_int_equal(ipv4_net_parse("1.2.3.4/32", &net, &e), 0);
}

static void overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlaps;
	} cases[] = { { "10.231.0.0/29", "10.231.0.8/29", false },
		      { "10.231.0.0/29", "10.231.0.0/29", true },
		      { "10.231.0.0/16", "10.231.255.248/29", true },
		      { "10.231.0.0/16", "10.232.0.0/29", false },
		      { "0.0.0.0/0", "192.0.2.0/24", true },
		      { "0.0.0.0/1", "128.0.0.0/1", false },
		      { "192.0.2.1/32", "192.0.2.1/32", true },
		      { "192.0.2.1/32", "192.0.2.0/32", false } };
	struct err e = ERR_INIT;
	struct ipv4_net a, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(ipv4_net_parse(cases[i].a, &a, &e), 0);
		assert_int_equal(ipv4_net_parse(cases[i].b, &b, &e), 0);
		assert_int_equal(ipv4_net_overlaps(&a, &b), cases[i].overlaps);
		assert_int_equal(ipv4_net_overlaps(&b, &a), cases[i].overlaps);
	}
}

static void slots_are_counted_by_the_smaller_pool(void **state)
{
	static const struct {
		const char *pool, *egress;
		int64_t slots;
	} cases[] = { { "10.231.0.0/16", "10.230.0.0/16", 8192 },
		      { "10.231.0.0/24", "10.230.0.0/16", 32 },
		      { "10.231.0.0/29", "10.230.0.0/16", 1 },
		      { "10.231.0.0/30", "10.230.0.0/16", 0 },
		      { "10.231.0.0/16", "10.230.0.0/24", 239 },
		      { "10.231.0.0/16", "10.230.0.0/28", 0 },
		      { "nonsense", "10.230.0.0/24", 0 } };
	struct numbers n;
	struct err e = ERR_INIT;
	struct ipv4_net net;

	(void)state;
	numbers_make(&n, manifest_auto);
	assert_int_equal(netplan_slots(&n.host), 8192);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mem_replace(&n.host.pool, cases[i].pool);
		mem_replace(&n.host.egress_subnet, cases[i].egress);
		assert_int_equal(netplan_slots(&n.host), cases[i].slots);
		assert_int_equal(netplan_slot_net(&n.host, cases[i].slots, &net, &e), -1);
		assert_int_equal(netplan_slot_net(&n.host, -1, &net, &e), -1);
	}
	numbers_free(&n);
}

/* Every slot of the default pools: inside them, and no number twice. */
static void no_two_slots_share_a_number(void **state)
{
	struct numbers n;
	struct ipv4_net pool, egress_net;
	struct err e = ERR_INIT;
	int64_t last_uid = 0;
	uint32_t last_egress = 0;

	(void)state;
	numbers_make(&n, manifest_auto);
	assert_int_equal(ipv4_net_parse(n.host.pool, &pool, &e), 0);
	assert_int_equal(ipv4_net_parse(n.host.egress_subnet, &egress_net, &e), 0);
	for (int64_t slot = 0; slot < netplan_slots(&n.host); slot++) {
		auto_allocation struct allocation a = { 0 };
		struct ipv4_net net;
		uint32_t ip, egress;

		if (netplan_allocate(&n.host, &n.spec, slot, &a, &e))
			fail_msg("slot %lld: %s", (long long)slot, e.message);
		assert_int_equal(ipv4_net_parse(a.subnet, &net, &e), 0);
		assert_int_equal(net.prefix, 29);
		assert_int_equal(net.base, pool.base + 8 * (uint32_t)slot);
		assert_true(ipv4_net_overlaps(&net, &pool));
		assert_int_equal(ipv4_parse(a.gateway_ip, &ip, &e), 0);
		assert_int_equal(ip, net.base + 2);
		assert_int_equal(ipv4_parse(a.worker_ip, &ip, &e), 0);
		assert_int_equal(ip, net.base + 3);
		assert_int_equal(ipv4_parse(a.twin_ip, &ip, &e), 0);
		assert_int_equal(ip, net.base + 4);
		assert_int_equal(ipv4_parse(a.egress_ip, &egress, &e), 0);
		assert_true(egress > last_egress && egress > egress_net.base + 15);
		assert_true(egress < egress_net.base + (1u << (32 - egress_net.prefix)) - 1);
		last_egress = egress;
		assert_true(a.worker_uid > last_uid);
		assert_int_equal(a.gateway_uid, a.worker_uid + 1);
		last_uid = a.gateway_uid;
		assert_int_equal(a.listen_port, n.host.port_base + slot);
		assert_string_equal(a.listen_host, "127.0.0.1");
	}
	numbers_free(&n);
}

static void what_has_no_room_is_refused(void **state)
{
	struct numbers n;
	struct allocation a = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	numbers_make(&n, manifest_auto);
	n.host.port_base = UINT16_MAX - 4;
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 4, &a, &e), 0);
	assert_int_equal(a.listen_port, UINT16_MAX);
	allocation_free(&a);
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 5, &a, &e), -1);
	assert_non_null(strstr(e.message, "port"));
	n.host.port_base = 20000;
	n.host.uid_base = INT32_MAX - 10;
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 4, &a, &e), 0);
	allocation_free(&a);
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 5, &a, &e), -1);
	assert_non_null(strstr(e.message, "uid"));
	n.host.uid_base = 0; /* root is nobody's uid */
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 0, &a, &e), -1);
	assert_null(a.subnet);
	numbers_free(&n);
}

static void a_port_of_the_manifest_stands(void **state)
{
	struct numbers n;
	auto_allocation struct allocation a = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	numbers_make(&n, manifest_fixed);
	n.host.port_base = UINT16_MAX; /* not needed, so not in the way */
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 7, &a, &e), 0);
	assert_string_equal(a.listen_host, "127.0.0.2");
	assert_int_equal(a.listen_port, 9000);
	numbers_free(&n);
}

/* The engine refuses names over 15 bytes; two names that begin alike get two bridges. */
static void bridges_have_short_names_of_their_own(void **state)
{
	struct numbers n;
	auto_allocation struct allocation a = { 0 }, b = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	numbers_make(&n, manifest_auto);
	mem_replace(&n.spec.tenant, "a-name-of-forty-characters-with-suffix-1");
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 0, &a, &e), 0);
	mem_replace(&n.spec.tenant, "a-name-of-forty-characters-with-suffix-2");
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 0, &b, &e), 0);
	assert_int_equal(strlen(a.bridge), 11);
	assert_string_not_equal(a.bridge, b.bridge);
	numbers_free(&n);
}

static void allocations_are_written_and_read_back(void **state)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	struct numbers n;
	auto_allocation struct allocation a = { 0 }, b = { 0 };
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	(void)state;
	numbers_make(&n, manifest_auto);
	assert_int_equal(netplan_allocate(&n.host, &n.spec, 3, &a, &e), 0);
	a.nonce = mem_strdup("0123456789abcdef0123456789abcdef");
	a.created = mem_strdup("2026-01-01T00:00:00Z");
	a.token = mem_strdup("tenant-placeholder-0123456789abcdef0123456789abcdef");
	auto_node struct node *json = bind_write(&allocation_table, &a);
	auto_free char *text = node_print(json, true);
	assert_int_equal(doc_parse_json(text, strlen(text), "a", &limits, &d, &e), 0);
	assert_int_equal(bind_read(&allocation_table, BIND_STRICT, d, doc_root(d), "", &b, &e), 0);
	auto_node struct node *again = bind_write(&allocation_table, &b);
	auto_free char *second = node_print(again, true);
	assert_string_equal(text, second);
	numbers_free(&n);
}

static void damaged_allocations_are_refused(void **state)
{
	static const char good[] =
		"{\"slot\":0,\"nonce\":\"0123456789abcdef0123456789abcdef\",\"subnet\":\"s\","
		"\"gateway_ip\":\"g\",\"worker_ip\":\"w\",\"twin_ip\":\"t\",\"egress_ip\":\"e\","
		"\"bridge\":\"tc-01234567\",\"worker_uid\":1,\"gateway_uid\":2,"
		"\"listen_host\":\"h\",\"listen_port\":1}";
	static const struct {
		const char *from, *to;
	} spoil[] = { { "\"slot\":0", "\"slot\":-1" },
		      { "\"slot\":0", "\"slot\":1048577" },
		      { "\"slot\":0,", "" },
		      { "cdef\"", "cdeg\"" },
		      { "0123456789abcdef0123456789abcdef", "" },
		      { "tc-01234567", "tc-0123456" },
		      { "tc-01234567", "eth0" },
		      { "\"worker_uid\":1", "\"worker_uid\":0" },
		      { "\"gateway_uid\":2", "\"gateway_uid\":2147483648" },
		      { "\"listen_port\":1", "\"listen_port\":65536" },
		      { "\"subnet\":\"s\"", "\"subnet\":[]" },
		      { "\"slot\":0", "\"slot\":0,\"token\":\"sk-0123456789abcdef\"" } };
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(spoil); i++) {
		auto_allocation struct allocation a = { 0 };
		auto_doc struct doc *d = NULL;
		struct err e = ERR_INIT;
		auto_free char *text = NULL;

		if (i < ARRAY_SIZE(spoil)) {
			const char *at = strstr(good, spoil[i].from);

			assert_non_null(at);
			text = mem_printf("%.*s%s%s", (int)(at - good), good, spoil[i].to,
					  at + strlen(spoil[i].from));
		} else {
			text = mem_strdup(good);
		}
		assert_int_equal(doc_parse_json(text, strlen(text), "a", &limits, &d, &e), 0);
		int rc = bind_read(&allocation_table, BIND_TOLERANT, d, doc_root(d), "", &a, &e);
		if (rc != (i < ARRAY_SIZE(spoil) ? -1 : 0))
			fail_msg("case %zu: %s", i, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_strictly),
		cmocka_unit_test(networks_are_read_strictly),
		cmocka_unit_test(overlap),
		cmocka_unit_test(slots_are_counted_by_the_smaller_pool),
		cmocka_unit_test(no_two_slots_share_a_number),
		cmocka_unit_test(what_has_no_room_is_refused),
		cmocka_unit_test(a_port_of_the_manifest_stands),
		cmocka_unit_test(bridges_have_short_names_of_their_own),
		cmocka_unit_test(allocations_are_written_and_read_back),
		cmocka_unit_test(damaged_allocations_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
