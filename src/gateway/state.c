/* The folder that outlives the container: see supervisor.h. */
#include "supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void state_forget_status(struct supervisor *s)
{
	if (unlink(FOLDER_STATE "/status") < 0 && errno != ENOENT)
		event_failure(&s->events, "status", errno);
}

void state_status(struct supervisor *s, const char *id, const char *error)
{
	char text[SET_ID + SET_ERROR + 64];
	int n;

	n = snprintf(text, sizeof(text), "generation %s\nresult %s\n", *id ? id : "-",
		     error ? "refused" : "loaded");
	if (error)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "error %.*s\n", SET_ERROR, error);
	if (!set_store(FOLDER_STATE, "status", text, (size_t)n))
		event_failure(&s->events, "status", errno);
}

void state_read_daily(struct supervisor *s)
{
	size_t len = 0;
	char *text = set_load(FOLDER_STATE, "daily", DAILY_FILE_MAX, &len);

	if (text)
		daily_parse(&s->daily, text, len, today());
	free(text);
	s->daily.changed = false;
}

void state_write_daily(struct supervisor *s)
{
	char text[DAILY_FILE_MAX];
	size_t len;

	if (!s->daily.changed)
		return;
	len = daily_print(&s->daily, text);
	if (set_store(FOLDER_STATE, "daily", text, len))
		s->daily.changed = false;
	else
		event_failure(&s->events, "daily", errno);
}
