/* help: every text comes from the table of commands, so that none can be forgotten. */
#include "help.h"

#include <string.h>

#include "commands.h"
#include "options.h"

#define HELP_WIDTH 78
#define HELP_BYTES_MAX 65536

const struct exit_meaning *exit_meanings(void)
{
	static const struct exit_meaning meanings[] = {
		{ 0, "done" },
		{ 1, "a check failed, or manifests and host differ" },
		{ 2, "the command line is wrong" },
		{ 3, "a manifest or another file of the operator was refused" },
		{ 4, "no engine answers" },
		{ 5, "the engine or the host refused" },
		{ 6, "stopped half way; what to run next is printed" },
		{ 70, "an internal or system failure" },
		{ 0, NULL },
	};

	return meanings;
}

void help_fold(struct strbuf *out, const char *text, size_t len, size_t indent, size_t at)
{
	const char *end = text + len;
	size_t column = at;

	while (text < end) {
		size_t word = strcspn(text, " \n");

		word = MIN_OF(word, (size_t)(end - text));
		if (column > indent && column + 1 + word > HELP_WIDTH) {
			strbuf_putc(out, '\n');
			column = 0;
		}
		if (column == 0 || at == column)
			strbuf_printf(out, "%*s", (int)(indent - MIN_OF(column, indent)), "");
		else
			strbuf_putc(out, ' ');
		column = column < indent ? indent : column + (column > indent);
		strbuf_add(out, text, word);
		column += word;
		at = SIZE_MAX;
		text += word;
		while (text < end && (*text == ' ' || *text == '\n'))
			text++;
	}
	strbuf_putc(out, '\n');
}

static void put_paragraphs(struct strbuf *out, const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);

		strbuf_putc(out, '\n');
		help_fold(out, text, len, 0, 0);
		text += len + strspn(text + len, "\n");
	}
}

void help_option_name(const struct option_def *d, struct strbuf *out)
{
	if (d->letter)
		strbuf_printf(out, "-%c, ", d->letter);
	strbuf_printf(out, "--%s", d->name);
	if (d->placeholder)
		strbuf_printf(out, " %s", d->placeholder);
}

static void put_options(struct strbuf *out, const struct option_def *options, size_t count)
{
	enum { INDENT = 24 };

	for (size_t i = 0; i < count; i++) {
		size_t from = out->len;

		strbuf_puts(out, options[i].letter ? "  " : "      ");
		help_option_name(&options[i], out);
		if (out->len - from >= INDENT) {
			strbuf_putc(out, '\n');
			from = out->len;
		}
		strbuf_printf(out, "%*s", (int)(INDENT - (out->len - from)), "");
		help_fold(out, options[i].help, strlen(options[i].help), INDENT, INDENT);
	}
}

void help_usage(const struct command *c, struct strbuf *out)
{
	strbuf_printf(out, "tenantctl %s%s%s%s", c->name, c->option_count ? " [OPTION...]" : "",
		      *c->operands ? " " : "", c->operands);
}

void help_overview(struct strbuf *out)
{
	size_t count, options;
	const struct command *const *all = commands_all(&count);
	const struct option_def *globals = global_options(&options);

	strbuf_puts(out, "usage: tenantctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
			 "Gives every tenant its own AI worker behind its own boundary, and proves "
			 "that it holds.\n\nCommands:\n");
	for (size_t i = 0; i < count; i++)
		if (!(all[i]->flags & CMD_HIDDEN))
			strbuf_printf(out, "  %-16s  %s\n", all[i]->name, all[i]->summary);
	strbuf_puts(out, "\nOptions of every command:\n");
	put_options(out, globals, options);
	strbuf_puts(out, "\n'tenantctl help COMMAND' says more; tenantctl(8) says all.\n");
}

void help_command(const struct command *c, struct strbuf *out)
{
	size_t count;
	const struct option_def *globals = global_options(&count);

	strbuf_puts(out, "usage: ");
	help_usage(c, out);
	strbuf_printf(out, "\n\n%s.\n", c->summary);
	if (c->description)
		put_paragraphs(out, c->description);
	if (c->option_count) {
		strbuf_puts(out, "\nOptions:\n");
		put_options(out, c->options, c->option_count);
	}
	strbuf_puts(out, "\nOptions of every command:\n");
	put_options(out, globals, count);
	if (c->example)
		strbuf_printf(out, "\nExample:\n%s\n", c->example);
}

static int help_group(struct invocation *inv, const char *word, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(HELP_BYTES_MAX);
	size_t count;
	const struct command *const *all = commands_all(&count);

	for (size_t i = 0; i < count; i++)
		if (command_is_below(all[i], word))
			strbuf_printf(&text, "  %-16s  %s\n", all[i]->name, all[i]->summary);
	if (!text.len)
		return -1;
	err_clear(e);
	output_printf(inv->out, "usage: tenantctl %s COMMAND [ARGUMENT...]\n\nCommands:\n%s", word,
		      strbuf_str(&text));
	return 0;
}

static int run_help(struct invocation *inv, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(HELP_BYTES_MAX);
	const struct strlist *words = &inv->operands;
	const struct command *c;
	int used;

	if (words->count == 0) {
		help_overview(&text);
	} else if (command_find((int)words->count, words->items, &c, &used, e)) {
		return words->count == 1 ? help_group(inv, words->items[0], e) : -1;
	} else {
		help_command(c, &text);
	}
	output_text(inv->out, strbuf_str(&text));
	return 0;
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "Shows the commands, or what one of them does",
	.max_args = 2,
	.arg = ARG_COMMAND,
	.run = run_help,
};
