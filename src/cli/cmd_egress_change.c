/* egress allow and revoke: one edit of the manifest, live at once. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "egress_text.h"
#include "ops/egress.h"
#include "record.h"
#include "select.h"

enum { TLS_PORT = 443 };

static const char *effect_name(enum egress_effect effect)
{
	static const char *const names[] = { [EGRESS_UNCHANGED] = "unchanged",
					     [EGRESS_AT_START] = "at-start",
					     [EGRESS_LIVE] = "live" };

	return names[effect];
}

static void change_json(struct output *o, const char *tenant, const struct egress_changed *r)
{
	struct node *root = output_document();
	struct node *rules;

	node_set_str(root, "tenant", tenant);
	node_set_str(root, "effect", effect_name(r->effect));
	node_set_bool(root, "replaced", r->replaced);
	rules = node_set_array(root, "rules");
	for (size_t i = 0; i < r->rules.count; i++)
		node_push_str(rules, r->rules.items[i]);
	node_set_int(root, "milliseconds", r->milliseconds);
	output_json(o, root);
}

static void show_change(struct output *o, const char *tenant, const char *did,
			const struct egress_changed *r)
{
	if (o->json) {
		change_json(o, tenant, r);
		return;
	}
	if (r->effect == EGRESS_UNCHANGED)
		did = "allowed already by";
	for (size_t i = 0; i < r->rules.count; i++) {
		output_printf(o, "%s: %s ", tenant, did);
		output_safe(o, r->rules.items[i]);
		output_text(o, "\n");
	}
	if (r->effect == EGRESS_LIVE)
		output_printf(o, "%s: live after %lld ms\n", tenant, (long long)r->milliseconds);
	else if (r->effect == EGRESS_AT_START)
		output_printf(o,
			      "%s: no gateway runs; it takes effect when the tenant is started\n",
			      tenant);
}

/* The rules in place of the operand that selected them. */
static void record_change(struct record *record, const struct egress_changed *r, int rc)
{
	if (rc)
		return;
	strlist_copy(&record->what, &r->rules);
	strlist_add(&record->what, effect_name(r->effect));
}

/* HOST with the port behind it or in --port. */
static int read_host(const struct invocation *inv, char **out_host, int64_t *out_port,
		     struct err *e)
{
	const char *option = invocation_option(inv, "port");
	int64_t port;

	if (egress_parse_host(inv->operands.items[1], out_host, out_port, e))
		return -1;
	if (!option)
		return 0;
	if (egress_parse_port(option, &port, e))
		return err_wrap(e, "--port");
	if (*out_port && *out_port != port)
		return err_set(e, ERR_USAGE, "two ports are given: %lld and --port %lld",
			       (long long)*out_port, (long long)port);
	*out_port = port;
	return 0;
}

/* ---- allow ---- */

static int read_entry(const struct invocation *inv, struct egress_entry *r, char day[16],
		      struct err *e)
{
	const char *protocol = invocation_option(inv, "protocol");
	const char *expires = invocation_option(inv, "expires");

	*r = (struct egress_entry){ 0 };
	if (read_host(inv, &r->host, &r->port, e))
		return -1;
	r->protocol = protocol && strcmp(protocol, "tcp") == 0 ? EGRESS_TCP : EGRESS_TLS;
	r->private_ok = invocation_flag(inv, "private");
	r->reason = (char *)invocation_option(inv, "reason");
	if (expires && egress_parse_day(expires, inv->out->now, day, e))
		return -1;
	r->expires = expires ? day : NULL;
	if (r->reason && !*r->reason)
		return err_set(e, ERR_USAGE, "--reason is empty");
	if (!r->port && r->protocol == EGRESS_TCP)
		return err_set(e, ERR_USAGE, "--protocol tcp needs --port: the port alone decides");
	r->port = r->port ? r->port : TLS_PORT;
	return 0;
}

static int allow(struct invocation *inv, const struct egress_entry *entry, struct err *e)
{
	struct egress_changed r = { 0 };
	const char *tenant = inv->operands.items[0];
	auto_free char *id = egress_rule_id(entry);
	struct record record;
	int rc;

	if (record_begin(&record, inv, tenant, id, e))
		return -1;
	rc = ops_egress_allow(inv->ctx, tenant, entry, &r, e) ? name_tenant(e, tenant) : 0;
	if (!rc)
		show_change(inv->out, tenant, r.replaced ? "changed" : "allowed", &r);
	record_change(&record, &r, rc);
	egress_changed_free(&r);
	return record_end(&record, rc, e);
}

