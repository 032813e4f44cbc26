/* list: every tenant in a line. */
#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "table.h"
#include "tenant_text.h"

enum { IMAGE_ID_SHOWN = sizeof("sha256:") - 1 + 12 };

enum list_column {
	L_TENANT,
	L_STATE,
	L_TIER,
	L_IMAGE,
	L_LISTEN,
	L_EGRESS,
	L_CREDENTIALS,
	L_MEMORY,
	L_AGE,
	L_VERIFIED,
	L_VERDICT,
	L_VERIFIED_AT,
	L_IMAGE_ID,
	L_HEALTH,
	L_MANIFEST
};

static const struct column columns[] = {
	[L_TENANT] = { "TENANT", "tenant", COLUMN_TEXT, false },
	[L_STATE] = { "STATE", "state", COLUMN_TEXT, false },
	[L_TIER] = { "TIER", "tier", COLUMN_TEXT, false },
	[L_IMAGE] = { "IMAGE", "image", COLUMN_TEXT, true },
	[L_LISTEN] = { "LISTEN", "listen", COLUMN_TEXT, false },
	[L_EGRESS] = { "EGRESS", "egress", COLUMN_COUNT, false },
	[L_CREDENTIALS] = { "KEYS", "credentials", COLUMN_COUNT, false },
	[L_MEMORY] = { "MEMORY", "memory", COLUMN_SIZE, false },
	[L_AGE] = { "AGE", "created", COLUMN_AGE, false },
	[L_VERIFIED] = { "VERIFIED", NULL, COLUMN_TEXT, false },
	[L_VERDICT] = { NULL, "verdict", COLUMN_TEXT, false },
	[L_VERIFIED_AT] = { NULL, "verified_at", COLUMN_TEXT, false },
	[L_IMAGE_ID] = { NULL, "image_id", COLUMN_TEXT, false },
	[L_HEALTH] = { NULL, "health", COLUMN_TEXT, false },
	[L_MANIFEST] = { NULL, "has_manifest", COLUMN_BOOL, false },
};

static void add_row(struct table *t, const struct tenant_row *r, const struct output *o)
{
	struct cell *c = table_row(t);
	auto_free char *verified = tenant_verified_text(r, o->now);
	auto_free char *state = tenant_state_text(r);

	cell_text(&c[L_TENANT], r->tenant);
	cell_text(&c[L_STATE], o->json ? tenant_status_name(r->status) : state);
	c[L_STATE].color = tenant_status_color(r->status);
	cell_text(&c[L_TIER], r->tier);
	/* the engine's id, when no manifest tells the name: its start is enough to find it */
	if (!o->json && r->image && strncmp(r->image, "sha256:", strlen("sha256:")) == 0)
		c[L_IMAGE].text = mem_strndup(r->image, IMAGE_ID_SHOWN);
	else
		cell_text(&c[L_IMAGE], r->image);
	cell_text(&c[L_LISTEN], r->listen);
	c[L_EGRESS].number = r->egress;
	c[L_CREDENTIALS].number = r->credentials;
	c[L_MEMORY].number = r->memory;
	c[L_AGE].number = r->created;
	cell_text(&c[L_VERIFIED], verified);
	c[L_VERIFIED].color = tenant_verdict_color(r->verified);
	cell_text(&c[L_VERDICT], r->verified);
	cell_text(&c[L_VERIFIED_AT], r->verified_at);
	cell_text(&c[L_IMAGE_ID], r->image_id);
	cell_text(&c[L_HEALTH], r->health);
	c[L_MANIFEST].number = r->has_manifest;
}

static int run_list(struct invocation *inv, struct err *e)
{
	struct table t auto_table = { 0 };
	struct tenant_row *rows;
	struct node *root;
	size_t count;

	if (ops_list(inv->ctx, &rows, &count, e))
		return -1;
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < count; i++)
		add_row(&t, &rows[i], inv->out);
	tenant_rows_free(rows, count);
	if (inv->out->json) {
		root = output_document();
		node_set(root, "tenants", table_json(&t));
		output_json(inv->out, root);
	} else if (count) {
		table_print(&t, inv->out);
	} else {
		output_text(inv->out, "no tenants yet; 'tenantctl init NAME' writes a manifest\n");
	}
	return 0;
}

const struct command cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "Lists all tenants",
	.description =
		"One line for each tenant that has a manifest, state, or an object of the engine. "
		"EGRESS and KEYS count the manifest's egress entries and credential routes. AGE is "
		"that of the worker; VERIFIED is how the last verification ended and how "
		"long ago.",
	.example = "  tenantctl list\n  tenantctl list --format json",
	.flags = CMD_ROOT | CMD_ENGINE,
	.run = run_list,
};
