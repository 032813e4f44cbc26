/*
 * The life of a twin against an engine that is played: what is asked for in which order,
 * what is removed after each way to fail, and what a killed run leaves for the next one.
 */
#include "ops/twin.h"

#include <signal.h>
#include <sys/file.h>

#include "../../support/fake_transport.h"
#include "../base/folder.h"
#include "base/fsio.h"
#include "domain/paths.h"
#include "domain/twin.h"
#include "probe_image.h"

#define ID(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define TWIN ID("1a")
#define OLD ID("2b")
#define STRANGER ID("3c")

#define IMAGE                                                                                      \
	{                                                                                          \
		"GET /v1.44/images/sha256:*", 200,                                                 \
			"{\"Id\":\"" PROBE_ID "\",\"RootFS\":{\"Layers\":[\"" PROBE_LAYER "\"]}}"  \
	}
#define CREATE(status, body)                                                                       \
	{                                                                                          \
		"POST /v1.44/containers/create?name=tc-acme-twin", status, body                    \
	}
#define CREATED CREATE(201, "{\"Id\":\"" TWIN "\"}")
#define STARTED                                                                                    \
	{                                                                                          \
		"POST /v1.44/containers/" TWIN "/start", 204, ""                                   \
	}
#define STATE(more)                                                                                \
	{                                                                                          \
		"GET /v1.44/containers/" TWIN "/json", 200,                                        \
			"{\"Id\":\"" TWIN "\",\"Name\":\"/tc-acme-twin\",\"Image\":\"" PROBE_ID    \
			"\",\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":4711" more  \
			"}}"                                                                       \
	}
#define WAITED(status)                                                                             \
	{                                                                                          \
		"POST /v1.44/containers/" TWIN "/wait?condition=not-running", 200,                 \
			"{\"StatusCode\":" status "}"                                              \
	}
#define LOGS(text)                                                                                 \
	{                                                                                          \
		"GET /v1.44/containers/" TWIN "/logs*", 200, text                                  \
	}
#define REMOVED                                                                                    \
	{                                                                                          \
		"DELETE /v1.44/containers/" TWIN "?*", 204, ""                                     \
	}
#define ROW(id, tenant, role)                                                                      \
	"{\"Id\":\"" id "\",\"State\":\"exited\",\"Labels\":{\"dev.tenantctl.tenant\":\"" tenant   \
	"\",\"dev.tenantctl.role\":\"" role "\"}}"
#define LIST(rows)                                                                                 \
	{                                                                                          \
		"GET /v1.44/containers/json?*", 200, "[" rows "]"                                  \
	}
#define OLD_REMOVED                                                                                \
	{                                                                                          \
		"DELETE /v1.44/containers/" OLD "?*", 204, ""                                      \
	}

struct host {
	struct context c;
	struct container_info worker;
	struct allocation allocation;
	struct twin_order order;
	char *lock;
	size_t used;
};

static void host_up(void **state, struct host *h, const struct script_step *steps, size_t count)
{
	struct err e = ERR_INIT;

	if (geteuid() != 0)
		skip(); /* the scratch folder is a mount */
	*h = (struct host){ .c = { .root = in(state, "root") } };
	strcpy(h->worker.id, ID("00"));
	h->worker.spec.network_mode = mem_strdup("tc-acme");
	h->allocation.nonce = mem_strdup("0123456789abcdef0123456789abcdef");
	h->allocation.worker_ip = mem_strdup("10.231.0.3");
	h->allocation.twin_ip = mem_strdup("10.231.0.4");
	h->order = (struct twin_order){
		.tenant = "acme", .worker = &h->worker, .allocation = &h->allocation, .limit_s = 1
	};
	h->lock = path_of(h->c.root, PATH_TWIN_LOCK, "acme");
	assert_ok(client_open(script_transport_new("1.44", steps, count, &h->used),
			      ENGINE_MAY_CHANGE | ENGINE_MAY_LOAD, &h->c.client, &e),
		  &e);
}

