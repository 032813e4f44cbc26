/*
 * The difference between desired and observed as ordered steps. Order is safety:
 * images first (their absence must cost nothing), the gateway always before the
 * worker, the worker away before anything that confines it is touched.
 */
#include "domain/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct step_text {
	const char *verb, *noun;
	enum step_kind undo;
} step_texts[STEP_KINDS] = {
	[STEP_ALLOCATE] = { "allocate", "subnet, uids and port", STEP_RELEASE },
	[STEP_WORKSPACE_CREATE] = { "create", "workspace", STEP_WORKSPACE_PURGE },
	[STEP_WORKSPACE_MOUNT] = { "mount", "workspace", STEP_WORKSPACE_UNMOUNT },
	[STEP_FILES_WRITE] = { "write", "gateway files", STEP_FILES_REMOVE },
	[STEP_GATEWAY_IMAGE_LOAD] = { "load", "gateway image", STEP_KINDS },
	[STEP_WORKER_IMAGE_PULL] = { "pull", "worker image", STEP_KINDS },
	[STEP_EGRESS_CREATE] = { "create", "egress network", STEP_KINDS },
	[STEP_NETWORK_CREATE] = { "create", "network", STEP_NETWORK_REMOVE },
	[STEP_GATEWAY_CREATE] = { "create", "gateway", STEP_GATEWAY_REMOVE },
	[STEP_GATEWAY_START] = { "start", "gateway", STEP_GATEWAY_STOP },
	[STEP_GATEWAY_RELOAD] = { "reload", "gateway", STEP_KINDS },
	[STEP_WORKER_CREATE] = { "create", "worker", STEP_WORKER_REMOVE },
	[STEP_WORKER_START] = { "start", "worker", STEP_WORKER_STOP },
	[STEP_VERIFY] = { "verify", "isolation", STEP_KINDS },
	[STEP_WORKER_STOP] = { "stop", "worker", STEP_KINDS },
	[STEP_GATEWAY_STOP] = { "stop", "gateway", STEP_KINDS },
	[STEP_WORKER_REMOVE] = { "remove", "worker", STEP_KINDS },
	[STEP_GATEWAY_REMOVE] = { "remove", "gateway", STEP_KINDS },
	[STEP_NETWORK_REMOVE] = { "remove", "network", STEP_KINDS },
	[STEP_WORKSPACE_UNMOUNT] = { "unmount", "workspace", STEP_KINDS },
	[STEP_WORKSPACE_PURGE] = { "purge", "workspace", STEP_KINDS },
	[STEP_FILES_REMOVE] = { "remove", "gateway files", STEP_KINDS },
	[STEP_RELEASE] = { "release", "subnet, uids and port", STEP_KINDS },
};

const char *step_verb(enum step_kind k)
{
	return step_texts[k].verb;
}

const char *step_noun(enum step_kind k)
{
	return step_texts[k].noun;
}

/* Returns the step's index. `after` < 0: after everything before it. */
static int add(struct plan *p, enum step_kind kind, const char *object, const char *why, int after)
{
	struct step *s;

	p->steps = mem_grow(p->steps, p->count + 1, sizeof(*p->steps));
	s = p->steps + p->count;
	*s = (struct step){ .kind = kind,
			    .object = mem_strdup(object),
			    .why = mem_strdup(why),
			    .undo = step_texts[kind].undo,
			    .after = after < 0 ? (int)p->count - 1 : after };
	return (int)p->count++;
}

void plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->steps[i].object);
		free(p->steps[i].why);
	}
	free(p->steps);
	free(p->tenant);
	*p = (struct plan){ 0 };
}

void tenant_state_free(struct tenant_state *s)
{
	allocation_free(&s->allocation);
	network_info_free(&s->egress);
	network_info_free(&s->network);
	container_info_free(&s->gateway);
	container_info_free(&s->worker);
	strlist_free(&s->foreign);
	free(s->unfinished);
	free(s->set_differs);
	*s = (struct tenant_state){ 0 };
}

#define LABELS_FIELD "Config.Labels:"

/* What is to be done about each object; NULL: nothing. */
struct verdicts {
	const char *network, *gateway, *worker; /* reason for a new one */
	char *owned[3];
	size_t owned_count;
};

static const char *keep(struct verdicts *v, char *text)
{
	v->owned[v->owned_count++] = text;
	return text;
}

static void verdicts_free(struct verdicts *v)
{
	for (size_t i = 0; i < v->owned_count; i++)
		free(v->owned[i]);
}

static bool label_differs(const struct strmap *observed, const struct strmap *desired)
{
	const char *have = strmap_get(observed, LABEL_SPEC);
	const char *want = strmap_get(desired, LABEL_SPEC);

	return !have || !want || strcmp(have, want) != 0;
}

/* The string compare comes first; then the fields, since what the engine made of a request is what
 * counts and labels only say what was asked for. */
