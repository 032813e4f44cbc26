/*
 * One container's first process, held so that a reused pid can't be mistaken for it.
 * Private to the probe layer.
 */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "cgroup.h"
#include "probe/facts.h"

struct target {
	int proc_root, cgroup_root; /* borrowed */
	int dir;		    /* /proc/PID: reads fail with ESRCH once the process is gone */
	int pidfd;		    /* -1 when proc_root is not the kernel's own procfs */
	pid_t pid;
	uint64_t start_time;
	char id[65];
	struct strlist cgroups; /* lines of /proc/PID/cgroup */
};

#define TARGET_INIT                                                                                \
	{                                                                                          \
		.dir = -1, .pidfd = -1                                                             \
	}
void target_close(struct target *t);
#define auto_target cleanup_with(target_close)

/* Holds process `pid` if it belongs to container `id`. ERR_NOT_FOUND when it is gone, ERR_PROTOCOL
 * when the pid is not one of the container's. `t` must be TARGET_INIT. */
int target_open(int proc_root, int cgroup_root, pid_t pid, const char *id, struct target *t,
		struct err *e) must_check;

/* Whether the held process is still there. */
bool target_is_alive(const struct target *t);

/* All processes of the container's cgroup. */
int target_pids(const struct target *t, struct pid_set *out, struct err *e) must_check;

/* Whether the process behind `pid_dir` belongs to the same container. */
bool target_owns(const struct target *t, int pid_dir);

/* The place of `controller`, its path cut behind the container's own component. */
int target_place(const struct target *t, const char *controller, struct cgroup_place *out,
		 struct err *e) must_check;

#endif
