/*
 * One tenant's audit: observes, measures and reads, part by part. Errors of a part
 * become findings of it.
 */
#include "ops/audit.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "change.h"
#include "images.h"
#include "ops/audit_log.h"
#include "ops/egress.h"
#include "ops/observe.h"
#include "ops/report.h"
#include "probe/probe.h"

/* ---- caps ---- */

struct measured { /* one container's processes */
	struct process_facts *items;
	size_t count;
	bool cut;
};

static void measured_free(struct measured *m)
{
	processes_free(m->items, m->count);
}
#define auto_measured cleanup_with(measured_free)

/* Not running is no fault here, and has no processes that could hold anything. */
static int measure(const struct container_info *i, bool present, struct measured *m, struct err *e)
{
	if (!present || !i->state.running)
		return 0;
	if (probe_processes("/proc", "/sys/fs/cgroup", (pid_t)i->state.pid, i->id, &m->items,
			    &m->count, &m->cut, e))
		return err_wrap(e, "%s", i->name);
	return 0;
}

static void look_caps(const struct tenant_state *s, struct audit_result *r)
{
	struct measured worker auto_measured = { 0 }, gateway auto_measured = { 0 };
	struct err e = ERR_INIT;

	if (measure(&s->worker, s->worker_present, &worker, &e) ||
	    measure(&s->gateway, s->gateway_present, &gateway, &e)) {
		audit_blind(&r->base.findings, AUDIT_CAPS, e.message);
		return;
	}
	const struct audit_container containers[] = {
		{ .role = ROLE_WORKER,
		  .running = s->worker_present && s->worker.state.running,
		  .uid = s->allocation.worker_uid,
		  .processes = worker.items,
		  .count = worker.count,
		  .cut = worker.cut },
		{ .role = ROLE_GATEWAY,
		  .running = s->gateway_present && s->gateway.state.running,
		  .uid = s->allocation.gateway_uid,
		  .processes = gateway.items,
		  .count = gateway.count,
		  .cut = gateway.cut },
	};
	audit_caps(containers, ARRAY_SIZE(containers), &r->base.findings, r->rows[AUDIT_CAPS]);
}

/* ---- egress ---- */

static void look_egress(struct context *c, const char *tenant, const struct audit_options *o,
			struct audit_result *r)
{
	struct egress_view v = { 0 };
	struct err e = ERR_INIT;

	if (ops_egress_view(c, tenant, &v, &e)) {
		audit_blind(&r->base.findings, AUDIT_EGRESS, e.message);
		return;
	}
	audit_egress(&(struct audit_egress_input){ .spec = &v.spec,
						   .state = &v.state,
						   .now = o->now,
						   .unused_for = o->unused_for,
						   .expires_within = o->expires_within },
		     &r->base.findings, r->rows[AUDIT_EGRESS]);
	egress_view_free(&v);
}

/* ---- images ---- */

struct image_look {
	struct image_info info;
	bool found;
	char *tag;
};

static void image_look_free(struct image_look *l)
{
	image_info_free(&l->info);
	free(l->tag);
}
#define auto_image_look cleanup_with(image_look_free)

