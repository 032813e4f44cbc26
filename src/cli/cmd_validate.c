/* validate and schema: manifests without the host. Neither opens a socket. */
#include <string.h>
#include <sys/stat.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "commands.h"
#include "domain/paths.h"
#include "table.h"

#define MANIFEST_BYTES_MAX ((size_t)256 * 1024)

enum validate_column { V_FILE, V_TENANT, V_RESULT, V_VALID, V_ERROR, V_HINT };

static const struct column columns[] = {
	[V_FILE] = { "FILE", "file", COLUMN_TEXT, false },
	[V_TENANT] = { "TENANT", "tenant", COLUMN_TEXT, false },
	[V_RESULT] = { "RESULT", NULL, COLUMN_TEXT, false },
	[V_VALID] = { NULL, "valid", COLUMN_BOOL, false },
	[V_ERROR] = { NULL, "error", COLUMN_TEXT, false },
	[V_HINT] = { NULL, "hint", COLUMN_TEXT, false },
};

/* A word with a slash or ending in .yaml or .yml is a file, as the shell would complete it. */
static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 5 && strcmp(word + len - 5, ".yaml") == 0) ||
	       (len > 4 && strcmp(word + len - 4, ".yml") == 0);
}

static int read_manifest(const char *path, const char *tenant, struct tenant_spec *out,
			 struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	if (fsio_read(path, FSIO_TRUSTED, MANIFEST_BYTES_MAX, &text, &len, e))
		return -1;
	return manifest_parse(text, len, path, tenant, out, e);
}

static bool check_one(const struct context *c, const char *word, struct table *t)
{
	auto_spec struct tenant_spec spec = { 0 };
	const char *tenant = is_file(word) ? NULL : word;
	auto_free char *path = NULL;
	struct cell *row = table_row(t);
	struct err e = ERR_INIT;
	int rc = tenant ? tenant_name_check(tenant, ERR_USAGE, &e) : 0;

	path = rc || !tenant ? mem_strdup(word) : path_of(c->root, PATH_MANIFEST, tenant);
	if (!rc)
		rc = read_manifest(path, tenant, &spec, &e);
	cell_text(&row[V_FILE], path);
	cell_text(&row[V_TENANT], spec.tenant ? spec.tenant : tenant);
	cell_text(&row[V_RESULT], rc ? "refused" : "valid");
	row[V_RESULT].color = rc ? COLOR_BAD : COLOR_GOOD;
	row[V_VALID].number = !rc;
	cell_text(&row[V_ERROR], rc ? e.message : NULL);
	cell_text(&row[V_HINT], rc && e.hint[0] ? e.hint : NULL);
	return !rc;
}

/* Messages carry file, line and column themselves, as compilers' do, so that editors find them. */
static void print_refusals(const struct table *t, struct output *o)
{
	for (size_t i = 0; i < t->rows; i++) {
		const struct cell *row = t->cells + i * t->column_count;

		if (!row[V_ERROR].text)
			continue;
		output_safe(o, row[V_ERROR].text);
		output_text(o, "\n");
		if (!row[V_HINT].text)
			continue;
		output_text(o, "  hint: ");
		output_safe(o, row[V_HINT].text);
		output_text(o, "\n");
	}
}

static int words_of(const struct invocation *inv, struct strlist *out, struct err *e)
{
	auto_strlist struct strlist names = { 0 };

	strlist_copy(out, &inv->operands);
	if (out->count)
		return 0;
	if (tenants_all(inv->ctx, &names, e))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = path_of(inv->ctx->root, PATH_MANIFEST, names.items[i]);
		struct stat st;

		if (lstat(path, &st) == 0)
			strlist_add(out, names.items[i]);
	}
	return 0;
}

static int run_validate(struct invocation *inv, struct err *e)
{
	auto_strlist struct strlist words = { 0 };
	struct table t auto_table = { 0 };
	struct node *root;
	size_t refused = 0;

	if (words_of(inv, &words, e))
		return -1;
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < words.count; i++)
		refused += !check_one(inv->ctx, words.items[i], &t);
	if (inv->out->json) {
		root = output_document();
		node_set_bool(root, "valid", refused == 0);
		node_set(root, "manifests", table_json(&t));
		output_json(inv->out, root);
	} else if (!words.count) {
		output_text(inv->out, "no manifests yet; 'tenantctl init NAME' writes one\n");
	} else {
		table_print(&t, inv->out);
		print_refusals(&t, inv->out);
	}
	return refused ? err_set(e, ERR_MANIFEST, "%zu of %zu manifests refused", refused,
				 words.count)
		       : 0;
}

static int run_schema(struct invocation *inv, struct err *e unused_arg)
{
	output_json(inv->out, manifest_schema());
	return 0;
}

const struct command cmd_validate = {
	.name = "validate",
	.operands = "[FILE or NAME...]",
	.summary = "Checks manifests without touching the host",
	.description =
		"Reads and checks each manifest; without arguments, all of the host. An argument "
		"with a slash, or that ends in .yaml or .yml, is a file, any other is a tenant. "
		"Needs no engine.\n\nThe exit status is 3 when one is refused.",
	.example = "  tenantctl validate\n  tenantctl validate ./acme-dental.yaml",
	.max_args = -1,
	.arg = ARG_TENANT,
	.flags = CMD_CONTEXT,
	.run = run_validate,
};

const struct command cmd_schema = {
	.name = "schema",
	.operands = "",
	.summary = "Prints the JSON Schema of a manifest, for editors",
	.example = "  tenantctl schema >tenantctl.schema.json",
	.run = run_schema,
};
