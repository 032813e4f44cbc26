/*
 * What the tests of the gateway's files start from: addresses and names that are in order, with
 * the rules of the test.
 */
#ifndef UNIT_DOMAIN_GATEWAY_CONFIG_H
#define UNIT_DOMAIN_GATEWAY_CONFIG_H

#include "domain/gateway.h"

/* The engine's own address in tests/support/lab.sh, beside two that need no word. */
static char *gateway_host_items[] = { (char *)"127.0.0.1", (char *)"192.0.2.1",
				      (char *)"10.230.0.1", NULL };
static const struct strlist gateway_host = { .items = gateway_host_items, .count = 3 };

static inline struct gateway_config config_of(const struct egress_entry *egress, size_t count)
{
	return (struct gateway_config){
		.tenant = "acme-dental",
		.inner_ip = "10.231.0.2",
		.worker_ip = "10.231.0.3",
		.worker_port = 18789,
		.egress_ip = "10.230.0.2",
		.egress_host_ip = "10.230.0.1",
		.inbound_port = 8080,
		.inbound_loopback_only = true,
		.resolver = "127.0.0.11:53",
		.pool = "10.231.0.0/16",
		.egress_subnet = "10.230.0.0/16",
		.host_addresses = &gateway_host,
		.egress = egress,
		.egress_count = count,
	};
}

#endif
