/*
 * Incremental parser for JSON objects that follow each other. It only finds where
 * an object ends (braces outside strings) and leaves the judgement of its text to
 * the real parser, so that there is one opinion about what JSON is.
 */
#include "stream.h"

#include <string.h>

void json_stream_init(struct json_stream *s, stream_object on_object, void *arg)
{
	*s = (struct json_stream){ .on_object = on_object,
				   .arg = arg,
				   .text = STRBUF_INIT(STREAM_OBJECT_MAX) };
}

static int object_done(struct json_stream *s, struct err *e)
{
	static const struct doc_limits limits = { .bytes = STREAM_OBJECT_MAX,
						  .depth = STREAM_DEPTH_MAX,
						  .nodes = 100000 };
	auto_doc struct doc *d = NULL;

	if (doc_parse_json(strbuf_str(&s->text), s->text.len, "progress", &limits, &d, e) < 0)
		return -1;
	strbuf_reset(&s->text);
	return s->on_object(s->arg, doc_root(d), e);
}

/* Follows one byte inside an object. */
static void step(struct json_stream *s, char ch)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (ch == '\\')
			s->escaped = true;
		else if (ch == '"')
			s->in_string = false;
	} else if (ch == '"') {
		s->in_string = true;
	} else if (ch == '{' || ch == '[') {
		s->depth++;
	} else if (ch == '}' || ch == ']') {
		s->depth--;
	}
}

int json_stream_feed(struct json_stream *s, const char *data, size_t len, struct err *e)
{
	size_t i, start = 0;

	for (i = 0; i < len; i++) {
		if (s->depth == 0) {
			if (data[i] != '\0' && strchr(" \t\r\n", data[i]))
				continue;
			if (data[i] != '{')
				return err_set(e, ERR_PROTOCOL, "the stream holds no JSON object");
			start = i;
		}
		step(s, data[i]);
		if (s->depth > STREAM_DEPTH_MAX)
			return err_set(e, ERR_PROTOCOL, "the stream nests too deeply");
		if (s->depth > 0)
			continue;
		strbuf_add(&s->text, data + start, i + 1 - start);
		if (s->text.overflow)
			break;
		if (object_done(s, e) < 0)
			return -1;
	}
	if (s->depth > 0)
		strbuf_add(&s->text, data + start, len - start);
	if (s->text.overflow)
		return err_set(e, ERR_PROTOCOL, "an object of the stream is larger than %zu bytes",
			       STREAM_OBJECT_MAX);
	return 0;
}

int json_stream_end(const struct json_stream *s, struct err *e)
{
	if (s->depth == 0)
		return 0;
	return err_set(e, ERR_PROTOCOL, "the stream ends inside an object");
}

void json_stream_free(struct json_stream *s)
{
	strbuf_free(&s->text);
}
