/*
 * Many tenants: one process each, so that a crash, a leak or a hang of one never
 * touches another. Children report progress on one pipe and their result on another;
 * results are handed over in the order asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "ops/observe.h"
#include "ops/ops.h"
#include "images.h"
#include "profiles.h"
#include "verify_share.h"

#define RESULT_BYTES_MAX ((size_t)16 << 20)
#define PROGRESS_BYTES_MAX 4096
#define JOBS_MAX 64
#define STATUS_NOT_RUN 6    /* interrupted before its turn */
#define TELLING ((size_t)8) /* tenants whose images are looked up before they are asked for */

struct member {
	const char *tenant;
	pid_t pid;	 /* 0: not started, -1: reaped */
	int progress_fd; /* -1 when closed */
	int result_fd;
	struct strbuf progress, result;
	int status;
};

struct crew {
	struct context *c;
	const struct fleet *fleet;
	struct member *members;
	size_t count, next, running, next_result;
	int signal_fd;
	bool stopping;
	int64_t token;
	sigset_t old_mask;
};

struct child_progress {
	int fd;
};

/* One line "done total text"; a line shorter than PIPE_BUF is written whole (pipe(7)). */
static void child_report(void *arg, const char *tenant unused_arg, const char *step, size_t done,
			 size_t total)
{
	const struct child_progress *p = arg;
	char line[512];
	int len = snprintf(line, sizeof(line), "%zu %zu %.400s\n", done, total, step);

	for (int i = 0; i < len - 1; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	if (len > 0 && write(p->fd, line, (size_t)len) < 0)
		return; /* progress is a courtesy */
}

static void write_error(int fd, const char *tenant, const struct err *e)
{
	auto_node struct node *root = node_new_object();
	struct node *error;
	auto_free char *text = NULL;

	node_set_str(root, "tenant", tenant);
	error = node_set_object(root, "error");
	node_set_str(error, "code", err_code_name(e->code));
	node_set_str(error, "message", e->message);
	node_set_str(error, "hint", e->hint);
	text = node_print(root, false);
	if (write(fd, text, strlen(text)) < 0)
		return; /* the exit status still tells */
}

/* The other members' pipes are the parent's; hundreds of them would use up the files that a child
 * may have open. */
static void close_others(const struct crew *w)
{
	for (size_t i = 0; i < w->next; i++) {
		if (w->members[i].progress_fd >= 0)
			close(w->members[i].progress_fd);
		if (w->members[i].result_fd >= 0)
			close(w->members[i].result_fd);
	}
}

static no_return void child_main(struct crew *w, const struct member *m, int progress_fd,
				 int result_fd)
{
	struct child_progress progress = { .fd = progress_fd };
	struct context c = *w->c;
	struct err e = ERR_INIT;
	int status;

	/* The parent's end tells the children to stop between two steps. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
	close_others(w);
	c.client = NULL; /* the parent's connection, if any, is the parent's */
	c.run_token = w->token;
	c.progress = child_report;
	c.progress_arg = &progress;
	if (context_connect(&c, w->fleet->permissions, &e)) {
		write_error(result_fd, m->tenant, &e);
		_exit(err_exit_status(e.code));
	}
	status = w->fleet->fn(&c, m->tenant, result_fd, w->fleet->arg);
	client_close(c.client);
	_exit(status);
}

static int start_member(struct crew *w, struct member *m, struct err *e)
{
	int progress[2], result[2];

	if (w->fleet->measures)
		verify_share_refresh(w->c);
	if (pipe2(progress, O_CLOEXEC))
		return err_sys(e, errno, "make a pipe");
	if (pipe2(result, O_CLOEXEC)) {
		int saved = errno;

		close(progress[0]);
		close(progress[1]);
		return err_sys(e, saved, "make a pipe");
	}
	fflush(NULL); /* or the child would write what is buffered a second time */
	m->pid = fork();
	if (m->pid == 0) {
		close(progress[0]);
		close(result[0]);
		child_main(w, m, progress[1], result[1]);
	}
	close(progress[1]);
	close(result[1]);
	m->progress_fd = progress[0];
	m->result_fd = result[0];
	if (m->pid < 0) {
		int saved = errno;

		close(m->progress_fd);
		close(m->result_fd);
		m->pid = 0;
		return err_sys(e, saved, "start a process for tenant %s", m->tenant);
	}
	w->running++;
	return 0;
}

static void take_progress(struct crew *w, struct member *m)
{
	char *line = m->progress.data, *end;

	while (line && (end = strchr(line, '\n')) != NULL) {
		size_t done, total;
		int skip = 0;

		*end = '\0';
		if (sscanf(line, "%zu %zu %n", &done, &total, &skip) == 2 && skip && w->c->progress)
			w->c->progress(w->c->progress_arg, m->tenant, line + skip, done, total);
		line = end + 1;
	}
	if (line && line != m->progress.data) {
		auto_free char *rest = mem_strdup(line);

		strbuf_reset(&m->progress);
		strbuf_puts(&m->progress, rest);
	}
}

/* False at the end of the stream. */
static bool drain(int fd, struct strbuf *into)
{
	char buf[16384];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		strbuf_add(into, buf, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void reap(struct crew *w, struct member *m)
{
	int status;

	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	/* A death by signal is a bug of ours: as any internal failure. */
	m->status = WIFEXITED(status) ? WEXITSTATUS(status) : err_exit_status(ERR_INTERNAL);
	m->pid = -1;
	w->running--;
}

static void hand_over(struct crew *w)
{
	while (w->next_result < w->count && w->members[w->next_result].pid == -1) {
		struct member *m = w->members + w->next_result++;

		w->fleet->done(w->fleet->arg, m->tenant, m->status, strbuf_str(&m->result),
			       m->result.len);
		strbuf_free(&m->result);
		strbuf_free(&m->progress);
	}
}

static void stop_all(struct crew *w)
{
	struct signalfd_siginfo info;

	if (read(w->signal_fd, &info, sizeof(info)) < 0)
		return;
	w->stopping = true;
	for (size_t i = 0; i < w->next; i++)
		if (w->members[i].pid > 0)
			kill(w->members[i].pid, SIGTERM);
}

static size_t fill_poll(struct crew *w, struct pollfd *fds, size_t *index)
{
	size_t n = 0;

	fds[n++] = (struct pollfd){ .fd = w->signal_fd, .events = POLLIN };
	for (size_t i = w->next_result; i < w->next; i++) {
		struct member *m = w->members + i;

		if (m->pid <= 0)
			continue;
		if (m->progress_fd >= 0) {
			index[n] = i;
			fds[n++] = (struct pollfd){ .fd = m->progress_fd, .events = POLLIN };
		}
		if (m->result_fd >= 0) {
			index[n] = i;
			fds[n++] = (struct pollfd){ .fd = m->result_fd, .events = POLLIN };
		}
	}
	return n;
}

static void serve(struct crew *w, struct member *m, int fd)
{
	bool is_progress = fd == m->progress_fd;
	int *slot = is_progress ? &m->progress_fd : &m->result_fd;

	if (!drain(fd, is_progress ? &m->progress : &m->result)) {
		close(fd);
		*slot = -1;
	}
	if (is_progress)
		take_progress(w, m);
	if (m->progress_fd < 0 && m->result_fd < 0)
		reap(w, m);
}

static int loop(struct crew *w, struct err *e)
{
	struct pollfd fds[2 * JOBS_MAX + 1];
	size_t index[2 * JOBS_MAX + 1];
	size_t jobs = (size_t)MIN_OF(MAX_OF(w->fleet->jobs, 1), JOBS_MAX);
	int rc = 0;

	while (w->running || (w->next < w->count && !w->stopping)) {
		while (!w->stopping && w->next < w->count && w->running < jobs) {
			rc = start_member(w, w->members + w->next, e);
			w->stopping = rc != 0; /* those that run are waited for */
			w->next += !rc;
		}
		size_t n = fill_poll(w, fds, index);
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			return err_sys(e, errno, "wait for children");
		if (fds[0].revents)
			stop_all(w);
		for (size_t i = 1; i < n; i++)
			if (fds[i].revents && w->members[index[i]].pid > 0)
				serve(w, w->members + index[i], fds[i].fd);
		hand_over(w);
	}
	return rc;
}

static enum err_code code_of_status(int status)
{
	static const enum err_code codes[] = { ERR_INTERNAL,	ERR_PARTIAL,  ERR_REFUSED,
					       ERR_UNREACHABLE, ERR_MANIFEST, ERR_CHECK };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (err_exit_status(codes[i]) == status)
			return codes[i];
	return ERR_INTERNAL;
}

static int conclude(struct crew *w, struct err *e)
{
	size_t failed = 0;
	int worst = 0;

	for (size_t i = 0; i < w->count; i++) {
		struct member *m = w->members + i;

		if (m->pid == 0) { /* never started */
			m->status = STATUS_NOT_RUN;
			w->fleet->done(w->fleet->arg, m->tenant, m->status, "", 0);
		}
		failed += m->status != 0;
		worst = MAX_OF(worst, m->status);
	}
	if (w->stopping)
		return err_set(e, ERR_PARTIAL,
			       "interrupted; run the same command again to complete it");
	if (!failed)
		return 0;
	return err_set(e, code_of_status(worst), "%zu of %zu tenants failed", failed, w->count);
}

/* Most tenants run the same image, so that a few tell. Who finds none here asks the engine itself.
 */
static void find_images(struct context *c, const struct strlist *tenants)
{
	auto_free char *gateway = NULL;
	struct err e = ERR_INIT;

	if (image_id_of(c, c->host.gateway_image, &gateway, &e))
		return;
	for (size_t i = 0; i < MIN_OF(tenants->count, TELLING); i++) {
		struct tenant_spec spec auto_spec = { 0 };
		auto_free char *id = NULL;
		struct err ignored = ERR_INIT;

		if (tenant_manifest(c, tenants->items[i], NULL, &spec, NULL, &ignored) == 0 &&
		    image_id_of(c, spec.image, &id, &ignored))
			return;
	}
}

/* What all children need alike is asked and composed once, before they are forked. */
static void warm(struct context *c, const struct strlist *tenants, bool measures)
{
	struct err ignored = ERR_INIT;

	profiles_warm(c);
	/* Who needs the host's addresses or the engine's facts and has none asks again, and reports
	 * the failure. */
	if (observe_host_addresses(c, &ignored))
		err_clear(&ignored);
	if (!c->client)
		return;
	if (!c->engine.server_version && client_info(c->client, &c->engine, &ignored))
		c->engine = (struct engine_info){ 0 };
	if (measures)
		find_images(c, tenants);
}

int ops_fleet(struct context *c, const struct strlist *tenants, const struct fleet *f,
	      struct err *e)
{
	struct crew w = { .c = c, .fleet = f, .count = tenants->count };
	sigset_t set;
	int rc;

	/* The pid cannot be another's while this run lasts. */
	w.token = getpid();
	if (tenants->count > 1 && f->verifies)
		warm(c, tenants, f->measures);
	w.members = mem_array(tenants->count + 1, sizeof(*w.members));
	for (size_t i = 0; i < tenants->count; i++)
		w.members[i] = (struct member){ .tenant = tenants->items[i],
						.progress_fd = -1,
						.result_fd = -1,
						.progress = STRBUF_INIT(PROGRESS_BYTES_MAX),
						.result = STRBUF_INIT(RESULT_BYTES_MAX) };
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &w.old_mask);
	w.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	rc = w.signal_fd < 0 ? err_sys(e, errno, "signalfd") : loop(&w, e);
	if (w.signal_fd >= 0)
		close(w.signal_fd);
	sigprocmask(SIG_SETMASK, &w.old_mask, NULL);
	if (!rc)
		rc = conclude(&w, e);
	free(w.members);
	return rc;
}
