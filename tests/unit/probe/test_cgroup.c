/* Finding a container's cgroup on v1, v2 and hybrid hosts, and walking it. */
#include "tree.h"

#include "../../../src/probe/cgroup.h"

static void lines_of(struct strlist *l, const char *text)
{
	char *copy = strdup(text), *state = NULL;

	for (char *p = strtok_r(copy, "\n", &state); p; p = strtok_r(NULL, "\n", &state))
		strlist_add(l, p);
	free(copy);
}

static void test_locate(void **state)
{
	static const struct {
		const char *text, *controller;
		int rc, version;
		const char *controllers, *path;
	} cases[] = {
		{ "4:memory:/docker/x\n0::/y", "memory", 0, 1, "memory", "docker/x" },
		{ "4:cpu,cpuacct:/a\n", "cpuacct", 0, 1, "cpu,cpuacct", "a" },
		{ "4:cpuacct:/a\n0::/b\n", "cpu", 0, 2, "", "b" },
		{ "0::/system.slice/d.scope", "pids", 0, 2, "", "system.slice/d.scope" },
		{ "1:name=systemd:/a", "memory", ERR_NOT_FOUND, 0, "", "" },
		{ "0::/../../a", "memory", ERR_PROTOCOL, 0, "", "" },
		{ "4:memory:/a/..", "memory", ERR_PROTOCOL, 0, "", "" },
		{ "4:memory:/a..b/...", "memory", 0, 1, "memory", "a..b/..." },
		{ "4:memory", "memory", ERR_NOT_FOUND, 0, "", "" },
		{ "4:memory:relative", "memory", ERR_NOT_FOUND, 0, "", "" },
		{ ":::::", "memory", ERR_NOT_FOUND, 0, "", "" },
		{ "", "memory", ERR_NOT_FOUND, 0, "", "" },
		{ "5::/v2 needs the zero", "memory", ERR_NOT_FOUND, 0, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		struct strlist l = { 0 };
		struct cgroup_place p = { 0 };

		lines_of(&l, cases[i].text);
		int rc = cgroup_locate(&l, cases[i].controller, &p, &e);
		strlist_free(&l);
		assert_int_equal(rc, cases[i].rc ? -1 : 0);
		assert_int_equal(e.code, cases[i].rc);
		assert_int_equal(p.version, cases[i].version);
		assert_string_equal(p.controllers, cases[i].controllers);
		assert_string_equal(p.path, cases[i].path);
	}
}

static void test_locate_is_bounded(void **state)
{
	struct err e = ERR_INIT;
	struct strlist l = { 0 };
	struct cgroup_place p = { .version = 7 };
	char line[2000];

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line, "4:memory:/", 10);
	line[sizeof(line) - 1] = '\0';
	strlist_add(&l, line);
	assert_int_equal(cgroup_locate(&l, "memory", &p, &e), -1);
	assert_int_equal(p.version, 7);
	strlist_free(&l);
}

