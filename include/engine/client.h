/*
 * Typed calls to the Docker Engine API 1.41 and newer. All names and references
 * are checked and percent-encoded here; every reply is bounded and bound by tables.
 * Errors carry what the engine said and the call ("POST /containers/create").
 * Map: 404 ERR_NOT_FOUND, 409 ERR_CONFLICT, other 4xx/5xx ERR_REFUSED.
 *
 * A client is used by one thread at a time; parallel work opens one each.
 */
#ifndef ENGINE_CLIENT_H
#define ENGINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "engine/transport.h"
#include "engine/types.h"

struct client;

/* What a command may ask for; the client refuses everything else with ERR_INTERNAL. */
enum engine_permission {
	ENGINE_READ = 0,
	ENGINE_MAY_CHANGE = 1 << 0, /* create, start, stop, remove, connect */
	ENGINE_MAY_LOAD = 1 << 1,   /* images */
};

#define ENGINE_API_MIN_MAJOR 1
#define ENGINE_API_MIN_MINOR 41
#define ENGINE_API_MAX_MINOR 51

/* Takes the transport over (also on failure). Negotiates: HEAD /_ping, min(server maximum, 1.51);
 * under 1.41 or below the server's minimum is ERR_REFUSED naming both numbers. */
int client_open(struct transport *t, unsigned permissions, struct client **out, struct err *e)
	must_check;
void client_close(struct client *c); /* NULL allowed */
static inline void client_close_slot(struct client **c)
{
	client_close(*c);
}
#define auto_client cleanup_with(client_close_slot)

/* True when the negotiated version is at least major.minor. */
bool client_has_api(const struct client *c, int major, int minor);
/* "1.51" */
const char *client_api(const struct client *c);

int client_info(struct client *c, struct engine_info *out, struct err *e) must_check;
int client_version(struct client *c, struct engine_version *out, struct err *e) must_check;

/* Containers. `ref` is an id or an exact name; ids are preferred. */
int client_container_list(struct client *c, const char *const *label_filters, size_t count,
			  struct bind_list *out, struct err *e) must_check;
int client_container_inspect(struct client *c, const char *ref, struct container_info *out,
			     struct err *e) must_check;
/* Creates under `name`; with API < 1.44 only the first endpoint is sent, the caller connects the
 * rest. Warnings outside a short allow-list are ERR_REFUSED after the container was deleted
 * again: a warning means that a limit was dropped. */
int client_container_create(struct client *c, const char *name, const struct container_spec *spec,
			    char out_id[ENGINE_ID_SIZE], struct err *e) must_check;
/* A copy of an observed container: whatever weakens its boundary is sent, too, so that the copy is
 * no stronger. Never for what a tenant runs in. */
int client_container_create_copy(struct client *c, const char *name,
				 const struct container_spec *spec, char out_id[ENGINE_ID_SIZE],
				 struct err *e) must_check;
int client_container_start(struct client *c, const char *ref, struct err *e)
	must_check; /* 304: 0 */
/* Returns when stopped; 304 and a container gone while stopping are success. */
int client_container_stop(struct client *c, const char *ref, int grace_seconds, struct err *e)
	must_check;
/* Returns when it has ended, with its exit status; ERR_TIMEOUT when it has not by then. */
int client_container_wait(struct client *c, const char *ref, long timeout_ms, int64_t *out_status,
			  struct err *e) must_check;
int client_container_kill(struct client *c, const char *ref, const char *signal, struct err *e)
	must_check;
/* Force, with anonymous volumes; 404 and "already in progress" (then waits, bounded) are success.
 */
int client_container_remove(struct client *c, const char *ref, struct err *e) must_check;
int client_container_rename(struct client *c, const char *ref, const char *name, struct err *e)
	must_check;
/* One-shot memory use in bytes; -1 when the engine knows none. */
int client_container_memory(struct client *c, const char *ref, int64_t *out_bytes, struct err *e)
	must_check;

struct log_line {
	int stream; /* 1 stdout, 2 stderr */
	const char *data;
	size_t len;  /* a chunk, not always a whole line */
	bool begins; /* the first chunk of a message */
};
typedef int (*client_log_sink)(void *arg, const struct log_line *line);
/* Demultiplexes 8-byte frames (or passes raw bytes when `tty`). tail < 0: everything. Ends when
 * the sink returns non-zero, or at the end of what is there now. */
int client_container_logs(struct client *c, const char *ref, bool tty, long tail,
			  client_log_sink sink, void *arg, struct err *e) must_check;
/* Ends when the sink returns non-zero or the container stops. `since` (RFC 3339, UTC; NULL: from
 * the first line on) is included. Each message begins with its time, as in ..._stamped. */
int client_container_logs_follow(struct client *c, const char *ref, bool tty, const char *since,
				 long tail, client_log_sink sink, void *arg, struct err *e)
	must_check;
/* What was written from `since` on (NULL: everything) up to now. Each message begins with its time,
 * RFC 3339 in UTC with nine digits of a second, and a space. */
int client_container_logs_stamped(struct client *c, const char *ref, bool tty, const char *since,
				  client_log_sink sink, void *arg, struct err *e) must_check;

/* Networks. */
int client_network_list(struct client *c, const char *const *label_filters, size_t count,
			struct bind_list *out, struct err *e) must_check;
int client_network_inspect(struct client *c, const char *ref, struct network_info *out,
			   struct err *e) must_check;
int client_network_create(struct client *c, const struct network_spec *spec,
			  char out_id[ENGINE_ID_SIZE], struct err *e) must_check;
int client_network_connect(struct client *c, const char *network, const char *container,
			   const struct engine_endpoint *endpoint, struct err *e) must_check;
/* Force; not attached and no such network are success. */
int client_network_disconnect(struct client *c, const char *network, const char *container,
			      struct err *e) must_check;
int client_network_remove(struct client *c, const char *ref, struct err *e) must_check; /* 404: 0 */
/* Whether that failed because the engine says that something is attached. */
bool client_network_is_held(const struct err *e);

/* Images. */
int client_image_inspect(struct client *c, const char *ref, struct image_info *out, struct err *e)
	must_check;
typedef void (*client_progress)(void *arg, const char *status, const char *id, int64_t current,
				int64_t total);
/* Loads a docker-archive; ERR_REFUSED with the engine's errorDetail, also when the reply was 200.
 */
int client_image_load(struct client *c, int archive_fd, client_progress progress, void *arg,
		      struct err *e) must_check;
/* Pulls by tag or digest (never "all tags"), then the caller inspects. */
int client_image_pull(struct client *c, const char *ref, client_progress progress, void *arg,
		      struct err *e) must_check;

#endif
