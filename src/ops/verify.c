/*
 * verify: what is there, what was measured of it, and what that means. Evidence comes
 * from the kernel and from the worker's own network namespace; nothing is ever run
 * inside, or copied into, a live worker.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "domain/checks.h"
#include "domain/paths.h"
#include "domain/seccomp.h"
#include "image_look.h"
#include "ops/history.h"
#include "ops/observe.h"
#include "ops/ops.h"
#include "ops/report.h"
#include "probe/probe.h"
#include "profiles.h"
#include "verify_gateway.h"
#include "verify_peers.h"
#include "verify_secrets.h"
#include "verify_share.h"
#include "verify_store.h"
#include "verify_targets.h"
#include "verify_twin.h"

enum {
	PROBE_TIMEOUT_MS = 700, /* used up only when something stays silent; more each time */
	UNSEEN_TRIES = 3,
	UNSEEN_PAUSE_NS = 150000000,
	EXEC_TRIES = 100,
	EXEC_PAUSE_NS = 10000000,
};

/* Everything that one verification gathers before it judges. */
struct run {
	struct tenant_spec spec;
	struct tenant_state state;
	struct desired_tenant desired;
	const struct seccomp_program *filter; /* the context's */
	struct peers peers;
	struct sibling *siblings;
	struct tenant_facts facts;
	char *running_twin;
};

/* What one look has from the one before, and tells the next one. */
struct look {
	struct twin_view twin; /* made once */
	int timeout_ms;
	bool again; /* the next one may see more */
};

static void look_free(struct look *l)
{
	twin_view_free(&l->twin);
}
#define auto_look cleanup_with(look_free)

static void run_free(struct run *r)
{
	tenant_spec_free(&r->spec);
	tenant_state_free(&r->state);
	desired_free(&r->desired);
	peers_free(&r->peers);
	free(r->siblings);
	tenant_facts_free(&r->facts);
	free(r->running_twin);
}
#define auto_run cleanup_with(run_free)

static int load_wanted(struct context *c, const char *tenant, struct run *r, struct err *e)
{
	const struct profile *profile;

	if (tenant_manifest(c, tenant, NULL, &r->spec, NULL, e) ||
	    observe_created(c, tenant, &r->state, e))
		return -1;
	if (!c->engine.server_version && client_info(c->client, &c->engine, e))
		return -1;
	if (desired_for(c, &r->spec, &r->state.allocation, &r->desired, e) ||
	    profile_use(c, r->spec.seccomp, &profile, e))
		return -1;
	r->filter = &profile->program;
	r->running_twin = verify_twin_running(c, &r->spec, &r->state);
	return 0;
}

static int load_siblings(struct context *c, const char *tenant, struct run *r, struct err *e)
{
	if (peers_load(c, tenant, r->state.worker_present ? &r->state.worker : NULL, &r->peers, e))
		return -1;
	r->siblings = mem_array(r->peers.count + 1, sizeof(*r->siblings));
	for (size_t i = 0; i < r->peers.count; i++) {
		const struct peer *p = &r->peers.items[i];

		r->siblings[i] = (struct sibling){ .tenant = p->tenant,
						   .allocation = &p->allocation,
						   .running = p->running,
						   .ns = p->pid ? p->ns : NULL,
						   .places = &p->places };
	}
	return 0;
}

static pid_t pid_of(bool present, const struct container_info *i)
{
	return present && i->state.running ? (pid_t)i->state.pid : 0;
}

static bool is_runtime(pid_t pid)
{
	struct err ignored = ERR_INIT;
	struct proc_status status;
	auto_fd int root = -1;
	auto_fd int dir = -1;

	return !proc_open_root("/proc", &root, &ignored) &&
	       !proc_open_pid(root, pid, &dir, &ignored) &&
	       !proc_read_status(dir, &status, &ignored) && strncmp(status.name, "runc:[", 6) == 0;
}

/* The engine calls a container started when its runtime is about to execute the program: until then
 * the process is the runtime, whose other threads are not confined. Anybody may take such a name:
 * it delays the look, and changes nothing of it. */
static void wait_for_exec(pid_t pid)
{
	static const struct timespec pause = { .tv_nsec = EXEC_PAUSE_NS };

	for (int i = 0; pid > 0 && i < EXEC_TRIES && is_runtime(pid); i++)
		nanosleep(&pause, NULL);
}

