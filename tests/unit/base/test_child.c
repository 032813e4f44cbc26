/*
 * Children: results come back, time and output are bounded, nothing survives.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"

static int say(void *arg, int fd)
{
	return write(fd, arg, strlen(arg)) < 0 ? 1 : 7;
}

static int hang(void *arg unused_arg, int fd)
{
	signal(SIGTERM, SIG_IGN);
	if (write(fd, "x", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static int flood(void *arg unused_arg, int fd)
{
	char block[4096];

	memset(block, 'x', sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	return 0;
}

static int die(void *arg unused_arg, int fd unused_arg)
{
	raise(SIGKILL);
	return 0;
}

/* Leaves a grandchild behind that holds the pipe open; prints its pid. */
static int leave_grandchild(void *arg unused_arg, int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return write(fd, &pid, sizeof(pid)) != sizeof(pid);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void results_come_back(void **state)
{
	(void)state;
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;
	char text[] = "hello";
	assert_ok(child_call(say, text, 5000, &out, &status, &e), &e);
	assert_int_equal(status, 7);
	assert_string_equal(strbuf_str(&out), "hello");
	assert_no_children();
}

static void time_is_bounded(void **state)
{
	(void)state;
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;
	double start = seconds();
	assert_refused(child_call(hang, NULL, 200, &out, &status, &e), &e, ERR_TIMEOUT, "200 ms");
	assert_true(seconds() - start >= 0.19 && seconds() - start < 4);
	assert_string_equal(strbuf_str(&out), "x");
	assert_int_equal(status, -1);
	assert_no_children();
}

static void output_is_bounded(void **state)
{
	(void)state;
	auto_strbuf struct strbuf out = STRBUF_INIT(10000);
	struct err e = ERR_INIT;
	int status = -1;
	assert_refused(child_call(flood, NULL, 200, &out, &status, &e), &e, ERR_TIMEOUT, "200 ms");
	assert_int_equal(out.len, 10000);
	assert_true(out.overflow);
	assert_no_children();
}

static void deaths_are_errors(void **state)
{
	(void)state;
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;
	assert_refused(child_call(die, NULL, 5000, &out, &status, &e), &e, ERR_SYSTEM, "signal 9");
	assert_no_children();
}

static void grandchildren_die_too(void **state)
{
	(void)state;
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;
	pid_t pid = 0;
	double start = seconds();
	assert_ok(child_call(leave_grandchild, NULL, 10000, &out, &status, &e), &e);
	assert_true(seconds() - start < 5); /* an open pipe is not waited for */
	assert_int_equal(out.len, sizeof(pid));
	memcpy(&pid, out.data, sizeof(pid));
	/* it becomes a zombie of init or is gone; either way it runs no more */
	char path[64], line[256] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 100; i++) {
		FILE *f = fopen(path, "r");
		bool gone = !f || !fgets(line, sizeof(line), f) || strstr(line, ") Z ");
		if (f)
			fclose(f);
		if (gone)
			return;
		usleep(20000);
	}
	fail_msg("grandchild still runs: %s", line);
}