static void host_down(struct host *h)
{
	context_close(&h->c);
	container_info_free(&h->worker);
	allocation_free(&h->allocation);
	free(h->lock);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool is_held(int signal)
{
	sigset_t now;

	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	return sigismember(&now, signal) == 1;
}

static void leave_traces(const struct host *h)
{
	auto_free char *dir = path_of(h->c.root, PATH_LOCKS, NULL);
	struct err e = ERR_INIT;

	assert_ok(fsio_mkdirs(dir, 0700, &e), &e);
	assert_ok(fsio_write(h->lock, "1\n", 2, 0600, 0, 0, &e), &e);
}

static void test_whole_life(void **state)
{
	static const struct script_step steps[] = { IMAGE,	 CREATED,  STARTED, STATE(""),
						    WAITED("0"), LOGS(""), REMOVED };
	struct twin_output out auto_twin_output = { 0 };
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, steps, ARRAY_SIZE(steps));
	assert_ok(twin_start(&h.c, &h.order, &t, &e), &e);
	assert_string_equal(t.id, TWIN);
	assert_int_equal(t.pid, 4711);
	assert_true(exists(h.lock));
	assert_true(is_held(SIGTERM) && is_held(SIGINT) && is_held(SIGHUP));
	assert_ok(twin_wait(&h.c, &t, &out, &e), &e);
	assert_null(out.trouble);
	assert_ok(twin_remove(&h.c, &t, &e), &e);
	assert_int_equal(h.used, ARRAY_SIZE(steps));
	assert_false(exists(h.lock));
	assert_false(is_held(SIGTERM));
	host_down(&h);
}

/* A start that fails leaves nothing, whatever the step. */
static void expect_failure(void **state, const struct script_step *steps, size_t count,
			   const char *part)
{
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, steps, count);
	assert_int_equal(twin_start(&h.c, &h.order, &t, &e), -1);
	if (!strstr(e.message, part))
		fail_msg("'%s' lacks '%s'", e.message, part);
	assert_int_equal(h.used, count);
	assert_false(exists(h.lock));
	assert_false(is_held(SIGTERM));
	host_down(&h);
}

static void test_failed_starts(void **state)
{
	static const struct script_step refused[] = {
		IMAGE, CREATE(400, "{\"message\":\"invalid mount\"}"), LIST("")
	};
	/* the answer is lost, the container was made */
	static const struct script_step lost[] = { IMAGE, CREATE(201, "{\"Id\":\"nonsense\"}"),
						   LIST(ROW(OLD, "acme", "twin")), OLD_REMOVED };
	static const struct script_step format[] = { IMAGE,
						     CREATED,
						     { "POST /v1.44/containers/" TWIN "/start", 400,
						       "{\"message\":\"exec format error\"}" },
						     REMOVED };
	static const struct script_step blind[] = { IMAGE,
						    CREATED,
						    STARTED,
						    { "GET /v1.44/containers/" TWIN "/json", 500,
						      "{\"message\":\"no idea\"}" },
						    REMOVED };

	expect_failure(state, refused, ARRAY_SIZE(refused), "invalid mount");
	expect_failure(state, lost, ARRAY_SIZE(lost), "64 hex digits");
	expect_failure(state, format, ARRAY_SIZE(format), "exec format error");
	expect_failure(state, blind, ARRAY_SIZE(blind), "no idea");
}

/* Its trace is gone, but its name is taken: labels tell, and only they. */
static void test_name_is_taken(void **state)
{
	static const struct script_step ours[] = { IMAGE,
						   CREATE(409, "{\"message\":\"Conflict\"}"),
						   LIST(ROW(OLD, "acme", "twin")),
						   OLD_REMOVED,
						   CREATED,
						   STARTED,
						   STATE(""),
						   REMOVED };
	static const struct script_step foreign[] = {
		IMAGE, CREATE(409, "{\"message\":\"Conflict\"}"), LIST(""),
		CREATE(409, "{\"message\":\"Conflict\"}"), LIST("")
	};
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, ours, ARRAY_SIZE(ours));
	assert_ok(twin_start(&h.c, &h.order, &t, &e), &e);
	assert_ok(twin_remove(&h.c, &t, &e), &e);
	assert_int_equal(h.used, ARRAY_SIZE(ours));
	host_down(&h);
	expect_failure(state, foreign, ARRAY_SIZE(foreign), "Conflict");
}

/* What cannot be removed keeps its trace. */
static void test_removal_fails(void **state)
{
	static const struct script_step steps[] = { IMAGE,
						    CREATED,
						    STARTED,
						    STATE(""),
						    { "DELETE /v1.44/containers/" TWIN "?*", 500,
						      "{\"message\":\"device busy\"}" },
						    LIST(ROW(OLD, "acme", "twin")),
						    OLD_REMOVED };
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, steps, ARRAY_SIZE(steps));
	assert_ok(twin_start(&h.c, &h.order, &t, &e), &e);
	assert_refused(twin_remove(&h.c, &t, &e), &e, ERR_REFUSED, "device busy");
	assert_true(exists(h.lock));
	assert_false(is_held(SIGTERM));
	err_clear(&e);
	assert_ok(twin_remove_stale(&h.c, "acme", &e), &e);
	assert_false(exists(h.lock));
	assert_int_equal(h.used, ARRAY_SIZE(steps));
	host_down(&h);
}

