/*
 * Streams: the frame demultiplexer and the JSON object splitter give the same result
 * for a stream as a whole and byte by byte. The first byte picks the parser.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/engine/stream.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int add_line(void *arg, const struct log_line *line)
{
	strbuf_add(arg, line->data, line->len);
	return 0;
}

static int add_object(void *arg, const struct node *object, struct err *e)
{
	auto_free char *text = node_print(object, false);

	(void)e;
	strbuf_puts(arg, text);
	return 0;
}

static int frames(const char *data, size_t size, size_t step, struct strbuf *out)
{
	struct frame_stream s = { .sink = add_line, .arg = out };
	struct err e = ERR_INIT;
	size_t i;

	for (i = 0; i < size; i += step)
		if (frame_stream_feed(&s, data + i, MIN_OF(step, size - i), &e) < 0)
			return -1;
	return frame_stream_end(&s, &e);
}

static int objects(const char *data, size_t size, size_t step, struct strbuf *out)
{
	auto_json_stream struct json_stream s;
	struct err e = ERR_INIT;
	size_t i;

	json_stream_init(&s, add_object, out);
	for (i = 0; i < size; i += step)
		if (json_stream_feed(&s, data + i, MIN_OF(step, size - i), &e) < 0)
			return -1;
	return json_stream_end(&s, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_strbuf struct strbuf whole = STRBUF_INIT((size_t)1 << 20);
	auto_strbuf struct strbuf bytes = STRBUF_INIT((size_t)1 << 20);
	const char *text = (const char *)data + 1;
	int a, b;

	if (size < 2 || size > 65536)
		return 0;
	size--;
	if (data[0] & 1) {
		a = frames(text, size, size, &whole);
		b = frames(text, size, 1, &bytes);
	} else {
		a = objects(text, size, size, &whole);
		b = objects(text, size, 1, &bytes);
	}
	if (a != b || strcmp(strbuf_str(&whole), strbuf_str(&bytes)) != 0)
		abort();
	return 0;
}
