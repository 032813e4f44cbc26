/*
 * create, apply, start, stop: different plans for the same runner. Each holds
 * the tenant's lock from the first look to the last step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocate.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "change.h"
#include "domain/paths.h"
#include "images.h"
#include "ops/observe.h"
#include "ops/twin.h"
#include "run_plan.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define MODE_PRIVATE_DIR 0700
#define MODE_MANIFEST 0640

void prepared_free(struct prepared *p)
{
	tenant_spec_free(&p->spec);
	free(p->manifest_text);
	gateway_keys_free(&p->keys);
	tenant_state_free(&p->state);
	allocation_free(&p->allocation);
	desired_free(&p->desired);
}

void run_result_free(struct run_result *r)
{
	plan_free(&r->plan);
	findings_free(&r->findings);
	strlist_free(&r->kept);
	strlist_free(&r->gone);
	*r = (struct run_result){ 0 };
}

int tenant_lock(struct context *c, const char *tenant, int *out_fd, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_LOCKS, NULL);
	auto_free char *path = path_of(c->root, PATH_TENANT_LOCK, tenant);

	if (fsio_mkdirs(dir, MODE_PRIVATE_DIR, e))
		return -1;
	return fsio_lock(path, c->lock_wait_ms, out_fd, e);
}

static bool file_equals(const char *root, enum path_kind kind, const char *tenant, const char *text)
{
	auto_free char *path = path_of(root, kind, tenant);
	auto_free char *have = NULL;
	struct err ignored = ERR_INIT;
	size_t len;

	return !fsio_read(path, FSIO_ANY, FILE_BYTES_MAX, &have, &len, &ignored) &&
	       strcmp(have, text) == 0;
}

static int image_flags(struct context *c, struct prepared *p, struct err *e)
{
	auto_free char *worker = NULL, *gateway = NULL;

	if (image_id_of(c, p->spec.image, &worker, e) ||
	    image_id_of(c, c->host.gateway_image, &gateway, e))
		return -1;
	p->state.worker_image_present = worker != NULL;
	p->state.gateway_image_present = gateway != NULL;
	return 0;
}

struct gateway_set prepared_set(const struct context *c, const struct prepared *p)
{
	return (struct gateway_set){ .root = c->root,
				     .tenant = p->spec.tenant,
				     .gateway_uid = (uid_t)p->allocation.gateway_uid,
				     .files = &p->desired.gateway_files,
				     .keys = &p->keys };
}

static int prepare_numbers(struct context *c, struct prepared *p, enum allocating how,
			   struct err *e)
{
	const char *tenant = p->spec.tenant;
	bool dry = how != ALLOCATE_CLAIM;

	/* with a foreign object in the way nothing is claimed: it will be refused */
	if (!p->state.allocated)
		return allocate_claim(c, &p->spec, dry || p->state.foreign.count, &p->allocation,
				      e);
	if (observe_allocation(c, tenant, &p->allocation, e))
		return -1;
	if (how == ALLOCATE_CLAIM && allocate_update_listen(c, &p->spec, &p->allocation, e))
		return -1;
	if (how == ALLOCATE_LOOK && p->spec.listen_port) {
		mem_replace(&p->allocation.listen_host, p->spec.listen_host);
		p->allocation.listen_port = p->spec.listen_port;
	}
	return allocate_give_token(c, tenant, dry, &p->allocation, e);
}

static bool set_is_installed(const struct context *c, const char *tenant)
{
	auto_free char *path = path_of(c->root, PATH_GATEWAY_SET, tenant);
	struct stat st;

	return lstat(path, &st) == 0;
}

static int load_keys(struct context *c, struct prepared *p, enum keys_source source, struct err *e)
{
	const struct keys_options o = { .source = source };

	gateway_keys_free(&p->keys);
	return gateway_keys_load(c, &p->spec, &o, &p->keys, e);
}

/* From here on `state` and `allocation` belong together. */
int prepare_desired(struct context *c, struct prepared *p, enum allocating how, struct err *e)
{
	bool claims = how == ALLOCATE_CLAIM && !p->state.allocated;
	struct gateway_set set;

	/* Who changes a key before the claim finds no tenant that could be told, and images may
	 * have been pulled for minutes: it is there to be read now. Who comes later waits for the
	 * tenant's lock. */
	if (prepare_numbers(c, p, how, e) || (claims && load_keys(c, p, KEYS_FRESH, e)) ||
	    desired_for(c, &p->spec, &p->allocation, &p->desired, e))
		return -1;
	set = prepared_set(c, p);
	p->state.set_differs = gateway_set_difference(&set);
	p->state.set_installed = set_is_installed(c, p->spec.tenant);
	p->state.resolv_current =
		file_equals(c->root, PATH_RESOLV_CONF, p->spec.tenant, p->desired.resolv_conf);
	return 0;
}

