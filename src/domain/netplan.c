/*
 * Address arithmetic. A slot is the only number that is claimed; its /29, its
 * address on the egress network, its two uids and its bridge name follow from it.
 * /29: network, .1 reserved for the bridge the engine insists on, .2 gateway,
 * .3 worker, .4 twin, two spare, broadcast.
 */
#include "domain/netplan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

#define SLOT_PREFIX 29
#define SLOT_SIZE 8
#define EGRESS_RESERVED 16 /* network address, the bridge, room for tools */

static const struct bind_field allocation_fields[] = {
	{ .key = "slot",
	  .kind = BIND_INT,
	  .offset = offsetof(struct allocation, slot),
	  .flags = BIND_REQUIRED,
	  .max = 1 << 20 },
	{ .key = "nonce",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, nonce),
	  .flags = BIND_REQUIRED,
	  .pattern = "^[0-9a-f]{32}$" },
	{ .key = "created", .kind = BIND_STRING, .offset = offsetof(struct allocation, created) },
	{ .key = "subnet",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, subnet),
	  .flags = BIND_REQUIRED },
	{ .key = "gateway_ip",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, gateway_ip),
	  .flags = BIND_REQUIRED },
	{ .key = "worker_ip",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, worker_ip),
	  .flags = BIND_REQUIRED },
	{ .key = "twin_ip",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, twin_ip),
	  .flags = BIND_REQUIRED },
	{ .key = "egress_ip",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, egress_ip),
	  .flags = BIND_REQUIRED },
	{ .key = "bridge",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, bridge),
	  .flags = BIND_REQUIRED,
	  .pattern = "^tc-[0-9a-f]{8}$" },
	{ .key = "worker_uid",
	  .kind = BIND_INT,
	  .offset = offsetof(struct allocation, worker_uid),
	  .flags = BIND_REQUIRED,
	  .min = 1,
	  .max = INT32_MAX },
	{ .key = "gateway_uid",
	  .kind = BIND_INT,
	  .offset = offsetof(struct allocation, gateway_uid),
	  .flags = BIND_REQUIRED,
	  .min = 1,
	  .max = INT32_MAX },
	{ .key = "listen_host",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, listen_host),
	  .flags = BIND_REQUIRED },
	{ .key = "listen_port",
	  .kind = BIND_INT,
	  .offset = offsetof(struct allocation, listen_port),
	  .flags = BIND_REQUIRED,
	  .min = 1,
	  .max = UINT16_MAX },
	{ .key = "token",
	  .kind = BIND_STRING,
	  .offset = offsetof(struct allocation, token),
	  .pattern = SECRET_PLACEHOLDER_PATTERN },
};

const struct bind_table allocation_table = {
	.name = "allocation",
	.size = sizeof(struct allocation),
	.fields = allocation_fields,
	.count = ARRAY_SIZE(allocation_fields),
};

void allocation_free(struct allocation *a)
{
	bind_free(&allocation_table, a);
}

int ipv4_parse(const char *s, uint32_t *out, struct err *e)
{
	struct in_addr a;

	/* inet_pton(3) takes dotted decimal only: no octal, hex or short forms. */
	if (inet_pton(AF_INET, s, &a) != 1)
		return err_set(e, ERR_MANIFEST, "'%s' is not an IPv4 address", s);
	*out = ntohl(a.s_addr);
	return 0;
}

void ipv4_format(uint32_t ip, char buf[16])
{
	struct in_addr a = { .s_addr = htonl(ip) };

	inet_ntop(AF_INET, &a, buf, 16);
}

