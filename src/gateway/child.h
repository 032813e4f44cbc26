/*
 * A program that gateway-init runs: started from a fixed argument vector with nothing
 * inherited, its output forwarded line by line as JSON. There is no shell.
 */
#ifndef GATEWAY_CHILD_H
#define GATEWAY_CHILD_H

#include "events.h"

#include <stdbool.h>
#include <sys/types.h>

#define CHILD_SAID 512 /* of what a program says when it refuses, kept as one line */

/* HAProxy's longest log line ("log stdout len" in its configuration). */
#define CHILD_LINE 4096
/* Read at once: thousands of lines a second must cost little each. */
#define CHILD_BLOCK (32 * 1024)

struct child {
	const char *name;
	bool dns_log;		/* it writes dnsmasq's query log */
	bool parting;		/* its lines about its own end are of no interest */
	bool busy;		/* it has said something; who looks at it clears it */
	pid_t pid;		/* 0 while not running */
	int log_fd;		/* read end of its output, or -1 */
	long long started, due; /* monotonic milliseconds */
	unsigned deaths;	/* in a row, each soon after its start */
	char said[CHILD_SAID];	/* its last complaint */
	char text[CHILD_BLOCK]; /* what was read: between two reads, a line without its end */
	size_t len;
};

struct launch {
	const char *const *argv, *const *env;
	const char *folder; /* working directory, or NULL */
};

void child_init(struct child *c, const char *name, bool dns_log);
bool child_spawn(struct child *c, const struct launch *l, const struct events *e);

/* Reads what is there: as read(2), 0 is the end of the pipe. Over-long lines are cut in pieces. */
ssize_t child_drain(struct child *c, struct events *e);
void child_close_log(struct child *c);

/* Whether it runs; it stays to be reaped. */
bool child_lives(const struct child *c);

/* After it was reaped: logs `event` with how it ended, and sets when it is due again: the first
 * time at once, then after a growing pause, so that a program which dies at every start neither
 * spins nor is given up. */
void child_ended(struct child *c, int status, const char *event, struct events *e);
void child_delay(struct child *c);

/* Runs a program's check of its configuration. On refusal `said` has its reason as one line, and
 * all of it is logged. */
bool child_check(const char *name, const struct launch *l, struct events *e, char said[CHILD_SAID]);

#endif
