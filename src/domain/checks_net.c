/*
 * The shape of the tenant's network: one interface, no way out but the gateway, and
 * a bridge on which the host itself has no address.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"

/* "10.231.0.3" + "10.231.0.0/29" -> "10.231.0.3/29" */
static char *own_address(const struct allocation *a)
{
	const char *slash = strchr(a->subnet, '/');

	return mem_printf("%s%s", a->worker_ip, slash ? slash : "");
}

static void complain_interface(struct complaints *c, const struct check_input *in,
			       const struct interface_facts *i, const char *address)
{
	if (i->addresses.count == 0)
		complain(c, "%s has no address", i->name);
	for (size_t k = 0; k < i->addresses.count; k++)
		if (strcmp(i->addresses.items[k], address) != 0)
			complain(c, "%s has %s", i->name, i->addresses.items[k]);
	if (i->bridge[0] && strcmp(i->bridge, in->allocation->bridge) != 0)
		complain(c, "%s leads to bridge %s", i->name, i->bridge);
}

void judge_net_own_interface(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	auto_free char *address = own_address(in->allocation);
	const struct interface_facts *own = NULL;
	size_t others = 0;

	judge_expect(f, "lo and one interface with %s on bridge %s", address,
		     in->allocation->bridge);
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->interface_count; i++) {
		const struct interface_facts *x = &in->facts->interfaces[i];

		/* Fallback tunnels that the kernel puts into every new namespace (tunl0, sit0)
		 * are down and can't be raised without a capability. */
		if (!strcmp(x->name, "lo") || (!x->up && x->addresses.count == 0))
			continue;
		if (others++ > 0)
			complain(&c, "another interface: %s (%s)", x->name,
				 or_none(x->addresses.count ? x->addresses.items[0] : NULL));
		else
			complain_interface(&c, in, own = x, address);
	}
	judge_evidence(f, "netlink dump in the worker's network namespace");
	if (others == 0)
		judge_fail(f, "no interface but lo");
	else if (c.count == 0 && !own->bridge[0])
		judge_unknown(f, "the bridge of %s could not be found", own->name);
	else
		judge_complaints(f, &c, "%s with %s on %s", own->name, address, own->bridge);
}

static bool bridge_has_ipv4(const struct tenant_facts *t)
{
	for (size_t i = 0; i < t->bridge_addresses.count; i++)
		if (!strchr(t->bridge_addresses.items[i], ':'))
			return true;
	return false;
}

bool judge_route_is_dead(const struct check_input *in, const struct route_facts *r)
{
	return strcmp(r->destination, "default") == 0 &&
	       strcmp(r->gateway, in->desired->network.gateway) == 0 && !bridge_has_ipv4(in->facts);
}

void judge_net_no_default_route(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "only the route to %s", in->allocation->subnet);
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->route_count; i++) {
		const struct route_facts *r = &in->facts->routes[i];

		if (judge_route_is_dead(in, r))
			continue;
		if (strcmp(r->destination, in->allocation->subnet) != 0)
			complain(&c, "%s via %s dev %s", r->destination, or_none(r->gateway),
				 r->interface);
		else if (r->gateway[0])
			complain(&c, "%s goes through %s", r->destination, r->gateway);
	}
	judge_evidence(f, "netlink dump in the worker's network namespace");
	judge_complaints(f, &c, "%zu routes, none leads out", in->facts->route_count);
}

void judge_net_ipv6(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "IPv6 is off and no interface has an IPv6 address");
	if (!have_network_view(in, f))
		return;
	if (!in->facts->ipv6_disabled)
		complain(&c, "disable_ipv6 is 0");
	for (size_t i = 0; i < in->facts->interface_count; i++) {
		const struct interface_facts *x = &in->facts->interfaces[i];

		for (size_t k = 0; strcmp(x->name, "lo") != 0 && k < x->addresses.count; k++)
			if (strchr(x->addresses.items[k], ':'))
				complain(&c, "%s has %s", x->name, x->addresses.items[k]);
	}
	judge_evidence(f, "/proc/sys/net/ipv6 and netlink in the worker's network namespace");
	judge_complaints(f, &c, "off");
}

/* A link-local IPv6 address of the bridge can't be reached while IPv6 is off inside, which is a
 * check of its own. */
void judge_net_bridge_no_address(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	bool seen = false;

	judge_expect(f, "bridge %s has no address on the host", in->allocation->bridge);
	if (!have_network_view(in, f))
		return;
	for (size_t i = 0; i < in->facts->interface_count; i++)
		seen |= !strcmp(in->facts->interfaces[i].bridge, in->allocation->bridge);
	for (size_t i = 0; i < in->facts->bridge_addresses.count; i++)
		if (strncmp(in->facts->bridge_addresses.items[i], "fe80:", 5) != 0)
			complain(&c, "%s", in->facts->bridge_addresses.items[i]);
	judge_evidence(f, "netlink dump on the host, bridge %s", in->allocation->bridge);
	if (c.count == 0 && !seen)
		judge_unknown(f, "the worker is not seen on bridge %s", in->allocation->bridge);
	else
		judge_complaints(f, &c, "none");
}

