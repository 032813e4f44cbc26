/* Which processes are believed to be a container's, and what is read of them. */
#include "tree.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../../../src/probe/environ.h"
#include "../../../src/probe/ident.h"
#include "../../../src/probe/nsview.h"
#include "../../../src/probe/target.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/probe.h"

static void container(const struct tree *t, const char *pids)
{
	tree_write(t, "cgroup/pids/docker/" ID_A "/cgroup.procs", pids);
}

static int open_worker(const struct tree *t, pid_t pid, struct target *out, struct err *e)
{
	return target_open(t->proc, t->cgroup, pid, ID_A, out, e);
}

static void collect(const struct tree *t, struct tenant_facts *f)
{
	struct err e = ERR_INIT;
	auto_target struct target w = TARGET_INIT;

	assert_ok(open_worker(t, 100, &w, &e), &e);
	assert_ok(ident_collect(&w, NULL, &f->processes, &f->process_count, &f->processes_cut, &e),
		  &e);
}

static void test_believed(void **state)
{
	const struct tree *t = *state;
	struct err e = ERR_INIT;
	auto_target struct target w = TARGET_INIT;

	tree_process(t, 100, 1, ID_A, 555);
	assert_ok(open_worker(t, 100, &w, &e), &e);
	assert_int_equal(w.start_time, 555);
	assert_true(target_is_alive(&w));
	/* the pid is given to another process */
	tree_stat(t, "100", 100, "w", 556);
	assert_false(target_is_alive(&w));
	/* and is gone */
	tree_remove(t, "proc/100");
	assert_false(target_is_alive(&w));
}

