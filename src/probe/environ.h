/* Environment of a process that may hold secrets. Private to the probe layer. */
#ifndef PROBE_ENVIRON_H
#define PROBE_ENVIRON_H

#include "probe/facts.h"

/* Fills secret_variables with the names of those variables whose value `shape` recognises (NULL:
 * none), and gateway_config. Values are looked at in one buffer, which is wiped; no other is
 * copied. At most 128 KiB are read, 64 names kept. */
void environ_look(int pid_dir, const char *(*shape)(const char *name, const char *value),
		  struct process_facts *out);

#endif
