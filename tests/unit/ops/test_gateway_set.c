/*
 * The tmpfs of a tenant and the sets of files on it, while no gateway runs.
 */
#include "gateway_host.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "domain/gateway_files.h"

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
	assert_int_equal((uint64_t)fs.f_blocks * fs.f_frsize, 12 << 20);
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
	assert_int_equal(st.st_gid, UID);
	assert_int_equal(statvfs(own, &fs), 0);
	assert_true((fs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
		    (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	assert_int_equal((uint64_t)fs.f_blocks * fs.f_frsize, 256 << 10);
	assert_true(gateway_runtime_is_whole(h.root, TENANT));
	/* again: nothing is mounted on top of it */
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_ok(gateway_runtime_make(h.root, TENANT, UID, &e), &e);
	assert_differs(&h, NULL);
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_false(gateway_runtime_exists(h.root, TENANT));
	assert_differs(&h, "not there");
}

/* One tmpfs for all, full to the last byte: can be removed, also after a removal that was cut
 * short, and is made like a new one. */
static void the_older_kind_is_mended_and_removed(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	struct statvfs fs;

	if (!host_up(state, &h))
		skip();
	auto_free char *top = path_of(h.root, PATH_RUNTIME, TENANT);
	auto_free char *files = path_of(h.root, PATH_GATEWAY_FILES, TENANT);
	auto_free char *own = path_of(h.root, PATH_GATEWAY_STATE, TENANT);
	auto_free char *junk = at(&h, PATH_GATEWAY_STATE, "junk");
	for (int mend = 0; mend < 2; mend++) {
		assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
		assert_int_equal(mkdir(top, 0711), 0);
		assert_int_equal(mount("x", top, "tmpfs", 0, "size=8m,nr_inodes=512,mode=0711"), 0);
		assert_int_equal(mkdir(files, 0750), 0);
		assert_int_equal(mkdir(own, 0700), 0);
		assert_int_equal(chown(own, UID, UID), 0);
		fill(junk);
		assert_false(gateway_runtime_is_whole(h.root, TENANT));
		assert_false(gateway_runtime_is_seen(h.root, TENANT, getpid()));
	}
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_true(gateway_runtime_is_whole(h.root, TENANT));
	assert_differs(&h, NULL);
	assert_int_equal(statvfs(top, &fs), 0);
	assert_int_equal((uint64_t)fs.f_blocks * fs.f_frsize, 12 << 20);
	assert_true(fs.f_bfree > fs.f_blocks / 2);
	/* killed between the two */
	assert_int_equal(umount(own), 0);
	assert_differs(&h, "the gateway's own folder is not apart");
	assert_ok(gateway_runtime_remove(h.root, TENANT, &e), &e);
	assert_false(gateway_runtime_exists(h.root, TENANT));
}

/* What it is given next, and the gateway after it, find room. */
static void a_gateway_that_fills_its_folder_stops_nothing(void **state)
{
	struct host h auto_host = { 0 };
	struct err e = ERR_INIT;
	struct stat st;

	if (!host_up(state, &h))
		skip();
	auto_free char *junk = at(&h, PATH_GATEWAY_STATE, "junk");
	auto_free char *daily = at(&h, PATH_GATEWAY_STATE, "daily");
	put(daily, "ghl 20000 5\n", 0600);
	assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_int_equal(stat(daily, &st), 0);
	fill(junk);
	auto_free char *large = mem_alloc(GATEWAY_FILE_BYTES + 1);
	memset(large, 'x', GATEWAY_FILE_BYTES);
	strmap_set(&h.files, "ca-a.pem", large);
	strmap_set(&h.files, "ca-b.pem", large);
	strmap_set(&h.files, "ca-c.pem", large);
	for (int i = 0; i < 3; i++)
		assert_ok(gateway_set_install(&h.set, &e), &e);
	assert_differs(&h, NULL);
	assert_int_equal(stat(junk, &st), -1);
	put(daily, "ghl 20000 5\n", 0600);
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

/* This process as a gateway that has `source` there. */
static bool sees(const struct host *h, const char *source, const char *target)
{
	bool seen = mount(source, target, NULL, MS_BIND, NULL) == 0 &&
		    gateway_runtime_is_seen(h->root, TENANT, getpid());

	umount(target);
	return seen;
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
		auto_free char *own = path_of(h.root, PATH_GATEWAY_STATE, TENANT);
		auto_free char *other = in(state, "other");
		bool seen;

		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    (mkdir("/etc/gateway", 0700) && errno != EEXIST) ||
		    (mkdir("/var/lib/gateway", 0700) && errno != EEXIST))
			_exit(77);
		mkdir(other, 0700);
		seen = sees(&h, files, "/etc/gateway") && !sees(&h, other, "/etc/gateway") &&
		       sees(&h, own, "/var/lib/gateway") && !sees(&h, files, "/var/lib/gateway");
		rmdir("/etc/gateway");
		rmdir("/var/lib/gateway");
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
		WITH_FOLDER(the_older_kind_is_mended_and_removed),
		WITH_FOLDER(a_gateway_that_fills_its_folder_stops_nothing),
		WITH_FOLDER(links_in_the_way_are_refused),
		WITH_FOLDER(a_set_is_installed_whole),
		WITH_FOLDER(what_was_cut_short_is_done_again),
		WITH_FOLDER(too_much_is_refused_before),
		WITH_FOLDER(what_a_gateway_sees_is_asked_of_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
