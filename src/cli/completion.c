/*
 * Completion scripts. They hold every command, option and choice as words, and ask
 * tenantctl itself only for the names of tenants and checks.
 */
#include "completion.h"

#include <string.h>

#include "base/mem.h"
#include "command.h"
#include "options.h"

#define TENANTS "tenantctl complete tenants 2>/dev/null"
#define CHECKS "tenantctl complete checks 2>/dev/null"

/* ---- bash ---- */

/* First words of all commands, or second words below `group`. */
static void put_words(struct strbuf *out, const char *group)
{
	size_t count, skip = group ? strlen(group) + 1 : 0;
	const struct command *const *all = commands_all(&count);
	auto_strlist struct strlist seen = { 0 };

	for (size_t i = 0; i < count; i++) {
		const char *word = all[i]->name + skip;

		if ((all[i]->flags & CMD_HIDDEN) || (group && !command_is_below(all[i], group)))
			continue;
		auto_free char *first = mem_strndup(word, strcspn(word, " "));
		if (strlist_has(&seen, first))
			continue;
		strbuf_printf(out, "%s%s", seen.count ? " " : "", first);
		strlist_add(&seen, first);
	}
}

static void groups(struct strlist *out)
{
	size_t count;
	const struct command *const *all = commands_all(&count);

	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(all[i]->name, " ");
		auto_free char *first = mem_strndup(all[i]->name, len);

		if (all[i]->name[len] && !strlist_has(out, first))
			strlist_add(out, first);
	}
}

static void bash_option_words(struct strbuf *out, const struct option_def *d, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		strbuf_printf(out, " --%s", d[i].name);
		if (d[i].letter)
			strbuf_printf(out, " -%c", d[i].letter);
	}
}

/* What may follow an option that takes an argument. */
static void bash_arguments(struct strbuf *out, const char *indent, const struct option_def *d,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!d[i].placeholder)
			continue;
		strbuf_printf(out, "%s--%s", indent, d[i].name);
		if (d[i].letter)
			strbuf_printf(out, "|-%c", d[i].letter);
		strbuf_puts(out, ") words=\"");
		for (size_t k = 0; d[i].choices && d[i].choices[k]; k++)
			strbuf_printf(out, "%s%s", k ? " " : "", d[i].choices[k]);
		strbuf_puts(out, d[i].arg == ARG_CHECK ? "$(" CHECKS ")" : "");
		strbuf_puts(out, "\" argument=1 ;;\n");
	}
}

static void bash_command(struct strbuf *out, const struct command *c)
{
	strbuf_printf(out, "\t\"%s\")\n\t\toptions=\"", c->name);
	bash_option_words(out, c->options, c->option_count);
	strbuf_puts(out, "\"\n");
	if (c->arg == ARG_TENANT)
		strbuf_puts(out, "\t\twords=$(" TENANTS ")\n");
	else if (c->arg == ARG_COMMAND)
		strbuf_puts(out, "\t\twords=$commands\n");
	if (c->option_count) {
		strbuf_puts(out, "\t\tcase $prev in\n");
		bash_arguments(out, "\t\t", c->options, c->option_count);
		strbuf_puts(out, "\t\tesac\n");
	}
	strbuf_puts(out, "\t\t;;\n");
}

static void bash_head(struct strbuf *out, const struct option_def *globals, size_t global_count)
{
	strbuf_puts(out, "# bash completion of tenantctl; made by 'tenantctl completion bash'\n"
			 "_tenantctl() {\n"
			 "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
			 "\tlocal command='' words='' options='' argument='' i commands globals\n"
			 "\tcommands=\"");
	put_words(out, NULL);
	strbuf_puts(out, "\"\n\tglobals=\"");
	bash_option_words(out, globals, global_count);
	strbuf_puts(out, "\"\n"
			 "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			 "\t\tcase ${COMP_WORDS[i]} in\n"
			 "\t\t");
	for (size_t i = 0, n = 0; i < global_count; i++)
		if (globals[i].placeholder)
			strbuf_printf(out, "%s--%s", n++ ? "|" : "", globals[i].name);
	strbuf_puts(out, ") i=$((i + 1)) ;;\n\t\t-*) ;;\n"
			 "\t\t*)\n"
			 "\t\t\t[ -z \"$command\" ] || { command+=\" ${COMP_WORDS[i]}\"; break; }\n"
			 "\t\t\tcommand=${COMP_WORDS[i]}\n"
			 "\t\t\tcase $command in\n");
}

