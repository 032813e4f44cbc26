/*
 * See jsonline.h. Space for the closing brace and newline is always kept, so that
 * even a cut line is valid JSON.
 */
#include "jsonline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAIL_ROOM 3 /* quote, brace, newline */
#define ESCAPE_ROOM 6

static bool put(struct jsonline *l, const char *s, size_t len)
{
	if (l->len + len > sizeof(l->text) - TAIL_ROOM)
		return false;
	memcpy(l->text + l->len, s, len);
	l->len += len;
	return true;
}

static bool put_key(struct jsonline *l, const char *key)
{
	size_t klen = strlen(key);

	/* Room for the key and an empty value, or nothing at all. */
	if (l->len + klen + 32 > sizeof(l->text) - TAIL_ROOM)
		return false;
	return put(l, ",\"", 2) && put(l, key, klen) && put(l, "\":", 2);
}

void jsonline_text(struct jsonline *l, const char *key, const char *value, size_t len)
{
	if (!put_key(l, key) || !put(l, "\"", 1))
		return;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];
		char esc[ESCAPE_ROOM + 1] = { (char)c };
		size_t n = 1;

		if (c == '"' || c == '\\') {
			esc[0] = '\\';
			esc[1] = (char)c;
			n = 2;
		} else if (c < 0x20 || c >= 0x7f) {
			n = (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c);
		}
		if (!put(l, esc, n))
			break;
	}
	/* TAIL_ROOM keeps this byte free. */
	l->text[l->len++] = '"';
}

void jsonline_str(struct jsonline *l, const char *key, const char *value)
{
	jsonline_text(l, key, value, strlen(value));
}

void jsonline_int(struct jsonline *l, const char *key, long long value)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", value);

	if (put_key(l, key))
		put(l, text, (size_t)n);
}

void jsonline_begin(struct jsonline *l, const char *event, const char *tenant)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	l->len = (size_t)snprintf(l->text, sizeof(l->text), "{\"ts\":%lld.%03ld",
				  (long long)now.tv_sec, now.tv_nsec / 1000000);
	jsonline_str(l, "event", event);
	jsonline_str(l, "tenant", tenant);
}

void jsonline_end(struct jsonline *l, int fd)
{
	ssize_t n;

	l->text[l->len++] = '}';
	l->text[l->len++] = '\n';
	/* A log that cannot be written must not stop the gateway; there is nobody to tell. */
	n = write(fd, l->text, l->len);
	(void)n;
}
