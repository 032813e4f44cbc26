/*
 * PID 1 of the gateway container: keeps HAProxy and dnsmasq alive, reaps, and logs
 * one JSON line per event on standard error. Runs as the tenant's gateway user with
 * no capability on a read-only root, from fixed argument vectors; there is no shell.
 * Usage: gateway-init TENANT. It must not read anything that the worker can write.
 */
#include "dnslog.h"
#include "jsonline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h: a configuration was refused */
#define EXIT_FAILED 70

#define CHECK_MS 10000
#define STABLE_MS 5000 /* a child that lived this long starts again without a delay */
#define BACKOFF_MS 50  /* after the second death in a row, then doubled */
#define BACKOFF_MAX_MS 5000
#define STOP_MS 4000 /* HAProxy ends its connections after hard-stop-after, which is less */

/* HAProxy's longest log line ("log stdout len" in its configuration). */
#define LINE_MAX_LEN 4096

#define HAPROXY "/usr/sbin/haproxy"
#define HAPROXY_CONFIG "/etc/gateway/haproxy.cfg"
#define DNSMASQ "/usr/sbin/dnsmasq"
#define DNSMASQ_CONFIG "--conf-file=/etc/gateway/dnsmasq.conf"

struct program {
	const char *name;
	const char *const *run, *const *check;
	int stop_signal;
	bool dns_log; /* it writes dnsmasq's query log */
};

struct child {
	const struct program *program;
	pid_t pid;		     /* 0 while not running */
	int log_fd;		     /* read end of its output, or -1 */
	long long started, due;	     /* monotonic milliseconds */
	unsigned deaths;	     /* in a row, each before STABLE_MS */
	char line[LINE_MAX_LEN + 1]; /* and its newline */
	size_t line_len;
};

enum { CHILD_HAPROXY, CHILD_DNSMASQ, CHILDREN };

struct supervisor {
	const char *tenant;
	int signal_fd;
	bool stopping;
	long long stop_deadline;
	struct dnslog dns;
	struct child child[CHILDREN];
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void log_child(const struct supervisor *s, const char *event, const struct program *p,
		      const char *key, long long value)
{
	struct jsonline l;

	jsonline_begin(&l, event, s->tenant);
	jsonline_str(&l, "program", p->name);
	if (key)
		jsonline_int(&l, key, value);
	jsonline_end(&l, STDERR_FILENO);
}

static void log_failure(const struct supervisor *s, const char *what, int err)
{
	struct jsonline l;

	jsonline_begin(&l, "error", s->tenant);
	jsonline_str(&l, "what", what);
	jsonline_str(&l, "error", strerror(err));
	jsonline_end(&l, STDERR_FILENO);
}

/* ---- what children say --------------------------------------------------------------------- */

/* HAProxy's own lines are JSON already; what else it says about itself is not. */
static bool is_json(const struct child *c)
{
	static const char start[] = "{\"ts\":";

	return c->line_len > sizeof(start) && memcmp(c->line, start, sizeof(start) - 1) == 0;
}

static void take_line(struct supervisor *s, struct child *c)
{
	struct dnslog_entry entry;
	struct jsonline l;
	bool known = false;
	ssize_t n;

	if (c->program->dns_log) {
		if (dnslog_parse(&s->dns, c->line, c->line_len, &entry, &known))
			dnslog_write(&s->dns, &entry, s->tenant, STDERR_FILENO);
	} else if (is_json(c)) {
		known = true;
		c->line[c->line_len] = '\n';
		n = write(STDERR_FILENO, c->line, c->line_len + 1);
		(void)n; /* as in jsonline_end */
	}
	if (!known && c->line_len > 0) {
		jsonline_begin(&l, "output", s->tenant);
		jsonline_str(&l, "program", c->program->name);
		jsonline_text(&l, "line", c->line, c->line_len);
		jsonline_end(&l, STDERR_FILENO);
	}
	c->line_len = 0;
}

/* Reads what is there: as read(2), 0 is the end of the pipe. Over-long lines are cut in pieces. */
static ssize_t drain_log(struct supervisor *s, struct child *c)
{
	char buf[4096];
	ssize_t n = read(c->log_fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || c->line_len == LINE_MAX_LEN)
			take_line(s, c);
		if (buf[i] != '\n')
			c->line[c->line_len++] = buf[i];
	}
	if (n == 0)
		take_line(s, c);
	return n;
}

