/*
 * What is in the layers of an image: from the record of an earlier walk, or walked now and
 * kept. Private to ops.
 */
#ifndef OPS_IMAGE_LOOK_H
#define OPS_IMAGE_LOOK_H

#include "ops/ops.h"
#include "probe/facts.h"

/* `info` is the image as the engine tells of it, NULL: asked for when there is no record. Where it
 * names no folders of layers (an image store of containerd's), they are those of the root in
 * `mounts`, of a container that runs on it; NULL: none does. Fills *out, which is zero before: what
 * could not be looked at is said in out->error. */
void image_look(struct context *c, const char *id, const struct image_info *info,
		const struct proc_mounts *mounts, struct image_facts *out);

#endif