static int run_allow(struct invocation *inv, struct err *e)
{
	struct egress_entry entry;
	const char *tenant;
	char day[16];
	int rc;

	if (select_name(inv, &tenant, e))
		return -1;
	rc = read_entry(inv, &entry, day, e);
	if (!rc)
		rc = allow(inv, &entry, e);
	mem_replace(&entry.host, NULL);
	return rc;
}

/* ---- revoke ---- */

/* HOST may also be a rule's id, as show prints it. */
static int read_rule(const struct invocation *inv, char **out_host, int64_t *out_port,
		     struct err *e)
{
	const char *text = inv->operands.items[1];
	const char *rest =
		strncmp(text, "tls:", 4) == 0 || strncmp(text, "tcp:", 4) == 0 ? text + 4 : NULL;
	size_t digits = rest ? strspn(rest, "0123456789") : 0;

	if (strncmp(text, "route:", 6) == 0) {
		err_set(e, ERR_USAGE, "'%s' is a credential's route, not an egress entry", text);
		return err_hint(e,
				"take the credential out of the manifest, then 'tenantctl apply "
				"%s'",
				inv->operands.items[0]);
	}
	if (!digits || rest[digits] != ':')
		return read_host(inv, out_host, out_port, e);
	auto_free char *port = mem_strndup(rest, digits);
	if (egress_parse_port(port, out_port, e))
		return -1;
	*out_host = mem_strdup(rest + digits + 1);
	return 0;
}

static int run_revoke(struct invocation *inv, struct err *e)
{
	struct egress_changed r = { 0 };
	auto_free char *host = NULL;
	struct record record;
	const char *tenant;
	int64_t port;
	int rc;

	if (select_name(inv, &tenant, e) || read_rule(inv, &host, &port, e) ||
	    record_begin(&record, inv, tenant, inv->operands.items[1], e))
		return -1;
	rc = ops_egress_revoke(inv->ctx, tenant, host, port, &r, e) ? name_tenant(e, tenant) : 0;
	if (!rc)
		show_change(inv->out, tenant, "revoked", &r);
	record_change(&record, &r, rc);
	egress_changed_free(&r);
	return record_end(&record, rc, e);
}

static const char *const protocols[] = { "tls", "tcp", NULL };
static const struct option_def allow_options[] = {
	{ .name = "port", .placeholder = "N", .arg = ARG_TEXT, .help = "default 443" },
	{ .name = "protocol",
	  .placeholder = "PROTOCOL",
	  .choices = protocols,
	  .help = "tls (default): the name is read from the handshake; tcp: the port alone "
		  "decides" },
	{ .name = "private", .help = "the name may lead into private networks" },
	{ .name = "reason",
	  .placeholder = "TEXT",
	  .arg = ARG_TEXT,
	  .help = "why, for the next review; written into the manifest" },
	{ .name = "expires",
	  .placeholder = "DATE",
	  .arg = ARG_TEXT,
	  .help = "day from whose beginning (UTC) it is void: YYYY-MM-DD, or 30d from now on" },
};
static const struct option_def revoke_options[] = {
	{ .name = "port",
	  .placeholder = "N",
	  .arg = ARG_TEXT,
	  .help = "only the entry with this port; default all entries of HOST" },
};

const struct command cmd_egress_allow = {
	.name = "egress allow",
	.operands = "NAME HOST",
	.summary = "Lets a tenant reach a host, at once",
	.description =
		"Adds an entry to the manifest, whose comments, order and style stay as they are, "
		"and "
		"has the running gateway take it; the worker is not touched. What the gateway "
		"refuses is taken back. When an entry of that host and port is there already, what "
		"is given replaces what it says. On a stopped tenant it takes effect at its start.",
	.example = "  tenantctl egress allow acme-dental api.openai.com --reason \"support bot\"\n"
		   "  tenantctl egress allow acme-dental db.example.com:5432 --protocol tcp "
		   "--expires 30d",
	.options = allow_options,
	.option_count = ARRAY_SIZE(allow_options),
	.min_args = 2,
	.max_args = 2,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES,
	.run = run_allow,
};

const struct command cmd_egress_revoke = {
	.name = "egress revoke",
	.operands = "NAME HOST",
	.summary = "Takes a host away from a tenant, at once",
	.description =
		"Removes the entries of HOST from the manifest and has the running gateway follow: "
		"connections that nothing else allows are cut. HOST may be a rule as 'egress show' "
		"prints it.",
	.example = "  tenantctl egress revoke acme-dental api.openai.com",
	.options = revoke_options,
	.option_count = ARRAY_SIZE(revoke_options),
	.min_args = 2,
	.max_args = 2,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE | CMD_CHANGES | CMD_TAKES_AWAY,
	.run = run_revoke,
};
