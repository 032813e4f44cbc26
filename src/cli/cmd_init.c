/* init: a commented manifest to start from. Never replaces a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "commands.h"
#include "domain/paths.h"
#include "select.h"

enum { MODE_MANIFEST = 0640, MODE_MANIFESTS = 0755 };

#define MANIFEST_BYTES_MAX ((size_t)256 * 1024)

/* --from takes a file or the name of a tenant. */
static int read_from(const struct invocation *inv, struct tenant_spec *out, struct err *e)
{
	const char *from = invocation_option(inv, "from");
	auto_free char *text = NULL;
	auto_free char *path = NULL;
	size_t len;

	if (tenant_name_is_valid(from))
		return tenant_manifest(inv->ctx, from, NULL, out, NULL, e);
	path = mem_strdup(from);
	if (fsio_read(path, FSIO_TRUSTED, MANIFEST_BYTES_MAX, &text, &len, e))
		return err_wrap(e, "--from");
	return manifest_parse(text, len, path, NULL, out, e);
}

static int make_text(const struct invocation *inv, const char *tenant, char **out, struct err *e)
{
	struct init_options o = { .tenant = tenant, .image = invocation_option(inv, "image") };
	auto_spec struct tenant_spec from = { 0 };
	int rc;

	if (invocation_option(inv, "from")) {
		if (read_from(inv, &from, e))
			return -1;
		o.from = &from;
	}
	for (size_t i = 0; i < inv->options.count; i++)
		if (strcmp(inv->options.items[i].def->name, "allow") == 0)
			strlist_add(&o.allow, inv->options.items[i].value);
	rc = manifest_template(&o, out, e);
	strlist_free(&o.allow);
	return rc;
}

/* The whole text under a name of its own, then renameat2(2) with RENAME_NOREPLACE: whoever looks
 * sees no file or all of it, and an existing one is never replaced. */
static int write_new(const char *path, const char *text, struct err *e)
{
	auto_free char *temporary = mem_printf("%s.new-%ld", path, (long)getpid());
	struct err ignored = ERR_INIT;

	if (fsio_write(temporary, text, strlen(text), MODE_MANIFEST, (uid_t)-1, (gid_t)-1, e))
		return -1;
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST) {
		err_set(e, ERR_CONFLICT, "%s exists; init never replaces a file", path);
		err_hint(e, "edit it, or give --output FILE");
	} else {
		err_sys(e, errno, "create %s", path);
	}
	if (fsio_unlink(temporary, &ignored))
		return -1; /* what is reported is why it failed, not what was left */
	return -1;
}

static char *target_of(const struct invocation *inv, const char *tenant, bool *out_in_place)
{
	const char *output = invocation_option(inv, "output");

	*out_in_place = output == NULL;
	return output ? mem_strdup(output) : path_of(inv->ctx->root, PATH_MANIFEST, tenant);
}

static void say_next(struct invocation *inv, const char *tenant, const char *path, bool in_place)
{
	struct output *o = inv->out;
	struct node *root;

	if (o->json) {
		root = output_document();
		node_set_str(root, "tenant", tenant);
		node_set_str(root, "file", path);
		output_json(o, root);
		return;
	}
	output_text(o, "wrote ");
	output_safe(o, path);
	output_text(o, "\nNext:\n");
	if (!invocation_option(inv, "image") && !invocation_option(inv, "from"))
		output_text(o, "  edit it: 'image' is a placeholder\n");
	if (in_place)
		output_printf(o, "  tenantctl validate %s\n  tenantctl create %s\n", tenant,
			      tenant);
	else
		output_printf(o, "  tenantctl create %s -f %s\n", tenant, path);
}

static int run_init(struct invocation *inv, struct err *e)
{
	auto_free char *dir = path_of(inv->ctx->root, PATH_MANIFESTS, NULL);
	auto_free char *text = NULL;
	auto_free char *path = NULL;
	const char *tenant;
	bool in_place;

	if (select_name(inv, &tenant, e) || make_text(inv, tenant, &text, e))
		return -1;
	if (invocation_option(inv, "output") &&
	    strcmp(invocation_option(inv, "output"), "-") == 0) {
		output_text(inv->out, text);
		return 0;
	}
	path = target_of(inv, tenant, &in_place);
	if (in_place && fsio_mkdirs(dir, MODE_MANIFESTS, e))
		return -1;
	if (write_new(path, text, e))
		return -1;
	say_next(inv, tenant, path, in_place);
	return 0;
}

static const struct option_def options[] = {
	{ .name = "image",
	  .placeholder = "IMAGE",
	  .help = "the worker's image, with a tag or digest" },
	{ .name = "allow",
	  .placeholder = "HOST",
	  .flags = OPTION_MANY,
	  .help = "a name the worker may reach, HOST or HOST:PORT; may be repeated" },
	{ .name = "from",
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "start from this manifest, or from that of the tenant of this name" },
	{ .name = "output",
	  .letter = 'o',
	  .placeholder = "FILE",
	  .arg = ARG_FILE,
	  .help = "write here instead of the host's folder; '-' is standard output" },
};

const struct command cmd_init = {
	.name = "init",
	.operands = "NAME",
	.summary = "Writes a commented manifest; never overwrites",
	.description = "Every key is there with what it means; those that are not set stand behind "
		       "'#' with their defaults.",
	.example = "  tenantctl init acme-dental --image openclaw/openclaw:v2026.4.27 "
		   "--allow api.openai.com",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_CONTEXT,
	.run = run_init,
};
