/*
 * Attempts against real sockets in a network namespace of our own: every outcome, all at
 * once, and DNS servers that lie. Needs root for the namespace.
 */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "../../../src/probe/net.h"
#include "../../../src/probe/netlink.h"
#include "../../../src/probe/reach.h"
#include "base/child.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/probe.h"

enum { PORT_OPEN = 8080, PORT_FULL = 8081, PORT_ECHO = 9001, PORT_SILENT = 9002, PORT_NONE = 9 };

struct servers {
	int open, full, fill[2], echo, silent;
	pid_t child;
};

static int bind_socket(int type, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static bool loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	r.ifr_flags = IFF_UP | IFF_RUNNING;
	bool ok = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	close(fd);
	return ok;
}

/* What the hostile server makes of a query, by the first letter of the name. Returns a length. */
static ssize_t hostile_reply(uint8_t *m, ssize_t n)
{
	static const uint8_t answer[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3 };
	static const uint8_t loop[] = {
		0xc0, 0, 0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4
	};
	char kind = (char)m[13];

	m[2] |= 0x80;
	switch (kind) {
	case 'n': /* NXDOMAIN */
		m[3] = 3;
		return n;
	case 'r': /* REFUSED */
		m[3] = 5;
		return n;
	case 'e': /* no records */
		return n;
	case 'g': /* right number, garbage behind it */
		memset(m + 4, 0xff, 400);
		return 404;
	case 'w': /* another number */
		m[0] ^= 0xff;
		break;
	case 'q': /* another question */
		m[13] = 'x';
		break;
	case 'l': /* a name that points into the header */
		m[7] = 1;
		memcpy(m + n, loop, sizeof(loop));
		return n + (ssize_t)sizeof(loop);
	case 's': /* nearly nothing */
		return 5;
	default:
		break;
	}
	m[7] = 1;
	memcpy(m + n, answer, sizeof(answer));
	return n + (ssize_t)sizeof(answer);
}

static void serve_stream(int listener)
{
	uint8_t m[1024];
	int fd = accept(listener, NULL, NULL);
	ssize_t n = recv(fd, m, sizeof(m) - 64, 0);

	if (n > 15 && m[2 + 13] == 'c') { /* a length that is never filled */
		m[0] = 3;
		(void)!send(fd, m, 40, MSG_NOSIGNAL);
		usleep(400000);
	} else if (n > 15 && m[2 + 13] != 'h') { /* h: hangs up */
		n = hostile_reply(m + 2, n - 2);
		m[0] = (uint8_t)(n >> 8);
		m[1] = (uint8_t)n;
		(void)!send(fd, m, 1, MSG_NOSIGNAL); /* in two pieces */
		usleep(20000);
		(void)!send(fd, m + 1, (size_t)n + 1, MSG_NOSIGNAL);
	}
	close(fd);
}

