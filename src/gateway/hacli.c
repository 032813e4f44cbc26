/*
 * See hacli.h. In interactive mode every answer ends with a prompt, "> " at the start
 * of a line, and each line of a payload is answered by "+ ".
 */
#include "hacli.h"
#include "hareply.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "events.h"

#define ANSWER_MS 2000
#define ANSWER_MAX (4u << 20)
#define LINE_BYTES 1024

struct answer {
	char line[LINE_BYTES];
	size_t len;
	hacli_line *fn;
	void *ctx;
};

void hacli_init(struct hacli *c)
{
	c->fd = -1;
}

void hacli_close(struct hacli *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool wait_for(int fd, short events, long long deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	long long left = deadline - now_ms();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool send_all(int fd, const char *text, size_t len, long long deadline)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n < 0 && !wait_for(fd, POLLOUT, deadline))
			return false;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void take_byte(struct answer *a, char b)
{
	const char *text = a->line;

	if (b != '\n') {
		if (a->len < sizeof(a->line) - 1)
			a->line[a->len++] = b;
		return;
	}
	a->line[a->len] = '\0';
	while (strncmp(text, "+ ", 2) == 0)
		text += 2;
	if (a->fn && *text)
		a->fn(a->ctx, text);
	a->len = 0;
}

static bool read_answer(int fd, struct answer *a, long long deadline)
{
	char buf[8192];
	size_t all = 0;

	while (all < ANSWER_MAX) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n < 0 && !wait_for(fd, POLLIN, deadline))
			return false;
		for (ssize_t i = 0; i < n; i++)
			take_byte(a, buf[i]);
		all += n > 0 ? (size_t)n : 0;
		if (n > 0 && a->len == 2 && memcmp(a->line, "> ", 2) == 0)
			return true;
	}
	return false;
}

bool hacli_ask(struct hacli *c, const char *command, hacli_line *fn, void *ctx)
{
	struct answer a = { .fn = fn, .ctx = ctx };
	long long deadline = now_ms() + ANSWER_MS;

	if (c->fd >= 0 && send_all(c->fd, command, strlen(command), deadline) &&
	    send_all(c->fd, "\n", 1, deadline) && read_answer(c->fd, &a, deadline))
		return true;
	hacli_close(c);
	return false;
}

static void note_text(void *ctx, const char *line)
{
	(void)line;
	*(bool *)ctx = true;
}

bool hacli_do(struct hacli *c, const char *command)
{
	bool complained = false;

	return hacli_ask(c, command, note_text, &complained) && !complained;
}

bool hacli_open(struct hacli *c, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	hacli_close(c);
	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) >= (int)sizeof(a.sun_path))
		return false;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return hacli_ask(c, "prompt", NULL, NULL);
	hacli_close(c);
	return false;
}

/* ---- maps and patterns --------------------------------------------------------------------- */

static void note_version(void *ctx, const char *line)
{
	uint32_t *version = ctx;

	(void)hareply_number(line, "New version created: ", version);
}

/* Calls `put` for each line of a file as HAProxy reads it: '#' starts a comment, blanks at the
 * start do not count. */
static bool each_line(struct hacli *c, const char *text, size_t len, const char *head,
		      bool (*put)(struct hacli *, const char *head, const char *line, size_t len))
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len, used = end ? line + 1 : len;
		size_t blanks = 0;

		while (blanks < line && (text[blanks] == ' ' || text[blanks] == '\t'))
			blanks++;
		if (blanks < line && text[blanks] != '#' &&
		    !put(c, head, text + blanks, line - blanks))
			return false;
		text += used;
		len -= used;
	}
	return true;
}

static bool put_entry(struct hacli *c, const char *head, const char *line, size_t len)
{
	char command[HACLI_COMMAND];
	int n = snprintf(command, sizeof(command), "%s <<\n%.*s\n", head, (int)len, line);
	bool done = len < sizeof(command) && n > 0 && (size_t)n < sizeof(command) &&
		    !memchr(line, '\0', len) && hacli_do(c, command);

	explicit_bzero(command, sizeof(command));
	return done;
}

static bool put_pattern(struct hacli *c, const char *head, const char *line, size_t len)
{
	char command[HACLI_COMMAND];
	int n = snprintf(command, sizeof(command), "%s ", head);
	bool done = n > 0 && (size_t)n < sizeof(command) &&
		    hareply_quote(line, len, command + n, sizeof(command) - (size_t)n) &&
		    hacli_do(c, command);

	explicit_bzero(command, sizeof(command));
	return done;
}

static bool swap(struct hacli *c, const char *kind, const char *name, const char *text, size_t len,
		 bool (*put)(struct hacli *, const char *, const char *, size_t))
{
	char command[128];
	uint32_t version = 0;

	snprintf(command, sizeof(command), "prepare %s %s", kind, name);
	if (!hacli_ask(c, command, note_version, &version) || version == 0)
		return false;
	snprintf(command, sizeof(command), "add %s @%u %s", kind, version, name);
	if (!each_line(c, text, len, command, put))
		return false;
	snprintf(command, sizeof(command), "commit %s @%u %s", kind, version, name);
	return hacli_do(c, command);
}

bool hacli_swap_map(struct hacli *c, const char *name, const char *text, size_t len)
{
	return swap(c, "map", name, text, len, put_entry);
}

bool hacli_swap_patterns(struct hacli *c, const char *name, const char *text, size_t len)
{
	return swap(c, "acl", name, text, len, put_pattern);
}
