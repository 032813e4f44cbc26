/*
 * PID 1 of the gateway container: takes sets of configuration, keeps HAProxy and
 * dnsmasq alive, follows changes at SIGHUP, reaps, and logs one JSON line per event on
 * standard error. Runs as the tenant's gateway user with no capability on a read-only
 * root, from fixed argument vectors; there is no shell. Usage: gateway-init TENANT.
 * It must not read anything that the worker can write.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h: a configuration was refused */
#define EXIT_FAILED 70

#define STOP_SOFT_MS 3000 /* connections may end by themselves */
#define STOP_HARD_MS 4000
#define READS_MAX 64
/* After one read, what is said is left in the pipe for this long: to wake up for each line costs
 * more than the line, of the time that serves requests. */
#define GATHER_MS 10
#define OLD_LOOK_MS 400 /* what slipped through a cut is found within a second */
/* How long after a request its process is asked what it counted, and how often for those that are
 * not logged yet. What a process that dies has counted since is lost to a daily limit. */
#define COUNT_LOOK_MS 100
#define COUNT_IDLE_MS 1000
#define LOST_LOOK_MS 1000 /* the same without a daily limit: only for lines that were lost */
#define LOST_IDLE_MS 10000
#define WALL_MAX_MS 60000 /* the wall clock may be set meanwhile */

/* ---- children ------------------------------------------------------------------------------ */

enum { CHILDREN_MAX = OLD_MAX + 4 };

/* Every child there is, running or not. */
static size_t children_of(struct supervisor *s, struct child *out[CHILDREN_MAX])
{
	size_t n = 0;

	out[n++] = &s->dnsmasq;
	out[n++] = &s->current->child;
	if (s->starting)
		out[n++] = &s->starting->child;
	for (size_t i = 0; i < s->old_count; i++)
		out[n++] = &s->old[i]->child;
	return n;
}

/* As long as reads are full: what is late is lost. Not without end: others wait, too. */
static void forward_some(struct supervisor *s, struct child *c)
{
	ssize_t n = CHILD_BLOCK;

	for (unsigned i = 0; i < READS_MAX && n > CHILD_BLOCK / 2; i++)
		n = child_drain(c, &s->events);
	if (n == 0)
		child_close_log(c);
}

/* Waits for output or, if asked to, a signal, and forwards the output. */
static void wait_and_forward(struct supervisor *s, int ms, bool signals)
{
	struct child *child[CHILDREN_MAX];
	struct pollfd fds[CHILDREN_MAX + 1];
	size_t n = children_of(s, child);
	int gather = (int)MAX_OF(0, s->forwarded + GATHER_MS - now_ms());

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = gather ? -1 : child[i]->log_fd, .events = POLLIN };
	fds[n] = (struct pollfd){ .fd = signals ? s->signal_fd : -1, .events = POLLIN };
	if (poll(fds, n + 1, gather && (ms < 0 || ms > gather) ? gather : ms) < 0) {
		if (errno != EINTR)
			event_failure(&s->events, "poll", errno);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents) {
			forward_some(s, child[i]);
			s->forwarded = now_ms();
		}
}

void supervisor_pump(struct supervisor *s, int ms)
{
	wait_and_forward(s, ms, false);
}

static bool forget_old(struct supervisor *s, pid_t pid, int status)
{
	for (size_t i = 0; i < s->old_count; i++) {
		struct proxy *p = s->old[i];

		if (p->child.pid != pid)
			continue;
		child_ended(&p->child, status, "generation-ended", &s->events);
		proxy_free(p);
		s->old_count--;
		memmove(&s->old[i], &s->old[i + 1], (s->old_count - i) * sizeof(s->old[0]));
		return true;
	}
	return false;
}

static void forget(struct supervisor *s, struct child *c, int status)
{
	child_ended(c, status, c->parting ? "ended" : "died", &s->events);
	if (c->parting)
		c->due = 0;
}

static void forget_current(struct supervisor *s, int status)
{
	hacli_close(&s->current->cli);
	forget(s, &s->current->child, status);
}

