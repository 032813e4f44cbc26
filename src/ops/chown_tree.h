/* Hands a tree that a tenant has written to another uid. Private to ops. */
#ifndef OPS_CHOWN_TREE_H
#define OPS_CHOWN_TREE_H

#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"

/* Changes owner and group of `name` below `dirfd` and of everything in it. Never follows a link and
 * never leaves the file system; deeper than 512 levels is refused. */
int chown_tree(int dirfd, const char *name, uid_t uid, struct err *e) must_check;

#endif
