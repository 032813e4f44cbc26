/* Who else on the host runs as a tenant's users. Private to the probe layer. */
#ifndef PROBE_UIDS_H
#define PROBE_UIDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/strlist.h"

/* Adds processes outside of every container that run as one of the two users: "process 12 (bash)
 * of uid 1000". False when processes could not be listed. */
bool uids_outside(int proc_root, const uid_t uids[2], struct strlist *out);

#endif
