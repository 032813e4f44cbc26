/*
 * Programs under gateway-init: what of their output is kept as the reason of a refusal,
 * what is dropped, and how long a program that dies has to wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../../../src/gateway/child.c"
#include "../../../src/gateway/dnslog.c"
#include "../../../src/gateway/events.c"
#include "../../../src/gateway/jsonline.c"
#include "../../../src/gateway/limits.c"

static struct events quiet = { .tenant = "acme" };

static bool check(const char *script, char said[CHILD_SAID])
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const env[] = { "WORD=from-the-environment", NULL };
	const struct launch l = { argv, env, "/usr" };

	return child_check("haproxy", &l, &quiet, said);
}

static void test_check(unused_arg void **state)
{
	static const struct {
		const char *script, *said;
	} refused[] = {
		{ "echo '[NOTICE]   (8) : haproxy version is 2.6.12'; "
		  "echo '[ALERT]    (8) : config : parsing [haproxy.cfg:2] : unknown keyword x'; "
		  "echo '[ALERT]    (8) : config : Error(s) found in configuration file'; exit 1",
		  "config : parsing [haproxy.cfg:2] : unknown keyword x" },
		{ "echo 'dnsmasq: bad option at line 3 of x'; exit 1",
		  "bad option at line 3 of x" },
		{ "printf '[ALERT] (8) : a\\001b\\377c\\n'; exit 1", "a?b?c" },
		{ "exit 1", "no reason given" },
		{ "kill -SEGV $$", "no reason given" },
		{ "echo \"dnsmasq: $WORD $PWD $(env | wc -l)\"; exit 1",
		  "from-the-environment /usr" },
	};
	char said[CHILD_SAID];

	assert_true(check("exit 0", said));
	/* More warnings than are kept do not make a refusal. */
	assert_true(check(
		"i=0; while [ $i -lt 3000 ]; do echo '[WARNING] (8) : much'; i=$((i+1)); done",
		said));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_false(check(refused[i].script, said));
		if (strncmp(said, refused[i].said, strlen(refused[i].said)) != 0)
			fail_msg("%s, not %s", said, refused[i].said);
	}
}

static void test_missing(unused_arg void **state)
{
	static const char *const argv[] = { "/nowhere/program", NULL };
	static const char *const env[] = { NULL };
	char said[CHILD_SAID];

	assert_false(child_check("x", &(struct launch){ argv, env, NULL }, &quiet, said));
	assert_false(child_check("x", &(struct launch){ argv, env, "/nowhere" }, &quiet, said));
}

static void test_known_lines(unused_arg void **state)
{
	static const char stopped[] = "Proxy tcp_5432 stopped (cumulated conns: FE: 1, BE: 0).";
	static const char down[] = "Server outside/r0 is going DOWN for maintenance. 0 active";
	const struct line line = { stopped, sizeof(stopped) - 1 };
	struct child c;

	child_init(&c, "haproxy", false);
	assert_false(is_known(&c, line));
	c.parting = true;
	assert_true(is_known(&c, line));
	c.parting = false;
	assert_true(is_known(&c, (struct line){ down, sizeof(down) - 1 }));
}

/* Feeds text to a child's reader, `piece` bytes at a time, and gives what goes out. */
static FILE *feed(struct child *c, struct events *e, const char *text, size_t len, size_t piece)
{
	FILE *out = tmpfile();
	int saved = dup(STDERR_FILENO), ends[2];

	assert_non_null(out);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_true(saved >= 0 && dup2(fileno(out), STDERR_FILENO) >= 0);
	c->log_fd = ends[0];
	for (size_t n; len > 0; text += n, len -= n) {
		n = MIN_OF(len, piece);
		assert_int_equal(write(ends[1], text, n), n);
		while (child_drain(c, e) > 0)
			;
	}
	close(ends[1]);
	assert_int_equal(child_drain(c, e), 0);
	child_close_log(c);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(out);
	return out;
}

/* Feeds a line many times, and counts what goes out that holds `what`. */
static unsigned forwarded(struct events *e, const char *line, unsigned times, const char *what)
{
	size_t len = strlen(line);
	char *all = malloc(len * times), text[CHILD_LINE + 2];
	unsigned found = 0;
	struct child c;
	FILE *out;

	assert_non_null(all);
	for (size_t i = 0; i < len * times; i++)
		all[i] = line[i % len];
	child_init(&c, "haproxy", false);
	out = feed(&c, e, all, len * times, 4096);
	while (fgets(text, sizeof(text), out))
		found += strstr(text, what) != NULL;
	fclose(out);
	free(all);
	return found;
}

/* However the lines fall into reads, each comes out whole, once and in order; only what is not JSON
 * is made so, and cut where it is too long. */