static void test_is_of(void **state)
{
	static const struct {
		const char *path, *id;
		size_t len; /* 0: no */
	} cases[] = {
		{ "docker/" ID_A, ID_A, 71 },
		{ "docker/" ID_A "/init", ID_A, 71 },
		{ "system.slice/docker-" ID_A ".scope", ID_A, 90 },
		{ ID_A, ID_A, 64 },
		{ "docker/" ID_B, ID_A, 0 },
		{ "docker/" ID_A "a", ID_A, 0 },
		{ "docker/x" ID_A, ID_A, 0 },
		{ "docker/libpod-" ID_A ".scope", ID_A, 0 },
		{ "docker/" ID_A, "aaaaaaaaaaaa", 0 },
		{ "docker/", "", 0 },
		{ "", ID_A, 0 },
		{ "////", ID_A, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = 0;

		assert_int_equal(cgroup_is_of(cases[i].path, cases[i].id, &len), cases[i].len > 0);
		assert_int_equal(len, cases[i].len);
	}
}

static int open_place(const struct tree *t, int version, const char *controllers,
		      const char *controller)
{
	struct cgroup_place p = { .version = version };
	struct err e = ERR_INIT;
	int fd = -1;

	snprintf(p.controllers, sizeof(p.controllers), "%s", controllers);
	return cgroup_open_hierarchy(t->cgroup, &p, controller, &fd, &e) == 0 ? fd : -1;
}

static bool has_file(int dir, const char *name)
{
	bool has = dir >= 0 && faccessat(dir, name, F_OK, 0) == 0;

	close(dir);
	return has;
}

static void test_hierarchies(void **state)
{
	const struct tree *t = *state;

	assert_int_equal(open_place(t, 1, "memory", "memory"), -1);
	tree_write(t, "cgroup/cpu,cpuacct/both", "");
	tree_write(t, "cgroup/memory/single", "");
	tree_write(t, "cgroup/unified/hybrid", "");
	assert_true(has_file(open_place(t, 1, "cpu,cpuacct", "cpu"), "both"));
	assert_true(has_file(open_place(t, 1, "memory,hugetlb", "memory"), "single"));
	assert_true(has_file(open_place(t, 2, "", "memory"), "hybrid"));
	tree_write(t, "cgroup/cgroup.controllers", "cpu memory pids\n");
	assert_true(has_file(open_place(t, 2, "", "memory"), "memory"));
}

static int walk(const struct tree *t, const char *name, struct pid_set *out)
{
	struct err e = ERR_INIT;
	int dir = openat(t->cgroup, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(dir >= 0);
	int rc = cgroup_read_pids(dir, out, &e);
	close(dir);
	return rc;
}

static void test_walk(void **state)
{
	const struct tree *t = *state;
	auto_pid_set struct pid_set s = { 0 };

	tree_write(t, "cgroup/g/cgroup.procs", "30\n10\n");
	tree_write(t, "cgroup/g/child/cgroup.procs", "20\n10\n");
	tree_write(t, "cgroup/g/child/with\nnewline (and) more/cgroup.procs", "40\n");
	tree_mkdir(t, "cgroup/g/gone"); /* removed while it is read: no file */
	assert_int_equal(walk(t, "g", &s), 0);
	assert_int_equal(s.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(s.items[i], 10 * (i + 1));
	assert_false(s.cut);
}

static void test_walk_hostile(void **state)
{
	static const char *const texts[] = { "0\n",	  "-5\n",
					     "12x\n",	  "99999999999999999999999\n",
					     "4194305\n", "\x01\xff\n",
					     " 7\n",	  "\n" };
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_pid_set struct pid_set s = { 0 };
		char text[128];

		snprintf(text, sizeof(text), "11\n%s12\n", texts[i]);
		tree_write(t, "cgroup/g/cgroup.procs", text);
		assert_int_equal(walk(t, "g", &s), 0);
		assert_int_equal(s.count, 2);
		assert_true(s.cut);
	}
}

static void test_walk_is_bounded(void **state)
{
	const struct tree *t = *state;
	auto_pid_set struct pid_set s = { 0 };
	char *text = malloc(5000 * 7), *p = text;

	for (int i = 0; i < 5000; i++)
		p += sprintf(p, "%d\n", i + 2);
	tree_bytes(t, "cgroup/g/cgroup.procs", text, (size_t)(p - text));
	free(text);
	assert_int_equal(walk(t, "g", &s), 0);
	assert_int_equal(s.count, CGROUP_PIDS_MAX);
	assert_true(s.cut);
}

static void test_walk_too_deep(void **state)
{
	const struct tree *t = *state;
	auto_pid_set struct pid_set s = { 0 };
	char name[256] = "cgroup/g";

	for (int i = 0; i < 30; i++) {
		char file[300];

		snprintf(file, sizeof(file), "%s/cgroup.procs", name);
		tree_write(t, file, "5\n");
		strcat(name, "/d");
	}
	assert_int_equal(walk(t, "g", &s), 0);
	assert_int_equal(s.count, 1);
	assert_true(s.cut);
}

static void test_walk_without_procs(void **state)
{
	auto_pid_set struct pid_set s = { 0 };

	tree_mkdir(*state, "cgroup/g");
	assert_int_equal(walk(*state, "g", &s), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locate),
		cmocka_unit_test(test_locate_is_bounded),
		cmocka_unit_test(test_is_of),
		cmocka_unit_test_setup_teardown(test_hierarchies, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_walk, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_walk_hostile, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_walk_is_bounded, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_walk_too_deep, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_walk_without_procs, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
