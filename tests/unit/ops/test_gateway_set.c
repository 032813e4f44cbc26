/*
 * Sets of files and their hand-over to a gateway, which here is a thread that takes, refuses, lies,
 * floods or keeps silent. Needs root for the tmpfs; says so where it cannot mount.
 */
#include "../base/folder.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "../../support/fake_transport.h"
#include "base/fsio.h"
#include "domain/gateway_files.h"
#include "domain/paths.h"
#include "ops/gateway_set.h"

#define TENANT "acme"
#define UID 1879048193u
#define ID "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HUP "POST /v1.41/containers/" ID "/kill?signal=HUP"
#define SECRET "one-1234-secret"

struct host {
	char *root;
	struct strmap files;
	struct gateway_keys keys;
	struct gateway_set set;
	bool mounted;
};

static bool host_up(void **state, struct host *h)
{
	struct err e = ERR_INIT;

	*h = (struct host){ .root = mem_strdup(((struct fixture *)*state)->dir) };
	strmap_set(&h->files, "dnsmasq.conf", "local=/#/\n");
	strmap_set(&h->files, "haproxy.cfg", "global\n");
	strmap_set(&h->files, "rules", "tls 443 api.example.com - 0 outside/r0\n");
	h->keys = (struct gateway_keys){ .keys = mem_strdup("ghl.0 " SECRET "\n"),
					 .echo = mem_strdup(SECRET "\n"),
					 .provided = mem_strdup("") };
	h->keys.keys_len = strlen(h->keys.keys);
	h->keys.echo_len = strlen(h->keys.echo);
	h->set = (struct gateway_set){ .root = h->root,
				       .tenant = TENANT,
				       .gateway_uid = UID,
				       .files = &h->files,
				       .keys = &h->keys };
	h->mounted = geteuid() == 0 && gateway_runtime_make(h->root, TENANT, UID, &e) == 0;
	return h->mounted;
}

static void host_down(struct host *h)
{
	struct err e = ERR_INIT;

	if (h->mounted && gateway_runtime_remove(h->root, TENANT, &e))
		print_error("%s\n", e.message);
	strmap_free(&h->files);
	gateway_keys_free(&h->keys);
	free(h->root);
}
#define auto_host cleanup_with(host_down)

static char *at(const struct host *h, enum path_kind kind, const char *name)
{
	auto_free char *dir = path_of(h->root, kind, TENANT);

	return mem_printf("%s/%s", dir, name);
}

static void set_key(struct host *h, const char *key)
{
	free(h->keys.keys);
	h->keys.keys = mem_printf("ghl.0 %s\n", key);
	h->keys.keys_len = strlen(h->keys.keys);
}

static void assert_differs(const struct host *h, const char *want)
{
	auto_free char *have = gateway_set_difference(&h->set);

	if (!want && have)
		fail_msg("differs: %s", have);
	if (want)
		assert_string_equal(have ? have : "nothing", want);
}

static void assert_file(const struct host *h, const char *name, const char *want)
{
	auto_free char *path = at(h, PATH_GATEWAY_SET, name);
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	struct stat st;
	size_t len;

	assert_ok(fsio_read(path, FSIO_ANY, 65536, &text, &len, &e), &e);
	if (want)
		assert_string_equal(text, want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0440);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, UID);
	assert_int_equal(st.st_nlink, 1);
}

static bool is_there(const struct host *h, enum path_kind kind)
{
	auto_free char *path = path_of(h->root, kind, TENANT);
	struct stat st;

	return lstat(path, &st) == 0;
}

/* ---- without a gateway ---- */

