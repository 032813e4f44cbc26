/* What the seccomp command shows, of built-in profiles, files and a live process. */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ops/seccomp.h"

static void test_list_has_every_builtin(void **unused)
{
	struct bind_list rows;
	struct err e = ERR_INIT;
	size_t strict = 0, worker = 0;

	(void)unused;
	assert_int_equal(ops_seccomp_list(&rows, &e), 0);
	for (size_t i = 0; i < rows.count; i++) {
		const struct seccomp_row *r = (struct seccomp_row *)rows.items + i;

		assert_string_equal(r->name, seccomp_builtin_names()[i]);
		assert_int_equal(strlen(r->digest), DIGEST_HEX_SIZE - 1);
		assert_true(r->instructions > 100);
		if (strcmp(r->name, "strict") == 0)
			strict = r->allowed;
		if (strcmp(r->name, "ai-worker") == 0)
			worker = r->allowed;
	}
	assert_null(seccomp_builtin_names()[rows.count]);
	assert_true(strict > 100 && strict < worker);
	seccomp_rows_free(&rows);
}

static bool starts_some(const struct strlist *l, const char *prefix)
{
	for (size_t i = 0; i < l->count; i++)
		if (strncmp(l->items[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static void test_show_tells_all_three_kinds(void **unused)
{
	struct seccomp_report r;
	struct err e = ERR_INIT;

	(void)unused;
	assert_int_equal(ops_seccomp_show("ai-worker", &r, &e), 0);
	assert_string_equal(r.by_default, "errno 1");
	assert_true(strlist_has(&r.allowed, "openat"));
	assert_true(starts_some(&r.conditional, "socket: arg0 == 0x1 and "));
	assert_true(starts_some(&r.refused, "mount: "));
	assert_true(starts_some(&r.refused, "io_uring_setup: "));
	assert_int_equal(r.let_through.count, 0);
	assert_int_equal(r.json[0], '{');
	seccomp_report_free(&r);
}

struct file {
	char path[64];
};

static void write_file(struct file *f, const char *text, size_t len)
{
	int fd;

	snprintf(f->path, sizeof(f->path), "/tmp/test-seccomp-XXXXXX");
	fd = mkstemp(f->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
}

/* ai-worker's text with one name put in place of another of its list. */
static char *worker_with(const char *from, const char *to)
{
	const char *text = seccomp_builtin_text("ai-worker");
	const char *at = strstr(text, from);

	assert_non_null(at);
	return mem_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void test_file_that_lets_more_through(void **unused)
{
	auto_free char *text = worker_with("\"wait4\"", "\"wait4\", \"mount\"");
	struct file f;
	struct seccomp_report r;
	struct seccomp_diff d;
	struct err e = ERR_INIT;

	(void)unused;
	write_file(&f, text, strlen(text));
	if (ops_seccomp_check(f.path, &e) < 0 || ops_seccomp_show(f.path, &r, &e) < 0 ||
	    ops_seccomp_diff("ai-worker", f.path, &d, &e) < 0) {
		unlink(f.path);
		fail_msg("%s", e.message);
	}
	unlink(f.path);
	assert_int_equal(r.let_through.count, 1);
	assert_true(starts_some(&r.let_through, "mount: "));
	assert_true(d.total > 0 && d.count == d.total);
	for (size_t i = 0; i < d.count; i++) {
		assert_string_equal(d.items[i].call, "mount");
		assert_true(d.items[i].weaker);
	}
	seccomp_report_free(&r);
	seccomp_diff_free(&d);
}

static void test_check_refuses_and_names_the_place(void **unused)
{
	auto_free char *text = worker_with("\"execve\"", "\"exceve\"");
	struct file f;
	struct err e = ERR_INIT;
	int rc;

	(void)unused;
	write_file(&f, text, strlen(text));
	rc = ops_seccomp_check(f.path, &e);
	unlink(f.path);
	assert_int_equal(rc, -1);
	assert_int_equal(e.code, ERR_MANIFEST);
	assert_non_null(strstr(e.message, "exceve: libseccomp knows no such call"));
	assert_non_null(strstr(e.message, f.path));
	e = (struct err)ERR_INIT;
	assert_int_equal(ops_seccomp_check(f.path, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

/* A child under the composed program, as the runtime would load it. */
static pid_t filtered_child(const char *profile)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	auto_seccomp_program struct seccomp_program program = { 0 };
	struct err e = ERR_INIT;
	struct sock_fprog prog;
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(seccomp_profile_builtin(profile, &p, &e), 0);
	assert_int_equal(seccomp_compose(p, &program, &e), 0);
	assert_int_equal(pipe(ready), 0);
	prog = (struct sock_fprog){ (unsigned short)program.filter.count, program.filter.code };
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 ||
		    write(ready[1], "r", 1) != 1)
			_exit(9);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void test_live_process(void **unused)
{
	struct seccomp_diff same, other;
	struct err e = ERR_INIT;
	pid_t pid;
	int rc;

	(void)unused;
	if (geteuid() != 0) {
		print_message("reading another process's filter needs root\n");
		skip();
	}
	pid = filtered_child("ai-worker");
	rc = ops_seccomp_diff_live("ai-worker", pid, &same, &e);
	if (rc == 0)
		rc = ops_seccomp_diff_live("strict", pid, &other, &e);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (rc < 0)
		fail_msg("%s", e.message);
	assert_int_equal(same.filters, 1);
	assert_int_equal(same.total, 0);
	assert_true(other.total > 10);
	assert_true(other.items[0].weaker);
	seccomp_diff_free(&same);
	seccomp_diff_free(&other);
	assert_int_equal(ops_seccomp_diff_live("strict", pid, &other, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_has_every_builtin),
		cmocka_unit_test(test_show_tells_all_three_kinds),
		cmocka_unit_test(test_file_that_lets_more_through),
		cmocka_unit_test(test_check_refuses_and_names_the_place),
		cmocka_unit_test(test_live_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
