/* Device files that a container can open. Private to the probe layer. */
#ifndef PROBE_DEVICES_H
#define PROBE_DEVICES_H

#include <stdbool.h>

#include "base/strlist.h"

/* Adds what lies below /dev of the tree at `root` and is not of the set that every container has:
 * "/dev/sda (block 8:0)". False when there was more than is looked at, or no way in. */
bool devices_look(int root, struct strlist *out);

#endif
