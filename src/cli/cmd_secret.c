/* secret: what the gateways hold for their workers. No value is ever an argument or printed. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "commands.h"
#include "domain/secret_value.h"
#include "ops/gateway_set.h"
#include "record.h"
#include "secret_input.h"
#include "select.h"
#include "table.h"

struct target { /* operands NAME KEY, checked */
	const char *tenant, *key;
};

static int read_target(const struct invocation *inv, struct target *out, struct err *e)
{
	if (select_name(inv, &out->tenant, e) || secret_name_check(inv->operands.items[1], e))
		return -1;
	out->key = inv->operands.items[1];
	return 0;
}

/* ---- telling the gateway ---- */

enum told { TOLD_NOBODY, TOLD_UNUSED, TOLD_NOT_RUNNING, TOLD_SAME, TOLD_RELOADED };

/* The gateway of a tenant that exists; `done` is what happened before. */
static int tell_gateway(struct invocation *inv, const struct target *t,
			const struct keys_options *o, const char *done, enum told *out,
			struct err *e)
{
	struct run_result r = { 0 };
	int rc;

	*out = TOLD_NOBODY;
	if (!tenant_has_state(inv->ctx, t->tenant))
		return 0;
	rc = context_connect(inv->ctx, ENGINE_MAY_CHANGE, e) ||
			     ops_reload_keys(inv->ctx, t->tenant, o, &r, e)
		     ? -1
		     : 0;
	progress_end(inv->progress, t->tenant);
	progress_clear(inv->progress);
	*out = r.plan.count ? TOLD_RELOADED : r.plan.tenant ? TOLD_SAME : TOLD_NOT_RUNNING;
	run_result_free(&r);
	if (!rc)
		return 0;
	err_wrap(e, "tenant %s: secret %s is %s, but its gateway does not have it", t->tenant,
		 t->key, done);
	if (!e->hint[0])
		err_hint(e, "'tenantctl apply %s' brings it there", t->tenant);
	return -1;
}

static void report(struct invocation *inv, const struct target *t, const char *done, enum told told)
{
	static const char *const words[] = {
		[TOLD_NOBODY] = "the tenant is not there yet",
		[TOLD_UNUSED] = "no credential uses it",
		[TOLD_NOT_RUNNING] = "the gateway gets it when it starts",
		[TOLD_SAME] = "nothing new for the gateway",
		[TOLD_RELOADED] = "gateway reloaded",
	};
	struct output *o = inv->out;

	if (o->json) {
		struct node *root = output_document();

		node_set_str(root, "tenant", t->tenant);
		node_set_str(root, "key", t->key);
		node_set_str(root, "result", done);
		node_set_bool(root, "encrypted",
			      secret_is_encrypted(inv->ctx->root, t->tenant, t->key));
		node_set_bool(root, "reloaded", told == TOLD_RELOADED);
		output_json(o, root);
		return;
	}
	output_printf(o, "%s: secret %s %s; %s\n", t->tenant, t->key, done, words[told]);
}

/* ---- set, rotate ---- */

/* The key's name is recorded, and nothing of its value. */
static int begin(struct invocation *inv, const struct target *t, struct record *r, struct err *e)
{
	auto_free char *what = mem_printf("secret %s", t->key);

	return record_begin(r, inv, t->tenant, what, e);
}

static int store(struct invocation *inv, const struct target *t, const struct secret *value,
		 bool encrypt, struct err *e)
{
	/* one that was sealed stays so: the operator said once that it must not lie in the open */
	encrypt = encrypt || secret_is_encrypted(inv->ctx->root, t->tenant, t->key);
	return secret_write(inv->ctx->root, t->tenant, t->key, value, encrypt, e);
}

static int set(struct invocation *inv, const struct target *t, const struct secret *value,
	       struct err *e)
{
	/* Others that are missing are for 'apply' to complain about; this one must get through. */
	const struct keys_options o = { .source = KEYS_KEEP, .missing_ok = true };
	struct secret_use use auto_secret_use = { 0 };
	struct err unknown = ERR_INIT;
	enum told told = TOLD_NOBODY;

	if (store(inv, t, value, invocation_flag(inv, "encrypt"), e))
		return -1;
	/* With a manifest that cannot be read, telling the gateway says so. */
	if (ops_secret_use(inv->ctx, t->tenant, t->key, &use, &unknown) || use.credentials.count) {
		if (tell_gateway(inv, t, &o, "set", &told, e))
			return -1;
	} else if (tenant_has_state(inv->ctx, t->tenant)) {
		told = TOLD_UNUSED;
	}
	report(inv, t, "set", told);
	return 0;
}

