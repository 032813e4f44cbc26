/*
 * create, apply, delete, start, stop: different plans for the same runner. Each holds
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
#include "domain/gateway.h"
#include "domain/paths.h"
#include "images.h"
#include "ops/observe.h"
#include "run_plan.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define MODE_PRIVATE_DIR 0700
#define MODE_MANIFEST 0640

struct prepared { /* everything read before a plan is made */
	struct tenant_spec spec;
	char *manifest_text;
	struct tenant_state state;
	struct allocation allocation; /* the tenant's, or the one it would get */
	struct desired_tenant desired;
};

static void prepared_free(struct prepared *p)
{
	tenant_spec_free(&p->spec);
	free(p->manifest_text);
	tenant_state_free(&p->state);
	allocation_free(&p->allocation);
	desired_free(&p->desired);
}
#define auto_prepared cleanup_with(prepared_free)

void run_result_free(struct run_result *r)
{
	plan_free(&r->plan);
	findings_free(&r->findings);
	strlist_free(&r->kept);
	strlist_free(&r->gone);
	*r = (struct run_result){ 0 };
}

static int tenant_lock(struct context *c, const char *tenant, int *out_fd, struct err *e)
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

/* From here on `state` and `allocation` belong together. `dry`: nothing is claimed. */
static int prepare_desired(struct context *c, struct prepared *p, bool dry, struct err *e)
{
	const char *tenant = p->spec.tenant;

	if (p->state.allocated) {
		if (observe_allocation(c, tenant, &p->allocation, e))
			return -1;
		if (!dry && allocate_update_listen(c, &p->spec, &p->allocation, e))
			return -1;
		if (dry && p->spec.listen_port) {
			mem_replace(&p->allocation.listen_host, p->spec.listen_host);
			p->allocation.listen_port = p->spec.listen_port;
		}
	} else if (allocate_claim(c, &p->spec, dry || p->state.foreign.count, &p->allocation, e)) {
		return -1; /* with a foreign object in the way nothing is claimed: it will be
			      refused */
	}
	if (desired_for(c, &p->spec, &p->allocation, &p->desired, e))
		return -1;
	p->state.files_current =
		file_equals(c->root, PATH_HAPROXY_CFG, tenant,
			    strmap_get(&p->desired.gateway_files, GATEWAY_FILE_HAPROXY)) &&
		file_equals(c->root, PATH_DNSMASQ_CONF, tenant,
			    strmap_get(&p->desired.gateway_files, GATEWAY_FILE_DNSMASQ)) &&
		file_equals(c->root, PATH_RESOLV_CONF, tenant, p->desired.resolv_conf);
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
	return image_refuse_volumes(c, &p->spec, e);
}

int ops_plan(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };

	if (look(c, tenant, NULL, &p, e) || prepare_desired(c, &p, true, e))
		return -1;
	return plan_build(tenant, WANT_RUNNING, &p.desired, &p.state, &out->plan, e);
}

static int run(struct context *c, const char *operation, const char *tenant, struct prepared *p,
	       bool undo, struct run_result *out, struct err *e)
{
	struct run r = { .c = c,
			 .operation = operation,
			 .tenant = tenant,
			 .spec = p->spec.tenant ? &p->spec : NULL,
			 .allocation = p->allocation.nonce ? &p->allocation : NULL,
			 .desired = p->desired.worker_name ? &p->desired : NULL,
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
	if (ensure_images(c, p, e) || prepare_desired(c, p, false, e) ||
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
		return run(c, operation, tenant, p, fresh, out, e);
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

	if (tenant_lock(c, tenant, &lock, e) || look(c, tenant, file, &p, e))
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

	if (tenant_lock(c, tenant, &lock, e) || look(c, tenant, NULL, &p, e))
		return -1;
	return bring_up(c, "apply", tenant, &p, out, e);
}

static bool only_starts(const struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		enum step_kind k = p->steps[i].kind;

		if (k != STEP_WORKSPACE_MOUNT && k != STEP_GATEWAY_START &&
		    k != STEP_WORKER_START && k != STEP_VERIFY)
			return false;
	}
	return true;
}

int ops_start(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e) || look(c, tenant, NULL, &p, e))
		return -1;
	if (!p.state.allocated) {
		err_set(e, ERR_NOT_FOUND, "the tenant does not exist yet");
		return err_hint(e, "'tenantctl create %s' makes it", tenant);
	}
	if (prepare_desired(c, &p, true, e) ||
	    plan_build(tenant, WANT_RUNNING, &p.desired, &p.state, &out->plan, e))
		return -1;
	if (!only_starts(&out->plan)) {
		err_set(e, ERR_CONFLICT, "the tenant is not what its manifest says");
		return err_hint(
			e,
			"'tenantctl plan %s' shows the difference, 'tenantctl apply %s' makes "
			"it so and starts it",
			tenant, tenant);
	}
	add_verify(&out->plan);
	return run(c, "start", tenant, &p, false, out, e);
}

int ops_stop(struct context *c, const char *tenant, struct run_result *out, struct err *e)
{
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;

	if (tenant_lock(c, tenant, &lock, e) || observe_tenant(c, tenant, &p.state, e))
		return -1;
	if (!p.state.allocated) {
		err_set(e, ERR_NOT_FOUND, "the tenant does not exist");
		return err_hint(e, "'tenantctl list' shows what there is");
	}
	if (plan_build(tenant, WANT_STOPPED, NULL, &p.state, &out->plan, e))
		return -1;
	return out->plan.count ? run(c, "stop", tenant, &p, false, out, e) : 0;
}

