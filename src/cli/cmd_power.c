/* start and stop: the same objects, running or not. */
#include "commands.h"
#include "run_view.h"

typedef int (*power_operation)(struct context *c, const char *tenant, struct run_result *out,
			       struct err *e);

static int power(power_operation operation, struct context *c, const char *tenant,
		 struct node **out, struct err *e)
{
	struct run_result r = { 0 };
	int rc = operation(c, tenant, &r, e);

	if (!rc || r.findings.count)
		*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return rc;
}

static int start_job(struct context *c, const char *tenant, const void *arg unused_arg,
		     struct node **out, struct err *e)
{
	return power(ops_start, c, tenant, out, e);
}

static int stop_job(struct context *c, const char *tenant, const void *arg unused_arg,
		    struct node **out, struct err *e)
{
	return power(ops_stop, c, tenant, out, e);
}

static int run_power(struct invocation *inv, tenant_job job, struct run_view *view, struct err *e)
{
	struct job_set jobs = {
		.job = job,
		.sink = run_view_add,
		.sink_arg = view,
		.verifies = job == start_job,
		.changes = true,
	};
	auto_strlist struct strlist tenants = { 0 };
	int rc;

	if (select_tenants(inv, ALL_WITH_STATE, &tenants, e))
		return -1;
	rc = run_jobs(inv, &tenants, &jobs, e);
	run_view_end(inv, view);
	return rc;
}

static int run_start(struct invocation *inv, struct err *e)
{
	struct run_view view = { .did = "started", .nothing = "running already" };

	return run_power(inv, start_job, &view, e);
}

static int run_stop(struct invocation *inv, struct err *e)
{
	struct run_view view = { .did = "stopped", .nothing = "stopped already" };

	return run_power(inv, stop_job, &view, e);
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that was created"),
	OPTION_JOBS,
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_start = {
	.name = "start",
	.operands = "[NAME...]",
	.summary = "Starts stopped tenants and verifies them",
	.description = "Starts gateway and worker as they are. Refused when a tenant is not what "
		       "its manifest says: then apply is what brings it up.",
	.example = "  tenantctl start acme-dental",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_start,
};

const struct command cmd_stop = {
	.name = "stop",
	.operands = "[NAME...]",
	.summary = "Stops tenants; nothing of them is removed",
	.description = "Stops worker and gateway. The worker gets the time that its manifest "
		       "gives it to end by itself.",
	.example = "  tenantctl stop --all",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES | CMD_TAKES_AWAY,
	.run = run_stop,
};
