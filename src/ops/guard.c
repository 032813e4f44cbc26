/*
 * The guard waits on a pipe whose other end dies with its parent. It holds the
 * tenant's lock, inherited, so that a second run begins only after it has acted.
 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static int stop_worker(struct context *c, const char *worker_id, struct err *e)
{
	c->client = NULL; /* the parent's connection is the parent's */
	if (context_connect(c, ENGINE_MAY_CHANGE, e))
		return -1;
	return client_container_stop(c->client, worker_id, 0, e);
}

static no_return void guard_main(struct context *c, const char *worker_id, int fd)
{
	struct context own = *c;
	struct err e = ERR_INIT;
	ssize_t n;
	char byte;

	/* Out of reach of what ends the parent's process group; SIGKILL by pid is all that is left.
	 */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		_exit(0);
	if (!stop_worker(&own, worker_id, &e))
		_exit(0);
	log_error("the worker %.12s is not verified and could not be stopped: %s", worker_id,
		  e.message);
	_exit(1);
}

int guard_start(struct context *c, const char *worker_id, struct guard *out, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return err_sys(e, errno, "make a pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		guard_main(c, worker_id, ends[0]);
	}
	close(ends[0]);
	if (pid < 0) {
		int saved = errno;

		close(ends[1]);
		return err_sys(e, saved, "start the guard of the worker");
	}
	*out = (struct guard){ .pid = pid, .fd = ends[1] };
	return 0;
}

static void end(struct guard *g)
{
	if (!g->pid)
		return;
	close(g->fd);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*g = (struct guard){ 0 };
}

void guard_release(struct guard *g)
{
	/* SIGPIPE is ignored by the program; a guard that is gone can't be told anything. */
	if (g->pid && write(g->fd, "v", 1) != 1)
		log_debug("the guard of the worker is gone");
	end(g);
}

void guard_fire(struct guard *g)
{
	end(g);
}
