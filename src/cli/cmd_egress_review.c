/* egress review: which rules are worth keeping; --apply removes the others in one change. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "egress_text.h"
#include "ops/egress.h"
#include "run_view.h"
#include "select.h"
#include "table.h"

#define UNUSED_FOR_DEFAULT "90d"

enum review_column {
	R_RULE,
	R_HITS,
	R_UP,
	R_DOWN,
	R_LAST,
	R_SINCE,
	R_EXPIRES,
	R_VERDICT,
	R_REASON
};

static const struct column columns[] = {
	[R_RULE] = { "RULE", "rule", COLUMN_TEXT, false },
	[R_HITS] = { "HITS", "hits", COLUMN_COUNT, false },
	[R_UP] = { "SENT", "up", COLUMN_SIZE, false },
	[R_DOWN] = { "RECEIVED", "down", COLUMN_SIZE, false },
	[R_LAST] = { "LAST USED", "last_used", COLUMN_AGE, false },
	[R_SINCE] = { "AGE", "since", COLUMN_AGE, false },
	[R_EXPIRES] = { "EXPIRES", "expires", COLUMN_TEXT, false },
	[R_VERDICT] = { "VERDICT", "verdict", COLUMN_TEXT, false },
	[R_REASON] = { "REASON", "reason", COLUMN_TEXT, true },
};

static const char *const verdicts[] = {
	[EGRESS_KEEP] = "keep", [EGRESS_UNUSED] = "unused", [EGRESS_EXPIRED] = "expired"
};

struct review_options {
	int64_t now, unused_for;
	bool apply;
};

/* ---- one tenant ---- */

static enum egress_verdict add_rule(struct table *t, const struct egress_view *v,
				    const struct review_options *o, const char *id,
				    const char *expires, const char *reason)
{
	static const struct egress_use none = { 0 };
	const struct egress_use *use = egress_state_use(&v->state, id);
	enum egress_verdict verdict = egress_review(use, expires, o->now, o->unused_for);
	struct cell *c = table_row(t);

	use = use ? use : &none;
	cell_text(&c[R_RULE], id);
	c[R_HITS].number = use->hits;
	c[R_UP].number = use->up;
	c[R_DOWN].number = use->down;
	c[R_LAST].number = use->last;
	c[R_SINCE].number = use->since;
	cell_text(&c[R_EXPIRES], expires);
	cell_text(&c[R_VERDICT], verdicts[verdict]);
	cell_text(&c[R_REASON], reason);
	return verdict;
}

/* Entries that should go are put into `out`; a credential is only shown, as its secret and the
 * agent that uses it are a matter of their own. */
static void review(const struct egress_view *v, const struct review_options *o, struct table *t,
		   struct strlist *out)
{
	const struct egress_entry *entries = v->spec.egress.items;
	const struct credential_entry *credentials = v->spec.credentials.items;

	table_init(t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < v->spec.egress.count; i++) {
		auto_free char *id = egress_rule_id(&entries[i]);

		if (add_rule(t, v, o, id, entries[i].expires, entries[i].reason) != EGRESS_KEEP)
			strlist_add(out, id);
	}
	for (size_t i = 0; i < v->spec.credentials.count; i++) {
		auto_free char *id = credential_rule_id(&credentials[i]);

		add_rule(t, v, o, id, NULL, NULL);
	}
}

static void put_list(struct node *n, const char *key, const struct strlist *l)
{
	struct node *array = node_set_array(n, key);

	for (size_t i = 0; i < l->count; i++)
		node_push_str(array, l->items[i]);
}

static int review_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		      struct err *e)
{
	const struct review_options *o = arg;
	auto_strlist struct strlist proposed = { 0 };
	struct egress_changed changed = { 0 };
	struct table t auto_table = { 0 };
	struct egress_view v = { 0 };
	int rc = 0;

	if (ops_egress_view(c, tenant, &v, e))
		return -1;
	review(&v, o, &t, &proposed);
	egress_view_free(&v);
	if (o->apply && proposed.count)
		rc = ops_egress_remove(c, tenant, &proposed, &changed, e);
	*out = node_new_object();
	node_set_str(*out, "tenant", tenant);
	node_set(*out, "rules", table_json(&t));
	put_list(*out, "proposed", &proposed);
	put_list(*out, "removed", &changed.rules);
	node_set_bool(*out, "live", changed.effect == EGRESS_LIVE);
	egress_changed_free(&changed);
	return rc;
}