/* DNS over both on port 53, and an echo. Ends with its parent. */
static void serve(int udp, int tcp, int echo)
{
	uint8_t m[1024];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct pollfd p[] = { { udp, POLLIN, 0 }, { tcp, POLLIN, 0 }, { echo, POLLIN, 0 } };
		struct sockaddr_in from;
		socklen_t len = sizeof(from);

		poll(p, 3, -1);
		if (p[1].revents)
			serve_stream(tcp);
		int fd = p[0].revents ? udp : echo;
		if (!p[0].revents && !p[2].revents)
			continue;
		ssize_t n = recvfrom(fd, m, sizeof(m) - 64, 0, (struct sockaddr *)&from, &len);
		if (n < 16)
			continue;
		n = fd == udp ? hostile_reply(m, n) : n;
		sendto(fd, m, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static int setup(void **state)
{
	struct servers *s = calloc(1, sizeof(*s));
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(PORT_FULL),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*state = s;
	if (unshare(CLONE_NEWNET) < 0 || !loopback_up()) {
		print_message("SKIP: no network namespace can be made here\n");
		free(s);
		*state = NULL;
		return 0;
	}
	s->open = bind_socket(SOCK_STREAM, PORT_OPEN);
	listen(s->open, 64);
	s->full = bind_socket(SOCK_STREAM, PORT_FULL);
	listen(s->full, 0);
	for (int i = 0; i < 2; i++) { /* with its queue full, the kernel drops what asks */
		s->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(s->fill[i], (struct sockaddr *)&a, sizeof(a));
	}
	s->echo = bind_socket(SOCK_DGRAM, PORT_ECHO);
	s->silent = bind_socket(SOCK_DGRAM, PORT_SILENT);
	int udp = bind_socket(SOCK_DGRAM, 53), tcp = bind_socket(SOCK_STREAM, 53);
	listen(tcp, 16);
	s->child = fork();
	if (s->child == 0)
		serve(udp, tcp, s->echo);
	close(udp);
	close(tcp);
	return 0;
}

static int teardown(void **state)
{
	struct servers *s = *state;

	if (s) {
		kill(s->child, SIGKILL);
		waitpid(s->child, NULL, 0);
	}
	free(s);
	return 0;
}

#define need_servers(state)                                                                        \
	do {                                                                                       \
		if (!*(state))                                                                     \
			skip();                                                                    \
	} while (0)

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const struct {
	const char *address;
	uint16_t port;
	bool udp;
	enum reach_outcome want;
	int sys_errno;
} reach_cases[] = {
	{ "127.0.0.1", PORT_OPEN, false, REACH_OPEN, 0 },
	{ "127.0.0.1", PORT_NONE, false, REACH_REFUSED, ECONNREFUSED },
	{ "127.0.0.1", PORT_FULL, false, REACH_TIMEOUT, ETIMEDOUT },
	{ "192.0.2.1", 80, false, REACH_UNREACHABLE, ENETUNREACH },
	{ "127.0.0.1", PORT_ECHO, true, REACH_OPEN, 0 },
	{ "127.0.0.1", PORT_NONE, true, REACH_REFUSED, ECONNREFUSED },
	{ "127.0.0.1", PORT_SILENT, true, REACH_TIMEOUT, ETIMEDOUT },
	{ "192.0.2.1", 53, true, REACH_UNREACHABLE, ENETUNREACH },
	{ "2001:db8::1", 80, false, REACH_UNREACHABLE, 0 },
	{ "not an address", 80, false, REACH_ERROR, EINVAL },
	{ "", 80, true, REACH_ERROR, EINVAL },
};

static void run_reach(struct reach_attempt *a, size_t count, int timeout_ms)
{
	struct tenant_facts f = { .reach = a, .reach_count = count };

	reach_run(&f, timeout_ms);
}

static void run_dns(struct dns_attempt *d, size_t count, int timeout_ms)
{
	struct tenant_facts f = { .dns = d, .dns_count = count };

	reach_run(&f, timeout_ms);
}

static void fill_attempts(struct reach_attempt *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(reach_cases); i++) {
		snprintf(a[i].address, sizeof(a[i].address), "%s", reach_cases[i].address);
		a[i].port = reach_cases[i].port;
		a[i].udp = reach_cases[i].udp;
		a[i].outcome = REACH_ERROR;
	}
}

static void check_attempts(const struct reach_attempt *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(reach_cases); i++) {
		if (a[i].outcome != reach_cases[i].want)
			fail_msg("%s %u: outcome %d, errno %d", a[i].address, a[i].port,
				 (int)a[i].outcome, a[i].sys_errno);
		if (reach_cases[i].sys_errno)
			assert_int_equal(a[i].sys_errno, reach_cases[i].sys_errno);
	}
}

static void test_outcomes(void **state)
{
	struct reach_attempt a[ARRAY_SIZE(reach_cases)] = { 0 };
	int64_t start = now_ms();

	need_servers(state);
	fill_attempts(a);
	run_reach(a, ARRAY_SIZE(a), 300);
	check_attempts(a);
	assert_in_range(now_ms() - start, 250, 1500);
}

