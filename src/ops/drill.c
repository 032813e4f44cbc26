/*
 * The drills of one tenant. Before the first: is there room for them on the host, does
 * the tenant run, how fast are gateways now. Then one after another, each judged against
 * that. Others are asked from their own networks all the while.
 */
#include "ops/drill.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/checks.h"
#include "domain/gateway.h"
#include "domain/paths.h"
#include "drill_watch.h"
#include "verify_peers.h"
#include "workspace.h"

enum { CALM_MS = 1000, MODE_STATE = 0700 };

struct session {
	struct context *c;
	struct tenant_spec spec;
	struct tenant_state state;
	struct peers peers;
	struct drill_plan *plans; /* one for each drill of the table */
	struct latency *own, *other;
	const char *other_name;
	int worker_fd, gateway_fd;
};

static void session_free(struct session *s)
{
	latency_stop(s->own);
	latency_stop(s->other);
	tenant_spec_free(&s->spec);
	tenant_state_free(&s->state);
	peers_free(&s->peers);
	free(s->plans);
	mem_close_slot(&s->worker_fd);
	mem_close_slot(&s->gateway_fd);
}
#define auto_session cleanup_with(session_free)

static bool is_selected(const struct strlist *only, const char *id)
{
	for (size_t i = 0; i < only->count; i++)
		if (!strncmp(id, only->items[i], strlen(only->items[i])))
			return true;
	return only->count == 0;
}

/* ---- what is there ---- */

static int hold_process(bool present, const struct container_info *i, int *out_fd, struct err *e)
{
	if (present && i->state.running && i->state.pid > 1)
		*out_fd = (int)syscall(SYS_pidfd_open, (pid_t)i->state.pid, 0);
	if (*out_fd >= 0)
		return 0;
	return err_set(e, ERR_REFUSED, "worker and gateway do not run");
}

static int load(struct session *s, const char *tenant, struct err *e)
{
	if (tenant_manifest(s->c, tenant, NULL, &s->spec, NULL, e) ||
	    observe_created(s->c, tenant, &s->state, e))
		return -1;
	if (hold_process(s->state.worker_present, &s->state.worker, &s->worker_fd, e) ||
	    hold_process(s->state.gateway_present, &s->state.gateway, &s->gateway_fd, e))
		return err_hint(e, "tenantctl start %s", tenant);
	return peers_load(s->c, tenant, &s->state.worker, &s->peers, e);
}

/* What the worker writes to is the mounted image, and nothing else. */
static uint64_t bounded_workspace(const struct session *s)
{
	auto_free char *data = path_of(s->c->root, PATH_WORKSPACE_DATA, s->spec.tenant);
	const struct engine_mount *m = s->state.worker.spec.mounts.items;

	for (size_t i = 0; i < s->state.worker.spec.mounts.count; i++)
		if (m[i].target && !strcmp(m[i].target, s->spec.workspace.path))
			return m[i].source && !strcmp(m[i].source, data)
				       ? workspace_bytes(s->c->root, s->spec.tenant)
				       : 0;
	return 0;
}

/* Nothing is begun that the host has no room for. */
static int plan(struct session *s, const struct strlist *only, struct err *e)
{
	struct drill_subject subject = { .spec = &s->spec, .workspace = bounded_workspace(s) };
	const struct drill *all;
	struct drill_room room;
	char why[DRILL_TEXT_MAX];
	size_t count;

	if (drill_room(s->c, &room, e))
		return -1;
	subject.cpus = room.cpus;
	all = drills_all(&count);
	s->plans = mem_array(count, sizeof(*s->plans));
	for (size_t i = 0; i < count; i++) {
		all[i].plan(&subject, &s->plans[i]);
		if (!is_selected(only, all[i].id) || s->plans[i].skip[0] ||
		    !drill_is_short(&s->plans[i], &room, why))
			continue;
		err_set(e, ERR_REFUSED, "the host is short for %s: %s", all[i].id, why);
		return err_hint(e, "tenantctl doctor says more; --only chooses among the drills");
	}
	return 0;
}

/* ---- others ---- */

/* A path that no agent asks for: it holds the tenant's nonce, by which the gateway's log tells it
 * from what the agent did. */
static int ask_gateway(const struct allocation *a, pid_t pid, const char *container,
		       struct latency **out, struct err *e)
{
	struct http_attempt request = { .port = GATEWAY_ROUTE_PORT,
					.method = "GET",
					.host = "gateway" };
	struct latency_order order = { .pid = pid, .container = container, .request = &request };

