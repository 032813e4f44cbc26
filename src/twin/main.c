/*
 * tenantctl-probe: runs inside the twin of a worker, tries every attack of its lists in a
 * child of its own, prints one JSON line for each and a last line with their number. It
 * takes no input and knows nothing of the host. Static, so that it needs no file but itself.
 */
#include "attack.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 2000 };

static const char *const outcome_names[] = { [OUTCOME_ERROR] = "error",
					     [OUTCOME_BLOCKED] = "blocked",
					     [OUTCOME_OPEN] = "open",
					     [OUTCOME_NONE] = "none" };

void judge_call(struct result *r, long rc)
{
	r->error = rc < 0 ? errno : 0;
	r->outcome = rc < 0 ? OUTCOME_BLOCKED : OUTCOME_OPEN;
}

void say(struct result *r, const char *fmt, ...)
{
	size_t len = strlen(r->detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->detail + len, sizeof(r->detail) - len, fmt, ap);
	va_end(ap);
}

/* Waits for the child through a pipe that it holds open: no timer, no handler. */
bool run_bounded(void (*fn)(void *arg), void *arg, int limit_ms, int *out_signal)
{
	int pipe_fd[2], status = 0;
	bool in_time = false;
	pid_t pid;

	*out_signal = 0;
	if (pipe(pipe_fd) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		close(pipe_fd[0]);
		setpgid(0, 0);
		fn(arg);
		_exit(0);
	}
	close(pipe_fd[1]);
	if (pid > 0) {
		struct pollfd wait = { .fd = pipe_fd[0], .events = POLLIN };

		in_time = poll(&wait, 1, limit_ms) > 0;
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		/* An exit status other than 0 is told like a signal that does not exist. */
		*out_signal = WIFSIGNALED(status)   ? WTERMSIG(status)
			      : WEXITSTATUS(status) ? -WEXITSTATUS(status)
						    : 0;
	}
	close(pipe_fd[0]);
	return in_time;
}

struct job {
	const struct attack *attack;
	struct result *result;
};

static void run_job(void *arg)
{
	const struct job *j = arg;

	j->attack->run(j->result);
}

static void print_text(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
}

static void print_result(const struct attack *a, const struct result *r)
{
	printf("{\"v\":1,\"id\":\"%s\",\"what\":\"%s\",\"outcome\":\"%s\",\"errno\":%d,\"detail\":"
	       "\"",
	       a->id, a->what, outcome_names[r->outcome], r->error);
	print_text(r->detail);
	printf("\"}\n");
	fflush(stdout);
}

/* A child that was killed for the attempt was stopped; one that never came back proves nothing. */
static void try_attack(const struct attack *a, struct result *shared)
{
	struct job j = { a, shared };
	int ended;

	*shared = (struct result){ .outcome = OUTCOME_ERROR };
	if (!run_bounded(run_job, &j, LIMIT_MS, &ended)) {
		shared->outcome = OUTCOME_ERROR;
		say(shared, "no answer within %d ms", LIMIT_MS);
	} else if (ended == SIGSYS) {
		shared->outcome = OUTCOME_BLOCKED;
		say(shared, "killed by the filter");
	} else if (ended > 0) {
		shared->outcome = OUTCOME_ERROR;
		say(shared, "ended by signal %d", ended);
	}
	print_result(a, shared);
}

int main(int argc, char **argv)
{
	static const struct attack_list *const lists[] = {
		&attacks_control, &attacks_files,     &attacks_mounts,
		&attacks_kernel,  &attacks_processes, &attacks_network,
	};
	struct rlimit none = { 0, 0 };
	struct result *shared;
	size_t count = 0;

	/* the copy that an attack starts: only that it started counts */
	if (argc > 1 && strcmp(argv[1], "--nothing") == 0)
		return 0;
	(void)setrlimit(RLIMIT_CORE, &none); /* children are killed on purpose */
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 70;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		for (size_t i = 0; i < lists[l]->count; i++, count++)
			try_attack(&lists[l]->items[i], shared);
	}
	sweep_syscalls();
	printf("{\"v\":1,\"id\":\"end\",\"count\":%zu}\n", count);
	return fflush(stdout) == 0 ? 0 : 70;
}
