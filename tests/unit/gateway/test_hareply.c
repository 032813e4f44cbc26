/*
 * HAProxy's command line interface: answers as 2.6 gives them, answers as a broken
 * process might, words that must arrive as they are, and whole exchanges over a socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../src/gateway/hareply.c"
#include "../../../src/gateway/hacli.c"
#include "../../../src/gateway/events.c"
#include "../../../src/gateway/jsonline.c"
#include "../../../src/gateway/limits.c"

#include "base/compiler.h"

static void test_sessions(unused_arg void **state)
{
	static const char rest[] = " ts=00 epoch=0 age=1s calls=2 rate=2 cpu=0 lat=0 rq[f=848202h]";
	struct hareply_session s;
	char line[512];

	snprintf(line, sizeof(line),
		 "0x55bceaa1e0d0: proto=tcpv4 src=127.0.0.1:43842 fe=tcp_5432 be=outside srv=r0%s",
		 rest);
	assert_true(hareply_session(line, &s));
	assert_true(s.pointer == 0x55bceaa1e0d0);
	assert_string_equal(s.backend, "outside");
	assert_string_equal(s.server, "r0");
	snprintf(line, sizeof(line), "0x55bcea: proto=unix_stream fe=GLOBAL be=<NONE> srv=<none>%s",
		 rest);
	assert_false(hareply_session(line, &s));
	assert_false(hareply_session("0x: be=a srv=b", &s));
	assert_false(hareply_session("0x12345678123456781: be=a srv=b", &s));
	assert_false(hareply_session("0x12 be=a srv=b", &s));
	assert_false(hareply_session("0x12: xbe=a srv=b", &s));
	assert_false(hareply_session("0x12: be=a", &s));
	memset(line, 'a', sizeof(line));
	memcpy(line, "0x12: be=a srv=", 15);
	line[sizeof(line) - 1] = '\0';
	assert_false(hareply_session(line, &s));
}

static void test_numbers(unused_arg void **state)
{
	char key[HAREPLY_WORD];
	uint32_t n = 7;

	assert_true(
		hareply_count("0x55b1c798: key=ghl:20782 use=0 exp=172799900 gpc0=41", key, &n));
	assert_string_equal(key, "ghl:20782");
	assert_int_equal(n, 41);
	assert_false(hareply_count("# table: daily, type: string, size:1024, used:1", key, &n));
	assert_false(hareply_count("0x55: key=a use=0", key, &n));
	assert_false(hareply_count("0x55: key=a gpc0=", key, &n));
	assert_false(hareply_count("0x55: key=a gpc0=-1", key, &n));
	assert_false(hareply_count("0x55: key=a gpc0=4294967296", key, &n));
	assert_false(hareply_count("0x55: key=a gpc0=4x", key, &n));
	assert_true(hareply_number("New version created: 12", "New version created: ", &n));
	assert_int_equal(n, 12);
	assert_false(hareply_number("Jobs: ", "Jobs: ", &n));
	assert_true(hareply_number("DroppedLogs: 31", "DroppedLogs: ", &n));
	assert_int_equal(n, 31);
	assert_true(hareply_number("CurrConns: 0", "CurrConns: ", &n));
	assert_int_equal(n, 0);
	assert_true(hareply_count("0x55: key=ready use=0 exp=172799949 gpc0=1", key, &n));
	assert_string_equal(key, "ready");
	assert_false(hareply_number("Unstoppable Jobs: 1", "Jobs: ", &n));
}

static void test_quote(unused_arg void **state)
{
	char out[32];

	assert_true(hareply_quote("a b;c\\d<<", 9, out, sizeof(out)));
	assert_string_equal(out, "a\\ b\\;c\\\\d\\<\\<");
	assert_false(hareply_quote("a\nb", 3, out, sizeof(out)));
	assert_false(hareply_quote("a\0b", 3, out, sizeof(out)));
	assert_false(hareply_quote("", 0, out, sizeof(out)));
	assert_false(hareply_quote("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32, out, sizeof(out)));
	assert_false(hareply_quote("a", 1, out, 2));
}

/* ---- exchanges ----------------------------------------------------------------------------- */

