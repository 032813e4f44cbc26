/*
 * Reading through the page cache and past it: pairs of files stand for the two sides, and
 * the kernel's list of mapped files of this very program for a container's.
 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../src/probe/pagecache.h"

enum { KIB = 1024, PLENTY = 64 << 20 };

/* A file of `size` bytes on the disk of the build, its bytes made from their place. */
static int made_file(off_t size, off_t spoiled)
{
	char name[] = "build/pagecache.XXXXXX";
	unsigned char block[4 * KIB];
	int fd = mkostemp(name, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(name);
	for (off_t at = 0; at < size; at += (off_t)sizeof(block)) {
		size_t len = (size_t)(size - at < (off_t)sizeof(block) ? size - at
								       : (off_t)sizeof(block));

		for (size_t i = 0; i < len; i++)
			block[i] = (unsigned char)((at >> 12) + (off_t)i * 7 +
						   (at + (off_t)i == spoiled));
		assert_int_equal(write(fd, block, len), len);
	}
	return fd;
}

static int compare(off_t size, off_t spoiled, uint64_t budget, off_t *at)
{
	int a = made_file(size, -1), b = made_file(size, spoiled);
	int rc = pagecache_differs(a, b, size, &budget, at);

	close(a);
	close(b);
	return rc;
}

static void test_whole(void **state)
{
	off_t at = -1;

	(void)state;
	assert_int_equal(compare(1, -1, PLENTY, &at), 0);
	assert_int_equal(compare(300 * KIB + 17, -1, PLENTY, &at), 0);
	assert_int_equal(at, -1);
	assert_int_equal(compare(1, 0, PLENTY, &at), 1);
	assert_int_equal(at, 0);
	assert_int_equal(compare(300 * KIB + 17, 300 * KIB + 16, PLENTY, &at),
			 1); /* its last byte */
	assert_int_equal(at, 256 * KIB);
}

/* What is left out is not compared, and never more than allowed is read. */
static void test_budget(void **state)
{
	off_t at = -1;
	uint64_t budget = 128 * KIB;
	int a = made_file(512 * KIB, -1);

	(void)state;
	assert_int_equal(compare(300 * KIB, 200 * KIB, 128 * KIB, &at), 0);
	assert_int_equal(pagecache_differs(a, a, 512 * KIB, &budget, &at), 0);
	assert_int_equal(budget, 0);
	close(a);
}

/* A large file is sampled, each sample in its own part, at changing places. */
static void test_samples(void **state)
{
	off_t size = 8192 * KIB, at = -1;
	int a = made_file(size, -1), b = made_file(size, 5050 * KIB), found = 0;

	(void)state;
	for (int i = 0; i < 40 && !found; i++) {
		uint64_t budget = PLENTY;

		found = pagecache_differs(a, b, size, &budget, &at);
	}
	assert_int_equal(found, 1);
	assert_in_range(at, (5050 - 64) * KIB, 5050 * KIB);
	assert_int_equal(at % 4096, 0);
	close(a);
	close(b);
	assert_int_equal(compare(size, 0, PLENTY, &at), 1); /* the beginning always */
}

static void test_refused(void **state)
{
	uint64_t budget = PLENTY;
	off_t at;
	int memory = memfd_create("test", MFD_CLOEXEC), file = made_file(4 * KIB, -1);

	(void)state;
	errno = 0;
	assert_int_equal(pagecache_differs(file, -1, 4 * KIB, &budget, &at), -1);
	assert_int_equal(errno, EBADF);
	close(memory);
	close(file);
}

/* This program's own files lie on a mount that can be written, mostly: none is a sample then, and
 * none may be reported. */
static void test_own_process(void **state)
{
	struct process_facts self = { .pid = getpid() };
	struct cache_facts c = { 0 };
	struct target t = TARGET_INIT;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	t.proc_root = proc;
	pagecache_read(&t, &self, 1, "test", &c);
	assert_true(c.looked);
	assert_int_equal(c.altered.count, 0);
	self.pid = 0x7ffffff0; /* gone */
	pagecache_read(&t, &self, 1, "test", &c);
	assert_int_equal(c.altered.count, 0);
	strlist_free(&c.altered);
	strlist_free(&c.refused);
	close(proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	    cmocka_unit_test(test_budget),
		cmocka_unit_test(test_samples),	    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_own_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
