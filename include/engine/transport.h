/*
 * One request in, one reply out. Two implementations: libcurl over the engine's
 * unix socket, and the tests' in-process replay and fault transports.
 */
#ifndef ENGINE_TRANSPORT_H
#define ENGINE_TRANSPORT_H

#include <stddef.h>
#include <stdbool.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"

/* Consumes a part of a streamed reply; non-zero ends the transfer: perform() then returns 0 with
 * the status that came, and the connection is dropped. */
typedef int (*engine_sink)(void *arg, const char *data, size_t len);
/* Fills buf with up to `size` bytes of a streamed request body; 0 at the end, -1 on error. */
typedef long (*engine_source)(void *arg, char *buf, size_t size);

struct engine_request {
	const char *method;   /* GET HEAD POST DELETE */
	const char *path;     /* "/v1.41/containers/json?all=1", already encoded */
	const char *body;     /* JSON text or NULL */
	engine_source source; /* or a streamed body ... */
	void *source_arg;
	const char *content_type; /* ... of this type */
	engine_sink sink;	  /* streams a 2xx reply instead of collecting it */
	void *sink_arg;
	long timeout_ms; /* whole call; 0: none, then idle_ms bounds silence */
	long idle_ms;
	bool fresh; /* new connection: for calls that must not be resent by the library */
};

struct engine_reply {
	int status;
	struct strbuf body;   /* collected unless streamed; bounded */
	char api_version[16]; /* Api-Version header, "" when absent */
	char content_type[64];
	char server[64]; /* Server header, "" when absent */
};

struct transport;
struct transport_ops {
	/* 0 when any HTTP reply came, whatever its status; reply is reset first.
	 * ERR_UNREACHABLE: nothing listens or the socket may not be opened (says which).
	 * ERR_TIMEOUT: sent, no whole reply in time. ERR_PROTOCOL: no reply, half a reply or one
	 * that cannot be trusted. After these two the outcome is unknown: look, never assume. */
	int (*perform)(struct transport *t, const struct engine_request *req,
		       struct engine_reply *reply, struct err *e);
	void (*close)(struct transport *t);
};
struct transport {
	const struct transport_ops *ops;
};

/* Opens the transport on `socket_path`. Refused: a path over 107 bytes, anything but a socket,
 * a peer that does not run as uid 0 (SO_PEERCRED), unless `allow_any_owner` (tests). The check
 * is made on every new connection (CURLOPT_OPENSOCKETFUNCTION/SOCKOPTFUNCTION). */
int transport_open_unix(const char *socket_path, bool allow_any_owner, struct transport **out,
			struct err *e) must_check;

/* Resolves --socket, then DOCKER_HOST, then /var/run/docker.sock. tcp://, ssh:// and http:// are
 * refused with ERR_USAGE and the reason (root over the network). *out is owned by the caller. */
int transport_socket_path(const char *option, const char *docker_host, char **out, struct err *e)
	must_check;

void engine_reply_free(struct engine_reply *r);

#endif
