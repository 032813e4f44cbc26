/* The parent's side of the report: every length, count, number and text is checked. */
#include "net_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "listeners.h"
#include "netlink.h"

struct cursor {
	const unsigned char *p;
};

static void take(struct cursor *c, void *out, size_t len)
{
	memcpy(out, c->p, len);
	c->p += len;
}

static bool is_text(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static size_t report_size(const struct net_header *h)
{
	return sizeof(*h) + h->links * sizeof(struct net_link) +
	       h->routes * sizeof(struct route_facts) + h->ports * sizeof(struct net_port) +
	       h->reach * sizeof(struct net_reach_result) + h->dns * sizeof(struct net_dns_result) +
	       h->http * sizeof(struct net_http_result) +
	       h->gateway_reach * sizeof(struct net_reach_result);
}

static bool header_is_sound(const struct net_header *h, size_t len, const struct tenant_facts *want)
{
	return h->magic == NET_MAGIC && h->links <= NET_LINKS_MAX &&
	       h->routes <= NETLINK_ROUTES_MAX && h->ports <= LISTENERS_PORTS_MAX &&
	       h->reach == want->reach_count && h->dns == want->dns_count &&
	       h->http == want->http_count && h->gateway_reach == want->gateway_reach_count &&
	       is_text(h->error, sizeof(h->error)) && len == report_size(h);
}

static bool take_links(struct cursor *c, size_t count, struct tenant_facts *f)
{
	f->interfaces = mem_array(count + 1, sizeof(*f->interfaces));
	for (size_t i = 0; i < count; i++) {
		struct interface_facts *to = &f->interfaces[f->interface_count];
		struct net_link l;

		take(c, &l, sizeof(l));
		if (!is_text(l.name, sizeof(l.name)) || l.addresses > NET_ADDRESSES_MAX)
			return false;
		f->interface_count++;
		memcpy(to->name, l.name, sizeof(to->name));
		to->index = l.index;
		to->peer_index = l.peer;
		to->up = l.up != 0;
		for (uint32_t a = 0; a < l.addresses; a++) {
			if (!is_text(l.address[a], sizeof(l.address[a])))
				return false;
			strlist_add(&to->addresses, l.address[a]);
		}
	}
	return true;
}

static bool take_routes(struct cursor *c, size_t count, struct tenant_facts *f)
{
	f->routes = mem_array(count + 1, sizeof(*f->routes));
	for (size_t i = 0; i < count; i++) {
		struct route_facts *r = &f->routes[i];

		take(c, r, sizeof(*r));
		if (!is_text(r->destination, sizeof(r->destination)) ||
		    !is_text(r->gateway, sizeof(r->gateway)) ||
		    !is_text(r->interface, sizeof(r->interface)))
			return false;
	}
	f->route_count = count;
	return true;
}

static bool take_ports(struct cursor *c, const struct net_header *h, struct tenant_facts *f)
{
	struct listener_facts *l = &f->gateway_listeners;

	l->ports = h->ports_known ? mem_array(h->ports + 1, sizeof(*l->ports)) : NULL;
	for (uint32_t i = 0; i < h->ports; i++) {
		struct net_port p;

		take(c, &p, sizeof(p));
		if (!l->ports || !is_text(p.address, sizeof(p.address)))
			return false;
		memcpy(l->ports[i].address, p.address, sizeof(l->ports[i].address));
		l->ports[i].port = p.port;
		l->ports[i].udp = p.udp != 0;
		l->port_count++;
	}
	return true;
}

static bool take_reach(struct cursor *c, struct reach_attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct net_reach_result r;

		take(c, &r, sizeof(r));
		if (r.outcome < REACH_OPEN || r.outcome > REACH_ERROR)
			return false;
		attempts[i].outcome = (enum reach_outcome)r.outcome;
		attempts[i].sys_errno = r.sys_errno;
	}
	return true;
}

