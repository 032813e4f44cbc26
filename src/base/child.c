/*
 * Short-lived children. Each is the leader of its own process group, dies with the
 * thread that made it, and is killed with its group and reaped on every path. The
 * group is killed before the leader is reaped: until then its number cannot be reused.
 */
#include "base/clock.h"
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define SLICE_MS 10 /* between looks at the child where the kernel gives no pidfd */
#define EXEC_FAILED 127

struct stream {
	int fd; /* our end of a pipe; -1: none, or after its end of file */
	struct strbuf *out;
};

enum { STREAM_OUT, STREAM_ERRORS, STREAMS };

struct child {
	pid_t pid;
	int pidfd; /* -1: not available */
	struct stream streams[STREAMS];
	int64_t deadline;
};

/* First steps of the child. The signal mask is inherited and would survive execve(2). */
static void child_begin(pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* died before prctl: nobody would kill us. 0: the parent is outside our pid namespace */
	pid_t now = getppid();
	if (now != parent && now != 0)
		_exit(EXEC_FAILED);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* One pipe for each stream that has a buffer. The child's ends are in `theirs`. */
static int open_streams(struct child *c, int theirs[STREAMS], struct err *e)
{
	for (size_t i = 0; i < STREAMS; i++) {
		int ends[2];

		if (!c->streams[i].out)
			continue;
		if (pipe2(ends, O_CLOEXEC) < 0)
			return err_sys(e, errno, "pipe");
		fcntl(ends[0], F_SETFL, O_NONBLOCK);
		c->streams[i].fd = ends[0];
		theirs[i] = ends[1];
	}
	return 0;
}

static void close_all(struct child *c, const int theirs[STREAMS])
{
	for (size_t i = 0; i < STREAMS; i++) {
		if (theirs[i] >= 0)
			close(theirs[i]);
		if (c && c->streams[i].fd >= 0)
			close(c->streams[i].fd);
	}
}

typedef int (*child_main)(void *arg, const int fds[STREAMS]);

static int child_start(struct child *c, child_main fn, void *arg, int timeout_ms, struct err *e)
{
	int theirs[STREAMS] = { -1, -1 };
	pid_t parent = getpid();

	if (open_streams(c, theirs, e)) {
		close_all(c, theirs);
		return -1;
	}
	pid_t pid = fork();
	if (pid < 0) {
		int saved = errno;
		close_all(c, theirs);
		return err_sys(e, saved, "fork");
	}
	if (pid == 0) {
		child_begin(parent);
		for (size_t i = 0; i < STREAMS; i++)
			if (c->streams[i].fd >= 0)
				close(c->streams[i].fd);
		_exit(fn(arg, theirs) & 0xFF);
	}
	setpgid(pid, pid); /* both sides do it: whoever runs first */
	close_all(NULL, theirs);
	c->pid = pid;
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	c->deadline = clock_monotonic_ms() + timeout_ms;
	return 0;
}

/* Takes what the pipe holds now; closes it at its end. */
static void drain(const struct child *c, struct stream *s)
{
	char buf[4096];
	ssize_t n = 0;

	while (s->fd >= 0) {
		n = read(s->fd, buf, sizeof(buf));
		if (n > 0) {
			strbuf_add(s->out, buf, (size_t)n);
			/* an endless writer must not keep us from looking at the clock */
			if (clock_monotonic_ms() >= c->deadline)
				break;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			break;
		} else {
			close(s->fd);
			s->fd = -1;
		}
	}
	if (s->out && s->out->secret)
		mem_wipe(buf, sizeof(buf));
}

static bool has_exited(const struct child *c)
{
	siginfo_t info = { .si_pid = 0 };

	/* WNOWAIT: the zombie keeps the number of its group taken */
	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == c->pid;
}

/* Collects output until the child has exited; false when its time is over, or, where `bounded`,
 * when it printed more than it may. A grandchild that keeps the pipe open does not count. */
static bool collect(struct child *c, bool bounded)
{
	for (;;) {
		bool done = has_exited(c);
		for (size_t i = 0; i < STREAMS; i++)
			drain(c, &c->streams[i]);
		int64_t left = c->deadline - clock_monotonic_ms();
		if (bounded && c->streams[STREAM_OUT].out->overflow)
			return false;
		if (done)
			return true;
		if (left <= 0)
			return false;
		struct pollfd fds[] = { { .fd = c->pidfd, .events = POLLIN },
					{ .fd = c->streams[STREAM_OUT].fd, .events = POLLIN },
					{ .fd = c->streams[STREAM_ERRORS].fd, .events = POLLIN } };
		if (c->pidfd < 0)
			left = MIN_OF(left, SLICE_MS);
		/* its result is read from the child */
		poll(fds, ARRAY_SIZE(fds), (int)MIN_OF(left, INT32_MAX));
	}
}

static int reap(struct child *c)
{
	static const int none[STREAMS] = { -1, -1 };
	int status = 0;

	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL); /* when setpgid has not happened yet */
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_all(c, none);
	if (c->pidfd >= 0)
		close(c->pidfd);
	return status;
}

static struct child child_with(struct strbuf *out, struct strbuf *errors)
{
	return (struct child){
		.pid = -1,
		.pidfd = -1,
		.streams = { [STREAM_OUT] = { -1, out }, [STREAM_ERRORS] = { -1, errors } }
	};
}

