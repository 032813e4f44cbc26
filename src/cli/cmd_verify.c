/* verify: measures whether the boundary of each tenant holds. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "commands.h"
#include "domain/checks.h"
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

/* ---- what is put out ---- */

/* "human" is the first, and the default. */
static const char *const formats[] = { "human", "json", "junit", "tap", "sarif", "html", NULL };
static void (*const writers[])(const struct report *, struct strbuf *) = {
	NULL, report_json, report_junit, report_tap, report_sarif, report_html,
};

_Static_assert(ARRAY_SIZE(formats) == ARRAY_SIZE(writers) + 1, "a format without a writer");

static size_t format_of(const struct invocation *inv)
{
	const char *format = invocation_option(inv, "format");

	for (size_t i = 0; format && formats[i]; i++)
		if (strcmp(format, formats[i]) == 0)
			return i;
	return 0;
}

/* The file to write to; NULL: standard output. */
static const char *output_file(const struct invocation *inv)
{
	const char *path = invocation_option(inv, "output");

	return path && strcmp(path, "-") != 0 ? path : NULL;
}

static int put_text(struct invocation *inv, const struct strbuf *text, struct err *e)
{
	const char *path = output_file(inv);

	if (text->overflow)
		return err_set(e, ERR_INTERNAL, "the report is larger than %zu bytes", text->max);
	if (path)
		return fsio_write(path, strbuf_str(text), text->len, 0644, (uid_t)-1, (gid_t)-1, e);
	output_bytes(inv->out, strbuf_str(text), text->len);
	return 0;
}

static int put_report(struct invocation *inv, const struct report *r, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(REPORT_BYTES_MAX);
	struct report_style style = { .verbose = invocation_flag(inv, "verbose"),
				      .color = inv->out->color && !output_file(inv) };
	size_t format = format_of(inv);

	if (writers[format])
		writers[format](r, &text);
	else
		report_human(r, &style, &text);
	return put_text(inv, &text, e);
}

/* ---- the catalogue ---- */

static int unknown_check(const char *id, struct err *e)
{
	size_t count;
	const struct check *all = checks_all(&count);
	auto_free const char **ids = mem_array(count + 1, sizeof(*ids));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		ids[i] = all[i].id;
	nearest = strlist_nearest(id, ids, count);
	err_set(e, ERR_USAGE, "no check has the id '%s', or starts with it", id);
	if (nearest)
		return err_hint(e, "did you mean %s?", nearest);
	return err_hint(e, "tenantctl verify --list shows all checks");
}

static bool check_exists(const char *prefix)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		if (strncmp(all[i].id, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static int show_catalogue(struct invocation *inv, const char *id, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

	if (format_of(inv) && !inv->out->json)
		return err_set(e, ERR_USAGE, "the list of checks is human or json, not %s",
			       invocation_option(inv, "format"));
	if (id && !check_exists(id))
		return unknown_check(id, e);
	if (inv->out->json)
		report_checks_json(id, &text);
	else if (id)
		report_explain(id, &text);
	else
		report_checks(&text);
	return put_text(inv, &text, e);
}

/* ---- the run ---- */

/* The only tenant's own error comes back without a result: machines read it in the report, too. */
static void add_missing(const struct invocation *inv, const struct strlist *tenants,
			struct collected *all, const struct err *e)
{
	if (all->count > 0 || tenants->count != 1 || (format_of(inv) == 0 && !output_file(inv)))
		return;
	all->errors[0] = mem_strdup(e->message);
	all->rows[0].error = all->errors[0];
	all->count = 1;
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
	if (rc)
		add_missing(inv, tenants, &all, e);
	/* the sink saw results that are gone by now; names come in the order asked for */
	for (size_t i = 0; i < all.count; i++)
		all.rows[i].tenant = tenants->items[i];
	r = (struct report){ .rows = all.rows, .count = all.count, .version = TENANTCTL_VERSION };
	if (put_report(inv, &r, &write_error)) {
		*e = write_error;
		rc = -1;
	}
	collected_free(&all);
	return rc;
}

static int read_only(const struct invocation *inv, struct strlist *out, struct err *e)
{
	for (size_t i = 0; i < inv->options.count; i++) {
		const struct option_value *v = &inv->options.items[i];

		if (strcmp(v->def->name, "only") != 0)
			continue;
		if (!check_exists(v->value))
			return unknown_check(v->value, e);
		strlist_add(out, v->value);
	}
	return 0;
}

static int run_verify(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct verify_options o = { .quick = true };
	const char *explained = invocation_option(inv, "explain");
	int rc;

	if (explained || invocation_flag(inv, "list"))
		return show_catalogue(inv, explained, e);
	rc = read_only(inv, &o.only, e);
	if (!rc)
		rc = select_tenants(inv, ALL_WITH_STATE, &tenants, e);
	if (!rc)
		rc = verify_tenants(inv, &tenants, &o, e);
	strlist_free(&o.only);
	return rc;
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that was created"),
	{ .name = "quick",
	  .help = "facts of the kernel and the network only; what this version does" },
	{ .name = "only",
	  .placeholder = "ID",
	  .arg = ARG_CHECK,
	  .flags = OPTION_MANY,
	  .help = "run the checks whose id starts with this; may be repeated" },
	{ .name = "list", .flags = OPTION_OFFLINE, .help = "list the checks and end" },
	{ .name = "explain",
	  .placeholder = "ID",
	  .arg = ARG_CHECK,
	  .flags = OPTION_OFFLINE,
	  .help = "say what the check of this id, or each whose id starts with it, tries, why it "
		  "matters and how to fix it, and end" },
	{ .name = "output",
	  .letter = 'o',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write the report to this file; - is standard output" },
	{ .name = "format",
	  .placeholder = "FORMAT",
	  .choices = formats,
	  .help = "human (default), json, junit, tap, sarif or html" },
	OPTION_JOBS,
};
static const struct option_pair exclusive[] = {
	NAMES_OR_ALL,	       { "list", "" },	  { "list", "all" },
	{ "list", "explain" }, { "explain", "" }, { "explain", "all" },
};

const struct command cmd_verify = {
	.name = "verify",
	.operands = "[NAME...]",
	.summary = "Measures whether the boundary of each tenant holds",
	.description =
		"Compares what the kernel says of each worker, and what can be reached from its "
		"network, with what the manifest asks for. Nothing is run inside a live worker. A "
		"check that could not look is inconclusive, and that is a failure.\n\n"
		"The exit status is 1 when a check failed. With -v every check is shown with its "
		"evidence, and the table of who reaches whom.\n\n"
		"Formats junit and tap are for build servers, sarif (version 2.1.0) for code "
		"scanning; in the last an inconclusive check is a failure of level warning. "
		"Format html is one file without scripts and without anything from outside, to be "
		"read, printed and handed on: the verdict, who reaches whom as a picture, and all "
		"evidence.",
	.example = "  tenantctl verify --all\n"
		   "  tenantctl verify acme-dental --only net. -v\n"
		   "  tenantctl verify --all --format html -o report.html\n"
		   "  tenantctl verify --explain net.sibling.tcp",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_verify,
};
