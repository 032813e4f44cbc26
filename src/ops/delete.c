/*
 * delete: everything of a tenant goes but what it owns, its data and its secrets, and
 * those go too when purged. What is said to be gone was looked for afterwards.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "change.h"
#include "domain/paths.h"
#include "ops/observe.h"
#include "ops/twin.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define SECRETS_MAX 4096
#define MODE_PRIVATE_DIR 0700
#define MODE_MANIFEST 0640

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

/* Removes or names them. A folder that cannot be looked into is named all the same. */
static int settle_secrets(struct context *c, const char *tenant, bool purge, struct run_result *out,
			  struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_TENANT_SECRETS, tenant);
	auto_strlist struct strlist files = { 0 };
	struct err ignored = ERR_INIT;
	struct stat st;

	if (lstat(dir, &st))
		return 0;
	if (fsio_list(dir, SECRETS_MAX, &files, &ignored))
		strlist_free(&files);
	if (purge && fsio_remove_tree(dir, e))
		return -1;
	strlist_addf(purge ? &out->gone : &out->kept, "%zu secrets in %s", files.count, dir);
	return 0;
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
	auto_free char *secrets = path_of(c->root, PATH_TENANT_SECRETS, tenant);
	struct tenant_state after = { 0 };
	struct stat st;
	bool left;

	if (observe_remains(c, tenant, &after, e))
		return err_wrap(e, "look again");
	left = after.worker_present || after.gateway_present || after.network_present ||
	       after.allocated || after.files_exist || after.workspace_mounted ||
	       (purge && (after.data_exists || lstat(secrets, &st) == 0));
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
	/* left by an edit that was killed */
	auto_free char *edit_lock = path_of(c->root, PATH_MANIFEST_LOCK, tenant);
	auto_prepared struct prepared p = { 0 };
	auto_fd int lock = -1;
	bool found;

	if (tenant_lock(c, tenant, &lock, e) || twin_evict(c, tenant, e) ||
	    observe_remains(c, tenant, &p.state, e))
		return -1;
	if (p.state.allocated && observe_allocation(c, tenant, &p.allocation, e))
		return -1;
	if (plan_build(tenant, purge ? WANT_PURGED : WANT_GONE, NULL, &p.state, &out->plan, e))
		return -1;
	list_proof(c, tenant, &p.state, purge, out);
	if (remove_renamed(c, tenant, &p.state, out, e))
		return -1;
	if (out->plan.count && run_prepared(c, "delete", tenant, &p, false, out, e))
		return -1;
	if (put_manifest_away(c, tenant, purge, out, e) ||
	    settle_secrets(c, tenant, purge, out, e) || prove_gone(c, tenant, purge, e))
		return -1;
	found = out->gone.count || out->plan.count;
	if (!found) {
		err_set(e, ERR_NOT_FOUND, "there is no such tenant");
		err_hint(e, "'tenantctl list' shows what there is");
	}
	/* While the lock is held: whoever waits for it notices that the file was replaced. */
	if (fsio_unlink(edit_lock, e) || fsio_unlink(lock_path, e))
		return -1;
	return found ? 0 : -1;
}
