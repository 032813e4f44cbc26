/*
 * Audit results for people, machines and build servers. Rows are tables of their own;
 * findings are those of verify, so that every format that verify has fits.
 */
#include "audit_view.h"

#include <string.h>

#include "base/mem.h"
#include "egress_text.h"
#include "run_view.h"
#include "select.h"
#include "table.h"

static const struct column process_columns[] = {
	{ "ROLE", "role", COLUMN_TEXT, false },
	{ "PID", "pid", COLUMN_COUNT, false },
	{ "PROGRAM", "program", COLUMN_TEXT, false },
	{ "USER", "user", COLUMN_TEXT, false },
	{ "EFFECTIVE", "effective", COLUMN_TEXT, true },
	{ "PERMITTED", "permitted", COLUMN_TEXT, true },
	{ "INHERITABLE", "inheritable", COLUMN_TEXT, true },
	{ "BOUNDING", "bounding", COLUMN_TEXT, true },
	{ "AMBIENT", "ambient", COLUMN_TEXT, true },
	{ "NNP", "no_new_privs", COLUMN_BOOL, false },
	{ "SECCOMP", "seccomp", COLUMN_TEXT, false },
	{ "THREADS", "threads", COLUMN_COUNT, false },
	{ "UNUSUAL", "unusual", COLUMN_BOOL, false },
};
static const struct column rule_columns[] = {
	{ "RULE", "rule", COLUMN_TEXT, false },
	{ "HITS", "hits", COLUMN_COUNT, false },
	{ "DENIED", "denied", COLUMN_COUNT, false },
	{ "LAST USED", "last_used", COLUMN_AGE, false },
	{ "AGE", "since", COLUMN_AGE, false },
	{ "EXPIRES", "expires", COLUMN_TEXT, false },
	{ "NOTE", "note", COLUMN_TEXT, false },
	{ "REASON", "reason", COLUMN_TEXT, true },
};
static const struct column image_columns[] = {
	{ "ROLE", "role", COLUMN_TEXT, false },
	{ "IMAGE", "image", COLUMN_TEXT, true },
	{ "IN USE", "in_use", COLUMN_TEXT, true },
	{ "THE NAME LEADS TO", "tag", COLUMN_TEXT, true },
	{ "AGE", "created", COLUMN_AGE, false },
	{ "SIZE", "size", COLUMN_SIZE, false },
	{ "NOTE", "note", COLUMN_TEXT, false },
};
static const struct column drift_columns[] = {
	{ "OBJECT", "object", COLUMN_TEXT, false },
	{ "FIELD", "field", COLUMN_TEXT, false },
	{ "MANIFEST", "manifest", COLUMN_TEXT, true },
	{ "LIVE", "live", COLUMN_TEXT, true },
};

static const struct section {
	const struct column *columns;
	size_t count;
} sections[AUDIT_PARTS] = {
	[AUDIT_CAPS] = { process_columns, ARRAY_SIZE(process_columns) },
	[AUDIT_EGRESS] = { rule_columns, ARRAY_SIZE(rule_columns) },
	[AUDIT_IMAGES] = { image_columns, ARRAY_SIZE(image_columns) },
	[AUDIT_DRIFT] = { drift_columns, ARRAY_SIZE(drift_columns) },
};

/* ---- running ---- */

/* A duration of the command line, or its default. */
static int duration(const struct invocation *inv, const char *option, const char *fallback,
		    int64_t *out, struct err *e)
{
	const char *text = invocation_option(inv, option);

	return egress_parse_duration(text ? text : fallback, option, out, e);
}

int audit_options_read(const struct invocation *inv, unsigned parts, struct audit_options *out,
		       struct err *e)
{
	struct audit_options o = { .parts = parts, .now = inv->out->now };

	if (duration(inv, "unused-for", AUDIT_UNUSED_FOR, &o.unused_for, e) ||
	    duration(inv, "expires-within", AUDIT_EXPIRES_WITHIN, &o.expires_within, e) ||
	    duration(inv, "old-after", AUDIT_OLD_AFTER, &o.old_after, e))
		return -1;
	*out = o;
	return 0;
}

static int audit_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		     struct err *e)
{
	struct audit_result r = { 0 };
	bool pass;

	if (ops_audit(c, tenant, arg, &r, e))
		return -1;
	pass = findings_pass(&r.base.findings);
	*out = audit_result_json(&r);
	audit_result_free(&r);
	return pass ? 0 : err_set(e, ERR_CHECK, "the audit found what should not be");
}

/* What was found is in the findings: an error beside them says nothing more. */
static void collect(struct invocation *inv unused_arg, const struct node *result, void *arg)
{
	struct node *list = arg;
	struct node *copy;

	if (!node_get(result, "findings")) {
		node_push(list, node_copy(result));
		return;
	}
	copy = node_new_object();
	for (const struct node *n = node_first(result); n; n = node_next(n))
		if (strcmp(node_key(n), "error") != 0)
			node_set(copy, node_key(n), node_copy(n));
	node_push(list, copy);
}

int audit_run(struct invocation *inv, const struct strlist *tenants, const struct audit_options *o,
	      struct node **out, struct err *e)
{
	struct node *list = node_new_array();
	struct job_set jobs = {
		.job = audit_job, .arg = o, .sink = collect, .sink_arg = list, .verifies = true
	};
	int rc = run_jobs(inv, tenants, &jobs, e);

