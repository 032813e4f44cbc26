/* See child.h. */
#include "child.h"
#include "jsonline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"

#define CHECK_MS 10000
#define CHECK_TEXT 2048 /* of what a check says */
#define STABLE_MS 5000	/* a child that lived this long starts again without a delay */
#define BACKOFF_MS 50	/* after the second death in a row, then doubled */
#define BACKOFF_MAX_MS 5000
/* HAProxy drops lines that do not fit while nobody reads: this much without privileges (pipe(7)).
 */
#define PIPE_BYTES (1024 * 1024)

/* ---- what it says -------------------------------------------------------------------------- */

/* One line without its end; it points into what was read. */
struct line {
	const char *at;
	size_t len;
};

/* HAProxy's own lines are JSON already; what else it says about itself is not. */
static bool is_json(struct line l)
{
	static const char start[] = "{\"ts\":";

	return l.len > sizeof(start) && memcmp(l.at, start, sizeof(start) - 1) == 0;
}

static bool says(struct line l, const char *what)
{
	return memmem(l.at, l.len, what, strlen(what)) != NULL;
}

/* What HAProxy says of each proxy and server that gateway-init stops, twice. */
static bool is_known(const struct child *c, struct line l)
{
	return (c->parting && says(l, " stopped (cumulated conns: ")) ||
	       says(l, " is going DOWN for maintenance. ") || says(l, " has no server available!");
}

/* Keeps the last line that HAProxy or dnsmasq marks as the reason, without its prefix. */
static void keep_complaint(struct child *c, struct line l)
{
	static const char *const marks[] = { "[ALERT]", "dnsmasq: " };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *at = memmem(l.at, l.len, marks[i], strlen(marks[i]));
		const char *text, *end = l.at + l.len;
		size_t n;

		if (!at || says(l, "rror(s) found"))
			continue;
		text = i == 0 ? memmem(at, (size_t)(end - at), " : ", 3) : at;
		text = text ? text + (i == 0 ? 3 : strlen(marks[i])) : at;
		n = MIN_OF((size_t)(end - text), sizeof(c->said) - 1);
		if (c->said[0])
			return; /* what follows is a consequence */
		memcpy(c->said, text, n);
		c->said[n] = '\0';
		for (size_t j = 0; j < n; j++)
			if ((unsigned char)c->said[j] < 0x20 || (unsigned char)c->said[j] > 0x7e)
				c->said[j] = '?';
		return;
	}
}

/* A worker that floods HAProxy with what is refused must neither push everything else out of a
 * size-limited log, nor keep gateway-init from reading: HAProxy drops lines that nobody reads.
 * Within JSON text each quote is escaped, so that nothing a worker sends looks like a verdict. */
static bool is_passed_on(struct line l, struct events *e)
{
	return says(l, "\"verdict\":\"allowed\"") || line_limit_take(&e->denied, now_ms() / 1000);
}

static void pass_on(const char *at, const char *end)
{
	while (at < end) {
		ssize_t n = write(STDERR_FILENO, at, (size_t)(end - at));

		if (n <= 0)
			return; /* as in jsonline_end */
		at += n;
	}
}

static void take_other(struct child *c, struct line l, struct events *e)
{
	struct dnslog_entry entry;
	struct jsonline json;
	bool known = false;

	if (c->dns_log && dnslog_parse(&e->dns, l.at, l.len, &entry, &known))
		dnslog_write(&e->dns, &entry, e->tenant, STDERR_FILENO);
	if (known || l.len == 0 || is_known(c, l))
		return;
	keep_complaint(c, l);
	jsonline_begin(&json, "output", e->tenant);
	jsonline_str(&json, "program", c->name);
	jsonline_text(&json, "line", l.at, l.len);
	jsonline_end(&json, STDERR_FILENO);
}

/* Neighbouring lines that go out as they came are one write. Without `rest`, a last line that has
 * no end yet waits for it. */
static void take_lines(struct child *c, struct events *e, bool rest)
{
	const char *at = c->text, *passed = at, *end = c->text + c->len;

	event_suppressed(e);
	while (at < end) {
		size_t left = (size_t)(end - at);
		const char *stop = memchr(at, '\n', MIN_OF(left, (size_t)CHILD_LINE + 1));
		struct line l = { at,
				  stop ? (size_t)(stop - at) : MIN_OF(left, (size_t)CHILD_LINE) };
		bool is_event = stop && !c->dns_log && is_json(l);

		if (!stop && !rest && left <= CHILD_LINE)
			break;
		at += l.len + (stop != NULL);
		if (is_event && is_passed_on(l, e))
			continue;
		pass_on(passed, l.at);
		passed = at;
		if (!is_event)
			take_other(c, l, e);
	}
	pass_on(passed, at);
	c->len = (size_t)(end - at);
	memmove(c->text, at, c->len);
}

