/* Drills that fill a file system, with bytes or with files, and one that fills the gateway. */
#include "drill.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK = 64 << 20,
	BLOCK = 4096,
	NAME_SIZE = 32,
	CONNECTIONS_MAX = 16384,
	CONNECT_MS = 50,
	RETRY_MS = 10,
};

static const char bytes_name[] = "tenantctl-drill.bytes", inodes_name[] = "tenantctl-drill.inodes";

static int open_place(const struct drill_run *r)
{
	return open(r->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Reserved blocks count like written ones and cost the host no time: fallocate(2). */
static void reserve(struct drill_run *r, int fd)
{
	for (uint64_t step = CHUNK; step >= BLOCK; step /= 2)
		while (r->amount + step <= r->most && !drill_is_over(r) &&
		       fallocate(fd, 0, (off_t)r->amount, (off_t)step) == 0)
			r->amount += step;
}

/* And what reserving leaves is written, as programs do. */
static void write_rest(struct drill_run *r, int fd)
{
	static const char block[BLOCK];

	while (r->amount < r->most && !drill_is_over(r)) {
		ssize_t n = pwrite(fd, block, sizeof(block), (off_t)r->amount);

		if (n > 0) {
			r->amount += (uint64_t)n;
		} else {
			drill_stopped(r, errno);
			drill_pause_ms(RETRY_MS);
		}
	}
}

void fill_bytes(struct drill_run *r)
{
	int dir = open_place(r), fd;

	r->amount = 0;
	fd = openat(dir, bytes_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		r->error = errno;
		return;
	}
	reserve(r, fd);
	write_rest(r, fd);
	drill_hold(r);
	close(fd);
}

static void name_file(char name[NAME_SIZE], uint64_t number)
{
	snprintf(name, NAME_SIZE, "%llu", (unsigned long long)number);
}

void fill_inodes(struct drill_run *r)
{
	int dir = open_place(r), sub;
	char name[NAME_SIZE];

	r->amount = 0;
	if (mkdirat(dir, inodes_name, 0700) && errno != EEXIST) {
		r->error = errno;
		return;
	}
	sub = openat(dir, inodes_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	while (sub >= 0 && r->amount < r->most && !drill_is_over(r)) {
		int fd;

		name_file(name, r->amount);
		fd = openat(sub, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0) {
			close(fd);
			r->amount++;
		} else {
			drill_stopped(r, errno);
			drill_pause_ms(RETRY_MS);
		}
	}
	drill_hold(r);
}

void fill_clear(const struct drill_run *r)
{
	int dir = open_place(r), sub;
	char name[NAME_SIZE];

	unlinkat(dir, bytes_name, 0);
	sub = openat(dir, inodes_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	for (uint64_t i = 0; sub >= 0 && i < r->amount + 1; i++) {
		name_file(name, i);
		unlinkat(sub, name, 0);
	}
	if (sub >= 0)
		close(sub);
	unlinkat(dir, inodes_name, AT_REMOVEDIR);
	close(dir);
}

/* ---- connections ---- */

static int begin(const struct drill_run *r, uint64_t number)
{
	static const uint16_t ports[] = { 80, 443 };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(ports[number % ARRAY_SIZE(ports)]) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, r->place, &to.sin_addr) != 1 ||
	    (connect(fd, (const struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool is_open(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);

	return poll(&p, 1, 0) == 1 && !(p.revents & (POLLHUP | POLLERR)) &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && !error;
}

/* Opens as many as it may, says nothing on them, and opens those anew that were closed. */
void flood_connections(struct drill_run *r)
{
	static int fds[CONNECTIONS_MAX];
	size_t most = MIN_OF(r->most, (uint64_t)CONNECTIONS_MAX);

	for (size_t i = 0; i < most; i++)
		fds[i] = -1;
	do {
		uint64_t open_now = 0;

		for (size_t i = 0; i < most && !drill_is_over(r); i++) {
			if (fds[i] < 0)
				fds[i] = begin(r, i);
			if (fds[i] < 0)
				r->error = errno;
		}
		drill_pause_ms(CONNECT_MS);
		for (size_t i = 0; i < most; i++) {
			if (fds[i] < 0)
				continue;
			if (is_open(fds[i])) {
				open_now++;
			} else {
				close(fds[i]);
				fds[i] = -1;
			}
		}
		if (open_now <= r->amount || open_now == most)
			drill_stopped(r, 0);
		r->amount = MAX_OF(r->amount, open_now);
	} while (!drill_is_over(r));
}
