/* Namespace identities. Private to the probe layer. */
#ifndef PROBE_NSVIEW_H
#define PROBE_NSVIEW_H

#include <stdbool.h>

#include "probe/facts.h"

/* One namespace of the process or thread behind `dir`; false when it has none (any more). */
bool nsview_one(int dir, enum ns_kind kind, struct ns_id *out);
/* All; ino 0 where there is none. */
void nsview_read(int dir, struct ns_id out[NS_KINDS]);
bool nsview_same(const struct ns_id *a, const struct ns_id *b);

#endif
