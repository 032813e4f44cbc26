/*
 * A tenant's workspace: an ext4 image file of the ordered size, loop-mounted with
 * nosuid and nodev. The image is the quota: no cgroup bounds bytes or inodes of a
 * bind mount, and project quotas need file systems that few hosts have. Private to ops.
 */
#ifndef OPS_WORKSPACE_H
#define OPS_WORKSPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"

/* Makes the image when there is none; an existing one is kept as it is. */
int workspace_create(const char *root, const char *tenant, uint64_t bytes, struct err *e)
	must_check;
/* Mounts it and makes sure that data/ belongs to `uid` (a kept workspace may come from another
 * slot: then its tree is handed over, without following any link). Already mounted is success. */
int workspace_mount(const char *root, const char *tenant, uid_t uid, struct err *e) must_check;
/* Makes the link that leads to the device behind the mount. */
int workspace_link_device(const char *root, const char *tenant, struct err *e) must_check;
/* Takes the link away, too. Not mounted is success. */
int workspace_unmount(const char *root, const char *tenant, struct err *e) must_check;
/* Removes image and folder of the tenant. */
int workspace_purge(const char *root, const char *tenant, struct err *e) must_check;

bool workspace_exists(const char *root, const char *tenant);
bool workspace_is_mounted(const char *root, const char *tenant);
/* data/ is there and belongs to `uid`: the hand-over was finished. */
bool workspace_is_ready(const char *root, const char *tenant, uid_t uid);

/* Size of the image that is mounted; 0: none is. */
uint64_t workspace_bytes(const char *root, const char *tenant);
/* Makes an image in the same way beside it, for a drill to fill, and mounts it; data/ in it belongs
 * to `uid`. One that is there already is replaced. */
int workspace_scratch_make(const char *root, const char *tenant, uint64_t bytes, uid_t uid,
			   struct err *e) must_check;
/* None is success. */
int workspace_scratch_remove(const char *root, const char *tenant, struct err *e) must_check;

#endif
