/* The wall clock as text, and the clock of deadlines. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/mem.h"

enum { SECONDS_LEN = 19 }; /* "2026-01-02T15:04:05" */

char *clock_utc_text(void)
{
	char *text = clock_utc_nano_text();

	memcpy(text + SECONDS_LEN, "Z", sizeof("Z"));
	return text;
}

char *clock_utc_nano_text(void)
{
	struct timespec now;
	struct tm tm;
	char text[SECONDS_LEN + 1];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return mem_printf("%s.%09ldZ", text, now.tv_nsec);
}

int64_t clock_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
