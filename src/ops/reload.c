/*
 * A running gateway brought to manifest and secrets, and nothing else touched: no
 * container is made, stopped or verified, so that it takes well under a second. There is
 * no journal: what is left of a set that was cut short tells as much.
 */
#include "base/fsio.h"
#include "base/mem.h"
#include "change.h"
#include "domain/paths.h"
#include "ops/observe.h"

static int refuse(const char *tenant, const char *why, struct err *e)
{
	err_set(e, ERR_CONFLICT, "%s", why);
	return err_hint(e, "'tenantctl plan %s' shows the difference, 'tenantctl apply %s' ends it",
			tenant, tenant);
}

static void note_step(struct plan *plan, const char *tenant, const char *why)
{
	plan->steps = mem_array(1, sizeof(*plan->steps));
	plan->steps[0] = (struct step){ .kind = STEP_GATEWAY_RELOAD,
					.object = desired_gateway_name(tenant),
					.why = mem_strdup(why),
					.undo = STEP_KINDS,
					.after = -1 };
	plan->count = 1;
}

static int reload(struct context *c, const char *tenant, struct prepared *p, struct run_result *out,
		  struct err *e)
{
	const struct gateway_set set = prepared_set(c, p);

	note_step(&out->plan, tenant, p->state.set_differs);
	if (c->progress)
		c->progress(c->progress_arg, tenant, "reload gateway", 0, 1);
	if (gateway_set_reload(c->client, &set, p->state.gateway.id, e))
		return err_wrap(e, "reload gateway %s", out->plan.steps[0].object);
	out->done = 1;
	return 0;
}

/* No gateway is there to take what a command prints now: the next start runs it. */
static int forget_provided(const struct context *c, const char *tenant, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_PROVIDED, tenant);

	return fsio_unlink(path, e);
}

int reload_locked(struct context *c, const char *tenant, const struct keys_options *o,
		  struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };

	if (observe_tenant(c, tenant, &p.state, e))
		return -1;
	if (!p.state.gateway_present || !p.state.gateway.state.running)
		return o->rerun ? forget_provided(c, tenant, e) : 0;
	/* also a gateway whose tenant lost its state: it runs, and on nobody knows what */
	if (p.state.foreign.count)
		return refuse(tenant, p.state.foreign.items[0], e);
	if (p.state.set_unseen)
		return refuse(tenant, "the gateway runs on files that are not the tenant's", e);
	if (tenant_manifest(c, tenant, NULL, &p.spec, NULL, e) ||
	    gateway_keys_load(c, &p.spec, o, &p.keys, e) ||
	    prepare_desired(c, &p, ALLOCATE_NONE, e))
		return -1;
	out->plan.tenant = mem_strdup(tenant);
	return p.state.set_differs ? reload(c, tenant, &p, out, e) : 0;
}

int ops_reload_keys(struct context *c, const char *tenant, const struct keys_options *o,
		    struct run_result *out, struct err *e)
{
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e))
		return -1;
	return reload_locked(c, tenant, o, out, e);
}
