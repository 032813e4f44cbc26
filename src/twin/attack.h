/*
 * What the probe tries. An attack is a function that runs in a child of its own with a time
 * limit; what it says goes through shared memory, so that a child which the kernel kills
 * is a result, too. The probe knows nothing of what should happen: that is judged on the
 * host.
 */
#ifndef TWIN_ATTACK_H
#define TWIN_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/twin_attacks.h"

enum { GIVEN_MAX = 16 };

/* What the host tells: where to look. Addresses are dotted quads. */
struct setting {
	const char *workspace;	 /* path of the writable folder */
	const char *gateway;	 /* NULL: nothing of the gateway can be tried */
	const char *abstract;	 /* name of a socket that the host listens on, without its NUL */
	const char *marker;	 /* printed for others to look for; NULL: none */
	const char *shm, *queue; /* names of a shared memory and a queue of the host, "/..." */
	int32_t segment;	 /* key of a segment of the host; 0: none */
	uint16_t port;		 /* where the host listens on all its addresses; 0: nowhere */
	const char *hosts[GIVEN_MAX], *peers[GIVEN_MAX], *names[GIVEN_MAX];
	size_t host_count, peer_count, name_count;
};

enum outcome {
	OUTCOME_ERROR,	 /* the attempt itself went wrong, or did not end in time: proves nothing */
	OUTCOME_BLOCKED, /* refused, `error` says how (0: by what did not happen) */
	OUTCOME_OPEN,	 /* it worked */
	OUTCOME_NONE,	 /* there is nothing to try here */
};

struct attempt { /* shared with the child */
	const struct setting *given;
	enum outcome outcome;
	int error; /* errno */
	char detail[256];
};

#define DECLARE(id, what, expected, function) void attack_##function(struct attempt *a);
TWIN_ATTACKS(DECLARE)
#undef DECLARE

/* How this very program is started by an attack: it ends at once, with this status. */
#define QUIET_WORD "--nothing"
enum { QUIET_STATUS = 41 };

/* Adds text to the detail; what does not fit is cut. */
void say(struct attempt *a, const char *fmt, ...) printf_like(2, 3);
/* Sets the outcome; errno is kept as the error. */
void attempt_failed(struct attempt *a); /* OUTCOME_ERROR */
/* Whether a call failed for want of something that others of the same user or host may have used
 * up: that proves nothing. */
bool is_shortage(int error);
/* A call's result: negative is blocked, or an error when it was a shortage; everything else is
 * open. */
void judge_call(struct attempt *a, long rc);
/* Adds one of several calls to what is said of all: open counts most, then an error, then blocked.
 */
void note_one(struct attempt *a, const struct attempt *one);
/* The same for calls that check the right first: only EPERM, EACCES and ENOSYS are refusals, any
 * other error is about the arguments, so that the right was there. */
void judge_right(struct attempt *a, long rc);
/* The same for calls that change a file system: what stops them has to be that it is read-only, as
 * whose a file is says nothing of the files of an image. */
void judge_readonly(struct attempt *a, long rc);

/* Starts fn in a child with a process group of its own; false when that can't be done. */
struct child {
	pid_t pid;
	int end; /* readable when the child has ended */
};
bool child_start(struct child *c, void (*fn)(void *arg), void *arg);
/* Waits, kills what is left of the group, reaps. True when the child ended by itself in time;
 * *out_signal is the signal that ended it, 0 for none, negative for an exit status. */
bool child_finish(struct child *c, int limit_ms, int *out_signal);

int64_t now_ms(void); /* CLOCK_MONOTONIC */
/* Reads all of a small file; the text ends in NUL. False: it can't be read. */
bool read_text(const char *path, char *buf, size_t size);

/* What `attack` prints besides the attempts: one line for each 128 call numbers of an ABI, with a
 * result for each (see domain/twin.h). Returns how many lines. */
size_t sweep_syscalls(void);

#endif
