/*
 * Sets of files: a copy holds what was checked, whatever the folder it came from does
 * or contains.
 */
#include "../base/folder.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "../../../src/gateway/rules.c"
#include "../../../src/gateway/set.c"

#define GENERATION "0123456789abcdef-01234567 00112233aabbccdd ddccbbaa33221100\n"

static void put_text(const char *folder, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_set(const struct fixture *f, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", f->dir, name);
	assert_int_equal(mkdir(out, 0755), 0);
	put_text(out, "haproxy.cfg", "global\n");
	put_text(out, "dnsmasq.conf", "port=53\n");
	put_text(out, "hosts", "10.0.0.2 gateway\n");
	put_text(out, "rules", "tls 443 a.com - 0 outside/r0\n");
	put_text(out, "keys", "ghl.0 Bearer secret value\n");
	put_text(out, "echo", "secret\n");
	put_text(out, "generation", GENERATION);
}

static void test_copy(void **state)
{
	char from[256], to[300], why[SET_ERROR] = "";
	struct set_id id = { .id = "" };
	struct rules rules;
	struct stat st;

	make_set(*state, "a", from);
	snprintf(to, sizeof(to), "%s/copy", ((struct fixture *)*state)->dir);
	assert_true(set_copy(from, to, why));
	assert_true(set_read(to, &id, &rules, why));
	assert_string_equal(id.id, "0123456789abcdef-01234567");
	assert_string_equal(id.haproxy, "00112233aabbccdd");
	assert_string_equal(id.dnsmasq, "ddccbbaa33221100");
	assert_int_equal(rules.count, 1);
	rules_free(&rules);
	assert_true(set_same_haproxy(from, to));
	put_text(to, "keys", "other 1\n");
	assert_true(set_same_haproxy(from, to));
	assert_false(set_same_file(from, to, "keys"));
	assert_true(set_same_file(from, to, "hosts"));
	put_text(to, "ca-ghl.pem", "x");
	assert_false(set_same_haproxy(from, to));
	assert_false(set_same_haproxy(to, from));
	assert_true(set_copy(from, to, why)); /* over what is left there */
	assert_true(set_same_haproxy(from, to));
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	set_remove(to);
	assert_int_equal(access(to, F_OK), -1);
	set_remove(to);
}

/* Puts something odd into a set, and says what the refusal must mention. */
static void add_link(const char *s)
{
	assert_int_equal(symlinkat("/etc/passwd", open(s, O_PATH | O_CLOEXEC), "link"), 0);
}

static void add_fifo(const char *s)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/fifo", s);
	assert_int_equal(mkfifo(path, 0644), 0);
}

static void add_folder(const char *s)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/folder", s);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void add_socket(const char *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", s) <
		    sizeof(a.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void add_size(const char *s, const char *name, off_t size)
{
	char path[300];

	put_text(s, name, "");
	snprintf(path, sizeof(path), "%s/%s", s, name);
	assert_int_equal(truncate(path, size), 0);
}

static void add_large(const char *s)
{
	add_size(s, "large", SET_FILE_MAX + 1);
}

static void add_four(const char *s)
{
	add_size(s, "l1", SET_FILE_MAX);
	add_size(s, "l2", SET_FILE_MAX);
	add_size(s, "l3", SET_FILE_MAX);
	add_size(s, "l4", SET_FILE_MAX);
}

static void add_many(const char *s)
{
	char name[16];

	for (unsigned i = 0; i < SET_FILES; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		put_text(s, name, "");
	}
}

static void add_odd(const char *s)
{
	put_text(s, "a b", "");
}

static void add_hidden(const char *s)
{
	put_text(s, ".hidden", "");
}

static void test_hostile(void **state)
{
	static const struct {
		void (*add)(const char *);
		const char *why;
	} cases[] = {
		{ add_link, "link: cannot be opened" },
		{ add_fifo, "fifo: no plain file" },
		{ add_folder, "folder: no plain file" },
		{ add_socket, "socket: cannot be opened" },
		{ add_large, "large: too large" },
		{ add_four, "too large together" },
		{ add_many, "more than 128 files" },
		{ add_odd, "name" },
		{ add_hidden, "name" },
	};
	char from[256], to[300], name[8], why[SET_ERROR];

	snprintf(to, sizeof(to), "%s/copy", ((struct fixture *)*state)->dir);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(name, sizeof(name), "s%zu", i);
		make_set(*state, name, from);
		cases[i].add(from);
		if (set_copy(from, to, why) || !strstr(why, cases[i].why))
			fail_msg("%s, not %s", why, cases[i].why);
		assert_int_equal(access(to, F_OK), -1);
	}
	assert_false(set_copy("/nowhere", to, why));
	assert_non_null(strstr(why, "/nowhere"));
	snprintf(name, sizeof(name), "alink");
	snprintf(from, sizeof(from), "%s/%s", ((struct fixture *)*state)->dir, name);
	assert_int_equal(symlink("s0", from), 0);
	assert_false(set_copy(from, to, why));
}

