/* audit history: how verifications of tenants ended over time. */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "commands.h"
#include "select.h"
#include "table.h"
#include "tenant_text.h"

#define LAST_DEFAULT 20

enum history_column {
	H_AT,
	H_AGE,
	H_VERDICT,
	H_KIND,
	H_FAILED,
	H_UNKNOWN,
	H_PASSED,
	H_ENGINE,
	H_MARKS
};

static const struct column columns[] = {
	[H_AT] = { "VERIFIED", "at", COLUMN_TEXT, false },
	[H_AGE] = { "AGO", NULL, COLUMN_AGE, false },
	[H_VERDICT] = { "VERDICT", "verdict", COLUMN_TEXT, false },
	[H_KIND] = { "KIND", NULL, COLUMN_TEXT, false },
	[H_FAILED] = { "FAILED", NULL, COLUMN_COUNT, false },
	[H_UNKNOWN] = { "INCONCLUSIVE", NULL, COLUMN_COUNT, false },
	[H_PASSED] = { "PASSED", NULL, COLUMN_COUNT, false },
	[H_ENGINE] = { "ENGINE", NULL, COLUMN_TEXT, false },
	[H_MARKS] = { "NOT PASSED", NULL, COLUMN_TEXT, true },
};

static void add_row(struct table *t, const struct history_entry *x)
{
	struct cell *c = table_row(t);
	auto_free char *marks = history_marks_text(x);

	cell_text(&c[H_AT], x->at);
	c[H_AGE].number = output_parse_time(x->at);
	cell_text(&c[H_VERDICT], x->verdict);
	c[H_VERDICT].color = tenant_verdict_color(x->verdict);
	cell_text(&c[H_KIND], x->quick ? "quick" : "full");
	c[H_FAILED].number = x->counts[VERDICT_FAIL];
	c[H_UNKNOWN].number = x->counts[VERDICT_INCONCLUSIVE];
	c[H_PASSED].number = x->counts[VERDICT_PASS];
	cell_text(&c[H_ENGINE], x->engine);
	cell_text(&c[H_MARKS], marks);
}

static void put_human(struct output *o, const char *tenant, const struct history *h, size_t last)
{
	struct table t auto_table = { 0 };

	output_printf(o, "%s%s%s\n", output_color(o, COLOR_BOLD), tenant, output_reset(o));
	if (!h->count)
		output_text(o, "  never verified\n");
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < MIN_OF(last, h->count); i++)
		add_row(&t, &h->items[h->count - 1 - i]);
	if (t.rows)
		table_print(&t, o);
	if (h->count > last)
		output_printf(o, "  and %zu older; --last shows more\n", h->count - last);
	if (h->newer)
		output_printf(o, "  and %zu of a newer version of tenantctl\n", h->newer);
}

static struct node *history_json(const char *tenant, const struct history *h, size_t last)
{
	struct node *root = node_new_object();
	struct node *list;

	node_set_str(root, "tenant", tenant);
	node_set_int(root, "kept", (int64_t)h->count);
	node_set_int(root, "newer", (int64_t)h->newer);
	list = node_set_array(root, "results");
	for (size_t i = 0; i < MIN_OF(last, h->count); i++)
		node_push(list, history_entry_json(&h->items[h->count - 1 - i]));
	return root;
}

/* One damaged history is told of, and does not hide the others. */
static int show_one(struct invocation *inv, const char *tenant, size_t last, struct node *list,
		    struct err *e)
{
	auto_history struct history h = { 0 };
	struct node *n;

	if (!tenant_has_manifest(inv->ctx, tenant) && !tenant_has_state(inv->ctx, tenant)) {
		err_set(e, ERR_NOT_FOUND, "tenant %s is not known", tenant);
		return err_hint(e, "'tenantctl list' shows all tenants");
	}
	if (history_read(inv->ctx, tenant, &h, e)) {
		name_tenant(e, tenant);
		if (!list)
			return -1;
		n = node_push_object(list);
		node_set_str(n, "tenant", tenant);
		node_set_str(n, "error", e->message);
		return -1;
	}
	if (list)
		node_push(list, history_json(tenant, &h, last));
	else
		put_human(inv->out, tenant, &h, last);
	return 0;
}

static int run_history(struct invocation *inv, struct err *e)
{
	const char *text = invocation_option(inv, "last");
	auto_strlist struct strlist tenants = { 0 };
	struct node *root = NULL, *list = NULL;
	int64_t last = LAST_DEFAULT;
	int rc = 0;

	if (text && bind_parse_int(text, 1, HISTORY_ENTRIES_MAX, &last, e)) {
		e->code = ERR_USAGE;
		return err_wrap(e, "--last");
	}
	if (select_tenants(inv, ALL_WITH_STATE, &tenants, e))
		return -1;
	if (inv->out->json) {
		root = output_document();
		list = node_set_array(root, "tenants");
	}
	for (size_t i = 0; i < tenants.count; i++) {
		struct err one = ERR_INIT;

		if (!show_one(inv, tenants.items[i], (size_t)last, list, &one))
			continue;
		if (rc)
			log_error("%s", e->message); /* the last one is main's to print */
		*e = one;
		rc = -1;
	}
	if (!tenants.count && !root)
		output_text(inv->out, "no tenant was created yet\n");
	if (root)
		output_json(inv->out, root);
	return rc;
}

static const struct option_def options[] = {
	OPTION_ALL("every tenant that was created"),
	{ .name = "last",
	  .placeholder = "N",
	  .arg = ARG_TEXT,
	  .help = "how many results of each, the newest first: 1 to 100; default 20" },
};
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

const struct command cmd_audit_history = {
	.name = "audit history",
	.operands = "[NAME...]",
	.summary = "Shows how the verifications of each tenant ended over time",
	.description =
		"One line for each verification of all checks, the newest first: when, how it "
		"ended, how many checks passed and which did not. The last 100 of each tenant are "
		"kept, in history.jsonl of its state. Needs no engine.\n\nA history that is "
		"damaged is refused; the next verification puts it aside and begins anew.",
	.example = "  tenantctl audit history acme-dental\n"
		   "  tenantctl audit history --all --last 3 --format json",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.exclusive = exclusive,
	.exclusive_count = ARRAY_SIZE(exclusive),
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT,
	.run = run_history,
};