static int look_image(struct context *c, const struct container_info *i, bool present,
		      const char *ref, struct image_look *l, struct err *e)
{
	if (image_id_of(c, ref, &l->tag, e))
		return -1;
	if (!present)
		return 0;
	if (client_image_inspect(c->client, i->image_id, &l->info, e) == 0) {
		l->found = true;
		return 0;
	}
	if (e->code != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static struct audit_image image_of(const char *role, const char *ref,
				   const struct container_info *i, bool present,
				   const struct image_look *l)
{
	return (struct audit_image){ .role = role,
				     .ref = ref,
				     .in_use = present ? i->image_id : NULL,
				     .tag = l->tag,
				     .info = l->found ? &l->info : NULL };
}

static void look_images(struct context *c, const struct tenant_state *s,
			const struct audit_options *o, struct audit_result *r)
{
	auto_spec struct tenant_spec spec = { 0 };
	struct image_look worker auto_image_look = { 0 }, gateway auto_image_look = { 0 };
	struct err e = ERR_INIT;

	if (tenant_manifest(c, r->base.tenant, NULL, &spec, NULL, &e) ||
	    look_image(c, &s->worker, s->worker_present, spec.image, &worker, &e) ||
	    look_image(c, &s->gateway, s->gateway_present, c->host.gateway_image, &gateway, &e)) {
		audit_blind(&r->base.findings, AUDIT_IMAGES, e.message);
		return;
	}
	const struct audit_image images[] = {
		image_of(ROLE_WORKER, spec.image, &s->worker, s->worker_present, &worker),
		image_of(ROLE_GATEWAY, c->host.gateway_image, &s->gateway, s->gateway_present,
			 &gateway),
	};
	audit_images(&(struct audit_images_input){ .images = images,
						   .count = ARRAY_SIZE(images),
						   .now = o->now,
						   .old_after = o->old_after },
		     &r->base.findings, r->rows[AUDIT_IMAGES]);
}

/* ---- drift ---- */

static void look_drift(struct context *c, const char *tenant, struct audit_result *r)
{
	struct prepared p auto_prepared = { 0 };
	struct plan plan = { 0 };
	struct err e = ERR_INIT;

	if (plan_look(c, tenant, &p, &plan, &e))
		audit_blind(&r->base.findings, AUDIT_DRIFT, e.message);
	else
		audit_drift(&(struct audit_drift_input){ .desired = &p.desired,
							 .state = &p.state,
							 .plan = &plan },
			    &r->base.findings, r->rows[AUDIT_DRIFT]);
	plan_free(&plan);
}

/* ---- all ---- */

void audit_result_free(struct audit_result *r)
{
	verify_result_free(&r->base);
	for (int p = 0; p < AUDIT_PARTS; p++)
		node_free(r->rows[p]);
	*r = (struct audit_result){ 0 };
}

static void look_part(struct context *c, const struct tenant_state *s, enum audit_part p,
		      const struct audit_options *o, struct audit_result *r)
{
	r->rows[p] = node_new_array();
	switch (p) {
	case AUDIT_CAPS:
		look_caps(s, r);
		break;
	case AUDIT_EGRESS:
		look_egress(c, r->base.tenant, o, r);
		break;
	case AUDIT_IMAGES:
		look_images(c, s, o, r);
		break;
	case AUDIT_DRIFT:
		look_drift(c, r->base.tenant, r);
		break;
	case AUDIT_PARTS:
		break;
	}
	audit_close(&r->base.findings, p);
}

int ops_audit(struct context *c, const char *tenant, const struct audit_options *o,
	      struct audit_result *out, struct err *e)
{
	struct tenant_state state = { 0 };
	int64_t began = clock_monotonic_ms();
	struct audit_result r = { 0 };

	if (observe_created(c, tenant, &state, e))
		return -1;
	r.base.tenant = mem_strdup(tenant);
	r.base.at = clock_utc_text();
	for (int p = 0; p < AUDIT_PARTS; p++)
		if (o->parts & 1U << p)
			look_part(c, &state, (enum audit_part)p, o, &r);
	tenant_state_free(&state);
	r.base.seconds = (double)(clock_monotonic_ms() - began) / 1000;
	*out = r;
	return 0;
}

void ops_audit_host(const struct context *c, size_t tenants, struct audit_result *out,
		    size_t *out_records)
{
	struct audit_state log auto_audit_state = { 0 };
	int64_t began = clock_monotonic_ms();
	struct err e = ERR_INIT;
	bool read = audit_read(c->root, NULL, NULL, &log, &e) == 0;

	*out = (struct audit_result){ .base = { .tenant = mem_strdup(AUDIT_HOST),
						.at = clock_utc_text() } };
	audit_host(&(struct audit_host_input){ .records = log.records,
					       .tenants = tenants,
					       .problem = log.problem,
					       .unfinished = log.unfinished,
					       .unread = read ? NULL : e.message },
		   &out->base.findings);
	out->base.seconds = (double)(clock_monotonic_ms() - began) / 1000;
	*out_records = log.records;
}

struct node *audit_result_json(const struct audit_result *r)
{
	struct node *root = node_new_object();
	struct node *list;

	node_set_str(root, "tenant", r->base.tenant);
	node_set_str(root, "at", r->base.at);
	node_set_num(root, "seconds", r->base.seconds);
	node_set_str(root, "verdict", verify_verdict(&r->base));
	list = node_set_array(root, "findings");
	for (size_t i = 0; i < r->base.findings.count; i++)
		node_push(list, finding_json(&r->base.findings.items[i]));
	for (int p = 0; p < AUDIT_PARTS; p++)
		if (r->rows[p])
			node_set(root, audit_rows_name((enum audit_part)p), node_copy(r->rows[p]));
	return root;
}

int audit_result_read(const struct node *result, struct verify_result *out, struct err *e)
{
	const char *tenant = node_str(node_get(result, "tenant"), NULL);
	const char *at = node_str(node_get(result, "at"), NULL);
	struct findings f = { 0 };

	if (!tenant || !at || !node_is_array(node_get(result, "findings")))
		return err_set(e, ERR_PROTOCOL, "result: no audit");
	if (findings_read(node_get(result, "findings"), &f, e))
		return -1;
	*out = (struct verify_result){ .tenant = mem_strdup(tenant),
				       .at = mem_strdup(at),
				       .findings = f,
				       .seconds = node_num(node_get(result, "seconds"), 0) };
	return 0;
}
