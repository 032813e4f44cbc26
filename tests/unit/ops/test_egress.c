/*
 * Harvest and change of egress against an engine that is played here: what is counted and
 * kept, and that a manifest never says what its gateway refused.
 */
#include "../base/folder.h"

#include "../../../src/ops/egress_state.h"
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

/* ---- an engine with one gateway and its log ---- */

struct player {
	struct transport base;
	const char *id;	 /* of the gateway; NULL: none */
	const char *log; /* lines; each becomes a message */
	const char *tenant;
	bool running;
	char since[64]; /* asked for last */
};

static void put_frames(const struct engine_request *req, const char *log)
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

static int play(struct transport *t, const struct engine_request *req, struct engine_reply *reply,
		struct err *e)
{
	struct player *p = (struct player *)t;
	const char *since = strstr(req->path, "&since=");

	(void)e;
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

static void play_end(struct transport *t)
{
	(void)t;
}

static void begin(void **state, struct context *c, struct player *p)
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
	*p = (struct player){ .base.ops = &ops, .log = "", .tenant = "acme" };
	assert_ok(client_open(&p->base, ENGINE_MAY_CHANGE, &c->client, &e), &e);
	log_set_level(LOG_ERROR);
}

static char *manifest_text(const struct context *c)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, "acme");
	char *text = NULL;
	struct err e = ERR_INIT;
	size_t len;

	assert_ok(fsio_read(path, FSIO_ANY, 65536, &text, &len, &e), &e);
	return text;
}

/* ---- harvest ---- */

#define LINE(second, verdict, rule, sni)                                                           \
	"2026-11-25T18:00:" second ".000000000Z {\"event\":\"tls\",\"tenant\":\"acme\",\"port\":"  \
	"443,\"verdict\":\"" verdict "\",\"rule\":" rule ",\"sni\":\"" sni                         \
	"\",\"reason\":\"name\","                                                                  \
	"\"up\":1,\"down\":2}\n"
#define HIT(second) LINE(second, "allowed", "\"tls:443:api.example.com\"", "api.example.com")

static int64_t hits(struct context *c)
{
	struct egress_view v = { 0 };
	const struct egress_use *use;
	struct err e = ERR_INIT;
	int64_t n;

	assert_ok(ops_egress_view(c, "acme", &v, &e), &e);
	use = egress_state_use(&v.state, "tls:443:api.example.com");
	assert_non_null(use);
	assert_true(use->since > 0);
	n = use->hits;
	egress_view_free(&v);
	return n;
}

static void counters_outlive_log_and_container(void **state)
{
	struct context c;
	struct player p;

	begin(state, &c, &p);
	assert_int_equal(hits(&c), 0); /* no gateway */
	p.id = ONE;
	p.log = HIT("01") HIT("02") LINE("03", "denied", "null", "evil.example.org");
	assert_int_equal(hits(&c), 2);
	assert_string_equal(p.since, "");
	assert_int_equal(hits(&c), 2);
	assert_string_equal(p.since, "1795629603.000000000");
	p.log = HIT("04"); /* rotated: the rest is gone */
	assert_int_equal(hits(&c), 3);
	p.id = TWO; /* a new container */
	p.log = HIT("01");
	assert_int_equal(hits(&c), 4);
	assert_string_equal(p.since, "");
	p.id = NULL;
	assert_int_equal(hits(&c), 4);
	p.id = TWO;
	p.tenant = "other"; /* whoever took the name: not ours */
	p.log = HIT("05");
	assert_int_equal(hits(&c), 4);
	context_close(&c);
}

/* Another run replaced the container between the look for it and the look at its log. */
static void a_container_that_is_gone_changes_nothing(void **state)
{
	struct context c;
	struct player p;
	struct err e = ERR_INIT;

	begin(state, &c, &p);
	p.id = TWO;
	p.log = HIT("01");
	assert_int_equal(hits(&c), 1);
	assert_ok(egress_harvest(&c, c.client, "acme", ONE, NULL, NULL, &e), &e);
	assert_int_equal(hits(&c), 1);
	context_close(&c);
}

static void damaged_counters_begin_anew(void **state)
{
	struct context c;
	struct player p;

	begin(state, &c, &p);
	auto_free char *path = path_of(c.root, PATH_EGRESS, "acme");
	p.id = ONE;
	p.log = HIT("01");
	assert_int_equal(hits(&c), 1);
	put(path, "{\"uses\":[{\"rule\":7}", 0600);
	assert_int_equal(hits(&c), 1); /* from the log that is there */
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	context_close(&c);
}

