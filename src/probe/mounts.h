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
/* Remote file systems may never answer, and the kernel's own and the image's root hold nothing that
 * is looked for: false for these. */
bool mounts_may_be_looked_at(const struct proc_mount *m);
/* Opens a path of the tree below `root` without ever leaving it. -1 with errno. */
int mounts_open_inside(int root, const char *path, int flags);
/* Fills mounts, unmasked_paths, sockets, devices and places of *out. `host`: as probe_request. */
int mounts_read(const struct target *t, const struct proc_mounts *host, struct tenant_facts *out,
		struct err *e) must_check;

#endif