static uint32_t prefix_mask(unsigned prefix)
{
	return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

int ipv4_net_parse(const char *s, struct ipv4_net *out, struct err *e)
{
	char host[16];
	int64_t prefix;
	uint32_t ip = 0;
	const char *slash = strchr(s, '/');

	if (!slash || (size_t)(slash - s) >= sizeof(host))
		return err_set(e, ERR_MANIFEST, "'%s' is not ADDRESS/PREFIX", s);
	memcpy(host, s, (size_t)(slash - s));
	host[slash - s] = '\0';
	if (ipv4_parse(host, &ip, e) || bind_parse_int(slash + 1, 0, 32, &prefix, e))
		return err_wrap(e, "network '%s'", s);
	if (ip & ~prefix_mask((unsigned)prefix))
		return err_set(e, ERR_MANIFEST, "'%s' has bits set behind its prefix", s);
	*out = (struct ipv4_net){ .base = ip, .prefix = (unsigned)prefix };
	return 0;
}

bool ipv4_net_overlaps(const struct ipv4_net *a, const struct ipv4_net *b)
{
	uint32_t mask = prefix_mask(MIN_OF(a->prefix, b->prefix));

	return (a->base & mask) == (b->base & mask);
}

static uint64_t net_size(const struct ipv4_net *n)
{
	return (uint64_t)1 << (32 - n->prefix);
}

int64_t netplan_slots(const struct host_config *h)
{
	struct ipv4_net pool, egress;
	struct err ignored = ERR_INIT;
	int64_t by_pool, by_egress;

	if (ipv4_net_parse(h->pool, &pool, &ignored) ||
	    ipv4_net_parse(h->egress_subnet, &egress, &ignored))
		return 0;
	by_pool = (int64_t)(net_size(&pool) / SLOT_SIZE);
	/* The last address is the broadcast address. */
	by_egress = (int64_t)net_size(&egress) - EGRESS_RESERVED - 1;
	return MAX_OF(0, MIN_OF(by_pool, by_egress));
}

int netplan_slot_net(const struct host_config *h, int64_t slot, struct ipv4_net *out, struct err *e)
{
	struct ipv4_net pool;

	if (ipv4_net_parse(h->pool, &pool, e))
		return err_wrap(e, "host configuration: pool");
	if (slot < 0 || slot >= netplan_slots(h))
		return err_set(e, ERR_REFUSED, "slot %lld is outside the address pools",
			       (long long)slot);
	out->base = pool.base + (uint32_t)slot * SLOT_SIZE;
	out->prefix = SLOT_PREFIX;
	return 0;
}

static char *ipv4_dup(uint32_t ip)
{
	char buf[16];

	ipv4_format(ip, buf);
	return mem_strdup(buf);
}

/* Stable and short: an interface name has 15 bytes at most (IFNAMSIZ), a tenant's name up to 40. */
static char *bridge_name(const char *tenant)
{
	char hex[DIGEST_HEX_SIZE];

	digest_of(tenant, strlen(tenant), hex);
	return mem_printf("tc-%.8s", hex);
}

int netplan_allocate(const struct host_config *h, const struct tenant_spec *s, int64_t slot,
		     struct allocation *out, struct err *e)
{
	struct ipv4_net net, egress;
	char base[16];

	if (netplan_slot_net(h, slot, &net, e))
		return -1;
	if (ipv4_net_parse(h->egress_subnet, &egress, e))
		return err_wrap(e, "host configuration: egress_subnet");
	if (h->uid_base < 1 || h->uid_base + 2 * slot + 1 > INT32_MAX)
		return err_set(e, ERR_REFUSED, "slot %lld has no uid left", (long long)slot);
	if (!s->listen_port && h->port_base + slot > UINT16_MAX)
		return err_set(e, ERR_REFUSED, "slot %lld has no port left for 'listen: auto'",
			       (long long)slot);
	ipv4_format(net.base, base);
	*out = (struct allocation){
		.slot = slot,
		.subnet = mem_printf("%s/%d", base, SLOT_PREFIX),
		.gateway_ip = ipv4_dup(net.base + 2),
		.worker_ip = ipv4_dup(net.base + 3),
		.twin_ip = ipv4_dup(net.base + 4),
		.egress_ip = ipv4_dup(egress.base + EGRESS_RESERVED + (uint32_t)slot),
		.bridge = bridge_name(s->tenant),
		.worker_uid = h->uid_base + 2 * slot,
		.gateway_uid = h->uid_base + 2 * slot + 1,
		.listen_host = mem_strdup(s->listen_port ? s->listen_host : "127.0.0.1"),
		.listen_port = s->listen_port ? s->listen_port : h->port_base + slot,
	};
	return 0;
}
