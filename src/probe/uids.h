/* Who else on the host runs as a tenant's users. Private to the probe layer. */
#ifndef PROBE_UIDS_H
#define PROBE_UIDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strlist.h"
#include "probe/probe.h"

/* Every process of the host with its effective user. The caller frees *out. False when processes
 * could not be listed. */
bool uids_list(int proc_root, struct process_owner **out, size_t *out_count);
/* Adds those of `owners` outside of every container that run as one of the two users: "process 12
 * (bash) of uid 1000". */
void uids_outside(int proc_root, const struct process_owner *owners, size_t count,
		  const uid_t uids[2], struct strlist *out);

#endif
