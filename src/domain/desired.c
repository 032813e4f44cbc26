/*
 * From spec to engine objects. Everything that hardens a tenant is set here and
 * nowhere else; the digest label is made from exactly what is sent.
 */
#include "domain/desired.h"

#include "desired_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "domain/gateway.h"

char *desired_worker_name(const char *tenant)
{
	return mem_printf("tc-%s", tenant);
}

char *desired_gateway_name(const char *tenant)
{
	return mem_printf("tc-%s-gw", tenant);
}

static void base_labels(struct strmap *labels, const struct desired_inputs *in, const char *role)
{
	strmap_set(labels, LABEL_TENANT, in->spec->tenant);
	strmap_set(labels, LABEL_ROLE, role);
	strmap_set(labels, LABEL_TIER, "container");
	strmap_set(labels, LABEL_NONCE, in->allocation->nonce);
}

static void seal_container(struct container_spec *c, const char *const *files, size_t count)
{
	struct node *json = container_spec_json(c, true);
	auto_free char *text = node_print(json, false);
	struct digest_state *d = digest_new();
	char hex[DIGEST_HEX_SIZE];

	node_free(json);
	digest_field(d, "container", text);
	for (size_t i = 0; i < count; i++)
		digest_field(d, "file", files[i]);
	digest_finish(d, hex);
	strmap_set(&c->labels, LABEL_SPEC, hex);
}

static void digest_map(struct digest_state *d, const struct strmap *m)
{
	for (size_t i = 0; i < m->count; i++)
		digest_field(d, m->entries[i].key, m->entries[i].value);
}

static void seal_network(struct network_spec *n)
{
	struct digest_state *d = digest_new();
	char hex[DIGEST_HEX_SIZE];

	digest_field(d, "name", n->name);
	digest_field(d, "subnet", n->subnet);
	digest_field(d, "gateway", n->gateway);
	digest_field(d, "internal", n->internal ? "true" : "false");
	digest_map(d, &n->options);
	digest_map(d, &n->labels);
	digest_finish(d, hex);
	strmap_set(&n->labels, LABEL_SPEC, hex);
}

static char *first_address(const char *subnet)
{
	struct ipv4_net net;
	struct err ignored = ERR_INIT;
	char buf[16];

	if (ipv4_net_parse(subnet, &net, &ignored))
		return mem_strdup("");
	ipv4_format(net.base + 1, buf);
	return mem_strdup(buf);
}

/*
 * The tenant's own bridge. `Internal` alone leaves the bridge address reachable, and with it every
 * service that the host listens with; inhibit_ipv4 keeps the bridge without an address on all
 * engines, gateway_mode_ipv4=isolated says the same where the engine knows it (28.0).
 */
static void build_network(const struct desired_inputs *in, struct network_spec *n)
{
	n->name = desired_worker_name(in->spec->tenant);
	n->subnet = mem_strdup(in->allocation->subnet);
	n->gateway = first_address(in->allocation->subnet);
	n->internal = true;
	strmap_set(&n->options, "com.docker.network.bridge.name", in->allocation->bridge);
	strmap_set(&n->options, "com.docker.network.bridge.inhibit_ipv4", "true");
	if (in->isolated_gateway_mode)
		strmap_set(&n->options, "com.docker.network.bridge.gateway_mode_ipv4", "isolated");
	base_labels(&n->labels, in, ROLE_NETWORK);
	seal_network(n);
}

/* Shared by all gateways, so inter-container traffic is off: gateways can't reach each other. */
static void build_egress(const struct desired_inputs *in, struct network_spec *n)
{
	n->name = mem_strdup(EGRESS_NETWORK_NAME);
	n->subnet = mem_strdup(in->host->egress_subnet);
	n->gateway = first_address(in->host->egress_subnet);
	strmap_set(&n->options, "com.docker.network.bridge.name", EGRESS_BRIDGE_NAME);
	strmap_set(&n->options, "com.docker.network.bridge.enable_icc", "false");
	strmap_set(&n->options, "com.docker.network.bridge.enable_ip_masquerade", "true");
	strmap_set(&n->labels, LABEL_ROLE, ROLE_EGRESS);
	seal_network(n);
}

static int render_files(const struct desired_inputs *in, struct desired_tenant *out, struct err *e)
{
	const struct allocation *a = in->allocation;
	auto_free char *bridge_ip = first_address(in->host->egress_subnet);
	struct gateway_config g = {
		.tenant = in->spec->tenant,
		.inner_ip = a->gateway_ip,
		.worker_ip = a->worker_ip,
		.twin_ip = a->twin_ip,
		.worker_port = (uint16_t)in->spec->port,
		.egress_ip = a->egress_ip,
		.egress_host_ip = bridge_ip,
		.inbound_port = GATEWAY_INBOUND_PORT,
		.inbound_loopback_only = strncmp(a->listen_host, "127.", 4) == 0,
		.resolver = in->host->resolver,
		.pool = in->host->pool,
		.egress_subnet = in->host->egress_subnet,
		.host_addresses = in->host_addresses,
		.egress = in->spec->egress.items,
		.egress_count = in->spec->egress.count,
		.credentials = in->spec->credentials.items,
		.credential_count = in->spec->credentials.count,
		.ca_texts = in->ca_texts,
		.token = a->token,
	};

	if (gateway_render(&g, &out->gateway_files, e))
		return err_wrap(e, "gateway configuration");
	/* ndots:0: every name is tried as it stands; no search domain tells where this runs. */
	out->resolv_conf =
		mem_printf("nameserver %s\noptions ndots:0 timeout:2 attempts:2\n", a->gateway_ip);
	return 0;
}

int desired_build(const struct desired_inputs *in, struct desired_tenant *out, struct err *e)
{
	auto_desired struct desired_tenant d = { 0 };

	if (render_files(in, &d, e))
		return -1;
	d.network_name = desired_worker_name(in->spec->tenant);
	d.worker_name = desired_worker_name(in->spec->tenant);
	d.gateway_name = desired_gateway_name(in->spec->tenant);
	build_egress(in, &d.egress);
	build_network(in, &d.network);
	base_labels(&d.worker.labels, in, ROLE_WORKER);
	desired_worker(in, &d.worker);
	seal_container(&d.worker, (const char *const[]){ d.resolv_conf }, 1);
	base_labels(&d.gateway.labels, in, ROLE_GATEWAY);
	desired_gateway(in, &d.gateway);
	seal_container(&d.gateway, NULL, 0);
	*out = d;
	d = (struct desired_tenant){ 0 };
	return 0;
}

void desired_free(struct desired_tenant *d)
{
	free(d->network_name);
	free(d->gateway_name);
	free(d->worker_name);
	network_spec_free(&d->egress);
	network_spec_free(&d->network);
	container_spec_free(&d->gateway);
	container_spec_free(&d->worker);
	strmap_free(&d->gateway_files);
	free(d->resolv_conf);
	*d = (struct desired_tenant){ 0 };
}
