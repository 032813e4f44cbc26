/* verify: measures whether the boundary of each tenant holds. */
#include <string.h>

#include "base/mem.h"
#include "cmd_verify.h"
#include "commands.h"
#include "domain/checks.h"
#include "ops/drill.h"
#include "ops/report.h"
#include "record.h"
#include "report.h"
#include "select.h"
#include "verify_pack.h"

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

	if (o->drill ? ops_drill(c, tenant, &o->only, &r, e) : ops_verify(c, tenant, o, &r, e))
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
	struct err e = ERR_INIT;
	size_t i = all->count++;

	if (!node_get(result, "findings") || verify_result_read(result, &all->results[i], &e)) {
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

/* Whether a check, or a drill, of the run that is asked for starts with it. */
static int check_runs(const char *prefix, bool drill, struct err *e)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		if (!all[i].judge == drill && strncmp(all[i].id, prefix, strlen(prefix)) == 0)
			return 0;
	if (!check_exists(prefix))
		return unknown_check(prefix, e);
	if (drill)
		return err_set(e, ERR_USAGE, "--drill runs drills only, and '%s' is none", prefix);
	return err_set(e, ERR_USAGE, "'%s' is a drill, and those run with --drill only", prefix);
}

static int show_catalogue(struct invocation *inv, const char *id, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);

	if (strcmp(report_format(inv), "human") != 0 && !inv->out->json)
		return err_set(e, ERR_USAGE, "the list of checks is human or json, not %s",
			       report_format(inv));
	if (invocation_flag(inv, "drill")) {
		report_drills(inv->out->json, &text);
		return report_put_text(inv, &text, e);
	}
	if (id && !check_exists(id))
		return unknown_check(id, e);
	if (inv->out->json)
		report_checks_json(id, &text);
	else if (id)
		report_explain(id, &text);
	else
		report_checks(&text);
	return report_put_text(inv, &text, e);
}

/* ---- the run ---- */

/* The only tenant's own error comes back without a result: machines read it in the report, too. */
static void add_missing(const struct invocation *inv, const struct strlist *tenants,
			struct collected *all, const struct err *e)
{
	if (all->count > 0 || tenants->count != 1 || strcmp(report_format(inv), "human") == 0)
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
		.job = verify_job,
		.arg = o,
		.sink = collect,
		.sink_arg = &all,
		.alone = o->drill,
		.verifies = true,
		.measures = !o->drill,
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
	r = (struct report){ .rows = all.rows, .count = all.count };
	/* what was proved is recorded, whether or not anybody could be told */
	if (record_proofs(inv, &r, &write_error) && !rc) {
		*e = write_error;
		rc = -1;
	}
	if (report_put(inv, &r, &write_error)) {
		*e = write_error;
		rc = -1;
	}
	if (invocation_option(inv, "pack") && all.rows[0].result &&
	    verify_pack(inv, all.rows[0].result, &write_error)) {
		*e = write_error;
		rc = -1;
	}
	collected_free(&all);
	return rc;
}

static int read_only(const struct invocation *inv, bool drill, struct strlist *out, struct err *e)
{
	for (size_t i = 0; i < inv->options.count; i++) {
		const struct option_value *v = &inv->options.items[i];

		if (strcmp(v->def->name, "only") != 0)
			continue;
		if (check_runs(v->value, drill, e))
			return -1;
		strlist_add(out, v->value);
	}
	return 0;
}

