/*
 * In-process transports for tests. The fault transport sits in front of any other
 * one, the real one too: a driver counts the calls of a clean run, then fails call
 * n of the next runs. The script transport answers from a table without any engine.
 *
 *	struct fault_transport *f = fault_transport_new(real);
 *	client_open(&f->base, ...); run; n = f->calls;
 *	for k in 1..n: f = fault_transport_new(real2); fault_at(f, k, FAULT_TIMEOUT, FAULT_AFTER);
 */
#ifndef TESTS_FAKE_TRANSPORT_H
#define TESTS_FAKE_TRANSPORT_H

#include <stdbool.h>

#include "base/strlist.h"
#include "engine/transport.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_REFUSED,	/* nothing listens: never forwarded, whatever the phase */
	FAULT_TIMEOUT,	/* no reply in time */
	FAULT_CLOSED,	/* connection closed after the request was sent */
	FAULT_CUT_BODY, /* reply cut off */
	FAULT_BAD_JSON, /* a success with half a JSON object */
	FAULT_409,
	FAULT_500,
	FAULT_KINDS
};

enum fault_phase {
	FAULT_BEFORE, /* the engine never sees the request */
	FAULT_AFTER,  /* the engine acts, the caller gets the fault in place of its reply */
};

struct fault_transport {
	struct transport base;
	struct transport *inner; /* closed with this one */
	unsigned calls;		 /* made so far */
	struct strlist *log;	 /* gets "METHOD path" of every call; NULL: none. Not owned */
	unsigned *counter; /* also counts there, outliving the transport; NULL: no. Not owned */
	unsigned at;	   /* 1-based call to fail; 0: none */
	enum fault_kind kind;
	enum fault_phase phase;
	bool forever; /* every call from `at` on */
};

/* Takes `inner` over. Freed by its close operation, that is by client_close(). */
struct fault_transport *fault_transport_new(struct transport *inner) returns_owned;
void fault_at(struct fault_transport *f, unsigned call, enum fault_kind kind,
	      enum fault_phase phase);
const char *fault_name(enum fault_kind kind);

struct script_step {
	const char *request; /* "GET /v1.41/info"; a trailing '*' matches any rest */
	int status;
	const char *body;
};

/* Answers step i to call i; another request or one too many is ERR_INTERNAL. HEAD /_ping is
 * answered by itself, as engine API `api`. `*out_used` counts the steps used. */
struct transport *script_transport_new(const char *api, const struct script_step *steps,
				       size_t count, size_t *out_used) returns_owned;

#endif
