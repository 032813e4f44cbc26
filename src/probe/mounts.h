/* What a container's file system shows. Private to the probe layer. */
#ifndef PROBE_MOUNTS_H
#define PROBE_MOUNTS_H

#include "base/proc.h"
#include "base/strlist.h"
#include "target.h"

/* Kernel files that stay readable in the tree below `root` though engines mask them. */
void mounts_unmasked(int root, struct strlist *out);
/* Unix sockets at or just below the mount points, other than those that `uid` made. */
void mounts_sockets(int root, const struct proc_mounts *mounts, uid_t uid, struct strlist *out);
/* Fills mounts, unmasked_paths, sockets and devices of *out. */
int mounts_read(const struct target *t, struct tenant_facts *out, struct err *e) must_check;

#endif
