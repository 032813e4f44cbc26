/* The gateway's files as they lie on the host. Private to the probe layer. */
#ifndef PROBE_HOST_FILES_H
#define PROBE_HOST_FILES_H

#include "probe/probe.h"

/* Looks at the places, the set, what lies beside it and what the gateway says about it. No value of
 * a key is kept: of the file of keys only its digest and the first words of its lines. */
void host_files_read(const struct probe_request *r, struct gateway_files_facts *out);

#endif
