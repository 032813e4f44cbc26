/*
 * What each kind of step does. Every function is safe to run again on its own
 * result: a run that died between the engine's act and our note of it comes back
 * here.
 */
#include <string.h>
#include <time.h>

#include "allocate.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "bridge.h"
#include "domain/paths.h"
#include "egress_state.h"
#include "host_routes.h"
#include "images.h"
#include "ops/twin.h"
#include "run_plan.h"
#include "workspace.h"

#define MODE_PUBLIC_FILE 0644
#define STOP_GRACE_SECONDS 10
#define GATEWAY_TRIES 20
#define GATEWAY_PAUSE_NS 100000000

static int step_workspace_create(struct run *r, struct client *client unused_arg, struct err *e)
{
	return workspace_create(r->c->root, r->tenant, r->spec->resources.workspace, e);
}

static int step_workspace_mount(struct run *r, struct client *client unused_arg, struct err *e)
{
	return workspace_mount(r->c->root, r->tenant, (uid_t)r->allocation->worker_uid, e);
}

static int step_workspace_unmount(struct run *r, struct client *client unused_arg, struct err *e)
{
	return workspace_unmount(r->c->root, r->tenant, e);
}

static int step_workspace_purge(struct run *r, struct client *client unused_arg, struct err *e)
{
	return workspace_purge(r->c->root, r->tenant, e);
}

static struct gateway_set set_of(const struct run *r)
{
	return (struct gateway_set){ .root = r->c->root,
				     .tenant = r->tenant,
				     .gateway_uid = (uid_t)r->allocation->gateway_uid,
				     .files = &r->desired->gateway_files,
				     .keys = r->keys };
}

static bool plan_has(const struct plan *p, enum step_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->steps[i].kind == kind)
			return true;
	return false;
}

static int step_files_write(struct run *r, struct client *client unused_arg, struct err *e)
{
	auto_free char *resolv = path_of(r->c->root, PATH_RESOLV_CONF, r->tenant);
	const struct gateway_set set = set_of(r);

	if (fsio_write(resolv, r->desired->resolv_conf, strlen(r->desired->resolv_conf),
		       MODE_PUBLIC_FILE, 0, 0, e))
		return -1;
	/* What a running gateway shall take, it is asked about in a step of its own. */
	if (!r->state->set_differs || plan_has(&r->result->plan, STEP_GATEWAY_RELOAD))
		return 0;
	return gateway_set_install(&set, e);
}

static int step_files_remove(struct run *r, struct client *client unused_arg, struct err *e)
{
	auto_free char *resolv = path_of(r->c->root, PATH_RESOLV_CONF, r->tenant);

	return gateway_runtime_remove(r->c->root, r->tenant, e) || fsio_unlink(resolv, e) ? -1 : 0;
}

static int step_gateway_reload(struct run *r, struct client *client, struct err *e)
{
	const struct gateway_set set = set_of(r);

	return gateway_set_reload(client, &set, r->gateway_id, e);
}

static int egress_is_free(struct run *r, struct err *e)
{
	struct ipv4_net *routes = NULL, egress;
	size_t count = 0;
	int rc = 0;

	if (ipv4_net_parse(r->c->host.egress_subnet, &egress, e) || host_routes(&routes, &count, e))
		return -1;
	for (size_t i = 0; i < count && !rc; i++) {
		if (!routes[i].prefix || !ipv4_net_overlaps(&egress, &routes[i]))
			continue;
		err_set(e, ERR_REFUSED, "egress_subnet %s overlaps a route of this host",
			r->c->host.egress_subnet);
		rc = err_hint(e, "set another 'egress_subnet' in tenantctl.yaml");
	}
	free(routes);
	return rc;
}

/* Labels of a new object: those that are compared, and who made it. Freed by the caller. */
static struct strmap stamped(const struct strmap *labels)
{
	struct strmap out = { 0 };

	strmap_copy(&out, labels);
	strmap_set(&out, LABEL_VERSION, TENANTCTL_VERSION);
	return out;
}

