/*
 * Containers: list, inspect, create, start, stop, kill, remove, rename, memory.
 * Each outcome that means "already so" is success here, so that every step of a
 * plan can be run twice.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "client_internal.h"
#include "create.h"
#include "wire.h"

#define REMOVE_WAIT_MS 30000
#define REMOVE_POLL_MS 100
#define STOP_SLACK_MS 15000L
#define GRACE_MAX 3600

int client_container_list(struct client *c, const char *const *label_filters, size_t count,
			  struct bind_list *out, struct err *e)
{
	auto_strbuf struct strbuf path = STRBUF_INIT(65536);
	struct call call = { .method = "GET", .what = "GET /containers/json" };
	auto_doc struct doc *d = NULL;

	strbuf_puts(&path, "/containers/json?all=1");
	client_label_query(&path, label_filters, count);
	call.path = strbuf_str(&path);
	if (client_call_json(c, &call, &d, e) < 0)
		return -1;
	return wire_read_rows(&wire_container_row, doc_root(d), call.what, out, e);
}

static int read_info(const struct doc *d, const char *what, struct container_info *out,
		     struct err *e)
{
	struct container_info info = { 0 };

	if (wire_read(&wire_container_info, doc_root(d), what, &info, e) < 0 ||
	    wire_read(&wire_container_spec, doc_root(d), what, &info.spec, e) < 0) {
		container_info_free(&info);
		return -1;
	}
	/* Our meaning of read-only includes the mounts below; see create.c. */
	wire_mounts_weaken(doc_root(d), &info.spec);
	*out = info;
	return 0;
}

int client_container_inspect(struct client *c, const char *ref, struct container_info *out,
			     struct err *e)
{
	struct call call = { .method = "GET", .what = "GET /containers/{id}/json" };
	auto_free char *path = NULL;
	auto_doc struct doc *d = NULL;
	struct container_info info;

	if (client_check_ref(ref, "container", e) < 0)
		return -1;
	path = mem_printf("/containers/%s/json", ref);
	call.path = path;
	if (client_call_json(c, &call, &d, e) < 0 || read_info(d, call.what, &info, e) < 0)
		return -1;
	/* The engine also takes any hex prefix of an id: "fade" may find somebody else's. */
	if (strcmp(info.id, ref) != 0 && strcmp(info.name, ref) != 0) {
		container_info_free(&info);
		(void)err_set(e, ERR_NOT_FOUND, "%s: no container has the name or id '%s'",
			      call.what, ref);
		e->status = 404;
		return -1;
	}
	*out = info;
	return 0;
}

/* Nothing about limits; such a host can still run what was asked for. */
static bool warning_is_harmless(const char *text)
{
	static const char *const known[] = {
		"IPv4 forwarding is disabled. Networking will not work.",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(text, known[i]) == 0)
			return true;
	return false;
}

static int refuse_warnings(struct client *c, const char *id, const struct node *warnings,
			   struct err *e)
{
	struct err cleanup = ERR_INIT;
	const struct node *n;

	for (n = node_first(warnings); n; n = node_next(n)) {
		auto_free char *text = mem_strdup(node_str(n, "?"));

		if (warning_is_harmless(text))
			continue;
		if (client_container_remove(c, id, &cleanup) < 0)
			return err_set(e, ERR_REFUSED,
				       "the engine dropped a limit (%.300s), and the container "
				       "%.12s could not be removed again: %.300s",
				       text, id, cleanup.message);
		return err_set(e, ERR_REFUSED, "the engine dropped a limit: %.500s", text);
	}
	return 0;
}

static int create(struct client *c, const char *name, const struct container_spec *spec,
		  enum create_kind kind, char out_id[ENGINE_ID_SIZE], struct err *e)
{
	struct call call = { .method = "POST",
			     .what = "POST /containers/create",
			     .needs = ENGINE_MAY_CHANGE };
	auto_node struct node *body = NULL;
	auto_free char *path = NULL;
	auto_doc struct doc *d = NULL;
	char id[ENGINE_ID_SIZE];

	if (client_check_ref(name, "container", e) < 0 ||
	    create_container_body(c, spec, kind, &body, e) < 0)
		return -1;
	path = mem_printf("/containers/create?name=%s", name);
	call.path = path;
	call.body = body;
	if (client_call_json(c, &call, &d, e) < 0 ||
	    wire_read_id(doc_root(d), call.what, id, e) < 0)
		return -1;
	/* A copy is compared with its original afterwards, which may lack the same limit. */
	if (kind == CREATE_ORDERED &&
	    refuse_warnings(c, id, node_get(doc_root(d), "Warnings"), e) < 0)
		return -1;
	memcpy(out_id, id, sizeof(id));
	return 0;
}

int client_container_create(struct client *c, const char *name, const struct container_spec *spec,
			    char out_id[ENGINE_ID_SIZE], struct err *e)
{
	return create(c, name, spec, CREATE_ORDERED, out_id, e);
}

int client_container_create_copy(struct client *c, const char *name,
				 const struct container_spec *spec, char out_id[ENGINE_ID_SIZE],
				 struct err *e)
{
	return create(c, name, spec, CREATE_COPY, out_id, e);
}

static bool accept_304(const struct engine_reply *r)
{
	return r->status == 304;
}

static bool accept_304_404(const struct engine_reply *r)
{
	return r->status == 304 || r->status == 404;
}

