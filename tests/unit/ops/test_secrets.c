/*
 * Secrets on disk and from commands, and what others could do to them: links, second names, modes,
 * swaps while they are read, programs that hang, flood, fail and say too much. No message may hold
 * a secret.
 */
#include "../base/folder.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/child.h"
#include "base/fsio.h"
#include "domain/paths.h"
#include "domain/secret_value.h"
#include "ops/secrets.h"

#define TENANT "acme"
#define CANARY "canary-4711-secret"

static char *root_of(void **state)
{
	return mem_strdup(((struct fixture *)*state)->dir);
}

static char *file_of(void **state, const char *name)
{
	auto_free char *root = root_of(state);
	auto_free char *dir = path_of(root, PATH_TENANT_SECRETS, TENANT);

	return mem_printf("%s/%s", dir, name);
}

static void store(void **state, const char *key, const char *text)
{
	auto_free char *root = root_of(state);
	const struct secret s = { .text = (char *)text, .len = strlen(text) };
	struct err e = ERR_INIT;

	assert_ok(secret_write(root, TENANT, key, &s, false, &e), &e);
}

static void assert_reads(void **state, const char *key, const char *want)
{
	auto_free char *root = root_of(state);
	struct secret s auto_secret = { 0 };
	struct err e = ERR_INIT;

	assert_ok(secret_read(root, TENANT, key, &s, &e), &e);
	assert_int_equal(s.len, strlen(want));
	assert_string_equal(s.text, want);
}

static void assert_refuses(void **state, const char *key, enum err_code code, const char *part)
{
	auto_free char *root = root_of(state);
	struct secret s auto_secret = { 0 };
	struct err e = ERR_INIT;

	assert_refused(secret_read(root, TENANT, key, &s, &e), &e, code, part);
	assert_null(s.text);
	assert_null(strstr(e.message, CANARY));
	assert_null(strstr(e.hint, CANARY));
}

