/* Interfaces and routes of the current network namespace. Private to the probe layer. */
#ifndef PROBE_NETLINK_H
#define PROBE_NETLINK_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

struct netlink_link {
	char name[16];
	int index, peer, master; /* 0: none */
	bool up;
};

#define NETLINK_LINKS_MAX 4096
#define NETLINK_ROUTES_MAX 256

/* The caller frees *out. */
int netlink_links(struct netlink_link **out, size_t *out_count, struct err *e) must_check;
/* IPv4 unicast routes of all tables but the local one; interface names come from `links`. */
int netlink_routes(const struct netlink_link *links, size_t link_count, struct route_facts **out,
		   size_t *out_count, struct err *e) must_check;
/* NULL when there is none. */
const struct netlink_link *netlink_by_index(const struct netlink_link *links, size_t count,
					    int index);

#endif
