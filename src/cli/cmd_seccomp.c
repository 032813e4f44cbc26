/* seccomp: what profiles allow, and what a live process really runs under. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "ops/seccomp.h"
#include "table.h"

#define PID_MAX_LIMIT 4194304 /* of any Linux, proc_sys_kernel(5) */

enum list_column { P_NAME, P_ALLOWED, P_CONDITIONAL, P_INSTRUCTIONS, P_DIGEST };

static const struct column columns[] = {
	[P_NAME] = { "PROFILE", "profile", COLUMN_TEXT, false },
	[P_ALLOWED] = { "ALLOWED", "allowed", COLUMN_COUNT, false },
	[P_CONDITIONAL] = { "CONDITIONAL", "conditional", COLUMN_COUNT, false },
	[P_INSTRUCTIONS] = { "INSTRUCTIONS", "instructions", COLUMN_COUNT, false },
	[P_DIGEST] = { "DIGEST", "digest", COLUMN_TEXT, true },
};

static int run_list(struct invocation *inv, struct err *e)
{
	struct table t auto_table = { 0 };
	struct bind_list rows = { 0 };
	struct node *root;

	if (ops_seccomp_list(&rows, e))
		return -1;
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < rows.count; i++) {
		const struct seccomp_row *r = (const struct seccomp_row *)rows.items + i;
		struct cell *c = table_row(&t);

		cell_text(&c[P_NAME], r->name);
		c[P_ALLOWED].number = (int64_t)r->allowed;
		c[P_CONDITIONAL].number = (int64_t)r->conditional;
		c[P_INSTRUCTIONS].number = (int64_t)r->instructions;
		cell_text(&c[P_DIGEST], r->digest);
	}
	seccomp_rows_free(&rows);
	if (inv->out->json) {
		root = output_document();
		node_set(root, "profiles", table_json(&t));
		output_json(inv->out, root);
	} else {
		table_print(&t, inv->out);
	}
	return 0;
}

static void put_list(struct output *o, const char *title, const struct strlist *l)
{
	if (!l->count)
		return;
	output_printf(o, "\n%s%s (%zu)%s\n", output_color(o, COLOR_BOLD), title, l->count,
		      output_reset(o));
	for (size_t i = 0; i < l->count; i++) {
		output_text(o, "  ");
		output_safe(o, l->items[i]);
		output_text(o, "\n");
	}
}

static void put_array(struct node *n, const char *key, const struct strlist *l)
{
	struct node *array = node_set_array(n, key);

	for (size_t i = 0; i < l->count; i++)
		node_push_str(array, l->items[i]);
}

static void show_json(struct output *o, const char *profile, const struct seccomp_report *r)
{
	struct node *root = output_document();

	node_set_str(root, "profile", profile);
	node_set_str(root, "digest", r->digest);
	node_set_str(root, "default", r->by_default);
	node_set_int(root, "instructions", (int64_t)r->instructions);
	put_array(root, "allowed", &r->allowed);
	put_array(root, "conditional", &r->conditional);
	put_array(root, "refused", &r->refused);
	put_array(root, "let_through", &r->let_through);
	output_json(o, root);
}

static int run_show(struct invocation *inv, struct err *e)
{
	const char *profile = inv->operands.items[0];
	struct output *o = inv->out;
	struct seccomp_report r = { 0 };

	if (ops_seccomp_show(profile, &r, e))
		return -1;
	if (invocation_flag(inv, "raw")) {
		output_text(o, r.json);
		output_text(o, "\n");
	} else if (o->json) {
		show_json(o, profile, &r);
	} else {
		output_safe(o, profile);
		output_printf(o, "\n  digest        %s\n  by default    %s\n  instructions  %zu\n",
			      r.digest, r.by_default, r.instructions);
		put_list(o, "Allowed", &r.allowed);
		put_list(o, "Allowed with a condition", &r.conditional);
		put_list(o, "Refused on purpose", &r.refused);
		put_list(o, "Let through though dangerous", &r.let_through);
	}
	seccomp_report_free(&r);
	return 0;
}

static int run_check(struct invocation *inv, struct err *e)
{
	const char *path = inv->operands.items[0];
	struct node *root;

	if (ops_seccomp_check(path, e))
		return -1;
	if (inv->out->json) {
		root = output_document();
		node_set_str(root, "file", path);
		node_set_bool(root, "valid", true);
		output_json(inv->out, root);
		return 0;
	}
	output_safe(inv->out, path);
	output_text(inv->out, ": create would take it\n");
	return 0;
}