static void test_many_at_once(void **state)
{
	enum { COUNT = 1500 };
	struct reach_attempt *a;
	int64_t start = now_ms();

	need_servers(state);
	a = calloc(COUNT, sizeof(*a));
	assert_non_null(a);
	for (size_t i = 0; i < COUNT; i++) {
		snprintf(a[i].address, sizeof(a[i].address), "127.0.0.1");
		a[i].port = i % 2 ? PORT_SILENT : PORT_NONE;
		a[i].udp = i % 2;
	}
	run_reach(a, COUNT, 400);
	assert_in_range(now_ms() - start, 350, 3000);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(a[i].outcome, i % 2 ? REACH_TIMEOUT : REACH_REFUSED);
	free(a);
}

static void run_shell(const char *commands)
{
	const char *const argv[] = { "/bin/sh", "-c", commands, NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct err e = ERR_INIT;

	assert_ok(child_exec(argv, 5000, &out, &e), &e);
}

/* Nobody answers ARP: after two questions, 50 ms apart, the kernel gives up. */
static void test_no_neighbour(void **state)
{
	static const char make[] = "ip link add tcv0 type veth peer name tcv1 && "
				   "ip address add 198.51.100.1/24 dev tcv0 && "
				   "cd /proc/sys/net/ipv4/neigh/tcv0 && "
				   "echo 50 >retrans_time_ms && echo 2 >mcast_solicit && "
				   "ip link set tcv0 up && ip link set tcv1 up";
	struct reach_attempt a[] = { { .address = "198.51.100.9", .port = 53, .udp = true },
				     { .address = "198.51.100.9", .port = 53 } };
	int64_t start = now_ms();

	need_servers(state);
	run_shell(make);
	run_reach(a, ARRAY_SIZE(a), 5000);
	assert_in_range(now_ms() - start, 90, 2000);
	for (size_t i = 0; i < ARRAY_SIZE(a); i++) {
		assert_int_equal(a[i].outcome, REACH_UNREACHABLE);
		assert_int_equal(a[i].sys_errno, EHOSTUNREACH);
	}
	run_shell("ip link delete tcv0");
}

static void test_dns_outcomes(void **state)
{
	static const struct {
		const char *name;
		bool tcp;
		enum dns_outcome want;
		const char *answer;
		int rcode;
	} cases[] = {
		{ "answer.test", false, DNS_ANSWERED, "10.1.2.3", 0 },
		{ "answer.test", true, DNS_ANSWERED, "10.1.2.3", 0 },
		{ "nx.test", false, DNS_NXDOMAIN, "", 3 },
		{ "nx.test", true, DNS_NXDOMAIN, "", 3 },
		{ "refused.test", false, DNS_REFUSED, "", 5 },
		{ "empty.test", false, DNS_EMPTY, "", 0 },
		{ "garbage.test", false, DNS_ERROR, "", 0 },
		{ "wrong-id.test", false, DNS_TIMEOUT, "", -1 },
		{ "wrong-id.test", true, DNS_ERROR, "", -1 },
		{ "question.test", false, DNS_TIMEOUT, "", -1 },
		{ "loop.test", false, DNS_ERROR, "", 0 },
		{ "short.test", false, DNS_TIMEOUT, "", -1 },
		{ "hangs-up.test", true, DNS_REFUSED, "", -1 },
		{ "cut.test", true, DNS_TIMEOUT, "", -1 },
		{ "bad..name", false, DNS_ERROR, "", -1 },
	};

	need_servers(state);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dns_attempt d = { .server = "127.0.0.1", .type = 1, .tcp = cases[i].tcp };

		snprintf(d.name, sizeof(d.name), "%s", cases[i].name);
		run_dns(&d, 1, 250);
		if (d.outcome != cases[i].want || d.rcode != cases[i].rcode)
			fail_msg("%s: outcome %d, rcode %d", d.name, (int)d.outcome, d.rcode);
		assert_string_equal(d.answer, cases[i].answer);
	}
}