static void the_folder_is_a_tmpfs_of_its_own(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	struct statvfs fs;
	struct stat st;

	if (!host_up(state, &h))
		skip();
	auto_free char *top = path_of(h.root, PATH_RUNTIME, TENANT);
	auto_free char *files = path_of(h.root, PATH_GATEWAY_FILES, TENANT);
	auto_free char *own = path_of(h.root, PATH_GATEWAY_STATE, TENANT);
	assert_int_equal(statvfs(top, &fs), 0);
	assert_true((fs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
		    (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	assert_int_equal((uint64_t)fs.f_blocks * fs.f_frsize, 8 << 20);
	assert_int_equal(stat(top, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(stat(files, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, UID);
	assert_int_equal(stat(own, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(st.st_uid, UID);
	/* again: nothing is mounted on top of it */
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_ok(gateway_runtime_make(h.root, TENANT, UID, &e), &e);
	assert_differs(&h, NULL);
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_false(gateway_runtime_exists(h.root, TENANT));
	assert_differs(&h, "not there");
}

static void links_in_the_way_are_refused(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	auto_free char *top = path_of(h.root, PATH_RUNTIME, TENANT);
	auto_free char *outside = in(state, "outside");
	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(symlink(outside, top), 0);
	assert_int_equal(gateway_runtime_make(h.root, TENANT, UID, &e), -1);
	assert_int_equal(gateway_set_install(&h.set, &e), -1);
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_int_equal(access(outside, F_OK), 0);
}

static void a_set_is_installed_whole(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;

	if (!host_up(state, &h))
		skip();
	assert_differs(&h, "not there");
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_file(&h, "haproxy.cfg", "global\n");
	assert_file(&h, "keys", "ghl.0 " SECRET "\n");
	assert_file(&h, "echo", SECRET "\n");
	assert_file(&h, "generation", NULL);
	assert_differs(&h, NULL);
	set_key(&h, "two");
	assert_differs(&h, "keys");
	strmap_set(&h.files, "rules", "");
	assert_differs(&h, "egress rules, keys");
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_file(&h, "keys", "ghl.0 two\n");
	assert_differs(&h, NULL);
	h.keys.incomplete = true;
	assert_differs(&h, "keys");
	h.keys.incomplete = false;
	/* another command that prints the same is known from then on */
	mem_replace(&h.keys.provided, "maps 1234 two\n");
	h.keys.provided_len = strlen(h.keys.provided);
	assert_differs(&h, "keys");
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_differs(&h, NULL);
	auto_free char *provided = path_of(h.root, PATH_PROVIDED, TENANT);
	struct stat st;
	assert_int_equal(stat(provided, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, 0);
	assert_false(is_there(&h, PATH_GATEWAY_NEXT));
	assert_false(is_there(&h, PATH_GATEWAY_MAKING));
	/* a file too many, and one too few */
	auto_free char *more = at(&h, PATH_GATEWAY_SET, "ca-x.pem");
	put(more, "x", 0440);
	assert_differs(&h, "credentials");
	assert_int_equal(unlink(more), 0);
	auto_free char *keys = at(&h, PATH_GATEWAY_SET, "keys");
	assert_int_equal(unlink(keys), 0);
	assert_differs(&h, "keys");
}

/* Whatever a killed run left beside the set is seen, and goes with the next one. */
static void what_was_cut_short_is_done_again(void **state)
{
	static const enum path_kind left[] = { PATH_GATEWAY_NEXT, PATH_GATEWAY_MAKING };
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		auto_free char *dir = path_of(h.root, left[i], TENANT);
		auto_free char *file = at(&h, left[i], "keys");

		assert_int_equal(mkdir(dir, 0700), 0);
		put(file, "half", 0400);
		assert_differs(&h, "an earlier change was not finished");
		assert_ok(gateway_set_install(&h.set, &e), &e);
		assert_differs(&h, NULL);
	}
}

static void too_much_is_refused_before(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;

	if (!host_up(state, &h))
		skip();
	assert_ok(gateway_set_install(&h.set, &e), &e);
	auto_free char *large = mem_alloc(GATEWAY_FILE_BYTES + 2);
	memset(large, 'x', GATEWAY_FILE_BYTES + 1);
	strmap_set(&h.files, "hosts", large);
	assert_refused(gateway_set_install(&h.set, &e), &e, ERR_MANIFEST, "hosts");
	assert_file(&h, "haproxy.cfg", "global\n");
	strmap_set(&h.files, "hosts", "");
	for (int i = 0; i < GATEWAY_SET_FILES; i++) {
		auto_free char *name = mem_printf("ca-%d.pem", i);

		strmap_set(&h.files, name, "x");
	}
	assert_refused(gateway_set_install(&h.set, &e), &e, ERR_MANIFEST, "more than a gateway");
}

/* ---- with one ---- */

enum manner { TAKES, REFUSES, IS_SILENT, LINKS, PIPES, FLOODS, FOLDERS, LIES };

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
	case LIES:
		say(g, "0123456789abcdef-01234567", "result loaded\n");
		break;
	case IS_SILENT:
		break;
	}
}

static void *gateway_main(void *arg)
{
	struct gateway *g = arg;
	char generation[GENERATION_SIZE], last[GENERATION_SIZE] = "";

	while (!g->stop) {
		if (generation_in(g, PATH_GATEWAY_NEXT, generation) &&
		    strcmp(generation, last) != 0) {
			strcpy(last, generation);
			act(g, generation);
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
	struct transport *t =
		script_transport_new("1.41", steps, ARRAY_SIZE(steps), out_hups);
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
	assert_int_equal(hups, 1);
	assert_file(&h, "keys", "ghl.0 two\n");
	assert_differs(&h, NULL);
	assert_false(is_there(&h, PATH_GATEWAY_NEXT));
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

static void what_a_gateway_sees_is_asked_of_the_kernel(void **state)
{
	struct host h auto_host = { 0 };

	if (!host_up(state, &h))
		skip();
	/* this process has nothing mounted there, and a process that is gone cannot be asked */
	assert_true(gateway_runtime_is_seen(h.root, TENANT, getpid()));
	assert_true(gateway_runtime_is_seen(h.root, TENANT, 4194304));
	pid_t pid = fork();
	if (pid == 0) {
		auto_free char *files = path_of(h.root, PATH_GATEWAY_FILES, TENANT);
		auto_free char *other = in(state, "other");
		int seen;

		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    (mkdir("/etc/gateway", 0700) && errno != EEXIST))
			_exit(77);
		seen = mount(files, "/etc/gateway", NULL, MS_BIND, NULL) == 0 &&
		       gateway_runtime_is_seen(h.root, TENANT, getpid());
		umount("/etc/gateway");
		mkdir(other, 0700);
		seen = seen && mount(other, "/etc/gateway", NULL, MS_BIND, NULL) == 0 &&
		       !gateway_runtime_is_seen(h.root, TENANT, getpid());
		umount("/etc/gateway");
		rmdir("/etc/gateway");
		_exit(!seen);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(the_folder_is_a_tmpfs_of_its_own),
		WITH_FOLDER(links_in_the_way_are_refused),
		WITH_FOLDER(a_set_is_installed_whole),
		WITH_FOLDER(what_was_cut_short_is_done_again),
		WITH_FOLDER(too_much_is_refused_before),
		WITH_FOLDER(a_set_that_is_taken_is_installed),
		WITH_FOLDER(a_set_that_is_refused_never_is),
		WITH_FOLDER(answers_that_are_none),
		WITH_FOLDER(a_gateway_that_is_gone_is_an_error),
		WITH_FOLDER(what_a_gateway_sees_is_asked_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