static void test_not_believed(void **state)
{
	const struct tree *t = *state;
	auto_target struct target w = TARGET_INIT;
	static const int bad[] = { -1, 0, 1 };
	struct err e = ERR_INIT;

	tree_process(t, 100, 1, ID_B, 555);
	assert_int_equal(open_worker(t, 100, &w, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
	assert_int_equal(open_worker(t, 101, &w, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(open_worker(t, bad[i], &w, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
	/* ids that are prefixes, empty or too long never match */
	static const char *const ids[] = { "", "bbbb", ID_B "b", ID_B ID_B };
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(target_open(t->proc, t->cgroup, 100, ids[i], &w, &e), -1);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

static void test_real_process_is_not_a_container(void **state)
{
	struct err e = ERR_INIT;
	auto_target struct target w = TARGET_INIT;
	auto_fd int proc = -1;

	(void)state;
	assert_ok(proc_open_root("/proc", &proc, &e), &e);
	assert_int_equal(target_open(proc, proc, getpid(), ID_A, &w, &e), -1);
	assert_int_equal(e.code, ERR_PROTOCOL);
}

static void test_collect(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };

	tree_process(t, 100, 1, ID_A, 500);
	tree_process(t, 110, 100, ID_A, 520);
	tree_process(t, 105, 100, ID_A, 510);
	tree_process(t, 120, 1, ID_B, 530);	   /* the pid was given to somebody else */
	container(t, "105\n100\n110\n120\n130\n"); /* 130 has ended */
	collect(t, &f);
	assert_int_equal(f.process_count, 3);
	assert_int_equal(f.processes[0].pid, 100);
	assert_int_equal(f.processes[1].pid, 105);
	assert_int_equal(f.processes[2].pid, 110);
	assert_false(f.processes_cut);
	assert_int_equal(f.processes[0].limit_count, 1);
	assert_int_equal(f.processes[0].limits[0].hard, 4096);
	assert_true(f.processes[0].ns[NS_NET].ino != 0);
	assert_int_equal(f.processes[2].status.seccomp, 2);
	assert_int_equal(ident_workload(f.processes, f.process_count, 100)->pid, 105);
	assert_int_equal(ident_workload(f.processes, 1, 100)->pid, 100);
	assert_null(ident_workload(f.processes, 0, 100));
	tenant_facts_free(&f);
}

static void test_odd_threads(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };

	tree_process(t, 100, 1, ID_A, 500);
	tree_status(t, "100/task/101", 100, 1, "0000000000000400", 2);
	tree_status(t, "100/task/102", 100, 1, "0000000000000000", 0);
	tree_status(t, "100/task/103", 100, 1, "0000000000000000", 2);
	container(t, "100\n");
	collect(t, &f);
	assert_int_equal(f.processes[0].odd_threads, 2);
	tenant_facts_free(&f);
}

static void test_hostile_names(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };

	tree_process(t, 100, 1, ID_A, 500);
	tree_stat(t, "100", 100, ") S 1 (\n) R 0", 777);
	container(t, "100\n");
	collect(t, &f);
	assert_int_equal(f.process_count, 1);
	assert_int_equal(f.processes[0].start_time, 777);
	tenant_facts_free(&f);
}

/* A living process that can't be read must show as missing. */
static void test_unreadable_is_cut(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = { { "status", "" },
		      { "status", "Name:\tx\n" },
		      { "limits", "nonsense\n" },
		      { "stat", "100 (x" },
		      { "stat", "" } };
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tenant_facts f = { 0 };
		char path[64];

		tree_process(t, 100, 1, ID_A, 500);
		tree_process(t, 105, 100, ID_A, 500);
		snprintf(path, sizeof(path), "proc/105/%s", cases[i].file);
		tree_write(t, path, cases[i].text);
		container(t, "100\n105\n");
		collect(t, &f);
		assert_int_equal(f.process_count, 1);
		assert_true(f.processes_cut);
		tenant_facts_free(&f);
	}
}

static void test_binary_status(void **state)
{
	const struct tree *t = *state;
	struct tenant_facts f = { 0 };
	char *junk = malloc(2 << 20);

	memset(junk, 0xfe, 2 << 20);
	tree_process(t, 100, 1, ID_A, 500);
	tree_process(t, 105, 100, ID_A, 500);
	tree_bytes(t, "proc/105/status", junk, 2 << 20);
	free(junk);
	container(t, "100\n105\n");
	collect(t, &f);
	assert_int_equal(f.process_count, 1);
	assert_true(f.processes_cut);
	tenant_facts_free(&f);
}

static void test_coredump_filter(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = { { NULL, 0 }, { "00000000\n", 0 }, { "00000033\n", 0x33 },
		      { "", 0 },   { "x\n", -1 },	{ "ffffffffffffffffff\n", -1 } };
	const struct tree *t = *state;

	container(t, "100\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tenant_facts f = { 0 };

		tree_process(t, 100, 1, ID_A, 555);
		if (cases[i].text)
			tree_write(t, "proc/100/coredump_filter", cases[i].text);
		collect(t, &f);
		assert_int_equal(f.process_count, 1);
		assert_int_equal(f.processes[0].coredump_filter, cases[i].want);
		tenant_facts_free(&f);
	}
}

static const char *shape(const char *name, const char *value)
{
	(void)name;
	return strncmp(value, "sk-", 3) == 0 ? "a key" : NULL;
}

static void test_secret_names(void **state)
{
	static const char text[] = "PLAIN=1\0KEY=sk-1\0NOVALUE\0=sk-2\0EMPTY=\0B=C=sk-3\0"
				   "GATEWAY_CONFIG=0123456789abcdef\0LAST=sk-4";
	const struct tree *t = *state;
	struct process_facts f = { 0 };

	tree_bytes(t, "proc/100/environ", text, sizeof(text) - 1); /* the last one is not ended */
	int dir = openat(t->proc, "100", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	environ_look(dir, shape, &f);
	close(dir);
	assert_int_equal(f.secret_variables.count, 3);
	assert_string_equal(f.secret_variables.items[0], "KEY");
	assert_string_equal(f.secret_variables.items[1], "");
	assert_string_equal(f.secret_variables.items[2], "LAST");
	assert_string_equal(f.gateway_config, "0123456789abcdef");
	strlist_free(&f.secret_variables);
}

/* It is printed, and compared with a digest: what is none is nothing. */
static void test_odd_gateway_config(void **state)
{
	static const char *const odd[] = { "GATEWAY_CONFIG=0123456789abcdef0123456789abcdef",
					   "GATEWAY_CONFIG=0123\x1b[2J",
					   "GATEWAY_CONFIG=", "GATEWAY_CONFIG" };
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct process_facts f = { 0 };

		tree_write(t, "proc/100/environ", odd[i]);
		int dir = openat(t->proc, "100", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		environ_look(dir, NULL, &f);
		close(dir);
		assert_string_equal(f.gateway_config, "");
	}
}

static void test_huge_environment(void **state)
{
	const struct tree *t = *state;
	struct process_facts f = { 0 };
	size_t size = 1 << 20;
	char *text = malloc(size);

	for (size_t i = 0; i + 8 <= size; i += 8)
		memcpy(text + i, "K=sk-12", 8);
	tree_bytes(t, "proc/100/environ", text, size);
	free(text);
	int dir = openat(t->proc, "100", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	environ_look(dir, shape, &f);
	close(dir);
	assert_int_equal(f.secret_variables.count, 64);
	strlist_free(&f.secret_variables);
}

static void test_host_namespaces(void **state)
{
	const struct tree *t = *state;
	struct err e = ERR_INIT;
	struct ns_id ids[NS_KINDS] = { { 0 } };
	char path[128];

	snprintf(path, sizeof(path), "%s/proc", t->path);
	assert_int_equal(probe_host_namespaces(path, ids, &e), -1);
	assert_int_equal(ids[NS_MNT].ino, 0);
	/* process 2 without the flag of a kernel thread is somebody's process */
	tree_process(t, 2, 0, ID_A, 1);
	assert_int_equal(probe_host_namespaces(path, ids, &e), -1);
	tree_write(t, "proc/2/stat",
		   "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 2 0 0\n");
	assert_ok(probe_host_namespaces(path, ids, &e), &e);
	struct ns_id of_2 = ids[NS_MNT];
	assert_true(of_2.ino != 0);
	tree_process(t, 1, 0, ID_A, 1);
	assert_ok(probe_host_namespaces(path, ids, &e), &e);
	assert_false(nsview_same(&of_2, &ids[NS_MNT]));
}

static void *linger(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* The leader of this process ends, its thread goes on: /proc shows a zombie. */
static void run_headless(const char *procs)
{
	pthread_t thread;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1 || pthread_create(&thread, NULL, linger, NULL) != 0)
		_exit(1);
	pthread_exit(NULL);
}

static void wait_for_zombie(pid_t pid)
{
	char path[64], text[256];
	struct err e = ERR_INIT;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 500; i++) {
		if (fsio_read_at(AT_FDCWD, path, text, sizeof(text), &e) > 0 &&
		    strstr(text, ") Z "))
			return;
		usleep(10000);
	}
	fail_msg("the leader did not end");
}

static void wait_for_member(const char *procs, pid_t pid)
{
	char text[4096], line[32];
	struct err e = ERR_INIT;

	snprintf(line, sizeof(line), "%d\n", (int)pid);
	for (int i = 0; i < 500; i++) {
		if (fsio_read_at(AT_FDCWD, procs, text, sizeof(text), &e) > 0 && strstr(text, line))
			return;
		usleep(10000);
	}
	fail_msg("%d did not enter the cgroup", (int)pid);
}

static void check_headless(pid_t leader, pid_t init)
{
	struct err e = ERR_INIT;
	struct tenant_facts f = { 0 };
	auto_target struct target w = TARGET_INIT;
	auto_fd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int cgroup = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_ok(target_open(proc, cgroup, init, ID_A, &w, &e), &e);
	assert_ok(ident_collect(&w, NULL, &f.processes, &f.process_count, &f.processes_cut, &e),
		  &e);
	assert_int_equal(f.process_count, 2);
	assert_int_equal(f.processes[1].pid, leader);
	assert_true(f.processes[1].ns[NS_MNT].ino != 0);
	assert_int_equal(f.processes[1].status.threads, 2);
	tenant_facts_free(&f);
	assert_true(target_is_alive(&w));
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
	assert_false(target_is_alive(&w));
}

/* In a real cgroup, where a process can't hide behind its dead leader. */
static void test_headless_process(void **state)
{
	char dir[128], procs[160];
	bool v2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;

	(void)state;
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/%s" ID_A, v2 ? "" : "pids/");
	rmdir(dir); /* of a run that was killed */
	if (mkdir(dir, 0755) < 0) {
		print_message("SKIP: no cgroup can be made here\n");
		skip();
	}
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", dir);
	pid_t init = fork();
	if (init == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = open(procs, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(1);
		linger(NULL);
	}
	pid_t leader = fork();
	if (leader == 0)
		run_headless(procs);
	wait_for_member(procs, init);
	wait_for_zombie(leader);
	check_headless(leader, init);
	kill(leader, SIGKILL);
	waitpid(leader, NULL, 0);
	for (int i = 0; i < 100 && rmdir(dir) < 0; i++)
		usleep(10000);
	assert_int_not_equal(access(dir, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_believed, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_not_believed, tree_setup, tree_teardown),
		cmocka_unit_test(test_real_process_is_not_a_container),
		cmocka_unit_test_setup_teardown(test_collect, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_odd_threads, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_is_cut, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_binary_status, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_secret_names, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_coredump_filter, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_odd_gateway_config, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_huge_environment, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_host_namespaces, tree_setup, tree_teardown),
		cmocka_unit_test(test_headless_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
