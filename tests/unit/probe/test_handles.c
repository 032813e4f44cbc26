/* What processes hold open that is not their container's, told by the mount it lies on. */
#include "tree.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "../../../src/probe/devices.h"
#include "../../../src/probe/handles.h"
#include "../../../src/probe/nsview.h"
#include "../../../src/probe/uids.h"
#include "base/mem.h"

#include <sys/sysmacros.h>

enum child_kind { ORDINARY, LEFT_MOUNTS, LEFT_UTS };

static void child_main(enum child_kind kind, int ready)
{
	int folder = open("/proc/self/ns", O_RDONLY | O_DIRECTORY);
	int uts = open("/proc/self/ns/uts", O_RDONLY);
	int etc = open("/etc", O_RDONLY | O_DIRECTORY);
	int memory = memfd_create("scratch", 0);
	int null = open("/dev/null", O_RDWR);
	const char *said = "y";

	if (folder < 0 || uts < 0 || etc < 0 || memory < 0 || null < 0)
		said = "n";
	if (kind == LEFT_MOUNTS && unshare(CLONE_NEWNS))
		said = "n";
	if (kind == LEFT_UTS && unshare(CLONE_NEWUTS))
		said = "n";
	if (write(ready, said, 1) == 1)
		for (;;)
			pause();
	_exit(1);
}

/* What such a child holds; false when it can't be made here. */
static bool look_at_child(enum child_kind kind, struct process_facts *f)
{
	auto_free char *path = NULL;
	auto_fd int dir = -1;
	char said = 'n';
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		child_main(kind, ready[1]);
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &said, 1), 1);
	close(ready[0]);
	path = mem_printf("/proc/%d", (int)pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	*f = (struct process_facts){ .pid = pid };
	nsview_read(dir, f->ns);
	handles_look_once(dir, f);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return said == 'y';
}

static bool says(const struct process_facts *f, const char *start, const char *end)
{
	for (size_t i = 0; i < f->handles.count; i++) {
		const char *text = f->handles.items[i];
		size_t len = strlen(text);

		if (strncmp(text, start, strlen(start)) == 0 && len >= strlen(end) &&
		    strcmp(text + len - strlen(end), end) == 0)
			return true;
	}
	return false;
}

static void test_own(void **state unused_arg)
{
	struct process_facts f;

	assert_true(look_at_child(ORDINARY, &f));
	assert_false(f.handles_unread);
	for (size_t i = 0; i < f.handles.count; i++)
		fail_msg("%s", f.handles.items[i]);
}

/* unshare(2) moves root and folder into the copies of the mounts, and leaves what is open. */
static void test_left(void **state unused_arg)
{
	struct process_facts f;

	if (!look_at_child(LEFT_MOUNTS, &f)) {
		strlist_free(&f.handles);
		skip();
	}
	assert_false(f.handles_unread);
	assert_true(says(&f, "descriptor ", ": /etc"));
	assert_true(says(&f, "program ", ""));
	assert_false(says(&f, "folder ", ""));
	assert_false(says(&f, "root ", ""));
	assert_false(says(&f, "descriptor ", "scratch (deleted)"));
	assert_false(says(&f, "descriptor ", ": /dev/null"));
	strlist_free(&f.handles);
	if (!look_at_child(LEFT_UTS, &f)) {
		strlist_free(&f.handles);
		skip();
	}
	assert_int_equal(f.handles.count, 1);
	assert_true(says(&f, "descriptor ", "]"));
	assert_non_null(strstr(f.handles.items[0], ": uts:["));
	strlist_free(&f.handles);
}

/* Only what is still there at the second look counts, and only of the same process. */
static void test_second_look(void **state)
{
	const struct tree *t = *state;
	struct process_facts f[2] = { { .pid = getpid() }, { .pid = 4000000 } };
	struct target target = TARGET_INIT;
	struct err e = ERR_INIT;
	auto_fd int dir = -1;

	target.proc_root = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(proc_open_pid(target.proc_root, getpid(), &dir, &e), &e);
	assert_ok(proc_start_time(dir, &f[0].start_time, &e), &e);
	nsview_read(dir, f[0].ns);
	strlist_add(&f[0].handles, "descriptor 9: /etc");
	strlist_add(&f[1].handles, "descriptor 9: /etc");
	handles_look(&target, f, 2);
	assert_int_equal(f[0].handles.count, 0);
	assert_int_equal(f[1].handles.count, 0);
	f[0].start_time++;
	strlist_add(&f[0].handles, "descriptor 9: /etc");
	handles_look(&target, f, 1);
	assert_int_equal(f[0].handles.count, 0);
	close(target.proc_root);
	/* nothing is known of a process without mountinfo */
	handles_look_once(t->proc, &f[0]);
	assert_true(f[0].handles_unread);
}