static void test_content(void **state)
{
	static const struct {
		const char *name, *text, *why;
	} cases[] = {
		{ "rules", "tls 443\n", "rules: line 1" },
		{ "keys", "ghl.0\n", "keys" },
		{ "keys", "ghl.0 hidden", "keys" },
		{ "keys", "GHL hidden\n", "keys" },
		{ "keys", "ghl.0 a\tb\n", "keys" },
		{ "keys", "ghl.0 \n", "keys" },
		{ "keys", "\n", "keys" },
		{ "generation", "x\n", "generation" },
		{ "generation", GENERATION "\n", "generation" },
		{ "generation", "0123456789abcdef-01234567 00112233aabbccdd ddccbbaa3322110g\n",
		  "generation" },
	};
	struct set_id id = { .id = "" };
	char from[256], why[SET_ERROR], path[300];
	struct rules rules;

	make_set(*state, "a", from);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put_text(from, cases[i].name, cases[i].text);
		if (set_read(from, &id, &rules, why) || !strstr(why, cases[i].why))
			fail_msg("%zu: %s", i, why);
		assert_null(strstr(why, "hidden"));
		put_text(from, "rules", "");
		put_text(from, "keys", "");
		put_text(from, "generation", GENERATION);
		assert_true(set_read(from, &id, &rules, why));
		rules_free(&rules);
	}
	snprintf(path, sizeof(path), "%s/echo", from);
	assert_int_equal(unlink(path), 0);
	assert_false(set_read(from, &id, &rules, why));
	assert_string_equal(why, "echo: not in the set");
	assert_string_equal(id.id, "0123456789abcdef-01234567");
}

static void test_store(void **state)
{
	const char *dir = ((struct fixture *)*state)->dir;
	char target[128], *text;
	size_t len;

	snprintf(target, sizeof(target), "%s/victim", dir);
	put_text(dir, "victim", "whole");
	/* Whoever shares the folder can put a link there: it is replaced, not followed. */
	assert_int_equal(symlinkat(target, open(dir, O_PATH | O_CLOEXEC), "status"), 0);
	assert_int_equal(symlinkat(target, open(dir, O_PATH | O_CLOEXEC), ".status.tmp"), 0);
	assert_true(set_store(dir, "status", "new\n", 4));
	text = set_load(dir, "status", 100, &len);
	assert_non_null(text);
	assert_int_equal(len, 4);
	free(text);
	text = set_load(dir, "victim", 100, &len);
	assert_int_equal(len, 5);
	free(text);
	assert_null(set_load(dir, "victim", 4, &len));
	assert_false(set_store("/nowhere", "status", "", 0));
}

/* What tenantctl left behind when it died is not taken for a change. */
static void test_choice(void **state)
{
	(void)state;
	assert_int_equal(set_choose(NULL, "b", "a"), SET_TAKE_SET);
	assert_int_equal(set_choose("c", "b", "a"), SET_TAKE_NEXT);
	assert_int_equal(set_choose("c", "b", ""), SET_TAKE_NEXT);
	assert_int_equal(set_choose("b", "b", "a"), SET_KEEP);
	assert_int_equal(set_choose("a", "b", "a"), SET_TAKE_SET);
	/* Not known: taking it says what is wrong with it. */
	assert_int_equal(set_choose("", "b", ""), SET_TAKE_NEXT);
	assert_int_equal(set_choose("", "", ""), SET_TAKE_NEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store, setup, teardown),
		cmocka_unit_test(test_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
