/* What listens in a network namespace. Private to the probe layer. */
#ifndef PROBE_LISTENERS_H
#define PROBE_LISTENERS_H

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

/* Adds the ports of net/NAME below `dir` ("/proc", or a process's folder) to `out`, each once. A
 * missing table of IPv6 is a kernel without it. */
int listeners_read_table(int dir, const char *name, bool udp, struct host_port *out, size_t max,
			 size_t *count, struct err *e) must_check;

#define LISTENERS_PORTS_MAX 2048

/* Ports, and named unix sockets, of the namespace of the process behind `dir`. */
void listeners_read_ports(int dir, struct listener_facts *out);
void listeners_read_unix(int dir, struct listener_facts *out);

#endif