static void are_stored_for_root_alone(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *path = file_of(state, "ghl");
	auto_free char *dir = path_of(root, PATH_TENANT_SECRETS, TENANT);
	struct err e = ERR_INIT;
	struct stat st;

	assert_refuses(state, "ghl", ERR_NOT_FOUND, "ghl");
	assert_false(secret_exists(root, TENANT, "ghl"));
	umask(0);
	store(state, "ghl", CANARY);
	umask(022);
	assert_true(secret_exists(root, TENANT, "ghl"));
	assert_false(secret_is_encrypted(root, TENANT, "ghl"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_reads(state, "ghl", CANARY);
	store(state, "ghl", "another one");
	assert_reads(state, "ghl", "another one");
	assert_ok(secret_remove(root, TENANT, "ghl", &e), &e);
	assert_ok(secret_remove(root, TENANT, "ghl", &e), &e);
	assert_false(secret_exists(root, TENANT, "ghl"));
}

/* Half a secret, from a run that was killed, is as secret as a whole one. */
static void what_a_killed_run_left_goes(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *left = file_of(state, ".ghl.0123456789abcdef");
	auto_free char *sealed_left = file_of(state, ".ghl.cred.0123456789abcdef");
	auto_free char *other = file_of(state, ".crm.0123456789abcdef");
	struct err e = ERR_INIT;

	assert_ok(secret_remove(root, TENANT, "ghl", &e), &e); /* there is no folder yet */
	store(state, "ghl", CANARY);
	put(left, CANARY, 0600);
	put(sealed_left, CANARY, 0600);
	put(other, CANARY, 0600);
	store(state, "ghl", "another one");
	assert_reads(state, "ghl", "another one");
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(sealed_left, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
	put(left, CANARY, 0600);
	assert_ok(secret_remove(root, TENANT, "ghl", &e), &e);
	assert_int_equal(access(left, F_OK), -1);
}

static void *set_often(void *arg)
{
	const struct secret s = { .text = (char *)CANARY, .len = strlen(CANARY) };
	size_t failed = 0;

	for (int i = 0; i < 100; i++) {
		struct err e = ERR_INIT;

		failed += secret_write(arg, TENANT, "ghl", &s, false, &e) != 0;
	}
	return failed ? arg : NULL;
}

static void setting_at_once_is_no_error(void **state)
{
	auto_free char *root = root_of(state);
	pthread_t threads[4];

	store(state, "ghl", CANARY);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, set_often, root), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed = NULL;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_reads(state, "ghl", CANARY);
}

static void others_must_not_have_a_hand_in_it(void **state)
{
	auto_free char *path = file_of(state, "ghl");
	auto_free char *second = file_of(state, "second");
	auto_free char *outside = in(state, "outside");
	auto_free char *dir = in(state, "etc/tenantctl/secrets/acme");
	auto_free char *above = in(state, "etc/tenantctl");
	auto_free char *moved = in(state, "moved");

	store(state, "ghl", CANARY);
	static const mode_t open_modes[] = { 0640, 0604, 0660, 0602, 0601 };
	for (size_t i = 0; i < ARRAY_SIZE(open_modes); i++) {
		assert_int_equal(chmod(path, open_modes[i]), 0);
		assert_refuses(state, "ghl", ERR_MANIFEST, "mode");
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(link(path, second), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "hard links");
	assert_int_equal(unlink(second), 0);
	assert_reads(state, "ghl", CANARY);
	/* folders on the way */
	assert_int_equal(chmod(dir, 0770), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "a folder on the way");
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chmod(above, 0777), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "a folder on the way");
	assert_int_equal(chmod(above, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 0), 0);
		assert_refuses(state, "ghl", ERR_MANIFEST, "uid 65534");
		assert_int_equal(chown(path, 0, 0), 0);
	}
	/* links, of the file and of a folder */
	assert_int_equal(rename(path, outside), 0);
	assert_int_equal(symlink(outside, path), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(outside, path), 0);
	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(symlink(moved, dir), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "symbolic link");
	assert_int_equal(unlink(dir), 0);
	assert_int_equal(rename(moved, dir), 0);
	assert_reads(state, "ghl", CANARY);
}

static void only_files_with_one_line_are_secrets(void **state)
{
	auto_free char *path = file_of(state, "ghl");
	static const char *const bad[] = { "",		"a\nb\n",   CANARY "\nmore",
					   "\t" CANARY, CANARY " ", "seven-7\n" };

	store(state, "ghl", CANARY);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		put(path, bad[i], 0600);
		assert_refuses(state, "ghl", ERR_MANIFEST, "the secret");
	}
	put(path, CANARY "\n", 0600);
	assert_reads(state, "ghl", CANARY);
	assert_int_equal(truncate(path, 5000), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "larger");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refuses(state, "ghl", ERR_MANIFEST, "not a regular file");
}

/* Whatever the name leads to while it is opened and read: a whole secret that root alone has, or an
 * error. */
struct swapper {
	char *path, *open_one, *link_one;
	_Atomic bool stop;
};

static void *swap(void *arg)
{
	struct swapper *s = arg;

	while (!s->stop) {
		auto_free char *spare = mem_printf("%s.spare", s->path);

		put(spare, "good-one-good-one", 0600);
		rename(spare, s->path);
		put(spare, "evil-open", 0644);
		rename(spare, s->path);
		if (symlink(s->open_one, spare) == 0)
			rename(spare, s->path);
		if (link(s->link_one, spare) == 0)
			rename(spare, s->path);
		put(spare, "good-two", 0600);
		rename(spare, s->path);
		if (truncate(s->path, 3) || chmod(s->path, 0666))
			return NULL;
		put(spare, "good-two", 0600);
		rename(spare, s->path);
	}
	return NULL;
}

