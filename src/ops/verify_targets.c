/*
 * What a worker is made to try. Attempts are cheap: a worker without a route is told
 * so at once, so the list is long rather than clever.
 */
#include "verify_targets.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/egress_log.h"
#include "domain/gateway.h"

enum { DNS_A = 1, DNS_PTR = 12, DNS_TXT = 16, DNS_AAAA = 28, DNS_SRV = 33 };
enum { HOST_ATTEMPTS_MAX = 4096, ALLOWED_NAMES_MAX = 3, PEERS_NEAR = 4 };

#define EMBEDDED_DNS "127.0.0.11"

static struct reach_attempt *push_reach(struct reach_attempt **items, size_t *count)
{
	*items = mem_grow(*items, *count + 1, sizeof(**items));
	(*items)[*count] = (struct reach_attempt){ .outcome = REACH_ERROR };
	return &(*items)[(*count)++];
}

static struct reach_attempt *add_reach(struct targets *t, const char *check, const char *target,
				       const char *address, uint16_t port, bool udp)
{
	struct reach_attempt *a = push_reach(&t->reach, &t->reach_count);

	snprintf(a->check, sizeof(a->check), "%s", check);
	snprintf(a->target, sizeof(a->target), "%s", target);
	snprintf(a->address, sizeof(a->address), "%s", address);
	a->port = port;
	a->udp = udp;
	return a;
}

static void add_dns(struct targets *t, const char *check, const char *server, const char *name,
		    uint16_t type, bool tcp, bool must_work)
{
	struct dns_attempt *a;

	t->dns = mem_grow(t->dns, t->dns_count + 1, sizeof(*t->dns));
	a = &t->dns[t->dns_count++];
	*a = (struct dns_attempt){
		.type = type, .tcp = tcp, .must_work = must_work, .outcome = DNS_ERROR, .rcode = -1
	};
	snprintf(a->check, sizeof(a->check), "%s", check);
	snprintf(a->server, sizeof(a->server), "%s", server);
	snprintf(a->name, sizeof(a->name), "%s", name);
}

/* ---- the own gateway ---- */

static bool is_declared(const struct tenant_spec *s, uint16_t port)
{
	const struct egress_entry *g = s->egress.items;

	for (size_t i = 0; i < s->egress.count; i++)
		if (g[i].port == port)
			return true;
	return port == GATEWAY_DNS_PORT || port == GATEWAY_ROUTE_PORT;
}

static void add_control(struct targets *t, const char *ip, uint16_t port, bool udp)
{
	add_reach(t, "net.gateway.control", "own gateway", ip, port, udp)->must_work = true;
}

/* dnsmasq makes a process for each connection: a quick look makes none that it can do without. */
static void add_gateway(const struct target_inputs *in, struct targets *t)
{
	static const uint16_t undeclared[] = {
		1,    21,   22,	  23,	25,   111,  143,  443,	853,
		2375, 2376, 3128, 3306, 5432, 6379, 8080, 8404, 9999
	};
	const char *ip = in->allocation->gateway_ip;
	const struct egress_entry *g = in->spec->egress.items;
	bool has_tcp = false;

	add_control(t, ip, GATEWAY_DNS_PORT, true);
	for (size_t i = 0; i < in->spec->egress.count; i++) {
		if (g[i].expires) /* one that may have expired proves nothing either way */
			continue;
		add_control(t, ip, (uint16_t)g[i].port, false);
		has_tcp = true;
	}
	if (!in->quick || !has_tcp)
		add_control(t, ip, GATEWAY_DNS_PORT, false);
	for (size_t i = 0; i < ARRAY_SIZE(undeclared); i++)
		if (!is_declared(in->spec, undeclared[i]))
			add_reach(t, "net.gateway.ports", "own gateway", ip, undeclared[i], false);
}

/* ---- other tenants ---- */

struct peer_target {
	const char *check, *what, *address;
	uint16_t port;
	bool udp, alive;
};

