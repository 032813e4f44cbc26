/* Mount points of tenants: recognised by what lies there, taken away with patience. Private to ops.
 */
#ifndef OPS_MOUNTS_H
#define OPS_MOUNTS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"

/* True when another file system than the folder's above is mounted at `path`. */
bool mount_is_point(const char *path);
/* Not mounted is success. */
int mount_remove(const char *path, struct err *e) must_check;

#endif