static void swaps_while_reading_are_noticed(void **state)
{
	auto_free char *root = root_of(state);
	struct swapper s = { .path = file_of(state, "ghl"),
			     .open_one = in(state, "open"),
			     .link_one = in(state, "linked") };
	auto_free char *second = in(state, "second");
	pthread_t thread;
	size_t read = 0;

	store(state, "ghl", "good-two");
	put(s.open_one, "evil-link", 0600);
	put(s.link_one, "evil-hard", 0600);
	assert_int_equal(link(s.link_one, second), 0); /* never just one name */
	assert_int_equal(pthread_create(&thread, NULL, swap, &s), 0);
	for (int i = 0; i < 3000; i++) {
		struct secret got auto_secret = { 0 };
		struct err e = ERR_INIT;

		if (secret_read(root, TENANT, "ghl", &got, &e))
			continue;
		read++;
		/* "goo": a file of root's own, cut before it was opened */
		if (strcmp(got.text, "good-two") != 0 &&
		    strcmp(got.text, "good-one-good-one") != 0 && strcmp(got.text, "goo") != 0)
			fail_msg("read '%s'", got.text);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	assert_true(read > 0);
	free(s.path);
	free(s.open_one);
	free(s.link_one);
}

/* ---- encrypted ---- */

static bool can_encrypt(void)
{
	const char *const argv[] = {
		"/usr/bin/systemd-creds", "encrypt", "--name=x", "-", "-", NULL
	};
	auto_strbuf struct strbuf out = STRBUF_INIT(32768);
	auto_strbuf struct strbuf errors = STRBUF_INIT(4096);
	const struct child_program p = { .argv = argv,
					 .input = "x",
					 .input_len = 1,
					 .timeout_ms = 20000,
					 .out = &out,
					 .errors = &errors };
	struct err e = ERR_INIT;
	int status = -1;

	return geteuid() == 0 && child_run(&p, &status, &e) == 0 && status == 0;
}

static void sealed_ones_open_in_their_place_only(void **state)
{
	auto_free char *root = root_of(state);
	auto_free char *plain = file_of(state, "ghl");
	auto_free char *sealed = file_of(state, "ghl.cred");
	auto_free char *other = file_of(state, "other.cred");
	const struct secret s = { .text = (char *)CANARY, .len = strlen(CANARY) };
	auto_free char *text = NULL;
	struct err e = ERR_INIT;
	struct stat st;
	size_t len;

	if (!can_encrypt())
		skip();
	store(state, "ghl", "before");
	assert_ok(secret_write(root, TENANT, "ghl", &s, true, &e), &e);
	assert_true(secret_is_encrypted(root, TENANT, "ghl"));
	assert_int_equal(access(plain, F_OK), -1);
	assert_int_equal(stat(sealed, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(fsio_read(sealed, FSIO_TRUSTED_SECRET, 65536, &text, &len, &e), &e);
	assert_null(strstr(text, CANARY));
	assert_reads(state, "ghl", CANARY);
	/* moved to another key, damaged, doubled */
	put(other, text, 0600);
	assert_refuses(state, "other", ERR_MANIFEST, "systemd-creds decrypt");
	put(sealed, "AAAA", 0600);
	assert_refuses(state, "ghl", ERR_MANIFEST, "systemd-creds decrypt");
	put(sealed, text, 0644);
	assert_refuses(state, "ghl", ERR_MANIFEST, "mode 0644");
	put(plain, CANARY, 0600);
	assert_refuses(state, "ghl", ERR_MANIFEST, "both there");
	assert_ok(secret_remove(root, TENANT, "ghl", &e), &e);
	assert_false(secret_exists(root, TENANT, "ghl"));
}

/* ---- commands ---- */

static int run_command(const char *script, struct secret *out, struct err *e)
{
	static char shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = { shell, option, (char *)script, NULL };
	const struct strlist command = { .items = argv, .count = 3 };

	return secret_from_command(&command, out, e);
}

static void commands_print_secrets(void **state unused_arg)
{
	static const struct {
		const char *script, *secret;
	} cases[] = {
		{ "echo " CANARY, CANARY },
		{ "printf " CANARY, CANARY },
		{ "echo noise >&2; echo " CANARY, CANARY },
		{ "echo HOME=$HOME", "HOME=/root" },
		{ "echo ${LEAK:-leak-less}", "leak-less" },
		{ "echo $PATH $LC_ALL", "/usr/sbin:/usr/bin:/sbin:/bin C" },
		{ "cat; echo no-input", "no-input" },
	};

	assert_int_equal(setenv("LEAK", "value", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct secret s auto_secret = { 0 };
		struct err e = ERR_INIT;

		assert_ok(run_command(cases[i].script, &s, &e), &e);
		assert_string_equal(s.text, cases[i].secret);
	}
}

static void failing_commands_are_explained(void **state unused_arg)
{
	static const struct {
		const char *script, *said;
		enum err_code code;
	} cases[] = {
		{ "exit 3", "failed with exit status 3", ERR_MANIFEST },
		{ "echo not signed in >&2; echo more >&2; exit 1", "status 1: not signed in",
		  ERR_MANIFEST },
		{ "echo " CANARY "; echo cannot use " CANARY " >&2; exit 1",
		  "cannot use ******************", ERR_MANIFEST },
		{ "echo bad key sk-ant-REDACTED-klmnop >&2; exit 1", "bad key ***", ERR_MANIFEST },
		{ "true", "printed nothing", ERR_MANIFEST },
		{ "echo one; echo two", "more than one line", ERR_MANIFEST },
		{ "echo seven-7", "shorter than 8 bytes", ERR_MANIFEST },
		{ "printf '" CANARY "\\001'", "not visible ASCII", ERR_MANIFEST },
		{ "yes " CANARY, "printed more than", ERR_REFUSED },
		{ "kill -9 $$", "killed by signal 9", ERR_SYSTEM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct secret s auto_secret = { 0 };
		struct err e = ERR_INIT;

		assert_refused(run_command(cases[i].script, &s, &e), &e, cases[i].code,
			       cases[i].said);
		assert_non_null(strstr(e.message, "/bin/sh"));
		assert_null(strstr(e.message, CANARY));
		assert_null(strstr(e.message, "sk-ant"));
		assert_null(s.text);
	}
}

static void only_roots_own_programs_are_run(void **state)
{
	auto_free char *program = in(state, "program");
	char *argv[] = { program, NULL };
	const struct strlist command = { .items = argv, .count = 1 };
	struct secret s auto_secret = { 0 };
	struct err e = ERR_INIT;

	assert_refused(secret_from_command(&command, &s, &e), &e, ERR_MANIFEST, "No such file");
	put(program, "#!/bin/sh\necho " CANARY "\n", 0777);
	assert_refused(secret_from_command(&command, &s, &e), &e, ERR_MANIFEST, "mode 0777");
	put(program, "#!/bin/sh\necho " CANARY "\n", 0755);
	err_clear(&e);
	assert_ok(secret_from_command(&command, &s, &e), &e);
	assert_string_equal(s.text, CANARY);
}

/* ---- a link to a program, in a folder of somebody else's ---- */

struct link_swap {
	char *link, *good, *evil, *spare;
	atomic_bool stop;
};

static void *swap_link(void *arg)
{
	struct link_swap *s = arg;

	for (unsigned i = 0; !s->stop; i++) {
		unlink(s->spare);
		if (symlink(i % 2 ? s->evil : s->good, s->spare) || rename(s->spare, s->link))
			return NULL;
	}
	return NULL;
}

/* The kernel hands a script the path that was executed. */
static void what_was_checked_is_what_is_run(void **state)
{
	struct link_swap s = { .link = in(state, "link"),
			       .good = in(state, "good"),
			       .evil = in(state, "evil"),
			       .spare = in(state, "spare") };
	char *argv[] = { s.link, NULL };
	const struct strlist command = { .items = argv, .count = 1 };
	size_t run = 0, refused = 0;
	pthread_t thread;

	put(s.good, "#!/bin/sh\necho $0\n", 0755);
	put(s.evil, "#!/bin/sh\necho " CANARY "\n", 0777);
	assert_int_equal(symlink(s.good, s.link), 0);
	assert_int_equal(pthread_create(&thread, NULL, swap_link, &s), 0);
	for (int i = 0; i < 20000 && (i < 300 || !run || !refused); i++) {
		struct secret got auto_secret = { 0 };
		struct err e = ERR_INIT;

		if (secret_from_command(&command, &got, &e)) {
			refused++;
			continue;
		}
		run++;
		assert_string_equal(got.text, s.good);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	assert_true(run > 0 && refused > 0);
	free(s.link);
	free(s.good);
	free(s.evil);
	free(s.spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(are_stored_for_root_alone),
		WITH_FOLDER(what_a_killed_run_left_goes),
		WITH_FOLDER(setting_at_once_is_no_error),
		WITH_FOLDER(others_must_not_have_a_hand_in_it),
		WITH_FOLDER(only_files_with_one_line_are_secrets),
		WITH_FOLDER(swaps_while_reading_are_noticed),
		WITH_FOLDER(sealed_ones_open_in_their_place_only),
		WITH_FOLDER(commands_print_secrets),
		WITH_FOLDER(failing_commands_are_explained),
		WITH_FOLDER(only_roots_own_programs_are_run),
		WITH_FOLDER(what_was_checked_is_what_is_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
