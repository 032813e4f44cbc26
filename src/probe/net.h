/* The worker's network namespace, seen from inside. Private to the probe layer. */
#ifndef PROBE_NET_H
#define PROBE_NET_H

#include "probe/facts.h"
#include "target.h"

struct net_request {
	const struct target *worker, *gateway; /* NULL: not there */
	const struct reach_attempt *reach;
	size_t reach_count;
	const struct dns_attempt *dns;
	size_t dns_count;
	const struct http_attempt *http;
	size_t http_count;
	const struct reach_attempt *gateway_reach; /* from the gateway's namespace */
	size_t gateway_reach_count;
	int timeout_ms;
};

/* Fills the network part of *out; what went wrong is in out->net_error. Attempts that were not
 * made are REACH_ERROR, DNS_ERROR and HTTP_ERROR. */
void net_probe(const struct net_request *r, struct tenant_facts *out);

/* Names the bridge that the host side of each interface belongs to, and the addresses that
 * `bridge` has here. */
void net_host_side(const char *bridge, struct tenant_facts *out);

/* ---- for a child that visits a namespace itself ---- */

/* The network namespace of a held process. */
int net_open_namespace(const struct target *t, int *out_fd, struct err *e) must_check;
/* Enters it; the calling thread is there for good. */
int net_enter(int proc_root, int ns, struct err *e) must_check;
/* Becomes nobody, without capabilities: nothing is left that a flaw in the readers of answers could
 * abuse. The parent-death signal is set to SIGKILL. */
int net_drop_privileges(struct err *e) must_check;

#endif