static void test_stale(void **state)
{
	/* an engine whose filter lets others through */
	static const struct script_step steps[] = { LIST(ROW(STRANGER, "other", "twin") "," ROW(
							    STRANGER, "acme",
							    "worker") "," ROW(OLD, "acme", "twin")),
						    OLD_REMOVED };
	struct err e = ERR_INIT;
	struct host h;

	host_up(state, &h, steps, ARRAY_SIZE(steps));
	/* without traces the engine is not asked */
	assert_ok(twin_remove_stale(&h.c, "acme", &e), &e);
	assert_int_equal(h.used, 0);
	leave_traces(&h);
	assert_ok(twin_remove_stale(&h.c, "acme", &e), &e);
	assert_int_equal(h.used, ARRAY_SIZE(steps));
	assert_false(exists(h.lock));
	host_down(&h);
}

static void test_living_maker(void **state)
{
	static const struct script_step steps[] = { LIST("") };
	struct err e = ERR_INIT;
	struct host h;
	int fd = -1;

	host_up(state, &h, steps, ARRAY_SIZE(steps));
	leave_traces(&h);
	assert_ok(fsio_lock(h.lock, 0, &fd, &e), &e);
	assert_ok(twin_remove_stale(&h.c, "acme", &e), &e);
	assert_int_equal(h.used, 0);
	assert_true(exists(h.lock));
	close(fd);
	assert_ok(twin_evict(&h.c, "acme", &e), &e);
	assert_int_equal(h.used, 1);
	assert_false(exists(h.lock));
	host_down(&h);
}

/* ---- ends that prove nothing ---- */

static void run(void **state, const struct script_step *steps, size_t count,
		struct twin_output *out)
{
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, steps, count);
	assert_ok(twin_start(&h.c, &h.order, &t, &e), &e);
	assert_ok(twin_wait(&h.c, &t, out, &e), &e);
	assert_ok(twin_remove(&h.c, &t, &e), &e);
	assert_int_equal(h.used, count);
	host_down(&h);
}

static void test_bad_ends(void **state)
{
	static const struct script_step oom[] = { IMAGE,
						  CREATED,
						  STARTED,
						  STATE(""),
						  WAITED("137"),
						  LOGS(""),
						  STATE(",\"OOMKilled\":true"),
						  REMOVED };
	static const struct script_step killed[] = { IMAGE,	    CREATED,  STARTED,	 STATE(""),
						     WAITED("137"), LOGS(""), STATE(""), REMOVED };
	static const struct script_step failed[] = { IMAGE,	   CREATED,  STARTED,	STATE(""),
						     WAITED("70"), LOGS(""), STATE(""), REMOVED };
	const struct {
		const struct script_step *steps;
		size_t count;
		const char *trouble;
	} cases[] = {
		{ oom, ARRAY_SIZE(oom), "out of memory" },
		{ killed, ARRAY_SIZE(killed), "was killed" },
		{ failed, ARRAY_SIZE(failed), "status 70" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct twin_output out auto_twin_output = { 0 };

		run(state, cases[i].steps, cases[i].count, &out);
		assert_non_null(out.trouble);
		assert_non_null(strstr(out.trouble, cases[i].trouble));
	}
}

/* Asked to end while the twin runs: it is removed first, then the signal is let through. */
static void test_interrupted(void **state)
{
	static const struct script_step steps[] = { IMAGE, CREATED, STARTED, STATE(""), REMOVED };
	struct twin_output out auto_twin_output = { 0 };
	struct err e = ERR_INIT;
	struct host h;
	struct twin t;

	host_up(state, &h, steps, ARRAY_SIZE(steps));
	assert_ok(twin_start(&h.c, &h.order, &t, &e), &e);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(raise(SIGTERM), 0);
	assert_refused(twin_wait(&h.c, &t, &out, &e), &e, ERR_PARTIAL, "interrupted");
	signal(SIGTERM, SIG_IGN); /* drops the pending one: this process is needed */
	err_clear(&e);
	assert_ok(twin_remove(&h.c, &t, &e), &e);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(h.used, ARRAY_SIZE(steps));
	host_down(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_starts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removal_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_living_maker, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