void judge_net_bridge_broadcast(const struct check_input *in, struct finding *f)
{
	int filter = in->facts ? in->facts->bridge_rp_filter : -1;

	judge_expect(f, "rp_filter of bridge %s is 1 or 2", in->allocation->bridge);
	judge_evidence(f, "/proc/sys/net/ipv4/conf/{all,%s}/rp_filter", in->allocation->bridge);
	if (filter < 0)
		judge_unknown(f, "the bridge %s is not seen", in->allocation->bridge);
	else if (filter == 0)
		judge_fail(f, "0");
	else
		judge_pass(f, "%d", filter);
}

/* ---- the engine's network objects ---- */

static void complain_options(struct complaints *c, const struct network_spec *want,
			     const struct network_spec *have)
{
	for (size_t i = 0; i < want->options.count; i++) {
		const struct strmap_entry *o = &want->options.entries[i];
		const char *v = strmap_get(&have->options, o->key);

		if (!v || strcmp(v, o->value) != 0)
			complain(c, "option %s is %s", o->key, or_none(v));
	}
	for (size_t i = 0; i < have->options.count; i++)
		if (!strmap_get(&want->options, have->options.entries[i].key))
			complain(c, "option %s=%s is not ours", have->options.entries[i].key,
				 have->options.entries[i].value);
}

static void complain_network(struct complaints *c, const struct network_spec *want,
			     const struct network_info *have)
{
	if (strcmp(or_none(have->driver), "bridge") != 0)
		complain(c, "driver %s", or_none(have->driver));
	if (have->spec.internal != want->internal)
		complain(c, "Internal is %s", have->spec.internal ? "true" : "false");
	if (have->spec.attachable)
		complain(c, "Attachable is true");
	if (have->spec.enable_ipv6)
		complain(c, "EnableIPv6 is true");
	if (!have->spec.subnet || strcmp(have->spec.subnet, want->subnet) != 0)
		complain(c, "subnet %s", or_none(have->spec.subnet));
	complain_options(c, want, &have->spec);
}

void judge_config_network(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "internal bridge, %s, no IPv6, no host address, not attachable",
		     in->desired->network.subnet);
	if (!in->network) {
		judge_unknown(f, "network %s does not exist", in->desired->network_name);
		return;
	}
	complain_network(&c, &in->desired->network, in->network);
	judge_evidence(f, "inspect network %s", in->desired->network_name);
	judge_complaints(f, &c, "as ordered");
}

void judge_config_egress(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "egress bridge, %s, traffic between gateways off",
		     in->desired->egress.subnet);
	if (!in->egress) {
		judge_unknown(f, "network %s does not exist", EGRESS_NETWORK_NAME);
		return;
	}
	complain_network(&c, &in->desired->egress, in->egress);
	judge_evidence(f, "inspect network %s", EGRESS_NETWORK_NAME);
	judge_complaints(f, &c, "as ordered");
}

void judge_config_network_members(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct network_member *m;
	bool worker = false, gateway = false;

	judge_expect(f, "exactly two members, the own worker and the own gateway, and for a moment "
			"the worker's twin");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	if (!in->network) {
		judge_unknown(f, "network %s does not exist", in->desired->network_name);
		return;
	}
	m = in->network->members.items;
	for (size_t i = 0; i < in->network->members.count; i++) {
		if (m[i].container_id && !strcmp(m[i].container_id, in->worker->id))
			worker = true;
		else if (m[i].container_id && !strcmp(m[i].container_id, in->gateway->id))
			gateway = true;
		else if (!m[i].container_id || !in->running_twin ||
			 strcmp(m[i].container_id, in->running_twin) != 0)
			complain(&c, "%s is a member", or_none(m[i].name));
	}
	if (!worker)
		complain(&c, "the worker is not a member");
	if (!gateway)
		complain(&c, "the gateway is not a member");
	judge_evidence(f, "inspect network %s Containers", in->desired->network_name);
	judge_complaints(f, &c, "worker and gateway");
}

void judge_net_subnet_unique(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct err e = ERR_INIT;
	struct ipv4_net own, other;

	judge_expect(f, "%s and bridge %s used by no other tenant", in->allocation->subnet,
		     in->allocation->bridge);
	if (ipv4_net_parse(in->allocation->subnet, &own, &e)) {
		judge_unknown(f, "%s", e.message);
		return;
	}
	for (size_t i = 0; i < in->sibling_count; i++) {
		const struct allocation *a = in->siblings[i].allocation;

		if (ipv4_net_parse(a->subnet, &other, &e) || ipv4_net_overlaps(&own, &other))
			complain(&c, "%s has %s", in->siblings[i].tenant, a->subnet);
		if (!strcmp(a->bridge, in->allocation->bridge))
			complain(&c, "%s has bridge %s", in->siblings[i].tenant, a->bridge);
	}
	judge_evidence(f, "allocations of %zu other tenants", in->sibling_count);
	judge_complaints(f, &c, "unique among %zu tenants", in->sibling_count + 1);
}