static void without_state_nothing_is_kept(void **state)
{
	struct egress_view v = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	auto_free char *own = path_of(c.root, PATH_TENANT_STATE, "acme");
	assert_int_equal(rmdir(own), 0);
	assert_ok(ops_egress_view(&c, "acme", &v, &e), &e);
	assert_int_equal(v.state.uses.count, 0);
	egress_view_free(&v);
	assert_int_equal(access(own, F_OK), -1);
	assert_int_equal(ops_egress_view(&c, "nobody", &v, &e), -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	context_close(&c);
}

/* ---- change ---- */

static void check_locks_are_gone(const struct context *c)
{
	auto_free char *locks = path_of(c->root, PATH_LOCKS, NULL);
	struct strlist names auto_strlist = { 0 };
	struct err e = ERR_INIT;

	assert_ok(fsio_list(locks, 10, &names, &e), &e);
	for (size_t i = 0; i < names.count; i++)
		assert_null(strstr(names.items[i], "manifest"));
}

static void allow_and_revoke_edit_the_manifest(void **state)
{
	struct egress_entry entry = { .host = (char *)"new.example.net",
				      .port = 443,
				      .reason = (char *)"bot" };
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;
	struct stat st;

	begin(state, &c, &p);
	auto_free char *path = path_of(c.root, PATH_MANIFEST, "acme");
	assert_int_equal(chmod(path, 0604), 0);
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	assert_int_equal(r.effect, EGRESS_AT_START);
	assert_string_equal(r.rules.items[0], "tls:443:new.example.net");
	egress_changed_free(&r);
	auto_free char *text = manifest_text(&c);
	assert_string_equal(text, MANIFEST "  - { host: new.example.net, reason: bot }\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);
	/* again: nothing to do; another reason: changed in its place */
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	assert_int_equal(r.effect, EGRESS_UNCHANGED);
	egress_changed_free(&r);
	entry.reason = (char *)"other";
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	assert_true(r.replaced && r.effect == EGRESS_AT_START);
	egress_changed_free(&r);
	auto_free char *other = manifest_text(&c);
	assert_string_equal(other, MANIFEST "  - { host: new.example.net, reason: other }\n");
	assert_ok(ops_egress_revoke(&c, "acme", "new.example.net", 0, &r, &e), &e);
	assert_int_equal(r.rules.count, 1);
	egress_changed_free(&r);
	auto_free char *back = manifest_text(&c);
	assert_string_equal(back, MANIFEST);
	check_locks_are_gone(&c);
	context_close(&c);
}

static void what_is_allowed_already_is_said(void **state)
{
	struct egress_entry entry = { .host = (char *)"a.slack.com", .port = 443 };
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	assert_int_equal(r.effect, EGRESS_UNCHANGED);
	assert_string_equal(r.rules.items[0], "tls:443:*.slack.com");
	egress_changed_free(&r);
	/* an entry that is over is not: it loses its date and keeps its reason */
	entry.host = (char *)"old.example.com";
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	assert_true(r.replaced);
	egress_changed_free(&r);
	auto_free char *text = manifest_text(&c);
	assert_non_null(strstr(text, "- { host: old.example.com, reason: trial }\n"));
	context_close(&c);
}

static void mistakes_change_nothing(void **state)
{
	struct egress_entry bad = { .host = (char *)"localhost", .port = 443 };
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	assert_int_equal(ops_egress_allow(&c, "acme", &bad, &r, &e), -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	assert_int_equal(ops_egress_revoke(&c, "acme", "a.slack.com", 0, &r, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.hint, "tls:443:*.slack.com"));
	assert_int_equal(ops_egress_revoke(&c, "acme", "api.example.com", 8443, &r, &e), -1);
	assert_non_null(strstr(e.hint, "--port 443"));
	auto_free char *text = manifest_text(&c);
	assert_string_equal(text, MANIFEST);
	check_locks_are_gone(&c);
	context_close(&c);
}

static void what_the_gateway_refuses_is_put_back(void **state)
{
	const struct egress_entry entry = { .host = (char *)"new.example.net", .port = 443 };
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	p.id = ONE;
	p.running = true; /* and nothing else of the engine works */
	assert_int_equal(ops_egress_allow(&c, "acme", &entry, &r, &e), -1);
	assert_non_null(strstr(e.message, "the manifest is as it was"));
	assert_int_equal(ops_egress_revoke(&c, "acme", "api.example.com", 0, &r, &e), -1);
	assert_non_null(strstr(e.message, "the manifest is as it was"));
	auto_free char *text = manifest_text(&c);
	assert_string_equal(text, MANIFEST);
	check_locks_are_gone(&c);
	context_close(&c);
}

static void many_are_removed_in_one_edit(void **state)
{
	struct strlist rules auto_strlist = { 0 };
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	strlist_add(&rules, "tls:443:api.example.com");
	strlist_add(&rules, "tls:443:old.example.com");
	strlist_add(&rules, "tls:443:never.example.com");
	assert_ok(ops_egress_remove(&c, "acme", &rules, &r, &e), &e);
	assert_int_equal(r.rules.count, 2);
	egress_changed_free(&r);
	auto_free char *text = manifest_text(&c);
	assert_non_null(strstr(text, "egress:\n  - \"*.slack.com\"\n"));
	assert_null(strstr(text, "example.com"));
	assert_ok(ops_egress_remove(&c, "acme", &rules, &r, &e), &e);
	assert_int_equal(r.effect, EGRESS_UNCHANGED);
	egress_changed_free(&r);
	context_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(counters_outlive_log_and_container),
		WITH_FOLDER(a_container_that_is_gone_changes_nothing),
		WITH_FOLDER(damaged_counters_begin_anew),
		WITH_FOLDER(without_state_nothing_is_kept),
		WITH_FOLDER(allow_and_revoke_edit_the_manifest),
		WITH_FOLDER(what_is_allowed_already_is_said),
		WITH_FOLDER(mistakes_change_nothing),
		WITH_FOLDER(what_the_gateway_refuses_is_put_back),
		WITH_FOLDER(many_are_removed_in_one_edit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
