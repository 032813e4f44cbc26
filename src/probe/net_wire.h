/*
 * What the child in the namespace tells its parent: fixed-size records in this order,
 * header, links, routes, ports, reach, dns, http and the gateway's reach results. The child has
 * read hostile packets, so the parent believes counts, enums and texts only after a check.
 */
#ifndef PROBE_NET_WIRE_H
#define PROBE_NET_WIRE_H

#include <stdint.h>

#include "base/strbuf.h"
#include "probe/facts.h"

enum { NET_ADDRESSES_MAX = 16, NET_LINKS_MAX = 64, NET_MAGIC = 0x746e6574 };

struct net_header {
	uint32_t magic, links, routes, reach, dns, http, ports, gateway_reach;
	uint8_t ipv6_disabled, ip_forward, ports_known, spare;
	char error[200];
};

struct net_link {
	char name[16];
	int32_t index, peer;
	uint32_t up, addresses;
	char address[NET_ADDRESSES_MAX][52];
};

struct net_port {
	char address[46];
	uint16_t port, udp, spare;
};

struct net_reach_result {
	int32_t outcome, sys_errno;
};

struct net_dns_result {
	int32_t outcome, rcode;
	char answer[48];
};

struct net_http_result {
	int32_t outcome, status;
	char reason[24];
};

/* Copies a report into *out, whose reach, dns and http arrays are there already. Returns false,
 * with *out unchanged, when the report is not exactly what was asked for. */
bool net_wire_accept(const void *data, size_t len, struct tenant_facts *out);

#endif
