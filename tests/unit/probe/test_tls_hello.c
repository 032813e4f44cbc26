/*
 * The greeting of a TLS client: every length in it agrees, the name is there, and an
 * attempt that sends it counts only an answer. Servers on loopback.
 */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/probe/reach.h"
#include "../../../src/probe/tls_hello.h"

static unsigned at16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void check_hello(const char *name)
{
	uint8_t h[TLS_HELLO_MAX];
	size_t len = tls_hello(name, h), at;
	bool named = false;

	assert_in_range(len, 100, TLS_HELLO_MAX);
	assert_int_equal(h[0], 22);
	assert_int_equal(at16(h + 3), len - 5);
	assert_int_equal(h[5], 1);
	assert_int_equal(at16(h + 7), len - 9);
	at = 9 + 2 + 32 + 1;
	at += 2 + at16(h + at); /* ciphers */
	at += 2;		/* compression */
	assert_int_equal(at16(h + at), len - at - 2);
	for (at += 2; at < len; at += 4 + at16(h + at + 2))
		if (at16(h + at) == 0) {
			named = true;
			assert_int_equal(at16(h + at + 7), strlen(name));
			assert_memory_equal(h + at + 9, name, strlen(name));
		}
	assert_int_equal(at, len);
	assert_true(named);
}

static void test_lengths(void **state)
{
	char name[300];
	uint8_t h[TLS_HELLO_MAX];

	(void)state;
	check_hello("a.example");
	memset(name, 'x', sizeof(name));
	name[253] = '\0';
	check_hello(name);
	name[253] = 'x';
	name[254] = '\0';
	assert_int_equal(tls_hello(name, h), 0);
}

/* Answers a greeting with `n` bytes and hangs up; ends with its parent. */
static pid_t serve(ssize_t n, uint16_t *out_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*out_port = ntohs(a.sin_port);
	pid = fork();
	if (pid == 0) {
		uint8_t buf[1024];
		int c;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		c = accept(fd, NULL, NULL);
		if (n < 0) /* mute */
			pause();
		if (recv(c, buf, sizeof(buf), 0) > 5 && buf[0] == 22 && n > 0)
			(void)!send(c, "\x15\x03\x03", (size_t)n, MSG_NOSIGNAL);
		close(c);
		_exit(0);
	}
	close(fd);
	return pid;
}

static void try_server(ssize_t n, enum reach_outcome want)
{
	struct reach_attempt a = { .address = "127.0.0.1", .sni = "a.example" };
	struct tenant_facts f = { .reach = &a, .reach_count = 1 };
	pid_t pid = serve(n, &a.port);

	reach_run(&f, 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(a.outcome, want);
}

static void test_only_an_answer_counts(void **state)
{
	(void)state;
	try_server(1, REACH_OPEN);
	try_server(0, REACH_REFUSED); /* it took the connection, and that is all */
	try_server(-1, REACH_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_only_an_answer_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
