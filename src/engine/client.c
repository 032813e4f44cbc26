/*
 * Opening a client: version negotiation, and the one road every call takes:
 * permission, path, transport, status, message.
 */
#include "client_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "wire.h"

#define MESSAGE_SHOWN 512
#define REF_MAX 128
#define IMAGE_MAX 512

static bool parse_version(const char *s, int *out_major, int *out_minor)
{
	char *end;
	long major = strtol(s, &end, 10), minor;

	if (end == s || *end != '.' || major < 0 || major > 99)
		return false;
	s = end + 1;
	minor = strtol(s, &end, 10);
	if (end == s || *end != '\0' || minor < 0 || minor > 9999)
		return false;
	*out_major = (int)major;
	*out_minor = (int)minor;
	return true;
}

static int server_minimum(struct client *c, struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	struct engine_request req = { .method = "GET",
				      .path = "/version",
				      .timeout_ms = TIMEOUT_READ_MS };
	auto_doc struct doc *d = NULL;
	int major, minor;
	const char *text;

	if (c->transport->ops->perform(c->transport, &req, &c->reply, e) < 0)
		return err_wrap(e, "GET /version");
	if (c->reply.status != 200 || doc_parse_json(strbuf_str(&c->reply.body), c->reply.body.len,
						     "GET /version", &limits, &d, e) < 0)
		return err_set(e, ERR_PROTOCOL, "GET /version: no version in the reply");
	text = node_str(node_get(doc_root(d), "MinAPIVersion"), "");
	if (!parse_version(text, &major, &minor))
		return err_set(e, ERR_PROTOCOL, "GET /version: MinAPIVersion is '%.16s'", text);
	if (major > c->major || (major == c->major && minor > c->minor))
		return err_set(e, ERR_REFUSED,
			       "the engine speaks API %d.%d and newer only; tenantctl speaks "
			       "%d.%d to %d.%d",
			       major, minor, ENGINE_API_MIN_MAJOR, ENGINE_API_MIN_MINOR,
			       ENGINE_API_MIN_MAJOR, ENGINE_API_MAX_MINOR);
	return 0;
}

static int ping(struct client *c, const char *method, struct err *e)
{
	struct engine_request req = { .method = method, .path = "/_ping", .timeout_ms = 5000 };

	if (c->transport->ops->perform(c->transport, &req, &c->reply, e) < 0)
		return err_wrap(e, "%s /_ping", method);
	if (c->reply.status != 200)
		return err_set(e, ERR_PROTOCOL, "%s /_ping: status %d", method, c->reply.status);
	return 0;
}

static int negotiate(struct client *c, struct err *e)
{
	int major, minor;

	if (ping(c, "HEAD", e) < 0) {
		/* Something in between may not know HEAD; a dead socket stays dead. */
		if (e->code != ERR_PROTOCOL || c->reply.status == 0)
			return -1;
		err_clear(e);
		if (ping(c, "GET", e) < 0)
			return -1;
	}
	if (strncmp(c->reply.server, "Docker/", strlen("Docker/")) != 0)
		return err_set(e, ERR_REFUSED, "not a Docker Engine: the server calls itself '%s'",
			       c->reply.server);
	if (!parse_version(c->reply.api_version, &major, &minor))
		return err_set(e, ERR_PROTOCOL, "the engine names no API version ('%s')",
			       c->reply.api_version);
	if (major < ENGINE_API_MIN_MAJOR ||
	    (major == ENGINE_API_MIN_MAJOR && minor < ENGINE_API_MIN_MINOR))
		return err_set(e, ERR_REFUSED,
			       "the engine speaks API %d.%d at most; tenantctl needs %d.%d "
			       "(engine 20.10) or newer",
			       major, minor, ENGINE_API_MIN_MAJOR, ENGINE_API_MIN_MINOR);
	c->major = ENGINE_API_MIN_MAJOR;
	c->minor = major > ENGINE_API_MIN_MAJOR ? ENGINE_API_MAX_MINOR
						: MIN_OF(minor, ENGINE_API_MAX_MINOR);
	(void)snprintf(c->api, sizeof(c->api), "%d.%d", c->major, c->minor);
	/* Only an engine newer than us can have a minimum above what we would use. */
	if (major > c->major || minor > c->minor)
		return server_minimum(c, e);
	return 0;
}

