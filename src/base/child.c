/*
 * Short-lived children. Each is the leader of its own process group, dies with the
 * thread that made it, and is killed with its group and reaped on every path. The
 * group is killed before the leader is reaped: until then its number cannot be reused.
 */
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
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define SLICE_MS 10 /* between looks at the child where the kernel gives no pidfd */
#define EXEC_FAILED 127

struct child {
	pid_t pid;
	int pidfd; /* -1: not available */
	int pipe;  /* our end; -1 after its end of file */
	int64_t deadline;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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

static int child_start(struct child *c, int (*fn)(void *arg, int fd), void *arg, int timeout_ms,
		       struct err *e)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, errno, "pipe");
	pid_t pid = fork();
	if (pid < 0) {
		int saved = errno;
		close(ends[0]);
		close(ends[1]);
		return err_sys(e, saved, "fork");
	}
	if (pid == 0) {
		child_begin(parent);
		close(ends[0]);
		_exit(fn(arg, ends[1]) & 0xFF);
	}
	setpgid(pid, pid); /* both sides do it: whoever runs first */
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*c = (struct child){ .pid = pid,
			     .pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
			     .pipe = ends[0],
			     .deadline = now_ms() + timeout_ms };
	return 0;
}

/* Takes what the pipe holds now; closes it at its end. */
static void drain(struct child *c, struct strbuf *out)
{
	char buf[4096];

	while (c->pipe >= 0) {
		ssize_t n = read(c->pipe, buf, sizeof(buf));
		if (n > 0) {
			strbuf_add(out, buf, (size_t)n);
			/* an endless writer must not keep us from looking at the clock */
			if (now_ms() >= c->deadline)
				return;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else {
			close(c->pipe);
			c->pipe = -1;
		}
	}
}

static bool has_exited(const struct child *c)
{
	siginfo_t info = { .si_pid = 0 };

	/* WNOWAIT: the zombie keeps the number of its group taken */
	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == c->pid;
}

/* Collects output until the child has exited; false when its time is over. A grandchild that
 * keeps the pipe open does not count. */
static bool collect(struct child *c, struct strbuf *out)
{
	for (;;) {
		bool done = has_exited(c);
		drain(c, out);
		int64_t left = c->deadline - now_ms();
		if (done)
			return true;
		if (left <= 0)
			return false;
		struct pollfd fds[2] = { { .fd = c->pidfd, .events = POLLIN },
					 { .fd = c->pipe, .events = POLLIN } };
		if (c->pidfd < 0)
			left = MIN_OF(left, SLICE_MS);
		poll(fds, 2, (int)MIN_OF(left, INT32_MAX)); /* its result is read from the child */
	}
}

static int reap(struct child *c)
{
	int status = 0;

	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL); /* when setpgid has not happened yet */
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (c->pipe >= 0)
		close(c->pipe);
	if (c->pidfd >= 0)
		close(c->pidfd);
	return status;
}

int child_call(int (*fn)(void *arg, int fd), void *arg, int timeout_ms, struct strbuf *out,
	       int *out_status, struct err *e)
{
	struct child c = { .pid = -1, .pidfd = -1, .pipe = -1 };

	if (child_start(&c, fn, arg, timeout_ms, e))
		return -1;
	bool in_time = collect(&c, out);
	int status = reap(&c);
	if (!in_time)
		return err_set(e, ERR_TIMEOUT, "child did not end within %d ms", timeout_ms);
	if (WIFSIGNALED(status))
		return err_set(e, ERR_SYSTEM, "child was killed by signal %d", WTERMSIG(status));
	*out_status = WEXITSTATUS(status);
	return 0;
}

static int report_exec_failure(int fd)
{
	static const char text[] = "cannot be executed: ";
	const char *reason = strerrordesc_np(errno);

	if (write(fd, text, sizeof(text) - 1) < 0 || write(fd, reason, strlen(reason)) < 0)
		return EXEC_FAILED;
	return EXEC_FAILED;
}

static int run_program(void *arg, int fd)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C";
	char *env[] = { path, locale, NULL };
	char **argv = arg;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		return EXEC_FAILED;
	/* descriptors that a caller of ours forgot to close: secrets, sockets, locks */
	syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(argv[0], argv, env);
	return report_exec_failure(STDOUT_FILENO);
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
