/*
 * Next hops that nobody owns, and what the kernel says of them, in a network namespace of
 * our own. Needs root for the namespace.
 */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/probe/netlink.h"
#include "../../../src/probe/reach.h"
#include "base/child.h"
#include "base/clock.h"

enum { PORT_NONE = 9, PORT_MUTE = 9002, PATIENCE_MS = 1500, AT_ONCE_MS = 900 };

static void run_shell(const char *commands)
{
	const char *const argv[] = { "/bin/sh", "-c", commands, NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct err e = ERR_INIT;

	assert_ok(child_exec(argv, 5000, &out, &e), &e);
}

static int setup(void **state)
{
	static bool entered;

	*state = &entered;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		return 0;
	run_shell("ip link set lo up && ip link add tcv0 type veth peer name tcv1 && "
		  "ip address add 198.51.100.1/24 dev tcv0 && "
		  "ip link set tcv0 up && ip link set tcv1 up && "
		  "ip route add default via 198.51.100.254");
	entered = true;
	return 0;
}

static void need_namespace(void **state)
{
	if (!*(bool *)*state)
		skip();
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Through the router, and on the same link; with a control that answers or one that never does. */
static int64_t attempt(struct reach_attempt a[4], bool control_answers)
{
	struct route_facts route = { .destination = "default",
				     .gateway = "198.51.100.254",
				     .interface = "tcv0" };
	struct tenant_facts f = {
		.reach = a, .reach_count = 4, .routes = &route, .route_count = 1
	};
	int64_t start = clock_monotonic_ms();

	a[0] = (struct reach_attempt){ .address = "203.0.113.9", .port = 80 };
	a[1] = (struct reach_attempt){ .address = "203.0.113.9", .port = 53, .udp = true };
	a[2] = (struct reach_attempt){ .address = "198.51.100.77", .port = 80 };
	a[3] = (struct reach_attempt){ .address = "127.0.0.1",
				       .port = control_answers ? PORT_NONE : PORT_MUTE,
				       .udp = true,
				       .must_work = true };
	reach_run(&f, PATIENCE_MS);
	return clock_monotonic_ms() - start;
}

static void test_silent_router(void **state)
{
	struct reach_attempt a[4];

	need_namespace(state);
	assert_in_range(attempt(a, true), 140, AT_ONCE_MS);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(a[i].outcome, REACH_UNREACHABLE);
		assert_int_equal(a[i].sys_errno, EHOSTUNREACH);
	}
	assert_int_equal(a[3].outcome, REACH_REFUSED);
}

/* As long as a control waits, slowness may be ours. */
static void test_silent_control(void **state)
{
	struct reach_attempt a[4];
	int mute;

	need_namespace(state);
	mute = bound(SOCK_DGRAM, PORT_MUTE);
	assert_in_range(attempt(a, false), PATIENCE_MS - 20, 2 * PATIENCE_MS);
	assert_int_equal(a[3].outcome, REACH_TIMEOUT);
	close(mute);
}

/* A router that is there swallows packets: that is waited for. */
static void test_router_answers(void **state)
{
	struct reach_attempt a[4];

	need_namespace(state);
	run_shell(
		"ip neigh replace 198.51.100.254 lladdr 02:00:00:00:00:01 dev tcv0 nud permanent");
	assert_in_range(attempt(a, true), PATIENCE_MS - 20, 2 * PATIENCE_MS);
	assert_int_equal(a[0].outcome, REACH_TIMEOUT);
	assert_int_equal(a[1].outcome, REACH_TIMEOUT);
	assert_int_equal(a[2].outcome, REACH_UNREACHABLE); /* its own neighbour is silent */
	run_shell("ip neigh del 198.51.100.254 dev tcv0");
}

static void test_by_number(void **state)
{
	struct strlist addresses = { 0 };
	struct netlink_link link, peer;
	struct err e = ERR_INIT;

	need_namespace(state);
	assert_ok(netlink_link((int)if_nametoindex("tcv0"), &link, &e), &e);
	assert_string_equal(link.name, "tcv0");
	assert_ok(netlink_link(link.peer, &peer, &e), &e);
	assert_string_equal(peer.name, "tcv1");
	assert_int_equal(peer.master, 0);
	assert_int_equal(netlink_link(9999, &peer, &e), -1);
	err_clear(&e);
	assert_ok(netlink_addresses(link.index, &addresses, &e), &e);
	assert_true(strlist_has(&addresses, "198.51.100.1/24"));
	for (size_t i = 0; i < addresses.count; i++)
		assert_null(strstr(addresses.items[i], "127.0.0.1"));
	strlist_free(&addresses);
}

static void test_listeners(void **state)
{
	struct host_port ports[8];
	struct err e = ERR_INIT;
	size_t count = 0;
	int tcp, udp, other;

	need_namespace(state);
	tcp = bound(SOCK_STREAM, 8080);
	udp = bound(SOCK_DGRAM, 8053);
	other = bound(SOCK_STREAM, 8081); /* bound, and does not listen */
	assert_int_equal(listen(tcp, 1), 0);
	assert_ok(netlink_listeners(ports, ARRAY_SIZE(ports), &count, &e), &e);
	assert_int_equal(count, 2);
	assert_string_equal(ports[0].address, "127.0.0.1");
	assert_true(ports[0].port == 8080 && !ports[0].udp);
	assert_true(ports[1].port == 8053 && ports[1].udp);
	assert_ok(netlink_listeners(ports, 1, &count, &e), &e);
	assert_int_equal(count, 1);
	close(tcp);
	close(udp);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_router),  cmocka_unit_test(test_silent_control),
		cmocka_unit_test(test_router_answers), cmocka_unit_test(test_by_number),
		cmocka_unit_test(test_listeners),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
