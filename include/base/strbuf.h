/*
 * Growing text with a hard maximum: input from outside can never make it grow
 * without a bound. Going over the maximum sets `overflow` and drops the rest, so
 * that callers check once at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct strbuf {
	char *data; /* NUL-terminated once anything was added, else NULL */
	size_t len; /* without the NUL */
	size_t cap;
	size_t max;
	bool overflow;
	bool secret; /* wiped when it grows, is reset or freed; what is taken, the taker wipes */
};

#define STRBUF_INIT(maximum)                                                                       \
	{                                                                                          \
		.max = (maximum)                                                                   \
	}
#define STRBUF_SECRET(maximum)                                                                     \
	{                                                                                          \
		.max = (maximum), .secret = true                                                   \
	}
#define STRBUF_TEXT_MAX ((size_t)16 << 20)

void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) printf_like(2, 3);
/* Adds `s` with control bytes, DEL and invalid UTF-8 written as \xHH (terminal safety). */
void strbuf_escape(struct strbuf *b, const char *s, size_t len);
/* "" when nothing was added. Valid until the next change. */
const char *strbuf_str(const struct strbuf *b);
/* Hands the text over (never NULL); the buffer is empty and usable afterwards. */
char *strbuf_take(struct strbuf *b) returns_owned;
void strbuf_reset(struct strbuf *b); /* keeps the allocation */
void strbuf_free(struct strbuf *b);
#define auto_strbuf cleanup_with(strbuf_free)

#endif
