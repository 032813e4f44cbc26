/*
 * A command is one const struct: dispatch, help, completion, the manual page and the
 * rules main enforces (root, engine, what it may change) all come from it.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"
#include "output.h"
#include "progress.h"

enum command_flag {
	CMD_ROOT = 1 << 0,    /* refuses to run as anyone but root */
	CMD_CONTEXT = 1 << 1, /* reads the host configuration; opens no socket */
	CMD_ENGINE = 1 << 2,  /* connected before run is called; implies CMD_CONTEXT */
	CMD_CHANGES = 1 << 3, /* may use calls that change state and load images */
	CMD_HIDDEN = 1 << 4,
	CMD_SECRET = 1 << 5, /* takes a secret, never as an operand: errors do not repeat those */
	CMD_TAKES_AWAY = 1 << 6, /* never gives a tenant more: goes on without a record of it */
	CMD_FIREWALL = 1 << 7,	 /* reads the packet filter, and keeps CAP_NET_ADMIN for it */
};

/* What an argument of an option or command is, for completion. */
enum arg_kind { ARG_NONE, ARG_TEXT, ARG_FILE, ARG_TENANT, ARG_COMMAND, ARG_CHECK };

enum option_flag {
	OPTION_MANY = 1 << 0,	 /* may be given more than once */
	OPTION_OFFLINE = 1 << 1, /* with it the command needs neither root nor engine */
	OPTION_READS = 1 << 2,	 /* with it the command changes nothing on the engine */
	OPTION_ALONE = 1 << 3,	 /* nor anything of this host, its configuration included */
};

struct option_def {
	const char *name;	 /* without the dashes */
	const char *placeholder; /* "FILE"; NULL for a flag */
	const char *help;
	const char *const *choices; /* NULL-terminated, or NULL */
	enum arg_kind arg;
	unsigned flags;
	char letter; /* 0: long only */
};

/* Two options that exclude each other; "" stands for operands. */
struct option_pair {
	const char *a, *b;
};

struct option_value {
	const struct option_def *def;
	const char *value; /* NULL for a flag */
};

struct option_values {
	struct option_value *items;
	size_t count;
};

struct command;

struct invocation { /* one run of one command */
	const struct command *command;
	struct context *ctx; /* NULL without CMD_CONTEXT */
	struct output *out;
	struct progress *progress;
	struct option_values options; /* global ones included */
	struct strlist operands;
};

struct command {
	const char *name;	 /* "show", "seccomp diff" */
	const char *operands;	 /* "NAME", or "" */
	const char *summary;	 /* one line, no full stop */
	const char *description; /* paragraphs for help and manual, separated by empty lines */
	const char *example;	 /* lines of command line, or NULL */
	const struct option_def *options;
	size_t option_count;
	const struct option_pair *exclusive;
	size_t exclusive_count;
	int min_args, max_args; /* -1: any number */
	enum arg_kind arg;	/* of the operands */
	unsigned flags;
	/* 0, or -1 with `e`; main turns its code into the exit status. */
	int (*run)(struct invocation *inv, struct err *e);
};

/* Every command in the order of help; names of two words are sub-commands. */
const struct command *const *commands_all(size_t *out_count);
/* Finds the command that argv starts with. *out_words is how many words its name took.
 * ERR_USAGE names the nearest command. */
int command_find(int argc, char **argv, const struct command **out, int *out_words, struct err *e)
	must_check;
/* A command and everything below it: "seccomp" stands for all that start with "seccomp ". */
bool command_is_below(const struct command *c, const char *word);

/* The value of option `name`, or NULL. */
const char *invocation_option(const struct invocation *inv, const char *name);
bool invocation_flag(const struct invocation *inv, const char *name);
/* engine_permission bits: what this run of the command may ask of the engine. */
unsigned invocation_permissions(const struct invocation *inv);

#endif