int client_open(struct transport *t, unsigned permissions, struct client **out, struct err *e)
{
	struct client *c = mem_alloc(sizeof(*c));

	c->transport = t;
	c->permissions = permissions;
	if (negotiate(c, e) < 0) {
		client_close(c);
		return -1;
	}
	*out = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	c->transport->ops->close(c->transport);
	engine_reply_free(&c->reply);
	free(c);
}

bool client_has_api(const struct client *c, int major, int minor)
{
	return c->major > major || (c->major == major && c->minor >= minor);
}

const char *client_api(const struct client *c)
{
	return c->api;
}

void client_message(const struct engine_reply *r, char *buf, size_t size)
{
	static const struct doc_limits limits = { .bytes = 65536, .depth = 8, .nodes = 1000 };
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	const char *text = strbuf_str(&r->body);

	if (doc_parse_json(text, r->body.len, "error", &limits, &d, &ignored) == 0)
		text = node_str(node_get(doc_root(d), "message"), "");
	if (text[0] == '\0')
		text = "no message";
	(void)snprintf(buf, size, "%.*s", (int)strcspn(text, "\r\n"), text);
}

bool client_says(const struct engine_reply *r, const char *part)
{
	char message[MESSAGE_SHOWN];

	client_message(r, message, sizeof(message));
	return strstr(message, part) != NULL;
}

static int refused(const struct client *c, const struct call *call, struct err *e)
{
	char message[MESSAGE_SHOWN];
	int status = c->reply.status;
	enum err_code code = ERR_REFUSED;

	client_message(&c->reply, message, sizeof(message));
	if (status == 404)
		code = ERR_NOT_FOUND;
	else if (status == 409)
		code = ERR_CONFLICT;
	else if (status < 400)
		code = ERR_PROTOCOL; /* a redirect, or a success that this call does not have */
	(void)err_set(e, code, "%s: the engine answers %d: %s", call->what, status, message);
	e->status = status;
	return -1;
}

static int perform(struct client *c, const struct call *call, struct err *e)
{
	bool get = strcmp(call->method, "GET") == 0;
	auto_free char *path = mem_printf("/v%s%s", c->api, call->path);
	auto_free char *body = call->body ? node_print(call->body, false) : NULL;
	struct engine_request req = {
		.method = call->method,
		.path = path,
		.body = body,
		.source = call->source,
		.source_arg = call->source_arg,
		.content_type = call->content_type,
		.sink = call->sink,
		.sink_arg = call->sink_arg,
		.timeout_ms = call->timeout_ms,
		.idle_ms = call->idle_ms,
		/* On a kept connection that died, libcurl sends again by itself; a change
		 * must never be made twice behind our back. */
		.fresh = !get,
	};

	if (req.timeout_ms == 0 && !call->endless)
		req.timeout_ms = get ? TIMEOUT_READ_MS : TIMEOUT_CHANGE_MS;
	log_debug("engine: %s %s", call->method, path);
	if (c->transport->ops->perform(c->transport, &req, &c->reply, e) < 0)
		return err_wrap(e, "%s", call->what);
	return 0;
}

/* The engine under a running tool was replaced by another version. */
static bool version_refused(const struct engine_reply *r)
{
	return r->status == 400 && client_says(r, "client version ") &&
	       (client_says(r, " is too new") || client_says(r, " is too old"));
}

int client_call(struct client *c, const struct call *call, struct err *e)
{
	if ((call->needs & c->permissions) != call->needs)
		return err_set(e, ERR_INTERNAL, "%s: this command may not change the engine",
			       call->what);
	if (perform(c, call, e) < 0)
		return -1;
	if (version_refused(&c->reply)) {
		if (negotiate(c, e) < 0)
			return err_wrap(e, "%s", call->what);
		/* A body was made for the old version, so only a read is repeated. */
		if (strcmp(call->method, "GET") != 0) {
			(void)err_set(e, ERR_REFUSED, "%s: the engine changed its version",
				      call->what);
			return err_hint(e, "run the command again");
		}
		if (perform(c, call, e) < 0)
			return -1;
	}
	if (c->reply.status >= 200 && c->reply.status < 300)
		return 0;
	if (call->accepts && call->accepts(&c->reply))
		return 0;
	return refused(c, call, e);
}

