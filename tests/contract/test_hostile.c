/*
 * What a broken or hostile server can send, through the real libcurl path: every
 * such reply ends in an error within its limits, and never in a wrong answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support/replay_server.h"
#include "base/mem.h"
#include "engine/client.h"

#define PING                                                                                       \
	"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\n"              \
	"Content-Length: 0\r\n\r\n"
#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

struct hostile {
	const char *name;
	const char *reply;
	const char *message; /* part of the expected message */
	enum err_code code;
	enum replay_after after;
	const char *fill;
	size_t fill_bytes;
};

static const struct hostile table[] = {
	{ "length too long", JSON "Content-Length: 50\r\n\r\n{}", "cut off", ERR_PROTOCOL,
	  .after = REPLAY_CLOSE },
	{ "length too short", JSON "Content-Length: 1\r\n\r\n{\"ServerVersion\":\"1\"}", "",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "negative length", JSON "Content-Length: -1\r\n\r\n{}", "", ERR_PROTOCOL,
	  .after = REPLAY_CLOSE },
	{ "two lengths", JSON "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "disagree",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "length and chunks",
	  JSON "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
	  "disagree", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "bad chunk size", JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "chunk of 2^64", JSON "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}", "",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "no last chunk", JSON "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "cut off",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "endless body", JSON "\r\n", "16 MiB", ERR_PROTOCOL, .after = REPLAY_CLOSE, " ",
	  (size_t)1 << 30 },
	{ "long header line", "HTTP/1.1 200 OK\r\nX: ", "", ERR_PROTOCOL, .after = REPLAY_CLOSE,
	  "a", (size_t)1 << 20 },
	{ "many headers", "HTTP/1.1 200 OK\r\n", "headers are too long", ERR_PROTOCOL,
	  .after = REPLAY_CLOSE, "X: y\r\n", 700000 },
	{ "nothing", "", "closed the connection", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "half a status line", "HTTP/1.1 2", "", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 21\r\n\r\n{\"ServerVersion\":\"1\"}",
	  "not HTTP/1.1", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "101 unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\n\r\n{}", "",
	  ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "204 with a body",
	  "HTTP/1.1 204 No Content\r\nContent-Length: 21\r\n\r\n{\"ServerVersion\":\"1\"}",
	  "forbids", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "204 for a read", "HTTP/1.1 204 No Content\r\n\r\n", "", ERR_PROTOCOL,
	  .after = REPLAY_CLOSE },
	{ "304", "HTTP/1.1 304 Not Modified\r\n\r\n", "304", ERR_PROTOCOL, .after = REPLAY_CLOSE },
	{ "301", "HTTP/1.1 301 Moved\r\nLocation: http://other/\r\nContent-Length: 0\r\n\r\n",
	  "301", ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "400", "HTTP/1.1 400 Bad\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}", "400: m",
	  ERR_REFUSED, .after = REPLAY_KEEP },
	{ "401 empty", "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "401: no message",
	  ERR_REFUSED, .after = REPLAY_KEEP },
	{ "403", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\n{}", "403", ERR_REFUSED,
	  .after = REPLAY_KEEP },
	{ "404", "HTTP/1.1 404 No\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}", "404: m",
	  ERR_NOT_FOUND, .after = REPLAY_KEEP },
	{ "409", "HTTP/1.1 409 No\r\nContent-Length: 15\r\n\r\n{\"message\":\"m\"}", "409: m",
	  ERR_CONFLICT, .after = REPLAY_KEEP },
	{ "429", "HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", "429", ERR_REFUSED,
	  .after = REPLAY_KEEP },
	{ "500 HTML", "HTTP/1.1 500 No\r\nContent-Length: 13\r\n\r\n<html>x\ny</ht", "500: <html>x",
	  ERR_REFUSED, .after = REPLAY_KEEP },
	{ "503", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "503", ERR_REFUSED,
	  .after = REPLAY_KEEP },
	{ "status 999", "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", "", ERR_PROTOCOL,
	  .after = REPLAY_CLOSE },
	{ "HTML", JSON "Content-Length: 6\r\n\r\n<html>", "GET /info", ERR_PROTOCOL,
	  .after = REPLAY_KEEP },
	{ "empty", JSON "Content-Length: 0\r\n\r\n", "GET /info", ERR_PROTOCOL,
	  .after = REPLAY_KEEP },
	{ "an array", JSON "Content-Length: 2\r\n\r\n[]", "ServerVersion is missing", ERR_PROTOCOL,
	  .after = REPLAY_KEEP },
	{ "null", JSON "Content-Length: 4\r\n\r\nnull", "ServerVersion is missing", ERR_PROTOCOL,
	  .after = REPLAY_KEEP },
	{ "missing key", JSON "Content-Length: 2\r\n\r\n{}", "ServerVersion is missing",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "wrong type", JSON "Content-Length: 19\r\n\r\n{\"ServerVersion\":1}\n", "expected a text",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "wrong number", JSON "Content-Length: 32\r\n\r\n{\"ServerVersion\":\"1\",\"NCPU\":1.5}\n",
	  "expected a whole number", ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "huge number",
	  JSON "Content-Length: 34\r\n\r\n{\"ServerVersion\":\"1\",\"NCPU\":1e999}\n", "",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "duplicate keys",
	  JSON "Content-Length: 42\r\n\r\n{\"ServerVersion\":\"1\",\"ServerVersion\":\"2\"} ", "",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "trailing data", JSON "Content-Length: 23\r\n\r\n{\"ServerVersion\":\"1\"} x", "",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "bad UTF-8", JSON "Content-Length: 22\r\n\r\n{\"ServerVersion\":\"\xff\"}\n", "",
	  ERR_PROTOCOL, .after = REPLAY_KEEP },
	{ "deep", JSON "\r\n", "", ERR_PROTOCOL, .after = REPLAY_CLOSE, "[", 100000 },
};

/* libcurl sends a read again, once and on a new connection, when a kept one died without a whole
 * line; so the last step is there twice and may be used twice. */
static void stop_after(struct replay_server *s, const char *name, int steps)
{
	int used = replay_stop(s);

	if (used != steps && used != steps + 1)
		fail_msg("%s: %d steps used: %s", name, used, s->why);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void open_client(const struct replay_server *s, struct client **c)
{
	struct transport *t;
	struct err e = ERR_INIT;

	assert_int_equal(transport_open_unix(s->path, false, &t, &e), 0);
	if (client_open(t, ENGINE_READ, c, &e) < 0)
		fail_msg("open: %s", e.message);
}

static void test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct hostile *h = &table[i];
		const struct replay_step bad = { .request = "GET /v1.41/info",
						 .reply = h->reply,
						 .after = h->after,
						 .fill = h->fill,
						 .fill_bytes = h->fill_bytes };
		const struct replay_step steps[] = {
			{ .request = "HEAD /_ping", .reply = PING },
			bad,
			bad,
		};
		struct engine_info info = { 0 };
		struct replay_server s;
		struct client *c;
		struct err e = ERR_INIT;

		replay_start(&s, steps, ARRAY_SIZE(steps));
		open_client(&s, &c);
		if (client_info(c, &info, &e) == 0)
			fail_msg("%s: believed", h->name);
		if (e.code != h->code || !strstr(e.message, h->message))
			fail_msg("%s: code %s: %s", h->name, err_code_name(e.code), e.message);
		assert_null(info.server_version);
		client_close(c);
		stop_after(&s, h->name, 2);
	}
}