/* Where a peer can be tried, each with its control. */
enum { PEER_TARGETS = 6 };

static void peer_targets(const struct peer *p, struct peer_target out[PEER_TARGETS])
{
	const struct allocation *a = &p->allocation;
	const struct peer_control *c = &p->control;
	const struct peer_target list[PEER_TARGETS] = {
		{ "net.sibling.tcp", "worker", a->worker_ip, PEER_PORT, false, c->worker_tcp },
		{ "net.sibling.udp", "worker", a->worker_ip, PEER_PORT, true, c->worker_udp },
		{ "net.sibling.tcp", "gateway", a->gateway_ip, GATEWAY_DNS_PORT, false,
		  c->gateway_tcp },
		{ "net.sibling.udp", "gateway", a->gateway_ip, GATEWAY_DNS_PORT, true,
		  c->gateway_udp },
		{ "net.sibling.tcp", "gateway's egress side", a->egress_ip, GATEWAY_INBOUND_PORT,
		  false, c->inbound_tcp },
		{ "route.peer", "credential routes", a->gateway_ip, GATEWAY_ROUTE_PORT, false,
		  c->route_tcp },
	};

	memcpy(out, list, sizeof(list));
}

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1");
}

/* Link-local addresses need a scope to be tried at all; IPv6 being off is a check of its own. */
static bool is_triable(const char *address)
{
	return !is_loopback(address) && strncmp(address, "fe80:", 5) != 0;
}

static void add_peer(const struct target_inputs *in, const struct peer *p, struct targets *t)
{
	struct peer_target list[PEER_TARGETS];
	char what[96];

	peer_targets(p, list);
	for (size_t i = 0; i < PEER_TARGETS; i++) {
		snprintf(what, sizeof(what), "%s %s", p->tenant, list[i].what);
		add_reach(t, list[i].check, what, list[i].address, list[i].port, list[i].udp);
	}
	snprintf(what, sizeof(what), "%s published port", p->tenant);
	for (size_t i = 0; i < in->host_addresses->count; i++)
		if (is_triable(in->host_addresses->items[i]))
			add_reach(t, "net.published", what, in->host_addresses->items[i],
				  (uint16_t)p->allocation.listen_port, false);
}

/* Peers come in the order of their names; the next ones after this tenant are near, the last one's
 * next is the first. */
static bool is_near(const struct target_inputs *in, size_t i)
{
	size_t count = in->peers->count, next = 0;

	while (next < count && strcmp(in->peers->items[next].tenant, in->spec->tenant) < 0)
		next++;
	return (i + count - next) % count < PEERS_NEAR;
}

/* The resolver that the worker is given is asked for each peer, the engine's in a quick look for
 * near ones: what that does not know it asks another in a namespace, and so it works longer than
 * all else when fifty tenants ask for fifty names. */
static void add_peer_names(const struct target_inputs *in, const struct peer *p, bool near,
			   struct targets *t)
{
	auto_free char *worker = mem_printf("tc-%s", p->tenant);
	auto_free char *gateway = mem_printf("tc-%s-gw", p->tenant);
	auto_free char *nonce = mem_strndup(in->allocation->nonce, EGRESS_PROBE_NONCE);

	egress_probe_case(worker, nonce);
	egress_probe_case(gateway, nonce);
	add_dns(t, "net.sibling.dns", in->allocation->gateway_ip, worker, DNS_A, false, false);
	if (near)
		add_dns(t, "net.sibling.dns", EMBEDDED_DNS, worker, DNS_A, false, false);
	if (!in->quick)
		add_dns(t, "net.sibling.dns", EMBEDDED_DNS, gateway, DNS_A, false, false);
}