static const char *container_reason(struct verdicts *v, const struct container_spec *desired,
				    const struct container_info *observed, bool present)
{
	auto_strlist struct strlist diff = { 0 };
	const char *first = NULL;
	size_t fields = 0;

	if (!present)
		return "not there";
	if (container_spec_diff(desired, &observed->spec, &diff)) {
		for (size_t i = 0; i < diff.count; i++) {
			/* The digest among the labels differs whenever anything does. */
			if (strncmp(diff.items[i], LABELS_FIELD, strlen(LABELS_FIELD)) == 0)
				continue;
			first = fields++ ? first : diff.items[i];
		}
		if (fields)
			return keep(v, fields > 1
					       ? mem_printf("%s, and %zu more", first, fields - 1)
					       : mem_strdup(first));
	}
	if (label_differs(&observed->spec.labels, &desired->labels))
		return "made from another manifest or gateway configuration";
	return NULL;
}

static const char *network_reason(const struct desired_tenant *d, const struct tenant_state *s)
{
	const struct network_spec *want = &d->network, *have = &s->network.spec;

	if (!s->network_present)
		return "not there";
	if (label_differs(&have->labels, &want->labels))
		return "made with other settings";
	if (!have->internal || have->enable_ipv6 || strcmp(have->subnet, want->subnet) != 0)
		return "the engine's settings differ from its label";
	for (size_t i = 0; i < want->options.count; i++) {
		const struct strmap_entry *o = want->options.entries + i;
		const char *value = strmap_get(&have->options, o->key);

		if (!value || strcmp(value, o->value) != 0)
			return "the engine's options differ from its label";
	}
	return NULL;
}

/* A container that ever ran is bound to its network's id, not to the name (the engine answers 404
 * at start): a new network needs new containers. */
static bool attached(const struct container_info *c, const struct network_info *n)
{
	for (size_t i = 0; i < c->spec.endpoints.count; i++) {
		const struct engine_endpoint *p =
			(struct engine_endpoint *)c->spec.endpoints.items + i;

		if (p->network_id && *p->network_id && strcmp(p->network_id, n->id) == 0)
			return true;
		if ((!p->network_id || !*p->network_id) && strcmp(p->network, n->spec.name) == 0)
			return true;
	}
	return false;
}

static void judge(const struct desired_tenant *d, const struct tenant_state *s, struct verdicts *v)
{
	v->network = network_reason(d, s);
	v->gateway = container_reason(v, &d->gateway, &s->gateway, s->gateway_present);
	v->worker = container_reason(v, &d->worker, &s->worker, s->worker_present);
	if (v->network) {
		v->gateway = v->gateway ? v->gateway : "its network is replaced";
		v->worker = v->worker ? v->worker : "its network is replaced";
	}
	if (!v->gateway && !s->egress_present)
		v->gateway = "the egress network is replaced";
	if (!v->gateway && !attached(&s->gateway, &s->egress))
		v->gateway = "not attached to the egress network";
	if (!v->gateway && s->network_present && !attached(&s->gateway, &s->network))
		v->gateway = "not attached to the tenant's network";
	if (!v->gateway && s->gateway.state.running && s->set_unseen)
		v->gateway = "it runs on files that are no longer the tenant's";
	if (!v->worker && s->network_present && !attached(&s->worker, &s->network))
		v->worker = "not attached to the tenant's network";
}

static void plan_removals(const struct desired_tenant *d, const struct tenant_state *s,
			  const struct verdicts *v, struct plan *p)
{
	if (v->worker && s->worker_present) {
		if (s->worker.state.running)
			add(p, STEP_WORKER_STOP, d->worker_name, v->worker, -1);
		add(p, STEP_WORKER_REMOVE, d->worker_name, v->worker, -1);
	}
	if (v->gateway && s->gateway_present)
		add(p, STEP_GATEWAY_REMOVE, d->gateway_name, v->gateway, -1);
	if (v->network && s->network_present)
		add(p, STEP_NETWORK_REMOVE, d->network_name, v->network, -1);
}

static void plan_preparations(const struct desired_tenant *d, const struct tenant_state *s,
			      struct plan *p)
{
	const char *tenant = p->tenant;

	if (!s->allocated)
		add(p, STEP_ALLOCATE, tenant, "not there", -1);
	if (!s->gateway_image_present)
		add(p, STEP_GATEWAY_IMAGE_LOAD, d->gateway.image, "not on the engine", -1);
	if (!s->worker_image_present)
		add(p, STEP_WORKER_IMAGE_PULL, d->worker.image, "not on the engine", -1);
	if (!s->workspace_exists)
		add(p, STEP_WORKSPACE_CREATE, tenant, "not there", -1);
	if (!s->workspace_ready)
		add(p, STEP_WORKSPACE_MOUNT, tenant,
		    s->workspace_mounted ? "not handed over" : "not mounted", -1);
}

