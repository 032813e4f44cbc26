/*
 * Allocation that cannot fail. Out of memory ends the process here, with the status
 * of an internal error: the journal makes a second run complete what this one began,
 * and no caller has to carry an error path that is never exercised.
 */
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void mem_exhausted(void)
{
	static const char text[] = "tenantctl: out of memory\n";

	/* write(2), not stdio: stdio may want memory. _exit, not exit: handlers may too. */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(70);
	_exit(70);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_array(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count ? count : 1, size ? size : 1);

	if (!q)
		mem_exhausted();
	return q;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);

	if (len == SIZE_MAX)
		mem_exhausted();
	char *p = mem_alloc(len + 1);
	memcpy(p, s, len);
	return p;
}

char *mem_printf(const char *fmt, ...)
{
	char *p = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0 || !p)
		mem_exhausted();
	return p;
}

void mem_replace(char **slot, const char *s)
{
	/* copied first: `s` may be part of the old value */
	char *copy = s ? mem_strdup(s) : NULL;

	free(*slot);
	*slot = copy;
}

void mem_wipe(void *p, size_t n)
{
	if (p && n)
		explicit_bzero(p, n);
}

void mem_wipe_free(void *p, size_t n)
{
	mem_wipe(p, n);
	free(p);
}

void *mem_take_ptr(void *slot)
{
	void *value;
	void *null = NULL;

	/* memcpy: the slot's type is any pointer type, which an lvalue of void * may not alias */
	memcpy(&value, slot, sizeof(value));
	memcpy(slot, &null, sizeof(null));
	return value;
}

void mem_close_slot(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}
