/* Limits that cgroups put on a container. Private to the probe layer. */
#ifndef PROBE_LIMITS_H
#define PROBE_LIMITS_H

#include "probe/facts.h"
#include "target.h"

/* Nothing is known yet: every limit reads as "none". */
#define LIMITS_UNKNOWN                                                                             \
	{                                                                                          \
		.memory_max = UINT64_MAX, .memory_swap_max = UINT64_MAX, .pids_max = UINT64_MAX,   \
		.cpu_quota_us = -1, .memory_current = UINT64_MAX, .pids_current = UINT64_MAX,      \
	}

/* What can't be read is left as "no limit", so that it never looks better than it is; version 0
 * when there is no memory controller at all. */
void limits_read(const struct target *t, struct cgroup_facts *out);

/* Rates of its own cgroup: on v1 a parent's do not hold for it, on v2 one that is lower would only
 * hold it more. */
void limits_read_io(const struct target *t, struct io_facts *out);

#endif