static int run_verify(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	struct verify_options o = { .quick = invocation_flag(inv, "quick"),
				    .drill = invocation_flag(inv, "drill") };
	const char *explained = invocation_option(inv, "explain");
	int rc;

	if (verify_pack_options(inv, e))
		return -1;
	if (explained || invocation_flag(inv, "list"))
		return show_catalogue(inv, explained, e);
	if (invocation_option(inv, "check-pack"))
		return verify_check_pack(inv, e);
	rc = read_only(inv, o.drill, &o.only, e);
	if (!rc)
		rc = select_tenants(inv, ALL_WITH_STATE, &tenants, e);
	if (!rc && invocation_flag(inv, "what-can-it-reach"))
		rc = verify_reach(inv, &tenants, e);
	else if (!rc)
		rc = verify_tenants(inv, &tenants, &o, e);
	strlist_free(&o.only);
	return rc;
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that was created"),
	{ .name = "quick",
	  .flags = OPTION_READS,
	  .help = "facts of the kernel and the network only, without attacks from inside; for "
		  "every few minutes" },
	{ .name = "only",
	  .placeholder = "ID",
	  .arg = ARG_CHECK,
	  .flags = OPTION_MANY,
	  .help = "run the checks whose id starts with this; may be repeated" },
	{ .name = "what-can-it-reach",
	  .help = "instead of the checks, list everything that does answer from inside, and what "
		  "allows "
		  "it" },
	{ .name = "pack",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write an evidence pack of the one tenant named, for its client: a tar file of "
		  "policy, findings, report, audit records and their digests" },
	{ .name = "sign",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "with --pack: sign it with this private Ed25519 key (PEM, without a "
		  "passphrase, readable by its owner alone)" },
	{ .name = "check-pack",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .flags = OPTION_ALONE,
	  .help = "say what this evidence pack says and whether it is as it was written, and end; "
		  "needs no root, no engine and no tenant" },
	{ .name = "public-key",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "with --check-pack: it must be signed by this key (PEM)" },
	{ .name = "drill",
	  .help = "run the drills instead: loud attacks in a twin, while others are watched" },
	{ .name = "list", .flags = OPTION_OFFLINE, .help = "list the checks and end" },
	{ .name = "explain",
	  .placeholder = "ID",
	  .arg = ARG_CHECK,
	  .flags = OPTION_OFFLINE,
	  .help = "say what the check of this id, or each whose id starts with it, tries, why it "
		  "matters, how to fix it and which benchmark, flaw or tool it is from, and end" },
	{ .name = "output",
	  .letter = 'o',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write the report to this file; - is standard output" },
	{ .name = "format",
	  .placeholder = "FORMAT",
	  .choices = report_formats,
	  .help = "human (default), json, junit, tap, sarif or html" },
	OPTION_JOBS_LOOKING,
};
static const struct option_pair exclusive[] = {
	NAMES_OR_ALL,
	{ "list", "" },
	{ "list", "all" },
	{ "list", "explain" },
	{ "what-can-it-reach", "only" },
	{ "what-can-it-reach", "list" },
	{ "what-can-it-reach", "explain" },
	{ "what-can-it-reach", "output" },
	{ "explain", "" },
	{ "explain", "all" },
	{ "pack", "only" },
	{ "pack", "all" },
	{ "pack", "list" },
	{ "pack", "explain" },
	{ "check-pack", "" },
	{ "check-pack", "all" },
	{ "check-pack", "pack" },
	{ "check-pack", "list" },
	{ "check-pack", "explain" },
	{ "what-can-it-reach", "pack" },
	{ "what-can-it-reach", "check-pack" },
	{ "drill", "quick" },
	{ "drill", "explain" },
	{ "drill", "what-can-it-reach" },
	{ "drill", "pack" },
	{ "drill", "check-pack" },
};

const struct command cmd_verify = {
	.name = "verify",
	.operands = "[NAME...]",
	.summary = "Measures whether the boundary of each tenant holds",
	.description =
		"Compares what the kernel says of each worker, and what can be reached from its "
		"network, with what the manifest asks for. Nothing is run inside a live worker. A "
		"check that could not look is inconclusive, and that is a failure.\n\n"
		"Then a twin of each worker attacks its boundary: a second container that the "
		"engine makes from its own description of the worker, with a program of "
		"tenantctl's as its only file, an address of its own and an empty workspace. "
		"While it runs, a socket, a queue, shared memory and a port of the host wait for "
		"it to find them. It is removed afterwards, and what a run that was killed left is "
		"removed by the next verify, create, apply, start, stop or delete. Where the "
		"filter kills whoever makes a call, as for those of other ABIs, the kernel notes "
		"each of some 1100 attempts in its audit log (SECCOMP, "
		"comm=\"tenantctl-probe\").\n\n"
		"--quick leaves the twin out, and asks gateway and engine for less: all other "
		"tenants are tried, but fewer names, and of what a gateway has to refuse one of "
		"each kind, so that its log does not fill.\n\n"
		"The exit status is 1 when a check failed. With -v every check is shown with its "
		"evidence, and the table of who reaches whom.\n\n"
		"With --what-can-it-reach nothing is judged: from the network of the running "
		"worker "
		"every port of its gateway, each allowed host, each credential route, the host, "
		"other tenants, metadata services and the internet are tried, and what answered is "
		"listed with the entry of the manifest that allows it, beside what may be written "
		"and, "
		"unless --quick is given, what a twin could do. "
		"Each allowed host gets one TLS greeting, and each credential route one request "
		"(HEAD /), which counts as a use. The exit status is 1 when something answered "
		"that "
		"nothing allows.\n\n"
		"Formats junit and tap are for build servers, sarif (version 2.1.0) for code "
		"scanning; in the last an inconclusive check is a failure of level warning. "
		"Format html is one file without scripts and without anything from outside, to be "
		"read, printed and handed on: the verdict, who reaches whom as a picture, and all "
		"evidence.\n\n"
		"An evidence pack is for the client of one tenant, and is written whatever the "
		"result. It names no other tenant (they are other-1, other-2 ...) and holds no "
		"secret: values of variables and arguments of programs are masked. Its digest "
		"is in the audit log, and the log's head is in the pack. The exit status of "
		"--check-pack is 1 when a single byte is not as it was written, or the key is "
		"another than the one given; it does not depend on what the pack says. "
		"tenantctl(8) says how to check one without tenantctl.\n\n"
		"Drills try limits out: in a twin of the worker each uses up one thing (processes, "
		"memory, processors, /tmp, shared memory, workspace, log, open files, connections "
		"to the gateway) until it is stopped. It stops itself a little above the limit, so "
		"that a host without the limit survives it. Another tenant's gateway, or the own "
		"one where there is no other, is asked 50 times a second meanwhile and has to "
		"answer as fast as before, within the bounds that --drill --list shows; nothing "
		"outside of the twin may be killed, and afterwards all has to be as before. One "
		"drill runs on a host at a time, none on a host that is short of memory, disk or "
		"processors, and never without --drill.",
	.example = "  tenantctl verify --all\n"
		   "  tenantctl verify acme-dental --only net. -v\n"
		   "  tenantctl verify acme-dental --what-can-it-reach\n"
		   "  tenantctl verify --all --format html -o report.html\n"
		   "  tenantctl verify acme-dental --pack acme.tar --sign /etc/tenantctl/sign.pem\n"
		   "  tenantctl verify --check-pack acme.tar --public-key operator.pem\n"
		   "  tenantctl verify --explain net.sibling.tcp\n"
		   "  tenantctl verify acme-dental --drill --only drill.fork",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_verify,
};
