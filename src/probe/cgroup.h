/*
 * Where a container's cgroup is, on v1, v2 and hybrid hosts, and which processes
 * live below it. Private to the probe layer; everything is read under a directory
 * fd of the cgroup mount, so that tests hand in a fake tree.
 */
#ifndef PROBE_CGROUP_H
#define PROBE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"

#define CGROUP_PIDS_MAX 4096

struct cgroup_place {	       /* one line of /proc/PID/cgroup */
	int version;	       /* 1 or 2 */
	char controllers[128]; /* v1: as printed, which is also the usual name of the mount */
	char path[512];	       /* below the hierarchy, without the leading slash */
};

struct pid_set {
	pid_t *items;
	size_t count;
	bool cut; /* there were more, or some could not be seen */
};
void pid_set_free(struct pid_set *s);
#define auto_pid_set cleanup_with(pid_set_free)

/* The v1 hierarchy that carries `controller`, else the v2 one. ERR_NOT_FOUND when neither is
 * there, ERR_PROTOCOL when the path has "..", as seen from a cgroup namespace further down. */
int cgroup_locate(const struct strlist *lines, const char *controller, struct cgroup_place *out,
		  struct err *e) must_check;

/* Whether a component of `path` is the container's own ("<id>" or "docker-<id>.scope"); `id` must
 * be the full 64 hexadecimal digits. *out_len is the length of the path up to its end. */
bool cgroup_is_of(const char *path, const char *id, size_t *out_len);

/* Opens the top of the place's hierarchy. */
int cgroup_open_hierarchy(int cgroup_root, const struct cgroup_place *p, const char *controller,
			  int *out_fd, struct err *e) must_check;

/* Every process at or below `dir`, at most CGROUP_PIDS_MAX. */
int cgroup_read_pids(int dir, struct pid_set *out, struct err *e) must_check;

#endif
