/*
 * Short-lived children: a function run in a fork that reports over a pipe, and
 * external programs run from an argument vector without a shell. Both are bounded
 * in time and output, and are always reaped.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"

/* Runs fn(arg, fd) in a child; what it writes to fd is collected into `out` (its max bounds it).
 * fn's return value is the child's exit status. Time over: SIGKILL, ERR_TIMEOUT. A death by
 * signal is ERR_SYSTEM. *out_status is the exit status 0..255. */
int child_call(int (*fn)(void *arg, int fd), void *arg, int timeout_ms, struct strbuf *out,
	       int *out_status, struct err *e) must_check;

/* Runs argv[0] (an absolute path) with an empty environment but PATH and LC_ALL=C, /dev/null as
 * standard input, output and errors collected into `out`. A non-zero exit is ERR_SYSTEM with the
 * first line of output. */
int child_exec(const char *const argv[], int timeout_ms, struct strbuf *out, struct err *e)
	must_check;

/* A program with its two outputs apart. */
struct child_program {
	const char *const *argv; /* NULL-terminated */
	const char *path;	 /* absolute: what is executed; NULL: argv[0] */
	const char *home;	 /* HOME in its environment, beside PATH and LC_ALL=C; NULL: none */
	const void *input;	 /* its standard input, at most CHILD_INPUT_MAX bytes; NULL: none */
	size_t input_len;
	int timeout_ms;
	struct strbuf *out, *errors; /* more than out's max ends the program at once */
};
#define CHILD_INPUT_MAX ((size_t)32768)

/* Runs it. ERR_TIMEOUT when its time is over, ERR_REFUSED when it printed too much, ERR_SYSTEM when
 * it died by a signal or could not be started. *out_status is its exit status. */
int child_run(const struct child_program *p, int *out_status, struct err *e) must_check;

#endif
