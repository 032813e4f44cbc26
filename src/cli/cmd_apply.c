/* apply: makes the host follow the manifests; with --prune in both directions. */
#include "base/log.h"
#include "commands.h"
#include "run_view.h"

static int apply_job(struct context *c, const char *tenant, const void *arg unused_arg,
		     struct node **out, struct err *e)
{
	struct run_result r = { 0 };
	int rc = ops_apply(c, tenant, &r, e);

	if (!rc || r.findings.count)
		*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return rc;
}

static int prune_job(struct context *c, const char *tenant, const void *arg unused_arg,
		     struct node **out, struct err *e)
{
	struct run_result r = { 0 };
	int rc = ops_delete(c, tenant, false, &r, e);

	if (!rc)
		*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return rc;
}

static int find_orphans(const struct invocation *inv, struct strlist *out, struct err *e)
{
	auto_strlist struct strlist names = { 0 };

	if (tenants_all(inv->ctx, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (!tenant_has_manifest(inv->ctx, names.items[i]))
			strlist_add(out, names.items[i]);
	/* An unmounted or mistyped folder looks like this too. */
	if (out->count && out->count == names.count) {
		err_set(e, ERR_MANIFEST,
			"there is no manifest at all; every tenant would be deleted");
		return err_hint(e, "'tenantctl delete NAME' deletes one tenant");
	}
	return 0;
}

static int prune(struct invocation *inv, struct node **list, struct err *e)
{
	struct run_view view = { .did = "deleted (no manifest)",
				 .nothing = "deleted",
				 .list = *list };
	struct job_set jobs = {
		.job = prune_job, .sink = run_view_add, .sink_arg = &view, .changes = true
	};
	auto_strlist struct strlist orphans = { 0 };
	int rc;

	if (find_orphans(inv, &orphans, e))
		return -1;
	for (size_t i = 0; i < orphans.count; i++)
		log_warn("%s has no manifest and is deleted; its workspace is kept",
			 orphans.items[i]);
	rc = run_jobs(inv, &orphans, &jobs, e);
	*list = view.list;
	return rc;
}

static int run_apply(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct run_view view = { .did = "applied", .nothing = "no difference" };
	struct job_set jobs = { .job = apply_job,
				.sink = run_view_add,
				.sink_arg = &view,
				.verifies = true,
				.changes = true };
	int rc;

	if (invocation_flag(inv, "prune") && !invocation_flag(inv, "all"))
		return err_set(e, ERR_USAGE, "--prune needs --all");
	if (select_tenants(inv, ALL_WITH_MANIFEST, &tenants, e))
		return -1;
	rc = invocation_flag(inv, "prune") ? prune(inv, &view.list, e) : 0;
	if (!rc)
		rc = run_jobs(inv, &tenants, &jobs, e);
	run_view_end(inv, &view);
	return rc;
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that has a manifest"),
	{ .name = "prune",
	  .help = "with --all: first delete the tenants whose manifest is gone, keep their data" },
	OPTION_JOBS,
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_apply = {
	.name = "apply",
	.operands = "[NAME...]",
	.summary = "Makes the host follow the manifests, and verifies",
	.description =
		"Does what plan shows. A tenant that has no difference is verified all the same, "
		"and a worker that does not verify is stopped. One tenant's failure does not stop "
		"the others.",
	.example = "  tenantctl apply acme-dental\n  tenantctl apply --all --prune -j 4",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_apply,
};