struct peer {
	int fd;
	const char *const *answers; /* one for each line that ends a command */
	char got[1024];
	size_t len;
};

/* Answers each command; a payload belongs to its command. */
static void *answer(void *arg)
{
	struct peer *p = arg;
	bool payload = false;
	size_t start = 0;
	char c;

	while (*p->answers && read(p->fd, &c, 1) == 1 && p->len < sizeof(p->got) - 1) {
		p->got[p->len++] = c;
		if (c != '\n')
			continue;
		if (p->len >= 3 && memcmp(p->got + p->len - 3, "<<\n", 3) == 0)
			payload = true;
		else if (payload && p->len - start == 1)
			payload = false;
		start = p->len;
		if (!payload && write(p->fd, *p->answers, strlen(*p->answers)) > 0)
			p->answers++;
	}
	close(p->fd);
	return NULL;
}

static void with_peer(const char *const *answers, struct peer *p, struct hacli *c, pthread_t *t)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	*p = (struct peer){ .fd = fd[1], .answers = answers };
	c->fd = fd[0];
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(pthread_create(t, NULL, answer, p), 0);
}

static void test_swap(unused_arg void **state)
{
	static const char *const answers[] = { "New version created: 3\n\n> ", "+ + \n> ", "+ \n> ",
					       "\n> ", NULL };
	static const char keys[] = "# none\n\n  a.0 x y\nb.1 \\;\n";
	struct hacli c;
	struct peer p;
	pthread_t t;

	with_peer(answers, &p, &c, &t);
	assert_true(hacli_swap_map(&c, "keys", keys, sizeof(keys) - 1));
	pthread_join(t, NULL);
	p.got[p.len] = '\0';
	assert_string_equal(p.got, "prepare map keys\nadd map @3 keys <<\na.0 x y\n\n"
				   "add map @3 keys <<\nb.1 \\;\n\ncommit map @3 keys\n");
	hacli_close(&c);
}

static void test_swap_refused(unused_arg void **state)
{
	static const char *const no_version[] = { "Unknown ACL identifier.\n\n> ", NULL };
	static const char *const no_pattern[] = { "New version created: 1\n\n> ",
						  "out of memory\n\n> ", NULL };
	struct hacli c;
	struct peer p;
	pthread_t t;

	with_peer(no_version, &p, &c, &t);
	assert_false(hacli_swap_patterns(&c, "echo", "a\n", 2));
	pthread_join(t, NULL);
	hacli_close(&c);
	with_peer(no_pattern, &p, &c, &t);
	assert_false(hacli_swap_patterns(&c, "echo", "a\n", 2));
	pthread_join(t, NULL);
	hacli_close(&c);
}

static void count_lines_of(void *ctx, const char *line)
{
	assert_true(strlen(line) < LINE_BYTES);
	++*(unsigned *)ctx;
}

/* A peer that closes half way, and lines longer than any of HAProxy's. */
static void test_odd_answers(unused_arg void **state)
{
	static char longer[3 * LINE_BYTES];
	const char *const cut[] = { "0x1: half", NULL };
	const char *const large[] = { longer, NULL };
	unsigned lines = 0;
	struct hacli c;
	struct peer p;
	pthread_t t;

	with_peer(cut, &p, &c, &t);
	assert_false(hacli_ask(&c, "show sess", count_lines_of, &lines));
	pthread_join(t, NULL);
	assert_int_equal(c.fd, -1);
	assert_int_equal(lines, 0);
	assert_false(hacli_do(&c, "show info"));
	memset(longer, 'x', sizeof(longer) - 1);
	memcpy(longer + sizeof(longer) - 5, "\n\n> ", 5);
	with_peer(large, &p, &c, &t);
	assert_true(hacli_ask(&c, "show sess", count_lines_of, &lines));
	pthread_join(t, NULL);
	assert_int_equal(lines, 1);
	hacli_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),     cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_quote),	     cmocka_unit_test(test_swap),
		cmocka_unit_test(test_swap_refused), cmocka_unit_test(test_odd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
