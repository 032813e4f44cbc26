/*
 * HTTP/1.1 framing as the test servers need it: where a message ends, on a blocking
 * socket. Kept apart from the product, which leaves framing to libcurl.
 */
#ifndef TESTS_HTTP_WIRE_H
#define TESTS_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct http_message {
	struct strbuf raw;  /* start line, headers and body as they came */
	struct strbuf body; /* decoded */
	size_t head_len;    /* of start line and headers with the empty line */
	int status;	    /* of a reply, else 0 */
	bool until_close;   /* a reply without length: ends with the connection */
};

/* A buffered reader on one socket. */
struct http_reader {
	int fd;
	char buf[65536];
	size_t at, len;
};

/* Reads one message; `request` is the method that a reply answers (HEAD has no body), NULL when
 * reading a request. Returns 1, 0 at a clean end, -1 on a broken message. The message's buffers
 * are reset first. */
int http_read(struct http_reader *r, const char *request, struct http_message *m);
void http_message_free(struct http_message *m);
/* Copies the request or status line without its line end. */
void http_start_line(const struct http_message *m, char *buf, size_t size);
/* write(2) until done; false when the peer is gone. */
bool http_send(int fd, const void *data, size_t len);

#endif
