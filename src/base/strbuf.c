/*
 * Growing text with a hard maximum. Whatever would go beyond it is dropped and
 * remembered in `overflow`, so that hostile input costs at most `max` bytes.
 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "utf8.h"

static void reserve(struct strbuf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need <= b->cap)
		return;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (b->secret) {
		/* realloc(3) would leave the old bytes where it found them */
		char *data = mem_alloc(cap);

		if (b->data)
			memcpy(data, b->data, b->len + 1);
		mem_wipe_free(b->data, b->cap);
		b->data = data;
	} else {
		b->data = mem_grow(b->data, cap, 1);
	}
	b->cap = cap;
}

void strbuf_add(struct strbuf *b, const void *data, size_t len)
{
	size_t room = b->max > b->len ? b->max - b->len : 0;

	if (len > room) {
		len = room;
		b->overflow = true;
	}
	if (len == 0)
		return;
	reserve(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		strbuf_add(b, small, (size_t)n);
	} else if (n >= 0) {
		auto_free char *big = mem_alloc((size_t)n + 1);
		if (vsnprintf(big, (size_t)n + 1, fmt, again) == n)
			strbuf_add(b, big, (size_t)n);
		if (b->secret)
			mem_wipe(big, (size_t)n);
	}
	if (b->secret)
		mem_wipe(small, sizeof(small));
	va_end(again);
	va_end(ap);
}

void strbuf_escape(struct strbuf *b, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = utf8_length(s + i, len - i);
		if (n > 0 && !utf8_is_control(s + i, n)) {
			strbuf_add(b, s + i, n);
			i += n;
			continue;
		}
		for (size_t end = i + (n ? n : 1); i < end; i++)
			strbuf_printf(b, "\\x%02X", (unsigned)(unsigned char)s[i]);
	}
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->data ? b->data : "";
}

char *strbuf_take(struct strbuf *b)
{
	char *text = b->data ? b->data : mem_strdup("");

	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	b->overflow = false;
	return text;
}

void strbuf_reset(struct strbuf *b)
{
	if (b->secret)
		mem_wipe(b->data, b->cap);
	b->len = 0;
	b->overflow = false;
	if (b->data)
		b->data[0] = '\0';
}

void strbuf_free(struct strbuf *b)
{
	if (b->secret)
		mem_wipe(b->data, b->cap);
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	b->overflow = false;
}
