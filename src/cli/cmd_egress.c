/* egress show and check: the rules with their uses, and what would happen. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "egress_text.h"
#include "ops/egress.h"
#include "select.h"
#include "table.h"

enum { CHECK_OPERANDS_MAX = 5, ROUTE_PORT = GATEWAY_ROUTE_PORT, TLS_PORT = 443 };

/* ---- show ---- */

enum show_column { S_RULE, S_WHAT, S_EXPIRES, S_HITS, S_UP, S_DOWN, S_LAST, S_SINCE, S_REASON };

static const struct column columns[] = {
	[S_RULE] = { "RULE", "rule", COLUMN_TEXT, false },
	[S_WHAT] = { "WHAT", "what", COLUMN_TEXT, true },
	[S_EXPIRES] = { "EXPIRES", "expires", COLUMN_TEXT, false },
	[S_HITS] = { "HITS", "hits", COLUMN_COUNT, false },
	[S_UP] = { "SENT", "up", COLUMN_SIZE, false },
	[S_DOWN] = { "RECEIVED", "down", COLUMN_SIZE, false },
	[S_LAST] = { "LAST USED", "last_used", COLUMN_AGE, false },
	[S_SINCE] = { NULL, "since", COLUMN_AGE, false },
	[S_REASON] = { "REASON", "reason", COLUMN_TEXT, true },
};

static void put_use(struct cell *c, const struct egress_view *v, const char *rule)
{
	static const struct egress_use none = { 0 };
	const struct egress_use *use = egress_state_use(&v->state, rule);

	use = use ? use : &none;
	cell_text(&c[S_RULE], rule);
	c[S_HITS].number = use->hits;
	c[S_UP].number = use->up;
	c[S_DOWN].number = use->down;
	c[S_LAST].number = use->last;
	c[S_SINCE].number = use->since;
}

static void fill_table(struct table *t, const struct egress_view *v)
{
	const struct egress_entry *entries = v->spec.egress.items;
	const struct credential_entry *credentials = v->spec.credentials.items;

	table_init(t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < v->spec.egress.count; i++) {
		auto_free char *id = egress_rule_id(&entries[i]);
		auto_free char *what = egress_entry_what(&entries[i]);
		struct cell *c = table_row(t);

		put_use(c, v, id);
		cell_text(&c[S_WHAT], what);
		cell_text(&c[S_EXPIRES], entries[i].expires);
		cell_text(&c[S_REASON], entries[i].reason);
	}
	for (size_t i = 0; i < v->spec.credentials.count; i++) {
		auto_free char *id = credential_rule_id(&credentials[i]);
		struct cell *c = table_row(t);

		put_use(c, v, id);
		cell_text(&c[S_WHAT], credentials[i].upstream);
	}
}

static int64_t denials_in_all(const struct egress_state *s)
{
	const struct egress_denial *d = s->denials.items;
	int64_t n = s->forgotten;

	for (size_t i = 0; i < s->denials.count; i++)
		n += d[i].count;
	return n;
}

static int run_show(struct invocation *inv, struct err *e)
{
	struct table t auto_table = { 0 };
	struct egress_view v = { 0 };
	const char *tenant;
	struct node *root;
	int64_t denials;

	if (select_name(inv, &tenant, e))
		return -1;
	if (ops_egress_view(inv->ctx, tenant, &v, e))
		return name_tenant(e, tenant);
	fill_table(&t, &v);
	denials = denials_in_all(&v.state);
	if (inv->out->json) {
		root = output_document();
		node_set_str(root, "tenant", tenant);
		node_set_bool(root, "gateway_running", v.running);
		node_set(root, "rules", table_json(&t));
		node_set_int(root, "refusals", denials);
		output_json(inv->out, root);
	} else {
		if (t.rows)
			table_print(&t, inv->out);
		else
			output_text(inv->out, "nothing may be reached\n");
		if (denials)
			output_printf(inv->out,
				      "%lld refusals; 'tenantctl egress denied %s' shows "
				      "them\n",
				      (long long)denials, tenant);
	}
	egress_view_free(&v);
	return 0;
}

/* ---- check ---- */

