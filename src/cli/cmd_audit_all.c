/* audit all: every part of every tenant, and what changed since the last time. */
#include <string.h>
#include <sys/utsname.h>

#include "audit_summary.h"
#include "audit_view.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "commands.h"
#include "ops/audit_last.h"
#include "report.h"
#include "select.h"

#define ALL_PARTS ((1U << AUDIT_PARTS) - 1)

/* ---- what was found ---- */

static int add_items(const struct node *results, struct audit_items *out, struct err *e)
{
	for (const struct node *n = node_first(results); n; n = node_next(n)) {
		const char *tenant = node_str(node_get(n, "tenant"), "-");
		struct verify_result r = { 0 };

		if (!node_get(n, "findings")) {
			audit_items_add_error(
				out, tenant,
				node_str(node_get(node_get(n, "error"), "message"), "no result"));
			continue;
		}
		if (audit_result_read(n, &r, e))
			return -1;
		audit_items_add(out, tenant, &r.findings);
		verify_result_free(&r);
	}
	return 0;
}

/* Without the last audit there is nothing to compare with, and that is no reason not to look. */
static void read_before(const struct context *c, struct audit_items *out)
{
	struct err e = ERR_INIT;

	if (audit_last_read(c, out, &e))
		log_warn("the last audit can't be read: %s", e.message);
}

static size_t rows_of(const struct node *results, enum audit_part p)
{
	size_t n = 0;

	for (const struct node *r = node_first(results); r; r = node_next(r))
		n += node_count(node_get(r, audit_rows_name(p)));
	return n;
}

/* ---- showing it ---- */

struct audited {		    /* what is shown */
	const struct node *results; /* of all tenants, and of the host */
	size_t tenants, records;
	struct audit_items now, before;
};

static void put_summary(struct invocation *inv, const struct audited *a)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct audit_summary_part parts[AUDIT_PARTS + 1];
	struct utsname host = { 0 };

	uname(&host); /* fails for a bad address only */
	for (int p = 0; p < AUDIT_PARTS; p++)
		parts[p] = (struct audit_summary_part){ audit_part_name((enum audit_part)p),
							audit_rows_name((enum audit_part)p),
							rows_of(a->results, (enum audit_part)p) };
	parts[AUDIT_PARTS] = (struct audit_summary_part){ "log", "records", a->records };
	audit_summary(&(struct audit_summary){ .host = host.nodename,
					       .engine = inv->ctx->engine.server_version,
					       .kernel = host.release,
					       .tenants = a->tenants,
					       .parts = parts,
					       .part_count = ARRAY_SIZE(parts),
					       .now = &a->now,
					       .before = &a->before,
					       .whole = invocation_flag(inv, "verbose") },
		      &text);
	output_bytes(inv->out, strbuf_str(&text), text.len);
}

static void put_changes(struct node *root, const char *key, const struct audit_items *a,
			const struct audit_items *b)
{
	auto_free const struct audit_item **items = NULL;
	size_t count = audit_items_beyond(a, b, &items);
	struct node *list = node_set_array(root, key);

	for (size_t i = 0; i < count; i++)
		audit_item_put(items[i], list);
}

static void put_json(struct invocation *inv, const struct audited *a)
{
	struct node *root = output_document();
	struct utsname host = { 0 };

	uname(&host);
	node_set_str(root, "host", host.nodename);
	node_set_str(root, "at", a->now.at);
	node_set_str(root, "compared_with", a->before.at);
	node_set_str(root, "engine", inv->ctx->engine.server_version);
	node_set_str(root, "kernel", host.release);
	node_set_bool(root, "pass", audit_items_count(&a->now, VERDICT_WARN) == a->now.count);
	node_set_int(root, "log_records", (int64_t)a->records);
	put_changes(root, "new", &a->now, &a->before);
	put_changes(root, "gone", &a->before, &a->now);
	node_set(root, "tenants", node_copy(a->results));
	output_json(inv->out, root);
}

static int put(struct invocation *inv, const struct audited *a, struct err *e)
{
	if (inv->out->json)
		put_json(inv, a);
	else if (strcmp(report_format(inv), "human") == 0)
		put_summary(inv, a);
	else
		return audit_put(inv, a->results, ALL_PARTS, inv->command->name, e);
	return 0;
}

/* ---- the run ---- */

static int created(const struct invocation *inv, struct strlist *out, struct err *e)
{
	auto_strlist struct strlist names = { 0 };

	if (tenants_all(inv->ctx, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (tenant_has_state(inv->ctx, names.items[i]))
			strlist_add(out, names.items[i]);
	return 0;
}

static int compare_and_keep(struct invocation *inv, struct audited *a, struct err *e)
{
	a->now.at = clock_utc_text();
	if (add_items(a->results, &a->now, e))
		return -1;
	audit_items_sort(&a->now);
	read_before(inv->ctx, &a->before);
	audit_items_sort(&a->before);
	if (put(inv, a, e))
		return -1;
	return invocation_flag(inv, "keep-last") ? 0 : audit_last_write(inv->ctx, &a->now, e);
}

/* The worst of all counts: what is wrong with the host's own records, too. */
static int add_host(struct invocation *inv, struct node *results, struct audited *a, int rc,
		    struct err *e)
{
	struct audit_result r;

	ops_audit_host(inv->ctx, a->tenants, &r, &a->records);
	node_push(results, audit_result_json(&r));
	if (!rc && !findings_pass(&r.base.findings) &&
	    !findings_count(&r.base.findings, VERDICT_WARN))
		rc = err_set(e, ERR_CHECK, "the audit log is not whole");
	audit_result_free(&r);
	return rc;
}

static int run_all(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist tenants = { 0 };
	auto_node struct node *results = NULL;
	struct audited a = { 0 };
	struct err late = ERR_INIT;
	struct audit_options o;
	int rc;

	if (audit_options_read(inv, ALL_PARTS, &o, e) || created(inv, &tenants, e) ||
	    (!inv->ctx->engine.server_version &&
	     client_info(inv->ctx->client, &inv->ctx->engine, e)))
		return -1;
	rc = audit_run(inv, &tenants, &o, &results, e);
	a.tenants = tenants.count;
	rc = add_host(inv, results, &a, rc, e);
	a.results = results;
	if (compare_and_keep(inv, &a, &late)) {
		*e = late;
		rc = -1;
	}
	audit_items_free(&a.now);
	audit_items_free(&a.before);
	return rc;
}

static const struct option_def options[] = {
	AUDIT_OPTIONS_EGRESS,
	AUDIT_OPTION_IMAGES,
	{ .name = "keep-last",
	  .help = "compare with the last audit, and let the next one compare with it, too" },
	AUDIT_OPTION_FORMAT,
	OPTION_JOBS,
};

const struct command cmd_audit_all = {
	.name = "audit all",
	.operands = "",
	.summary = "Audits every tenant, and says what changed since the last audit",
	.description =
		"All parts of the audit for every tenant that was created, and whether the audit "
		"log is "
		"whole, on one page of at most 40 lines of 72 characters: how many problems and "
		"warnings there are, what is new, "
		"what is gone, and what is as before. The first line is fit for the subject of an "
		"e-mail. With -v everything is listed; with --format json there are the rows and "
		"findings of all parts as well.\n\nWhat was found is kept in "
		"/var/lib/tenantctl/audit.json and compared by tenant, check and subject, whatever "
		"the words.\n\nThe exit status is 1 when there is a problem, new or not; warnings "
		"do not count.",
	.example = "  tenantctl audit all\n"
		   "  tenantctl audit all > page; mail -s \"$(head -n 1 page)\" ops < page",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_all,
};
