/*
 * Live against manifest, field by field: containers as the engine describes them, the
 * network, and what the plan would do about anything else.
 */
#include <string.h>

#include "base/mem.h"
#include "domain/audit.h"

#define LABELS_FIELD "Config.Labels"
#define LABEL_PREFIX "dev.tenantctl."

static void put(struct findings *f, struct node *rows, enum finding_verdict verdict,
		const char *object, const char *field, const char *manifest, const char *live)
{
	auto_free char *id = mem_printf("audit.drift.%s", object);
	struct node *row = node_push_object(rows);

	node_set_str(row, "object", object);
	node_set_str(row, "field", field);
	node_set_str(row, "manifest", manifest);
	node_set_str(row, "live", live);
	audit_add(f, id, verdict, field, "manifest: %.400s; live: %.400s", manifest, live);
}

static void add(struct findings *f, struct node *rows, const char *object, const char *field,
		const char *manifest, const char *live)
{
	put(f, rows, VERDICT_FAIL, object, field, manifest, live);
}

/* True when anything but the labels differs: the digest among them differs whenever anything does.
 */
static bool compare_container(const struct container_spec *want, const struct container_info *have,
			      const char *role, struct findings *f, struct node *rows)
{
	struct spec_differences d auto_spec_differences = { 0 };
	bool found = false;

	container_spec_differences(want, &have->spec, &d);
	for (size_t i = 0; i < d.count; i++) {
		if (!strcmp(d.items[i].field, LABELS_FIELD))
			continue;
		add(f, rows, role, d.items[i].field, d.items[i].expected, d.items[i].observed);
		found = true;
	}
	return found;
}

static void compare_network(const struct network_spec *want, const struct network_spec *have,
			    struct findings *f, struct node *rows)
{
	const char *net = ROLE_NETWORK;

	if (!have->subnet || strcmp(have->subnet, want->subnet) != 0)
		add(f, rows, net, "IPAM.Subnet", want->subnet,
		    have->subnet ? have->subnet : "none");
	if (have->internal != want->internal)
		add(f, rows, net, "Internal", want->internal ? "true" : "false",
		    have->internal ? "true" : "false");
	if (have->enable_ipv6 != want->enable_ipv6)
		add(f, rows, net, "EnableIPv6", want->enable_ipv6 ? "true" : "false",
		    have->enable_ipv6 ? "true" : "false");
	for (size_t i = 0; i < want->options.count; i++) {
		const struct strmap_entry *o = &want->options.entries[i];
		const char *value = strmap_get(&have->options, o->key);

		if (!value || strcmp(value, o->value) != 0)
			add(f, rows, net, o->key, o->value, value ? value : "none");
	}
}

/* Which object a step is about, as the checks are called. */
static const char *object_of(enum step_kind k)
{
	switch (k) {
	case STEP_WORKER_CREATE:
	case STEP_WORKER_START:
	case STEP_WORKER_STOP:
	case STEP_WORKER_REMOVE:
	case STEP_WORKER_IMAGE_PULL:
		return ROLE_WORKER;
	case STEP_GATEWAY_CREATE:
	case STEP_GATEWAY_START:
	case STEP_GATEWAY_STOP:
	case STEP_GATEWAY_REMOVE:
	case STEP_GATEWAY_IMAGE_LOAD:
		return ROLE_GATEWAY;
	case STEP_NETWORK_CREATE:
	case STEP_NETWORK_REMOVE:
	case STEP_EGRESS_CREATE:
		return ROLE_NETWORK;
	default:
		return "files";
	}
}

/* What the fields did not say: a step that makes, changes or starts something. */
static void add_steps(const struct audit_drift_input *in, const bool *told, struct findings *f,
		      struct node *rows)
{
	for (size_t i = 0; i < in->plan->count; i++) {
		const struct step *s = &in->plan->steps[i];
		const char *object = object_of(s->kind);

		if (s->kind == STEP_VERIFY || s->kind == STEP_WORKER_STOP ||
		    s->kind == STEP_WORKER_REMOVE || s->kind == STEP_GATEWAY_REMOVE ||
		    s->kind == STEP_NETWORK_REMOVE)
			continue;
		/* made anew because of the fields, and started because it is made anew */
		if ((told[0] && !strcmp(object, ROLE_WORKER)) ||
		    (told[1] && !strcmp(object, ROLE_GATEWAY)) ||
		    (told[2] && !strcmp(object, ROLE_NETWORK)))
			continue;
		/* Manifests do not say whether a tenant runs: one that was stopped is worth a word,
		 * and no more. */
		if (s->kind == STEP_WORKER_START || s->kind == STEP_GATEWAY_START)
			put(f, rows, VERDICT_WARN, object, "State", "running", s->why);
		else
			add(f, rows, object, step_noun(s->kind), "as ordered", s->why);
	}
}

void audit_drift(const struct audit_drift_input *in, struct findings *f, struct node *rows)
{
	const struct tenant_state *s = in->state;
	bool told[3] = { false };
	size_t before;

	if (s->worker_present)
		told[0] = compare_container(&in->desired->worker, &s->worker, ROLE_WORKER, f, rows);
	if (s->gateway_present)
		told[1] = compare_container(&in->desired->gateway, &s->gateway, ROLE_GATEWAY, f,
					    rows);
	before = node_count(rows);
	if (s->network_present)
		compare_network(&in->desired->network, &s->network.spec, f, rows);
	told[2] = node_count(rows) > before;
	add_steps(in, told, f, rows);
}