static int create_network(struct client *client, const struct network_spec *spec,
			  char id[ENGINE_ID_SIZE], struct err *e)
{
	struct strmap labels auto_strmap = stamped(&spec->labels);
	struct network_spec with = *spec;

	with.labels = labels;
	if (!client_network_create(client, &with, id, e))
		return 0;
	/* Seen when an engine is ended while it makes a network: its bridge driver keeps what the
	 * engine itself does not list, and no call removes it. */
	if (strstr(e->message, "networks have same bridge name"))
		err_hint(e,
			 "if 'docker network ls' does not show that network, the engine was ended "
			 "while it made one: stop it, remove network/files/local-kv.db below its "
			 "data folder, and start it");
	return -1;
}

/* Shared by all tenants: looked at again under the host-wide lock, since parallel runs all found it
 * missing. */
static int step_egress_create(struct run *r, struct client *client, struct err *e)
{
	struct network_info net = { 0 };
	char id[ENGINE_ID_SIZE];
	auto_fd int lock = -1;

	if (allocate_lock(r->c, &lock, e))
		return -1;
	if (!client_network_inspect(client, EGRESS_NETWORK_NAME, &net, e)) {
		network_info_free(&net);
		return 0;
	}
	if (e->code != ERR_NOT_FOUND)
		return -1;
	err_clear(e);
	return egress_is_free(r, e) ? -1 : create_network(client, &r->desired->egress, id, e);
}

static int step_network_create(struct run *r, struct client *client, struct err *e)
{
	return create_network(client, &r->desired->network, r->network_id, e);
}

/* The engine drops what it does not understand without a word, so what it made is read back and
 * compared before anything is started. */
static int check_created(struct client *client, const char *id, const struct container_spec *want,
			 struct err *e)
{
	struct container_info info = { 0 };
	auto_strlist struct strlist diff = { 0 };
	size_t count;

	if (client_container_inspect(client, id, &info, e))
		return -1;
	count = container_spec_diff(want, &info.spec, &diff);
	container_info_free(&info);
	if (!count)
		return 0;
	return err_set(e, ERR_REFUSED, "the engine made something else than was asked for: %s",
		       diff.items[0]);
}

static int create_container(struct client *client, const char *name,
			    const struct container_spec *spec, char id[ENGINE_ID_SIZE],
			    struct err *e)
{
	struct strmap labels auto_strmap = stamped(&spec->labels);
	struct container_spec with = *spec;

	with.labels = labels;
	if (client_container_create(client, name, &with, id, e))
		return -1;
	/* API 1.44 takes all networks at creation; before, all but the first are connected now. */
	for (size_t i = 1; i < spec->endpoints.count && !client_has_api(client, 1, 44); i++) {
		const struct engine_endpoint *p =
			(struct engine_endpoint *)spec->endpoints.items + i;

		if (client_network_connect(client, p->network, id, p, e))
			return -1;
	}
	return check_created(client, id, spec, e);
}

static int step_gateway_create(struct run *r, struct client *client, struct err *e)
{
	return create_container(client, r->desired->gateway_name, &r->desired->gateway,
				r->gateway_id, e);
}

static int step_worker_create(struct run *r, struct client *client, struct err *e)
{
	return create_container(client, r->desired->worker_name, &r->desired->worker, r->worker_id,
				e);
}

static int step_gateway_start(struct run *r, struct client *client, struct err *e)
{
	if (!client_container_start(client, r->gateway_id, e))
		return 0;
	if (strstr(e->message, "port is already allocated") ||
	    strstr(e->message, "address already in use"))
		err_hint(e,
			 "%s:%lld is taken on this host: change 'listen' in the manifest, or use "
			 "'auto'",
			 r->allocation->listen_host, (long long)r->allocation->listen_port);
	return -1;
}

