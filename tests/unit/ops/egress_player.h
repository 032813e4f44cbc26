/* A tenant "acme" with a manifest, and an engine that is played: one gateway and its log. */
#ifndef TESTS_UNIT_OPS_EGRESS_PLAYER_H
#define TESTS_UNIT_OPS_EGRESS_PLAYER_H

#include "../base/folder.h"

#include "base/fsio.h"
#include "base/log.h"
#include "domain/paths.h"
#include "ops/egress.h"

#define ID(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define ONE ID("1a")
#define TWO ID("2b")
#define MANIFEST                                                                                   \
	"# of acme\nversion: 1\ntenant: acme\nimage: example/worker:1.0\negress:\n"                \
	"  - api.example.com   # LLM\n  - \"*.slack.com\"\n"                                       \
	"  - { host: old.example.com, expires: 2020-01-01, reason: trial }\n"

struct player {
	struct transport base;
	const char *id;	 /* of the gateway; NULL: none */
	const char *log; /* lines; each becomes a message */
	const char *tenant;
	bool running;
	char since[64]; /* asked for last */
	/* Called once, when the reload looks at networks: the manifest was written before. */
	void (*during_reload)(const struct context *c);
	const struct context *c;
};

static inline void put_frames(const struct engine_request *req, const char *log)
{
	while (*log) {
		size_t len = strcspn(log, "\n") + 1;
		unsigned char head[8] = {
			1, 0, 0, 0, 0, 0, (unsigned char)(len >> 8), (unsigned char)len
		};
		(void)req->sink(req->sink_arg, (const char *)head, sizeof(head));
		(void)req->sink(req->sink_arg, log, len);
		log += len;
	}
}

static inline int play(struct transport *t, const struct engine_request *req,
		       struct engine_reply *reply, struct err *e)
{
	struct player *p = (struct player *)t;
	const char *since = strstr(req->path, "&since=");

	(void)e;
	if (p->during_reload && strstr(req->path, "/networks/")) {
		p->during_reload(p->c);
		p->during_reload = NULL;
	}
	strbuf_free(&reply->body);
	*reply = (struct engine_reply){ .status = 200, .body = STRBUF_INIT(65536) };
	if (strcmp(req->path, "/_ping") == 0) {
		snprintf(reply->api_version, sizeof(reply->api_version), "1.41");
		snprintf(reply->server, sizeof(reply->server), "Docker/0 (played)");
	} else if (!p->id || strcmp(req->method, "GET") != 0) {
		reply->status = p->id ? 500 : 404;
		strbuf_puts(&reply->body, "{\"message\":\"the engine says no\"}");
	} else if (strstr(req->path, "/containers/tc-acme-gw/json")) {
		strbuf_printf(&reply->body,
			      "{\"Id\":\"%s\",\"Name\":\"/tc-acme-gw\",\"Image\":\"sha256:%s\","
			      "\"State\":{\"Status\":\"running\",\"Running\":%s,\"Pid\":0},"
			      "\"Config\":{\"Labels\":{\"dev.tenantctl.tenant\":\"%s\"}},"
			      "\"HostConfig\":{}}",
			      p->id, p->id, p->running ? "true" : "false", p->tenant);
	} else if (strstr(req->path, p->id) && strstr(req->path, "/logs?") && req->sink) {
		snprintf(p->since, sizeof(p->since), "%s", since ? since + 7 : "");
		put_frames(req, p->log);
	} else {
		reply->status = strstr(req->path, "/logs?") ? 404 : 500;
		strbuf_puts(&reply->body, "{\"message\":\"the engine says no\"}");
	}
	return 0;
}

static inline void play_end(struct transport *t)
{
	(void)t;
}

static inline void begin(void **state, struct context *c, struct player *p)
{
	static const struct transport_ops ops = { .perform = play, .close = play_end };
	auto_free char *root = in(state, "root");
	struct context_options o = { .root = root };
	struct err e = ERR_INIT;

	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(context_open(&o, c, &e), &e);
	auto_free char *dir = path_of(root, PATH_MANIFESTS, NULL);
	auto_free char *own = path_of(root, PATH_TENANT_STATE, "acme");
	assert_ok(fsio_mkdirs(dir, 0755, &e), &e);
	assert_ok(fsio_mkdirs(own, 0700, &e), &e);
	auto_free char *path = path_of(root, PATH_MANIFEST, "acme");
	put(path, MANIFEST, 0640);
	*p = (struct player){ .base.ops = &ops, .log = "", .tenant = "acme", .c = c };
	assert_ok(client_open(&p->base, ENGINE_MAY_CHANGE, &c->client, &e), &e);
	log_set_level(LOG_ERROR);
}

static inline char *manifest_text(const struct context *c)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, "acme");
	char *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	assert_ok(fsio_read(path, FSIO_ANY, 65536, &text, &len, &e), &e);
	return text;
}

#endif
