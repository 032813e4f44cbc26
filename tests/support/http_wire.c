/* HTTP/1.1 framing for the test servers. */
#include "http_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX ((size_t)64 << 20)

static int next_byte(struct http_reader *r)
{
	ssize_t n;

	if (r->at < r->len)
		return (unsigned char)r->buf[r->at++];
	do
		n = read(r->fd, r->buf, sizeof(r->buf));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -1;
	r->at = 1;
	r->len = (size_t)n;
	return (unsigned char)r->buf[0];
}

static bool read_line(struct http_reader *r, struct http_message *m, char *line, size_t size)
{
	size_t len = 0;
	int ch;

	while ((ch = next_byte(r)) >= 0) {
		strbuf_putc(&m->raw, (char)ch);
		if (ch == '\n') {
			while (len > 0 && line[len - 1] == '\r')
				len--;
			line[len] = '\0';
			return true;
		}
		if (len + 1 < size)
			line[len++] = (char)ch;
	}
	return false;
}

static bool read_bytes(struct http_reader *r, struct http_message *m, size_t n)
{
	while (n > 0) {
		char ch;
		int got;
		size_t have = r->len - r->at;

		if (have > 0) {
			have = have < n ? have : n;
			strbuf_add(&m->raw, r->buf + r->at, have);
			strbuf_add(&m->body, r->buf + r->at, have);
			r->at += have;
			n -= have;
			continue;
		}
		got = next_byte(r);
		if (got < 0)
			return false;
		ch = (char)got;
		strbuf_putc(&m->raw, ch);
		strbuf_putc(&m->body, ch);
		n--;
	}
	return true;
}

static bool read_chunks(struct http_reader *r, struct http_message *m)
{
	char line[256];

	for (;;) {
		size_t n;

		if (!read_line(r, m, line, sizeof(line)))
			return false;
		n = strtoul(line, NULL, 16);
		if (n == 0)
			break;
		if (n > MESSAGE_MAX || !read_bytes(r, m, n) || !read_line(r, m, line, sizeof(line)))
			return false;
	}
	do {
		if (!read_line(r, m, line, sizeof(line)))
			return false;
	} while (line[0] != '\0');
	return true;
}

int http_read(struct http_reader *r, const char *request, struct http_message *m)
{
	char line[8192];
	unsigned long length = 0;
	bool chunked = false, has_length = false;

	m->raw.max = m->body.max = MESSAGE_MAX;
	strbuf_reset(&m->raw);
	strbuf_reset(&m->body);
	m->status = 0;
	m->until_close = false;
	if (!read_line(r, m, line, sizeof(line)))
		return m->raw.len == 0 ? 0 : -1;
	if (request && sscanf(line, "HTTP/1.%*d %d", &m->status) != 1)
		return -1;
	do {
		if (!read_line(r, m, line, sizeof(line)))
			return -1;
		if (strncasecmp(line, "Content-Length:", 15) == 0) {
			length = strtoul(line + 15, NULL, 10);
			has_length = true;
		}
		if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
			chunked = strstr(line, "chunked") != NULL;
	} while (line[0] != '\0');
	m->head_len = m->raw.len;
	if (request && (strcmp(request, "HEAD") == 0 || m->status == 204 || m->status == 304))
		return 1;
	if (chunked)
		return read_chunks(r, m) ? 1 : -1;
	m->until_close = request && !has_length;
	return read_bytes(r, m, length) ? 1 : -1;
}

void http_message_free(struct http_message *m)
{
	strbuf_free(&m->raw);
	strbuf_free(&m->body);
}

void http_start_line(const struct http_message *m, char *buf, size_t size)
{
	const char *s = strbuf_str(&m->raw);

	(void)snprintf(buf, size, "%.*s", (int)strcspn(s, "\r\n"), s);
}

bool http_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}