static void test_dns_without_server(void **state)
{
	struct dns_attempt d[] = { { .server = "192.0.2.1", .name = "a.test", .type = 1 },
				   { .server = "127.0.0.2", .name = "a.test", .type = 1 } };

	need_servers(state);
	run_dns(d, 2, 250);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(d[i].outcome, DNS_REFUSED);
		assert_int_equal(d[i].rcode, -1);
	}
}

/* A worker by hand: a process with a namespace of its own, entered from ours. */
static pid_t fork_worker(int ready[2])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bool ok = unshare(CLONE_NEWNET) == 0 && loopback_up();
	if (write(ready[1], ok ? "y" : "n", 1) == 1)
		pause();
	_exit(0);
}

static void visit(const struct target *w, struct tenant_facts *f)
{
	struct reach_attempt a = { .address = "127.0.0.1", .port = PORT_OPEN };
	const struct net_request r = {
		.worker = w, .reach = &a, .reach_count = 1, .timeout_ms = 300
	};

	net_probe(&r, f);
}

static void open_by_hand(struct target *w, pid_t pid)
{
	struct err e = ERR_INIT;

	w->pid = pid;
	assert_ok(proc_open_root("/proc", &w->proc_root, &e), &e);
	assert_ok(proc_open_pid(w->proc_root, pid, &w->dir, &e), &e);
	assert_ok(proc_start_time(w->dir, &w->start_time, &e), &e);
}

static void test_other_namespace(void **state)
{
	int ready[2];
	char yes = 0;
	struct target w = TARGET_INIT;
	struct tenant_facts f = { 0 };

	need_servers(state);
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork_worker(ready);
	assert_int_equal(read(ready[0], &yes, 1), 1);
	assert_int_equal(yes, 'y');
	open_by_hand(&w, pid);
	visit(&w, &f);
	assert_string_equal(f.net_error, "");
	/* the port is open here, not there */
	assert_int_equal(f.reach[0].outcome, REACH_REFUSED);
	assert_int_equal(f.interface_count, 1);
	assert_string_equal(f.interfaces[0].name, "lo");
	assert_string_equal(f.interfaces[0].addresses.items[0], "127.0.0.1/8");
	assert_true(f.interfaces[0].up);
	assert_int_equal(f.route_count, 0);
	tenant_facts_free(&f);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	visit(&w, &f); /* ended: nothing may be tried from anywhere */
	assert_true(f.net_error[0]);
	assert_int_equal(f.reach[0].outcome, REACH_ERROR);
	assert_int_equal(f.interface_count, 0);
	tenant_facts_free(&f);
	close(w.proc_root);
	target_close(&w);
	close(ready[0]);
	close(ready[1]);
}

static void test_links(void **state)
{
	struct err e = ERR_INIT;
	struct netlink_link *links = NULL;
	size_t count = 0;
	struct strlist addresses = { 0 };

	need_servers(state);
	assert_ok(netlink_links(&links, &count, &e), &e);
	assert_int_equal(count, 1);
	assert_int_equal(netlink_by_index(links, count, links[0].index) == &links[0], 1);
	assert_null(netlink_by_index(links, count, 0));
	assert_null(netlink_by_index(links, count, 77));
	free(links);
	assert_ok(probe_host_addresses(&addresses, &e), &e);
	assert_true(strlist_has(&addresses, "127.0.0.1"));
	assert_false(strlist_has(&addresses, "192.0.2.1"));
	strlist_free(&addresses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_no_neighbour),
		cmocka_unit_test(test_dns_outcomes),
		cmocka_unit_test(test_dns_without_server),
		cmocka_unit_test(test_other_namespace),
		cmocka_unit_test(test_links),
	};

	/* the namespace is this program's for good, so one setup serves all */
	return cmocka_run_group_tests(tests, setup, teardown);
}