void supervisor_reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (forget_old(s, pid, status))
			continue;
		if (s->dnsmasq.pid == pid)
			forget(s, &s->dnsmasq, status);
		else if (s->current->child.pid == pid)
			forget_current(s, status);
	}
}

/* From the generation in use, whatever became of the set's own folder. */
static void start_due(struct supervisor *s)
{
	long long now = now_ms();

	if (s->stopping)
		return;
	if (!s->dnsmasq.pid && s->dnsmasq.due <= now)
		(void)dnsmasq_start(s);
	if (!s->current->child.pid && s->current->child.due <= now &&
	    proxy_start(s, s->current, &s->generation, NULL)) {
		proxy_sync_counts(s, s->current);
		for (size_t i = 0; i < s->current->rules.count; i++)
			s->current->rules.rule[i].cut = false;
		proxy_mark(s, s->current);
	}
}

/* ---- what is due ---------------------------------------------------------------------------- */

/* A new connection under a rule whose time is over is refused by the configuration itself; those
 * that are open are ended here. */
static void end_rules(struct supervisor *s)
{
	struct rules *rules = &s->current->rules;
	long long now = now_s();
	char id[RULE_ID_SIZE];
	bool ended = false;

	for (size_t i = 0; i < rules->count; i++) {
		struct rule *r = &rules->rule[i];

		if (r->past || !rule_is_past(r, now))
			continue;
		ended = r->past = true;
		rule_id(r, id);
		event_text(&s->events, "expired", "rule", id, NULL, 0);
	}
	if (!ended)
		return;
	proxy_reach(s->current);
	for (size_t i = 0; i <= s->old_count; i++) {
		struct proxy *p = i < s->old_count ? s->old[i] : s->current;

		if (p->child.pid) {
			proxy_mark(s, p);
			proxy_sweep(s, p);
		}
	}
}

static void look_at_old(struct supervisor *s, long long now)
{
	if (!s->old_count || now < s->look_at_old)
		return;
	s->look_at_old = now + OLD_LOOK_MS;
	for (size_t i = 0; i < s->old_count; i++) {
		struct proxy *p = s->old[i];

		if (p->cli.fd < 0)
			continue;
		proxy_sweep(s, p);
		if (p->cli.fd >= 0 && proxy_is_idle(s, p))
			hacli_close(&p->cli);
	}
}

static void look_at_counts(struct supervisor *s, long long now)
{
	struct proxy *p = s->current;
	bool counts = p->counts || p->unseeded;
	long long soon = now + (counts ? COUNT_LOOK_MS : LOST_LOOK_MS);

	if (now >= s->look_at_counts) {
		p->child.busy = false;
		s->look_at_counts = now + (counts ? COUNT_IDLE_MS : LOST_IDLE_MS);
		proxy_reach(p);
		proxy_sync_counts(s, p);
		(void)proxy_look(s, p);
		state_write_daily(s);
		event_suppressed(&s->events);
	} else if (p->child.busy && s->look_at_counts > soon) {
		s->look_at_counts = soon;
	}
}

/* Whether looking at the process in use can tell anything new. */
static bool has_news(const struct supervisor *s)
{
	const struct proxy *p = s->current;

	return p->counts || p->unseeded || p->child.busy || s->daily.changed ||
	       s->events.denied.suppressed;
}

/* Milliseconds until something is due; -1 when only an event can change anything. */
static int next_timeout(const struct supervisor *s)
{
	const struct child *own[] = { &s->dnsmasq, &s->current->child };
	long long now = now_ms(), next = -1, end;

	if (s->stopping)
		return (int)MAX_OF(0, (s->stop_soft ? s->stop_soft : s->stop_hard) - now);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (!own[i]->pid && (next < 0 || own[i]->due < next))
			next = own[i]->due;
	if (s->old_count && (next < 0 || s->look_at_old < next))
		next = s->look_at_old;
	if (has_news(s) && (next < 0 || s->look_at_counts < next))
		next = s->look_at_counts;
	next = next < 0 ? -1 : MAX_OF(0, next - now);
	end = rules_next_end(&s->current->rules, now_s());
	if (end) {
		long long left = MIN_OF(MAX_OF(0, end * 1000 - wall_ms()), WALL_MAX_MS);

		next = next < 0 ? left : MIN_OF(next, left);
	}
	return (int)next;
}