	/* the only tenant's own error comes back without a result */
	if (rc && tenants->count == 1 && !node_count(list)) {
		struct node *n = node_push_object(list);
		struct node *error;

		node_set_str(n, "tenant", tenants->items[0]);
		error = node_set_object(n, "error");
		node_set_str(error, "code", err_code_name(e->code));
		node_set_str(error, "message", e->message);
		node_set_str(error, "hint", e->hint);
	}
	*out = list;
	return rc;
}

/* ---- people ---- */

static void put_findings(struct output *o, const struct node *findings)
{
	static const enum output_color colors[VERDICTS] = { [VERDICT_FAIL] = COLOR_BAD,
							    [VERDICT_INCONCLUSIVE] = COLOR_WARN,
							    [VERDICT_WARN] = COLOR_WARN };
	static const enum finding_verdict order[] = { VERDICT_FAIL, VERDICT_INCONCLUSIVE,
						      VERDICT_WARN };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (const struct node *n = node_first(findings); n; n = node_next(n)) {
			if (strcmp(node_str(node_get(n, "verdict"), ""), verdict_name(order[i])))
				continue;
			output_printf(o, "  %s%-12s%s  %-22s  ", output_color(o, colors[order[i]]),
				      verdict_name(order[i]), output_reset(o),
				      node_str(node_get(n, "id"), ""));
			output_safe(o, node_str(node_get(n, "evidence"), ""));
			output_text(o, ": ");
			output_safe(o, node_str(node_get(n, "observed"), ""));
			output_text(o, "\n");
		}
}

static void put_part(struct output *o, const struct node *result, enum audit_part p)
{
	const struct node *rows = node_get(result, audit_rows_name(p));
	struct table t auto_table = { 0 };

	table_init(&t, sections[p].columns, sections[p].count);
	table_read(&t, rows);
	if (t.rows)
		table_print(&t, o);
}

void audit_put_tenant(struct output *o, const struct node *result, unsigned parts)
{
	const struct node *findings = node_get(result, "findings");
	const char *verdict = node_str(node_get(result, "verdict"), "");
	bool several = parts & (parts - 1);

	output_printf(o, "%s%s%s: ", output_color(o, COLOR_BOLD),
		      node_str(node_get(result, "tenant"), "-"), output_reset(o));
	output_printf(o, "%s%s%s",
		      output_color(o, strcmp(verdict, "pass") ? COLOR_BAD : COLOR_GOOD), verdict,
		      output_reset(o));
	for (int p = 0; p < AUDIT_PARTS; p++)
		if (parts & 1U << p)
			output_printf(o, ", %zu %s",
				      node_count(node_get(result, audit_rows_name(p))),
				      audit_rows_name(p));
	output_text(o, "\n");
	for (int p = 0; p < AUDIT_PARTS; p++) {
		if (!(parts & 1U << p) || !node_count(node_get(result, audit_rows_name(p))))
			continue;
		if (several)
			output_printf(o, "\n%s\n", audit_rows_name(p));
		put_part(o, result, (enum audit_part)p);
	}
	put_findings(o, findings);
}

static void put_human(struct invocation *inv, const struct node *results, unsigned parts)
{
	size_t shown = 0;

	for (const struct node *n = node_first(results); n; n = node_next(n)) {
		if (node_get(n, "findings")) {
			output_text(inv->out, shown++ ? "\n" : "");
			audit_put_tenant(inv->out, n, parts);
		} else if (node_count(results) > 1) {
			print_result_error(node_get(n, "error")); /* main prints a single one */
		}
	}
	if (!node_count(results))
		output_text(inv->out, "no tenant was created yet\n");
}

/* ---- formats of verify ---- */

static int put_report(struct invocation *inv, const struct node *results, const char *name,
		      struct err *e)
{
	size_t count = node_count(results), i = 0;
	struct verify_result *all = mem_array(count + 1, sizeof(*all));
	struct report_row *rows = mem_array(count + 1, sizeof(*rows));
	struct report r = { .rows = rows, .count = count, .command = name };
	int rc = 0;

	for (const struct node *n = node_first(results); n && !rc; n = node_next(n), i++) {
		rows[i].tenant = node_str(node_get(n, "tenant"), "-");
		if (node_get(n, "findings"))
			rc = audit_result_read(n, &all[i], e);
		if (node_get(n, "findings") && !rc)
			rows[i].result = &all[i];
		else
			rows[i].error =
				node_str(node_get(node_get(n, "error"), "message"), "no result");
	}
	if (!rc)
		rc = report_put(inv, &r, e);
	for (i = 0; i < count; i++)
		verify_result_free(&all[i]);
	free(all);
	free(rows);
	return rc;
}

int audit_put(struct invocation *inv, const struct node *results, unsigned parts, const char *name,
	      struct err *e)
{
	struct node *root;

	if (inv->out->json) {
		root = output_document();
		node_set(root, "tenants", node_copy(results));
		output_json(inv->out, root);
		return 0;
	}
	if (strcmp(report_format(inv), "human") != 0)
		return put_report(inv, results, name, e);
	put_human(inv, results, parts);
	return 0;
}