static void programs_run_with_a_bare_environment(void **state)
{
	(void)state;
	const char *const argv[] = { "/usr/bin/env", NULL };
	const char *const fds[] = { "/bin/ls", "/proc/self/fd", NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(1000);
	struct err e = ERR_INIT;
	assert_int_equal(setenv("SECRET", "value", 1), 0);
	assert_ok(child_exec(argv, 5000, &out, &e), &e);
	assert_string_equal(strbuf_str(&out), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
	strbuf_reset(&out);
	int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	assert_true(leaked >= 0);
	assert_ok(child_exec(fds, 5000, &out, &e), &e);
	close(leaked);
	assert_string_equal(strbuf_str(&out), "0\n1\n2\n3\n"); /* 3 is ls's own */
}

static void failing_programs_say_why(void **state)
{
	(void)state;
	static const struct {
		const char *argv[4];
		int timeout;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ { "/bin/sh", "-c", "echo one; echo two >&2; exit 3" },
		  5000,
		  ERR_SYSTEM,
		  "/bin/sh: exit status 3: one" },
		{ { "/nowhere/program" },
		  5000,
		  ERR_SYSTEM,
		  "/nowhere/program: exit status 127: cannot be executed: No such file" },
		{ { "/etc/passwd" }, 5000, ERR_SYSTEM, "cannot be executed: Permission denied" },
		{ { "/bin/sleep", "60" }, 100, ERR_TIMEOUT, "/bin/sleep: child did not end" },
		{ { "sleep", "0" }, 100, ERR_INTERNAL, "not an absolute path" },
		{ { "/bin/sh", "-c", "read x && exit 0; exit 9" }, 5000, ERR_SYSTEM, "status 9" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strbuf struct strbuf out = STRBUF_INIT(1000);
		struct err e = ERR_INIT;
		assert_refused(child_exec(cases[i].argv, cases[i].timeout, &out, &e), &e,
			       cases[i].code, cases[i].message);
		assert_no_children();
	}
}

static void outputs_are_kept_apart(void **state)
{
	(void)state;
	static const char *const argv[] = { "/bin/sh", "-c",
					    "cat; echo $HOME; echo complaint >&2; exit 4", NULL };
	auto_strbuf struct strbuf out = STRBUF_SECRET(100);
	auto_strbuf struct strbuf errors = STRBUF_INIT(100);
	const struct child_program p = { .argv = argv,
					 .home = "/nowhere",
					 .input = "input\n",
					 .input_len = 6,
					 .timeout_ms = 5000,
					 .out = &out,
					 .errors = &errors };
	struct err e = ERR_INIT;
	int status = -1;
	assert_ok(child_run(&p, &status, &e), &e);
	assert_int_equal(status, 4);
	assert_string_equal(strbuf_str(&out), "input\n/nowhere\n");
	assert_string_equal(strbuf_str(&errors), "complaint\n");
	assert_no_children();
}

/* What a program is called, and what is run, are two things. */
static void programs_have_a_path_of_their_own(void **state)
{
	(void)state;
	static const char *const argv[] = { "/nowhere/name", "-c", "echo $0", NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	auto_strbuf struct strbuf errors = STRBUF_INIT(100);
	struct child_program p = {
		.argv = argv, .path = "/bin/sh", .timeout_ms = 5000, .out = &out, .errors = &errors
	};
	struct err e = ERR_INIT;
	int status = -1;
	assert_ok(child_run(&p, &status, &e), &e);
	assert_int_equal(status, 0);
	assert_string_equal(strbuf_str(&out), "/nowhere/name\n");
	p.path = "sh";
	assert_refused(child_run(&p, &status, &e), &e, ERR_INTERNAL, "absolute path");
}

/* Neither time nor output of a program in distress costs more than it may. */
static void programs_apart_are_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		int timeout;
		enum err_code code;
		const char *message;
	} cases[] = {
		{ "yes", 60000, ERR_REFUSED, "more than 100 bytes" },
		{ "yes >&2", 300, ERR_TIMEOUT, "300 ms" },
		{ "trap '' TERM; sleep 60", 300, ERR_TIMEOUT, "300 ms" },
		{ "sleep 60 & sleep 60", 300, ERR_TIMEOUT, "300 ms" },
		{ "kill -9 $$", 5000, ERR_SYSTEM, "signal 9" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const argv[] = { "/bin/sh", "-c", cases[i].script, NULL };
		auto_strbuf struct strbuf out = STRBUF_SECRET(100);
		auto_strbuf struct strbuf errors = STRBUF_INIT(100);
		const struct child_program p = {
			.argv = argv, .timeout_ms = cases[i].timeout, .out = &out, .errors = &errors
		};
		struct err e = ERR_INIT;
		double start = seconds();
		int status = -1;
		assert_refused(child_run(&p, &status, &e), &e, cases[i].code, cases[i].message);
		assert_true(seconds() - start < 5);
		assert_no_children();
	}
}

static void input_is_bounded(void **state)
{
	(void)state;
	static const char *const argv[] = { "/bin/cat", NULL };
	static const char *const relative[] = { "cat", NULL };
	static char input[CHILD_INPUT_MAX + 1];
	auto_strbuf struct strbuf out = STRBUF_INIT(CHILD_INPUT_MAX);
	auto_strbuf struct strbuf errors = STRBUF_INIT(100);
	struct child_program p = { .argv = argv,
				   .input = input,
				   .input_len = CHILD_INPUT_MAX,
				   .timeout_ms = 5000,
				   .out = &out,
				   .errors = &errors };
	struct err e = ERR_INIT;
	int status = -1;
	memset(input, 'x', sizeof(input));
	assert_ok(child_run(&p, &status, &e), &e);
	assert_int_equal(out.len, CHILD_INPUT_MAX);
	p.input_len = CHILD_INPUT_MAX + 1;
	assert_refused(child_run(&p, &status, &e), &e, ERR_INTERNAL, "bytes of input");
	p.argv = relative;
	assert_refused(child_run(&p, &status, &e), &e, ERR_INTERNAL, "absolute path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_come_back),
		cmocka_unit_test(time_is_bounded),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(deaths_are_errors),
		cmocka_unit_test(grandchildren_die_too),
		cmocka_unit_test(programs_run_with_a_bare_environment),
		cmocka_unit_test(failing_programs_say_why),
		cmocka_unit_test(outputs_are_kept_apart),
		cmocka_unit_test(programs_have_a_path_of_their_own),
		cmocka_unit_test(programs_apart_are_bounded),
		cmocka_unit_test(input_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
