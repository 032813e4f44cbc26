/*
 * Container output. Without a terminal the engine multiplexes both streams in
 * frames; whether it does is known from the container, never from the reply's
 * Content-Type, which some calls set wrongly.
 */
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "client_internal.h"
#include "stream.h"

static int frame_header(struct frame_stream *s, struct err *e)
{
	const unsigned char *h = s->header;

	s->header_len = 0;
	if ((h[0] != 1 && h[0] != 2) || h[1] || h[2] || h[3])
		return err_set(e, ERR_PROTOCOL, "the log stream is no sequence of frames");
	s->left = (size_t)h[4] << 24 | (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];
	return 0;
}

int frame_stream_feed(struct frame_stream *s, const char *data, size_t len, struct err *e)
{
	while (len > 0 && !s->stopped) {
		struct log_line line = { .stream = s->header[0], .data = data };
		size_t n;

		if (s->left == 0) {
			n = MIN_OF(len, sizeof(s->header) - s->header_len);
			memcpy(s->header + s->header_len, data, n);
			s->header_len += n;
			if (s->header_len == sizeof(s->header)) {
				if (frame_header(s, e) < 0)
					return -1;
				s->begins = true;
			}
		} else {
			n = line.len = MIN_OF(len, s->left);
			s->left -= n;
			line.begins = s->begins;
			s->begins = false;
			s->stopped = s->sink(s->arg, &line) != 0;
		}
		data += n;
		len -= n;
	}
	return 0;
}

int frame_stream_end(const struct frame_stream *s, struct err *e)
{
	if (s->stopped || (s->left == 0 && s->header_len == 0))
		return 0;
	return err_set(e, ERR_PROTOCOL, "the log stream ends inside a frame");
}

struct log_transfer {
	struct frame_stream frames;
	bool tty;
	bool failed;
	struct err err;
};

/* A terminal's output has no frames: a message is a line. */
static void feed_terminal(struct frame_stream *s, const char *data, size_t len)
{
	while (len > 0 && !s->stopped) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) + 1 : len;
		struct log_line line = { .stream = 1, .data = data, .len = n, .begins = s->begins };

		s->stopped = s->sink(s->arg, &line) != 0;
		s->begins = end != NULL;
		data += n;
		len -= n;
	}
}

static int on_log(void *arg, const char *data, size_t len)
{
	struct log_transfer *l = arg;

	if (l->tty)
		feed_terminal(&l->frames, data, len);
	else
		l->failed = frame_stream_feed(&l->frames, data, len, &l->err) < 0;
	return l->failed || l->frames.stopped;
}

/* `part` is the end of the query: which part of the log. */
static int read_logs(struct client *c, const char *ref, bool tty, bool follow, const char *part,
		     client_log_sink sink, void *arg, struct err *e)
{
	struct log_transfer l = { .frames = { .sink = sink, .arg = arg, .begins = tty },
				  .tty = tty,
				  .err = ERR_INIT };
	struct call call = { .method = "GET",
			     .what = "GET /containers/{id}/logs",
			     .sink = on_log,
			     .sink_arg = &l,
			     .timeout_ms = follow ? 0 : TIMEOUT_STREAM_MS,
			     /* A quiet container is no fault while its output is followed. */
			     .idle_ms = follow ? 0 : IDLE_STREAM_MS,
			     .endless = follow };
	auto_free char *path = NULL;

	if (client_check_ref(ref, "container", e) < 0)
		return -1;
	path = mem_printf("/containers/%s/logs?stdout=1&stderr=1&follow=%d%s", ref, follow, part);
	call.path = path;
	if (client_call(c, &call, e) < 0)
		return -1;
	if (l.failed) {
		*e = l.err;
		return err_wrap(e, "%s", call.what);
	}
	if (!tty && frame_stream_end(&l.frames, e) < 0)
		return err_wrap(e, "%s", call.what);
	return 0;
}

int client_container_logs(struct client *c, const char *ref, bool tty, long tail,
			  client_log_sink sink, void *arg, struct err *e)
{
	auto_free char *part = tail < 0 ? mem_strdup("") : mem_printf("&tail=%ld", tail);

	return read_logs(c, ref, tty, false, part, sink, arg, e);
}

/* The engine takes seconds since 1970 with a fraction (all versions), and gives RFC 3339. */
static int since_part(const char *since, char **out, struct err *e)
{
	const char *fraction;
	struct tm tm = { 0 };

	fraction = strptime(since, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!fraction)
		return err_set(e, ERR_PROTOCOL, "'%s' is no time", since);
	*out = mem_printf("&since=%lld%.*s", (long long)timegm(&tm),
			  (int)strspn(fraction, ".0123456789"), fraction);
	return 0;
}

int client_container_logs_follow(struct client *c, const char *ref, bool tty, const char *since,
				 long tail, client_log_sink sink, void *arg, struct err *e)
{
	auto_free char *from = NULL, *part = NULL;

	if (since && since_part(since, &from, e))
		return -1;
	part = tail < 0 ? mem_printf("&timestamps=1%s", from ? from : "")
			: mem_printf("&timestamps=1%s&tail=%ld", from ? from : "", tail);
	return read_logs(c, ref, tty, true, part, sink, arg, e);
}

int client_container_logs_stamped(struct client *c, const char *ref, bool tty, const char *since,
				  client_log_sink sink, void *arg, struct err *e)
{
	auto_free char *from = NULL, *part = NULL;

	if (since && since_part(since, &from, e))
		return -1;
	part = mem_printf("&timestamps=1%s", from ? from : "");
	return read_logs(c, ref, tty, false, part, sink, arg, e);
}
