/* create and delete: one tenant each. */
#include "commands.h"
#include "run_view.h"

static int create_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		      struct err *e)
{
	struct run_result r = { 0 };
	int rc = ops_create(c, tenant, arg, &r, e);

	if (!rc || r.findings.count)
		*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return rc;
}

static int delete_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		      struct err *e)
{
	const bool *purge = arg;
	struct run_result r = { 0 };
	int rc = ops_delete(c, tenant, *purge, &r, e);

	if (!rc)
		*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return rc;
}

static int run_one(struct invocation *inv, tenant_job job, const void *arg, struct run_view *view,
		   struct err *e)
{
	struct job_set jobs = {
		.job = job, .arg = arg, .sink = run_view_add, .sink_arg = view, .changes = true
	};
	auto_strlist struct strlist tenants = { 0 };
	const char *name;
	int rc;

	if (select_name(inv, &name, e))
		return -1;
	strlist_add(&tenants, name);
	rc = run_jobs(inv, &tenants, &jobs, e);
	run_view_end(inv, view);
	return rc;
}

static int run_create(struct invocation *inv, struct err *e)
{
	struct run_view view = { .did = "created", .nothing = "complete already" };

	return run_one(inv, create_job, invocation_option(inv, "file"), &view, e);
}

static int run_delete(struct invocation *inv, struct err *e)
{
	struct run_view view = { .did = "deleted", .nothing = "deleted" };
	bool purge = invocation_flag(inv, "purge");

	return run_one(inv, delete_job, &purge, &view, e);
}

static const struct option_def create_options[] = {
	{ .name = "file",
	  .letter = 'f',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "take this manifest; it is copied to its place" },
};
static const struct option_def delete_options[] = {
	{ .name = "purge",
	  .help = "remove workspace and manifest too; they cannot be brought back" },
};

const struct command cmd_create = {
	.name = "create",
	.operands = "NAME",
	.summary = "Makes a tenant from its manifest, starts and verifies it",
	.description =
		"Makes network, gateway, workspace and worker, starts them and verifies the "
		"boundary. A worker that does not verify is stopped. When something fails half "
		"way, what was made is taken back. An image with device nodes, with a /dev, /proc "
		"or /sys that is no folder, or with a USER that cannot be, is refused before "
		"anything is made.",
	.example = "  tenantctl create acme-dental\n  tenantctl create acme-dental -f acme.yaml",
	.options = create_options,
	.option_count = ARRAY_SIZE(create_options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_create,
};

const struct command cmd_delete = {
	.name = "delete",
	.operands = "NAME",
	.summary = "Removes a tenant; keeps its workspace and manifest unless purged",
	.description =
		"Removes worker, gateway, network and state, looks again, and prints what is gone "
		"and what is kept. The workspace stays, with the manifest beside it, unless "
		"--purge is given.",
	.example = "  tenantctl delete acme-dental",
	.options = delete_options,
	.option_count = ARRAY_SIZE(delete_options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_delete,
};