/* "The host's network" is the one that the engine makes bridges in, and tenantctl runs where those
 * are; that need not be the network of process 1. */
static int note_own_network(struct tenant_facts *facts, struct err *e)
{
	auto_fd int root = -1;
	auto_fd int self = -1;
	struct ns_id *net = &facts->host_ns[NS_NET];

	if (proc_open_root("/proc", &root, e) || proc_open_pid(root, getpid(), &self, e))
		return -1;
	return proc_ns_id(self, ns_names[NS_NET], &net->dev, &net->ino, e);
}

/* What takes long is measured in a full verification, and when its check is asked for. */
static bool is_asked_for(const struct verify_options *o, const char *check)
{
	return (o->only.count > 0 || !o->quick) && check_is_selected(check, &o->only);
}

/* Of a table that was tried in part nothing can be said. */
static bool is_matrix_tried(const struct verify_options *o)
{
	return check_is_selected("net.sibling.tcp", &o->only) &&
	       check_is_selected("net.sibling.udp", &o->only) &&
	       check_is_selected("net.sibling.dns", &o->only);
}

/* Once for each image id, so that even the quick verification does not leave it out. */
static void look_at_images(struct context *c, const struct tenant_state *s, struct tenant_facts *f)
{
	if (s->worker_present)
		image_look(c, s->worker.image_id, NULL, &f->mounts, &f->worker_image);
	if (s->gateway_present)
		image_look(c, s->gateway.image_id, NULL, &f->gateway_mounts, &f->gateway_image);
}

static int measure(struct context *c, struct run *r, const struct verify_options *o, int timeout_ms,
		   struct err *e)
{
	auto_free char *workspace = path_of(c->root, PATH_WORKSPACE_MOUNT, r->spec.tenant);
	auto_free struct host_port *own_ports = NULL;
	struct targets t auto_targets = { 0 };
	struct gateway_places places auto_gateway_places = { 0 };
	struct target_inputs in = { .spec = &r->spec,
				    .allocation = &r->state.allocation,
				    .peers = &r->peers,
				    .host_addresses = &c->host_addresses,
				    .quick = o->quick };

	in.host_ports = verify_share_ports(c->share, &in.host_port_count);
	if (!in.host_ports) {
		own_ports = mem_array(VERIFY_HOST_PORTS_MAX, sizeof(*own_ports));
		in.host_ports = own_ports;
		if (probe_host_ports("/proc", own_ports, VERIFY_HOST_PORTS_MAX, &in.host_port_count,
				     e))
			return -1;
	}
	if (observe_host_addresses(c, e))
		return -1;
	targets_build(&in, &t);
	targets_select(&t, &o->only);
	gateway_places_make(c->root, &r->spec, &places);
	wait_for_exec(pid_of(r->state.worker_present, &r->state.worker));
	wait_for_exec(pid_of(r->state.gateway_present, &r->state.gateway));
	struct probe_request q = {
		.proc_path = "/proc",
		.cgroup_path = "/sys/fs/cgroup",
		.worker_id = r->state.worker_present ? r->state.worker.id : NULL,
		.gateway_id = r->state.gateway_present ? r->state.gateway.id : NULL,
		.worker_pid = pid_of(r->state.worker_present, &r->state.worker),
		.gateway_pid = pid_of(r->state.gateway_present, &r->state.gateway),
		.uids = { (uid_t)r->state.allocation.worker_uid,
			  (uid_t)r->state.allocation.gateway_uid },
		.bridge = r->state.allocation.bridge,
		.workspace_mount = workspace,
		.reach = t.reach,
		.reach_count = t.reach_count,
		.dns = t.dns,
		.dns_count = t.dns_count,
		.http = t.http,
		.http_count = t.http_count,
		.gateway_reach = t.gateway_reach,
		.gateway_reach_count = t.gateway_reach_count,
		.places = places.items,
		.place_count = places.count,
		.gateway_set = places.set,
		.gateway_next = { places.next, places.making },
		.gateway_state = places.state,
		.timeout_ms = timeout_ms,
		.host_mounts = verify_share_mounts(c->share),
		.page_cache = is_asked_for(o, "fs.pagecache"),
		.secret_shape = secret_shape,
	};
	q.owners = verify_share_owners(c->share, &q.owner_count);
	if (probe_tenant(&q, &r->facts, e) || note_own_network(&r->facts, e))
		return err_wrap(e, "measure %s", r->spec.tenant);
	targets_add_controls(&r->peers, &r->facts);
	if (check_is_selected("secret.exposed", &o->only))
		verify_secrets(c, &r->spec, &r->state, &r->facts);
	look_at_images(c, &r->state, &r->facts);
	return 0;
}