/* A reply cut at every byte is never taken for a whole one. */
static void test_cut_everywhere(void **state)
{
	static const char whole[] = JSON "Content-Length: 22\r\n\r\n{\"ServerVersion\":\"1\"} ";
	size_t cut;

	(void)state;
	for (cut = 1; cut <= sizeof(whole) - 1; cut++) {
		const struct replay_step part = { .reply = whole,
						  .reply_len = cut,
						  .after = REPLAY_CLOSE };
		const struct replay_step steps[] = { { .reply = PING }, part, part };
		struct engine_info info = { 0 };
		struct replay_server s;
		struct client *c;
		struct err e = ERR_INIT;
		int ret;

		replay_start(&s, steps, ARRAY_SIZE(steps));
		open_client(&s, &c);
		ret = client_info(c, &info, &e);
		assert_int_equal(ret, cut == sizeof(whole) - 1 ? 0 : -1);
		if (ret < 0)
			assert_int_equal(e.code, ERR_PROTOCOL);
		engine_info_free(&info);
		client_close(c);
		stop_after(&s, __func__, 2);
	}
}

/* A second reply that nobody asked for is not taken as the answer to the next request. */
static void test_two_replies(void **state)
{
	static const char two[] = JSON "Content-Length: 21\r\n\r\n{\"ServerVersion\":\"1\"}" JSON
				       "Content-Length: 21\r\n\r\n{\"ServerVersion\":\"6\"}";
	const struct replay_step steps[] = {
		{ .reply = PING },
		{ .reply = two },
		{ .reply = JSON "Content-Length: 21\r\n\r\n{\"ServerVersion\":\"2\"}" },
	};
	struct engine_info info = { 0 };
	struct replay_server s;
	struct client *c;
	struct err e = ERR_INIT;

	(void)state;
	replay_start(&s, steps, ARRAY_SIZE(steps));
	open_client(&s, &c);
	assert_int_equal(client_info(c, &info, &e), 0);
	assert_string_equal(info.server_version, "1");
	engine_info_free(&info);
	assert_int_equal(client_info(c, &info, &e), 0);
	assert_string_equal(info.server_version, "2");
	engine_info_free(&info);
	client_close(c);
	stop_after(&s, __func__, 3);
}