static void plan_creations(const struct desired_tenant *d, const struct tenant_state *s,
			   const struct verdicts *v, struct plan *p)
{
	bool new_gateway = v->gateway, new_worker = v->worker;
	/* A running gateway is asked whether it takes new files; any other finds them. */
	bool reload = s->set_differs && !new_gateway && s->gateway.state.running;
	int base;

	if (!s->resolv_current || (s->set_differs && !reload))
		add(p, STEP_FILES_WRITE, p->tenant,
		    s->set_differs && !reload ? s->set_differs : "resolv.conf differs", -1);
	if (!s->egress_present)
		add(p, STEP_EGRESS_CREATE, EGRESS_NETWORK_NAME, "not there", -1);
	if (v->network)
		add(p, STEP_NETWORK_CREATE, d->network_name, v->network, -1);
	base = (int)p->count - 1;
	if (new_gateway)
		add(p, STEP_GATEWAY_CREATE, d->gateway_name, v->gateway, -1);
	if (new_gateway || !s->gateway.state.running)
		add(p, STEP_GATEWAY_START, d->gateway_name, "not running", -1);
	if (reload)
		add(p, STEP_GATEWAY_RELOAD, d->gateway_name, s->set_differs, -1);
	/* Creating the worker needs its network only: it may run beside the gateway's steps. */
	if (new_worker)
		add(p, STEP_WORKER_CREATE, d->worker_name, v->worker, base < 0 ? -1 : base);
	if (new_worker || !s->worker.state.running)
		add(p, STEP_WORKER_START, d->worker_name, "not running", -1);
	if (p->count)
		add(p, STEP_VERIFY, p->tenant, "after every change", -1);
}

static void plan_running(const struct desired_tenant *d, const struct tenant_state *s,
			 struct plan *p)
{
	struct verdicts v = { 0 };

	judge(d, s, &v);
	plan_preparations(d, s, p);
	plan_removals(d, s, &v, p);
	plan_creations(d, s, &v, p);
	/* All may be there and running, and yet nobody saw it verified. */
	if (!p->count && s->unfinished)
		add(p, STEP_VERIFY, p->tenant, s->unfinished, -1);
	verdicts_free(&v);
}

static void plan_stopped(const struct tenant_state *s, const char *worker, const char *gateway,
			 struct plan *p)
{
	if (s->worker_present && s->worker.state.running)
		add(p, STEP_WORKER_STOP, worker, "running", -1);
	if (s->gateway_present && s->gateway.state.running)
		add(p, STEP_GATEWAY_STOP, gateway, "running", -1);
}

static void plan_gone(const struct tenant_state *s, bool purge, const char *worker,
		      const char *gateway, struct plan *p)
{
	if (s->worker_present) {
		if (s->worker.state.running)
			add(p, STEP_WORKER_STOP, worker, "running", -1);
		add(p, STEP_WORKER_REMOVE, worker, "there", -1);
	}
	if (s->gateway_present)
		add(p, STEP_GATEWAY_REMOVE, gateway, "there", -1);
	if (s->network_present)
		add(p, STEP_NETWORK_REMOVE, worker, "there", -1);
	if (s->workspace_mounted)
		add(p, STEP_WORKSPACE_UNMOUNT, p->tenant, "mounted", -1);
	if (purge && (s->workspace_exists || s->data_exists))
		add(p, STEP_WORKSPACE_PURGE, p->tenant, "asked for", -1);
	if (s->files_exist)
		add(p, STEP_FILES_REMOVE, p->tenant, "there", -1);
	if (s->allocated || p->count)
		add(p, STEP_RELEASE, p->tenant, "the rest of its state", -1);
}

int plan_build(const char *tenant, enum plan_want want, const struct desired_tenant *desired,
	       const struct tenant_state *state, struct plan *out, struct err *e)
{
	auto_free char *worker = desired_worker_name(tenant);
	auto_free char *gateway = desired_gateway_name(tenant);
	struct plan p = { .tenant = mem_strdup(tenant) };

	if (want == WANT_RUNNING && state->foreign.count) {
		plan_free(&p);
		err_set(e, ERR_CONFLICT, "%s", state->foreign.items[0]);
		return err_hint(
			e,
			"look at it with 'docker inspect'; if it is a leftover of this tenant, "
			"'tenantctl delete %s' removes what carries its label",
			tenant);
	}
	switch (want) {
	case WANT_RUNNING:
		plan_running(desired, state, &p);
		break;
	case WANT_STOPPED:
		plan_stopped(state, worker, gateway, &p);
		break;
	case WANT_GONE:
	case WANT_PURGED:
		plan_gone(state, want == WANT_PURGED, worker, gateway, &p);
		break;
	}
	*out = p;
	return 0;
}

struct node *plan_json(const struct plan *p)
{
	struct node *root = node_new_object(), *steps;

	node_set_str(root, "tenant", p->tenant);
	node_set_bool(root, "changes", p->count > 0);
	steps = node_set_array(root, "steps");
	for (size_t i = 0; i < p->count; i++) {
		struct node *n = node_push_object(steps);

		node_set_str(n, "action", step_verb(p->steps[i].kind));
		node_set_str(n, "what", step_noun(p->steps[i].kind));
		node_set_str(n, "object", p->steps[i].object);
		node_set_str(n, "why", p->steps[i].why);
		if (p->steps[i].undo != STEP_KINDS)
			node_set_str(n, "undo", step_verb(p->steps[i].undo));
		node_set_int(n, "after", p->steps[i].after);
	}
	return root;
}
