/* Connections and lookups, see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"

bool make_address(const char *text, uint16_t port, struct sockaddr_storage *out, socklen_t *out_len)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		*out_len = sizeof(four);
		return true;
	}
	if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1)
		return false;
	memcpy(out, &six, sizeof(six));
	*out_len = sizeof(six);
	return true;
}

/* A socket on its way to the address, or -1 with errno. */
static int begin(const char *address, uint16_t port, int type, const char *interface)
{
	struct sockaddr_storage to;
	socklen_t len;
	int fd, error;

	if (!make_address(address, port, &to, &len)) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if ((interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				     (socklen_t)strlen(interface) + 1) < 0) ||
	    (connect(fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS)) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static int error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

void connect_all(struct target *targets, size_t count, const char *interface)
{
	struct pollfd set[TARGETS_MAX];
	int64_t end = now_ms() + WIRE_LIMIT_MS, left;
	size_t open_count = 0;

	for (size_t i = 0; i < count; i++) {
		set[i] = (struct pollfd){ .fd = begin(targets[i].address, targets[i].port,
						      SOCK_STREAM, interface),
					  .events = POLLOUT };
		targets[i].connected = false;
		targets[i].error = set[i].fd < 0 ? errno : ETIMEDOUT;
		open_count += set[i].fd >= 0;
	}
	while (open_count > 0 && (left = end - now_ms()) > 0 && poll(set, count, (int)left) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (set[i].fd < 0 || !set[i].revents)
				continue;
			targets[i].error = error_of(set[i].fd);
			targets[i].connected = targets[i].error == 0;
			close(set[i].fd);
			set[i].fd = -1;
			open_count--;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (set[i].fd >= 0)
			close(set[i].fd);
}

/* ---- lookups ------------------------------------------------------------------------------- */

enum { HEADER = 12, MESSAGE_MAX = 300 };

/* Writes the question behind two bytes of length, as over TCP. Returns the length of all. */
static size_t write_question(const struct dns_question *q, uint16_t id, unsigned char *out)
{
	unsigned char *p = out + 2, *label;
	size_t len;

	memset(out, 0, MESSAGE_MAX);
	p[0] = (unsigned char)(id >> 8);
	p[1] = (unsigned char)id;
	p[2] = 1; /* recursion desired */
	p[5] = 1; /* one question */
	p += HEADER;
	label = p++;
	for (const char *c = q->name; *c && p < out + MESSAGE_MAX - 8; c++) {
		if (*c == '.') {
			label = p++;
			continue;
		}
		*p++ = (unsigned char)*c;
		(*label)++;
	}
	p++; /* the root's empty label */
	*p++ = (unsigned char)((unsigned)q->type >> 8);
	*p++ = (unsigned char)q->type;
	*p++ = 0;
	*p++ = 1; /* class IN */
	len = (size_t)(p - out);
	out[0] = (unsigned char)((len - 2) >> 8);
	out[1] = (unsigned char)(len - 2);
	return len;
}

struct lookup {
	struct dns_reply *reply;
	const struct dns_question *question;
	uint16_t id;
	bool sent;
};

static void send_question(struct lookup *l, int fd)
{
	unsigned char message[MESSAGE_MAX];
	size_t len = write_question(l->question, l->id, message);
	size_t skip = l->question->tcp ? 0 : 2;

	l->sent = send(fd, message + skip, len - skip, MSG_NOSIGNAL) == (ssize_t)(len - skip);
}

/* True when nothing more is to come. A reply comes in one piece, as it is shorter than a segment.
 */
static bool take_reply(struct lookup *l, int fd)
{
	unsigned char buf[4096];
	size_t skip = l->question->tcp ? 2 : 0;
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	const unsigned char *p = buf + skip;

	if (n < 0) {
		if (errno == EAGAIN)
			return false;
		l->reply->error = errno;
		return true;
	}
	if ((size_t)n < skip + HEADER || (p[0] << 8 | p[1]) != l->id || !(p[2] & 0x80))
		return n == 0;
	l->reply->came = true;
	l->reply->code = p[3] & 0x0f;
	l->reply->answers = (unsigned)p[6] << 8 | p[7];
	return true;
}

static bool handle(struct lookup *l, struct pollfd *p)
{
	if (!l->sent) {
		int error = error_of(p->fd);

		if (error == 0)
			send_question(l, p->fd);
		l->reply->error = error;
		p->events = POLLIN;
		return error != 0 || !l->sent;
	}
	return take_reply(l, p->fd);
}

void dns_ask(const char *server, const struct dns_question *questions, size_t count,
	     struct dns_reply *out_replies)
{
	struct pollfd set[QUESTIONS_MAX];
	struct lookup lookups[QUESTIONS_MAX];
	int64_t end = now_ms() + WIRE_LIMIT_MS, left;
	size_t open_count = 0;

	for (size_t i = 0; i < count; i++) {
		int type = questions[i].tcp ? SOCK_STREAM : SOCK_DGRAM;

		out_replies[i] = (struct dns_reply){ 0 };
		lookups[i] = (struct lookup){ .reply = &out_replies[i],
					      .question = &questions[i],
					      .id = (uint16_t)(0x7457 + 257 * i) };
		set[i] = (struct pollfd){ .fd = begin(server, 53, type, NULL), .events = POLLOUT };
		if (set[i].fd < 0)
			out_replies[i].error = errno;
		open_count += set[i].fd >= 0;
	}
	while (open_count > 0 && (left = end - now_ms()) > 0 && poll(set, count, (int)left) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (set[i].fd < 0 || !set[i].revents || !handle(&lookups[i], &set[i]))
				continue;
			close(set[i].fd);
			set[i].fd = -1;
			open_count--;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (set[i].fd >= 0)
			close(set[i].fd);
}

const char *dns_reply_text(const struct dns_reply *r)
{
	static const char *const codes[] = { "no records", "FORMERR", "SERVFAIL",
					     "NXDOMAIN",   "NOTIMP",  "REFUSED" };

	if (!r->came)
		return r->error ? strerror(r->error) : "silence";
	if (r->answers > 0)
		return "an answer";
	return r->code < ARRAY_SIZE(codes) ? codes[r->code] : "an error";
}
