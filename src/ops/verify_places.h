/*
 * What the other tenants' containers have of file systems, to compare with a tenant's
 * own. Private to ops.
 */
#ifndef OPS_VERIFY_PLACES_H
#define OPS_VERIFY_PLACES_H

#include "verify_peers.h"

/* Fills `places` of every peer that runs. A container's cgroup.procs is `head`, its id, `tail`.
 * `host`: this process's mounts, NULL: read when needed. */
void peers_places(struct peers *p, const char *head, const char *tail,
		  const struct proc_mounts *host);

#endif
