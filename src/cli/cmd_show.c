/* show: one tenant in full, or its manifest with every default. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "select.h"
#include "tenant_text.h"

enum { HISTORY_SHOWN = 5 };

static int show_resolved(struct invocation *inv, const char *tenant, struct err *e)
{
	auto_spec struct tenant_spec spec = { 0 };
	auto_free char *text = NULL;

	if (tenant_manifest(inv->ctx, tenant, NULL, &spec, NULL, e))
		return -1;
	if (inv->out->json) {
		struct node *root = output_document();

		node_set(root, "manifest", bind_write(&tenant_table, &spec));
		output_json(inv->out, root);
		return 0;
	}
	text = manifest_resolved(&spec);
	output_text(inv->out, text);
	return 0;
}

static void put_section(struct output *o, const char *title)
{
	output_printf(o, "\n%s%s%s\n", output_color(o, COLOR_BOLD), title, output_reset(o));
}

static void put_line(struct output *o, const char *name, const char *value)
{
	output_printf(o, "  %-10s  ", name);
	output_safe(o, value && *value ? value : "-");
	output_text(o, "\n");
}

static void put_container(struct output *o, const char *title, const struct container_info *c,
			  bool present)
{
	auto_free char *state = NULL;
	char age[32];

	put_section(o, title);
	if (!present) {
		put_line(o, "state", "not there");
		return;
	}
	output_age(o->now,
		   output_parse_time(c->state.running ? c->state.started_at : c->state.created_at),
		   age, sizeof(age));
	if (c->state.running)
		state = mem_printf("%s for %s%s%s%s", c->state.status, age,
				   c->state.health && *c->state.health ? ", " : "",
				   c->state.health ? c->state.health : "",
				   c->state.restart_count ? ", was restarted" : "");
	else
		state = mem_printf("%s, exit status %lld%s", c->state.status,
				   (long long)c->state.exit_code,
				   c->state.oom_killed ? ", out of memory" : "");
	put_line(o, "container", c->name);
	put_line(o, "id", c->id);
	put_line(o, "state", state);
	put_line(o, "image", c->image_id);
	put_line(o, "user", c->spec.user);
	put_line(o, "runtime", c->spec.runtime);
}

static void put_network(struct output *o, const struct allocation *a)
{
	auto_free char *listen = mem_printf("%s:%lld", a->listen_host, (long long)a->listen_port);

	put_section(o, "Network");
	put_line(o, "listen", listen);
	put_line(o, "subnet", a->subnet);
	put_line(o, "bridge", a->bridge);
	put_line(o, "worker", a->worker_ip);
	put_line(o, "gateway", a->gateway_ip);
}

static void put_limits(struct output *o, const struct tenant_spec *s)
{
	char memory[32], workspace[32], rate[32];
	auto_free char *rest = NULL;
	auto_free char *disk = NULL;

	output_size((int64_t)s->resources.memory, memory, sizeof(memory));
	output_size((int64_t)s->resources.workspace, workspace, sizeof(workspace));
	rest = mem_printf("%g processors, %lld processes, %lld open files",
			  (double)s->resources.cpus / 1000, (long long)s->resources.pids,
			  (long long)s->resources.nofile);
	put_section(o, "Limits");
	put_line(o, "memory", memory);
	put_line(o, "workspace", workspace);
	if (s->resources.disk_rate) {
		output_size((int64_t)s->resources.disk_rate, rate, sizeof(rate));
		disk = mem_printf("%s per second read, and as much written", rate);
		put_line(o, "disk", disk);
	}
	put_line(o, "others", rest);
	put_line(o, "seccomp", s->seccomp);
}

static void put_egress(struct output *o, const struct tenant_spec *s)
{
	put_section(o, "May reach");
	if (!s->egress.count)
		output_text(o, "  nothing\n");
	for (size_t i = 0; i < s->egress.count; i++) {
		const struct egress_entry *x = (const struct egress_entry *)s->egress.items + i;

		output_text(o, "  ");
		output_safe(o, x->host);
		output_printf(o, ":%lld%s%s", (long long)x->port,
			      x->protocol == EGRESS_TCP ? " (tcp)" : "",
			      x->private_ok ? " (private addresses too)" : "");
		if (x->expires) {
			output_text(o, ", until ");
			output_safe(o, x->expires);
		}
		output_text(o, "\n");
	}
}

static void put_credentials(struct output *o, const struct tenant_spec *s)
{
	if (!s->credentials.count)
		return;
	put_section(o, "Credentials of the gateway");
	for (size_t i = 0; i < s->credentials.count; i++) {
		const struct credential_entry *c =
			(const struct credential_entry *)s->credentials.items + i;

		output_printf(o, "  %s for ", c->name);
		output_safe(o, c->upstream);
		if (c->command.count) {
			output_text(o, ", printed by ");
			output_safe(o, c->command.items[0]);
		} else if (c->secret) {
			output_printf(o, ", secret %s", c->secret);
		}
		output_text(o, "\n");
	}
}

static void put_history(struct output *o, const struct tenant_view *v)
{
	const struct history *h = &v->history;

	if (v->history_damage || h->count)
		put_section(o, "Verifications");
	if (v->history_damage)
		put_line(o, "damaged", v->history_damage);
	for (size_t i = 0; i < MIN_OF(h->count, HISTORY_SHOWN); i++) {
		const struct history_entry *x = &h->items[h->count - 1 - i];
		auto_free char *marks = history_marks_text(x);

		output_text(o, "  ");
		output_safe(o, x->at);
		output_printf(o, "  %s%s%s", output_color(o, tenant_verdict_color(x->verdict)),
			      x->verdict, output_reset(o));
		output_text(o, x->quick ? ", quick" : "");
		output_text(o, *marks ? ": " : "");
		output_safe(o, marks);
		output_text(o, "\n");
	}
}

static void put_human(struct output *o, const struct tenant_view *v)
{
	auto_free char *state = tenant_state_text(&v->row);
	auto_free char *verified = tenant_verified_text(&v->row, o->now);
	char memory[32];

	output_printf(o, "%s%s%s\n", output_color(o, COLOR_BOLD), v->row.tenant, output_reset(o));
	put_line(o, "state", state);
	put_line(o, "verified", verified);
	put_line(o, "tier", v->row.tier);
	put_line(o, "image", v->row.image);
	output_size(v->row.memory, memory, sizeof(memory));
	put_line(o, "memory", memory);
	if (v->state.unfinished)
		put_line(o, "unfinished", v->state.unfinished);
	for (size_t i = 0; i < v->state.foreign.count; i++)
		put_line(o, "in the way", v->state.foreign.items[i]);
	put_container(o, "Worker", &v->state.worker, v->state.worker_present);
	put_container(o, "Gateway", &v->state.gateway, v->state.gateway_present);
	if (v->state.allocated)
		put_network(o, &v->state.allocation);
	if (v->has_spec) {
		put_limits(o, &v->spec);
		put_egress(o, &v->spec);
		put_credentials(o, &v->spec);
	}
	put_history(o, v);
}

static void container_json(struct node *root, const char *key, const struct container_info *c,
			   bool present)
{
	struct node *n;

	if (!present) {
		node_set_str(root, key, NULL);
		return;
	}
	n = node_set_object(root, key);
	node_set_str(n, "name", c->name);
	node_set_str(n, "id", c->id);
	node_set_str(n, "image_id", c->image_id);
	node_set_str(n, "status", c->state.status);
	node_set_str(n, "health", c->state.health);
	node_set_str(n, "started_at", c->state.started_at);
	node_set_int(n, "exit_code", c->state.exit_code);
	node_set_int(n, "restart_count", c->state.restart_count);
	node_set_bool(n, "oom_killed", c->state.oom_killed);
	node_set(n, "spec", container_spec_json(&c->spec, false));
}

static struct node *view_json(const struct tenant_view *v)
{
	struct node *root = output_document();
	struct node *foreign, *results;

	node_set_str(root, "tenant", v->row.tenant);
	node_set_str(root, "state", tenant_status_name(v->row.status));
	node_set_str(root, "verdict", v->row.verified);
	node_set_str(root, "verified_at", v->row.verified_at);
	node_set_str(root, "tier", v->row.tier);
	node_set_str(root, "image", v->row.image);
	node_set_int(root, "egress_entries", v->row.egress);
	node_set_int(root, "credentials", v->row.credentials);
	node_set_str(root, "unfinished", v->state.unfinished);
	foreign = node_set_array(root, "in_the_way");
	for (size_t i = 0; i < v->state.foreign.count; i++)
		node_push_str(foreign, v->state.foreign.items[i]);
	container_json(root, "worker", &v->state.worker, v->state.worker_present);
	container_json(root, "gateway", &v->state.gateway, v->state.gateway_present);
	if (v->state.allocated)
		node_set(root, "allocation", bind_write(&allocation_table, &v->state.allocation));
	results = node_set_array(root, "verifications");
	for (size_t i = 0; i < MIN_OF(v->history.count, HISTORY_SHOWN); i++)
		node_push(results, history_entry_json(&v->history.items[v->history.count - 1 - i]));
	node_set_str(root, "history_damage", v->history_damage);
	if (v->has_spec)
		node_set(root, "manifest", bind_write(&tenant_table, &v->spec));
	return root;
}

static int run_show(struct invocation *inv, struct err *e)
{
	struct tenant_view v = { 0 };
	const char *tenant;

	if (select_name(inv, &tenant, e))
		return -1;
	if (invocation_flag(inv, "resolved"))
		return show_resolved(inv, tenant, e);
	if (ops_show(inv->ctx, tenant, &v, e))
		return name_tenant(e, tenant);
	if (inv->out->json)
		output_json(inv->out, view_json(&v));
	else
		put_human(inv->out, &v);
	tenant_view_free(&v);
	return 0;
}

static const struct option_def options[] = {
	{ .name = "resolved",
	  .flags = OPTION_OFFLINE,
	  .help = "print the manifest with every default, as YAML; needs no engine" },
};

const struct command cmd_show = {
	.name = "show",
	.operands = "NAME",
	.summary = "Shows one tenant in full",
	.description =
		"State, containers, addresses, limits, what the worker may reach, and how the "
		"last verifications ended.",
	.example = "  tenantctl show acme-dental\n  tenantctl show acme-dental --resolved",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.min_args = 1,
	.max_args = 1,
	.arg = ARG_TENANT,
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_show,
};
