/* Connections that belong to one network namespace and are judged in another. Private to the probe
 * layer. */
#ifndef PROBE_EARLY_H
#define PROBE_EARLY_H

#include "probe/facts.h"

struct early {
	int *fds; /* one for each attempt; -1: it ended at once */
	size_t count;
	int64_t until; /* CLOCK_MONOTONIC, milliseconds */
};

/* Starts a TCP connection for each attempt from the current network namespace: a socket stays where
 * it was made. Nothing is read. */
void early_begin(struct reach_attempt *attempts, size_t count, struct early *out);

/* The outcomes, a moment after early_begin at the earliest: all of it is on this very host. The
 * same attempts; not begun: they stay as they are. Frees what early_begin made. */
void early_finish(struct early *e, struct reach_attempt *attempts);

#endif
