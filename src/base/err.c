/*
 * The error object: set, wrap, and what a code means to the caller of the
 * program. Nothing here allocates, so that out of memory and out of descriptors
 * can still be reported.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a multi-byte character would make the message invalid UTF-8 and
 * with it the JSON that carries it. */
static void cut_at_character(char *buf, size_t size)
{
	size_t end = size - 1;
	size_t start = end;

	while (start > 0 && end - start < 3 && ((unsigned char)buf[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)buf[start - 1];
	size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (need > 1 && end - (start - 1) < need)
		buf[start - 1] = '\0';
}

static void format(char *buf, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void format(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= size)
		cut_at_character(buf, size);
}

static void append(char *buf, size_t size, const char *text)
{
	size_t have = strlen(buf);
	size_t add = strlen(text);

	if (add < size - have) {
		memcpy(buf + have, text, add + 1);
		return;
	}
	memcpy(buf + have, text, size - have - 1);
	buf[size - 1] = '\0';
	cut_at_character(buf, size);
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[ERR_MESSAGE_MAX]; /* the arguments may point into *e */
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_clear(e);
	e->code = code;
	append(e->message, sizeof(e->message), text);
	return -1;
}

int err_sys(struct err *e, int saved_errno, const char *fmt, ...)
{
	char text[ERR_MESSAGE_MAX];
	char reason[128];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_clear(e);
	e->code = ERR_SYSTEM;
	e->sys_errno = saved_errno;
	append(e->message, sizeof(e->message), text);
	append(e->message, sizeof(e->message), ": ");
	append(e->message, sizeof(e->message), strerror_r(saved_errno, reason, sizeof(reason)));
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char text[ERR_MESSAGE_MAX];
	char old[ERR_MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(old, e->message, sizeof(old));
	e->message[0] = '\0';
	append(e->message, sizeof(e->message), text);
	append(e->message, sizeof(e->message), ": ");
	append(e->message, sizeof(e->message), old);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	char text[ERR_HINT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	memcpy(e->hint, text, sizeof(text));
	return -1;
}

void err_clear(struct err *e)
{
	e->code = ERR_NONE;
	e->sys_errno = 0;
	e->status = 0;
	e->message[0] = '\0';
	e->hint[0] = '\0';
}

static const struct {
	const char *name;
	int status;
} codes[] = {
	[ERR_NONE] = { "ok", 0 },
	[ERR_CHECK] = { "check-failed", 1 },
	[ERR_USAGE] = { "usage", 2 },
	[ERR_MANIFEST] = { "manifest-refused", 3 },
	[ERR_UNREACHABLE] = { "engine-unreachable", 4 },
	[ERR_REFUSED] = { "refused", 5 },
	[ERR_NOT_FOUND] = { "not-found", 5 },
	[ERR_CONFLICT] = { "conflict", 5 },
	[ERR_BUSY] = { "busy", 5 },
	[ERR_TIMEOUT] = { "timeout", 5 },
	[ERR_PROTOCOL] = { "protocol", 5 },
	[ERR_PARTIAL] = { "partial", 6 },
	[ERR_SYSTEM] = { "system", 70 },
	[ERR_INTERNAL] = { "internal", 70 },
};

int err_exit_status(enum err_code code)
{
	return (size_t)code < ARRAY_SIZE(codes) ? codes[code].status : 70;
}

const char *err_code_name(enum err_code code)
{
	return (size_t)code < ARRAY_SIZE(codes) ? codes[code].name : "internal";
}