void targets_add_controls(const struct peers *peers, struct tenant_facts *facts)
{
	for (size_t i = 0; i < peers->count; i++) {
		const struct peer *p = &peers->items[i];
		struct peer_target list[PEER_TARGETS];

		peer_targets(p, list);
		for (size_t k = 0; p->running && k < PEER_TARGETS; k++) {
			struct reach_attempt *a = push_reach(&facts->reach, &facts->reach_count);

			snprintf(a->check, sizeof(a->check), "%s", list[k].check);
			snprintf(a->target, sizeof(a->target), "%s %s, from its own side",
				 p->tenant, list[k].what);
			snprintf(a->address, sizeof(a->address), "%s", list[k].address);
			a->port = list[k].port;
			a->udp = list[k].udp;
			a->must_work = true;
			a->outcome = list[k].alive ? REACH_OPEN : REACH_TIMEOUT;
		}
	}
}

/* ---- the host and the world ---- */

static bool port_is_on(const struct host_port *p, const char *address)
{
	return !strcmp(p->address, address) || !strcmp(p->address, "0.0.0.0") ||
	       !strcmp(p->address, "::");
}

/* Ports that the host really listens on, and a few that tell by a refusal that packets arrive. */
static void add_host_address(const struct target_inputs *in, const char *address, struct targets *t)
{
	static const uint16_t always[] = { 22, 53, 2375 };
	size_t first = t->reach_count;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		add_reach(t, "net.host.tcp", "host", address, always[i], false);
		add_reach(t, "net.host.udp", "host", address, always[i], true);
	}
	for (size_t i = 0; i < in->host_port_count; i++) {
		const struct host_port *p = &in->host_ports[i];

		if (t->reach_count - first < HOST_ATTEMPTS_MAX && port_is_on(p, address))
			add_reach(t, p->udp ? "net.host.udp" : "net.host.tcp", "host", address,
				  p->port, p->udp);
	}
}

static void add_world(struct targets *t)
{
	static const char *const metadata[] = { "169.254.169.254", "169.254.170.2",
						"100.100.100.200", "100.96.0.96",
						"168.63.129.16",   "192.0.0.192",
						"fd00:ec2::254" };
	static const char *const internet[] = { "1.1.1.1", "8.8.8.8", "9.9.9.9",
						"2606:4700:4700::1111" };
	static const uint16_t tcp[] = { 22, 25, 53, 80, 443, 853, 8080 };
	static const uint16_t udp[] = { 53, 123, 443 };

	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++) {
		add_reach(t, "net.metadata", "cloud metadata", metadata[i], 80, false);
		add_reach(t, "net.metadata", "cloud metadata", metadata[i], 53, true);
	}
	for (size_t i = 0; i < ARRAY_SIZE(internet); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(tcp); k++)
			add_reach(t, "net.internet.tcp", "internet", internet[i], tcp[k], false);
		for (size_t k = 0; k < ARRAY_SIZE(udp); k++)
			add_reach(t, "net.internet.udp", "internet", internet[i], udp[k], true);
	}
}

/* ---- names ---- */

static void add_allowed_names(const struct target_inputs *in, struct targets *t)
{
	const struct egress_entry *g = in->spec->egress.items;
	const char *server = in->allocation->gateway_ip;
	size_t added = 0;

	add_dns(t, "net.dns.gateway", server, "gateway", DNS_A, false, true);
	if (!in->quick)
		add_dns(t, "net.dns.gateway", server, "gateway", DNS_A, true, true);
	for (size_t i = 0; i < in->spec->egress.count && added < ALLOWED_NAMES_MAX; i++) {
		const char *host = g[i].host;

		if (g[i].expires || host[strspn(host, "0123456789.")] == '\0')
			continue;
		auto_free char *name =
			host[0] == '*' ? mem_printf("probe%s", host + 1) : mem_strdup(host);
		add_dns(t, "net.dns.gateway", server, name, DNS_A, false, true);
		added++;
	}
}

/* RFC 6761 keeps .example from ever being delegated, so no manifest has a use for it. The nonce
 * makes the name one that no cache on the way has seen. */
