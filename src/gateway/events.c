/* See events.h. */
#include "events.h"
#include "jsonline.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long long wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

long long now_s(void)
{
	return wall_ms() / 1000;
}

uint32_t today(void)
{
	return (uint32_t)(now_s() / DAY_S);
}

void event_plain(const struct events *e, const char *event)
{
	event_text(e, event, NULL, NULL, NULL, 0);
}

void event_program(const struct events *e, const char *event, const char *program, const char *key,
		   long long value)
{
	event_text(e, event, "program", program, key, value);
}

void event_text(const struct events *e, const char *event, const char *key, const char *value,
		const char *number_key, long long number)
{
	struct jsonline l;

	jsonline_begin(&l, event, e->tenant);
	if (key)
		jsonline_str(&l, key, value);
	if (number_key)
		jsonline_int(&l, number_key, number);
	jsonline_end(&l, STDERR_FILENO);
}

void event_suppressed(struct events *e)
{
	unsigned lines = line_limit_report(&e->denied, now_ms() / 1000);

	if (lines)
		event_text(e, "suppressed", NULL, NULL, "lines", lines);
}

void event_failure(const struct events *e, const char *what, int err)
{
	struct jsonline l;

	jsonline_begin(&l, "error", e->tenant);
	jsonline_str(&l, "what", what);
	jsonline_str(&l, "error", strerror(err));
	jsonline_end(&l, STDERR_FILENO);
}