static void put_difference(struct output *o, const struct seccomp_difference *d)
{
	char text[256];

	output_printf(o, "  %s%s%s  ", output_color(o, d->weaker ? COLOR_BAD : COLOR_DIM),
		      d->weaker ? "weaker  " : "stricter", output_reset(o));
	output_safe(o, seccomp_difference_text(d, text, sizeof(text)));
	output_text(o, "\n");
}

static void diff_json(struct output *o, const struct seccomp_diff *d)
{
	struct node *root = output_document();
	struct node *list;

	node_set_int(root, "total", (int64_t)d->total);
	node_set_int(root, "filters", (int64_t)d->filters);
	list = node_set_array(root, "differences");
	for (size_t i = 0; i < d->count; i++) {
		struct node *n = node_push_object(list);

		char text[256];

		node_set_str(n, "call", d->items[i].call);
		node_set_bool(n, "weaker", d->items[i].weaker);
		node_set_str(n, "text", seccomp_difference_text(&d->items[i], text, sizeof(text)));
	}
	output_json(o, root);
}

static int make_diff(struct invocation *inv, struct seccomp_diff *out, struct err *e)
{
	const char *pid = invocation_option(inv, "pid");
	int64_t n;

	if (!pid && inv->operands.count < 2)
		return err_set(e, ERR_USAGE, "seccomp diff: takes two profiles, or one and --pid");
	if (!pid)
		return ops_seccomp_diff(inv->operands.items[0], inv->operands.items[1], out, e);
	if (inv->operands.count > 1)
		return err_set(e, ERR_USAGE, "seccomp diff: --pid takes the place of PROFILE2");
	if (bind_parse_int(pid, 1, PID_MAX_LIMIT, &n, e)) {
		e->code = ERR_USAGE;
		return err_wrap(e, "--pid");
	}
	return ops_seccomp_diff_live(inv->operands.items[0], (pid_t)n, out, e);
}

static int run_diff(struct invocation *inv, struct err *e)
{
	struct seccomp_diff d = { 0 };
	struct output *o = inv->out;
	size_t total;

	if (make_diff(inv, &d, e))
		return -1;
	total = d.total;
	if (o->json) {
		diff_json(o, &d);
	} else if (!total) {
		output_text(o, "no difference\n");
	} else {
		for (size_t i = 0; i < d.count; i++)
			put_difference(o, &d.items[i]);
		if (total > d.count)
			output_printf(o, "  ... and %zu more\n", total - d.count);
	}
	seccomp_diff_free(&d);
	return total ? err_set(e, ERR_CHECK, "%zu differences", total) : 0;
}

static const struct option_def show_options[] = {
	{ .name = "raw", .help = "print the profile as it is sent to the engine" },
};
static const struct option_def diff_options[] = {
	{ .name = "pid",
	  .placeholder = "PID",
	  .help = "compare with what this process runs under, read from the kernel; needs root" },
};

const struct command cmd_seccomp_list = {
	.name = "seccomp list",
	.operands = "",
	.summary = "Lists the built-in seccomp profiles",
	.run = run_list,
};

const struct command cmd_seccomp_show = {
	.name = "seccomp show",
	.operands = "PROFILE",
	.summary = "Shows what a profile allows, and what it refuses and why",
	.description = "PROFILE is a built-in name or the absolute path of a file.",
	.example = "  tenantctl seccomp show ai-worker",
	.options = show_options,
	.option_count = ARRAY_SIZE(show_options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_FILE,
	.run = run_show,
};

const struct command cmd_seccomp_check = {
	.name = "seccomp check",
	.operands = "FILE",
	.summary = "Checks a profile as create would",
	.description = "The exit status is 3 when create would refuse the file.",
	.example = "  tenantctl seccomp check ./my-profile.json",
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_FILE,
	.run = run_check,
};

const struct command cmd_seccomp_diff = {
	.name = "seccomp diff",
	.operands = "PROFILE1 [PROFILE2]",
	.summary = "Compares two profiles, or one with a live process",
	.description = "Prints what the second does other than the first; what is weaker comes "
		       "first. The exit status is 1 when they differ.",
	.example = "  tenantctl seccomp diff ai-worker strict\n"
		   "  tenantctl seccomp diff ai-worker --pid 4711",
	.options = diff_options,
	.option_count = ARRAY_SIZE(diff_options),
	.min_args = 1,
	.max_args = 2,
	.arg = ARG_FILE,
	.run = run_diff,
};
