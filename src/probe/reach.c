/*
 * Hundreds of attempts in one poll loop: non-blocking TCP connects, UDP datagrams that
 * are sent twice (one may be lost), DNS questions over both, HTTP requests. What is refused by whom
 * is told apart by errno, because "refused" proves that something is there and
 * "timed out" does not.
 */
#include "reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dns.h"
#include "http.h"
#include "silent.h"
#include "tls_hello.h"

enum {
	DNS_PORT = 53,
	REPLY_MAX = HTTP_REPLY_MAX,
	SPARE_FDS = 64,
	BURST = 64,
	GATHER_MS = 2,	 /* of answers, before all that wait are polled again */
	SILENT_MS = 150, /* after that a neighbour that did not answer is not there */
};

struct job {
	struct reach_attempt *reach; /* one of the three */
	struct dns_attempt *dns;
	struct http_attempt *http;
	int fd; /* -1: finished */
	bool udp, connected;
	unsigned sends;
	uint16_t id;	/* of its question, from the first on */
	uint8_t *reply; /* TCP: REPLY_MAX bytes */
	size_t reply_len;
};

/* All attempts of one visit. */
struct crowd {
	const struct tenant_facts *facts;
	struct job *jobs;
	size_t count;
	int spare[2][2]; /* sockets that led nowhere: IPv6, datagrams */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static enum reach_outcome outcome_of(int err)
{
	switch (err) {
	case 0:
		return REACH_OPEN;
	case ECONNREFUSED:
	case ECONNRESET:
		return REACH_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EPERM:
	case EACCES:
	case EADDRNOTAVAIL: /* IPv6 is off here */
	case EAFNOSUPPORT:
		return REACH_UNREACHABLE;
	case ETIMEDOUT:
		return REACH_TIMEOUT;
	default:
		return REACH_ERROR;
	}
}

static enum dns_outcome dns_outcome_of(enum reach_outcome o)
{
	switch (o) {
	case REACH_TIMEOUT:
		return DNS_TIMEOUT;
	case REACH_REFUSED:
	case REACH_UNREACHABLE:
		return DNS_REFUSED;
	default:
		return DNS_ERROR;
	}
}

static enum http_outcome http_outcome_of(enum reach_outcome o)
{
	switch (o) {
	case REACH_TIMEOUT:
		return HTTP_TIMEOUT;
	case REACH_REFUSED:
		return HTTP_REFUSED;
	case REACH_UNREACHABLE:
		return HTTP_UNREACHABLE;
	default:
		return HTTP_ERROR;
	}
}

static void finish(struct job *j, int err)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	if (j->reach) {
		j->reach->outcome = outcome_of(err);
		j->reach->sys_errno = err;
	} else if (j->http) {
		j->http->outcome = http_outcome_of(outcome_of(err));
	} else {
		j->dns->outcome = dns_outcome_of(outcome_of(err));
		j->dns->rcode = -1;
	}
}

static void finish_answered(struct job *j)
{
	close(j->fd);
	j->fd = -1;
}

static socklen_t set_address(const char *text, uint16_t port, union address *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	return 0;
}

/* The question of a job, with the length that TCP wants in front; 0: it can't be asked. */
static size_t compose_question(struct job *j, uint8_t out[2 + DNS_QUERY_MAX])
{
	const char *name = j->dns ? j->dns->name : ".";
	uint16_t type = j->dns ? j->dns->type : 2; /* NS of the root: harmless, and answered by
						      whatever speaks DNS on an odd port */
	int len;

	if (!j->id && getrandom(&j->id, sizeof(j->id), GRND_NONBLOCK) != sizeof(j->id))
		return 0;
	len = dns_encode(name, type, j->id, out + 2);
	if (len < 0)
		return 0;
	out[0] = (uint8_t)(len >> 8);
	out[1] = (uint8_t)len;
	return (size_t)len + 2;
}