/* The manifest moves beside the kept data: left in place, the next 'apply --all' would bring the
 * tenant back. */
static int put_manifest_away(struct context *c, const char *tenant, bool purge,
			     struct run_result *out, struct err *e)
{
	auto_free char *from = path_of(c->root, PATH_MANIFEST, tenant);
	auto_free char *dir = path_of(c->root, PATH_TENANT_DATA, tenant);
	auto_free char *to = mem_printf("%s/manifest.yaml", dir);
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(from, FSIO_ANY, FILE_BYTES_MAX, &text, &len, e)) {
		if (e->code != ERR_NOT_FOUND)
			return -1;
		err_clear(e);
		return fsio_unlink_all(from, e);
	}
	if (!purge) {
		if (fsio_mkdirs(dir, MODE_PRIVATE_DIR, e) ||
		    fsio_write(to, text, len, MODE_MANIFEST, 0, 0, e))
			return -1;
		strlist_addf(&out->kept, "manifest %s", to);
	}
	strlist_addf(&out->gone, "manifest %s", from);
	return fsio_unlink_all(from, e);
}

static void list_proof(struct context *c, const char *tenant, const struct tenant_state *before,
		       bool purge, struct run_result *out)
{
	auto_free char *image = path_of(c->root, PATH_WORKSPACE_IMAGE, tenant);
	auto_free char *data = path_of(c->root, PATH_TENANT_DATA, tenant);

	if (before->worker_present)
		strlist_addf(&out->gone, "worker tc-%s", tenant);
	if (before->gateway_present)
		strlist_addf(&out->gone, "gateway tc-%s-gw", tenant);
	if (before->network_present)
		strlist_addf(&out->gone, "network tc-%s", tenant);
	if (before->allocated)
		strlist_addf(&out->gone, "subnet %s, uids %lld and %lld", before->allocation.subnet,
			     (long long)before->allocation.worker_uid,
			     (long long)before->allocation.gateway_uid);
	if (before->workspace_exists)
		strlist_addf(purge ? &out->gone : &out->kept, "workspace %s", image);
	else if (purge && before->data_exists)
		strlist_addf(&out->gone, "folder %s", data);
}

/* Looks again: what is said to be gone was looked for and not found. */
static int prove_gone(struct context *c, const char *tenant, bool purge, struct err *e)
{
	struct tenant_state after = { 0 };
	bool left;

	if (observe_remains(c, tenant, &after, e))
		return err_wrap(e, "look again");
	left = after.worker_present || after.gateway_present || after.network_present ||
	       after.allocated || after.files_exist || after.workspace_mounted ||
	       (purge && after.data_exists);
	tenant_state_free(&after);
	if (!left)
		return 0;
	err_set(e, ERR_PARTIAL, "something of the tenant is still there");
	return err_hint(e, "run 'tenantctl delete %s' again", tenant);
}

/* Found by label: somebody may have renamed a container of the tenant, and a renamed worker would
 * outlive its gateway. */
static int remove_renamed(struct context *c, const char *tenant, const struct tenant_state *s,
			  struct run_result *out, struct err *e)
{
	auto_free char *label = mem_printf(LABEL_TENANT "=%s", tenant);
	const char *const filters[] = { label };
	struct bind_list rows = { 0 };
	int rc = client_container_list(c->client, filters, ARRAY_SIZE(filters), &rows, e);

	for (size_t i = 0; i < rows.count && !rc; i++) {
		const struct container_row *row = (struct container_row *)rows.items + i;
		const char *owner = strmap_get(&row->labels, LABEL_TENANT);

		if (!owner || strcmp(owner, tenant) != 0 || strcmp(row->id, s->worker.id) == 0 ||
		    strcmp(row->id, s->gateway.id) == 0)
			continue;
		rc = client_container_remove(c->client, row->id, e);
		if (!rc)
			strlist_addf(&out->gone, "container %s", row->name);
	}
	container_rows_free(&rows);
	return rc ? err_wrap(e, "remove renamed containers") : 0;
}

int ops_delete(struct context *c, const char *tenant, bool purge, struct run_result *out,
	       struct err *e)
{
	auto_free char *lock_path = path_of(c->root, PATH_TENANT_LOCK, tenant);
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;
	bool found;

	if (tenant_lock(c, tenant, &lock, e) || observe_remains(c, tenant, &p.state, e))
		return -1;
	if (p.state.allocated && observe_allocation(c, tenant, &p.allocation, e))
		return -1;
	if (plan_build(tenant, purge ? WANT_PURGED : WANT_GONE, NULL, &p.state, &out->plan, e))
		return -1;
	list_proof(c, tenant, &p.state, purge, out);
	if (remove_renamed(c, tenant, &p.state, out, e))
		return -1;
	if (out->plan.count && run(c, "delete", tenant, &p, false, out, e))
		return -1;
	if (put_manifest_away(c, tenant, purge, out, e) || prove_gone(c, tenant, purge, e))
		return -1;
	found = out->gone.count || out->plan.count;
	if (!found) {
		err_set(e, ERR_NOT_FOUND, "there is no such tenant");
		err_hint(e, "'tenantctl list' shows what there is");
	}
	/* While the lock is held: whoever waits for it notices that the file was replaced. */
	if (fsio_unlink(lock_path, e))
		return -1;
	return found ? 0 : -1;
}
