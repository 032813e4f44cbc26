/*
 * Replies that go on: JSON objects back to back (pull, load), and the frames that
 * carry a container's output. Both parsers take bytes as they come, in any cut.
 */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "engine/client.h"

#define STREAM_OBJECT_MAX ((size_t)1 << 20)
#define STREAM_DEPTH_MAX 32

/* Gets one parsed object; a negative result (with `e` filled) ends the stream. */
typedef int (*stream_object)(void *arg, const struct node *object, struct err *e);

struct json_stream {
	stream_object on_object;
	void *arg;
	struct strbuf text; /* of the object that is not complete yet */
	unsigned depth;
	bool in_string, escaped;
};

void json_stream_init(struct json_stream *s, stream_object on_object, void *arg);
/* ERR_PROTOCOL: no JSON object, one larger than STREAM_OBJECT_MAX or deeper than
 * STREAM_DEPTH_MAX; or what on_object said. */
int json_stream_feed(struct json_stream *s, const char *data, size_t len, struct err *e) must_check;
/* ERR_PROTOCOL when the stream ended inside an object. */
int json_stream_end(const struct json_stream *s, struct err *e) must_check;
void json_stream_free(struct json_stream *s);
#define auto_json_stream cleanup_with(json_stream_free)

struct frame_stream {
	client_log_sink sink;
	void *arg;
	unsigned char header[8];
	size_t header_len;
	size_t left;  /* bytes of the current frame still to come */
	bool begins;  /* the next chunk is the first of its frame */
	bool stopped; /* the sink wants no more */
};

/* Cuts frames of [1|2,0,0,0,length32] into chunks for the sink. ERR_PROTOCOL on any other header.
 * Nothing is buffered, so a frame may be as long as its header can say. */
int frame_stream_feed(struct frame_stream *s, const char *data, size_t len, struct err *e)
	must_check;
int frame_stream_end(const struct frame_stream *s, struct err *e) must_check;

#endif
