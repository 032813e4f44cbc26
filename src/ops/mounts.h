/* Mount points of tenants: recognised by what lies there, taken away with patience. Private to ops.
 */
#ifndef OPS_MOUNTS_H
#define OPS_MOUNTS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"

/* True when another file system than the folder's above is mounted at `path`. */
bool mount_is_point(const char *path);
/* A tmpfs that is never swapped out, where the kernel knows how (6.4). `options` as in mount(8). */
int mount_tmpfs(const char *path, unsigned long flags, const char *options, struct err *e)
	must_check;
/* Not mounted is success. */
int mount_remove(const char *path, struct err *e) must_check;

#endif