ssize_t child_drain(struct child *c, struct events *e)
{
	ssize_t n = read(c->log_fd, c->text + c->len, sizeof(c->text) - c->len);

	if (n > 0) {
		c->busy = true;
		c->len += (size_t)n;
	}
	if (n >= 0)
		take_lines(c, e, n == 0);
	return n;
}

void child_close_log(struct child *c)
{
	if (c->log_fd >= 0)
		close(c->log_fd);
	c->log_fd = -1;
}

/* ---- start and end ------------------------------------------------------------------------- */

void child_init(struct child *c, const char *name, bool dns_log)
{
	*c = (struct child){ .name = name, .dns_log = dns_log, .log_fd = -1 };
}

static no_return void exec_child(const struct launch *l, int out_fd)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Outside a pid namespace of its own, nothing else ends them with the supervisor. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (l->folder && chdir(l->folder) < 0)
		_exit(127);
	if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(out_fd, STDERR_FILENO) >= 0)
		execve(l->argv[0], (char *const *)l->argv, (char *const *)l->env);
	_exit(127);
}

bool child_spawn(struct child *c, const struct launch *l, const struct events *e)
{
	int pipe_fd[2];
	pid_t pid;

	child_close_log(c);
	c->len = 0;
	c->said[0] = '\0';
	c->parting = false;
	c->started = now_ms();
	if (pipe2(pipe_fd, O_CLOEXEC) < 0) {
		event_failure(e, "pipe2", errno);
		return false;
	}
	/* Only our end: the flag belongs to the open file, and the child's writes must wait. */
	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(pipe_fd[0], F_SETPIPE_SZ, PIPE_BYTES); /* the default does, too */
	pid = fork();
	if (pid == 0)
		exec_child(l, pipe_fd[1]);
	close(pipe_fd[1]);
	if (pid < 0) {
		event_failure(e, "fork", errno);
		close(pipe_fd[0]);
		return false;
	}
	c->pid = pid;
	c->log_fd = pipe_fd[0];
	return true;
}

bool child_lives(const struct child *c)
{
	siginfo_t info = { 0 };

	return c->pid && waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

void child_delay(struct child *c)
{
	long long pause = 0, now = now_ms();

	if (now - c->started >= STABLE_MS)
		c->deaths = 0;
	for (unsigned i = 0; i < c->deaths && pause < BACKOFF_MAX_MS; i++)
		pause = pause ? pause * 2 : BACKOFF_MS;
	c->deaths++;
	c->due = now + MIN_OF(pause, BACKOFF_MAX_MS);
}

void child_ended(struct child *c, int status, const char *event, struct events *e)
{
	while (c->log_fd >= 0 && child_drain(c, e) > 0)
		;
	if (WIFSIGNALED(status))
		event_program(e, event, c->name, "signal", WTERMSIG(status));
	else
		event_program(e, event, c->name, "status", WEXITSTATUS(status));
	child_close_log(c);
	c->pid = 0;
	child_delay(c);
}

/* ---- check --------------------------------------------------------------------------------- */

bool child_check(const char *name, const struct launch *l, struct events *e, char said[CHILD_SAID])
{
	long long deadline = now_ms() + CHECK_MS, left;
	struct child c;
	char more[512];
	ssize_t n = 1;
	int status = 0;

	snprintf(said, CHILD_SAID, "the check does not start");
	child_init(&c, name, false);
	if (!child_spawn(&c, l, e))
		return false;
	while (n > 0 && (left = deadline - now_ms()) > 0) {
		struct pollfd wait = { .fd = c.log_fd, .events = POLLIN };

		if (poll(&wait, 1, (int)left) <= 0)
			break;
		if (c.len == CHECK_TEXT) {
			n = read(c.log_fd, more, sizeof(more)); /* warnings without end */
			continue;
		}
		n = read(c.log_fd, c.text + c.len, CHECK_TEXT - c.len);
		c.len += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		kill(c.pid, SIGKILL);
	child_close_log(&c);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	take_lines(&c, e, true);
	memcpy(said, c.said, CHILD_SAID);
	if (!said[0])
		snprintf(said, CHILD_SAID, "%s",
			 n > 0 ? "the check does not end" : "no reason given");
	return false;
}
