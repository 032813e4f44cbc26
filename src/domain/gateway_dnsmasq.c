/*
 * dnsmasq.conf: the worker's only resolver. It knows the allowed names, leads them
 * all to the gateway itself, and has nobody to ask about any other.
 */
#include "gateway_check.h"

#include <string.h>

/*
 * local=/#/ answers NXDOMAIN for every type of every name that nothing else matches. There is no
 * cache, as nothing is ever fetched. A TTL of 5 s lets a changed list be felt soon.
 */
static const char preamble[] = "port=%d\n"
			       "listen-address=%s\n"
			       "bind-interfaces\n"
			       "no-resolv\n"
			       "no-poll\n"
			       "no-hosts\n"
			       "addn-hosts=/run/gateway/hosts\n"
			       "no-ident\n"
			       "cache-size=0\n"
			       "local-ttl=5\n"
			       "max-tcp-connections=8\n"
			       "edns-packet-max=1232\n"
			       "log-queries=extra\n"
			       "local=/#/\n"
			       "host-record=gateway,%s\n"
			       "host-record=proxy,%s\n";

/* One name may be allowed on several ports; its record would be answered twice. */
static bool named_before(const struct gateway_config *c, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(c->egress[i].host, c->egress[index].host) == 0)
			return true;
	return false;
}

void gateway_add_dnsmasq(struct strbuf *b, const struct gateway_config *c)
{
	strbuf_printf(b, preamble, GATEWAY_DNS_PORT, c->inner_ip, c->inner_ip, c->inner_ip);
	for (size_t i = 0; i < c->egress_count; i++) {
		const char *host = c->egress[i].host;

		/* With a leading "*." it is every name below and not the name itself, for A;
		 * "local" makes it so for other types (dnsmasq(8), --server). */
		if (gateway_is_wildcard(host) && !named_before(c, i))
			strbuf_printf(b, "address=/%s/%s\nlocal=/%s/\n", host, c->inner_ip, host);
	}
}

/* Exact names: dnsmasq reads this file again at a SIGHUP, the other one never. */
void gateway_add_hosts(struct strbuf *b, const struct gateway_config *c)
{
	for (size_t i = 0; i < c->egress_count; i++) {
		const char *host = c->egress[i].host;

		if (!gateway_is_wildcard(host) && !gateway_is_ipv4(host) && !named_before(c, i))
			strbuf_printf(b, "%s %s\n", c->inner_ip, host);
	}
}
