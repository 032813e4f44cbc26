/* What processes hold open that is not their container's. Private to the probe layer. */
#ifndef PROBE_HANDLES_H
#define PROBE_HANDLES_H

#include "target.h"

/* Fills `handles` of every process: its folder, root, program and descriptors that lie on no mount
 * of its own mount namespace, and namespaces that are not its own. A process that the runtime is
 * about to start holds such things for a moment: what is found is looked for again a little later,
 * and only what is still there counts. */
void handles_look(const struct target *t, struct process_facts *items, size_t count);
/* The same of one process, once; `dir` is its folder of /proc, or that of a thread. */
void handles_look_once(int dir, struct process_facts *f);

#endif
