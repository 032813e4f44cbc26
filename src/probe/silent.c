/*
 * A packet leaves only when its next hop answered an ARP request; until then the kernel
 * keeps it, and says "no route to host" after three seconds (arp(7)). The kernel has an
 * entry for every address that it sends to directly, so what has none goes through a
 * router.
 */
#include "silent.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const struct netlink_neighbour *find(const struct silent_hops *s, const char *address)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->neighbours[i].address, address) == 0)
			return &s->neighbours[i];
	return NULL;
}

/* True when there are routers, and not one of them answers. */
static bool routers_are_silent(const struct tenant_facts *f, const struct silent_hops *s)
{
	bool any = false;

	for (size_t i = 0; i < f->route_count; i++) {
		const char *router = f->routes[i].gateway;
		const struct netlink_neighbour *known = find(s, router);

		if (router[0] == '\0')
			continue;
		if (!known || !known->silent)
			return false;
		any = true;
	}
	return any;
}

bool silent_hops_read(const struct tenant_facts *f, struct silent_hops *out)
{
	struct silent_hops s = { 0 };
	struct err ignored = ERR_INIT;

	if (netlink_neighbours(&s.neighbours, &s.count, &ignored))
		return false;
	if (s.count == NETLINK_NEIGHBOURS_MAX) { /* there may be more */
		free(s.neighbours);
		return false;
	}
	s.routers = routers_are_silent(f, &s);
	*out = s;
	return true;
}

bool silent_hops_lead_to(const struct silent_hops *s, const char *address)
{
	const struct netlink_neighbour *direct = find(s, address);
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) != 1 || strncmp(address, "127.", 4) == 0)
		return false;
	return direct ? direct->silent : s->routers;
}

void silent_hops_free(struct silent_hops *s)
{
	free(s->neighbours);
	*s = (struct silent_hops){ 0 };
}