static int run_set(struct invocation *inv, struct err *e)
{
	struct secret value auto_secret = { 0 };
	struct record record;
	struct target t;

	if (read_target(inv, &t, e) || secret_input(t.tenant, t.key, &value, e) ||
	    begin(inv, &t, &record, e))
		return -1;
	return record_end(&record, set(inv, &t, &value, e), e);
}

static int input_new(struct invocation *inv, const struct target *t, struct secret *value,
		     struct err *e)
{
	if (secret_exists(inv->ctx->root, t->tenant, t->key))
		return secret_input(t->tenant, t->key, value, e);
	err_set(e, ERR_NOT_FOUND, "tenant %s: secret %s is not set", t->tenant, t->key);
	return err_hint(e, "tenantctl secret set %s %s", t->tenant, t->key);
}

static int rotate(struct invocation *inv, const struct target *t, const struct secret *value,
		  bool is_command, struct err *e)
{
	const struct keys_options o = { .source = KEYS_KEEP,
					.missing_ok = true,
					.rerun = is_command ? t->key : NULL };
	enum told told;

	if (!is_command && store(inv, t, value, false, e))
		return -1;
	if (tell_gateway(inv, t, &o, is_command ? "to be asked for" : "rotated", &told, e))
		return -1;
	report(inv, t,
	       !is_command					 ? "rotated"
	       : told == TOLD_NOBODY || told == TOLD_NOT_RUNNING ? "has a command"
								 : "asked for again",
	       told);
	return 0;
}

static int run_rotate(struct invocation *inv, struct err *e)
{
	struct secret_use use auto_secret_use = { 0 };
	struct secret value auto_secret = { 0 };
	struct record record;
	struct target t;

	if (read_target(inv, &t, e))
		return -1;
	if (ops_secret_use(inv->ctx, t.tenant, t.key, &use, e))
		return name_tenant(e, t.tenant);
	if ((!use.is_command && input_new(inv, &t, &value, e)) || begin(inv, &t, &record, e))
		return -1;
	return record_end(&record, rotate(inv, &t, &value, use.is_command, e), e);
}

/* ---- rm ---- */

static int refuse_used(const struct target *t, const struct strlist *users, struct err *e)
{
	auto_strbuf struct strbuf names = STRBUF_INIT(400);

	for (size_t i = 0; i < users->count; i++)
		strbuf_printf(&names, "%s%s", i ? ", " : "", users->items[i]);
	err_set(e, ERR_CONFLICT, "tenant %s: secret %s is used by credential %s", t->tenant, t->key,
		strbuf_str(&names));
	return err_hint(e,
			"take the credential out of the manifest and apply it first; with --force "
			"its route stops working");
}

static int remove_secret(struct invocation *inv, const struct target *t, bool used, struct err *e)
{
	const struct keys_options o = { .source = KEYS_KEEP, .missing_ok = true };
	enum told told = TOLD_UNUSED;

	if (secret_remove(inv->ctx->root, t->tenant, t->key, e) ||
	    (used && tell_gateway(inv, t, &o, "removed", &told, e)))
		return -1;
	report(inv, t, "removed", told);
	return 0;
}

static int run_rm(struct invocation *inv, struct err *e)
{
	struct secret_use use auto_secret_use = { 0 };
	bool force = invocation_flag(inv, "force");
	struct record record;
	struct target t;

	if (read_target(inv, &t, e))
		return -1;
	if (!secret_exists(inv->ctx->root, t.tenant, t.key)) {
		err_set(e, ERR_NOT_FOUND, "tenant %s: secret %s is not set", t.tenant, t.key);
		return err_hint(e, "'tenantctl secret list %s' shows what there is", t.tenant);
	}
	if (ops_secret_use(inv->ctx, t.tenant, t.key, &use, e)) {
		if (!force)
			return name_tenant(e, t.tenant);
		log_warn("tenant %s: %s", t.tenant, e->message);
		err_clear(e);
	}
	if (use.credentials.count && !force)
		return refuse_used(&t, &use.credentials, e);
	if (begin(inv, &t, &record, e))
		return -1;
	return record_end(&record, remove_secret(inv, &t, use.credentials.count > 0, e), e);
}

/* ---- list ---- */

enum list_column { S_TENANT, S_KEY, S_STATE, S_USED, S_CHANGED, S_PROBLEM };

static const struct column columns[] = {
	[S_TENANT] = { "TENANT", "tenant", COLUMN_TEXT, false },
	[S_KEY] = { "KEY", "key", COLUMN_TEXT, false },
	[S_STATE] = { "STATE", "state", COLUMN_TEXT, false },
	[S_USED] = { "USED BY", "used_by", COLUMN_TEXT, true },
	[S_CHANGED] = { "CHANGED", "changed", COLUMN_AGE, false },
	[S_PROBLEM] = { NULL, "problem", COLUMN_TEXT, false },
};