static void judge(struct context *c, const struct run *r, const struct twin_view *twin,
		  const struct verify_options *o, struct verify_result *out)
{
	struct check_input in = {
		.spec = &r->spec,
		.allocation = &r->state.allocation,
		.desired = &r->desired,
		.engine = &c->engine,
		.worker = r->state.worker_present ? &r->state.worker : NULL,
		.gateway = r->state.gateway_present ? &r->state.gateway : NULL,
		.network = r->state.network_present ? &r->state.network : NULL,
		.egress = r->state.egress_present ? &r->state.egress : NULL,
		.facts = &r->facts,
		.expected_filter = r->filter,
		.known_filter = verify_share_filter(c->share),
		.twin = twin->tried ? &twin->facts : NULL,
		.log = twin->has_container ? &twin->log : NULL,
		.twin_container = twin->has_container ? &twin->container : NULL,
		.running_twin = r->running_twin,
		.siblings = r->siblings,
		.sibling_count = r->peers.count,
	};

	checks_run(&in, &o->only, &out->findings);
	if (is_matrix_tried(o))
		matrix_build(&in, &out->matrix);
	out->partial = o->only.count > 0;
	out->quick = o->quick;
}

/* What was found counts, whether or not it can be kept for later. */
static void remember(const struct context *c, const struct verify_result *r)
{
	struct err e = ERR_INIT;

	if (history_add(c, r, &e))
		log_warn("tenant %s: the result is not kept in its history: %s", r->tenant,
			 e.message);
}

/* A process that ends while it is looked at, a container that is just being started, a gateway that
 * has to wait for a processor: what could not be seen for such a reason is looked at again, with
 * more patience. What failed is not: nobody hides it by making the gateway late. */
static bool is_worth_another_look(const struct run *r, const struct findings *f)
{
	if (findings_count(f, VERDICT_FAIL))
		return pid_of(r->state.gateway_present, &r->state.gateway) &&
		       checks_fail_for_silence(&r->facts, f);
	return findings_count(f, VERDICT_INCONCLUSIVE) > 0;
}

static int verify_once(struct context *c, const char *tenant, const struct verify_options *o,
		       struct look *look, struct verify_result *out, struct err *e)
{
	struct twin_view *twin = &look->twin;
	struct run r auto_run = { 0 };
	struct verify_result result = { 0 };
	int64_t began = clock_monotonic_ms();

	if (load_wanted(c, tenant, &r, e) || load_siblings(c, tenant, &r, e) ||
	    measure(c, &r, o, look->timeout_ms, e))
		return -1;
	if (!o->quick && !twin->tried && checks_need_twin(&o->only) &&
	    verify_twin(c, &r.spec, &r.state, &r.peers, twin, e))
		return -1;
	result.tenant = mem_strdup(tenant);
	result.at = clock_utc_text();
	judge(c, &r, twin, o, &result);
	look->again = is_worth_another_look(&r, &result.findings);
	result.seconds = (double)(clock_monotonic_ms() - began) / 1000;
	/* A selection of the checks says nothing about the tenant as a whole. */
	if (!result.partial && verify_store(c, &result, e)) {
		verify_result_free(&result);
		return err_wrap(e, "tenant %s", tenant);
	}
	*out = result;
	return 0;
}

int ops_verify(struct context *c, const char *tenant, const struct verify_options *o,
	       struct verify_result *out, struct err *e)
{
	const struct timespec pause = { .tv_nsec = UNSEEN_PAUSE_NS };
	struct look look auto_look = { 0 };

	for (int again = 0;; again++) {
		struct verify_result r = { 0 };

		look.timeout_ms = PROBE_TIMEOUT_MS * (again + 1);
		if (verify_once(c, tenant, o, &look, &r, e))
			return -1;
		if (again >= UNSEEN_TRIES || !look.again) {
			if (!r.partial)
				remember(c, &r);
			*out = r;
			return 0;
		}
		verify_result_free(&r);
		nanosleep(&pause, NULL);
	}
}
