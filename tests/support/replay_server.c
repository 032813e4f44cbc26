/* The replay server; one connection at a time, as the client keeps one. */
#include "replay_server.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../src/engine/wire.h"
#include "base/mem.h"
#include "http_wire.h"

struct report {
	int used;
	char why[512];
};

struct playing {
	const struct replay_step *steps;
	size_t count;
	struct report report;
	int report_fd;
};

static void publish(struct playing *p)
{
	/* One small write to a pipe is atomic (pipe(7)); the last one counts. */
	if (write(p->report_fd, &p->report, sizeof(p->report)) != sizeof(p->report))
		_exit(1);
}

static void mismatch(struct playing *p, const char *what, const char *want, const char *got)
{
	if (p->report.why[0] == '\0')
		(void)snprintf(p->report.why, sizeof(p->report.why),
			       "step %d: %s: expected %.180s, got %.180s", p->report.used + 1, what,
			       want, got);
	publish(p);
}

static bool same_body(const char *want, const char *got, size_t len)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	auto_doc struct doc *a = NULL;
	auto_doc struct doc *b = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_json(want, strlen(want), "want", &limits, &a, &e) < 0 ||
	    doc_parse_json(got, len, "got", &limits, &b, &e) < 0)
		return strlen(want) == len && memcmp(want, got, len) == 0;
	return wire_same_json(doc_root(a), doc_root(b));
}

static void check_request(struct playing *p, const struct replay_step *s,
			  const struct http_message *m)
{
	char line[8192];
	char *end;

	http_start_line(m, line, sizeof(line));
	end = strstr(line, " HTTP/1.1");
	if (end)
		*end = '\0';
	if (s->request && strcmp(s->request, line) != 0)
		mismatch(p, "request", s->request, line);
	if (s->body && !same_body(s->body, strbuf_str(&m->body), m->body.len))
		mismatch(p, "body", s->body, strbuf_str(&m->body));
}

static bool send_fill(int fd, const struct replay_step *s)
{
	size_t len = s->fill ? strlen(s->fill) : 0;
	size_t block_len, sent = 0;
	char block[65536];

	if (len == 0)
		return true;
	for (block_len = 0; block_len + len <= sizeof(block); block_len += len)
		memcpy(block + block_len, s->fill, len);
	while (sent < s->fill_bytes) {
		if (!http_send(fd, block, block_len))
			return false;
		sent += block_len;
	}
	return true;
}

static bool send_reply(int fd, const struct replay_step *s)
{
	size_t len = s->reply_len ? s->reply_len : strlen(s->reply), i;
	const struct timespec pause = { .tv_nsec = s->drip_ms * 1000000L };

	if (s->drip_ms == 0)
		return http_send(fd, s->reply, len) && send_fill(fd, s);
	for (i = 0; i < len; i++) {
		if (!http_send(fd, s->reply + i, 1))
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static void wait_for_peer(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	while (poll(&p, 1, -1) > 0 && read(fd, buf, sizeof(buf)) > 0)
		;
}

static void serve(struct playing *p, int fd)
{
	struct http_reader *r = mem_alloc(sizeof(*r));
	struct http_message m = { 0 };

	r->fd = fd;
	while (http_read(r, NULL, &m) > 0) {
		const struct replay_step *s;

		if ((size_t)p->report.used >= p->count) {
			mismatch(p, "request", "none", strbuf_str(&m.raw));
			break;
		}
		s = &p->steps[p->report.used];
		check_request(p, s, &m);
		p->report.used++;
		publish(p);
		if (!send_reply(fd, s) || s->after == REPLAY_CLOSE)
			break;
		if (s->after == REPLAY_STALL) {
			wait_for_peer(fd);
			break;
		}
	}
	http_message_free(&m);
	free(r);
}

static void play(struct playing *p, int listener)
{
	/* No orphan when the test dies of a failed assertion. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		serve(p, fd);
		(void)close(fd);
	}
}

void replay_start(struct replay_server *s, const struct replay_step *steps, size_t count)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/replay.XXXXXX";
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fds[2];

	memset(s, 0, sizeof(*s));
	if (listener < 0 || !mkdtemp(dir) || pipe(fds) < 0)
		abort();
	(void)snprintf(s->path, sizeof(s->path), "%s/s", dir);
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", s->path);
	if (bind(listener, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(listener, 8) < 0)
		abort();
	s->pid = fork();
	if (s->pid == 0) {
		struct playing p = { .steps = steps, .count = count, .report_fd = fds[1] };

		(void)close(fds[0]);
		play(&p, listener);
	}
	(void)close(listener);
	(void)close(fds[1]);
	s->report_fd = fds[0];
}

int replay_stop(struct replay_server *s)
{
	struct report last = { 0 }, r;
	char *slash;

	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	while (read(s->report_fd, &r, sizeof(r)) == (ssize_t)sizeof(r))
		last = r;
	(void)close(s->report_fd);
	(void)unlink(s->path);
	slash = strrchr(s->path, '/');
	if (slash) {
		*slash = '\0';
		(void)rmdir(s->path);
	}
	memcpy(s->why, last.why, sizeof(s->why));
	return last.why[0] ? -1 : last.used;
}
