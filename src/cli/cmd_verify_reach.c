/* verify --what-can-it-reach: the agent's view, for people and machines. */
#include "cmd_verify.h"

#include <string.h>

#include "base/mem.h"
#include "ops/reachable.h"
#include "report.h"
#include "select.h"
#include "table.h"

static const struct column columns[] = {
	{ "WHAT", "what", COLUMN_TEXT, true },
	{ "HOW", "how", COLUMN_TEXT, true },
	{ NULL, "why", COLUMN_TEXT, false },
	{ "ALLOWED BY", "allowed", COLUMN_TEXT, true },
};

struct reach_output {
	struct node *list; /* JSON: what was made so far */
};

static struct node *result_of(const char *tenant, const struct reachables *r)
{
	struct node *root = node_new_object(), *answers;

	node_set_str(root, "tenant", tenant);
	node_set_int(root, "tried", (int64_t)r->tried);
	node_set_int(root, "unexpected", (int64_t)r->unexpected);
	answers = node_set_array(root, "answers");
	for (size_t i = 0; i < r->count; i++) {
		struct node *n = node_push_object(answers);

		node_set_str(n, "what", r->items[i].what);
		node_set_str(n, "how", r->items[i].how);
		node_set_str(n, "why", reachable_why_name(r->items[i].why));
		node_set_str(n, "allowed", r->items[i].allowed);
	}
	return root;
}

static int reach_job(struct context *c, const char *tenant, const void *arg, struct node **out,
		     struct err *e)
{
	struct reachables r auto_reachables = { 0 };
	const bool *quick = arg;

	if (ops_reachable(c, tenant, *quick, &r, e))
		return -1;
	*out = result_of(tenant, &r);
	if (r.unexpected == 0)
		return 0;
	return err_set(e, ERR_CHECK, "%zu thing%s answered that nothing allows", r.unexpected,
		       r.unexpected == 1 ? "" : "s");
}

static const char *text_of(const struct node *n, const char *key)
{
	return node_str(node_get(n, key), "-");
}

static void put_table(struct output *o, const struct node *answers)
{
	struct table t auto_table = { 0 };

	table_init(&t, columns, ARRAY_SIZE(columns));
	for (const struct node *n = node_first(answers); n; n = node_next(n)) {
		struct cell *row = table_row(&t);
		bool bad = !strcmp(text_of(n, "why"), reachable_why_name(REACHABLE_UNEXPECTED));
		bool design = !strcmp(text_of(n, "why"), reachable_why_name(REACHABLE_DESIGN));
		auto_free char *allowed =
			mem_printf("%s%s", design ? "design: " : "", text_of(n, "allowed"));

		cell_text(&row[0], text_of(n, "what"));
		cell_text(&row[1], text_of(n, "how"));
		cell_text(&row[2], text_of(n, "why"));
		cell_text(&row[3], bad ? "UNEXPECTED: nothing allows it" : allowed);
		if (bad)
			row[0].color = row[3].color = COLOR_BAD;
	}
	table_print(&t, o);
}

static void put_result(struct invocation *inv, const struct node *result, void *arg)
{
	struct reach_output *all = arg;
	const struct node *answers = node_get(result, "answers");

	if (inv->out->json) {
		if (!all->list)
			all->list = node_new_array();
		node_push(all->list, node_copy(result));
		return;
	}
	if (!answers) {
		output_printf(inv->out, "%s: ", text_of(result, "tenant"));
		output_safe(inv->out, text_of(node_get(result, "error"), "message"));
		output_text(inv->out, "\n");
		return;
	}
	output_printf(inv->out, "%s: %zu of %lld attempts answered, %lld of them unexpected\n",
		      text_of(result, "tenant"), node_count(answers),
		      (long long)node_int(node_get(result, "tried"), 0),
		      (long long)node_int(node_get(result, "unexpected"), 0));
	put_table(inv->out, answers);
}

int verify_reach(struct invocation *inv, const struct strlist *tenants, struct err *e)
{
	struct reach_output all = { 0 };
	const bool quick = invocation_flag(inv, "quick");
	const struct job_set jobs = {
		.job = reach_job, .arg = &quick, .sink = put_result, .sink_arg = &all
	};
	struct node *root;
	int rc;

	if (strcmp(report_format(inv), "human") != 0 && !inv->out->json)
		return err_set(e, ERR_USAGE, "what a worker can reach is human or json, not %s",
			       report_format(inv));
	rc = run_jobs(inv, tenants, &jobs, e);
	if (!inv->out->json)
		return rc;
	root = output_document();
	node_set(root, "tenants", all.list ? all.list : node_new_array());
	output_json(inv->out, root);
	return rc;
}