static void close_log(struct child *c)
{
	if (c->log_fd >= 0)
		close(c->log_fd);
	c->log_fd = -1;
}

/* ---- start and end of children ------------------------------------------------------------- */

static no_return void exec_child(const char *const *argv, int out_fd)
{
	static const char *const environment[] = { NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Outside a pid namespace of its own, nothing else ends them with the supervisor. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(out_fd, STDERR_FILENO) >= 0)
		execve(argv[0], (char *const *)argv, (char *const *)environment);
	_exit(127);
}

static bool spawn(struct supervisor *s, struct child *c, const char *const *argv)
{
	int pipe_fd[2];
	pid_t pid;

	close_log(c);
	c->line_len = 0;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0) {
		log_failure(s, "pipe2", errno);
		return false;
	}
	/* Only our end: the flag belongs to the open file, and the child's writes must wait. */
	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		exec_child(argv, pipe_fd[1]);
	close(pipe_fd[1]);
	if (pid < 0) {
		log_failure(s, "fork", errno);
		close(pipe_fd[0]);
		return false;
	}
	c->pid = pid;
	c->log_fd = pipe_fd[0];
	c->started = now_ms();
	return true;
}

/* Sets when a dead child is due again: the first death at once, then with a growing pause, so that
 * a program which dies at every start neither spins nor is given up. */
static void schedule(struct child *c, long long now)
{
	long long pause = 0;

	if (now - c->started >= STABLE_MS)
		c->deaths = 0;
	for (unsigned i = 0; i < c->deaths && pause < BACKOFF_MAX_MS; i++)
		pause = pause ? pause * 2 : BACKOFF_MS;
	c->deaths++;
	c->due = now + (pause < BACKOFF_MAX_MS ? pause : BACKOFF_MAX_MS);
}

static void start_due(struct supervisor *s)
{
	for (size_t i = 0; i < CHILDREN && !s->stopping; i++) {
		struct child *c = &s->child[i];
		long long now = now_ms();

		if (c->pid || c->due > now)
			continue;
		if (spawn(s, c, c->program->run)) {
			log_child(s, "started", c->program, "pid", c->pid);
			continue;
		}
		c->started = now;
		schedule(c, now);
	}
}

static void child_died(struct supervisor *s, struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_child(s, "died", c->program, "signal", WTERMSIG(status));
	else
		log_child(s, "died", c->program, "status", WEXITSTATUS(status));
	while (c->log_fd >= 0 && drain_log(s, c) > 0)
		;
	c->pid = 0;
	schedule(c, now_ms());
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < CHILDREN; i++)
			if (s->child[i].pid == pid)
				child_died(s, &s->child[i], status);
}

/* ---- configuration check ------------------------------------------------------------------- */

