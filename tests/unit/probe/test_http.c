/* Requests as they go out, replies as hostile gateways send them, and both over real sockets. */
#include "tree.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../../src/probe/http.h"
#include "../../../src/probe/reach.h"
#include "base/mem.h"

static void test_requests(void **state)
{
	static const struct {
		struct http_attempt a;
		const char *text;
	} cases[] = {
		{ { .method = "GET", .target = "/x", .host = "gateway" },
		  "GET /x HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
		  "User-Agent: tenantctl-verify\r\n\r\n" },
		{ { .method = "CONNECT", .target = "192.0.2.1:443", .headers = "A: b\r\nC: d" },
		  "CONNECT 192.0.2.1:443 HTTP/1.1\r\nA: b\r\nC: d\r\n"
		  "User-Agent: tenantctl-verify\r\n\r\n" },
	};
	char out[HTTP_REQUEST_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(http_compose(&cases[i].a, out), strlen(cases[i].text));
		assert_string_equal(out, cases[i].text);
	}
}

#define JSON(status, body) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body

/* `end`: nothing more comes. `done`: the reply was taken. */
static const struct {
	const char *reply;
	bool end, done;
	enum http_outcome want;
	int status;
	const char *reason;
} replies[] = {
	{ JSON("403 Forbidden", "{\"reason\":\"route\"}"), true, true, HTTP_ANSWERED, 403,
	  "route" },
	{ JSON("403 Forbidden", "{\"reason\":\"route\"}"), false, false, 0, 0, "" },
	{ "HTTP/1.1 403 Forbidden\r\ncontent-length: 18\r\n\r\n{\"reason\":\"route\"}", false, true,
	  HTTP_ANSWERED, 403, "route" },
	{ "HTTP/1.1 403 Forbidden\r\ncontent-length: 18\r\n\r\n{\"reason\":\"rou", false, false, 0,
	  0, "" },
	{ "HTTP/1.0 400 Bad request\r\n\r\n<html>", true, true, HTTP_ANSWERED, 400, "" },
	{ "HTTP/1.1 204 \r\ncontent-length: 0\r\n\r\n", false, true, HTTP_ANSWERED, 204, "" },
	{ "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}garbage", false, true, HTTP_ANSWERED, 200,
	  "" },
	{ "", true, true, HTTP_CLOSED, 0, "" },
	{ "", false, false, 0, 0, "" },
	{ "HTTP/1.1 403 Forb", true, true, HTTP_ERROR, 0, "" },
	{ "SSH-2.0-x\r\n\r\n", true, true, HTTP_ERROR, 0, "" },
	{ "HTTP/2 403 x\r\n\r\n", true, true, HTTP_ERROR, 0, "" },
	{ "HTTP/1.1 4035 x\r\n\r\n", true, true, HTTP_ERROR, 0, "" },
	{ "HTTP/1.1 40\r\n\r\n", true, true, HTTP_ERROR, 0, "" },
	/* lengths that are none */
	{ "HTTP/1.1 403 x\r\ncontent-length: 99999999999999999999\r\n\r\n{}", false, false, 0, 0,
	  "" },
	{ "HTTP/1.1 403 x\r\ncontent-length: -1\r\n\r\n{}", true, true, HTTP_ANSWERED, 403, "" },
	/* words that are none */
	{ JSON("403 x", "{\"reason\":\"Route\"}"), true, true, HTTP_ANSWERED, 403, "" },
	{ JSON("403 x", "{\"reason\":\"a\\u001b[2J\"}"), true, true, HTTP_ANSWERED, 403, "" },
	{ JSON("403 x", "{\"reason\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"), true, true,
	  HTTP_ANSWERED, 403, "" },
	{ JSON("403 x", "{\"reason\":7}"), true, true, HTTP_ANSWERED, 403, "" },
	{ JSON("403 x", "{\"reason\":\"route\""), true, true, HTTP_ANSWERED, 403, "" },
	{ JSON("403 x", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), true, true,
	  HTTP_ANSWERED, 403, "" },
};