	snprintf(request.address, sizeof(request.address), "%s", a->gateway_ip);
	snprintf(request.target, sizeof(request.target), "/%.16s/", a->nonce);
	return latency_start(&order, out, e);
}

/* The first other tenant whose gateway answers; one that does not would say nothing. */
static void ask_other(struct session *s)
{
	for (size_t i = 0; i < s->peers.count && !s->other; i++) {
		const struct peer *p = &s->peers.items[i];
		struct err ignored = ERR_INIT;

		if (!p->running || p->pid <= 0 || !p->control.route_tcp)
			continue;
		if (!ask_gateway(&p->allocation, p->pid, p->worker_id, &s->other, &ignored))
			s->other_name = p->tenant;
	}
}

static int begin_asking(struct session *s, struct drill_run *r, struct err *e)
{
	const struct timespec calm = { .tv_sec = CALM_MS / 1000 };

	if (ask_gateway(&s->state.allocation, (pid_t)s->state.worker.state.pid, s->state.worker.id,
			&s->own, e))
		return -1;
	ask_other(s);
	*r = (struct drill_run){
		.c = s->c,
		.spec = &s->spec,
		.state = &s->state,
		.other = s->other_name,
		.own = s->own,
		.asked = s->other ? s->other : s->own,
		.watched = { { "worker", s->worker_fd }, { "gateway", s->gateway_fd } },
	};
	r->calm_from_ms = clock_monotonic_ms();
	nanosleep(&calm, NULL);
	r->calm_until_ms = clock_monotonic_ms();
	return 0;
}

/* ---- one after another ---- */

/* A workspace that is no image is not filled: that would be the host's disk. */
static bool can_run(const struct drill *d, const struct drill_plan *p)
{
	bool fills_workspace = d->place && !*d->place;

	return !p->skip[0] && !(fills_workspace && p->scratch == 0);
}

static int run_all(struct session *s, const struct drill_run *r, const struct strlist *only,
		   struct findings *out, struct err *e)
{
	size_t count, selected = 0;
	const struct drill *all = drills_all(&count);

	for (size_t i = 0; i < count; i++)
		selected += is_selected(only, all[i].id);
	out->items = mem_array(count + 1, sizeof(*out->items));
	for (size_t i = 0; i < count; i++) {
		struct drill_facts f auto_drill_facts = { .plan = s->plans[i] };

		if (!is_selected(only, all[i].id))
			continue;
		if (s->c->progress)
			s->c->progress(s->c->progress_arg, s->spec.tenant, all[i].id, out->count,
				       selected);
		if (can_run(&all[i], &f.plan) && drill_run_one(r, &all[i], &f, e))
			return err_wrap(e, "%s", all[i].id);
		out->items[out->count] = check_finding(check_find(all[i].id), VERDICT_INCONCLUSIVE);
		drill_judge(&all[i], &f, &out->items[out->count++]);
	}
	return 0;
}

static int lock_host(const struct context *c, int *out_fd, struct err *e)
{
	auto_free char *state = path_of(c->root, PATH_STATE, NULL);
	auto_free char *path = path_of(c->root, PATH_DRILL_LOCK, NULL);

	if (fsio_mkdirs(state, MODE_STATE, e))
		return -1;
	if (!fsio_lock(path, 0, out_fd, e))
		return 0;
	return e->code == ERR_BUSY ? err_wrap(e, "one drill at a time on a host") : -1;
}

int ops_drill(struct context *c, const char *tenant, const struct strlist *only,
	      struct verify_result *out, struct err *e)
{
	struct session s auto_session = { .c = c, .worker_fd = -1, .gateway_fd = -1 };
	struct verify_result result = { .partial = true };
	int64_t began = clock_monotonic_ms();
	struct drill_run r;
	auto_fd int lock = -1;

	if (lock_host(c, &lock, e) || load(&s, tenant, e) || plan(&s, only, e) ||
	    begin_asking(&s, &r, e))
		return -1;
	result.tenant = mem_strdup(tenant);
	result.at = clock_utc_text();
	if (run_all(&s, &r, only, &result.findings, e)) {
		verify_result_free(&result);
		return -1;
	}
	result.seconds = (double)(clock_monotonic_ms() - began) / 1e3;
	*out = result;
	return 0;
}
