/*
 * allow and revoke: edits of the manifest's text, which never says what its gateway refused,
 * also when others are at the same tenant.
 */
#include "egress_player.h"

#include <pthread.h>

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

/* ---- others at the same time ---- */

static int lock_tenant(const struct context *c, struct err *e)
{
	auto_free char *dir = path_of(c->root, PATH_LOCKS, NULL);
	auto_free char *path = path_of(c->root, PATH_TENANT_LOCK, "acme");
	int fd = -1;

	assert_ok(fsio_mkdirs(dir, 0700, e), e);
	return fsio_lock(path, 0, &fd, e) ? -1 : fd;
}

static void a_busy_tenant_is_left_alone(void **state)
{
	const struct egress_entry entry = { .host = (char *)"new.example.net", .port = 443 };
	auto_free char *pid = mem_printf("held by another run (pid %ld)", (long)getpid());
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	c.lock_wait_ms = 0;
	int held = lock_tenant(&c, &e);
	assert_true(held >= 0);
	assert_refused(ops_egress_allow(&c, "acme", &entry, &r, &e), &e, ERR_BUSY, pid);
	assert_non_null(strstr(e.message, "the tenant is busy: "));
	assert_non_null(strstr(e.message, "acme"));
	assert_non_null(strstr(e.hint, "nothing was changed; run the command again"));
	assert_refused(ops_egress_revoke(&c, "acme", "api.example.com", 0, &r, &e), &e, ERR_BUSY,
		       pid);
	auto_free char *text = manifest_text(&c);
	assert_string_equal(text, MANIFEST);
	check_locks_are_gone(&c);
	close(held);
	err_clear(&e);
	assert_ok(ops_egress_allow(&c, "acme", &entry, &r, &e), &e);
	egress_changed_free(&r);
	context_close(&c);
}

struct start { /* a run that starts the gateway on the rules as they were */
	struct player *p;
	int lock;
};

static void *start_main(void *arg)
{
	const struct start *s = arg;

	usleep(150000);
	s->p->id = ONE;
	s->p->running = true;
	close(s->lock);
	return NULL;
}

/* Whether a gateway runs is looked at when nobody else can start one any more. */
static void a_gateway_that_was_just_started_is_seen(void **state)
{
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;
	pthread_t thread;

	begin(state, &c, &p);
	struct start s = { .p = &p, .lock = lock_tenant(&c, &e) };
	assert_true(s.lock >= 0);
	assert_int_equal(pthread_create(&thread, NULL, start_main, &s), 0);
	/* it is to be reloaded, which the engine does not let happen here */
	assert_int_equal(ops_egress_revoke(&c, "acme", "api.example.com", 0, &r, &e), -1);
	pthread_join(thread, NULL);
	assert_non_null(strstr(e.message, "the manifest is as it was"));
	auto_free char *text = manifest_text(&c);
	assert_string_equal(text, MANIFEST);
	context_close(&c);
}

static void expect_lock_and_new_text(const struct context *c)
{
	auto_free char *text = manifest_text(c);
	struct err e = ERR_INIT;

	assert_null(strstr(text, "api.example.com"));
	assert_int_equal(lock_tenant(c, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
}

static void remove_manifest(const struct context *c)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, "acme");

	expect_lock_and_new_text(c);
	assert_int_equal(unlink(path), 0);
}

static void edit_manifest(const struct context *c)
{
	auto_free char *path = path_of(c->root, PATH_MANIFEST, "acme");

	expect_lock_and_new_text(c);
	put(path, MANIFEST "# more\n", 0640);
}

/* The lock is held from the text to the gateway's answer and the way back, and on that way nothing
 * is overwritten that somebody did to the file meanwhile. */
static void only_what_was_written_is_taken_back(void **state)
{
	static const struct {
		void (*during_reload)(const struct context *c);
		const char *said, *left; /* NULL: no file */
	} cases[] = {
		{ expect_lock_and_new_text, "the manifest is as it was", MANIFEST },
		{ edit_manifest, "is as they left it", MANIFEST "# more\n" },
		{ remove_manifest, "the manifest was removed by somebody else", NULL },
	};
	struct egress_changed r = { 0 };
	struct err e = ERR_INIT;
	struct context c;
	struct player p;

	begin(state, &c, &p);
	auto_free char *path = path_of(c.root, PATH_MANIFEST, "acme");
	p.id = ONE;
	p.running = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(path, MANIFEST, 0640);
		p.during_reload = cases[i].during_reload;
		assert_int_equal(ops_egress_revoke(&c, "acme", "api.example.com", 0, &r, &e), -1);
		assert_null(p.during_reload);
		assert_non_null(strstr(e.message, cases[i].said));
		assert_int_equal(access(path, F_OK), cases[i].left ? 0 : -1);
		if (cases[i].left) {
			auto_free char *text = manifest_text(&c);
			assert_string_equal(text, cases[i].left);
		}
		err_clear(&e);
		int lock = lock_tenant(&c, &e);
		assert_true(lock >= 0);
		close(lock);
	}
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
		WITH_FOLDER(allow_and_revoke_edit_the_manifest),
		WITH_FOLDER(what_is_allowed_already_is_said),
		WITH_FOLDER(mistakes_change_nothing),
		WITH_FOLDER(what_the_gateway_refuses_is_put_back),
		WITH_FOLDER(a_busy_tenant_is_left_alone),
		WITH_FOLDER(a_gateway_that_was_just_started_is_seen),
		WITH_FOLDER(only_what_was_written_is_taken_back),
		WITH_FOLDER(many_are_removed_in_one_edit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
