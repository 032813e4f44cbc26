/* Use of a cgroup that is held already. Private to the probe layer. */
#ifndef PROBE_USAGE_H
#define PROBE_USAGE_H

#include "probe/load.h"
#include "target.h"

/* ERR_NOT_FOUND without the controllers of memory and processes. The caller owns *out. */
int usage_open_target(const struct target *t, struct usage_view **out, struct err *e) must_check;

#endif
