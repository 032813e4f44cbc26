/*
 * The error object. It lives on the caller's stack and owns no memory, so that
 * reporting a failure can never fail. Convention for every function that takes
 * one: return 0, or a negative value with `e` filled; outputs are untouched on
 * failure. `e` is the last parameter and is never NULL.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/compiler.h"

/* Each code maps to exactly one exit status; see err_exit_status(). */
enum err_code {
	ERR_NONE = 0,
	ERR_CHECK,	 /* a check failed or drift was found          -> 1 */
	ERR_USAGE,	 /* the command line is wrong                  -> 2 */
	ERR_MANIFEST,	 /* a manifest or other operator file refused  -> 3 */
	ERR_UNREACHABLE, /* no engine answers on the socket            -> 4 */
	ERR_REFUSED,	 /* the engine or the host refused a request   -> 5 */
	ERR_NOT_FOUND,	 /* the engine (404) or state has no such thing -> 5 */
	ERR_CONFLICT,	 /* name taken, already running, not ours      -> 5 */
	ERR_BUSY,	 /* another run holds the tenant's lock        -> 5 */
	ERR_TIMEOUT,	 /* a deadline passed; outcome unknown         -> 5 */
	ERR_PROTOCOL,	 /* a reply that cannot be trusted             -> 5 */
	ERR_PARTIAL,	 /* stopped half way; a second run completes   -> 6 */
	ERR_SYSTEM,	 /* a system call failed                       -> 70 */
	ERR_INTERNAL,	 /* a broken promise inside tenantctl          -> 70 */
};

#define ERR_MESSAGE_MAX 1024
#define ERR_HINT_MAX 320

struct err {
	enum err_code code;
	int sys_errno; /* errno where a system call failed, else 0 */
	int status;    /* HTTP status where the engine answered, else 0 */
	char message[ERR_MESSAGE_MAX];
	char hint[ERR_HINT_MAX]; /* what to do next; may be empty */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.code = ERR_NONE                                                                   \
	}

/* Fills `e` and returns -1, so that a failure is one statement: return err_set(e, ...).
 * Text beyond the buffer is cut at a character boundary. Control bytes are kept:
 * escaping is the printer's duty. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) printf_like(3, 4);

/* Same, and appends ": strerror(saved errno)". `saved_errno` is passed, not read,
 * because a cleanup may have changed errno. */
int err_sys(struct err *e, int saved_errno, const char *fmt, ...) printf_like(3, 4);

/* Puts "context: " in front of the message, keeping code, errno and hint. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* Sets the advice line ("start the engine with: ..."). Returns -1. */
int err_hint(struct err *e, const char *fmt, ...) printf_like(2, 3);

void err_clear(struct err *e);

/* The process exit status that `code` stands for; the table above. */
int err_exit_status(enum err_code code);

/* Stable lower-case word for JSON output ("engine-unreachable"). */
const char *err_code_name(enum err_code code);

#endif