void completion_bash(struct strbuf *out)
{
	auto_strlist struct strlist two = { 0 };
	size_t count, global_count;
	const struct command *const *all = commands_all(&count);
	const struct option_def *globals = global_options(&global_count);

	groups(&two);
	bash_head(out, globals, global_count);
	for (size_t i = 0; i < two.count; i++)
		strbuf_printf(out, "\t\t\t%s) ;;\n", two.items[i]);
	strbuf_puts(out, "\t\t\t*) break ;;\n\t\t\tesac ;;\n\t\tesac\n\tdone\n"
			 "\tcase $prev in\n");
	bash_arguments(out, "\t", globals, global_count);
	strbuf_puts(out, "\tesac\n\tcase $command in\n\t\"\") [ -n \"$argument\" ] || "
			 "words=$commands ;;\n");
	for (size_t i = 0; i < two.count; i++) {
		strbuf_printf(out, "\t%s) words=\"", two.items[i]);
		put_words(out, two.items[i]);
		strbuf_puts(out, "\" ;;\n");
	}
	for (size_t i = 0; i < count; i++)
		if (!(all[i]->flags & CMD_HIDDEN))
			bash_command(out, all[i]);
	strbuf_puts(out,
		    "\tesac\n"
		    "\t[ -n \"$argument\" ] || [[ $cur != -* ]] || words=\"$options $globals\"\n"
		    "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		    "}\n"
		    "complete -o default -F _tenantctl tenantctl\n");
}

/* ---- zsh ---- */

/* Inside single quotes and brackets of _arguments. */
static void zsh_text(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			strbuf_puts(out, "'\\''");
		else if (strchr("[]:\\", *s))
			strbuf_printf(out, "\\%c", *s);
		else
			strbuf_putc(out, *s);
	}
}

static void zsh_action(struct strbuf *out, const struct option_def *d)
{
	if (!d->placeholder)
		return;
	strbuf_printf(out, ":%s:", d->placeholder);
	if (d->arg == ARG_FILE)
		strbuf_puts(out, "_files");
	if (d->arg == ARG_CHECK)
		strbuf_puts(out, "_tenantctl_checks");
	for (size_t k = 0; d->choices && d->choices[k]; k++)
		strbuf_printf(out, "%s%s", k ? " " : "(", d->choices[k]);
	strbuf_puts(out, d->choices ? ")" : "");
}

static void zsh_options(struct strbuf *out, const char *indent, const struct option_def *d,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *many = d[i].flags & OPTION_MANY ? "*" : "";

		strbuf_printf(out, "%s'%s--%s[", indent, many, d[i].name);
		zsh_text(out, d[i].help);
		strbuf_puts(out, "]");
		zsh_action(out, &d[i]);
		strbuf_puts(out, "' \\\n");
		if (!d[i].letter)
			continue;
		strbuf_printf(out, "%s'%s-%c[", indent, many, d[i].letter);
		zsh_text(out, d[i].help);
		strbuf_puts(out, "]");
		zsh_action(out, &d[i]);
		strbuf_puts(out, "' \\\n");
	}
}

static void zsh_operand(struct strbuf *out, const struct command *c)
{
	static const char *const actions[] = {
		[ARG_NONE] = "",
		[ARG_TEXT] = "",
		[ARG_FILE] = "_files",
		[ARG_TENANT] = "_tenantctl_tenants",
		[ARG_COMMAND] = "($commands)",
		[ARG_CHECK] = "_tenantctl_checks",
	};

	if (c->max_args == 0)
		strbuf_puts(out, "\n");
	else
		strbuf_printf(out, "'*:operand:%s'\n", actions[c->arg]);
}

static void zsh_command(struct strbuf *out, const struct command *c)
{
	size_t count;
	const struct option_def *globals = global_options(&count);

	strbuf_printf(out, "\t\"%s\")\n\t\t_arguments -s \\\n", c->name);
	zsh_options(out, "\t\t\t", c->options, c->option_count);
	zsh_options(out, "\t\t\t", globals, count);
	strbuf_puts(out, "\t\t\t");
	zsh_operand(out, c);
	strbuf_puts(out, "\t\t;;\n");
}

