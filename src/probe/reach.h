/* Connection, DNS and HTTP attempts, all at the same time. Private to the probe layer. */
#ifndef PROBE_REACH_H
#define PROBE_REACH_H

#include "probe/facts.h"

#define REACH_JOBS_MAX 8192

/* Tries everything that *f asks for from the current network namespace within timeout_ms and fills
 * in the outcomes. Never fails as a whole: an attempt that could not be made is REACH_ERROR,
 * DNS_ERROR or HTTP_ERROR. */
void reach_run(struct tenant_facts *f, int timeout_ms);

#endif
