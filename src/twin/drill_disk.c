/*
 * A storm on a disk: writes for half of the time and reads for the other, past the page
 * cache (O_DIRECT, open(2)). A loop device's own cache is the host's, so that each write
 * has to be on the disk (O_DSYNC) before the next. It goes over the same small file again
 * and again: little of the disk is taken.
 */
#include "drill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	FILE_BYTES = 16 << 20,
	BLOCK = 256 << 10, /* a page-aligned part of it, as O_DIRECT wants */
};

static const char name[] = "tenantctl-drill.disk";

/* Its name goes at once: whatever ends the program, nothing is left. */
static int open_file(const struct drill_run *r)
{
	int dir = open(r->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, name,
			O_RDWR | O_CREAT | O_EXCL | O_DIRECT | O_DSYNC | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (fd >= 0)
		unlinkat(dir, name, 0);
	if (dir >= 0)
		close(dir);
	return fd;
}

/* Goes round in the first `size` bytes until the time is over; how many bytes it moved. What was
 * waited for beyond the end is no part of that time. */
static uint64_t storm(struct drill_run *r, int fd, void *block, bool writes, uint64_t size,
		      int64_t until_ms)
{
	uint64_t done = 0;

	while (size >= BLOCK && done < r->most && !r->error) {
		off_t at = (off_t)(done % size);
		ssize_t n = writes ? pwrite(fd, block, BLOCK, at) : pread(fd, block, BLOCK, at);

		if (drill_now_ms() > until_ms)
			break;
		if (n == BLOCK)
			done += BLOCK;
		else
			r->error = n < 0 ? errno : EIO;
	}
	return done;
}

void storm_disk(struct drill_run *r)
{
	int64_t half_ms = (r->end_ms - drill_now_ms()) / 2;
	int fd = open_file(r);
	void *block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t written, size;

	if (fd < 0 || block == MAP_FAILED) {
		r->error = errno;
	} else {
		written = storm(r, fd, block, true, FILE_BYTES, drill_now_ms() + half_ms);
		size = MIN_OF(written, (uint64_t)FILE_BYTES);
		r->amount = storm(r, fd, block, false, size, drill_now_ms() + half_ms);
		r->amount = MAX_OF(r->amount, written);
	}
	if (fd >= 0)
		close(fd);
}