/* ---- stop ---------------------------------------------------------------------------------- */

static void signal_all(struct supervisor *s, int signal)
{
	struct child *child[CHILDREN_MAX];
	size_t n = children_of(s, child);

	for (size_t i = 0; i < n; i++)
		if (child[i]->pid)
			kill(child[i]->pid, signal);
}

static void begin_stop(struct supervisor *s)
{
	struct child *c = &s->current->child;

	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_soft = now_ms() + STOP_SOFT_MS;
	s->stop_hard = now_ms() + STOP_HARD_MS;
	event_plain(&s->events, "stopping");
	proxy_close_counts(s, s->current);
	state_write_daily(s);
	for (size_t i = 0; i < s->old_count; i++)
		hacli_close(&s->old[i]->cli);
	hacli_close(&s->current->cli);
	c->parting = s->dnsmasq.parting = true;
	/* SIGUSR1: HAProxy stops accepting and ends when its connections do (haproxy(1)). */
	if (c->pid)
		kill(c->pid, SIGUSR1);
	if (s->dnsmasq.pid)
		kill(s->dnsmasq.pid, SIGTERM);
}

static void end_late(struct supervisor *s)
{
	long long now = now_ms();

	if (s->stop_soft && now >= s->stop_soft) {
		s->stop_soft = 0;
		signal_all(s, SIGTERM);
	}
	if (now < s->stop_hard)
		return;
	signal_all(s, SIGKILL);
	s->stop_hard = now + STOP_HARD_MS;
}

static bool all_ended(const struct supervisor *s)
{
	return !s->dnsmasq.pid && !s->current->child.pid && s->old_count == 0;
}

/* ---- main loop ----------------------------------------------------------------------------- */

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;
	bool changed = false;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			begin_stop(s);
		else if (info.ssi_signo == SIGHUP)
			changed = true;
	}
	supervisor_reap(s);
	if (changed && !s->stopping)
		reload(s);
}

static void supervise(struct supervisor *s)
{
	while (!s->stopping || !all_ended(s)) {
		start_due(s);
		wait_and_forward(s, next_timeout(s), true);
		take_signals(s);
		if (s->stopping) {
			end_late(s);
			continue;
		}
		end_rules(s);
		look_at_old(s, now_ms());
		look_at_counts(s, now_ms());
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
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* RLIMIT_CORE does not stop a core_pattern that is a program; no memory that holds keys may get
 * there. Children inherit it (core(5)). */
static void keep_memory_private(const struct supervisor *s)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) < 0)
		event_failure(&s->events, "coredump_filter", errno);
	if (fd >= 0)
		close(fd);
}

static int run(struct supervisor *s)
{
	state_forget_status(s);
	state_read_daily(s);
	if (!reload_first(s))
		return EXIT_CONFIG;
	start_due(s);
	state_status(s, s->generation.id.id, NULL);
	supervise(s);
	event_plain(&s->events, "stopped");
	return 0;
}

int main(int argc, char **argv)
{
	struct supervisor *s;
	int status = EXIT_FAILED;

	if (argc != 2 || !tenant_is_valid(argv[1])) {
		fprintf(stderr, "usage: gateway-init TENANT\n");
		return EXIT_USAGE;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return EXIT_FAILED;
	s->events.tenant = argv[1];
	keep_memory_private(s);
	child_init(&s->dnsmasq, "dnsmasq", true);
	s->current = proxy_new();
	s->signal_fd = open_signals();
	if (s->signal_fd < 0 || !s->current)
		event_failure(&s->events, "signalfd", errno);
	else
		status = run(s);
	proxy_free(s->current);
	free(s);
	return status;
}