static void test_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		struct http_attempt a = { .outcome = HTTP_ERROR };
		size_t len = strlen(replies[i].reply);
		uint8_t *exact =
			malloc(len + 1); /* a read beyond the end is seen by the sanitizer */

		assert_non_null(exact);
		memcpy(exact, replies[i].reply, len);
		exact = realloc(exact, len ? len : 1);
		assert_non_null(exact);
		if (http_parse(exact, len, replies[i].end, &a) != replies[i].done)
			fail_msg("%s: taken or not", replies[i].reply);
		if (replies[i].done &&
		    (a.outcome != replies[i].want || a.status != replies[i].status))
			fail_msg("%s: outcome %d, status %d", replies[i].reply, (int)a.outcome,
				 a.status);
		assert_string_equal(a.reason, replies[i].reason);
		free(exact);
	}
}

/* A NUL does not hide what stands behind it in the head. */
static void test_nul_in_the_head(void **state)
{
	static const uint8_t reply[] = "HTTP/1.1 403 x\r\nA: \0\r\nContent-Length: 1\r\n\r\n{";
	struct http_attempt a = { 0 };

	(void)state;
	assert_false(http_parse(reply, sizeof(reply) - 1, false, &a));
	assert_true(http_parse(reply, sizeof(reply) - 1, true, &a));
	assert_int_equal(a.status, 403);
}

/* ---- over sockets ---- */

/* What the server does is told by the first letter of the path. */
static void answer(int fd)
{
	static const char head[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\n\r\n";
	char request[2048], filler[1024];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);
	char what = n > 5 ? request[5] : ' ';

	memset(filler, 'x', sizeof(filler));
	if (what == 'a') {
		(void)!send(fd, head, 20, MSG_NOSIGNAL); /* in two pieces */
		usleep(20000);
		(void)!send(fd, head + 20, sizeof(head) - 21, MSG_NOSIGNAL);
		(void)!send(fd, "{\"reason\":\"route\"}", 18, MSG_NOSIGNAL);
		usleep(300000); /* and does not hang up */
	} else if (what == 'e') {
		for (int i = 0; i < 100000; i++)
			if (send(fd, filler, sizeof(filler), MSG_NOSIGNAL) < 0)
				break;
	} else if (what == 's') {
		usleep(600000);
	}
	close(fd);
}

static uint16_t serve(pid_t *out_child)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*out_child = fork();
	if (*out_child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		for (;;) {
			int c = accept(fd, NULL, NULL);

			if (c >= 0 && fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				answer(c);
				_exit(0);
			}
			close(c);
		}
	}
	close(fd);
	return ntohs(a.sin_port);
}

static void test_over_sockets(void **state)
{
	static const struct {
		const char *target;
		enum http_outcome want;
		int status;
		const char *reason;
	} cases[] = {
		{ "/answers", HTTP_ANSWERED, 403, "route" }, { "/hangs-up", HTTP_CLOSED, 0, "" },
		{ "/endless", HTTP_ERROR, 0, "" },	     { "/silent", HTTP_TIMEOUT, 0, "" },
		{ "/nobody", HTTP_REFUSED, 0, "" },	     { "/nowhere", HTTP_ERROR, 0, "" },
	};
	struct http_attempt a[ARRAY_SIZE(cases)] = { 0 };
	struct tenant_facts f = { .http = a, .http_count = ARRAY_SIZE(a) };
	pid_t child;
	uint16_t port = serve(&child);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(a[i].method, sizeof(a[i].method), "GET");
		snprintf(a[i].target, sizeof(a[i].target), "%s", cases[i].target);
		snprintf(a[i].address, sizeof(a[i].address), "%s",
			 i == 5 ? "not an address" : "127.0.0.1");
		a[i].port = i == 4 ? 1 : port;
		a[i].outcome = HTTP_ERROR;
	}
	reach_run(&f, 400);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (a[i].outcome != cases[i].want || a[i].status != cases[i].status)
			fail_msg("%s: outcome %d, status %d", cases[i].target, (int)a[i].outcome,
				 a[i].status);
		assert_string_equal(a[i].reason, cases[i].reason);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_nul_in_the_head),
		cmocka_unit_test(test_over_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
