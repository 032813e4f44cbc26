/* plan: what apply would do, and nothing else. */
#include "commands.h"
#include "run_view.h"

static int plan_job(struct context *c, const char *tenant, const void *arg unused_arg,
		    struct node **out, struct err *e)
{
	struct run_result r = { 0 };

	if (ops_plan(c, tenant, &r, e))
		return -1;
	*out = run_result_json(tenant, &r);
	run_result_free(&r);
	return 0;
}

static int run_plan_command(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct run_view view = { .plan = true };
	struct job_set jobs = {
		.job = plan_job, .sink = run_view_add, .sink_arg = &view, .verifies = true
	};
	int rc;

	if (select_tenants(inv, ALL_WITH_MANIFEST, &tenants, e))
		return -1;
	rc = run_jobs(inv, &tenants, &jobs, e);
	run_view_end(inv, &view);
	if (rc || !view.differing)
		return rc;
	err_set(e, ERR_CHECK, "differences found: %zu of %zu tenants", view.differing,
		tenants.count);
	return err_hint(e, "'tenantctl apply' makes it so");
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that has a manifest"),
	OPTION_JOBS,
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_plan = {
	.name = "plan",
	.operands = "[NAME...]",
	.summary = "Shows the difference between manifests and host",
	.description =
		"Prints the steps that apply would take: '+' makes something, '-' takes something "
		"away, '~' changes what is there. Changes nothing.\n\nThe exit status is 1 when "
		"there is a difference.",
	.example = "  tenantctl plan --all",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_plan_command,
};
