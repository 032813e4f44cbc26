/*
 * The hand-over of a set of files to a gateway, which here is a thread that takes, refuses, lies,
 * floods or keeps silent.
 */
#include "gateway_host.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "../../support/fake_transport.h"
#include "domain/gateway_files.h"

#define ID "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HUP "POST /v1.41/containers/" ID "/kill?signal=HUP"

enum manner { TAKES, REFUSES, IS_SILENT, LINKS, PIPES, FLOODS, FOLDERS, LIES, HAS_NO_ROOM };

struct gateway {
	const struct host *h;
	enum manner manner;
	_Atomic bool stop;
	pthread_t thread;
};

static void say(const struct gateway *g, const char *generation, const char *rest)
{
	auto_free char *path = at(g->h, PATH_GATEWAY_STATE, "status");
	auto_free char *making = at(g->h, PATH_GATEWAY_STATE, "status.new");
	auto_free char *text = mem_printf("generation %s\n%s", generation, rest);

	put(making, text, 0600);
	rename(making, path);
}

/* One that filled its folder can still write over what is there; a page that it gives back may not
 * be there to have again. */
static void say_in_place(const struct gateway *g, const char *generation)
{
	auto_free char *path = at(g->h, PATH_GATEWAY_STATE, "status");
	auto_free char *text = mem_printf("generation %s\nresult loaded\n", generation);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0 || pwrite(fd, text, len, 0) != (ssize_t)len)
		abort();
	close(fd);
}

static bool generation_in(const struct gateway *g, enum path_kind kind, char out[GENERATION_SIZE])
{
	auto_free char *path = at(g->h, kind, "generation");
	FILE *f = fopen(path, "r");
	bool got = f && fgets(out, GENERATION_SIZE, f);

	if (f)
		fclose(f);
	return got;
}

static void act(const struct gateway *g, const char *generation)
{
	auto_free char *path = at(g->h, PATH_GATEWAY_STATE, "status");
	auto_free char *keys = at(g->h, PATH_GATEWAY_NEXT, "keys");

	switch (g->manner) {
	case TAKES:
		say(g, generation, "result loaded\n");
		break;
	case REFUSES:
		say(g, generation, "result refused\nerror line 3 of " SECRET " \033[2J\n");
		break;
	case LINKS:
		if (symlink(keys, path))
			return;
		break;
	case PIPES:
		mkfifo(path, 0600);
		break;
	case FLOODS:
		put(path, "", 0600);
		if (truncate(path, 1 << 20))
			return;
		break;
	case FOLDERS:
		mkdir(path, 0700);
		break;
	case HAS_NO_ROOM:
		say_in_place(g, generation);
		break;
	case LIES:
		say(g, "0123456789abcdef-01234567", "result loaded\n");
		break;
	case IS_SILENT:
		break;
	}
}

/* The candidate, or the set itself when it looked between two moves and is asked again. */
static bool generation_to_take(const struct gateway *g, bool again, char out[GENERATION_SIZE])
{
	if (is_there(g->h, PATH_GATEWAY_NEXT) || !again)
		return generation_in(g, PATH_GATEWAY_NEXT, out);
	return (g->manner == TAKES || g->manner == HAS_NO_ROOM) &&
	       generation_in(g, PATH_GATEWAY_SET, out);
}

static void *gateway_main(void *arg)
{
	struct gateway *g = arg;
	char generation[GENERATION_SIZE], last[GENERATION_SIZE] = "";

	while (!g->stop) {
		if (generation_to_take(g, *last != '\0', generation) &&
		    strcmp(generation, last) != 0) {
			strcpy(last, generation);
			act(g, generation);
		} else if (g->manner == REFUSES && *last && !is_there(g->h, PATH_GATEWAY_NEXT) &&
			   generation_in(g, PATH_GATEWAY_SET, generation)) {
			say(g, generation, "result loaded\n");
		}
		usleep(1000);
	}
	return NULL;
}

static int reload(struct host *h, enum manner manner, size_t *out_hups, struct err *e)
{
	static const struct script_step steps[] = {
		{ HUP, 204, "" }, { HUP, 204, "" }, { HUP, 204, "" }, { HUP, 204, "" }
	};
	struct transport *t = script_transport_new("1.41", steps, ARRAY_SIZE(steps), out_hups);
	struct gateway g = { .h = h, .manner = manner };
	struct client *client = NULL;
	struct err ignored = ERR_INIT;
	int rc;

	*out_hups = 0;
	assert_ok(client_open(t, ENGINE_MAY_CHANGE, &client, &ignored), &ignored);
	assert_int_equal(pthread_create(&g.thread, NULL, gateway_main, &g), 0);
	rc = gateway_set_reload(client, &h->set, ID, e);
	g.stop = true;
	pthread_join(g.thread, NULL);
	client_close(client);
	return rc;
}

static void a_set_that_is_taken_is_installed(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	size_t hups;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	set_key(&h, "two");
	assert_ok(reload(&h, TAKES, &hups, &e), &e);
	assert_in_range(hups, 1, 2); /* twice when it looked between two moves */
	assert_file(&h, "keys", "ghl.0 two\n");
	assert_differs(&h, NULL);
	assert_false(is_there(&h, PATH_GATEWAY_NEXT));
}