static void make_node(const struct tree *t, const char *name, mode_t type, dev_t dev)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	assert_int_equal(mknod(path, type | 0600, dev), 0);
}

static void test_devices(void **state)
{
	const struct tree *t = *state;
	auto_strlist struct strlist l = { 0 };
	char path[128];
	bool looked;

	tree_mkdir(t, "root");
	snprintf(path, sizeof(path), "%s/root", t->path);
	auto_fd int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_false(devices_look(root, &l)); /* no /dev: nothing is known */
	tree_write(t, "root/dev/shm/mine", "");
	tree_mkdir(t, "root/dev/net");
	assert_true(devices_look(root, &l));
	if (geteuid() != 0)
		skip();
	make_node(t, "root/dev/null", S_IFCHR, makedev(1, 3));
	make_node(t, "root/dev/console", S_IFCHR, makedev(136, 0));
	make_node(t, "root/dev/ptmx", S_IFCHR, makedev(5, 2));
	assert_true(devices_look(root, &l));
	assert_int_equal(l.count, 0);
	make_node(t, "root/dev/mem", S_IFCHR, makedev(1, 1));
	make_node(t, "root/dev/net/tun", S_IFCHR, makedev(10, 200));
	make_node(t, "root/dev/null1", S_IFBLK, makedev(1, 3)); /* a RAM disk */
	assert_true(devices_look(root, &l));
	strlist_sort(&l);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.items[0], "/dev/mem (character 1:1)");
	assert_string_equal(l.items[1], "/dev/net/tun (character 10:200)");
	assert_string_equal(l.items[2], "/dev/null1 (block 1:3)");
	strlist_free(&l);
	/* a worker's shared memory may be as deep as it likes: no device is opened there */
	snprintf(path, sizeof(path), "%s/root/dev/shm", t->path);
	assert_int_equal(mount("test", path, "tmpfs", MS_NODEV, NULL), 0);
	tree_mkdir(t, "root/dev/shm/1/2/3/4/5");
	looked = devices_look(root, &l);
	assert_int_equal(umount2(path, MNT_DETACH), 0);
	assert_true(looked);
	/* what lies deeper than is looked could be one */
	tree_mkdir(t, "root/dev/1/2/3/4/5");
	assert_false(devices_look(root, &l));
}

static void give(const struct tree *t, const char *pid, uid_t uid)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/proc/%s", t->path, pid);
	assert_int_equal(chown(path, uid, uid), 0);
}

static bool look_outside(int proc, const uid_t uids[2], struct strlist *out)
{
	auto_free struct process_owner *owners = NULL;
	size_t count = 0;

	if (!uids_list(proc, &owners, &count))
		return false;
	uids_outside(proc, owners, count, uids, out);
	return true;
}

static void test_uids(void **state)
{
	const struct tree *t = *state;
	/* The status of each says 7. */
	const uid_t others[2] = { 7000, 7001 }, uids[2] = { 7000, 7 };
	auto_strlist struct strlist l = { 0 };

	if (geteuid() != 0)
		skip();
	tree_process(t, 100, 1, ID_A, 555);
	give(t, "100", 7000); /* the worker's own, or another container's */
	tree_process(t, 200, 1, ID_A, 556);
	tree_write(t, "proc/200/cgroup", "1:name=systemd:/user.slice/user-7.slice\n");
	tree_mkdir(t, "proc/300"); /* it ended while it was looked at */
	give(t, "300", 7000);
	tree_process(t, 400, 1, ID_A, 557); /* it is ending, and left its namespaces and cgroup */
	tree_write(t, "proc/400/cgroup", "1:name=systemd:/\n");
	assert_int_equal(unlinkat(t->proc, "400/ns/mnt", 0), 0);
	give(t, "400", 7);
	assert_true(look_outside(t->proc, uids, &l));
	assert_int_equal(l.count, 0);
	give(t, "200", 7001); /* whose number this was when the folder was looked at */
	assert_true(look_outside(t->proc, others, &l));
	assert_int_equal(l.count, 0);
	give(t, "200", 7);
	assert_true(look_outside(t->proc, uids, &l));
	assert_int_equal(l.count, 1);
	assert_non_null(strstr(l.items[0], "process 200 ("));
	assert_non_null(strstr(l.items[0], ") of uid 7"));
	assert_false(look_outside(-1, uids, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_left),
		cmocka_unit_test_setup_teardown(test_second_look, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_devices, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_uids, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
