/* show: one tenant in full. A manifest that is refused does not hide what runs. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ops/history.h"
#include "ops/observe.h"
#include "tenant_row.h"

void tenant_view_free(struct tenant_view *v)
{
	struct tenant_row *row = mem_array(1, sizeof(*row));

	*row = v->row;
	tenant_rows_free(row, 1);
	tenant_spec_free(&v->spec);
	tenant_state_free(&v->state);
	history_free(&v->history);
	free(v->history_damage);
	*v = (struct tenant_view){ 0 };
}

/* The part of a list row that an inspect reply holds too. */
static struct container_row row_of(const struct container_info *i)
{
	struct container_row r = { .name = i->name,
				   .image = i->spec.image,
				   .image_id = i->image_id,
				   .state = i->state.status,
				   .labels = i->spec.labels };

	memcpy(r.id, i->id, sizeof(r.id));
	return r;
}

static int fill_row(const struct context *c, const char *tenant, struct tenant_view *v,
		    struct err *e)
{
	struct container_row worker = row_of(&v->state.worker);
	struct container_row gateway = row_of(&v->state.gateway);
	const char *health = v->state.worker.state.health;

	if (tenant_row_fill(c, tenant, v->state.worker_present ? &worker : NULL,
			    v->state.gateway_present ? &gateway : NULL, &v->row, e))
		return -1;
	if (health && *health)
		mem_replace(&v->row.health, health);
	return 0;
}

static void read_history(const struct context *c, const char *tenant, struct tenant_view *v)
{
	struct err why = ERR_INIT;

	if (history_read(c, tenant, &v->history, &why))
		v->history_damage = mem_strdup(why.message);
}

int ops_show(struct context *c, const char *tenant, struct tenant_view *out, struct err *e)
{
	struct tenant_view v = { 0 };
	struct err why = ERR_INIT;

	if (observe_tenant(c, tenant, &v.state, e) || fill_row(c, tenant, &v, e)) {
		tenant_view_free(&v);
		return -1;
	}
	v.has_spec = tenant_manifest(c, tenant, NULL, &v.spec, NULL, &why) == 0;
	if (!v.has_spec && !v.state.allocated && !v.state.worker_present &&
	    !v.state.gateway_present && !v.state.network_present) {
		*e = why;
		tenant_view_free(&v);
		return -1;
	}
	read_history(c, tenant, &v);
	*out = v;
	return 0;
}
