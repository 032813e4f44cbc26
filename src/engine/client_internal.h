/*
 * What the files of the client share: one road for every request, so that
 * versions, permissions, references and errors are handled once.
 */
#ifndef ENGINE_CLIENT_INTERNAL_H
#define ENGINE_CLIENT_INTERNAL_H

#include <stdbool.h>

#include "base/doc.h"
#include "base/strbuf.h"
#include "engine/client.h"

struct client {
	struct transport *transport;
	unsigned permissions;
	int major, minor; /* negotiated */
	char api[16];
	struct engine_reply reply; /* of the last call; its buffer is reused */
};

#define TIMEOUT_READ_MS 15000L
#define TIMEOUT_CHANGE_MS 60000L
#define TIMEOUT_START_MS 120000L
#define TIMEOUT_STREAM_MS 3600000L
#define IDLE_STREAM_MS 120000L

/* One call. `path` is relative to the version ("/containers/json"), already encoded. */
struct call {
	const char *method;
	const char *path;
	const char *what; /* for messages: "POST /containers/create" */
	unsigned needs;	  /* enum engine_permission */
	const struct node *body;
	const char *content_type;
	engine_source source;
	void *source_arg;
	engine_sink sink;
	void *sink_arg;
	long timeout_ms; /* 0: by method */
	long idle_ms;
	bool endless;				       /* no total limit */
	bool (*accepts)(const struct engine_reply *r); /* codes beyond 2xx that are success */
};

/* Performs the call; a status that is no success becomes the error. The reply stays in c->reply
 * until the next call. */
int client_call(struct client *c, const struct call *call, struct err *e) must_check;
/* Same, and parses the body. The caller owns *out. */
int client_call_json(struct client *c, const struct call *call, struct doc **out, struct err *e)
	must_check;

/* Names and ids: [A-Za-z0-9][A-Za-z0-9_.-]{0,127}. */
int client_check_ref(const char *ref, const char *kind, struct err *e) must_check;
/* Image references: path, tag and digest characters only, nothing that could leave the route. */
int client_check_image(const char *ref, struct err *e) must_check;
/* Adds `s` percent-encoded but for unreserved characters and those in `keep`. */
void client_encode(struct strbuf *b, const char *s, const char *keep);
/* "?a=b&filters=..." for a list call by labels. */
void client_label_query(struct strbuf *b, const char *const *labels, size_t count);
/* The engine's "message", or the start of a body that is no JSON. */
void client_message(const struct engine_reply *r, char *buf, size_t size);
/* True when the reply's message holds `part`. */
bool client_says(const struct engine_reply *r, const char *part);

#endif