static int request_with(const struct replay_step *step, long timeout_ms, long idle_ms,
			struct err *e)
{
	const struct engine_request req = {
		.method = "GET", .path = "/x", .timeout_ms = timeout_ms, .idle_ms = idle_ms
	};
	struct engine_reply reply = { 0 };
	struct replay_server s;
	struct transport *t;
	int ret;

	replay_start(&s, step, 1);
	assert_int_equal(transport_open_unix(s.path, false, &t, e), 0);
	ret = t->ops->perform(t, &req, &reply, e);
	engine_reply_free(&reply);
	t->ops->close(t);
	stop_after(&s, __func__, 1);
	return ret;
}

static void test_deadlines(void **state)
{
	const struct replay_step stall = { .reply = JSON "Content-Length: 9\r\n\r\n{",
					   .after = REPLAY_STALL };
	const struct replay_step drip = { .reply = JSON "Content-Length: 8\r\n\r\n{\"a\":1} ",
					  .drip_ms = 40 };
	struct err e = ERR_INIT;
	int64_t start = now_ms();

	(void)state;
	assert_int_equal(request_with(&stall, 300, 0, &e), -1);
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_true(now_ms() - start < 2000);
	err_clear(&e);
	start = now_ms();
	assert_int_equal(request_with(&drip, 300, 0, &e), -1);
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_true(now_ms() - start < 2000);
	err_clear(&e);
	start = now_ms();
	assert_int_equal(request_with(&stall, 0, 500, &e), -1);
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_non_null(strstr(e.message, "silent"));
	assert_true(now_ms() - start < 4000);
	err_clear(&e);
	/* Dripping is no silence. */
	if (request_with(&drip, 10000, 2000, &e) < 0)
		fail_msg("drip: %s", e.message);
}

