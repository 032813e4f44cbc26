/* Environment of a process that may hold secrets. Private to the probe layer. */
#ifndef PROBE_ENVIRON_H
#define PROBE_ENVIRON_H

#include "base/strlist.h"

/* Adds the names of those variables whose value `shape` recognises. Values are looked at in one
 * buffer, which is wiped; none is copied. At most 128 KiB are read, 64 names kept. */
void environ_secret_names(int pid_dir, const char *(*shape)(const char *name, const char *value),
			  struct strlist *out);

#endif
