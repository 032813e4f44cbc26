/*
 * Reading the filters of live processes of our own: the very programs, newest first,
 * and a target that goes on as if nothing had been, whatever happens to the tracer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/proc.h"
#include "probe/seccomp_dump.h"

#define TIMEOUT_MS 5000
#define SIGNALS 200

static const struct sock_filter first_filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_swapon, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static const struct sock_filter second_filter[] = {
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

struct target {
	pid_t pid;
	int to, from; /* what is written to `to` comes back by `from` */
	uint64_t start_time;
};

struct fixture {
	int proc_root;
	struct target target;
	struct filter_program *filters;
	size_t count;
};

/* Runs in the target. */
struct target_side {
	int in, out;
};

static void echo(const struct target_side *s)
{
	char c;

	for (;;) {
		ssize_t n = read(s->in, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || write(s->out, &c, 1) != 1)
			_exit(0);
	}
}

static void install(const struct sock_filter *code, size_t count)
{
	struct sock_fprog prog = { (unsigned short)count, (void *)(uintptr_t)code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		_exit(9);
}

static void filtered_echo(const struct target_side *s)
{
	install(first_filter, ARRAY_SIZE(first_filter));
	install(second_filter, ARRAY_SIZE(second_filter));
	echo(s);
}

static void *echo_thread(void *arg)
{
	echo(arg);
	return NULL;
}

static void leaderless_echo(const struct target_side *s)
{
	struct target_side *copy = malloc(sizeof(*copy));
	pthread_t thread;

	if (!copy)
		_exit(9);
	*copy = *s;
	install(first_filter, ARRAY_SIZE(first_filter));
	if (pthread_create(&thread, NULL, echo_thread, copy) != 0)
		_exit(9);
	pthread_exit(NULL);
}

/* Reports each queued signal by the pipe, so that a lost one is missed. */
static int signal_out;
static void on_signal(int unused)
{
	(void)unused;
	if (write(signal_out, "s", 1) != 1)
		_exit(9);
}

static void signal_echo(const struct target_side *s)
{
	struct sigaction action = { .sa_handler = on_signal };

	signal_out = s->out;
	sigaction(SIGRTMIN, &action, NULL);
	install(first_filter, ARRAY_SIZE(first_filter));
	echo(s);
}

/* A parent inside vfork(2) can't be stopped until its child ends or executes. */
static void vfork_echo(const struct target_side *s)
{
	char c;

	if (write(s->out, "v", 1) != 1)
		_exit(9);
	if (vfork() == 0)
		_exit(read(s->in, &c, 1) == 1 ? 0 : 9);
	wait(NULL);
	echo(s);
}

static void start(struct fixture *f, void (*fn)(const struct target_side *s))
{
	struct target_side side;
	int to[2], from[2];
	auto_fd int dir = -1;
	struct err e = ERR_INIT;

	if (geteuid() != 0) {
		print_message("reading another process's filter needs root\n");
		skip();
	}
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	side = (struct target_side){ to[0], from[1] };
	f->target.pid = fork();
	assert_true(f->target.pid >= 0);
	if (f->target.pid == 0) {
		close(to[1]);
		close(from[0]);
		fn(&side);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	f->target.to = to[1];
	f->target.from = from[0];
	assert_int_equal(proc_open_pid(f->proc_root, f->target.pid, &dir, &e), 0);
	assert_int_equal(proc_start_time(dir, &f->target.start_time, &e), 0);
}

static bool answers(const struct target *t)
{
	char c = 0;

	return write(t->to, "x", 1) == 1 && read(t->from, &c, 1) == 1 && c == 'x';
}

static int dump(struct fixture *f, int timeout_ms, struct err *e)
{
	seccomp_dump_free(f->filters, f->count);
	f->filters = NULL;
	f->count = 0;
	return seccomp_dump(f->proc_root, f->target.pid, f->target.start_time, timeout_ms,
			    &f->filters, &f->count, e);
}

static void dump_ok(struct fixture *f)
{
	struct err e = ERR_INIT;

	if (dump(f, TIMEOUT_MS, &e) < 0)
		fail_msg("%s", e.message);
}

static void assert_program(const struct filter_program *p, const struct sock_filter *code,
			   size_t count)
{
	assert_int_equal(p->count, count);
	assert_memory_equal(p->code, code, count * sizeof(*code));
}

/* Field `name` of the target's status file; threads that still run are looked at. */
static void assert_untraced(const struct target *t)
{
	char path[64], text[4096];
	const char *line;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)t->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	line = strstr(text, "\nTracerPid:\t");
	assert_non_null(line);
	assert_int_equal(atoi(line + strlen("\nTracerPid:\t")), 0);
	assert_null(strstr(text, "State:\tt"));
}

static int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct err e = ERR_INIT;

	*state = f;
	return proc_open_root("/proc", &f->proc_root, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->target.pid > 0) {
		kill(f->target.pid, SIGKILL);
		waitpid(f->target.pid, NULL, 0);
		close(f->target.to);
		close(f->target.from);
	}
	close(f->proc_root);
	seccomp_dump_free(f->filters, f->count);
	free(f);
	return 0;
}