static void test_blocks(unused_arg void **state)
{
	enum { LINES = 200, LONG = 2 * CHILD_LINE + 100 };
	static const size_t pieces[] = { 1, 7, 300, 4096, 4097, 65536 };
	char *all = malloc(LINES * 400 + LONG), *p = all, text[2 * CHILD_LINE], want[400];
	struct events e = { .tenant = "acme" };
	struct child c;

	assert_non_null(all);
	for (int i = 0; i < LINES; i++) {
		p += sprintf(p, "{\"ts\":%d,\"pad\":\"%0*d\",\"verdict\":\"allowed\"}\n", i, 1 + i,
			     0);
		if (i == LINES / 2) {
			memset(p, 'x', LONG);
			p[LONG - 1] = '\n';
			p += LONG;
		}
	}
	p += sprintf(p, "[NOTICE] the last line has no end");
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		unsigned other = 0;
		FILE *out;
		int next = 0;

		child_init(&c, "haproxy", false);
		out = feed(&c, &e, all, (size_t)(p - all), pieces[i]);
		while (fgets(text, sizeof(text), out)) {
			sprintf(want, "{\"ts\":%d,\"pad\":\"%0*d\",\"verdict\":\"allowed\"}\n",
				next, 1 + next, 0);
			if (strstr(text, "\"event\":\"output\"")) {
				assert_true(other == 3 ? strstr(text, "no end\"}\n") != NULL
						       : strstr(text, "xxxx") != NULL);
				assert_int_equal(next, other == 3 ? LINES : LINES / 2 + 1);
				other++;
			} else {
				assert_string_equal(text, want);
				next++;
			}
		}
		assert_int_equal(next, LINES);
		assert_int_equal(other, 4);
		fclose(out);
	}
	free(all);
}

static void test_flood(unused_arg void **state)
{
	static const char allowed[] = "{\"ts\":1,\"event\":\"route\",\"verdict\":\"allowed\"}\n";
	static const char denied[] = "{\"ts\":1,\"event\":\"route\",\"verdict\":\"denied\"}\n";
	static const char posing[] = "{\"ts\":1,\"path\":\"/\\\"verdict\\\":\\\"allowed\\\"\","
				     "\"verdict\":\"denied\"}\n";
	struct events e = { .tenant = "acme" };
	unsigned n;

	/* The clock may have passed one second's end. */
	n = forwarded(&e, denied, 3 * DENIED_LINES_PER_SECOND, "denied");
	assert_true(n >= DENIED_LINES_PER_SECOND && n <= 2 * DENIED_LINES_PER_SECOND);
	assert_true(e.denied.suppressed >= DENIED_LINES_PER_SECOND);
	assert_true(forwarded(&e, posing, 3 * DENIED_LINES_PER_SECOND, "\"denied\"") <=
		    2 * DENIED_LINES_PER_SECOND);
	assert_int_equal(forwarded(&e, allowed, 3 * DENIED_LINES_PER_SECOND, "allowed"),
			 3 * DENIED_LINES_PER_SECOND);
	e.denied = (struct line_limit){ .second = now_ms() / 1000 - 2, .suppressed = 41 };
	assert_int_equal(forwarded(&e, denied, 1,
				   "\"event\":\"suppressed\",\"tenant\":\"acme\","
				   "\"lines\":41}"),
			 1);
}

/* The first death costs nothing; a program that always dies is tried again, ever more rarely. */
static void test_delay(unused_arg void **state)
{
	struct child c;
	long long pause = -1;

	child_init(&c, "haproxy", false);
	for (unsigned i = 0; i < 20; i++) {
		c.started = now_ms();
		child_delay(&c);
		assert_true(c.due - c.started >= pause);
		assert_true(i > 0 || c.due - c.started < 50);
		pause = c.due - c.started - 20; /* the clock moves meanwhile */
	}
	assert_true(c.due - c.started <= BACKOFF_MAX_MS + 50);
	c.started = now_ms() - STABLE_MS;
	child_delay(&c);
	assert_true(c.due <= now_ms());
}

static void test_spawn(unused_arg void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c", "echo line; sleep 10", NULL };
	static const char *const env[] = { NULL };
	struct child c;
	int status;

	child_init(&c, "haproxy", false);
	assert_false(child_lives(&c));
	assert_true(child_spawn(&c, &(struct launch){ argv, env, NULL }, &quiet));
	assert_true(child_lives(&c));
	while (child_drain(&c, &quiet) < 0)
		usleep(1000);
	assert_true(c.busy);
	kill(c.pid, SIGKILL);
	while (child_lives(&c))
		usleep(1000);
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	child_ended(&c, status, "died", &quiet);
	assert_int_equal(c.pid, 0);
	assert_int_equal(c.log_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),	    cmocka_unit_test(test_missing),
		cmocka_unit_test(test_known_lines), cmocka_unit_test(test_delay),
		cmocka_unit_test(test_spawn),	    cmocka_unit_test(test_flood),
		cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
