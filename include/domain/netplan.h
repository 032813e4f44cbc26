/*
 * Numbers handed to a tenant: everything follows from its slot, so that one small
 * integer, claimed under a lock, gives subnet, addresses, uids and bridge name
 * without collisions.
 */
#ifndef DOMAIN_NETPLAN_H
#define DOMAIN_NETPLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "domain/spec.h"

#define NONCE_SIZE 33

struct allocation { /* /var/lib/tenantctl/tenants/NAME/allocation.json */
	int64_t slot;
	char *nonce;   /* 32 hex digits: tells this creation from any other of the same name */
	char *created; /* RFC 3339, UTC */
	/* As they were at creation; later changes of the host configuration do not move a tenant.
	 */
	char *subnet, *gateway_ip, *worker_ip, *twin_ip, *egress_ip, *bridge;
	int64_t worker_uid, gateway_uid;
	char *listen_host;
	int64_t listen_port;
	char *token; /* the worker's placeholder for keys; NULL in files of older versions */
};
extern const struct bind_table allocation_table;
void allocation_free(struct allocation *a);
#define auto_allocation cleanup_with(allocation_free)

struct ipv4_net {
	uint32_t base; /* host order, host bits zero */
	unsigned prefix;
};

int ipv4_parse(const char *s, uint32_t *out, struct err *e) must_check;
int ipv4_net_parse(const char *s, struct ipv4_net *out, struct err *e)
	must_check; /* "10.0.0.0/8" */
bool ipv4_net_overlaps(const struct ipv4_net *a, const struct ipv4_net *b);
void ipv4_format(uint32_t ip, char buf[16]);

/* How many slots the host configuration has room for (the smaller of pool and egress subnet). */
int64_t netplan_slots(const struct host_config *h);
/* The /29 of a slot; ERR_MANIFEST when the configured prefixes are wrong. */
int netplan_slot_net(const struct host_config *h, int64_t slot, struct ipv4_net *out, struct err *e)
	must_check;
/* Fills everything but nonce and created. Addresses: .1 reserved, gateway .2, worker .3, twin .4.
 */
int netplan_allocate(const struct host_config *h, const struct tenant_spec *s, int64_t slot,
		     struct allocation *out, struct err *e) must_check;

#endif
