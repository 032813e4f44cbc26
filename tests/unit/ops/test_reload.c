/*
 * Which gateways a reload finds, and what becomes of a command's value when there is none
 * to take the new one.
 */
#include "../base/folder.h"

#include "base/fsio.h"
#include "domain/desired.h"
#include "domain/paths.h"
#include "ops/gateway_set.h"

#define ID "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a"
#define MANIFEST                                                                                   \
	"version: 1\ntenant: acme\nimage: example/worker:1.0\n"                                    \
	"credentials:\n"                                                                           \
	"  - { name: maps, upstream: \"https://maps.example.com\", inject: { query: key },\n"      \
	"      command: [ /bin/echo, new-1234 ] }\n"

struct player { /* an engine with nothing but, where there is one, the tenant's gateway */
	struct transport base;
	bool present, running;
};

static int play(struct transport *t, const struct engine_request *req, struct engine_reply *reply,
		struct err *e)
{
	const struct player *p = (struct player *)t;

	(void)e;
	strbuf_free(&reply->body);
	*reply = (struct engine_reply){ .status = 200, .body = STRBUF_INIT(65536) };
	if (strcmp(req->path, "/_ping") == 0) {
		snprintf(reply->api_version, sizeof(reply->api_version), "1.41");
		snprintf(reply->server, sizeof(reply->server), "Docker/0 (played)");
	} else if (p->present && strstr(req->path, "/containers/tc-acme-gw/json")) {
		strbuf_printf(&reply->body,
			      "{\"Id\":\"" ID "\",\"Name\":\"/tc-acme-gw\",\"Image\":\"sha256:" ID
			      "\",\"State\":{\"Status\":\"running\",\"Running\":%s,\"Pid\":0},"
			      "\"Config\":{\"Labels\":{\"" LABEL_TENANT "\":\"acme\",\"" LABEL_ROLE
			      "\":\"" ROLE_GATEWAY "\"}},\"HostConfig\":{}}",
			      p->running ? "true" : "false");
	} else {
		reply->status = 404;
		strbuf_puts(&reply->body, "{\"message\":\"nothing there\"}");
	}
	return 0;
}

static void play_end(struct transport *t)
{
	(void)t;
}

/* A tenant whose command printed something earlier. */
static void begin(void **state, struct context *c, struct player *p)
{
	static const struct transport_ops ops = { .perform = play, .close = play_end };
	auto_free char *root = in(state, "root");
	struct context_options o = { .root = root };
	struct gateway_keys k auto_keys = { 0 };
	auto_spec struct tenant_spec spec = { 0 };
	const struct keys_options fresh = { .source = KEYS_FRESH };
	struct err e = ERR_INIT;

	assert_int_equal(mkdir(root, 0755), 0);
	assert_ok(context_open(&o, c, &e), &e);
	auto_free char *dir = path_of(root, PATH_MANIFESTS, NULL);
	auto_free char *runtime = path_of(root, PATH_RUNTIME, "acme");
	auto_free char *path = path_of(root, PATH_MANIFEST, "acme");
	auto_free char *provided = path_of(root, PATH_PROVIDED, "acme");
	assert_ok(fsio_mkdirs(dir, 0755, &e), &e);
	assert_ok(fsio_mkdirs(runtime, 0711, &e), &e);
	put(path, MANIFEST, 0640);
	assert_ok(tenant_manifest(c, "acme", NULL, &spec, NULL, &e), &e);
	assert_ok(gateway_keys_load(c, &spec, &fresh, &k, &e), &e);
	const char *value = strstr(k.provided, "new-1234");
	assert_non_null(value);
	auto_free char *old = mem_printf("%.*sold-1234\n", (int)(value - k.provided), k.provided);
	put(provided, old, 0600);
	*p = (struct player){ .base.ops = &ops };
	assert_ok(client_open(&p->base, ENGINE_MAY_CHANGE, &c->client, &e), &e);
}

/* What a start would hand to the gateway: "old" is what is known, "new" what is asked for. */
static void assert_key(const struct context *c, enum keys_source source, const char *want)
{
	auto_spec struct tenant_spec spec = { 0 };
	const struct keys_options o = { .source = source };
	struct gateway_keys k auto_keys = { 0 };
	struct err e = ERR_INIT;

	assert_ok(tenant_manifest(c, "acme", NULL, &spec, NULL, &e), &e);
	assert_ok(gateway_keys_load(c, &spec, &o, &k, &e), &e);
	assert_int_equal(k.incomplete, want == NULL);
	assert_string_equal(k.keys, want ? want : "");
}

static void rotate_without_a_gateway(void **state, bool stopped)
{
	struct keys_options o = { .source = KEYS_KEEP, .missing_ok = true };
	struct run_result r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	p.present = stopped;
	/* other secrets are no reason to run it */
	assert_ok(ops_reload_keys(&c, "acme", &o, &r, &e), &e);
	assert_key(&c, KEYS_LOOK, "maps.0 old-1234\n");
	o.rerun = "maps";
	assert_ok(ops_reload_keys(&c, "acme", &o, &r, &e), &e);
	assert_null(r.plan.tenant);
	assert_key(&c, KEYS_LOOK, NULL);
	assert_key(&c, KEYS_KEEP, "maps.0 new-1234\n");
	/* nothing to forget, as after a reboot */
	assert_ok(ops_reload_keys(&c, "acme", &o, &r, &e), &e);
	context_close(&c);
}

static void with_a_stopped_gateway_the_next_start_asks_anew(void **state)
{
	rotate_without_a_gateway(state, true);
}

static void without_a_gateway_the_next_start_asks_anew(void **state)
{
	rotate_without_a_gateway(state, false);
}

static void nothing_is_forgotten_while_a_gateway_is_started(void **state)
{
	const struct keys_options o = { .source = KEYS_KEEP, .rerun = "maps" };
	struct run_result r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;
	int held = -1;

	begin(state, &c, &p);
	auto_free char *dir = path_of(c.root, PATH_LOCKS, NULL);
	auto_free char *path = path_of(c.root, PATH_TENANT_LOCK, "acme");
	c.lock_wait_ms = 0;
	assert_ok(fsio_mkdirs(dir, 0700, &e), &e);
	assert_ok(fsio_lock(path, 0, &held, &e), &e);
	assert_refused(ops_reload_keys(&c, "acme", &o, &r, &e), &e, ERR_BUSY, "another run");
	assert_key(&c, KEYS_LOOK, "maps.0 old-1234\n");
	close(held);
	context_close(&c);
}

/* A gateway that runs without the tenant's state takes no set, and is not "not running". */
static void a_gateway_without_state_is_refused(void **state)
{
	const struct keys_options o = { .source = KEYS_KEEP, .rerun = "maps" };
	struct run_result r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	p.present = p.running = true;
	assert_refused(ops_reload_keys(&c, "acme", &o, &r, &e), &e, ERR_CONFLICT,
		       "left from an earlier creation");
	assert_key(&c, KEYS_LOOK, "maps.0 old-1234\n");
	context_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(with_a_stopped_gateway_the_next_start_asks_anew),
		WITH_FOLDER(without_a_gateway_the_next_start_asks_anew),
		WITH_FOLDER(nothing_is_forgotten_while_a_gateway_is_started),
		WITH_FOLDER(a_gateway_without_state_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