int client_call_json(struct client *c, const struct call *call, struct doc **out, struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;

	if (client_call(c, call, e) < 0)
		return -1;
	return doc_parse_json(strbuf_str(&c->reply.body), c->reply.body.len, call->what, &limits,
			      out, e);
}

static bool is_word(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
}

static bool only_of(const char *s, const char *extra)
{
	for (; *s; s++)
		if (!is_word(*s) && !strchr(extra, *s))
			return false;
	return true;
}

int client_check_ref(const char *ref, const char *kind, struct err *e)
{
	if (ref && is_word(ref[0]) && strlen(ref) <= REF_MAX && only_of(ref, "_.-"))
		return 0;
	return err_set(e, ERR_INTERNAL, "'%.64s' is no %s name or id", ref ? ref : "", kind);
}

int client_check_image(const char *ref, struct err *e)
{
	if (ref && is_word(ref[0]) && strlen(ref) <= IMAGE_MAX && only_of(ref, "_.-/:@") &&
	    !strstr(ref, "..") && !strstr(ref, "//") && ref[strlen(ref) - 1] != '/')
		return 0;
	return err_set(e, ERR_REFUSED, "'%.128s' is no image reference", ref ? ref : "");
}

void client_encode(struct strbuf *b, const char *s, const char *keep)
{
	for (; *s; s++) {
		if (is_word(*s) || strchr("-._~", *s) || strchr(keep, *s))
			strbuf_putc(b, *s);
		else
			strbuf_printf(b, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void client_label_query(struct strbuf *b, const char *const *labels, size_t count)
{
	auto_node struct node *filters = node_new_object();
	auto_free char *text = NULL;
	struct node *list;
	size_t i;

	if (count == 0)
		return;
	list = node_set_array(filters, "label");
	for (i = 0; i < count; i++)
		node_push_str(list, labels[i]);
	text = node_print(filters, false);
	strbuf_puts(b, "&filters=");
	client_encode(b, text, "");
}

static bool has_containerd_store(const struct node *info)
{
	const struct node *pair;

	for (pair = node_first(node_get(info, "DriverStatus")); pair; pair = node_next(pair))
		if (strcmp(node_str(node_at(pair, 0), ""), "driver-type") == 0 &&
		    strstr(node_str(node_at(pair, 1), ""), "containerd.snapshotter"))
			return true;
	return false;
}

/* Since API 1.44 the engine passes on what `RUNTIME features` says of itself, as text in JSON. */
static char *runtime_version(const struct node *runtime)
{
	static const struct doc_limits limits = { .bytes = 1 << 20, .depth = 16, .nodes = 50000 };
	static const char *const names[] = { "run.oci.crun.version",
					     "org.opencontainers.runc.version" };
	const char *text = node_str(
		node_get(node_get(runtime, "status"), "org.opencontainers.runtime-spec.features"),
		"");
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	const struct node *notes;

	if (doc_parse_json(text, strlen(text), "features", &limits, &d, &ignored) < 0)
		return NULL;
	notes = node_get(doc_root(d), "annotations");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (node_is_string(node_get(notes, names[i])))
			return mem_strdup(node_str(node_get(notes, names[i]), ""));
	return NULL;
}

int client_info(struct client *c, struct engine_info *out, struct err *e)
{
	struct call call = { .method = "GET", .path = "/info", .what = "GET /info" };
	struct engine_info info = { 0 };
	struct engine_runtime *runtime;
	auto_doc struct doc *d = NULL;

	if (client_call_json(c, &call, &d, e) < 0 ||
	    wire_read(&wire_engine_info, doc_root(d), call.what, &info, e) < 0)
		return -1;
	info.api_major = c->major;
	info.api_minor = c->minor;
	info.containerd_store = has_containerd_store(doc_root(d));
	runtime = info.runtime_details.items;
	for (size_t i = 0; i < info.runtime_details.count; i++)
		runtime[i].version = runtime_version(
			node_get(node_get(doc_root(d), "Runtimes"), runtime[i].name));
	*out = info;
	return 0;
}

int client_version(struct client *c, struct engine_version *out, struct err *e)
{
	struct call call = { .method = "GET", .path = "/version", .what = "GET /version" };
	struct engine_version version = { 0 };
	auto_doc struct doc *d = NULL;

	if (client_call_json(c, &call, &d, e) < 0 ||
	    wire_read(&wire_engine_version, doc_root(d), call.what, &version, e) < 0)
		return -1;
	*out = version;
	return 0;
}
