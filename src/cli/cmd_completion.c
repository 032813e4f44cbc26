/* completion, and the hidden command that completion scripts ask for names. */
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "commands.h"
#include "completion.h"
#include "domain/checks.h"
#include "domain/paths.h"

#define NAMES_MAX 16384

static const struct shell {
	const char *name;
	void (*write)(struct strbuf *out);
} shells[] = {
	{ "bash", completion_bash },
	{ "zsh", completion_zsh },
	{ "fish", completion_fish },
};

static int run_completion(struct invocation *inv, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	const char *name = inv->operands.items[0];

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (strcmp(shells[i].name, name) == 0) {
			shells[i].write(&text);
			output_text(inv->out, strbuf_str(&text));
			return 0;
		}
	return err_set(e, ERR_USAGE, "completion: bash, zsh or fish, not '%s'", name);
}

static void put_checks(struct output *o)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		output_printf(o, "%s\n", all[i].id);
}

/* Names of manifests only: whoever completes may not be root, and state is. */
static int run_complete(struct invocation *inv, struct err *e)
{
	auto_free char *dir = path_of(inv->ctx->root, PATH_MANIFESTS, NULL);
	auto_strlist struct strlist files = { 0 };

	if (strcmp(inv->operands.items[0], "checks") == 0) {
		put_checks(inv->out);
		return 0;
	}
	if (strcmp(inv->operands.items[0], "tenants") != 0)
		return err_set(e, ERR_USAGE, "complete: only tenants and checks can be completed");
	if (fsio_list(dir, NAMES_MAX, &files, e))
		return -1;
	for (size_t i = 0; i < files.count; i++) {
		char *dot = strrchr(files.items[i], '.');

		if (!dot || strcmp(dot, ".yaml") != 0)
			continue;
		*dot = '\0';
		if (tenant_name_is_valid(files.items[i]))
			output_printf(inv->out, "%s\n", files.items[i]);
	}
	return 0;
}

const struct command cmd_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Prints the completion script of a shell",
	.example = "  tenantctl completion bash >/etc/bash_completion.d/tenantctl",
	.min_args = 1,
	.max_args = 1,
	.run = run_completion,
};

const struct command cmd_complete = {
	.name = "complete",
	.operands = "tenants|checks",
	.summary = "Prints words for completion scripts",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_CONTEXT | CMD_HIDDEN,
	.run = run_complete,
};
