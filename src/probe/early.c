/*
 * A connection on one host is there, or refused, within the system call that asks for it,
 * or a moment later when the machine is busy; what is dropped on the way never is.
 */
#include "early.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { PATIENCE_MS = 100 };

static enum reach_outcome outcome_of(int err)
{
	switch (err) {
	case 0:
		return REACH_OPEN;
	case ECONNREFUSED:
	case ECONNRESET:
		return REACH_REFUSED;
	case ETIMEDOUT:
		return REACH_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return REACH_UNREACHABLE;
	default:
		return REACH_ERROR;
	}
}

static void settle(struct reach_attempt *a, int err)
{
	a->sys_errno = err;
	a->outcome = outcome_of(err);
}

static int begin_one(struct reach_attempt *a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(a->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, a->address, &to.sin_addr) != 1)
		settle(a, fd < 0 ? errno : EINVAL);
	else if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		settle(a, 0);
	else if (errno == EINPROGRESS)
		return fd;
	else
		settle(a, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

void early_begin(struct reach_attempt *attempts, size_t count, struct early *out)
{
	*out = (struct early){ .fds = mem_array(count + 1, sizeof(*out->fds)),
			       .count = count,
			       .until = clock_monotonic_ms() + PATIENCE_MS };
	for (size_t i = 0; i < count; i++)
		out->fds[i] = begin_one(&attempts[i]);
}

static void finish_one(struct reach_attempt *a, int fd, bool ready)
{
	socklen_t len = sizeof(int);
	int err = ETIMEDOUT;

	if (ready && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	settle(a, err);
	close(fd);
}

void early_finish(struct early *e, struct reach_attempt *attempts)
{
	for (size_t i = 0; i < e->count; i++) {
		struct pollfd p = { .fd = e->fds[i], .events = POLLOUT };
		int n;

		if (p.fd < 0)
			continue;
		do
			n = poll(&p, 1, (int)MAX_OF(e->until - clock_monotonic_ms(), 0));
		while (n < 0 && errno == EINTR);
		finish_one(&attempts[i], p.fd, n > 0);
	}
	free(e->fds);
	*e = (struct early){ 0 };
}