static int look(struct context *c, const char *tenant, const char *file, struct prepared *p,
		struct err *e)
{
	if (tenant_manifest(c, tenant, file, &p->spec, &p->manifest_text, e) ||
	    observe_tenant(c, tenant, &p->state, e))
		return -1;
	return image_flags(c, p, e);
}

static void tell(struct context *c, const char *tenant, const char *text)
{
	if (c->progress)
		c->progress(c->progress_arg, tenant, text, 0, 0);
}

/* Before anything of the tenant exists: a missing image must leave nothing behind. */
static int ensure_images(struct context *c, struct prepared *p, struct err *e)
{
	if (!p->state.gateway_image_present) {
		tell(c, p->spec.tenant, "load gateway image");
		if (image_load_gateway(c, e))
			return -1;
		p->state.gateway_image_present = true;
	}
	if (!p->state.worker_image_present) {
		tell(c, p->spec.tenant, "pull worker image");
		if (image_pull_worker(c, p->spec.tenant, p->spec.image, e))
			return -1;
		p->state.worker_image_present = true;
	}
	return image_refuse(c, &p->spec, p->state.worker_present ? p->state.worker.image_id : NULL,
			    e);
}

int plan_look(struct context *c, const char *tenant, struct prepared *p, struct plan *out,
	      struct err *e)
{
	if (look(c, tenant, NULL, p, e) || load_keys(c, p, KEYS_LOOK, e) ||
	    prepare_desired(c, p, ALLOCATE_LOOK, e))
		return -1;
	return plan_build(tenant, WANT_RUNNING, &p->desired, &p->state, out, e);
}

int ops_plan(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };

	return plan_look(c, tenant, &p, &out->plan, e);
}

int run_prepared(struct context *c, const char *operation, const char *tenant, struct prepared *p,
		 bool undo, struct run_result *out, struct err *e)
{
	struct run r = { .c = c,
			 .operation = operation,
			 .tenant = tenant,
			 .spec = p->spec.tenant ? &p->spec : NULL,
			 .allocation = p->allocation.nonce ? &p->allocation : NULL,
			 .desired = p->desired.worker_name ? &p->desired : NULL,
			 .keys = p->keys.keys ? &p->keys : NULL,
			 .state = &p->state,
			 .result = out,
			 .undo = undo };

	return run_plan(&r, e);
}

/* An unchanged tenant is verified all the same: that is what a nightly apply is for. */
static void add_verify(struct plan *plan)
{
	if (plan->count)
		return;
	plan->steps = mem_grow(plan->steps, 1, sizeof(*plan->steps));
	plan->steps[0] = (struct step){ .kind = STEP_VERIFY,
					.object = mem_strdup(plan->tenant),
					.why = mem_strdup("nothing differs"),
					.undo = STEP_KINDS,
					.after = -1 };
	plan->count = 1;
}

static int make_plan(struct context *c, const char *tenant, struct prepared *p,
		     struct run_result *out, struct err *e)
{
	if (ensure_images(c, p, e) || prepare_desired(c, p, ALLOCATE_CLAIM, e) ||
	    plan_build(tenant, WANT_RUNNING, &p->desired, &p->state, &out->plan, e))
		return -1;
	add_verify(&out->plan);
	return 0;
}

static int bring_up(struct context *c, const char *operation, const char *tenant,
		    struct prepared *p, struct run_result *out, struct err *e)
{
	bool fresh = !p->state.allocated;
	struct err ignored = ERR_INIT;

	if (!make_plan(c, tenant, p, out, e))
		return run_prepared(c, operation, tenant, p, fresh, out, e);
	if (fresh && !p->state.foreign.count && allocate_release(c, tenant, &ignored))
		log_debug("%s: release: %s", tenant, ignored.message);
	return -1;
}

static int store_manifest(struct context *c, const char *tenant, const struct prepared *p,
			  bool *out_stored, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_MANIFESTS, NULL);
	auto_free char *path = path_of(c->root, PATH_MANIFEST, tenant);
	struct stat st;

	if (file_equals(c->root, PATH_MANIFEST, tenant, p->manifest_text))
		return 0;
	if (lstat(path, &st) == 0) {
		err_set(e, ERR_CONFLICT, "%s exists and differs from the file given", path);
		return err_hint(
			e,
			"edit that manifest and run 'tenantctl apply %s', or delete the tenant "
			"first",
			tenant);
	}
	if (fsio_mkdirs(dir, MODE_PRIVATE_DIR, e))
		return -1;
	if (fsio_write(path, p->manifest_text, strlen(p->manifest_text), MODE_MANIFEST, 0, 0, e))
		return -1;
	*out_stored = true;
	return 0;
}