/* Runs the program's own check. What it says is logged only when it refuses. */
static bool check_config(struct supervisor *s, const struct program *p)
{
	struct child c = { .program = p, .log_fd = -1 };
	long long deadline = now_ms() + CHECK_MS;
	char said[2048];
	size_t len = 0;
	ssize_t n = 1;
	int status = 0;

	if (!spawn(s, &c, p->check))
		return false;
	while (n > 0 && len < sizeof(said)) {
		struct pollfd wait = { .fd = c.log_fd, .events = POLLIN };
		long long left = deadline - now_ms();

		if (left <= 0 || poll(&wait, 1, (int)left) <= 0)
			break;
		n = read(c.log_fd, said + len, sizeof(said) - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		kill(c.pid, SIGKILL);
	close_log(&c);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	for (size_t at = 0; at < len; at += c.line_len + 1) {
		const char *end = memchr(said + at, '\n', len - at);
		struct child line = { .program = p, .log_fd = -1 };

		line.line_len = c.line_len = end ? (size_t)(end - said) - at : len - at;
		memcpy(line.line, said + at, line.line_len);
		take_line(s, &line);
	}
	log_child(s, "config-refused", p, "status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return false;
}

/* ---- main loop ----------------------------------------------------------------------------- */

static void begin_stop(struct supervisor *s)
{
	struct jsonline l;

	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_deadline = now_ms() + STOP_MS;
	jsonline_begin(&l, "stopping", s->tenant);
	jsonline_end(&l, STDERR_FILENO);
	for (size_t i = 0; i < CHILDREN; i++)
		if (s->child[i].pid)
			kill(s->child[i].pid, s->child[i].program->stop_signal);
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			begin_stop(s);
		else if (info.ssi_signo == SIGCHLD)
			reap(s);
	}
}

/* Milliseconds until something is due; -1 when only an event can change anything. */
static int next_timeout(const struct supervisor *s)
{
	long long now = now_ms(), next = -1;

	if (s->stopping)
		next = s->stop_deadline;
	for (size_t i = 0; i < CHILDREN && !s->stopping; i++)
		if (!s->child[i].pid && (next < 0 || s->child[i].due < next))
			next = s->child[i].due;
	if (next < 0)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

static bool all_dead(const struct supervisor *s)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (s->child[i].pid)
			return false;
	return true;
}

static void kill_late(struct supervisor *s)
{
	if (now_ms() < s->stop_deadline)
		return;
	for (size_t i = 0; i < CHILDREN; i++)
		if (s->child[i].pid)
			kill(s->child[i].pid, SIGKILL);
	s->stop_deadline = now_ms() + STOP_MS;
}

static void supervise(struct supervisor *s)
{
	while (!s->stopping || !all_dead(s)) {
		struct pollfd fds[CHILDREN + 1];

		start_due(s);
		for (size_t i = 0; i < CHILDREN; i++)
			fds[i] = (struct pollfd){ .fd = s->child[i].log_fd, .events = POLLIN };
		fds[CHILDREN] = (struct pollfd){ .fd = s->signal_fd, .events = POLLIN };
		if (poll(fds, CHILDREN + 1, next_timeout(s)) < 0 && errno != EINTR)
			log_failure(s, "poll", errno);
		for (size_t i = 0; i < CHILDREN; i++)
			if (fds[i].revents && drain_log(s, &s->child[i]) == 0)
				close_log(&s->child[i]);
		take_signals(s);
		if (s->stopping)
			kill_late(s);
	}
}

static bool tenant_is_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(name);

	return len > 0 && len <= 40 && strspn(name, allowed) == len;
}

/* Signals come through a descriptor, so that no handler shares state with the loop. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
	static const char *const haproxy_run[] = { HAPROXY, "-db", "-f", HAPROXY_CONFIG, NULL };
	static const char *const haproxy_check[] = { HAPROXY, "-c", "-f", HAPROXY_CONFIG, NULL };
	static const char *const dnsmasq_run[] = { DNSMASQ,	   "--keep-in-foreground",
						   "--pid-file",   "--log-facility=-",
						   DNSMASQ_CONFIG, NULL };
	static const char *const dnsmasq_check[] = { DNSMASQ, "--test", DNSMASQ_CONFIG, NULL };
	/* SIGUSR1: HAProxy stops accepting and ends when its connections do (haproxy(1)). */
	static const struct program haproxy = { "haproxy", haproxy_run, haproxy_check, SIGUSR1,
						false };
	static const struct program dnsmasq = { "dnsmasq", dnsmasq_run, dnsmasq_check, SIGTERM,
						true };
	struct supervisor s = {
		.child = { [CHILD_HAPROXY] = { .program = &haproxy, .log_fd = -1 },
			   [CHILD_DNSMASQ] = { .program = &dnsmasq, .log_fd = -1 } },
	};
	struct jsonline l;

	if (argc != 2 || !tenant_is_valid(argv[1])) {
		fprintf(stderr, "usage: gateway-init TENANT\n");
		return EXIT_USAGE;
	}
	s.tenant = argv[1];
	s.signal_fd = open_signals();
	if (s.signal_fd < 0) {
		log_failure(&s, "signalfd", errno);
		return EXIT_FAILED;
	}
	if (!check_config(&s, &haproxy) || !check_config(&s, &dnsmasq))
		return EXIT_CONFIG;
	supervise(&s);
	jsonline_begin(&l, "stopped", s.tenant);
	jsonline_end(&l, STDERR_FILENO);
	return 0;
}
