/*
 * What the twin's program tries. An attack is a function that runs in a child of its own
 * with a time limit; what it says goes through shared memory, so that a child which the
 * kernel kills is a result, too. The program knows nothing of what should happen: that is
 * judged on the host.
 */
#ifndef TWIN_ATTACK_H
#define TWIN_ATTACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

enum outcome {
	OUTCOME_ERROR,	 /* the attempt itself went wrong, or did not end in time: proves nothing */
	OUTCOME_BLOCKED, /* refused, `error` says how (0: by what did not happen) */
	OUTCOME_OPEN,	 /* it worked */
	OUTCOME_NONE,	 /* there is nothing to try here */
};

struct result { /* shared with the child */
	enum outcome outcome;
	int error; /* errno */
	char detail[400];
};

struct attack {
	const char *id;	  /* "fs.mount", as in the catalogue of checks */
	const char *what; /* "fsopen" */
	void (*run)(struct result *r);
};

struct attack_list {
	const struct attack *items;
	size_t count;
};

extern const struct attack_list attacks_control, attacks_files, attacks_mounts, attacks_kernel,
	attacks_processes, attacks_network;

/* A system call's result: negative is blocked with errno, everything else is open. */
void judge_call(struct result *r, long rc);
/* Adds text to the detail; what does not fit is cut. */
void say(struct result *r, const char *fmt, ...) printf_like(2, 3);

/* Every system call number, each in a child of its own, with arguments of zero. Prints one line per
 * way of calling ("native", "x32", "ia32") with the numbers that were let through. */
void sweep_syscalls(void);

/* Runs fn in a child; true when it ended by itself in time. *out_signal is the signal that ended
 * it, 0 for none. */
bool run_bounded(void (*fn)(void *arg), void *arg, int limit_ms, int *out_signal);

#endif