/* A create that was taken back whole leaves no manifest either, so that it can be corrected and
 * given again. */
static void forget_manifest(struct context *c, const char *tenant, const struct err *why)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, tenant);
	struct err ignored = ERR_INIT;

	if (why->code != ERR_PARTIAL && why->code != ERR_CHECK && fsio_unlink_all(path, &ignored))
		log_debug("%s: %s", tenant, ignored.message);
}

int ops_create(struct context *c, const char *tenant, const char *file, struct run_result *out,
	       struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;
	bool stored = false;

	if (tenant_lock(c, tenant, &lock, e) || twin_remove_stale(c, tenant, e) ||
	    look(c, tenant, file, &p, e))
		return -1;
	if (p.state.worker_present && p.state.gateway_present && p.state.network_present &&
	    p.state.allocated && !p.state.unfinished) {
		err_set(e, ERR_CONFLICT, "the tenant exists already");
		return err_hint(
			e,
			"'tenantctl apply %s' brings it to its manifest; 'tenantctl show %s' "
			"shows it",
			tenant, tenant);
	}
	/* before anything is made: what is missing must leave nothing behind */
	if (load_keys(c, &p, KEYS_FRESH, e))
		return -1;
	if (file && store_manifest(c, tenant, &p, &stored, e))
		return -1;
	if (!bring_up(c, "create", tenant, &p, out, e))
		return 0;
	if (stored)
		forget_manifest(c, tenant, e);
	return -1;
}

int ops_apply(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e) || twin_remove_stale(c, tenant, e) ||
	    look(c, tenant, NULL, &p, e) || load_keys(c, &p, KEYS_FRESH, e))
		return -1;
	return bring_up(c, "apply", tenant, &p, out, e);
}

/* New keys, and files that a reboot took, are part of a start; another manifest is not. */
static bool is_of_start(const struct step *step, const struct tenant_state *s)
{
	bool only_keys = s->set_differs && strcmp(s->set_differs, "keys") == 0;

	switch (step->kind) {
	case STEP_WORKSPACE_MOUNT:
	case STEP_GATEWAY_START:
	case STEP_WORKER_START:
	case STEP_VERIFY:
		return true;
	case STEP_FILES_WRITE:
		return s->resolv_current && (!s->set_installed || only_keys);
	case STEP_GATEWAY_RELOAD:
		return only_keys;
	default:
		return false;
	}
}

static bool only_starts(const struct plan *p, const struct tenant_state *s)
{
	for (size_t i = 0; i < p->count; i++)
		if (!is_of_start(p->steps + i, s))
			return false;
	return true;
}

int ops_start(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e) || twin_remove_stale(c, tenant, e) ||
	    look(c, tenant, NULL, &p, e))
		return -1;
	if (!p.state.allocated) {
		err_set(e, ERR_NOT_FOUND, "the tenant does not exist yet");
		return err_hint(e, "'tenantctl create %s' makes it", tenant);
	}
	if (load_keys(c, &p, KEYS_LOOK, e) || prepare_desired(c, &p, ALLOCATE_LOOK, e) ||
	    plan_build(tenant, WANT_RUNNING, &p.desired, &p.state, &out->plan, e))
		return -1;
	if (!only_starts(&out->plan, &p.state)) {
		err_set(e, ERR_CONFLICT, "the tenant is not what its manifest says");
		return err_hint(
			e,
			"'tenantctl plan %s' shows the difference, 'tenantctl apply %s' makes "
			"it so and starts it",
			tenant, tenant);
	}
	if (p.state.set_differs && load_keys(c, &p, KEYS_FRESH, e))
		return -1;
	add_verify(&out->plan);
	return run_prepared(c, "start", tenant, &p, false, out, e);
}

int ops_stop(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e) || twin_remove_stale(c, tenant, e) ||
	    observe_tenant(c, tenant, &p.state, e))
		return -1;
	if (!p.state.allocated) {
		err_set(e, ERR_NOT_FOUND, "the tenant does not exist");
		return err_hint(e, "'tenantctl list' shows what there is");
	}
	if (plan_build(tenant, WANT_STOPPED, NULL, &p.state, &out->plan, e))
		return -1;
	return out->plan.count ? run_prepared(c, "stop", tenant, &p, false, out, e) : 0;
}
