/*
 * Bounds on what a worker can make gateway-init write and keep. Pure: numbers in,
 * decisions out.
 */
#ifndef GATEWAY_LIMITS_H
#define GATEWAY_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENIED_LINES_PER_SECOND 200

/* Lines written within one second, and those that were too many. */
struct line_limit {
	long long second;
	unsigned lines, suppressed;
};

/* Whether one more line may be written in that second; one that may not is counted. */
bool line_limit_take(struct line_limit *l, long long second);

/* How many lines were suppressed in a second that is over; each is reported once. */
unsigned line_limit_report(struct line_limit *l, long long second);

/* How many of the first, the oldest, have to go, so that no more than `most` are left and they have
 * no more than `sum` connections together. */
size_t limits_excess(const uint32_t *connections, size_t count, size_t most, uint32_t sum);

#endif