static bool is_gateway(const char *host)
{
	return strcmp(host, "gateway") == 0 || strcmp(host, "proxy") == 0;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static int bad_operands(struct err *e, const char *why)
{
	err_set(e, ERR_USAGE, "egress check: %s", why);
	return err_hint(e, "usage: tenantctl egress check NAME HOST [PORT] [METHOD PATH]");
}

/* What follows the host: a port, and a method with its path. */
static int read_rest(const struct strlist *words, struct egress_query *q, struct err *e)
{
	size_t i = 2;
	int64_t port;

	if (i < words->count && is_number(words->items[i])) {
		if (egress_parse_port(words->items[i++], &port, e))
			return -1;
		if (q->port && q->port != port)
			return bad_operands(e, "two different ports are given");
		q->port = port;
	}
	if (i == words->count)
		return 0;
	if (i + 2 != words->count)
		return bad_operands(e, "METHOD and PATH come together");
	if (words->items[i + 1][0] != '/')
		return bad_operands(e, "PATH begins with '/'");
	q->method = words->items[i];
	q->path = words->items[i + 1];
	return 0;
}

static int read_query(const struct invocation *inv, char **out_host, struct egress_query *q,
		      struct err *e)
{
	if (egress_parse_host(inv->operands.items[1], out_host, &q->port, e))
		return -1;
	q->host = *out_host;
	q->now = inv->out->now;
	q->has_token = !invocation_flag(inv, "no-token");
	q->address = invocation_option(inv, "address");
	if (read_rest(&inv->operands, q, e))
		return -1;
	if (is_gateway(q->host) && !q->method)
		return bad_operands(e, "a request to the gateway has a METHOD and a PATH");
	if (!is_gateway(q->host) && q->method)
		return bad_operands(e, "METHOD and PATH are seen only on the way to 'gateway': a "
				       "connection to another host is encrypted");
	if (strchr(q->host, '*'))
		return bad_operands(e, "HOST is a name that a worker would use, without a star");
	if (!q->port)
		q->port = q->method ? ROUTE_PORT : TLS_PORT;
	return 0;
}

static void add_hint(const struct tenant_spec *s, const struct egress_query *q,
		     const struct egress_decision *d, struct err *e)
{
	const struct credential_entry *route = q->method ? NULL : egress_route_to(s, q->host);
	const struct egress_denial like = { .kind = (char *)"tls",
					    .what = (char *)q->host,
					    .reason = (char *)"name",
					    .port = q->port };
	bool command;

	if (route) {
		err_hint(e, "the worker reaches it with its key added as http://gateway/%s/",
			 route->name);
		return;
	}
	if (q->method || strcmp(d->reason, "name") != 0)
		return;
	auto_free char *advice = egress_denial_advice(&like, s, &command);
	if (!command)
		err_hint(e, "%s", advice);
	else if (q->port == TLS_PORT)
		err_hint(e, "'%s' would allow it", advice);
	else
		err_hint(e,
			 "'%s' would allow it, with --protocol tcp if it does not begin with TLS",
			 advice);
}

static void show_decision(struct output *o, const char *tenant, const struct egress_query *q,
			  const struct egress_decision *d)
{
	struct node *root;

	if (!o->json) {
		output_printf(o, "%s%s%s", output_color(o, d->allowed ? COLOR_GOOD : COLOR_BAD),
			      d->allowed ? "allowed" : "refused", output_reset(o));
		if (d->rule[0]) {
			output_text(o, " by ");
			output_safe(o, d->rule);
		}
		output_text(o, "\n  ");
		output_safe(o, d->text);
		output_text(o, "\n");
		return;
	}
	root = output_document();
	node_set_str(root, "tenant", tenant);
	node_set_str(root, "host", q->host);
	node_set_int(root, "port", q->port);
	node_set_str(root, "method", q->method);
	node_set_str(root, "path", q->path);
	node_set_bool(root, "allowed", d->allowed);
	node_set_str(root, "rule", d->rule[0] ? d->rule : NULL);
	node_set_str(root, "reason", d->reason);
	node_set_str(root, "text", d->text);
	output_json(o, root);
}

static int run_check(struct invocation *inv, struct err *e)
{
	auto_spec struct tenant_spec spec = { 0 };
	auto_free char *host = NULL;
	struct egress_query q = { 0 };
	struct egress_decision d = { 0 };
	const char *tenant;

	if (select_name(inv, &tenant, e) || read_query(inv, &host, &q, e))
		return -1;
	if (tenant_manifest(inv->ctx, tenant, NULL, &spec, NULL, e) ||
	    egress_check_spec(inv->ctx, &spec, &q, &d, e))
		return name_tenant(e, tenant);
	show_decision(inv->out, tenant, &q, &d);
	if (d.allowed)
		return 0;
	err_set(e, ERR_CHECK, "tenant %s: %s:%lld would be refused", tenant, q.host,
		(long long)q.port);
	add_hint(&spec, &q, &d, e);
	return -1;
}

static const struct option_def check_options[] = {
	{ .name = "address",
	  .placeholder = "ADDRESS",
	  .arg = ARG_TEXT,
	  .help = "what the name resolves to; without it, an address that may be reached" },
	{ .name = "no-token",
	  .help = "the request does not carry the tenant's placeholder where a key goes" },
};

const struct command cmd_egress_show = {
	.name = "egress show",
	.operands = "NAME",
	.summary = "Shows what a tenant may reach, and what it reached",
	.description =
		"One line for each egress entry and each credential route: how often it was used, "
		"how much was sent and received, and when it was used last. A connection counts "
		"when it ends, if the worker sent anything. Counters outlive rotated logs and "
		"replaced gateways.",
	.example = "  tenantctl egress show acme-dental",
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_show,
};

const struct command cmd_egress_check = {
	.name = "egress check",
	.operands = "NAME HOST [PORT] [METHOD PATH]",
	.summary = "Says what would happen to a connection, and which rule decides",
	.description =
		"Answers from the rules that the gateway's configuration is made of, for the "
		"manifest as it is now; nothing is connected to, and no engine is needed. The port "
		"is 443 unless given. With HOST gateway or proxy, METHOD and PATH ask for a "
		"credential route.\n\nThe exit status is 0 when it is allowed, 1 when it is "
		"refused.",
	.example = "  tenantctl egress check acme-dental api.openai.com\n"
		   "  tenantctl egress check acme-dental db.example.com 5432\n"
		   "  tenantctl egress check acme-dental gateway POST /ghl/contacts/",
	.options = check_options,
	.option_count = ARRAY_SIZE(check_options),
	.min_args = 2,
	.max_args = CHECK_OPERANDS_MAX,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_CONTEXT,
	.run = run_check,
};
