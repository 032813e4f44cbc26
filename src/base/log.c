/*
 * Diagnostics on standard error, one write(2) per line so that lines of parallel
 * workers do not mix. Messages quote names that come from outside: control bytes
 * are escaped here, at the last gate before the terminal.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

#define LOG_LINE_MAX 8192

static _Atomic int current = LOG_WARN; /* workers are threads */

void log_set_level(enum log_level level)
{
	atomic_store(&current, (int)level);
}

enum log_level log_level_now(void)
{
	return (enum log_level)atomic_load(&current);
}

static void emit(enum log_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void emit(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const prefix[] = { [LOG_ERROR] = "tenantctl: error: ",
					      [LOG_WARN] = "tenantctl: warning: ",
					      [LOG_INFO] = "tenantctl: ",
					      [LOG_DEBUG] = "tenantctl: debug: " };
	char text[LOG_LINE_MAX / 4]; /* escaping makes at most four bytes of one */
	auto_strbuf struct strbuf line = STRBUF_INIT(LOG_LINE_MAX);

	if (level > log_level_now())
		return;
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		return;
	strbuf_puts(&line, prefix[level]);
	strbuf_escape(&line, text, strlen(text));
	line.max += 1; /* the newline must fit even after a cut */
	strbuf_putc(&line, '\n');
	/* nothing sensible is left to do when standard error cannot be written */
	ssize_t written = write(STDERR_FILENO, line.data, line.len);
	(void)written;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_ERROR, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_WARN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_DEBUG, fmt, ap);
	va_end(ap);
}
