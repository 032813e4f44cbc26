/*
 * A command is one const struct: dispatch, help, completion, the manual page and the
 * rules main enforces (root, engine, what it may change) all come from it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <getopt.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"
#include "cli/output.h"
#include "ops/ops.h"

enum command_flag {
	CMD_ROOT = 1 << 0,    /* refuses to run as anyone but root */
	CMD_ENGINE = 1 << 1,  /* connected before run is called */
	CMD_CHANGES = 1 << 2, /* may use calls that change state */
	CMD_TENANTS = 1 << 3, /* arguments are tenant names (completion) */
	CMD_HIDDEN = 1 << 4,
};

/* What an argument of an option or command is, for completion. */
enum arg_kind { ARG_NONE, ARG_TEXT, ARG_FILE, ARG_TENANT, ARG_NUMBER, ARG_FORMAT };

struct option_def {
	char letter;	  /* 0: long only */
	const char *name; /* without the dashes */
	enum arg_kind arg;
	const char *placeholder; /* "FILE" */
	const char *help;
};

struct invocation { /* one run of one command */
	struct context *ctx;
	struct output *out;
	int argc;
	char **argv; /* operands only */
	const struct option_value *values;
	size_t value_count;
};
struct option_value {
	const struct option_def *def;
	const char *value; /* NULL for a flag */
};

struct command {
	const char *name, *operands, *summary;
	const char *description; /* paragraphs for help and manual */
	const char *example;
	const struct option_def *options;
	size_t option_count;
	int min_args, max_args; /* -1: any number */
	unsigned flags;
	/* 0, or -1 with `e`; main turns its code into the exit status. */
	int (*run)(struct invocation *inv, struct err *e);
};

/* The value of option `name`, or NULL; `given` for flags. */
const char *invocation_option(const struct invocation *inv, const char *name);
bool invocation_flag(const struct invocation *inv, const char *name);

extern const struct command *const commands[];
extern const size_t command_count;
extern const struct option_def global_options[];
extern const size_t global_option_count;
const struct command *command_find(const char *name);

#endif
