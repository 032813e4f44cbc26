/*
 * The lock of a tenant or of the host: flock(2) on a file that also names its holder.
 * The file is never removed, because a waiter would then hold a lock on a file without
 * a name while the next one makes a new file and locks that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "fsio_internal.h"

/* flock has no timeout; SIGALRM would be a process-wide side effect. The pauses grow, as some locks
 * are held for a millisecond and others for a minute. */
enum { POLL_FIRST_MS = 1, POLL_MS = 50 };

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static int busy(int fd, const char *path, struct err *e)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;

	if (pid <= 0)
		return err_set(e, ERR_BUSY, "%s: held by another run", path);
	return err_set(e, ERR_BUSY, "%s: held by another run (pid %ld)", path, pid);
}

/* True when the name still leads to the locked file. */
static bool is_current(int dir, const char *name, int fd)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

static int write_pid(int fd, const char *path, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return err_sys(e, errno, "%s: write", path);
	return 0;
}

static int open_lock(int dir, const char *name, const char *path, int *out_fd, struct err *e)
{
	struct stat st;
	auto_fd int fd =
		openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return fsio_open_error(e, errno, path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_MANIFEST, "%s: not a regular file", path);
	*out_fd = fd;
	fd = -1;
	return 0;
}

int fsio_lock(const char *path, int wait_ms, int *out_fd, struct err *e)
{
	auto_fd int dir = -1;
	const char *name = NULL;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	int pause = POLL_FIRST_MS;

	if (fsio_open_parent(path, false, &dir, &name, e))
		return -1;
	for (;;) {
		auto_fd int fd = -1;
		if (open_lock(dir, name, path, &fd, e))
			return -1;
		bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
		if (!locked && errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, errno, "%s: flock", path);
		if (locked && is_current(dir, name, fd)) {
			if (write_pid(fd, path, e))
				return -1;
			*out_fd = fd;
			fd = -1;
			return 0;
		}
		if (clock_monotonic_ms() >= deadline)
			return busy(fd, path, e);
		sleep_ms(pause);
		pause = MIN_OF(2 * pause, POLL_MS);
	}
}
