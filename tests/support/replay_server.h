/*
 * A server on a real unix socket that expects given requests and sends given bytes,
 * in a child process, so that the whole libcurl path is under test.
 */
#ifndef TESTS_REPLAY_SERVER_H
#define TESTS_REPLAY_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

enum replay_after {
	REPLAY_KEEP,  /* wait for the next request on the same connection */
	REPLAY_CLOSE, /* close at once */
	REPLAY_STALL, /* say nothing more until the client gives up */
};

struct replay_step {
	const char *request; /* "GET /v1.41/info"; NULL: any */
	const char *body;    /* expected JSON body; NULL: any */
	const char *reply;   /* raw bytes */
	size_t reply_len;    /* 0: strlen */
	const char *fill;    /* then this text over and over ... */
	size_t fill_bytes;   /* ... until so many bytes were sent */
	unsigned drip_ms;    /* pause after each byte of `reply` */
	enum replay_after after;
};

struct replay_server {
	char path[64]; /* of the socket */
	char why[512]; /* first mismatch, after replay_stop */
	pid_t pid;
	int report_fd;
};

/* Starts the child; it answers step i to request i. Exits the test on failure to start. */
void replay_start(struct replay_server *s, const struct replay_step *steps, size_t count);
/* Ends the child. Returns how many steps were used, or -1 after a mismatch (see `why`). */
int replay_stop(struct replay_server *s);

#endif
