/* The one place that turns the wall clock into text. */
#include "base/clock.h"

#include <time.h>

#include "base/mem.h"

char *clock_utc_text(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return mem_strdup(text);
}
