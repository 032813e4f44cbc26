/*
 * A connection to one HAProxy's command line interface. It is opened while the process
 * is new and kept: a process that stops softly takes no new ones. Every call waits for
 * the answer, no longer than two seconds.
 */
#ifndef GATEWAY_HACLI_H
#define GATEWAY_HACLI_H

#include <stdbool.h>
#include <stddef.h>

/* Longest command, with its payload: HAProxy's buffer (tune.bufsize) less its reserve. */
#define HACLI_COMMAND 12288

struct hacli {
	int fd; /* -1 when closed */
};

/* Called for each line of an answer, without its newline; lines are cut at some length. */
typedef void hacli_line(void *ctx, const char *line);

void hacli_init(struct hacli *c);
bool hacli_open(struct hacli *c, const char *path);
void hacli_close(struct hacli *c);

/* Sends one command (without newline; a payload ends with an empty line) and reads the answer, all
 * of it or none: after a failure the connection is closed. `fn` may be NULL. */
bool hacli_ask(struct hacli *c, const char *command, hacli_line *fn, void *ctx);

/* Like hacli_ask, for a command whose answer must be empty. */
bool hacli_do(struct hacli *c, const char *command);

/* Replaces all of a map (lines "KEY VALUE") or a pattern list at once. False when HAProxy refused
 * or the text does not fit a command; then the old content stays in use. */
bool hacli_swap_map(struct hacli *c, const char *name, const char *text, size_t len);
bool hacli_swap_patterns(struct hacli *c, const char *name, const char *text, size_t len);

#endif
