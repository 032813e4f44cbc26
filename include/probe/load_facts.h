/*
 * How busy a host, a cgroup and a gateway are: plain structs, filled by probe/load.h,
 * judged by the domain.
 */
#ifndef PROBE_LOAD_FACTS_H
#define PROBE_LOAD_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct latency_facts {		     /* of requests that began within a stretch of time */
	unsigned requests, failures; /* failures: no answer within a second, or none at all */
	uint32_t p50_us, p95_us, p99_us, most_us;
};

struct usage_facts {		   /* of a container's cgroup: the most that was ever seen */
	bool seen;		   /* it was read at least once */
	uint64_t memory;	   /* bytes */
	uint64_t pids;		   /* processes and threads */
	uint64_t oom_kills;	   /* processes that ended for want of memory */
	uint64_t cpu_us;	   /* time used since it began */
	uint64_t throttled;	   /* periods in which it used up its time */
	uint64_t throttle_periods; /* periods that were counted; 0: no quota */
};

struct host_load {
	uint64_t memory_total, memory_available; /* bytes */
	uint64_t oom_kills;			 /* of all cgroups, since boot */
	double load;				 /* average of one minute */
	unsigned cpus;
	bool pressure_known;	  /* the kernel has /proc/pressure */
	uint64_t cpu_stall_us;	  /* since boot: some task waited for a processor, */
	uint64_t memory_stall_us; /* for memory, */
	uint64_t io_stall_us;	  /* for a disk */
};

#endif