static void add_names(const struct target_inputs *in, struct targets *t)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_SRV, DNS_PTR };
	const char *server = in->allocation->gateway_ip;
	auto_free char *unknown = mem_printf("%.16s" EGRESS_PROBE_SUFFIX, in->allocation->nonce);
	auto_free char *own = mem_printf("tc-%s-gw", in->spec->tenant);

	add_allowed_names(in, t);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		add_dns(t, "net.dns.gateway", server, unknown, types[i], false, false);
	if (!in->quick)
		add_dns(t, "net.dns.gateway", server, unknown, DNS_TXT, true, false);
	add_dns(t, "net.dns.gateway", server, EGRESS_PROBE_REVERSE, DNS_PTR, false, false);
	add_dns(t, "net.dns.embedded", EMBEDDED_DNS, own, DNS_A, false, true);
	add_dns(t, "net.dns.embedded", EMBEDDED_DNS, unknown, DNS_A, false, false);
	if (!in->quick)
		add_dns(t, "net.dns.embedded", EMBEDDED_DNS, unknown, DNS_TXT, false, false);
}

/* Gateways share one network, and only the engine's firewall keeps them apart there. A few show
 * whether it does; one that does not even answer the host shows nothing. */
static void add_near_gateways(const struct target_inputs *in, struct targets *t)
{
	for (size_t i = 0; i < in->peers->count; i++) {
		const struct peer *p = &in->peers->items[i];
		struct reach_attempt *a;

		if (!p->running || !p->control.inbound_tcp || !is_near(in, i))
			continue;
		a = push_reach(&t->gateway_reach, &t->gateway_reach_count);
		snprintf(a->check, sizeof(a->check), "gateway.peers");
		snprintf(a->target, sizeof(a->target), "%s gateway", p->tenant);
		snprintf(a->address, sizeof(a->address), "%s", p->allocation.egress_ip);
		a->port = GATEWAY_INBOUND_PORT;
	}
}

void targets_build(const struct target_inputs *in, struct targets *out)
{
	*out = (struct targets){ 0 };
	add_gateway(in, out);
	add_names(in, out);
	targets_add_routes(in, out);
	for (size_t i = 0; i < in->host_addresses->count; i++)
		if (is_triable(in->host_addresses->items[i]))
			add_host_address(in, in->host_addresses->items[i], out);
	add_world(out);
	add_near_gateways(in, out);
	for (size_t i = 0; i < in->peers->count; i++) {
		if (in->peers->items[i].running)
			add_peer(in, &in->peers->items[i], out);
		add_peer_names(in, &in->peers->items[i], !in->quick || is_near(in, i), out);
	}
}

void targets_select(struct targets *t, const struct strlist *only)
{
	size_t reach = 0, dns = 0, http = 0, gateway = 0;

	for (size_t i = 0; i < t->reach_count; i++)
		if (t->reach[i].must_work || check_is_selected(t->reach[i].check, only))
			t->reach[reach++] = t->reach[i];
	for (size_t i = 0; i < t->dns_count; i++)
		if (t->dns[i].must_work || check_is_selected(t->dns[i].check, only))
			t->dns[dns++] = t->dns[i];
	for (size_t i = 0; i < t->http_count; i++)
		if (t->http[i].must_work || check_is_selected(t->http[i].check, only))
			t->http[http++] = t->http[i];
	for (size_t i = 0; i < t->gateway_reach_count; i++)
		if (check_is_selected(t->gateway_reach[i].check, only))
			t->gateway_reach[gateway++] = t->gateway_reach[i];
	t->reach_count = reach;
	t->dns_count = dns;
	t->http_count = http;
	t->gateway_reach_count = gateway;
}

void targets_free(struct targets *t)
{
	free(t->reach);
	free(t->dns);
	free(t->http);
	free(t->gateway_reach);
	*t = (struct targets){ 0 };
}