static void test_programs_newest_first(void **state)
{
	struct fixture *f = *state;

	start(f, filtered_echo);
	assert_true(answers(&f->target)); /* both are installed by then */
	dump_ok(f);
	assert_int_equal(f->count, 2);
	assert_program(&f->filters[0], second_filter, ARRAY_SIZE(second_filter));
	assert_program(&f->filters[1], first_filter, ARRAY_SIZE(first_filter));
	assert_untraced(&f->target);
	assert_true(answers(&f->target));
}

static void test_no_filter_is_an_empty_list(void **state)
{
	struct fixture *f = *state;

	start(f, echo);
	dump_ok(f);
	assert_int_equal(f->count, 0);
	assert_true(answers(&f->target));
}

static void test_other_thread_when_leader_ended(void **state)
{
	struct fixture *f = *state;

	start(f, leaderless_echo);
	assert_true(answers(&f->target));
	usleep(20000); /* the leader's end has no event to wait for */
	dump_ok(f);
	assert_int_equal(f->count, 1);
	assert_program(&f->filters[0], first_filter, ARRAY_SIZE(first_filter));
	assert_true(answers(&f->target));
}

static void test_stopped_process_stays_stopped(void **state)
{
	struct fixture *f = *state;
	int status;

	start(f, filtered_echo);
	assert_true(answers(&f->target));
	kill(f->target.pid, SIGSTOP);
	assert_int_equal(waitpid(f->target.pid, &status, WUNTRACED), f->target.pid);
	assert_true(WIFSTOPPED(status));
	dump_ok(f);
	assert_int_equal(f->count, 2);
	assert_int_equal(write(f->target.to, "x", 1), 1);
	usleep(20000);
	assert_int_equal(fcntl(f->target.from, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(f->target.from, &status, 1), -1);
	assert_int_equal(fcntl(f->target.from, F_SETFL, 0), 0);
	kill(f->target.pid, SIGCONT);
	assert_int_equal(read(f->target.from, &status, 1), 1);
}

static void test_no_signal_is_lost(void **state)
{
	struct fixture *f = *state;
	union sigval value = { 0 };
	int seen = 0;
	char c;

	start(f, signal_echo);
	assert_true(answers(&f->target));
	for (int i = 0; i < SIGNALS; i++) {
		assert_int_equal(sigqueue(f->target.pid, SIGRTMIN, value), 0);
		if (i % 10 == 0)
			dump_ok(f);
	}
	assert_int_equal(write(f->target.to, "x", 1), 1);
	for (int i = 0; i < SIGNALS + 1; i++) {
		assert_int_equal(read(f->target.from, &c, 1), 1);
		seen += c == 's';
	}
	assert_int_equal(seen, SIGNALS);
}

static void test_tracer_killed_at_deadline_leaves_target_running(void **state)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;
	char c = 0;

	start(f, vfork_echo);
	assert_int_equal(read(f->target.from, &c, 1), 1);
	usleep(20000); /* from the write into vfork */
	assert_int_equal(dump(f, 200, &e), -1);
	assert_int_equal(e.code, ERR_TIMEOUT);
	assert_untraced(&f->target);
	assert_int_equal(write(f->target.to, "g", 1), 1); /* ends the vfork child */
	assert_true(answers(&f->target));
	dump_ok(f);
}

static void test_other_tracer_is_busy(void **state)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;

	start(f, echo);
	assert_int_equal(ptrace(PTRACE_SEIZE, f->target.pid, NULL, NULL), 0);
	assert_int_equal(dump(f, TIMEOUT_MS, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
}

static void test_wrong_start_time(void **state)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;

	start(f, echo);
	f->target.start_time++;
	assert_int_equal(dump(f, TIMEOUT_MS, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_true(answers(&f->target));
}

static void test_ended_process(void **state)
{
	struct fixture *f = *state;
	struct err e = ERR_INIT;

	start(f, echo);
	kill(f->target.pid, SIGKILL);
	waitpid(f->target.pid, NULL, WNOHANG | WNOWAIT);
	usleep(20000); /* a zombie now */
	assert_int_equal(dump(f, TIMEOUT_MS, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	waitpid(f->target.pid, NULL, 0);
	e = (struct err)ERR_INIT;
	assert_int_equal(dump(f, TIMEOUT_MS, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	f->target.pid = 0;
	close(f->target.to);
	close(f->target.from);
}

#define TRACE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACE_TEST(test_programs_newest_first),
		TRACE_TEST(test_no_filter_is_an_empty_list),
		TRACE_TEST(test_other_thread_when_leader_ended),
		TRACE_TEST(test_stopped_process_stays_stopped),
		TRACE_TEST(test_no_signal_is_lost),
		TRACE_TEST(test_tracer_killed_at_deadline_leaves_target_running),
		TRACE_TEST(test_other_tracer_is_busy),
		TRACE_TEST(test_wrong_start_time),
		TRACE_TEST(test_ended_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
