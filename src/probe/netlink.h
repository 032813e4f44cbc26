/* Interfaces, routes and sockets of the current network namespace. Private to the probe layer. */
#ifndef PROBE_NETLINK_H
#define PROBE_NETLINK_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

/* A part of a message that is walked with bounds; the kernel's own macros cast away alignment. */
struct netlink_span {
	const unsigned char *p;
	size_t left;
};
typedef void (*netlink_item)(void *arg, unsigned type, struct netlink_span body);

/* Sends a question, message header first, and hands each message of the answer to `item`. */
int netlink_ask(int protocol, const void *question, size_t size, netlink_item item, void *arg,
		struct err *e) must_check;

struct netlink_link {
	char name[16];
	int index, peer, master; /* 0: none */
	bool up;
};

struct netlink_neighbour {
	char address[16]; /* IPv4 */
	bool silent;	  /* asked for (ARP), and no answer so far or any more */
};

#define NETLINK_NEIGHBOURS_MAX 4096
#define NETLINK_LINKS_MAX 4096
#define NETLINK_ROUTES_MAX 256

/* The caller frees *out. */
int netlink_links(struct netlink_link **out, size_t *out_count, struct err *e) must_check;
/* One interface; ERR_SYSTEM when there is none of this number. */
int netlink_link(int index, struct netlink_link *out, struct err *e) must_check;
/* Adds the addresses of one interface, "10.231.0.1/29". */
int netlink_addresses(int index, struct strlist *out, struct err *e) must_check;
/* What the kernel knows of IPv4 neighbours. The caller frees *out. */
int netlink_neighbours(struct netlink_neighbour **out, size_t *out_count, struct err *e) must_check;
/* IPv4 unicast routes of all tables but the local one; interface names come from `links`. */
int netlink_routes(const struct netlink_link *links, size_t link_count, struct route_facts **out,
		   size_t *out_count, struct err *e) must_check;
/* NULL when there is none. */
const struct netlink_link *netlink_by_index(const struct netlink_link *links, size_t count,
					    int index);
/* Listening TCP ports and bound UDP ports, at most `max`; ERR_SYSTEM also where the kernel does not
 * tell it this way (sock_diag(7)). */
int netlink_listeners(struct host_port *out, size_t max, size_t *out_count, struct err *e)
	must_check;

#endif