static int step_worker_start(struct run *r, struct client *client, struct err *e)
{
	/* each time: a bridge is new after the host was booted */
	if (bridge_refuse_strangers(r->allocation->bridge, e))
		return -1;
	/* as is the device behind the workspace, and the engine finds it by this link */
	if (r->desired->worker.read_rates.count && workspace_link_device(r->c->root, r->tenant, e))
		return -1;
	return client_container_start(client, r->worker_id, e);
}

static int step_worker_stop(struct run *r, struct client *client, struct err *e)
{
	int64_t grace = r->state->worker.spec.stop_timeout;

	/* As undo: the container may never have been made. */
	if (!r->worker_id[0])
		return 0;
	return client_container_stop(client, r->worker_id,
				     grace > 0 ? (int)MIN_OF(grace, 600) : STOP_GRACE_SECONDS, e);
}

static int step_gateway_stop(struct run *r, struct client *client, struct err *e)
{
	return r->gateway_id[0]
		       ? client_container_stop(client, r->gateway_id, STOP_GRACE_SECONDS, e)
		       : 0;
}

static bool carries_nonce(const struct run *r, const struct strmap *labels)
{
	const char *nonce = strmap_get(labels, LABEL_NONCE);

	return nonce && r->allocation && strcmp(nonce, r->allocation->nonce) == 0;
}

/* When a create call's answer was lost there is no id: the object is looked up by name and taken
 * only if it carries this creation's nonce. */
static int remove_container(struct run *r, struct client *client, const char *id, char *name,
			    struct err *e)
{
	auto_free char *owned_name = name;
	struct container_info info = { 0 };
	int rc = 0;