static bool accept_404_409(const struct engine_reply *r)
{
	return r->status == 404 || (r->status == 409 && client_says(r, "already in progress"));
}

/* A POST or DELETE on one container, without a body either way. */
static int change(struct client *c, const char *ref, struct call *call, const char *suffix,
		  struct err *e)
{
	auto_free char *path = NULL;

	call->needs = ENGINE_MAY_CHANGE;
	if (client_check_ref(ref, "container", e) < 0)
		return -1;
	path = mem_printf("/containers/%s%s", ref, suffix);
	call->path = path;
	return client_call(c, call, e);
}

int client_container_start(struct client *c, const char *ref, struct err *e)
{
	struct call call = { .method = "POST",
			     .what = "POST /containers/{id}/start",
			     .timeout_ms = TIMEOUT_START_MS,
			     .accepts = accept_304 };

	return change(c, ref, &call, "/start", e);
}

int client_container_stop(struct client *c, const char *ref, int grace_seconds, struct err *e)
{
	struct call call = { .method = "POST",
			     .what = "POST /containers/{id}/stop",
			     .accepts = accept_304_404 };
	char suffix[32];

	/* A negative time would wait for ever. */
	grace_seconds = MIN_OF(MAX_OF(grace_seconds, 0), GRACE_MAX);
	call.timeout_ms = grace_seconds * 1000L + STOP_SLACK_MS;
	(void)snprintf(suffix, sizeof(suffix), "/stop?t=%d", grace_seconds);
	return change(c, ref, &call, suffix, e);
}

int client_container_wait(struct client *c, const char *ref, long timeout_ms, int64_t *out_status,
			  struct err *e)
{
	struct call call = { .method = "POST",
			     .what = "POST /containers/{id}/wait",
			     .timeout_ms = timeout_ms };
	auto_free char *path = NULL;
	auto_doc struct doc *d = NULL;
	int64_t status;

	if (client_check_ref(ref, "container", e) < 0)
		return -1;
	path = mem_printf("/containers/%s/wait?condition=not-running", ref);
	call.path = path;
	if (client_call_json(c, &call, &d, e) < 0)
		return -1;
	status = node_int(node_get(doc_root(d), "StatusCode"), -1);
	if (status < 0)
		return err_set(e, ERR_PROTOCOL, "%s: the reply tells no exit status", call.what);
	*out_status = status;
	return 0;
}

int client_container_kill(struct client *c, const char *ref, const char *signal, struct err *e)
{
	struct call call = { .method = "POST", .what = "POST /containers/{id}/kill" };
	char suffix[64];

	if (client_check_ref(signal, "signal", e) < 0 || strlen(signal) > 16)
		return err_set(e, ERR_INTERNAL, "'%.32s' is no signal", signal);
	(void)snprintf(suffix, sizeof(suffix), "/kill?signal=%s", signal);
	return change(c, ref, &call, suffix, e);
}

static void sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0)
		;
}

/* The name stays taken until the removal somebody else began has ended. */
static int wait_gone(struct client *c, const char *ref, struct err *e)
{
	int waited;

	for (waited = 0; waited < REMOVE_WAIT_MS; waited += REMOVE_POLL_MS) {
		struct container_info info;

		if (client_container_inspect(c, ref, &info, e) < 0) {
			if (e->code != ERR_NOT_FOUND)
				return -1;
			err_clear(e);
			return 0;
		}
		container_info_free(&info);
		sleep_ms(REMOVE_POLL_MS);
	}
	return err_set(e, ERR_TIMEOUT, "container %s is still being removed after %d s", ref,
		       REMOVE_WAIT_MS / 1000);
}

int client_container_remove(struct client *c, const char *ref, struct err *e)
{
	struct call call = { .method = "DELETE",
			     .what = "DELETE /containers/{id}",
			     .accepts = accept_404_409 };

	if (change(c, ref, &call, "?force=1&v=1", e) < 0)
		return -1;
	return c->reply.status == 409 ? wait_gone(c, ref, e) : 0;
}

int client_container_rename(struct client *c, const char *ref, const char *name, struct err *e)
{
	struct call call = { .method = "POST", .what = "POST /containers/{id}/rename" };
	auto_free char *suffix = NULL;

	if (client_check_ref(name, "container", e) < 0)
		return -1;
	suffix = mem_printf("/rename?name=%s", name);
	return change(c, ref, &call, suffix, e);
}

int client_container_memory(struct client *c, const char *ref, int64_t *out_bytes, struct err *e)
{
	struct call call = { .method = "GET", .what = "GET /containers/{id}/stats" };
	auto_free char *path = NULL;
	auto_doc struct doc *d = NULL;
	int64_t usage, cache;

	if (client_check_ref(ref, "container", e) < 0)
		return -1;
	path = mem_printf("/containers/%s/stats?stream=0&one-shot=1", ref);
	call.path = path;
	if (client_call_json(c, &call, &d, e) < 0)
		return -1;
	usage = node_int(wire_find(doc_root(d), "memory_stats.usage"), -1);
	/* Page cache that can be dropped at once is no use; cgroup v1 and v2 name it apart. */
	cache = node_int(wire_find(doc_root(d), "memory_stats.stats.total_inactive_file"), -1);
	if (cache < 0)
		cache = node_int(wire_find(doc_root(d), "memory_stats.stats.inactive_file"), 0);
	*out_bytes = usage >= cache && cache >= 0 ? usage - cache : usage;
	return 0;
}