void completion_zsh(struct strbuf *out)
{
	auto_strlist struct strlist two = { 0 };
	size_t count;
	const struct command *const *all = commands_all(&count);

	groups(&two);
	strbuf_puts(out, "#compdef tenantctl\n"
			 "# zsh completion of tenantctl; made by 'tenantctl completion zsh'\n"
			 "_tenantctl_tenants() {\n\tlocal -a names\n"
			 "\tnames=(${(f)\"$(" TENANTS ")\"})\n"
			 "\t_alternative \"tenants:tenant:($names)\" 'files:file:_files'\n}\n"
			 "_tenantctl_checks() {\n\tlocal -a ids\n"
			 "\tids=(${(f)\"$(" CHECKS ")\"})\n\tcompadd -a ids\n}\n"
			 "_tenantctl() {\n\tlocal commands=\"");
	put_words(out, NULL);
	strbuf_puts(out, "\" command=$words[2]\n"
			 "\tif (( CURRENT == 2 )); then\n"
			 "\t\t_values command ${=commands}\n\t\treturn\n\tfi\n"
			 "\tshift words; (( CURRENT-- ))\n\tcase $command in\n");
	for (size_t i = 0; i < two.count; i++) {
		strbuf_printf(out, "\t%s)\n\t\tif (( CURRENT == 2 )); then\n\t\t\t_values command ",
			      two.items[i]);
		put_words(out, two.items[i]);
		strbuf_puts(out, "\n\t\t\treturn\n\t\tfi\n\t\tcommand+=\" $words[2]\"\n"
				 "\t\tshift words; (( CURRENT-- )) ;;\n");
	}
	strbuf_puts(out, "\tesac\n\tcase $command in\n");
	for (size_t i = 0; i < count; i++)
		if (!(all[i]->flags & CMD_HIDDEN))
			zsh_command(out, all[i]);
	strbuf_puts(out,
		    "\tesac\n}\nif [ \"$funcstack[1]\" = _tenantctl ]; then _tenantctl \"$@\"; "
		    "else compdef _tenantctl tenantctl; fi\n");
}

/* ---- fish ---- */

static void fish_text(struct strbuf *out, const char *s)
{
	strbuf_putc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *s);
	}
	strbuf_putc(out, '\'');
}

static void fish_option(struct strbuf *out, const char *condition, const struct option_def *d)
{
	strbuf_printf(out, "complete -c tenantctl%s -l %s", condition, d->name);
	if (d->letter)
		strbuf_printf(out, " -s %c", d->letter);
	if (d->placeholder)
		strbuf_puts(out, d->arg == ARG_FILE ? " -r -F" : " -x");
	if (d->choices) {
		strbuf_puts(out, " -a '");
		for (size_t k = 0; d->choices[k]; k++)
			strbuf_printf(out, "%s%s", k ? " " : "", d->choices[k]);
		strbuf_putc(out, '\'');
	}
	if (d->arg == ARG_CHECK)
		strbuf_puts(out, " -a '(" CHECKS ")'");
	strbuf_puts(out, " -d ");
	fish_text(out, d->help);
	strbuf_putc(out, '\n');
}

/* True after this very command: "show" is a command and a sub-command. */
static char *fish_condition(const struct command *c, const struct strlist *two)
{
	const char *second = strchr(c->name, ' ');
	auto_strbuf struct strbuf b = STRBUF_INIT(1024);

	if (second)
		strbuf_printf(&b,
			      " -n '__fish_seen_subcommand_from %.*s; and "
			      "__fish_seen_subcommand_from %s'",
			      (int)(second - c->name), c->name, second + 1);
	else
		strbuf_printf(&b, " -n '__fish_seen_subcommand_from %s", c->name);
	for (size_t i = 0; !second && i < two->count; i++)
		strbuf_printf(&b, "; and not __fish_seen_subcommand_from %s", two->items[i]);
	strbuf_puts(&b, second ? "" : "'");
	return strbuf_take(&b);
}

static void fish_command(struct strbuf *out, const struct command *c, const struct strlist *two)
{
	auto_free char *condition = fish_condition(c, two);
	const char *second = strchr(c->name, ' ');
	auto_free char *first = second ? mem_strndup(c->name, (size_t)(second - c->name)) : NULL;

	if (first)
		strbuf_printf(out,
			      "complete -c tenantctl -n '__fish_seen_subcommand_from %s' -a %s -d ",
			      first, second + 1);
	else
		strbuf_printf(out, "complete -c tenantctl -n __fish_use_subcommand -a %s -d ",
			      c->name);
	fish_text(out, c->summary);
	strbuf_putc(out, '\n');
	if (c->arg == ARG_TENANT)
		strbuf_printf(out, "complete -c tenantctl%s -a '(" TENANTS ")'\n", condition);
	if (c->arg == ARG_FILE)
		strbuf_printf(out, "complete -c tenantctl%s -F\n", condition);
	for (size_t i = 0; i < c->option_count; i++)
		fish_option(out, condition, &c->options[i]);
}

void completion_fish(struct strbuf *out)
{
	auto_strlist struct strlist two = { 0 };
	size_t count, global_count;
	const struct command *const *all = commands_all(&count);
	const struct option_def *globals = global_options(&global_count);

	groups(&two);
	strbuf_puts(out, "# fish completion of tenantctl; made by 'tenantctl completion fish'\n"
			 "complete -c tenantctl -f\n");
	for (size_t i = 0; i < two.count; i++)
		strbuf_printf(out, "complete -c tenantctl -n __fish_use_subcommand -a %s\n",
			      two.items[i]);
	for (size_t i = 0; i < global_count; i++)
		fish_option(out, "", &globals[i]);
	for (size_t i = 0; i < count; i++)
		if (!(all[i]->flags & CMD_HIDDEN))
			fish_command(out, all[i], &two);
}
