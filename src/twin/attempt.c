/* Attempts: children with a time limit, and words for what came of them. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void say(struct attempt *a, const char *fmt, ...)
{
	size_t len = strlen(a->detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->detail + len, sizeof(a->detail) - len, fmt, ap);
	va_end(ap);
}

void attempt_failed(struct attempt *a)
{
	a->error = errno;
	a->outcome = OUTCOME_ERROR;
}

bool is_shortage(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE ||
	       error == ENOBUFS || error == EDQUOT;
}

void judge_call(struct attempt *a, long rc)
{
	a->error = rc < 0 ? errno : 0;
	a->outcome = rc >= 0		     ? OUTCOME_OPEN
		     : is_shortage(a->error) ? OUTCOME_ERROR
					     : OUTCOME_BLOCKED;
}

void note_one(struct attempt *a, const struct attempt *one)
{
	if (a->outcome == OUTCOME_OPEN ||
	    (a->outcome == OUTCOME_ERROR && one->outcome != OUTCOME_OPEN))
		return;
	a->outcome = one->outcome;
	a->error = one->error;
}

void judge_right(struct attempt *a, long rc)
{
	judge_call(a, rc);
	if (rc < 0 && errno != EPERM && errno != EACCES && errno != ENOSYS) {
		a->outcome = OUTCOME_OPEN;
		say(a, "the right was there ");
	}
}

void judge_readonly(struct attempt *a, long rc)
{
	judge_call(a, rc);
	if (rc < 0 && errno != EROFS && errno != ENOSYS) {
		a->outcome = OUTCOME_OPEN;
		say(a, "not read-only ");
	}
}

/* The child holds the writing end as long as it lives, over exec too: no timer, no handler. */
bool child_start(struct child *c, void (*fn)(void *arg), void *arg)
{
	int ends[2];

	if (pipe(ends) < 0)
		return false;
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	c->pid = fork();
	if (c->pid == 0) {
		close(ends[0]);
		setpgid(0, 0);
		fn(arg);
		_exit(0);
	}
	close(ends[1]);
	c->end = ends[0];
	if (c->pid > 0) {
		setpgid(c->pid, c->pid); /* whoever comes first */
		return true;
	}
	close(ends[0]);
	return false;
}

bool child_finish(struct child *c, int limit_ms, int *out_signal)
{
	struct pollfd wait = { .fd = c->end, .events = POLLIN };
	bool in_time = poll(&wait, 1, limit_ms) > 0;
	int status = 0;

	kill(-c->pid, SIGKILL);
	if (!in_time)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->end);
	*out_signal = WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
	return in_time;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(fd);
	return n >= 0;
}
