/*
 * What gateway-init itself has to say, one JSON line per event on standard error, and
 * the clocks.
 */
#ifndef GATEWAY_EVENTS_H
#define GATEWAY_EVENTS_H

#include "dnslog.h"
#include "limits.h"

#include <stdint.h>

struct events {
	const char *tenant;
	struct dnslog dns;
	struct line_limit denied;
};

long long now_ms(void);	 /* monotonic */
long long wall_ms(void); /* milliseconds since 1970 */
long long now_s(void);	 /* seconds since 1970 */
uint32_t today(void);	 /* days since 1970, UTC */

void event_plain(const struct events *e, const char *event);
/* With "program", and a number when `key` is not NULL. */
void event_program(const struct events *e, const char *event, const char *program, const char *key,
		   long long value);
/* With one text and one number, each left out when its key is NULL. */
void event_text(const struct events *e, const char *event, const char *key, const char *value,
		const char *number_key, long long number);
/* Says how many lines were suppressed, once that second is over. */
void event_suppressed(struct events *e);
/* An error of the system at something. */
void event_failure(const struct events *e, const char *what, int err);

#endif
