/* egress denied: what a tenant tried and was refused, and what would let it through. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "egress_text.h"
#include "ops/egress.h"
#include "select.h"
#include "table.h"

enum denied_column {
	D_COUNT,
	D_KIND,
	D_WHAT,
	D_PORT,
	D_REASON,
	D_RULE,
	D_FIRST,
	D_LAST,
	D_ALLOWED,
	D_COMMAND,
	D_ADVICE,
	D_DO
};

static const struct column columns[] = {
	[D_COUNT] = { "COUNT", "count", COLUMN_COUNT, false },
	[D_KIND] = { "KIND", "kind", COLUMN_TEXT, false },
	[D_WHAT] = { "WHAT", "what", COLUMN_TEXT, true },
	[D_PORT] = { "PORT", "port", COLUMN_TEXT, false },
	[D_REASON] = { "REASON", "reason", COLUMN_TEXT, false },
	[D_RULE] = { NULL, "rule", COLUMN_TEXT, false },
	[D_FIRST] = { "FIRST", "first", COLUMN_AGE, false },
	[D_LAST] = { "LAST", "last", COLUMN_AGE, false },
	[D_ALLOWED] = { NULL, "allowed_now", COLUMN_BOOL, false },
	[D_COMMAND] = { NULL, "command", COLUMN_TEXT, false },
	[D_ADVICE] = { NULL, "advice", COLUMN_TEXT, false },
	[D_DO] = { "WHAT CAN BE DONE", NULL, COLUMN_TEXT, false },
};

/* Would the manifest as it is now let the same thing through? Only where rules decided. */
static int allowed_now(struct context *c, const struct tenant_spec *spec,
		       const struct egress_denial *d, int64_t now, bool *out, struct err *e)
{
	static const char *const by_rule[] = { "lookup", "name", "expired", "route", "rule" };
	auto_free char *method = mem_strndup(d->what, strcspn(d->what, " "));
	struct egress_query q = { .host = d->what, .port = d->port ? d->port : 443, .now = now };
	struct egress_decision decision = { 0 };
	bool rules = false;

	*out = false;
	for (size_t i = 0; i < ARRAY_SIZE(by_rule); i++)
		rules |= strcmp(d->reason, by_rule[i]) == 0;
	if (!rules)
		return 0;
	if (strcmp(d->kind, "route") == 0) {
		if (!d->what[strlen(method)])
			return 0;
		q = (struct egress_query){ .host = "gateway",
					   .port = GATEWAY_ROUTE_PORT,
					   .method = method,
					   .path = d->what + strlen(method) + 1,
					   .now = now,
					   .has_token = true };
	}
	if (egress_check_spec(c, spec, &q, &decision, e))
		return -1;
	*out = decision.allowed;
	return 0;
}

/* Whoever asks for a credential's upstream by name is to be sent to its route, not let through: the
 * key is only there. */
static char *advice_for(const struct tenant_spec *spec, const struct egress_denial *d,
			bool *out_command)
{
	const struct credential_entry *route = egress_route_to(spec, d->what);

	if (!route || strcmp(d->kind, "route") == 0)
		return egress_denial_advice(d, spec, out_command);
	*out_command = false;
	return mem_printf("http://gateway/%s/ leads there, with the key", route->name);
}

static void add_row(struct table *t, const struct egress_denial *d, const struct tenant_spec *spec,
		    bool now)
{
	struct cell *c = table_row(t);
	bool command;
	auto_free char *advice = advice_for(spec, d, &command);
	auto_free char *port = d->port ? mem_printf("%lld", (long long)d->port) : NULL;

	c[D_COUNT].number = d->count;
	cell_text(&c[D_KIND], d->kind);
	cell_text(&c[D_WHAT], *d->what ? d->what : "-");
	cell_text(&c[D_PORT], port);
	cell_text(&c[D_REASON], d->reason);
	cell_text(&c[D_RULE], d->rule);
	c[D_FIRST].number = d->first;
	c[D_LAST].number = d->last;
	c[D_ALLOWED].number = now;
	if (now) {
		cell_text(&c[D_DO], "allowed now");
		return;
	}
	cell_text(&c[command ? D_COMMAND : D_ADVICE], advice);
	cell_text(&c[D_DO], advice);
}

