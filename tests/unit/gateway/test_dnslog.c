/*
 * dnsmasq's query log as JSON lines: what the tenant asked for is kept whole, whatever
 * bytes it put into a name, and a flood of questions does not flood the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The supervisor is a program of its own, not part of the library. */
#include "../../../src/gateway/dnslog.c"
#include "../../../src/gateway/jsonline.c"

#include "base/compiler.h"
#include "base/doc.h"

static bool parse(struct dnslog *d, const char *line, struct dnslog_entry *out, bool *out_known)
{
	return dnslog_parse(d, line, strlen(line), out, out_known);
}

static bool is(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(text, want, len) == 0;
}

static void test_lines(unused_arg void **state)
{
	static const struct {
		const char *query, *answer, *type, *name, *value;
	} cases[] = {
		{ "dnsmasq[7]: 1 10.231.0.3/4123 query[A] api.openai.com from 10.231.0.3",
		  "dnsmasq[7]: 1 10.231.0.3/4123 config api.openai.com is 10.231.0.2", "A",
		  "api.openai.com", "10.231.0.2" },
		{ "dnsmasq[7]: 22 10.231.0.3/4 query[type=65280] x from y from 10.231.0.3",
		  "dnsmasq[7]: 22 10.231.0.3/4 config x from y is NXDOMAIN", "type=65280",
		  "x from y", "NXDOMAIN" },
		{ "dnsmasq[7]: 3 10.231.0.3/4 query[TXT] a is b from 10.231.0.3",
		  "dnsmasq[7]: 3 10.231.0.3/4 config a is b is NODATA", "TXT", "a is b", "NODATA" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dnslog d = { 0 };
		struct dnslog_entry e;
		bool known = false;

		assert_false(parse(&d, cases[i].query, &e, &known));
		assert_true(known);
		assert_true(parse(&d, cases[i].answer, &e, &known));
		assert_true(known);
		assert_string_equal(d.type, cases[i].type);
		assert_true(is(e.client, e.client_len, "10.231.0.3"));
		assert_true(is(e.name, e.name_len, cases[i].name));
		assert_true(is(e.answer, e.answer_len, cases[i].value));
	}
}

/* Two questions whose lines interleave: the wrong type is worse than none. */
static void test_interleaved(unused_arg void **state)
{
	struct dnslog d = { 0 };
	struct dnslog_entry e;
	bool known;

	parse(&d, "dnsmasq[7]: 1 10.231.0.3/4 query[A] a from 10.231.0.3", &e, &known);
	parse(&d, "dnsmasq[8]: 2 10.231.0.3/5 query[TXT] b from 10.231.0.3", &e, &known);
	assert_true(parse(&d, "dnsmasq[7]: 1 10.231.0.3/4 config a is NXDOMAIN", &e, &known));
	assert_string_equal(d.type, "");
}

static void test_other_lines(unused_arg void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"dnsmasq[7]: started, version 2.90 cache disabled",
		"dnsmasq[7]: using only locally-known addresses for .slack.com",
		"dnsmasq: unknown user or group: nobody",
		"dnsmasq[7]: 1 10.231.0.3/4 config without an answer",
		"dnsmasq[7]: 123456789012 10.231.0.3/4 config a is b",
		"dnsmasq[7]: x 10.231.0.3/4 config a is b",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dnslog d = { 0 };
		struct dnslog_entry e;
		bool known = true;

		assert_false(parse(&d, lines[i], &e, &known));
		assert_false(known);
	}
}

/* Reads what is in the pipe. */
static size_t read_all(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);

	assert_true(n >= 0);
	buf[n] = '\0';
	return (size_t)n;
}

static void test_json(unused_arg void **state)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	static const char name[] = "a\"b\\c\x01\x7f\xff.example";
	struct dnslog d = { .type = "A" };
	struct dnslog_entry entry = { "10.231.0.3", name, "NXDOMAIN", 10, sizeof(name) - 1, 8 };
	auto_doc struct doc *doc = NULL;
	struct err e = ERR_INIT;
	char buf[4096];
	size_t len;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	dnslog_write(&d, &entry, "acme", fd[1]);
	len = read_all(fd[0], buf, sizeof(buf));
	if (doc_parse_json(buf, len, "line", &limits, &doc, &e) < 0)
		fail_msg("%s in %s", e.message, buf);
	assert_string_equal(node_str(doc_find(doc, "event"), ""), "dns");
	assert_string_equal(node_str(doc_find(doc, "tenant"), ""), "acme");
	assert_string_equal(node_str(doc_find(doc, "verdict"), ""), "denied");
	assert_string_equal(node_str(doc_find(doc, "name"), ""), "a\"b\\c\x01\x7f\xc3\xbf.example");
	close(fd[0]);
	close(fd[1]);
}

/* A value longer than a line is cut, and the line is still JSON of bounded length. */
static void test_long_value(unused_arg void **state)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	static const char fills[] = { 'a', '"', '\x01' };

	for (size_t i = 0; i < sizeof(fills); i++) {
		for (size_t size = 3300; size < 3500; size++) {
			auto_doc struct doc *doc = NULL;
			struct err e = ERR_INIT;
			struct jsonline l;
			char value[3500], buf[8192];
			size_t len;
			int fd[2];

			memset(value, fills[i], size);
			assert_int_equal(pipe(fd), 0);
			jsonline_begin(&l, "x", "t");
			jsonline_text(&l, "v", value, size);
			jsonline_int(&l, "after", 1);
			jsonline_end(&l, fd[1]);
			len = read_all(fd[0], buf, sizeof(buf));
			assert_true(len <= sizeof(l.text));
			if (doc_parse_json(buf, len, "line", &limits, &doc, &e) < 0)
				fail_msg("%s at %zu", e.message, size);
			close(fd[0]);
			close(fd[1]);
		}
	}
}

static void test_flood(unused_arg void **state)
{
	struct dnslog d = { 0 };
	struct dnslog_entry entry = { "10.231.0.3", "a", "NXDOMAIN", 10, 1, 8 };
	static char buf[1 << 16];
	size_t lines = 0;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	for (int i = 0; i < 3 * DNSLOG_LINES_PER_SECOND; i++)
		dnslog_write(&d, &entry, "acme", fd[1]);
	read_all(fd[0], buf, sizeof(buf));
	for (const char *at = buf; (at = strchr(at, '\n')); at++)
		lines++;
	/* The clock may have passed one second's end. */
	assert_true(lines <= 2 * DNSLOG_LINES_PER_SECOND + 1);
	d.window--;
	d.suppressed = 400;
	dnslog_write(&d, &entry, "acme", fd[1]);
	read_all(fd[0], buf, sizeof(buf));
	assert_non_null(strstr(buf, "\"event\":\"dns-suppressed\""));
	assert_non_null(strstr(buf, "\"lines\":400}\n"));
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	    cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_other_lines), cmocka_unit_test(test_json),
		cmocka_unit_test(test_long_value),  cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