static enum output_color color_of(enum secret_state s)
{
	return s == SECRET_MISSING || s == SECRET_REFUSED ? COLOR_BAD
	       : s == SECRET_UNUSED			  ? COLOR_WARN
							  : COLOR_GOOD;
}

static void add_row(struct table *t, const struct secret_row *r)
{
	struct cell *c = table_row(t);

	cell_text(&c[S_TENANT], r->tenant);
	cell_text(&c[S_KEY], r->key);
	cell_text(&c[S_STATE], secret_state_name(r->state));
	c[S_STATE].color = color_of(r->state);
	cell_text(&c[S_USED], r->used_by);
	c[S_CHANGED].number = r->changed;
	cell_text(&c[S_PROBLEM], r->problem);
}

static void put_rows(struct output *o, const struct table *t, const struct bind_list *rows)
{
	if (o->json) {
		struct node *root = output_document();

		node_set(root, "secrets", table_json(t));
		output_json(o, root);
		return;
	}
	if (rows->count)
		table_print(t, o);
	else
		output_text(o, "no secrets yet; 'tenantctl secret set NAME KEY' stores one\n");
	for (size_t i = 0; i < rows->count; i++) {
		const struct secret_row *r = (const struct secret_row *)rows->items + i;

		if (r->problem)
			log_warn("%s", r->problem);
	}
}

static int run_list(struct invocation *inv, struct err *e)
{
	struct table t auto_table = { 0 };
	struct bind_list rows = { 0 };
	const char *tenant = NULL;

	if (inv->operands.count && select_name(inv, &tenant, e))
		return -1;
	if (ops_secret_list(inv->ctx, tenant, &rows, e))
		return -1;
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < rows.count; i++)
		add_row(&t, (const struct secret_row *)rows.items + i);
	put_rows(inv->out, &t, &rows);
	secret_rows_free(&rows);
	return 0;
}

static const struct option_def set_options[] = {
	{ .name = "encrypt",
	  .help = "store it encrypted for this machine, with systemd-creds; it stays encrypted "
		  "when "
		  "it is set again" },
};
static const struct option_def rm_options[] = {
	{ .name = "force", .help = "also when a credential uses it; its route then stops working" },
};

const struct command cmd_secret_set = {
	.name = "secret set",
	.operands = "NAME KEY",
	.summary = "Stores a secret of a tenant for its gateway",
	.description =
		"The value is asked for without being shown, or read from standard input; it is "
		"one line of visible ASCII of 8 to 4096 bytes, and a newline at its end is cut. "
		"The tenant need not exist yet. A running gateway whose credentials use the secret "
		"has it within a second; no container is restarted.\n\n"
		"The file is /etc/tenantctl/secrets/NAME/KEY. The worker never gets it.",
	.example = "  tenantctl secret set acme-dental ghl\n"
		   "  pass show acme/ghl | tenantctl secret set acme-dental ghl",
	.options = set_options,
	.option_count = ARRAY_SIZE(set_options),
	.min_args = 2,
	.max_args = 2,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT | CMD_SECRET,
	.run = run_set,
};

const struct command cmd_secret_list = {
	.name = "secret list",
	.operands = "[NAME]",
	.summary = "Lists secrets: which are set, missing and unused; never their values",
	.description =
		"STATE is set, encrypted, command (printed by a command of the manifest), missing "
		"(a credential needs it), unused, or refused (others may read or change its file).",
	.example = "  tenantctl secret list\n  tenantctl secret list acme-dental --format json",
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT,
	.run = run_list,
};

const struct command cmd_secret_rotate = {
	.name = "secret rotate",
	.operands = "NAME KEY",
	.summary = "Replaces a secret that is set, or runs a credential's command again",
	.description =
		"As secret set, for a secret that exists. When KEY is a credential that has a "
		"command, the command is run again and nothing is asked for; while the tenant is "
		"stopped, its next start does that. The next request carries the new key; neither "
		"worker nor gateway is restarted.",
	.example = "  tenantctl secret rotate acme-dental ghl",
	.min_args = 2,
	.max_args = 2,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT | CMD_SECRET,
	.run = run_rotate,
};

const struct command cmd_secret_rm = {
	.name = "secret rm",
	.operands = "NAME KEY",
	.summary = "Removes a secret that no credential uses",
	.description = "With --force also one that is used: the gateway then refuses the requests "
		       "that need it.",
	.example = "  tenantctl secret rm acme-dental old-key",
	.options = rm_options,
	.option_count = ARRAY_SIZE(rm_options),
	.min_args = 2,
	.max_args = 2,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT | CMD_SECRET,
	.run = run_rm,
};