static bool take_dns(struct cursor *c, struct tenant_facts *f)
{
	for (size_t i = 0; i < f->dns_count; i++) {
		struct net_dns_result r;

		take(c, &r, sizeof(r));
		if (r.outcome < DNS_ANSWERED || r.outcome > DNS_ERROR ||
		    !is_text(r.answer, sizeof(f->dns[i].answer)))
			return false;
		f->dns[i].outcome = (enum dns_outcome)r.outcome;
		f->dns[i].rcode = r.rcode;
		memcpy(f->dns[i].answer, r.answer, sizeof(f->dns[i].answer));
	}
	return true;
}

/* The reason is one word of letters, or the child did not do its work. */
static bool take_http(struct cursor *c, struct tenant_facts *f)
{
	for (size_t i = 0; i < f->http_count; i++) {
		struct net_http_result r;

		take(c, &r, sizeof(r));
		if (r.outcome < HTTP_ANSWERED || r.outcome > HTTP_ERROR || r.status < 0 ||
		    r.status > 999 || !is_text(r.reason, sizeof(r.reason)) ||
		    r.reason[strspn(r.reason, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
			return false;
		f->http[i].outcome = (enum http_outcome)r.outcome;
		f->http[i].status = r.status;
		memcpy(f->http[i].reason, r.reason, sizeof(f->http[i].reason));
	}
	return true;
}

static void *copy_array(const void *items, size_t count, size_t size)
{
	void *copy = mem_array(count + 1, size);

	if (count)
		memcpy(copy, items, count * size);
	return copy;
}

static void move_network(struct tenant_facts *from, struct tenant_facts *to)
{
	free(to->reach);
	free(to->dns);
	free(to->http);
	to->interfaces = take_ptr(from->interfaces);
	to->interface_count = from->interface_count;
	to->routes = take_ptr(from->routes);
	to->route_count = from->route_count;
	to->gateway_listeners.ports = take_ptr(from->gateway_listeners.ports);
	to->gateway_listeners.port_count = from->gateway_listeners.port_count;
	to->gateway_listeners.cut |= from->gateway_listeners.port_count == LISTENERS_PORTS_MAX;
	to->reach = take_ptr(from->reach);
	to->dns = take_ptr(from->dns);
	to->http = take_ptr(from->http);
	free(to->gateway_reach);
	to->gateway_reach = take_ptr(from->gateway_reach);
	from->interface_count = 0;
}

bool net_wire_accept(const void *data, size_t len, struct tenant_facts *out)
{
	struct cursor c = { .p = data };
	struct net_header h;
	struct tenant_facts f = { .reach_count = out->reach_count,
				  .dns_count = out->dns_count,
				  .http_count = out->http_count,
				  .gateway_reach_count = out->gateway_reach_count };

	if (len < sizeof(h))
		return false;
	take(&c, &h, sizeof(h));
	if (!header_is_sound(&h, len, out))
		return false;
	f.reach = copy_array(out->reach, out->reach_count, sizeof(*out->reach));
	f.dns = copy_array(out->dns, out->dns_count, sizeof(*out->dns));
	f.http = copy_array(out->http, out->http_count, sizeof(*out->http));
	f.gateway_reach = copy_array(out->gateway_reach, out->gateway_reach_count,
				     sizeof(*out->gateway_reach));
	bool sound = take_links(&c, h.links, &f) && take_routes(&c, h.routes, &f) &&
		     take_ports(&c, &h, &f) && take_reach(&c, f.reach, f.reach_count) &&
		     take_dns(&c, &f) && take_http(&c, &f) &&
		     take_reach(&c, f.gateway_reach, f.gateway_reach_count);
	if (sound) {
		move_network(&f, out);
		out->ipv6_disabled = h.ipv6_disabled != 0;
		out->gateway_ip_forward = h.ip_forward != 0;
		snprintf(out->net_error, sizeof(out->net_error), "%s", h.error);
	}
	tenant_facts_free(&f);
	return sound;
}
