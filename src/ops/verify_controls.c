/*
 * Controls: does a peer answer from its own side? A socket belongs to the network
 * namespace it was made in, so one child visits all peers, starts every attempt and
 * polls for all of them at once: 50 peers cost little more than one.
 */
#include "verify_peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/gateway.h"

enum { CHILD_EXTRA_MS = 2000, ATTEMPTS = 6 };

/* A question for the root's name servers: whatever speaks DNS answers it, nobody forwards it. */
static const unsigned char dns_question[] = { 0x74, 0x63, 0x01, 0, 0, 1, 0, 0, 0,
					      0,    0,	  0,	0, 0, 2, 0, 1 };

struct attempt {
	int fd; /* -1: finished */
	bool udp, alive;
};

static void settle(struct attempt *a, int err)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	a->alive = err == 0 || err == ECONNREFUSED || err == ECONNRESET;
}

static void start(struct attempt *a, const char *address, uint16_t port, bool udp)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

	*a = (struct attempt){ .fd = -1, .udp = udp };
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return;
	a->fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return;
	if ((connect(a->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) ||
	    (udp && send(a->fd, dns_question, sizeof(dns_question), MSG_NOSIGNAL) < 0))
		settle(a, errno);
}

static void on_event(struct attempt *a)
{
	char buf[512];
	socklen_t len = sizeof(int);
	int err = 0;

	if (a->udp)
		err = recv(a->fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 ? errno : 0;
	else if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err != EAGAIN && err != EINTR)
		settle(a, err);
}

static void wait_for_all(struct attempt *a, size_t count, int timeout_ms)
{
	auto_free struct pollfd *fds = mem_array(count + 1, sizeof(*fds));
	int64_t end = clock_monotonic_ms() + timeout_ms;

	for (;;) {
		size_t open_count = 0;
		int64_t left = end - clock_monotonic_ms();

		for (size_t i = 0; i < count; i++) {
			fds[i] = (struct pollfd){ .fd = a[i].fd,
						  .events = a[i].udp ? POLLIN : POLLOUT };
			open_count += a[i].fd >= 0;
		}
		if (open_count == 0 || left <= 0)
			break;
		if (poll(fds, count, (int)left) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < count; i++)
			if (a[i].fd >= 0 && fds[i].revents)
				on_event(&a[i]);
	}
	for (size_t i = 0; i < count; i++)
		settle(&a[i], a[i].fd >= 0 ? ETIMEDOUT : a[i].alive ? 0 : EIO);
}

/* The namespace that was seen when the peer was found, not what its pid may be now. */
static bool enter_peer(const struct peer *p)
{
	auto_free char *path = mem_printf("/proc/%d/ns/net", (int)p->pid);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == p->ns[NS_NET].ino &&
	       st.st_dev == p->ns[NS_NET].dev && setns(fd, CLONE_NEWNET) == 0;
}

static void start_peer(const struct peer *p, struct attempt a[ATTEMPTS])
{
	for (size_t i = 0; i < ATTEMPTS; i++)
		a[i] = (struct attempt){ .fd = -1 };
	if (!p->running || p->pid == 0)
		return;
	start(&a[4], p->allocation.egress_ip, GATEWAY_INBOUND_PORT, false); /* from the host */
	if (!enter_peer(p))
		return;
	start(&a[0], p->allocation.worker_ip, PEER_PORT, false);
	start(&a[1], p->allocation.worker_ip, PEER_PORT, true);
	start(&a[2], p->allocation.gateway_ip, GATEWAY_DNS_PORT, false);
	start(&a[3], p->allocation.gateway_ip, GATEWAY_DNS_PORT, true);
	start(&a[5], p->allocation.gateway_ip, GATEWAY_ROUTE_PORT, false);
}

struct measure {
	const struct peers *peers;
	int timeout_ms;
};

static int in_child(void *arg, int fd)
{
	const struct measure *m = arg;
	size_t count = m->peers->count;
	auto_free struct attempt *a = mem_array(count * ATTEMPTS + 1, sizeof(*a));
	auto_free struct peer_control *r = mem_array(count + 1, sizeof(*r));
	auto_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct rlimit files = { .rlim_cur = count * ATTEMPTS + 64,
				.rlim_max = count * ATTEMPTS + 64 };

	if (home < 0)
		return 1;
	(void)!setrlimit(RLIMIT_NOFILE, &files); /* too few: attempts are not alive */
	for (size_t i = 0; i < count; i++) {
		start_peer(&m->peers->items[i], a + i * ATTEMPTS);
		if (setns(home, CLONE_NEWNET) < 0)
			return 1;
	}
	wait_for_all(a, count * ATTEMPTS, m->timeout_ms);
	for (size_t i = 0; i < count; i++) {
		const struct attempt *x = a + i * ATTEMPTS;

		r[i] = (struct peer_control){ x[0].alive, x[1].alive, x[2].alive,
					      x[3].alive, x[4].alive, x[5].alive };
	}
	return fsio_write_fd(fd, r, count * sizeof(*r)) < 0;
}

int peers_measure(struct peers *p, int timeout_ms, struct err *e)
{
	struct strbuf out auto_strbuf = STRBUF_INIT(p->count * sizeof(struct peer_control) + 1);
	struct measure m = { .peers = p, .timeout_ms = timeout_ms };
	int status = 0;

	if (p->count == 0)
		return 0;
	if (child_call(in_child, &m, timeout_ms + CHILD_EXTRA_MS, &out, &status, e))
		return err_wrap(e, "controls of other tenants");
	if (status != 0 || out.len != p->count * sizeof(struct peer_control))
		return err_set(e, ERR_SYSTEM, "controls of other tenants: the child failed");
	for (size_t i = 0; i < p->count; i++) {
		struct peer_control *c = &p->items[i].control;

		memcpy(c, out.data + i * sizeof(*c), sizeof(*c));
	}
	return 0;
}
