/*
 * From operands to tenants, and from tenants to results. A single tenant runs in this
 * process; several run in a process each and hand their results back as JSON, so that
 * both ways print through the same functions.
 */
#include "select.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "record.h"

enum { JOBS_MIN = 2, JOBS_DEFAULT_MAX = 16, JOBS_MAX = 64 };

static bool exists(char *path)
{
	auto_free char *owned = path;
	struct stat st;

	return lstat(owned, &st) == 0;
}

bool tenant_has_manifest(const struct context *c, const char *tenant)
{
	return exists(path_of(c->root, PATH_MANIFEST, tenant));
}

bool tenant_has_state(const struct context *c, const char *tenant)
{
	return exists(path_of(c->root, PATH_TENANT_STATE, tenant));
}

static int select_all(const struct invocation *inv, enum select_all all, struct strlist *out,
		      struct err *e)
{
	auto_strlist struct strlist names = { 0 };

	if (tenants_all(inv->ctx, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (all == ALL_WITH_MANIFEST ? tenant_has_manifest(inv->ctx, names.items[i])
					     : tenant_has_state(inv->ctx, names.items[i]))
			strlist_add(out, names.items[i]);
	return 0;
}

int select_tenants(const struct invocation *inv, enum select_all all, struct strlist *out,
		   struct err *e)
{
	const struct strlist *names = &inv->operands;

	if (invocation_flag(inv, "all"))
		return select_all(inv, all, out, e);
	if (names->count == 0) {
		err_set(e, ERR_USAGE, "%s: no tenant is named", inv->command->name);
		return err_hint(e, "name tenants, or give --all");
	}
	for (size_t i = 0; i < names->count; i++) {
		if (tenant_name_check(names->items[i], ERR_USAGE, e))
			return -1;
		if (!strlist_has(out, names->items[i]))
			strlist_add(out, names->items[i]);
	}
	return 0;
}

int select_name(const struct invocation *inv, const char **out, struct err *e)
{
	if (tenant_name_check(inv->operands.items[0], ERR_USAGE, e))
		return -1;
	*out = inv->operands.items[0];
	return 0;
}

int name_tenant(struct err *e, const char *tenant)
{
	size_t len = strlen(tenant);

	if (strncmp(e->message, "tenant ", 7) == 0 && strncmp(e->message + 7, tenant, len) == 0)
		return -1;
	return err_wrap(e, "tenant %s", tenant);
}

/* As the options say, OPTION_JOBS and OPTION_JOBS_LOOKING. */
static int jobs_of(const struct invocation *inv, bool looking, int *out, struct err *e)
{
	const char *text = invocation_option(inv, "jobs");
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = MIN_OF(MAX_OF((looking ? 8 : 2) * processors, JOBS_MIN), JOBS_DEFAULT_MAX);

	if (text && bind_parse_int(text, 1, JOBS_MAX, &n, e)) {
		e->code = ERR_USAGE;
		return err_wrap(e, "--jobs");
	}
	*out = (int)n;
	return 0;
}

static void put_error(struct node *result, const char *tenant, const struct err *e)
{
	struct node *error;

	if (!node_get(result, "tenant"))
		node_set_str(result, "tenant", tenant);
	error = node_set_object(result, "error");
	node_set_str(error, "code", err_code_name(e->code));
	node_set_str(error, "message", e->message);
	node_set_str(error, "hint", e->hint);
}

struct fleet_run {
	struct invocation *inv;
	const struct job_set *jobs;
};

/* What changes a tenant is written to the audit log before and after. `c` is the process' own. */
static int run_job(const struct invocation *inv, struct context *c, const char *tenant,
		   const struct job_set *jobs, struct node **out, struct err *e)
{
	struct record r;
	int rc;

	if (!jobs->changes)
		return jobs->job(c, tenant, jobs->arg, out, e);
	if (record_begin(&r, inv, tenant, NULL, e))
		return -1;
	rc = jobs->job(c, tenant, jobs->arg, out, e);
	record_result(&r, *out);
	return record_end(&r, rc, e);
}

/* In the child. */
static int fleet_job(struct context *c, const char *tenant, int fd, void *arg)
{
	const struct fleet_run *r = arg;
	auto_node struct node *result = NULL;
	auto_free char *text = NULL;
	struct err e = ERR_INIT;

	if (run_job(r->inv, c, tenant, r->jobs, &result, &e)) {
		name_tenant(&e, tenant);
		if (!result)
			result = node_new_object();
		put_error(result, tenant, &e);
	}
	text = node_print(result, false);
	if (fsio_write_fd(fd, text, strlen(text)))
		return err_exit_status(ERR_SYSTEM);
	return err_exit_status(e.code);
}

/* In the parent, in order. */
static void fleet_done(void *arg, const char *tenant, int exit_status, const char *text, size_t len)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	const struct fleet_run *r = arg;
	auto_doc struct doc *d = NULL;
	auto_node struct node *made = NULL;
	struct err e = ERR_INIT;

	progress_end(r->inv->progress, tenant);
	progress_clear(r->inv->progress);
	if (len == 0 || doc_parse_json(text, len, "result", &limits, &d, &e)) {
		err_set(&e, ERR_INTERNAL, "tenant %s: ended without a result (status %d)", tenant,
			exit_status);
		made = node_new_object();
		put_error(made, tenant, &e);
	}
	r->jobs->sink(r->inv, made ? made : doc_root(d), r->jobs->sink_arg);
}

static int run_single(struct invocation *inv, const char *tenant, const struct job_set *jobs,
		      struct err *e)
{
	auto_node struct node *result = NULL;
	int rc = run_job(inv, inv->ctx, tenant, jobs, &result, e);

	if (rc)
		name_tenant(e, tenant);
	progress_end(inv->progress, tenant);
	progress_clear(inv->progress);
	if (rc && inv->out->json) {
		if (!result)
			result = node_new_object();
		put_error(result, tenant, e);
	}
	if (result)
		jobs->sink(inv, result, jobs->sink_arg);
	return rc;
}

int run_jobs(struct invocation *inv, const struct strlist *tenants, const struct job_set *jobs,
	     struct err *e)
{
	struct fleet_run r = { .inv = inv, .jobs = jobs };
	struct fleet f = { .fn = fleet_job,
			   .done = fleet_done,
			   .arg = &r,
			   .verifies = jobs->verifies,
			   .measures = jobs->measures,
			   .permissions = invocation_permissions(inv) };

	if (jobs_of(inv, jobs->measures, &f.jobs, e))
		return -1;
	if (jobs->alone)
		f.jobs = 1;
	if (tenants->count == 0)
		return 0;
	if (tenants->count == 1)
		return run_single(inv, tenants->items[0], jobs, e);
	return ops_fleet(inv->ctx, tenants, &f, e);
}
