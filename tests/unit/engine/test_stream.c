/* The two stream parsers: every cut of the input gives the same result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../src/engine/stream.h"
#include "base/mem.h"

static int collect(void *arg, const struct node *object, struct err *e)
{
	struct strbuf *out = arg;
	auto_free char *text = node_print(object, false);

	if (node_get(object, "stop"))
		return err_set(e, ERR_REFUSED, "stopped");
	strbuf_puts(out, text);
	strbuf_putc(out, ';');
	return 0;
}

static int run_json(const char *text, size_t len, size_t step, struct strbuf *out, struct err *e)
{
	struct json_stream s;
	size_t i;
	int ret = 0;

	json_stream_init(&s, collect, out);
	for (i = 0; i < len && ret == 0; i += step)
		ret = json_stream_feed(&s, text + i, MIN_OF(step, len - i), e);
	if (ret == 0)
		ret = json_stream_end(&s, e);
	json_stream_free(&s);
	return ret;
}

static void test_json_in_any_cut(void **state)
{
	static const char text[] = "{\"a\":\"}\\\"{\"}\r\n{\"b\":[{\"c\":{}}]}{\"d\":1}\n\n";
	size_t step;

	(void)state;
	for (step = 1; step <= sizeof(text); step++) {
		auto_strbuf struct strbuf out = STRBUF_INIT(4096);
		struct err e = ERR_INIT;

		assert_int_equal(run_json(text, strlen(text), step, &out, &e), 0);
		assert_string_equal(strbuf_str(&out),
				    "{\"a\":\"}\\\"{\"};{\"b\":[{\"c\":{}}]};{\"d\":1};");
	}
}

static void json_fails(const char *text, size_t len, enum err_code code, const char *message)
{
	size_t step;

	for (step = 1; step <= 4096; step = step * 3 + 1) {
		auto_strbuf struct strbuf out = STRBUF_INIT(4096);
		struct err e = ERR_INIT;

		assert_int_equal(run_json(text, len, step, &out, &e), -1);
		assert_int_equal(e.code, code);
		assert_non_null(strstr(e.message, message));
	}
}

static void test_json_refused(void **state)
{
	static const char nul[] = "\0{}";
	auto_free char *big = mem_alloc(STREAM_OBJECT_MAX + 64);
	char deep[STREAM_DEPTH_MAX * 8];

	(void)state;
	json_fails("{\"a\":1", 6, ERR_PROTOCOL, "inside an object");
	json_fails("{\"a\":\"}", 7, ERR_PROTOCOL, "inside an object");
	json_fails("[1]", 3, ERR_PROTOCOL, "no JSON object");
	json_fails("<html>", 6, ERR_PROTOCOL, "no JSON object");
	json_fails(nul, 3, ERR_PROTOCOL, "no JSON object");
	json_fails("{a}", 3, ERR_PROTOCOL, "progress");
	json_fails("{\"a\":1,\"a\":2}", 13, ERR_PROTOCOL, "progress");
	json_fails("{\"stop\":1}{\"a\":1}", 17, ERR_REFUSED, "stopped");
	memset(deep, '[', sizeof(deep));
	deep[0] = '{';
	json_fails(deep, sizeof(deep), ERR_PROTOCOL, "too deeply");
	memset(big, 'x', STREAM_OBJECT_MAX + 32);
	big[0] = '{';
	json_fails(big, STREAM_OBJECT_MAX + 32, ERR_PROTOCOL, "larger than");
}

struct taken {
	struct strbuf streams[3];
	size_t stop_after; /* bytes; 0: never */
	size_t bytes;
	size_t messages;
};

static int take(void *arg, const struct log_line *line)
{
	struct taken *t = arg;

	strbuf_add(&t->streams[line->stream], line->data, line->len);
	t->bytes += line->len;
	t->messages += line->begins;
	return t->stop_after > 0 && t->bytes >= t->stop_after;
}

static void test_frames_in_any_cut(void **state)
{
	static const char data[] = "\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\4err\n\1\0\0\0\0\0\0\0"
				   "\1\0\0\0\0\0\0\1!";
	size_t len = sizeof(data) - 1, step, i;

	(void)state;
	for (step = 1; step <= len; step++) {
		struct taken t = { .streams = { STRBUF_INIT(64), STRBUF_INIT(64),
						STRBUF_INIT(64) } };
		struct frame_stream s = { .sink = take, .arg = &t };
		struct err e = ERR_INIT;

		for (i = 0; i < len; i += step)
			assert_int_equal(frame_stream_feed(&s, data + i, MIN_OF(step, len - i), &e),
					 0);
		assert_int_equal(frame_stream_end(&s, &e), 0);
		assert_string_equal(strbuf_str(&t.streams[1]), "out!");
		assert_string_equal(strbuf_str(&t.streams[2]), "err\n");
		assert_int_equal(t.messages, 3); /* that without a byte is none */
		strbuf_free(&t.streams[1]);
		strbuf_free(&t.streams[2]);
	}
}

static void test_frames_refused(void **state)
{
	static const char *const bad[] = { "\0\0\0\0\0\0\0\1x", "\3\0\0\0\0\0\0\1x",
					   "\1\0\0\1\0\0\0\1x", "plain text" };
	struct taken t = { .streams = { STRBUF_INIT(64), STRBUF_INIT(64), STRBUF_INIT(64) } };
	struct frame_stream cut = { .sink = take, .arg = &t };
	struct err e = ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct frame_stream s = { .sink = take, .arg = &t };

		assert_int_equal(frame_stream_feed(&s, bad[i], 9, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
	assert_int_equal(t.bytes, 0);
	/* A frame that claims 4 GiB costs nothing and is noticed when it stays away. */
	assert_int_equal(frame_stream_feed(&cut, "\1\0\0\0\377\377\377\377xy", 10, &e), 0);
	assert_int_equal(t.bytes, 2);
	assert_int_equal(frame_stream_end(&cut, &e), -1);
	strbuf_free(&t.streams[1]);
}

static void test_sink_stops(void **state)
{
	struct taken t = { .streams = { STRBUF_INIT(64), STRBUF_INIT(64), STRBUF_INIT(64) },
			   .stop_after = 3 };
	struct frame_stream s = { .sink = take, .arg = &t };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(frame_stream_feed(&s, "\1\0\0\0\0\0\0\3out\1\0\0\0\0\0\0\3not", 22, &e),
			 0);
	assert_true(s.stopped);
	assert_string_equal(strbuf_str(&t.streams[1]), "out");
	assert_int_equal(frame_stream_end(&s, &e), 0);
	strbuf_free(&t.streams[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_in_any_cut),	  cmocka_unit_test(test_json_refused),
		cmocka_unit_test(test_frames_in_any_cut), cmocka_unit_test(test_frames_refused),
		cmocka_unit_test(test_sink_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