	if (*id)
		return client_container_remove(client, id, e);
	if (client_container_inspect(client, owned_name, &info, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (carries_nonce(r, &info.spec.labels))
		rc = client_container_remove(client, info.id, e);
	container_info_free(&info);
	return rc;
}

static int step_worker_remove(struct run *r, struct client *client, struct err *e)
{
	return remove_container(r, client, r->worker_id, desired_worker_name(r->tenant), e);
}

static int step_gateway_remove(struct run *r, struct client *client, struct err *e)
{
	return remove_container(r, client, r->gateway_id, desired_gateway_name(r->tenant), e);
}

static int step_network_remove(struct run *r, struct client *client, struct err *e)
{
	auto_free char *name = desired_worker_name(r->tenant);
	struct network_info net = { 0 };
	int rc = 0;

	/* a twin that runs is a member of it */
	if (twin_evict(r->c, r->tenant, e))
		return -1;
	if (r->network_id[0])
		return client_network_remove(client, r->network_id, e);
	if (client_network_inspect(client, name, &net, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return 0;
	}
	if (carries_nonce(r, &net.spec.labels))
		rc = client_network_remove(client, net.id, e);
	network_info_free(&net);
	return rc;
}

static int step_allocate(struct run *r, struct client *client unused_arg, struct err *e)
{
	/* Claimed before the plan was made, under the host-wide lock; the journal needed the place.
	 */
	return r->allocation ? 0 : err_set(e, ERR_INTERNAL, "no allocation");
}

static int step_release(struct run *r, struct client *client unused_arg, struct err *e)
{
	return allocate_release(r->c, r->tenant, e);
}

static int step_image_load(struct run *r, struct client *client unused_arg, struct err *e)
{
	return image_load_gateway(r->c, e);
}

static int step_image_pull(struct run *r, struct client *client unused_arg, struct err *e)
{
	return image_pull_worker(r->c, r->tenant, r->spec->image, e);
}

/* What only a gateway that listens, and has said so, can pass. */
static bool gateway_is_silent(const struct findings *f)
{
	static const char *const ids[] = { "net.gateway.control", "route.control",
					   "gateway.generation" };

	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(ids); k++)
			if (!strcmp(f->items[i].id, ids[k]) && f->items[i].verdict != VERDICT_PASS)
				return true;
	return false;
}

/* The engine calls a gateway started when its process runs, some milliseconds before it listens. A
 * worker that was running already does not give it that time by its own start. */
static int verify_patiently(struct run *r, const struct verify_options *options,
			    struct verify_result *out, struct err *e)
{
	const struct timespec pause = { .tv_nsec = GATEWAY_PAUSE_NS };

	for (int i = 0;; i++) {
		if (ops_verify(r->c, r->tenant, options, out, e))
			return -1;
		if (i >= GATEWAY_TRIES || !gateway_is_silent(&out->findings))
			return 0;
		verify_result_free(out);
		*out = (struct verify_result){ 0 };
		nanosleep(&pause, NULL);
	}
}

/* Fail closed: whatever the reason, a worker that did not verify does not go on running. */
static int step_verify(struct run *r, struct client *client, struct err *e)
{
	struct verify_options options = { .quick = true };
	struct verify_result v = { 0 };
	struct err stop_error = ERR_INIT;

	/* One that has run since before this was set need not be stopped for it. */
	if (bridge_refuse_strangers(r->allocation->bridge, e) ||
	    verify_patiently(r, &options, &v, e)) {
		e->code = ERR_CHECK;
		err_wrap(e, "could not be completed, so the worker was stopped");
	} else {
		r->result->findings = v.findings;
		r->result->verified = true;
		v.findings = (struct findings){ 0 };
		verify_result_free(&v);
		if (findings_pass(&r->result->findings))
			return 0;
		err_set(e, ERR_CHECK,
			"%zu checks failed and %zu were inconclusive; the worker was stopped",
			findings_count(&r->result->findings, VERDICT_FAIL),
			findings_count(&r->result->findings, VERDICT_INCONCLUSIVE));
		err_hint(e, "tenantctl verify %s says what is wrong", r->tenant);
	}
	if (client_container_stop(client, r->worker_id, 0, &stop_error)) {
		auto_free char *was = mem_strdup(e->message);

		err_set(e, ERR_CHECK, "%s; AND THE WORKER COULD NOT BE STOPPED (%s)", was,
			stop_error.message);
		err_hint(e, "stop it by hand: docker kill tc-%s", r->tenant);
	}
	return -1;
}

int run_step(struct run *r, struct client *client, enum step_kind kind, struct err *e)
{
	static int (*const table[STEP_KINDS])(struct run *, struct client *, struct err *) = {
		[STEP_ALLOCATE] = step_allocate,
		[STEP_WORKSPACE_CREATE] = step_workspace_create,
		[STEP_WORKSPACE_MOUNT] = step_workspace_mount,
		[STEP_FILES_WRITE] = step_files_write,
		[STEP_GATEWAY_IMAGE_LOAD] = step_image_load,
		[STEP_WORKER_IMAGE_PULL] = step_image_pull,
		[STEP_EGRESS_CREATE] = step_egress_create,
		[STEP_NETWORK_CREATE] = step_network_create,
		[STEP_GATEWAY_CREATE] = step_gateway_create,
		[STEP_GATEWAY_START] = step_gateway_start,
		[STEP_GATEWAY_RELOAD] = step_gateway_reload,
		[STEP_WORKER_CREATE] = step_worker_create,
		[STEP_WORKER_START] = step_worker_start,
		[STEP_VERIFY] = step_verify,
		[STEP_WORKER_STOP] = step_worker_stop,
		[STEP_GATEWAY_STOP] = step_gateway_stop,
		[STEP_WORKER_REMOVE] = step_worker_remove,
		[STEP_GATEWAY_REMOVE] = step_gateway_remove,
		[STEP_NETWORK_REMOVE] = step_network_remove,
		[STEP_WORKSPACE_UNMOUNT] = step_workspace_unmount,
		[STEP_WORKSPACE_PURGE] = step_workspace_purge,
		[STEP_FILES_REMOVE] = step_files_remove,
		[STEP_RELEASE] = step_release,
	};

	egress_harvest_step(r, client, kind);
	return table[kind](r, client, e);
}
