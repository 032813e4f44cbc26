/*
 * The agent's view. Where verify asks a few typical ports of the own gateway, this asks
 * all; and what the manifest allows is really used once: a TLS client's first message to
 * each allowed host, and one request to each credential route.
 */
#include "ops/reachable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/gateway.h"
#include "domain/paths.h"
#include "ops/observe.h"
#include "probe/probe.h"
#include "verify_peers.h"
#include "verify_targets.h"
#include "verify_twin.h"

enum {
	ANSWER_MS = 4000, /* of hosts on the internet; used up only when something stays silent */
	PORTS_MS = 10000, /* likewise: each answers or refuses at once */
	PORTS_AT_ONCE = 2048,
	PORT_LAST = 65535,
	HOST_PORTS_MAX = 1024,
	EGRESS_MAX = 256, /* hosts that are tried */
};

struct view {
	struct tenant_spec spec;
	struct tenant_state state;
	struct peers peers;
	struct targets targets;
	struct tenant_facts facts;
};

static void view_free(struct view *v)
{
	targets_free(&v->targets);
	peers_free(&v->peers);
	tenant_facts_free(&v->facts);
	tenant_state_free(&v->state);
	tenant_spec_free(&v->spec);
}
#define auto_view cleanup_with(view_free)

static int load(struct context *c, const char *tenant, struct view *v, struct err *e)
{
	if (tenant_manifest(c, tenant, NULL, &v->spec, NULL, e) ||
	    observe_created(c, tenant, &v->state, e))
		return -1;
	if (!v->state.worker_present || !v->state.worker.state.running) {
		err_set(e, ERR_NOT_FOUND,
			"the worker does not run, so nothing can be tried from it");
		return err_hint(e, "tenantctl start %s", tenant);
	}
	return peers_load(c, tenant, &v->state.worker, &v->peers, e);
}

/* ---- what is tried ---- */

static struct reach_attempt *push(struct targets *t)
{
	t->reach = mem_grow(t->reach, t->reach_count + 1, sizeof(*t->reach));
	t->reach[t->reach_count] = (struct reach_attempt){ .outcome = REACH_ERROR };
	return &t->reach[t->reach_count++];
}

/* A wildcard names no host, so nothing can be asked for; that its port answers is seen all the
 * same. */
static void add_egress(const struct view *v, struct targets *t)
{
	const struct egress_entry *g = v->spec.egress.items;

	for (size_t i = 0; i < v->spec.egress.count && i < EGRESS_MAX; i++) {
		struct reach_attempt *a;

		if (g[i].host[0] == '*')
			continue;
		a = push(t);
		snprintf(a->check, sizeof(a->check), REACHABLE_EGRESS);
		snprintf(a->target, sizeof(a->target), "%s", g[i].host);
		snprintf(a->address, sizeof(a->address), "%s", v->state.allocation.gateway_ip);
		a->port = (uint16_t)g[i].port;
		a->sni = g[i].protocol == EGRESS_TLS ? g[i].host : NULL;
	}
}

/* HEAD asks for nothing but whether there would be an answer (RFC 9110, 9.3.2). */
static void add_routes(const struct view *v, struct targets *t)
{
	const struct credential_entry *x = v->spec.credentials.items;

	for (size_t i = 0; i < v->spec.credentials.count; i++) {
		struct http_attempt *h;

		t->http = mem_grow(t->http, t->http_count + 1, sizeof(*t->http));
		h = &t->http[t->http_count++];
		*h = (struct http_attempt){ .port = GATEWAY_ROUTE_PORT,
					    .method = "HEAD",
					    .host = "gateway",
					    .outcome = HTTP_ERROR };
		snprintf(h->check, sizeof(h->check), REACHABLE_ROUTE);
		snprintf(h->what, sizeof(h->what), "%s", x[i].name);
		snprintf(h->address, sizeof(h->address), "%s", v->state.allocation.gateway_ip);
		snprintf(h->target, sizeof(h->target), "/%.64s/", x[i].name);
	}
}

static int build_targets(struct context *c, struct view *v, struct err *e)
{
	auto_free struct host_port *ports = mem_array(HOST_PORTS_MAX, sizeof(*ports));
	struct target_inputs in = { .spec = &v->spec,
				    .allocation = &v->state.allocation,
				    .peers = &v->peers,
				    .host_addresses = &c->host_addresses,
				    .host_ports = ports };

	if (observe_host_addresses(c, e) ||
	    probe_host_ports("/proc", ports, HOST_PORTS_MAX, &in.host_port_count, e))
		return -1;
	targets_build(&in, &v->targets);
	add_egress(v, &v->targets);
	add_routes(v, &v->targets);
	return 0;
}

