/* The table of commands and how a word finds its entry. */
#include "command.h"

#include <string.h>

#include "base/mem.h"
#include "commands.h"
#include "options.h"

static const struct command *const commands[] = {
	/* manifests */
	&cmd_init,
	&cmd_validate,
	&cmd_schema,
	/* change */
	&cmd_plan,
	&cmd_create,
	&cmd_apply,
	&cmd_delete,
	&cmd_start,
	&cmd_stop,
	&cmd_secret_set,
	&cmd_secret_list,
	&cmd_secret_rotate,
	&cmd_secret_rm,
	/* look */
	&cmd_list,
	&cmd_show,
	&cmd_logs,
	&cmd_verify,
	&cmd_audit_caps,
	&cmd_audit_egress,
	&cmd_audit_images,
	&cmd_audit_drift,
	&cmd_audit_all,
	&cmd_audit_history,
	&cmd_audit_log,
	&cmd_egress_show,
	&cmd_egress_check,
	&cmd_egress_denied,
	&cmd_egress_allow,
	&cmd_egress_revoke,
	&cmd_egress_review,
	&cmd_doctor,
	&cmd_seccomp_list,
	&cmd_seccomp_show,
	&cmd_seccomp_check,
	&cmd_seccomp_diff,
	/* tenantctl itself */
	&cmd_completion,
	&cmd_version,
	&cmd_help,
	&cmd_complete,
	&cmd_manual,
};

const struct command *const *commands_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(commands);
	return commands;
}

bool command_is_below(const struct command *c, const char *word)
{
	size_t len = strlen(word);

	return strncmp(c->name, word, len) == 0 && c->name[len] == ' ';
}

/* How many of argv's words spell the command's name; 0 when they do not. */
static int words_of(const struct command *c, int argc, char **argv)
{
	const char *name = c->name;
	int n = 0;

	while (*name) {
		size_t len = strcspn(name, " ");

		if (n == argc || strlen(argv[n]) != len || strncmp(argv[n], name, len) != 0)
			return 0;
		name += len + (name[len] == ' ');
		n++;
	}
	return n;
}

/* Words that may stand here: all commands, or what follows `group`. The caller frees the list. */
static void candidates(const char *group, struct strlist *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *word = commands[i]->name;

		if (commands[i]->flags & CMD_HIDDEN)
			continue;
		if (group && !command_is_below(commands[i], group))
			continue;
		word += group ? strlen(group) + 1 : 0;
		auto_free char *first = mem_strndup(word, strcspn(word, " "));
		if (!strlist_has(out, first))
			strlist_add(out, first);
	}
}

static int unknown_word(const char *group, const char *word, struct err *e)
{
	auto_strlist struct strlist names = { 0 };
	auto_strbuf struct strbuf all = STRBUF_INIT(ERR_HINT_MAX);
	const char *nearest;

	candidates(group, &names);
	if (!word)
		err_set(e, ERR_USAGE, "%s: a sub-command is missing", group);
	else
		err_set(e, ERR_USAGE, "unknown command '%s%s%s'", group ? group : "",
			group ? " " : "", word);
	nearest =
		word ? strlist_nearest(word, (const char *const *)names.items, names.count) : NULL;
	if (nearest)
		return err_hint(e, "did you mean 'tenantctl %s%s%s'?", group ? group : "",
				group ? " " : "", nearest);
	if (!group)
		return err_hint(e, "'tenantctl help' lists the commands");
	for (size_t i = 0; i < names.count; i++)
		strbuf_printf(&all, "%s%s", i ? ", " : "", names.items[i]);
	return err_hint(e, "'tenantctl %s' is followed by one of: %s", group, strbuf_str(&all));
}

int command_find(int argc, char **argv, const struct command **out, int *out_words, struct err *e)
{
	bool group = false;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		int words = words_of(commands[i], argc, argv);

		if (words) {
			*out = commands[i];
			*out_words = words;
			return 0;
		}
		group = group || command_is_below(commands[i], argv[0]);
	}
	if (group)
		return unknown_word(argv[0], argc > 1 ? argv[1] : NULL, e);
	return unknown_word(NULL, argv[0], e);
}

const char *invocation_option(const struct invocation *inv, const char *name)
{
	return option_value(&inv->options, name);
}

bool invocation_flag(const struct invocation *inv, const char *name)
{
	return option_given(&inv->options, name);
}

unsigned invocation_permissions(const struct invocation *inv)
{
	if (!(inv->command->flags & CMD_CHANGES))
		return ENGINE_READ;
	for (size_t i = 0; i < inv->options.count; i++)
		if (inv->options.items[i].def->flags & OPTION_READS)
			return ENGINE_READ;
	return ENGINE_MAY_CHANGE | ENGINE_MAY_LOAD;
}