/* The latest first. */
static int by_time(const void *a, const void *b)
{
	const struct egress_denial *x = *(const struct egress_denial *const *)a;
	const struct egress_denial *y = *(const struct egress_denial *const *)b;

	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->count != y->count ? (x->count > y->count ? -1 : 1) : strcmp(x->what, y->what);
}

static int fill_table(struct invocation *inv, const struct egress_view *v, int64_t since,
		      struct table *t, size_t *out_hidden, struct err *e)
{
	const struct egress_denial *d = v->state.denials.items;
	auto_free const struct egress_denial **sorted =
		mem_array(v->state.denials.count + 1, sizeof(const struct egress_denial *));

	table_init(t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < v->state.denials.count; i++)
		sorted[i] = &d[i];
	qsort(sorted, v->state.denials.count, sizeof(const struct egress_denial *), by_time);
	for (size_t i = 0; i < v->state.denials.count; i++) {
		bool now;

		if (sorted[i]->last < since)
			continue;
		if (allowed_now(inv->ctx, &v->spec, sorted[i], inv->out->now, &now, e))
			return -1;
		if (now && !invocation_flag(inv, "all")) {
			++*out_hidden;
			continue;
		}
		add_row(t, sorted[i], &v->spec, now);
	}
	return 0;
}

static void show(struct output *o, const struct table *t, const struct egress_state *s,
		 const char *tenant, size_t hidden)
{
	struct node *root;

	if (o->json) {
		root = output_document();
		node_set_str(root, "tenant", tenant);
		node_set(root, "denied", table_json(t));
		node_set_int(root, "allowed_now", (int64_t)hidden);
		node_set_int(root, "forgotten_groups", s->forgotten_groups);
		node_set_int(root, "forgotten", s->forgotten);
		node_set_int(root, "suppressed", s->suppressed);
		output_json(o, root);
		return;
	}
	if (t->rows)
		table_print(t, o);
	else
		output_text(o, "nothing was refused\n");
	if (hidden)
		output_printf(o, "%zu more that would be allowed now: --all shows them\n", hidden);
	if (s->forgotten_groups)
		output_printf(o,
			      "%lld other destinations, refused %lld times, made room for newer "
			      "ones\n",
			      (long long)s->forgotten_groups, (long long)s->forgotten);
	if (s->suppressed)
		output_printf(o, "%lld lookups and requests came too fast to be logged\n",
			      (long long)s->suppressed);
}

static int run_denied(struct invocation *inv, struct err *e)
{
	struct table t auto_table = { 0 };
	const char *text = invocation_option(inv, "since");
	struct egress_view v = { 0 };
	const char *tenant;
	size_t hidden = 0;
	int64_t since = 0;
	int rc;

	if (select_name(inv, &tenant, e) ||
	    (text && egress_parse_since(text, inv->out->now, &since, e)))
		return -1;
	if (ops_egress_view(inv->ctx, tenant, &v, e))
		return name_tenant(e, tenant);
	rc = fill_table(inv, &v, since, &t, &hidden, e);
	if (!rc)
		show(inv->out, &t, &v.state, tenant, hidden);
	egress_view_free(&v);
	return rc ? name_tenant(e, tenant) : 0;
}

static const struct option_def options[] = {
	{ .name = "since",
	  .placeholder = "TIME",
	  .arg = ARG_TEXT,
	  .help = "only what was refused since then: 24h, 7d, a date, or 2026-01-31T12:00:00Z" },
	{ .name = "all", .help = "also what the manifest allows by now" },
};

const struct command cmd_egress_denied = {
	.name = "egress denied",
	.operands = "NAME",
	.summary = "Lists what a tenant tried and was refused",
	.description =
		"Refused lookups, connections and requests, grouped, the latest first, each with "
		"the narrowest command that would let it through, or why none does. Whether that "
		"is "
		"wanted is for a human to decide: names and paths are the worker's choice.\n\n"
		"KIND is dns for a name that the gateway did not resolve, tls for a server name, "
		"tcp for a port, route for a request to a credential route. Ports that no entry "
		"names "
		"are closed: who tries to connect there is refused by the kernel and leaves no "
		"trace "
		"here.",
	.example = "  tenantctl egress denied acme-dental --since 24h",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_denied,
};