/* ---- trying ---- */

static struct probe_request request_of(const struct view *v)
{
	return (struct probe_request){ .proc_path = "/proc",
				       .cgroup_path = "/sys/fs/cgroup",
				       .worker_id = v->state.worker.id,
				       .worker_pid = (pid_t)v->state.worker.state.pid };
}

static int try_targets(struct context *c, struct view *v, struct err *e)
{
	auto_free char *workspace = path_of(c->root, PATH_WORKSPACE_MOUNT, v->spec.tenant);
	struct probe_request q = request_of(v);

	q.bridge = v->state.allocation.bridge;
	q.workspace_mount = workspace;
	q.reach = v->targets.reach;
	q.reach_count = v->targets.reach_count;
	q.dns = v->targets.dns;
	q.dns_count = v->targets.dns_count;
	q.http = v->targets.http;
	q.http_count = v->targets.http_count;
	q.timeout_ms = ANSWER_MS;
	if (probe_tenant(&q, &v->facts, e))
		return -1;
	if (v->facts.net_error[0])
		return err_set(e, ERR_SYSTEM, "%s", v->facts.net_error);
	return 0;
}

static int try_ports(struct view *v, unsigned first, unsigned last, struct reachables *out,
		     struct err *e)
{
	auto_free struct reach_attempt *a = mem_array(last - first + 1, sizeof(*a));
	struct probe_request q = request_of(v);
	struct tenant_facts facts = { 0 };
	const struct reachable_input in = { .spec = &v->spec,
					    .allocation = &v->state.allocation,
					    .facts = &facts };

	for (unsigned port = first; port <= last; port++) {
		struct reach_attempt *x = &a[port - first];

		snprintf(x->check, sizeof(x->check), REACHABLE_PORT);
		snprintf(x->target, sizeof(x->target), "own gateway");
		snprintf(x->address, sizeof(x->address), "%s", v->state.allocation.gateway_ip);
		x->port = (uint16_t)port;
		x->outcome = REACH_ERROR;
	}
	q.reach = a;
	q.reach_count = last - first + 1;
	q.timeout_ms = PORTS_MS;
	if (probe_reach(&q, &facts, e))
		return -1;
	reachable_add(&in, out);
	tenant_facts_free(&facts);
	return 0;
}

/* What the twin could do is listed; one that told nothing is an error, not an empty list. */
static int add_twin(struct context *c, const struct view *v, struct reachables *out, struct err *e)
{
	struct twin_view twin auto_twin_view = { 0 };
	const struct tenant_facts none = { 0 };
	const struct reachable_input in = { .spec = &v->spec,
					    .allocation = &v->state.allocation,
					    .facts = &none,
					    .twin = &twin.facts };

	if (verify_twin(c, &v->spec, &v->state, &v->peers, &twin, e))
		return -1;
	if (!twin.facts.complete)
		return err_set(e, ERR_SYSTEM, "the twin: %s",
			       twin.facts.trouble ? twin.facts.trouble : "it told nothing");
	reachable_add(&in, out);
	return 0;
}

static int fill(struct view *v, struct reachables *out, struct err *e)
{
	const struct reachable_input in = { .spec = &v->spec,
					    .allocation = &v->state.allocation,
					    .facts = &v->facts };

	reachable_add(&in, out);
	for (unsigned first = 1; first <= PORT_LAST; first += PORTS_AT_ONCE)
		if (try_ports(v, first, MIN_OF(first + PORTS_AT_ONCE - 1, PORT_LAST), out, e))
			return -1;
	return 0;
}

int ops_reachable(struct context *c, const char *tenant, bool quick, struct reachables *out,
		  struct err *e)
{
	struct view v auto_view = { 0 };
	struct reachables r = { 0 };

	if (load(c, tenant, &v, e) || build_targets(c, &v, e) || try_targets(c, &v, e) ||
	    fill(&v, &r, e) || (!quick && add_twin(c, &v, &r, e))) {
		reachables_free(&r);
		return err_wrap(e, "tenant %s", tenant);
	}
	*out = r;
	return 0;
}
