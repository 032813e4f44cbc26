/*
 * A fake /proc and cgroup mount in a temporary folder: tests write whatever a hostile
 * process could make the kernel print. One per test, removed afterwards.
 */
#ifndef TESTS_UNIT_PROBE_TREE_H
#define TESTS_UNIT_PROBE_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/fsio.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define assert_ok(rc, e)                                                                           \
	do {                                                                                       \
		if ((rc) != 0)                                                                     \
			fail_msg("%s", (e)->message);                                              \
	} while (0)

struct tree {
	char path[64];
	int proc, cgroup; /* directory fds */
};

static inline void tree_bytes(const struct tree *t, const char *name, const void *data, size_t len)
{
	struct err e = ERR_INIT;
	char path[1024], *slash;

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_ok(fsio_mkdirs(path, 0755, &e), &e);
	*slash = '/';
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static inline void tree_write(const struct tree *t, const char *name, const char *text)
{
	tree_bytes(t, name, text, strlen(text));
}

static inline void tree_mkdir(const struct tree *t, const char *name)
{
	struct err e = ERR_INIT;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	assert_ok(fsio_mkdirs(path, 0755, &e), &e);
}

static inline void tree_remove(const struct tree *t, const char *name)
{
	struct err e = ERR_INIT;
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", t->path, name);
	assert_ok(fsio_remove_tree(path, &e), &e);
}

static inline int tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));
	char path[128];

	assert_non_null(t);
	snprintf(t->path, sizeof(t->path), "/tmp/probe-test-XXXXXX");
	assert_non_null(mkdtemp(t->path));
	tree_mkdir(t, "proc");
	tree_mkdir(t, "cgroup");
	snprintf(path, sizeof(path), "%s/proc", t->path);
	t->proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/cgroup", t->path);
	t->cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->proc >= 0 && t->cgroup >= 0);
	*state = t;
	return 0;
}

static inline int tree_teardown(void **state)
{
	struct tree *t = *state;
	struct err e = ERR_INIT;

	close(t->proc);
	close(t->cgroup);
	assert_ok(fsio_remove_tree(t->path, &e), &e);
	free(t);
	return 0;
}

static inline void tree_stat(const struct tree *t, const char *dir, int pid, const char *name,
			     uint64_t start)
{
	char path[128], text[512];

	snprintf(path, sizeof(path), "proc/%s/stat", dir);
	snprintf(text, sizeof(text),
		 "%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %llu 1 1\n", pid, name,
		 (unsigned long long)start);
	tree_write(t, path, text);
}

static inline void tree_status(const struct tree *t, const char *dir, int pid, int ppid,
			       const char *eff, int seccomp)
{
	char path[128], text[1024];

	snprintf(path, sizeof(path), "proc/%s/status", dir);
	snprintf(text, sizeof(text),
		 "Name:\tw\nPid:\t%d\nPPid:\t%d\nUid:\t7\t7\t7\t7\nGid:\t7\t7\t7\t7\n"
		 "Groups:\t7 \nNSpid:\t%d\t1\nThreads:\t1\nCapInh:\t0\nCapPrm:\t%s\n"
		 "CapEff:\t%s\nCapBnd:\t0\nCapAmb:\t0\nNoNewPrivs:\t1\nSeccomp:\t%d\n"
		 "Seccomp_filters:\t1\n",
		 pid, ppid, pid, eff, eff, seccomp);
	tree_write(t, path, text);
}

#define TREE_LIMITS                                                                                \
	"Limit                     Soft Limit           Hard Limit           Units     \n"         \
	"Max open files            4096                 4096                 files     \n"

/* A whole process of container `id`, with one thread. */
static inline void tree_process(const struct tree *t, int pid, int ppid, const char *id,
				uint64_t start)
{
	static const char *const spaces[] = { "mnt", "pid",    "net",  "ipc",
					      "uts", "cgroup", "user", "time" };
	char dir[32], thread[64], path[128], text[512];

	snprintf(dir, sizeof(dir), "%d", pid);
	snprintf(thread, sizeof(thread), "%d/task/%d", pid, pid);
	tree_stat(t, dir, pid, "w", start);
	tree_status(t, dir, pid, ppid, "0000000000000000", 2);
	tree_status(t, thread, pid, ppid, "0000000000000000", 2);
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
		snprintf(path, sizeof(path), "proc/%s/ns/%s", dir, spaces[i]);
		tree_write(t, path, "");
	}
	snprintf(path, sizeof(path), "proc/%s/limits", dir);
	tree_write(t, path, TREE_LIMITS);
	snprintf(path, sizeof(path), "proc/%s/cgroup", dir);
	snprintf(text, sizeof(text),
		 "8:pids:/docker/%s\n4:memory:/docker/%s\n1:cpu:/docker/%s\n0::/\n", id, id, id);
	tree_write(t, path, text);
	snprintf(path, sizeof(path), "proc/%s/mountinfo", dir);
	tree_write(t, path, "1 0 0:1 / / ro,relatime - overlay overlay rw\n");
}

#endif
