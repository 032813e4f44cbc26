/*
 * What is being done, on standard error: a line per tenant that is rewritten on a
 * terminal, plain lines elsewhere, nothing when quiet. Private to cli.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct progress_line;

struct progress {
	int fd;
	bool quiet, terminal;
	int width, height;
	struct progress_line *lines;
	size_t count;
	size_t drawn; /* lines on the screen now */
};

void progress_open(struct progress *p, int fd, bool quiet);
/* Signature of context.progress; arg is the struct progress. `step` is escaped. */
void progress_step(void *arg, const char *tenant, const char *step, size_t done, size_t total);
/* The tenant is done with: its line goes. */
void progress_end(struct progress *p, const char *tenant);
/* Removes the lines from the terminal, so that something else can be printed. */
void progress_clear(struct progress *p);
void progress_close(struct progress *p);

#endif
