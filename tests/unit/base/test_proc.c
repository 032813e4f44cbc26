/*
 * /proc readers over a fake tree with hostile and damaged content, and over the real
 * one for what only a kernel prints.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/strbuf.h"

struct fixture {
	char root[64];
	int root_fd, pid_fd;
};

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err e = ERR_INIT;

	snprintf(f->root, sizeof(f->root), "/tmp/tenantctl-proc-XXXXXX");
	*state = f;
	if (!mkdtemp(f->root) || proc_open_root(f->root, &f->root_fd, &e))
		return -1;
	return mkdirat(f->root_fd, "42", 0755) || proc_open_pid(f->root_fd, 42, &f->pid_fd, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "status", "stat",	  "mountinfo", "limits",
					     "cgroup", "environ", "cmdline" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(f->pid_fd, names[i], 0);
	unlinkat(f->root_fd, "42", AT_REMOVEDIR);
	rmdir(f->root);
	close(f->pid_fd);
	close(f->root_fd);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *name, const char *text, size_t len)
{
	auto_fd int fd = openat(f->pid_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static void puts_text(const struct fixture *f, const char *name, const char *text)
{
	put(f, name, text, strlen(text));
}

#define STATUS                                                                                     \
	"Name:\tev\\nil: Uid:\t0\nPid:\t42\nPPid:\t1\nUid:\t1000\t1001\t1002\t1003\n"              \
	"Gid:\t5\t6\t7\t8\nGroups:\t10 20 30 \nNSpid:\t42\t7\t1\nThreads:\t3\n"                    \
	"CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t000001ffffffffff\n"        \
	"CapBnd:\t0000000000000001\nCapAmb:\t0000000000000002\n"

static void status_is_read(void **state)
{
	struct fixture *f = *state;
	struct proc_status st;
	struct err e = ERR_INIT;
	puts_text(f, "status", STATUS "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n");
	assert_ok(proc_read_status(f->pid_fd, &st, &e), &e);
	assert_string_equal(st.name, "ev\\nil: Uid:\t0");
	assert_int_equal(st.pid, 42);
	assert_int_equal(st.ppid, 1);
	assert_int_equal(st.uid[3], 1003);
	assert_int_equal(st.gid[0], 5);
	assert_int_equal(st.group_count, 3);
	assert_int_equal(st.groups[2], 30);
	assert_false(st.groups_more);
	assert_int_equal(st.ns_depth, 3);
	assert_int_equal(st.threads, 3);
	assert_true(st.caps[PROC_CAP_EFF] == UINT64_C(0x1ffffffffff));
	assert_true(st.caps[PROC_CAP_PRM] == UINT64_C(0xa80425fb));
	assert_true(st.caps[PROC_CAP_AMB] == 2);
	assert_int_equal(st.no_new_privs, 1);
	assert_int_equal(st.seccomp, 2);
	assert_int_equal(st.seccomp_filters, 1);
	puts_text(f, "status", STATUS);
	assert_ok(proc_read_status(f->pid_fd, &st, &e), &e);
	assert_int_equal(st.seccomp, -1); /* absent is not "off" */
	auto_strbuf struct strbuf many = STRBUF_INIT(STRBUF_TEXT_MAX);
	strbuf_puts(&many, STATUS "Groups:\t");
	for (int i = 0; i < 65536; i++)
		strbuf_printf(&many, "%d ", i);
	strbuf_putc(&many, '\n');
	put(f, "status", many.data, many.len);
	assert_ok(proc_read_status(f->pid_fd, &st, &e), &e);
	assert_int_equal(st.group_count, 32);
	assert_true(st.groups_more);
}

static void damaged_status_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = {
		"",
		"Name:\tx\n",
		"no colon\n",
		"Pid:\t1\nUid:\t1 2\nGid:\t1 2 3 4\nCapEff:\t0\n",
		"Pid:\t1\nUid:\t1\t2\t3\t4\nGid:\t1\t2\t3\t4\n", /* no capabilities */
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct proc_status st;
		struct err e = ERR_INIT;
		puts_text(f, "status", texts[i]);
		assert_refused(proc_read_status(f->pid_fd, &st, &e), &e, ERR_SYSTEM, "status: not");
	}
	struct proc_status st;
	struct err e = ERR_INIT;
	unlinkat(f->pid_fd, "status", 0);
	assert_refused(proc_read_status(f->pid_fd, &st, &e), &e, ERR_NOT_FOUND, "status");
	int fd = -1;
	assert_refused(proc_open_pid(f->root_fd, 43, &fd, &e), &e, ERR_NOT_FOUND, "43");
}

static void start_time_survives_names(void **state)
{
	struct fixture *f = *state;
	uint64_t start = 0;
	struct err e = ERR_INIT;
	puts_text(f, "stat",
		  "42 (a) R 9 9) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 "
		  "12345678901 23\n");
	assert_ok(proc_start_time(f->pid_fd, &start, &e), &e);
	assert_true(start == UINT64_C(12345678901));
	puts_text(f, "stat", "42 (a) S 3 4\n");
	assert_refused(proc_start_time(f->pid_fd, &start, &e), &e, ERR_SYSTEM, "stat: not");
}

