/*
 * Connections begun in one network namespace and judged in another: they stay where they
 * were made. Needs root for the namespaces.
 */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../src/probe/early.h"
#include "base/child.h"
#include "base/clock.h"

enum { PORT_OPEN = 8080, PORT_NONE = 9 };

static void run_shell(const char *commands)
{
	const char *const argv[] = { "/bin/sh", "-c", commands, NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct err e = ERR_INIT;

	assert_ok(child_exec(argv, 5000, &out, &e), &e);
}

static void test_namespaces(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(PORT_OPEN),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct reach_attempt x[] = {
		{ .address = "127.0.0.1", .port = PORT_OPEN, .outcome = REACH_ERROR },
		{ .address = "127.0.0.1", .port = PORT_NONE, .outcome = REACH_ERROR },
		{ .address = "198.51.100.9", .port = 80, .outcome = REACH_ERROR },
		{ .address = "192.0.2.1", .port = 80, .outcome = REACH_ERROR },
		{ .address = "nonsense", .port = 80, .outcome = REACH_OPEN },
	};
	struct early e;
	int64_t start;
	int fd;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		skip();
	run_shell("ip link set lo up && ip link add tce0 type veth peer name tce1 && "
		  "ip address add 198.51.100.1/24 dev tce0 && ip link set tce0 up && "
		  "ip link set tce1 up");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	start = clock_monotonic_ms();
	early_begin(x, ARRAY_SIZE(x), &e);
	assert_int_equal(unshare(CLONE_NEWNET), 0); /* nothing of the first is here */
	early_finish(&e, x);
	assert_in_range(clock_monotonic_ms() - start, 90, 1500); /* as one stays silent */
	assert_int_equal(x[0].outcome, REACH_OPEN);
	assert_int_equal(x[1].outcome, REACH_REFUSED);
	assert_int_equal(x[2].outcome, REACH_TIMEOUT);
	assert_int_equal(x[3].outcome, REACH_UNREACHABLE);
	assert_int_equal(x[4].outcome, REACH_ERROR);
	close(fd);
}

/* A gateway that was not there: nothing was begun. */
static void test_not_begun(void **state)
{
	struct reach_attempt x = { .outcome = REACH_ERROR };
	struct early e = { 0 };

	(void)state;
	early_finish(&e, &x);
	assert_int_equal(x.outcome, REACH_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
