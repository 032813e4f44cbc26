/* The whole probe over fake trees, the report of its child, and the host's ports. */
#include "tree.h"

#include "../../../src/probe/net_wire.h"
#include "base/mem.h"
#include "probe/probe.h"

static const struct reach_attempt attempt = { .address = "127.0.0.1", .port = 1 };
static const struct dns_attempt question = { .server = "127.0.0.1", .name = "a", .type = 1 };

static int run(const struct tree *t, pid_t pid, struct tenant_facts *f, struct err *e)
{
	char proc[128], cgroup[128];
	struct probe_request r = {
		.worker_id = ID_A,
		.worker_pid = pid,
		.reach = &attempt,
		.reach_count = 1,
		.dns = &question,
		.dns_count = 1,
		.timeout_ms = 100,
	};

	snprintf(proc, sizeof(proc), "%s/proc", t->path);
	snprintf(cgroup, sizeof(cgroup), "%s/cgroup", t->path);
	r.proc_path = proc;
	r.cgroup_path = cgroup;
	return probe_tenant(&r, f, e);
}

static void test_worker(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };
	struct err e = ERR_INIT;

	tree_process(t, 1, 0, ID_B, 1);
	tree_process(t, 4100000, 1, ID_A, 50); /* beyond what this machine hands out */
	tree_mkdir(t, "proc/4100000/root");
	tree_write(t, "cgroup/pids/docker/" ID_A "/cgroup.procs", "4100000\n");
	tree_write(t, "cgroup/memory/docker/" ID_A "/memory.limit_in_bytes", "4096\n");
	assert_ok(run(t, 4100000, &f, &e), &e);
	assert_true(f.running);
	assert_int_equal(f.process_count, 1);
	assert_int_equal(f.mounts.count, 1);
	assert_int_equal(f.cgroup.memory_max, 4096);
	assert_true(f.host_ns[NS_NET].ino != 0 &&
		    f.host_ns[NS_NET].ino != f.processes[0].ns[NS_NET].ino);
	/* a plain file is no namespace: nothing was tried, and that is said */
	assert_true(f.net_error[0]);
	assert_int_equal(f.reach_count, 1);
	assert_int_equal(f.reach[0].outcome, REACH_ERROR);
	assert_int_equal(f.dns[0].outcome, DNS_ERROR);
	assert_true(f.seccomp_error[0]);
	assert_false(f.gateway_running);
	tenant_facts_free(&f);
}

