/* verify: measures whether the boundary of each tenant holds. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "commands.h"
#include "ops/report.h"
#include "report.h"
#include "select.h"

struct collected { /* results of all tenants, in order */
	struct report_row *rows;
	struct verify_result *results; /* one for each row; zeroed where there is none */
	char **errors;
	size_t count, max;
};

static int verify_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		      struct err *e)
{
	const struct verify_options *o = arg;
	struct verify_result r = { 0 };
	bool pass;

	if (ops_verify(c, tenant, o, &r, e))
		return -1;
	pass = findings_pass(&r.findings);
	*out = verify_result_json(&r);
	verify_result_free(&r);
	return pass ? 0 : err_set(e, ERR_CHECK, "the boundary is not verified");
}

/* A result that did not pass has an error beside it; it says nothing that the findings do not. */
static void collect(struct invocation *inv unused_arg, const struct node *result, void *arg)
{
	struct collected *all = arg;
	const char *error = node_str(node_get(node_get(result, "error"), "message"), NULL);
	auto_free char *text = node_print(result, false);
	struct err e = ERR_INIT;
	size_t i = all->count++;

	if (!node_get(result, "findings") ||
	    verify_result_parse(text, strlen(text), &all->results[i], &e)) {
		all->errors[i] = mem_strdup(error ? error : e.message);
		all->rows[i].error = all->errors[i];
		all->rows[i].tenant = node_str(node_get(result, "tenant"), "-");
	} else {
		all->rows[i].result = &all->results[i];
	}
}

static void collected_free(struct collected *all)
{
	for (size_t i = 0; i < all->max; i++) {
		verify_result_free(&all->results[i]);
		free(all->errors[i]);
	}
	free(all->rows);
	free(all->results);
	free(all->errors);
}

static void format_report(const struct invocation *inv, const struct report *r, struct strbuf *out)
{
	const char *format = invocation_option(inv, "format");
	struct report_style style = { .verbose = invocation_flag(inv, "verbose"),
				      .color = inv->out->color && !invocation_flag(inv, "output") };

	if (format && strcmp(format, "junit") == 0)
		report_junit(r, out);
	else if (format && strcmp(format, "json") == 0)
		report_json(r, out);
	else
		report_human(r, &style, out);
}

static int put_report(struct invocation *inv, const struct report *r, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(REPORT_BYTES_MAX);
	const char *path = invocation_option(inv, "output");

	format_report(inv, r, &text);
	if (text.overflow)
		return err_set(e, ERR_INTERNAL, "the report is larger than %zu bytes", text.max);
	if (path)
		return fsio_write(path, strbuf_str(&text), text.len, 0644, (uid_t)-1, (gid_t)-1, e);
	output_bytes(inv->out, strbuf_str(&text), text.len);
	return 0;
}

static int verify_tenants(struct invocation *inv, const struct strlist *tenants,
			  const struct verify_options *o, struct err *e)
{
	struct collected all = { .max = tenants->count };
	struct job_set jobs = {
		.job = verify_job, .arg = o, .sink = collect, .sink_arg = &all, .verifies = true
	};
	struct err write_error = ERR_INIT;
	struct report r;
	int rc;

	all.rows = mem_array(tenants->count + 1, sizeof(*all.rows));
	all.results = mem_array(tenants->count + 1, sizeof(*all.results));
	all.errors = mem_array(tenants->count + 1, sizeof(*all.errors));
	rc = run_jobs(inv, tenants, &jobs, e);
	/* the sink saw results that are gone by now; names come in the order asked for */
	for (size_t i = 0; i < all.count; i++)
		all.rows[i].tenant = tenants->items[i];
	r = (struct report){ .rows = all.rows, .count = all.count };
	if (put_report(inv, &r, &write_error)) {
		*e = write_error;
		rc = -1;
	}
	collected_free(&all);
	return rc;
}

static int run_verify(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct verify_options o = { .quick = true };
	int rc;

	if (invocation_flag(inv, "list")) {
		auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

		if (inv->out->json)
			report_checks_json(&text);
		else
			report_checks(&text);
		output_bytes(inv->out, strbuf_str(&text), text.len);
		return 0;
	}
	if (select_tenants(inv, ALL_WITH_STATE, &tenants, e))
		return -1;
	for (size_t i = 0; i < inv->options.count; i++)
		if (strcmp(inv->options.items[i].def->name, "only") == 0)
			strlist_add(&o.only, inv->options.items[i].value);
	rc = verify_tenants(inv, &tenants, &o, e);
	strlist_free(&o.only);
	return rc;
}

static const char *const formats[] = { "human", "json", "junit", NULL };

static const struct option_def options[] = {
	OPTION_ALL("every tenant that was created"),
	{ .name = "quick",
	  .help = "facts of the kernel and the network only; what this version does" },
	{ .name = "only",
	  .placeholder = "ID",
	  .flags = OPTION_MANY,
	  .help = "run the checks whose id starts with this; may be repeated" },
	{ .name = "list", .flags = OPTION_OFFLINE, .help = "list the checks and end" },
	{ .name = "output",
	  .letter = 'o',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write the report to this file" },
	{ .name = "format",
	  .placeholder = "FORMAT",
	  .choices = formats,
	  .help = "human (default), json or junit" },
	OPTION_JOBS,
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_verify = {
	.name = "verify",
	.operands = "[NAME...]",
	.summary = "Measures whether the boundary of each tenant holds",
	.description =
		"Compares what the kernel says of each worker, and what can be reached from its "
		"network, with what the manifest asks for. Nothing is run inside a live worker. A "
		"check that could not look is inconclusive, and that is a failure.\n\nThe exit "
		"status is 1 when a check failed. With -v every check is shown, and the table of "
		"who reaches whom.",
	.example = "  tenantctl verify --all\n"
		   "  tenantctl verify acme-dental --only net. -v\n"
		   "  tenantctl verify --all --format junit -o report.xml",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_verify,
};
