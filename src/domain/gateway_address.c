/*
 * Which addresses a gateway never dials, and which only where an entry says so. One
 * place for the ranges: what they cover already needs no word in the configuration,
 * so that bridges and tunnels that come and go change nothing there.
 */
#include "gateway_check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "domain/netplan.h"

/* HAProxy takes 64 words a line; several lines of one name are one list. */
#define ADDRESSES_A_LINE 16

/*
 * Never a destination, whatever an entry says: this network, loopback, link-local with the metadata
 * services, metadata addresses elsewhere, multicast, reserved and broadcast.
 */
static const char *const never_nets[] = { "0.0.0.0/8",	      "127.0.0.0/8",
					  "169.254.0.0/16",   "100.100.100.200/32",
					  "168.63.129.16/32", "192.0.0.192/32",
					  "224.0.0.0/4",      "240.0.0.0/4" };

/* Only where an entry says "private: true". The documentation ranges are left out: nothing lives
 * there, and they are what tests call the internet. */
static const char *const private_nets[] = { "10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
					    "100.64.0.0/10", "192.0.0.0/24",  "192.88.99.0/24",
					    "198.18.0.0/15" };

static bool is_in(uint32_t ip, const char *text)
{
	const struct ipv4_net one = { .base = ip, .prefix = 32 };
	struct err ignored = ERR_INIT;
	struct ipv4_net net;

	return ipv4_net_parse(text, &net, &ignored) == 0 && ipv4_net_overlaps(&net, &one);
}

static bool is_refused_anyway(const struct gateway_config *c, uint32_t ip)
{
	bool yes = is_in(ip, c->pool) || is_in(ip, c->egress_subnet);

	for (size_t i = 0; i < ARRAY_SIZE(never_nets); i++)
		yes = yes || is_in(ip, never_nets[i]);
	for (size_t i = 0; i < ARRAY_SIZE(private_nets); i++)
		yes = yes || is_in(ip, private_nets[i]);
	return yes;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void gateway_own_addresses(const struct gateway_config *c, struct strlist *out)
{
	size_t all = c->host_addresses ? c->host_addresses->count : 0, count = 0;
	auto_free uint32_t *ips = mem_array(all + 1, sizeof(*ips));
	struct err ignored = ERR_INIT;
	char text[16];

	for (size_t i = 0; i < all; i++)
		/* Not IPv6: the gateway resolves and dials IPv4 only. */
		if (ipv4_parse(c->host_addresses->items[i], &ips[count], &ignored) == 0 &&
		    !is_refused_anyway(c, ips[count]))
			count++;
	qsort(ips, count, sizeof(*ips), by_number);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && ips[i] == ips[i - 1])
			continue;
		ipv4_format(ips[i], text);
		strlist_add(out, text);
	}
}

enum gateway_address gateway_address_kind(const struct gateway_config *c, const char *address)
{
	struct strlist own auto_strlist = { 0 };
	struct err ignored = ERR_INIT;
	bool never, inside = false;
	uint32_t ip;

	if (ipv4_parse(address, &ip, &ignored))
		return GATEWAY_ADDRESS_NEVER;
	gateway_own_addresses(c, &own);
	never = is_in(ip, c->pool) || is_in(ip, c->egress_subnet) || strlist_has(&own, address);
	for (size_t i = 0; i < ARRAY_SIZE(never_nets); i++)
		never = never || is_in(ip, never_nets[i]);
	for (size_t i = 0; i < ARRAY_SIZE(private_nets); i++)
		inside = inside || is_in(ip, private_nets[i]);
	return never	? GATEWAY_ADDRESS_NEVER
	       : inside ? GATEWAY_ADDRESS_PRIVATE
			: GATEWAY_ADDRESS_PUBLIC;
}

static void add_words(struct strbuf *b, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf_printf(b, " %s", words[i]);
}

void gateway_add_address_acls(struct strbuf *b, const struct gateway_config *c,
			      const struct strlist *own)
{
	static const char never[] = "\tacl never var(txn.dst) -m ip";

	strbuf_puts(b, never);
	add_words(b, never_nets, ARRAY_SIZE(never_nets));
	strbuf_printf(b, " %s %s\n", c->pool, c->egress_subnet);
	for (size_t i = 0; i < own->count; i++)
		strbuf_printf(b, "%s %s%s", i % ADDRESSES_A_LINE ? "" : never, own->items[i],
			      (i + 1) % ADDRESSES_A_LINE && i + 1 < own->count ? "" : "\n");
	strbuf_puts(b, "\tacl private var(txn.dst) -m ip");
	add_words(b, private_nets, ARRAY_SIZE(private_nets));
	strbuf_puts(b, "\n");
}
