/*
 * tenantctl. The stages of every run, in this order:
 *   1. confine itself (confine.c): not setuid, no core files, clean environment
 *   2. give up every capability that no command needs
 *   3. global options, the command's word, its options: nothing is opened until they are right
 *   4. what the command's flags ask for: root, host configuration, engine
 *   5. run it; flush results; print the error, once; exit
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "command.h"
#include "confine.h"
#include "help.h"
#include "options.h"

#define HELP_BYTES_MAX 65536

/* And gives up what only other commands need. */
static int find_command(int argc, char **argv, struct invocation *inv, struct err *e)
{
	int used, words;

	if (options_read(argc, argv, NULL, true, &inv->options, NULL, &used, e))
		return -1;
	if (used == argc) {
		if (option_given(&inv->options, "help"))
			return confine_network(e);
		err_set(e, ERR_USAGE, "a command is missing");
		return err_hint(e, "'tenantctl help' lists the commands");
	}
	if (command_find(argc - used, argv + used, &inv->command, &words, e) ||
	    (!(inv->command->flags & CMD_FIREWALL) && confine_network(e)))
		return -1;
	/* the last word of the name takes the place of argv[0] */
	argc -= used + words - 1;
	argv += used + words - 1;
	return options_read(argc, argv, inv->command, false, &inv->options, &inv->operands, &used,
			    e);
}

static void set_log_level(const struct option_values *v)
{
	static const enum log_level levels[] = { LOG_WARN, LOG_INFO, LOG_DEBUG };
	size_t more = option_times(v, "verbose");

	log_set_level(option_given(v, "quiet") ? LOG_ERROR
					       : levels[MIN_OF(more, ARRAY_SIZE(levels) - 1)]);
}

static bool has_flag(const struct option_values *v, unsigned flag)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].def->flags & flag)
			return true;
	return false;
}

static int run_with_context(struct invocation *inv, bool engine, struct err *e)
{
	const struct context_options o = { .root = invocation_option(inv, "root"),
					   .config = invocation_option(inv, "config"),
					   .socket = invocation_option(inv, "socket") };
	struct context c;
	int rc;

	if (context_open(&o, &c, e))
		return -1;
	c.progress = progress_step;
	c.progress_arg = inv->progress;
	inv->ctx = &c;
	rc = engine ? context_connect(&c, invocation_permissions(inv), e) : 0;
	if (!rc)
		rc = inv->command->run(inv, e);
	inv->ctx = NULL;
	context_close(&c);
	return rc;
}

static int run_command(struct invocation *inv, struct err *e)
{
	const struct command *c = inv->command;
	bool alone = has_flag(&inv->options, OPTION_ALONE);
	bool offline = alone || has_flag(&inv->options, OPTION_OFFLINE);

	if (options_check(c, &inv->options, &inv->operands, e))
		return -1;
	if ((c->flags & CMD_ROOT) && !offline && geteuid() != 0) {
		err_set(e, ERR_REFUSED, "'tenantctl %s' needs root", c->name);
		return err_hint(e, "run it with sudo or as a service of root");
	}
	if ((c->flags & (CMD_CONTEXT | CMD_ENGINE)) && !alone)
		return run_with_context(inv, (c->flags & CMD_ENGINE) && !offline, e);
	return c->run(inv, e);
}

static int run_or_help(struct invocation *inv, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(HELP_BYTES_MAX);
	const char *format = option_value(&inv->options, "format");
	struct progress progress;
	struct output out;
	struct err late = ERR_INIT;
	int rc = 0;

	set_log_level(&inv->options);
	output_open(&out, stdout, format && strcmp(format, "json") == 0,
		    option_value(&inv->options, "color"), getenv("NO_COLOR"));
	progress_open(&progress, STDERR_FILENO, option_given(&inv->options, "quiet"));
	inv->out = &out;
	inv->progress = &progress;
	if (option_given(&inv->options, "help")) {
		if (inv->command)
			help_command(inv->command, &text);
		else
			help_overview(&text);
		output_text(&out, strbuf_str(&text));
	} else {
		rc = run_command(inv, e);
	}
	inv->progress = NULL;
	progress_close(&progress);
	inv->out = NULL;
	if (output_close(&out, &late) && !rc) {
		*e = late;
		rc = -1;
	}
	return rc;
}

static int print_error(const struct err *e)
{
	auto_strbuf struct strbuf line = STRBUF_INIT(8192);

	strbuf_puts(&line, "tenantctl: ");
	strbuf_escape(&line, e->message, strlen(e->message));
	strbuf_putc(&line, '\n');
	if (e->hint[0]) {
		strbuf_puts(&line, "hint: ");
		strbuf_escape(&line, e->hint, strlen(e->hint));
		strbuf_putc(&line, '\n');
	}
	if (write(STDERR_FILENO, strbuf_str(&line), line.len) < 0)
		return err_exit_status(e->code); /* the status still tells */
	return err_exit_status(e->code);
}

int main(int argc, char **argv)
{
	struct invocation inv = { 0 };
	struct err e = ERR_INIT;
	int rc;

	rc = confine_self(&e);
	if (!rc)
		rc = find_command(argc, argv, &inv, &e);
	if (!rc)
		rc = run_or_help(&inv, &e);
	free(inv.options.items);
	strlist_free(&inv.operands);
	return rc ? print_error(&e) : 0;
}