static void mounts_are_read(void **state)
{
	struct fixture *f = *state;
	auto_mounts struct proc_mounts m = { NULL, 0 };
	struct err e = ERR_INIT;
	puts_text(f, "mountinfo",
		  "1 0 8:1 / / rw,relatime - ext4 /dev/root rw\n"
		  "36 35 98:0 /a\\040b /mnt\\0112\\134 ro,noexec master:1 shared:2 - tmpfs  "
		  "rw,size=1k\n");
	assert_ok(proc_read_mounts(f->pid_fd, &m, &e), &e);
	assert_int_equal(m.count, 2);
	assert_string_equal(m.items[0].optional, "");
	assert_string_equal(m.items[0].fstype, "ext4");
	assert_int_equal(m.items[1].major, 98);
	assert_string_equal(m.items[1].root, "/a b");
	assert_string_equal(m.items[1].target, "/mnt\t2\\");
	assert_string_equal(m.items[1].options, "ro,noexec");
	assert_string_equal(m.items[1].optional, "master:1 shared:2");
	assert_string_equal(m.items[1].source, "");
	assert_string_equal(m.items[1].super_options, "rw,size=1k");
	static const char *const bad[] = { "x\n", "1 0 8:1 / / rw\n", "1 0 8 / / rw - a b c\n",
					   "1 0 8:1 / / rw shared:1 ext4 x y\n",
					   "1 0 8:1 / / rw -\n" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		puts_text(f, "mountinfo", bad[i]);
		assert_refused(proc_read_mounts(f->pid_fd, &m, &e), &e, ERR_SYSTEM, "mountinfo");
		assert_int_equal(m.count, 2); /* untouched */
	}
}

static void limits_are_read(void **state)
{
	struct fixture *f = *state;
	struct proc_limit l[16];
	size_t count = 0;
	struct err e = ERR_INIT;
	puts_text(
		f, "limits",
		"Limit                     Soft Limit           Hard Limit           Units     \n"
		"Max cpu time              unlimited            unlimited            seconds   \n"
		"Max open files            1024                 4096                 files     \n");
	assert_ok(proc_read_limits(f->pid_fd, l, 16, &count, &e), &e);
	assert_int_equal(count, 2);
	assert_string_equal(l[0].name, "Max cpu time");
	assert_true(l[0].hard == UINT64_MAX);
	assert_string_equal(l[1].name, "Max open files");
	assert_int_equal(l[1].soft, 1024);
	assert_int_equal(l[1].hard, 4096);
	assert_ok(proc_read_limits(f->pid_fd, l, 1, &count, &e), &e);
	assert_int_equal(count, 1);
	puts_text(f, "limits", "Limit\nMax open files            x\n");
	assert_refused(proc_read_limits(f->pid_fd, l, 16, &count, &e), &e, ERR_SYSTEM, "limits");
}

static void strings_are_bounded(void **state)
{
	struct fixture *f = *state;
	auto_strlist struct strlist l = { NULL, 0 };
	struct err e = ERR_INIT;
	put(f, "environ", "A=1\0\0B=x\ny", 10);
	assert_ok(proc_read_strings(f->pid_fd, "environ", &l, &e), &e);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.items[2], "B=x\ny");
	auto_free char *big = mem_alloc(300000);
	memset(big, 'x', 300000);
	put(f, "cmdline", big, 300000);
	assert_ok(proc_read_strings(f->pid_fd, "cmdline", &l, &e), &e);
	assert_int_equal(l.count, 1);
	assert_int_equal(strlen(l.items[0]), 128 << 10);
	puts_text(f, "cgroup", "12:memory:/docker/x\n0::/docker/x\n");
	assert_ok(proc_read_cgroup(f->pid_fd, &l, &e), &e);
	assert_int_equal(l.count, 2);
	assert_string_equal(l.items[1], "0::/docker/x");
	puts_text(f, "cgroup", "");
	assert_ok(proc_read_cgroup(f->pid_fd, &l, &e), &e);
	assert_int_equal(l.count, 0);
}

static void the_kernel_is_understood(void **state)
{
	(void)state;
	auto_fd int root = -1, self = -1;
	auto_mounts struct proc_mounts m = { NULL, 0 };
	struct proc_limit l[32];
	struct proc_status st;
	struct err e = ERR_INIT;
	size_t count = 0;
	uint64_t start = 0, again = 1;
	dev_t dev = 0;
	ino_t ino = 0;
	assert_ok(proc_open_root("/proc", &root, &e), &e);
	assert_ok(proc_open_pid(root, getpid(), &self, &e), &e);
	assert_ok(proc_read_status(self, &st, &e), &e);
	assert_int_equal(st.pid, getpid());
	assert_int_equal(st.uid[1], geteuid());
	assert_ok(proc_read_mounts(self, &m, &e), &e);
	assert_true(m.count > 0);
	assert_ok(proc_read_limits(self, l, 32, &count, &e), &e);
	assert_true(count >= 15);
	assert_ok(proc_start_time(self, &start, &e), &e);
	assert_ok(proc_start_time(self, &again, &e), &e);
	assert_true(start == again && start > 0);
	assert_ok(proc_ns_id(self, "net", &dev, &ino, &e), &e);
	assert_true(ino != 0);
	assert_refused(proc_ns_id(self, "none", &dev, &ino, &e), &e, ERR_NOT_FOUND, "ns/none");
}

#define WITH_TREE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(status_is_read),
		WITH_TREE(damaged_status_is_refused),
		WITH_TREE(start_time_survives_names),
		WITH_TREE(mounts_are_read),
		WITH_TREE(limits_are_read),
		WITH_TREE(strings_are_bounded),
		cmocka_unit_test(the_kernel_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