static int conclude(int status, int *out_status, struct err *e)
{
	if (WIFSIGNALED(status))
		return err_set(e, ERR_SYSTEM, "child was killed by signal %d", WTERMSIG(status));
	*out_status = WEXITSTATUS(status);
	return 0;
}

struct call {
	int (*fn)(void *arg, int fd);
	void *arg;
};

static int run_call(void *arg, const int fds[STREAMS])
{
	const struct call *call = arg;

	return call->fn(call->arg, fds[STREAM_OUT]);
}

int child_call(int (*fn)(void *arg, int fd), void *arg, int timeout_ms, struct strbuf *out,
	       int *out_status, struct err *e)
{
	struct child c = child_with(out, NULL);
	struct call call = { fn, arg };

	if (child_start(&c, run_call, &call, timeout_ms, e))
		return -1;
	bool in_time = collect(&c, false);
	int status = reap(&c);
	if (!in_time)
		return err_set(e, ERR_TIMEOUT, "child did not end within %d ms", timeout_ms);
	return conclude(status, out_status, e);
}

static int report_exec_failure(int fd)
{
	static const char text[] = "cannot be executed: ";
	const char *reason = strerrordesc_np(errno);

	if (write(fd, text, sizeof(text) - 1) < 0 || write(fd, reason, strlen(reason)) < 0)
		return EXEC_FAILED;
	return EXEC_FAILED;
}

/* Becomes the program; its standard input is `in`, or nothing. */
static int become(const struct child_program *p, int in, const int fds[STREAMS])
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char locale[] = "LC_ALL=C";
	auto_free char *home_variable = p->home ? mem_printf("HOME=%s", p->home) : NULL;
	char *env[] = { path, locale, home_variable, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int errors = fds[STREAM_ERRORS] >= 0 ? fds[STREAM_ERRORS] : fds[STREAM_OUT];

	if (null < 0 || dup2(in >= 0 ? in : null, STDIN_FILENO) < 0 ||
	    dup2(fds[STREAM_OUT], STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
		return EXEC_FAILED;
	/* descriptors that a caller of ours forgot to close: secrets, sockets, locks */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	/* execve(2) does not write to argv; its prototype is older than const */
	execve(p->path ? p->path : p->argv[0], (char *const *)p->argv, env);
	return report_exec_failure(STDERR_FILENO);
}

static int run_program(void *arg, int fd)
{
	const struct child_program p = { .argv = arg };

	return become(&p, -1, (const int[STREAMS]){ fd, -1 });
}

int child_exec(const char *const argv[], int timeout_ms, struct strbuf *out, struct err *e)
{
	int status = 0;
	size_t start = out->len;

	if (argv[0][0] != '/')
		return err_set(e, ERR_INTERNAL, "'%s' is not an absolute path", argv[0]);
	/* execve(2) does not write to argv; its prototype is older than const */
	if (child_call(run_program, (void *)argv, timeout_ms, out, &status, e))
		return err_wrap(e, "%s", argv[0]);
	if (status == 0)
		return 0;
	const char *text = strbuf_str(out) + MIN_OF(start, out->len);
	return err_set(e, ERR_SYSTEM, "%s: exit status %d%s%.*s", argv[0], status,
		       *text ? ": " : "", (int)MIN_OF(strcspn(text, "\n"), (size_t)400), text);
}

struct program_start {
	const struct child_program *program;
	int in;
};

static int run_apart(void *arg, const int fds[STREAMS])
{
	const struct program_start *s = arg;

	return become(s->program, s->in, fds);
}

/* All of it fits into the pipe, so nobody waits for anybody. */
static int open_input(const struct child_program *p, int *out_fd, struct err *e)
{
	int ends[2];
	ssize_t n;

	if (!p->input)
		return 0;
	if (p->input_len > CHILD_INPUT_MAX)
		return err_set(e, ERR_INTERNAL, "%zu bytes of input for a program", p->input_len);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, errno, "pipe");
	n = write(ends[1], p->input, p->input_len);
	close(ends[1]);
	if (n < 0 || (size_t)n != p->input_len) {
		close(ends[0]);
		return err_set(e, ERR_SYSTEM, "a pipe does not take %zu bytes", p->input_len);
	}
	fcntl(ends[0], F_SETFL, 0); /* the program expects to wait for its input */
	*out_fd = ends[0];
	return 0;
}

int child_run(const struct child_program *p, int *out_status, struct err *e)
{
	struct child c = child_with(p->out, p->errors);
	auto_fd int in = -1;
	struct program_start start = { .program = p };

	const char *path = p->path ? p->path : p->argv[0];

	if (*path != '/')
		return err_set(e, ERR_INTERNAL, "'%s' is not an absolute path", path);
	if (open_input(p, &in, e))
		return -1;
	start.in = in;
	if (child_start(&c, run_apart, &start, p->timeout_ms, e))
		return -1;
	bool complete = collect(&c, true);
	int status = reap(&c);
	if (!complete && p->out->overflow)
		return err_set(e, ERR_REFUSED, "printed more than %zu bytes", p->out->max);
	if (!complete)
		return err_set(e, ERR_TIMEOUT, "did not end within %d ms", p->timeout_ms);
	return conclude(status, out_status, e);
}
