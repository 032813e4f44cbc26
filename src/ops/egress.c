/* Looking at a tenant's egress: its rules with what they were used for, and what would happen. */
#include "ops/egress.h"

#include <string.h>

#include "base/mem.h"
#include "domain/desired.h"
#include "egress_state.h"
#include "ops/observe.h"

void egress_view_free(struct egress_view *v)
{
	tenant_spec_free(&v->spec);
	egress_state_free(&v->state);
	*v = (struct egress_view){ 0 };
}

int egress_find_gateway(struct context *c, const char *tenant, char out_id[ENGINE_ID_SIZE],
			bool *out_running, struct err *e)
{
	auto_free char *name = desired_gateway_name(tenant);
	struct container_info info = { 0 };
	const char *owner;

	out_id[0] = '\0';
	*out_running = false;
	if (client_container_inspect(c->client, name, &info, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	owner = strmap_get(&info.spec.labels, LABEL_TENANT);
	if (owner && strcmp(owner, tenant) == 0) {
		memcpy(out_id, info.id, sizeof(info.id));
		*out_running = info.state.running;
	}
	container_info_free(&info);
	return 0;
}

int ops_egress_view(struct context *c, const char *tenant, struct egress_view *out, struct err *e)
{
	struct egress_view v = { 0 };
	char id[ENGINE_ID_SIZE];

	if (tenant_manifest(c, tenant, NULL, &v.spec, NULL, e))
		return -1;
	if (egress_find_gateway(c, tenant, id, &v.running, e) ||
	    egress_harvest(c, c->client, tenant, id, &v.spec, &v.state, e)) {
		egress_view_free(&v);
		return -1;
	}
	v.exists = id[0] != '\0';
	*out = v;
	return 0;
}

int egress_check_spec(struct context *c, const struct tenant_spec *spec,
		      const struct egress_query *q, struct egress_decision *out, struct err *e)
{
	auto_allocation struct allocation a = { 0 };
	struct gateway_config g = {
		.tenant = spec->tenant,
		.worker_port = (uint16_t)spec->port,
		.inbound_port = GATEWAY_INBOUND_PORT,
		.resolver = c->host.resolver,
		.pool = c->host.pool,
		.egress_subnet = c->host.egress_subnet,
		.host_addresses = &c->host_addresses,
		.egress = spec->egress.items,
		.egress_count = spec->egress.count,
		.credentials = spec->credentials.items,
		.credential_count = spec->credentials.count,
	};

	if (observe_host_addresses(c, e))
		return -1;
	if (observe_allocation(c, spec->tenant, &a, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e); /* not made yet: its addresses decide nothing here */
	}
	g.inner_ip = a.gateway_ip ? a.gateway_ip : "0.0.0.0";
	g.worker_ip = a.worker_ip ? a.worker_ip : "0.0.0.0";
	g.twin_ip = a.twin_ip ? a.twin_ip : "0.0.0.0";
	g.egress_ip = a.egress_ip ? a.egress_ip : "0.0.0.0";
	g.egress_host_ip = "0.0.0.0";
	g.token = a.token;
	egress_decide(&g, q, out);
	return 0;
}

int ops_egress_check(struct context *c, const char *tenant, const struct egress_query *q,
		     struct egress_decision *out, struct err *e)
{
	auto_spec struct tenant_spec spec = { 0 };

	if (tenant_manifest(c, tenant, NULL, &spec, NULL, e))
		return -1;
	return egress_check_spec(c, &spec, q, out, e);
}
