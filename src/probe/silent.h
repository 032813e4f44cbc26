/* Next hops that are not there. Private to the probe layer. */
#ifndef PROBE_SILENT_H
#define PROBE_SILENT_H

#include "netlink.h"

struct silent_hops {
	struct netlink_neighbour *neighbours;
	size_t count;
	bool routers; /* no router of any route answers */
};

/* As the kernel knows it now, in the current network namespace; the routes are those of *f. False:
 * nothing can be said. */
bool silent_hops_read(const struct tenant_facts *f, struct silent_hops *out) must_check;

/* Whether a packet to the IPv4 address, to which one was sent before, waits for a neighbour that
 * does not answer ARP. */
bool silent_hops_lead_to(const struct silent_hops *s, const char *address);

void silent_hops_free(struct silent_hops *s);
#define auto_silent_hops cleanup_with(silent_hops_free)

#endif