static void test_memory_stays_bounded(void **state)
{
	const struct replay_step endless = { .reply = JSON "\r\n",
					     .fill = "x",
					     .fill_bytes = (size_t)1 << 30,
					     .after = REPLAY_CLOSE };
	struct rusage before, after;
	struct err e = ERR_INIT;

	(void)state;
	(void)getrusage(RUSAGE_SELF, &before);
	assert_int_equal(request_with(&endless, 20000, 0, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	(void)getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024); /* KiB */
}

static void open_fails(const char *ping, enum err_code code, const char *message)
{
	const struct replay_step steps[] = { { .request = "HEAD /_ping", .reply = ping },
					     { .request = "GET /version",
					       .reply = JSON "Content-Length: 24\r\n\r\n"
							     "{\"MinAPIVersion\":\"1.52\"}" } };
	struct replay_server s;
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;

	replay_start(&s, steps, ARRAY_SIZE(steps));
	assert_int_equal(transport_open_unix(s.path, false, &t, &e), 0);
	assert_int_equal(client_open(t, ENGINE_READ, &c, &e), -1);
	if (e.code != code || !strstr(e.message, message))
		fail_msg("%s: %s", err_code_name(e.code), e.message);
	assert_true(replay_stop(&s) > 0);
}

static void test_negotiation(void **state)
{
	(void)state;
	open_fails("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Libpod/4.3.1 (linux)\r\n"
		   "Content-Length: 0\r\n\r\n",
		   ERR_REFUSED, "Libpod/4.3.1");
	open_fails("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n", ERR_REFUSED,
		   "not a Docker Engine");
	open_fails("HTTP/1.1 200 OK\r\nServer: Docker/1 (x)\r\nContent-Length: 0\r\n\r\n",
		   ERR_PROTOCOL, "no API version");
	open_fails("HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nServer: Docker/19.03 (linux)\r\n"
		   "Content-Length: 0\r\n\r\n",
		   ERR_REFUSED, "1.40");
	open_fails("HTTP/1.1 200 OK\r\nApi-Version: 1.60\r\nServer: Docker/40 (linux)\r\n"
		   "Content-Length: 0\r\n\r\n",
		   ERR_REFUSED, "1.52");
	open_fails("HTTP/1.1 200 OK\r\nApi-Version: 1.4x\r\nServer: Docker/40 (linux)\r\n"
		   "Content-Length: 0\r\n\r\n",
		   ERR_PROTOCOL, "1.4x");
}

static void no_socket(const char *path, enum err_code code, const char *message)
{
	struct transport *t;
	struct err e = ERR_INIT;

	assert_int_equal(transport_open_unix(path, false, &t, &e), -1);
	if (e.code != code || !strstr(e.message, message))
		fail_msg("%s: %s", err_code_name(e.code), e.message);
}

static void test_bad_sockets(void **state)
{
	char dir[] = "/tmp/sockets.XXXXXX";
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	auto_free char *file = NULL;
	auto_free char *left = NULL;
	char longest[200];
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = mem_printf("%s/file", dir);
	left = mem_printf("%s/left", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	(void)fclose(f);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", left);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	(void)close(fd);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[108] = '\0';
	no_socket(longest, ERR_USAGE, "108 bytes");
	no_socket("relative", ERR_USAGE, "absolute");
	no_socket("/tmp/no/such/socket", ERR_UNREACHABLE, "there is no socket");
	no_socket(file, ERR_UNREACHABLE, "a regular file");
	no_socket(dir, ERR_UNREACHABLE, "a directory");
	assert_int_equal(transport_open_unix(left, false, &t, &e), 0);
	assert_int_equal(client_open(t, ENGINE_READ, &c, &e), -1);
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_non_null(strstr(e.message, "nothing listens"));
	(void)unlink(file);
	(void)unlink(left);
	(void)rmdir(dir);
}

/* A listener of another user poses as the engine. */
static void test_foreign_owner(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/foreign.XXXXXX";
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), ready[2], status;
	char ch;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("# needs root to become another user\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/s", dir);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (setuid(65534) < 0 || listen(fd, 1) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		/* Nothing may be sent to it: one byte would end with status 2. */
		fd = accept(fd, NULL, NULL);
		_exit(fd >= 0 && read(fd, &ch, 1) == 0 ? 0 : 2);
	}
	assert_int_equal(read(ready[0], &ch, 1), 1);
	assert_int_equal(transport_open_unix(sa.sun_path, false, &t, &e), 0);
	assert_int_equal(client_open(t, ENGINE_READ, &c, &e), -1);
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_non_null(strstr(e.message, "uid 65534"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(fd);
	(void)unlink(sa.sun_path);
	(void)rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	    cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_two_replies), cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_negotiation), cmocka_unit_test(test_memory_stays_bounded),
		cmocka_unit_test(test_bad_sockets), cmocka_unit_test(test_foreign_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
