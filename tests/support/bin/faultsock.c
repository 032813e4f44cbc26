/*
 * faultsock: a proxy between a client and the engine, each on a unix socket, that
 * counts requests over all connections and makes one of them fail. The binary under
 * test needs no test code for it.
 *
 *	faultsock LISTEN ENGINE LOG [K PHASE ACTION]
 *
 * LOG gets one line per request ("1 HEAD /_ping"), so that a clean run tells how many
 * there are. PHASE is before (the engine does not see request K) or after (the engine
 * acts, its reply is replaced). ACTION: kill (SIGKILL to the client), close, stall,
 * truncate (half of the reply), badjson, status=N. Streams are passed through as they
 * come. Prints "ready" once it listens, ends on SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "../http_wire.h"

struct proxy {
	const char *engine;
	int log_fd;
	unsigned *counter; /* shared by the children that serve connections */
	unsigned at;	   /* 0: pass everything */
	bool after;
	const char *action;
};

static int unix_socket(const char *path, struct sockaddr_un *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path))
		return -1;
	memcpy(sa->sun_path, path, strlen(path));
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_to(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* Number of this request, counted over all connections, and its line in the log. */
static unsigned note(struct proxy *p, const char *line)
{
	char entry[8300];
	unsigned k = __atomic_add_fetch(p->counter, 1, __ATOMIC_SEQ_CST);
	int len = snprintf(entry, sizeof(entry), "%u %.*s\n", k, (int)strcspn(line, "\r\n"), line);

	if (write(p->log_fd, entry, (size_t)len) != len)
		perror("faultsock: log");
	return k;
}

static void kill_client(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	/* Never a process group or everybody: unknown peers have pid 0. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid > 1)
		(void)kill(cred.pid, SIGKILL);
}

static void answer(int fd, int status, const char *body)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 %d Injected\r\nApi-Version: 1.41\r\nServer: Docker/0 (fault)\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			 status, strlen(body), body);

	(void)http_send(fd, text, (size_t)n);
}

/* Waits until the client gives up. */
static void stall(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char ch;

	while (poll(&pfd, 1, -1) > 0 && read(fd, &ch, 1) > 0)
		;
}

/* Returns true when the connection may go on. */
static bool inject(struct proxy *p, int client, const struct http_message *reply)
{
	if (strcmp(p->action, "kill") == 0) {
		kill_client(client);
		return false;
	}
	if (strcmp(p->action, "stall") == 0) {
		stall(client);
		return false;
	}
	if (strncmp(p->action, "status=", 7) == 0) {
		answer(client, atoi(p->action + 7), "{\"message\":\"injected by faultsock\"}");
		return true;
	}
	if (strcmp(p->action, "badjson") == 0) {
		answer(client, 200, "{\"Id\": \"");
		return true;
	}
	if (strcmp(p->action, "truncate") == 0 && reply)
		(void)http_send(client, strbuf_str(&reply->raw), reply->raw.len / 2);
	return false; /* close, and truncate before there is a reply */
}

/* A reply without length, and output that goes on: bytes as they come until one side ends. */
static void pass_through(struct http_reader *engine, int client)
{
	char buf[65536];
	struct pollfd pfd[2] = { { .fd = engine->fd, .events = POLLIN },
				 { .fd = client, .events = POLLIN } };

	while (poll(pfd, 2, -1) > 0) {
		ssize_t n;

		if (pfd[1].revents)
			return;
		n = read(engine->fd, buf, sizeof(buf));
		if (n <= 0 || !http_send(client, buf, (size_t)n))
			return;
	}
}

static bool is_stream(const char *line)
{
	return strstr(line, "/logs?") || strstr(line, "/events") || strstr(line, "/wait");
}

/* One request of one connection; false ends it. */
static bool serve_one(struct proxy *p, struct http_reader *client, struct http_reader *engine)
{
	struct http_message request = { 0 }, reply = { 0 };
	char line[8192], method[16] = "";
	bool go_on = false, fault;

	if (http_read(client, NULL, &request) <= 0)
		goto done;
	http_start_line(&request, line, sizeof(line));
	(void)sscanf(line, "%15s", method);
	fault = note(p, line) == p->at;
	if (fault && !p->after) {
		go_on = inject(p, client->fd, NULL);
		goto done;
	}
	if (!http_send(engine->fd, strbuf_str(&request.raw), request.raw.len))
		goto done;
	if (is_stream(line) && !fault) {
		pass_through(engine, client->fd);
		goto done;
	}
	if (http_read(engine, method, &reply) <= 0)
		goto done;
	if (fault) {
		go_on = inject(p, client->fd, &reply);
		goto done;
	}
	go_on = http_send(client->fd, strbuf_str(&reply.raw), reply.raw.len);
	if (go_on && reply.until_close) {
		if (engine->at < engine->len)
			(void)http_send(client->fd, engine->buf + engine->at,
					engine->len - engine->at);
		pass_through(engine, client->fd);
		go_on = false;
	}
done:
	http_message_free(&request);
	http_message_free(&reply);
	return go_on;
}

static void serve(struct proxy *p, int fd)
{
	struct http_reader *client = mem_alloc(sizeof(*client));
	struct http_reader *engine = mem_alloc(sizeof(*engine));

	client->fd = fd;
	engine->fd = connect_to(p->engine);
	while (engine->fd >= 0 && serve_one(p, client, engine))
		;
	if (engine->fd >= 0)
		(void)close(engine->fd);
	free(client);
	free(engine);
}

static int listen_on(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);

	(void)unlink(path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 64) < 0) {
		perror(path);
		return -1;
	}
	return fd;
}

static bool parse_fault(struct proxy *p, char **argv)
{
	static const char *const words[] = { "kill", "close", "stall", "truncate", "badjson" };
	size_t i;

	p->at = (unsigned)strtoul(argv[0], NULL, 10);
	p->after = strcmp(argv[1], "after") == 0;
	p->action = argv[2];
	if (p->at == 0 || (!p->after && strcmp(argv[1], "before") != 0))
		return false;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(p->action, words[i]) == 0)
			return true;
	return strncmp(p->action, "status=", 7) == 0 && atoi(p->action + 7) >= 200;
}

int main(int argc, char **argv)
{
	struct proxy p = { 0 };
	int fd;

	if ((argc != 4 && argc != 7) || (argc == 7 && !parse_fault(&p, argv + 4))) {
		(void)fprintf(stderr,
			      "usage: faultsock LISTEN ENGINE LOG "
			      "[K before|after kill|close|stall|truncate|badjson|status=N]\n");
		return 2;
	}
	p.engine = argv[2];
	p.log_fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	p.counter = mmap(NULL, sizeof(*p.counter), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fd = listen_on(argv[1]);
	if (p.log_fd < 0 || p.counter == MAP_FAILED || fd < 0)
		return 1;
	(void)signal(SIGCHLD, SIG_IGN);
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0 && errno != EINTR)
			return 1;
		if (client >= 0 && fork() == 0) {
			serve(&p, client);
			_exit(0);
		}
		(void)close(client);
	}
}