static void test_lying_engine(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { .init_pid = 77 };
	struct err e = ERR_INIT;

	tree_process(t, 300, 1, ID_B, 50);
	assert_int_equal(run(t, 300, &f, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_int_equal(run(t, 1, &f, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_int_equal(run(t, 301, &f, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(f.init_pid, 77);
}

static void test_no_worker(void **state)
{
	struct tenant_facts f = { 0 };
	struct err e = ERR_INIT;

	assert_ok(run(*state, 0, &f, &e), &e);
	assert_false(f.running);
	assert_string_equal(f.net_error, "the worker is not running");
	assert_true(f.cgroup.memory_max == UINT64_MAX);
	assert_int_equal(f.reach[0].outcome, REACH_ERROR);
	tenant_facts_free(&f);
}

static void test_ports(void **state)
{
	static const char tcp[] =
		"  sl  local_address rem_address   st ...\n"
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
		"   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000\n" /* connected */
		"   2: 0100007F:1F90 00000000:0000 0A again\n"
		"   3: 0100007F:0000 00000000:0000 0A\n"
		"   4: ZZ00007F:1F92 00000000:0000 0A\n"
		"   5: 0100007F:1F92F 00000000:0000 0A\n"
		"   6: 0100007F 00000000:0000 0A\n"
		"   7: 010000:1F92 00000000:0000 0A\n"
		"\xff\xfe\x01 binary\n\n";
	static const char udp[] = " 1: 00000000:0035 00000000:0000 07 0\n"
				  " 2: 00000000:0036 01020304:0001 01 0\n";
	static const char tcp6[] = " 1: 00000000000000000000000001000000:0016 "
				   "00000000000000000000000000000000:0000 0A\n";
	const struct tree *t = *state;
	struct host_port ports[8];
	struct err e = ERR_INIT;
	char path[128];
	size_t count = 0;

	snprintf(path, sizeof(path), "%s/proc", t->path);
	assert_int_equal(probe_host_ports(path, ports, 8, &count, &e), -1);
	tree_write(t, "proc/net/tcp", tcp);
	tree_write(t, "proc/net/udp", udp);
	assert_ok(probe_host_ports(path, ports, 8, &count, &e), &e); /* no IPv6: fine */
	assert_int_equal(count, 2);
	tree_write(t, "proc/net/tcp6", tcp6);
	assert_ok(probe_host_ports(path, ports, 8, &count, &e), &e);
	assert_int_equal(count, 3);
	assert_string_equal(ports[0].address, "127.0.0.1");
	assert_int_equal(ports[0].port, 8080);
	assert_string_equal(ports[1].address, "::1");
	assert_int_equal(ports[1].port, 22);
	assert_true(ports[2].udp && ports[2].port == 53);
	assert_ok(probe_host_ports(path, ports, 1, &count, &e), &e);
	assert_int_equal(count, 1);
}

struct report {
	struct net_header h;
	struct net_link link;
	struct route_facts route;
	struct net_port port;
	struct net_reach_result reach;
	struct net_dns_result dns;
};

static struct report sound_report(void)
{
	return (struct report){
		.h = { .magic = NET_MAGIC,
		       .links = 1,
		       .routes = 1,
		       .reach = 1,
		       .dns = 1,
		       .ports = 1,
		       .ports_known = 1,
		       .ipv6_disabled = 1 },
		.link = { .name = "eth0",
			  .index = 2,
			  .peer = 9,
			  .up = 1,
			  .addresses = 1,
			  .address = { "10.0.0.2/24" } },
		.route = { .destination = "default", .gateway = "10.0.0.1", .interface = "eth0" },
		.port = { .address = "10.231.0.2", .port = 53, .udp = 7 },
		.reach = { .outcome = REACH_REFUSED, .sys_errno = 111 },
		.dns = { .outcome = DNS_ANSWERED, .answer = "10.1.2.3" },
	};
}

static bool offer(const struct report *r, size_t len, struct tenant_facts *f)
{
	*f = (struct tenant_facts){ .reach_count = 1, .dns_count = 1 };
	f->reach = mem_alloc(sizeof(*f->reach));
	f->dns = mem_alloc(sizeof(*f->dns));
	f->reach[0].outcome = REACH_ERROR;
	f->dns[0].outcome = DNS_ERROR;
	return net_wire_accept(r, len, f);
}

static void test_report(void **state)
{
	struct report r = sound_report();
	struct tenant_facts f;

	(void)state;
	assert_true(offer(&r, sizeof(r), &f));
	assert_string_equal(f.interfaces[0].addresses.items[0], "10.0.0.2/24");
	assert_int_equal(f.interfaces[0].peer_index, 9);
	assert_string_equal(f.routes[0].gateway, "10.0.0.1");
	assert_int_equal(f.reach[0].outcome, REACH_REFUSED);
	assert_string_equal(f.dns[0].answer, "10.1.2.3");
	assert_true(f.ipv6_disabled);
	assert_int_equal(f.gateway_listeners.port_count, 1);
	assert_string_equal(f.gateway_listeners.ports[0].address, "10.231.0.2");
	assert_true(f.gateway_listeners.ports[0].udp && f.gateway_listeners.ports[0].port == 53);
	tenant_facts_free(&f);
}

static void spoil(struct report *r, int how)
{
	switch (how) {
	case 0:
		r->h.magic++;
		break;
	case 1:
		r->h.links = 2;
		break;
	case 2:
		r->h.links = UINT32_MAX;
		break;
	case 3:
		r->h.routes = 0x10000000;
		break;
	case 4:
		r->h.reach = 0;
		break;
	case 5:
		r->h.dns = 2;
		break;
	case 6:
		memset(r->h.error, 'x', sizeof(r->h.error));
		break;
	case 7:
		memset(r->link.name, 'x', sizeof(r->link.name));
		break;
	case 8:
		r->link.addresses = NET_ADDRESSES_MAX + 1;
		break;
	case 9:
		memset(r->link.address, 'x', sizeof(r->link.address));
		break;
	case 10:
		memset(r->route.gateway, 'x', sizeof(r->route.gateway));
		break;
	case 11:
		r->reach.outcome = -1;
		break;
	case 12:
		r->reach.outcome = REACH_ERROR + 1;
		break;
	case 13:
		r->dns.outcome = DNS_ERROR + 1;
		break;
	case 14:
		memset(r->port.address, 'x', sizeof(r->port.address));
		break;
	case 15:
		r->h.ports = 0x40000000;
		break;
	case 16:
		r->h.ports_known = 0;
		break;
	default:
		memset(r->dns.answer, 'x', sizeof(r->dns.answer));
		break;
	}
}

static void test_report_refused(void **state)
{
	struct tenant_facts f;

	(void)state;
	for (int how = 0; how < 18; how++) {
		struct report r = sound_report();

		spoil(&r, how);
		assert_false(offer(&r, sizeof(r), &f));
		assert_int_equal(f.reach[0].outcome, REACH_ERROR);
		assert_int_equal(f.dns[0].outcome, DNS_ERROR);
		assert_int_equal(f.interface_count, 0);
		assert_null(f.gateway_listeners.ports);
		tenant_facts_free(&f);
	}
	for (size_t len = 0; len < sizeof(struct report); len += 7) {
		struct report r = sound_report();

		assert_false(offer(&r, len, &f));
		tenant_facts_free(&f);
	}
}

#define with_tree(fn) cmocka_unit_test_setup_teardown(fn, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tree(test_worker),	       with_tree(test_lying_engine),
		with_tree(test_no_worker),     with_tree(test_ports),
		cmocka_unit_test(test_report), cmocka_unit_test(test_report_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