static void send_datagram(struct job *j)
{
	uint8_t question[2 + DNS_QUERY_MAX];
	size_t len = compose_question(j, question);

	j->sends++;
	if (len == 0)
		finish(j, EINVAL);
	else if (send(j->fd, question + 2, len - 2, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		finish(j, errno);
}

static int open_socket(sa_family_t family, bool udp)
{
	const int on = 1;
	int fd = socket(family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* Or "no route to host" ends a connection attempt at once and a datagram never (ip(7)). */
	if (fd >= 0 && udp && family == AF_INET)
		(void)!setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	return fd;
}

/* Where no route leads, Linux looks for one before anything of the socket changes
 * (tcp_v4_connect, __ip4_datagram_connect), so that it serves the next attempt, too: most of
 * hundreds end like this. */
static void start(struct crowd *all, struct job *j)
{
	union address a;
	socklen_t len = j->dns	  ? set_address(j->dns->server, DNS_PORT, &a)
			: j->http ? set_address(j->http->address, j->http->port, &a)
				  : set_address(j->reach->address, j->reach->port, &a);
	int *spare = &all->spare[a.any.sa_family == AF_INET6][j->udp];
	int err;

	if (len == 0) {
		finish(j, EINVAL);
		return;
	}
	j->fd = *spare >= 0 ? *spare : open_socket(a.any.sa_family, j->udp);
	*spare = -1;
	if (j->fd >= 0 && (connect(j->fd, &a.any, len) == 0 || errno == EINPROGRESS)) {
		if (j->udp)
			send_datagram(j);
		return;
	}
	err = errno;
	if (j->fd >= 0 && err == ENETUNREACH) {
		*spare = j->fd;
		j->fd = -1;
	}
	finish(j, err);
}

static void on_datagram(struct job *j)
{
	uint8_t buf[REPLY_MAX];
	ssize_t n = recv(j->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		finish(j, errno);
	else if (j->reach)
		finish(j, 0);
	else if (dns_parse(buf, (size_t)n, j->id, j->dns))
		finish_answered(j);
}

/* A fresh socket takes as little as one question at once. */
static bool send_question(struct job *j)
{
	char text[HTTP_REQUEST_MAX];
	uint8_t hello[TLS_HELLO_MAX];
	int len;

	if (j->reach) {
		len = (int)tls_hello(j->reach->sni, hello);
		return len > 0 && send(j->fd, hello, (size_t)len, MSG_NOSIGNAL) == len;
	}
	if (!j->http) {
		uint8_t question[2 + DNS_QUERY_MAX];
		size_t size = compose_question(j, question);

		return size && send(j->fd, question, size, MSG_NOSIGNAL) == (ssize_t)size;
	}
	len = http_compose(j->http, text);
	return len > 0 && send(j->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

static void on_connected(struct job *j)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(j->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err || (j->reach && !j->reach->sni)) {
		finish(j, err);
		return;
	}
	j->connected = true;
	if (!send_question(j)) {
		finish(j, EIO);
		return;
	}
	j->reply = mem_alloc(REPLY_MAX);
}

static void on_dns_stream(struct job *j)
{
	if (j->reply_len < 2)
		return;
	size_t want = 2 + ((size_t)j->reply[0] << 8) + j->reply[1];
	if (want > REPLY_MAX)
		finish(j, EMSGSIZE);
	else if (j->reply_len < want)
		return;
	else if (dns_parse(j->reply + 2, want - 2, j->id, j->dns))
		finish_answered(j);
	else
		finish(j, EBADMSG);
}

/* A reset after an answer, as a server sends that does not read the rest, ends that answer. */
static void on_http_stream(struct job *j, bool end)
{
	if (http_parse(j->reply, j->reply_len, end || j->reply_len == REPLY_MAX, j->http))
		finish_answered(j);
}

static void on_stream(struct job *j)
{
	ssize_t n = recv(j->fd, j->reply + j->reply_len, REPLY_MAX - j->reply_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		j->reply_len += (size_t)n;
	if (j->http)
		on_http_stream(j, n <= 0);
	else if (n <= 0) /* it hung up without an answer */
		finish(j, n < 0 ? errno : ECONNRESET);
	else if (j->reach) /* a server's hello, or its alert */
		finish(j, 0);
	else
		on_dns_stream(j);
}

static void on_event(struct job *j)
{
	if (j->udp)
		on_datagram(j);
	else if (!j->connected)
		on_connected(j);
	else
		on_stream(j);
}

/* When half of the time is over: the second datagram, and a new connection for the kernel would
 * repeat a lost SYN only after a second. */
static void try_again(struct crowd *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct job *j = &all->jobs[i];

		if (j->fd >= 0 && j->udp && j->sends == 1) {
			send_datagram(j);
		} else if (j->fd >= 0 && !j->udp && !j->connected) {
			close(j->fd);
			j->fd = -1;
			start(all, j);
		}
	}
}

static size_t fill_poll(const struct crowd *all, struct pollfd *fds, size_t *which)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct job *j = &all->jobs[i];

		if (j->fd < 0)
			continue;
		fds[n].fd = j->fd;
		fds[n].events = j->udp || j->connected ? POLLIN : POLLOUT;
		fds[n].revents = 0;
		which[n++] = i;
	}
	return n;
}

static bool controls_wait(const struct crowd *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct job *j = &all->jobs[i];

		if (j->fd >= 0 && (j->reach ? j->reach->must_work
				   : j->dns ? j->dns->must_work
					    : j->http->must_work))
			return true;
	}
	return false;
}

/* The controls had their answers, so this is not a slow machine: what waits for a next hop that is
 * not there has waited enough. */
static void give_up_silent(struct crowd *all)
{
	struct silent_hops hops auto_silent_hops = { 0 };

	if (!silent_hops_read(all->facts, &hops))
		return;
	for (size_t i = 0; i < all->count; i++) {
		struct job *j = &all->jobs[i];

		if (j->fd >= 0 && j->reach && silent_hops_lead_to(&hops, j->reach->address))
			finish(j, EHOSTUNREACH);
	}
}

static void loop(struct crowd *all, int timeout_ms)
{
	auto_free struct pollfd *fds = mem_array(all->count + 1, sizeof(*fds));
	auto_free size_t *which = mem_array(all->count + 1, sizeof(*which));
	int64_t start_ms = clock_monotonic_ms();
	int64_t end = start_ms + timeout_ms, half = start_ms + timeout_ms / 2;
	int64_t look = start_ms + SILENT_MS;
	bool again = false;

	for (;;) {
		int64_t now = clock_monotonic_ms();
		int64_t until = again ? end : half;
		size_t open_count;

		if (now >= look && !controls_wait(all)) {
			give_up_silent(all);
			look = end;
		}
		if (!again && now >= half) {
			try_again(all);
			again = true;
			until = end;
		}
		open_count = fill_poll(all, fds, which);
		if (open_count == 0 || now >= end)
			break;
		if (look > now)
			until = MIN_OF(until, look);
		if (poll(fds, open_count, (int)(until - now)) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < open_count; i++)
			if (fds[i].revents)
				on_event(&all->jobs[which[i]]);
		poll(NULL, 0, GATHER_MS);
	}
	for (size_t i = 0; i < all->count; i++)
		if (all->jobs[i].fd >= 0)
			finish(&all->jobs[i], ETIMEDOUT);
}

static void raise_file_limit(size_t want)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	r.rlim_max = MAX_OF(r.rlim_max, want);
	/* Without it some attempts end as errors, which is what they then are. */
	if (setrlimit(RLIMIT_NOFILE, &r) == 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &r);
}

static void set_job(struct job *j, struct tenant_facts *f, size_t i)
{
	j->fd = -1;
	if (i < f->reach_count) {
		j->reach = &f->reach[i];
		j->udp = j->reach->udp;
		return;
	}
	i -= f->reach_count;
	if (i < f->dns_count) {
		j->dns = &f->dns[i];
		j->dns->answer[0] = '\0';
		j->udp = !j->dns->tcp;
		return;
	}
	j->http = &f->http[i - f->dns_count];
}

void reach_run(struct tenant_facts *f, int timeout_ms)
{
	size_t count = f->reach_count + f->dns_count + f->http_count;
	auto_free struct job *jobs = mem_array(count + 1, sizeof(*jobs));
	struct crowd all = {
		.facts = f, .jobs = jobs, .count = count, .spare = { { -1, -1 }, { -1, -1 } }
	};

	raise_file_limit(count + SPARE_FDS);
	for (size_t i = 0; i < count; i++) {
		set_job(&jobs[i], f, i);
		start(&all, &jobs[i]);
		/* A neighbour that is not resolved yet keeps only some packets for later. */
		if (i % BURST == BURST - 1)
			poll(NULL, 0, 1);
	}
	loop(&all, MAX_OF(timeout_ms, 1));
	for (size_t i = 0; i < 4; i++)
		mem_close_slot(&all.spare[i / 2][i % 2]);
	for (size_t i = 0; i < count; i++)
		free(jobs[i].reply);
}
