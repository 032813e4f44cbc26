/*
 * One JSON object per line on a file descriptor, built in a fixed buffer: the
 * supervisor logs without allocating, and a line is one write, so that lines of
 * several processes on one pipe never mix.
 */
#ifndef GATEWAY_JSONLINE_H
#define GATEWAY_JSONLINE_H

#include <stdbool.h>
#include <stddef.h>

struct jsonline {
	char text[3500]; /* below PIPE_BUF: written whole or not at all (pipe(7)) */
	size_t len;
};

/* Starts {"ts":<now>,"event":<event>,"tenant":<tenant>. */
void jsonline_begin(struct jsonline *l, const char *event, const char *tenant);
/* Adds a member; text is escaped, invalid bytes become \u00XX. A member that does not fit is cut.
 */
void jsonline_text(struct jsonline *l, const char *key, const char *value, size_t len);
void jsonline_str(struct jsonline *l, const char *key, const char *value);
void jsonline_int(struct jsonline *l, const char *key, long long value);
/* Closes the object and writes it with a newline. */
void jsonline_end(struct jsonline *l, int fd);

#endif
