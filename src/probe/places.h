/* Which parts of which file systems a container has. Private to the probe layer. */
#ifndef PROBE_PLACES_H
#define PROBE_PLACES_H

#include "base/proc.h"
#include "probe/facts.h"

struct places_of {
	int proc_root;			/* where the host's mounts are read when they are needed */
	const struct proc_mounts *host; /* as probe_request */
	bool gateway;
};

/* Adds a place for each of `mounts`, those of a process whose root is `root`, and one for the file
 * behind each loop device among them. What cannot be told is named in out->error. */
void places_add(const struct proc_mounts *mounts, int root, const struct places_of *of,
		struct mount_places *out);

#endif
