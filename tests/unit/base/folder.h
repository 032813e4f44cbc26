/*
 * A folder of its own for each test that touches files, removed afterwards without
 * following links or leaving its mount.
 */
#ifndef TESTS_UNIT_BASE_FOLDER_H
#define TESTS_UNIT_BASE_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

struct fixture {
	char dir[64];
};

static inline int setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/tenantctl-fsio-XXXXXX");
	*state = f;
	umask(022);
	return mkdtemp(f->dir) ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st unused_arg,
			     int type unused_arg, struct FTW *ftw unused_arg)
{
	return remove(path);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(f);
	return 0;
}

static inline char *in(void **state, const char *name)
{
	return mem_printf("%s/%s", ((struct fixture *)*state)->dir, name);
}

static inline void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

#define WITH_FOLDER(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