/* The status is about the set that is installed. */
static bool says_set(struct host *h)
{
	const struct gateway g = { .h = h };
	auto_free char *path = at(h, PATH_GATEWAY_STATE, "status");
	char generation[GENERATION_SIZE], text[256] = "";
	FILE *f = fopen(path, "r");

	if (!f || !generation_in(&g, PATH_GATEWAY_SET, generation)) {
		if (f)
			fclose(f);
		return false;
	}
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return strstr(text, generation) && strstr(text, "result loaded");
}

/* The room for what it is told is not its own to take. */
static void a_gateway_that_filled_its_folder_is_told(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	size_t hups;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	auto_free char *status = at(&h, PATH_GATEWAY_STATE, "status");
	auto_free char *junk = at(&h, PATH_GATEWAY_STATE, "junk");
	put(status, "generation 0123456789abcdef-01234567\nresult loaded\n", 0600);
	fill(junk);
	auto_free char *large = mem_alloc(GATEWAY_FILE_BYTES + 1);
	memset(large, 'x', GATEWAY_FILE_BYTES);
	strmap_set(&h.files, "ca-a.pem", large);
	strmap_set(&h.files, "ca-b.pem", large);
	strmap_set(&h.files, "ca-c.pem", large);
	for (int i = 0; i < 3; i++) {
		auto_free char *key = mem_printf("key-%d", i);

		set_key(&h, key);
		assert_ok(reload(&h, HAS_NO_ROOM, &hups, &e), &e);
		assert_differs(&h, NULL);
	}
	assert_int_equal(access(junk, F_OK), 0);
}

static void a_set_that_is_refused_never_is(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	size_t hups;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	strmap_set(&h.files, "haproxy.cfg", "globl\n");
	assert_refused(reload(&h, REFUSES, &hups, &e), &e, ERR_REFUSED, "line 3 of ********");
	assert_null(strstr(e.message, SECRET));
	assert_null(strchr(e.message, '\033'));
	/* asked once more, so that its last word is about the set that is there */
	assert_int_equal(hups, 2);
	assert_true(says_set(&h));
	assert_file(&h, "haproxy.cfg", "global\n");
	assert_differs(&h, "configuration");
	assert_false(is_there(&h, PATH_GATEWAY_NEXT));
	assert_false(is_there(&h, PATH_GATEWAY_MAKING));
	strmap_set(&h.files, "haproxy.cfg", "global\n");
	assert_differs(&h, NULL);
}

/* What a gateway that was taken over can do with its answer: nothing but not answer. */
static void answers_that_are_none(void **state unused_arg)
{
	static const enum manner manners[] = { IS_SILENT, LINKS, PIPES, FLOODS, FOLDERS, LIES };
	pid_t children[ARRAY_SIZE(manners)];

	if (geteuid() != 0)
		skip();
	/* each takes its ten seconds: side by side */
	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		children[i] = fork();
		if (children[i])
			continue;
		struct fixture own = { 0 };
		void *own_state = &own;
		struct host h = { 0 };
		struct err e = ERR_INIT;
		size_t hups;
		int failed = 1;

		snprintf(own.dir, sizeof(own.dir), "/tmp/tenantctl-gwset-XXXXXX");
		if (!mkdtemp(own.dir) || !host_up(&own_state, &h))
			_exit(77);
		if (!gateway_set_install(&h.set, &e)) {
			set_key(&h, "two");
			failed = reload(&h, manners[i], &hups, &e) != -1 || e.code != ERR_TIMEOUT ||
				 hups != 4 || is_there(&h, PATH_GATEWAY_NEXT) ||
				 !is_there(&h, PATH_GATEWAY_MAKING);
			assert_file(&h, "keys", "ghl.0 " SECRET "\n");
			/* nobody knows what the gateway runs on: not forgotten when the edit is */
			set_key(&h, SECRET);
			assert_differs(&h, "an earlier change was not finished");
		}
		host_down(&h);
		nftw(own.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		_exit(failed);
	}
	bool skipped = false;
	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		int status = 0;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		skipped |= WIFEXITED(status) && WEXITSTATUS(status) == 77;
		if (!skipped && status)
			fail_msg("manner %d: status %d", manners[i], status);
	}
	if (skipped)
		skip();
}

static void a_gateway_that_is_gone_is_an_error(void **state)
{
	static const struct script_step steps[] = { { HUP, 409, "{\"message\":\"not running\"}" } };
	struct host h auto_host = { 0 };
	struct client *client auto_client = NULL;
	struct err e = ERR_INIT;
	size_t used = 0;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	set_key(&h, "two");
	assert_ok(client_open(script_transport_new("1.41", steps, 1, &used), ENGINE_MAY_CHANGE,
			      &client, &e),
		  &e);
	assert_refused(gateway_set_reload(client, &h.set, ID, &e), &e, ERR_CONFLICT, "not running");
	assert_file(&h, "keys", "ghl.0 " SECRET "\n");
	assert_false(is_there(&h, PATH_GATEWAY_NEXT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(a_set_that_is_taken_is_installed),
		WITH_FOLDER(a_gateway_that_filled_its_folder_is_told),
		WITH_FOLDER(a_set_that_is_refused_never_is),
		WITH_FOLDER(answers_that_are_none),
		WITH_FOLDER(a_gateway_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