/* ---- results ---- */

struct review_view {
	struct node *list; /* JSON */
	size_t proposed;
	bool apply;
};

static void put_names(struct output *o, const char *tenant, const char *did,
		      const struct node *names)
{
	for (const struct node *n = node_first(names); n; n = node_next(n)) {
		output_printf(o, "%s: %s ", tenant, did);
		output_safe(o, node_str(n, ""));
		output_text(o, "\n");
	}
}

static void add_result(struct invocation *inv, const struct node *result, void *arg)
{
	const struct node *removed = node_get(result, "removed");
	const char *tenant = node_str(node_get(result, "tenant"), "");
	struct table t auto_table = { 0 };
	struct review_view *view = arg;
	struct output *o = inv->out;

	view->proposed += node_count(node_get(result, "proposed"));
	if (o->json) {
		node_push(view->list, node_copy(result));
		return;
	}
	table_init(&t, columns, ARRAY_SIZE(columns));
	table_read(&t, node_get(result, "rules"));
	output_printf(o, "%s%s%s\n", output_color(o, COLOR_BOLD), tenant, output_reset(o));
	if (t.rows)
		table_print(&t, o);
	else
		output_text(o, "nothing may be reached\n");
	put_names(o, tenant, "removed", removed);
	if (node_count(removed))
		output_printf(
			o, "%s: %s\n", tenant,
			node_bool(node_get(result, "live"), false)
				? "live"
				: "no gateway runs; it takes effect when the tenant is started");
	if (node_get(result, "error"))
		print_result_error(node_get(result, "error"));
}

static int run_review(struct invocation *inv, struct err *e)
{
	const char *text = invocation_option(inv, "unused-for");
	struct review_options o = { .now = inv->out->now, .apply = invocation_flag(inv, "apply") };
	struct review_view view = { .apply = o.apply };
	struct job_set jobs = { .job = review_job,
				.arg = &o,
				.sink = add_result,
				.sink_arg = &view,
				.changes = o.apply };
	auto_strlist struct strlist tenants = { 0 };
	int rc;

	if (egress_parse_duration(text ? text : UNUSED_FOR_DEFAULT, "unused-for", &o.unused_for,
				  e) ||
	    select_tenants(inv, ALL_WITH_MANIFEST, &tenants, e))
		return -1;
	if (inv->out->json)
		view.list = node_new_array();
	rc = run_jobs(inv, &tenants, &jobs, e);
	if (inv->out->json) {
		struct node *root = output_document();

		node_set(root, "tenants", view.list);
		output_json(inv->out, root);
	} else if (view.proposed && !o.apply) {
		output_printf(inv->out, "%zu to remove; --apply does it\n", view.proposed);
	}
	return rc;
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that has a manifest"),
	OPTION_JOBS,
	{ .name = "unused-for",
	  .placeholder = "TIME",
	  .arg = ARG_TEXT,
	  .help = "what was not used for so long is unused: 90d (default), 12h, 4w" },
	{ .name = "apply", .help = "remove unused and expired entries: one edit, one reload" },
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_egress_review = {
	.name = "egress review",
	.operands = "[NAME...]",
	.summary = "Finds rules that are unused or expired, and removes them",
	.description =
		"Per rule: uses, bytes, last use, age and expiry. A rule is unused when it was not "
		"used for the time of --unused-for and has been in the manifest for as long. "
		"A connection counts as a use when it ends, as only then its bytes are known: one "
		"that "
		"is open for longer than that does not keep its rule. "
		"Credentials are listed, but never removed by --apply.\n\nThe exit status is 0 "
		"whether or not something is proposed.",
	.example = "  tenantctl egress review --all\n"
		   "  tenantctl egress review acme-dental --unused-for 30d --apply",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_review,
};
