/* Connection and DNS attempts, all at the same time. Private to the probe layer. */
#ifndef PROBE_REACH_H
#define PROBE_REACH_H

#include "probe/facts.h"

#define REACH_JOBS_MAX 8192

/* Tries everything from the current network namespace within timeout_ms and fills the outcomes.
 * Never fails as a whole: an attempt that could not be made is REACH_ERROR or DNS_ERROR. */
void reach_run(struct reach_attempt *reach, size_t reach_count, struct dns_attempt *dns,
	       size_t dns_count, int timeout_ms);

#endif
