/* IPv4 routes of this host, so that no tenant gets a subnet somebody already uses. */
#ifndef OPS_HOST_ROUTES_H
#define OPS_HOST_ROUTES_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "domain/netplan.h"

/* Destinations of the main table (/proc/net/route, proc_pid_net(5)); tenants' own bridges ("tc-")
 * are left out. The caller frees *out. */
int host_routes(struct ipv4_net **out, size_t *out_count, struct err *e) must_check;

#endif
