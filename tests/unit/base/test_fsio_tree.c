/*
 * Folders that someone hostile has filled: nothing in them leads out, and removing them
 * touches nothing else.
 */
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "folder.h"

static void nothing_leads_out_of_a_folder(void **state)
{
	auto_free char *sub = in(state, "sub");
	auto_free char *out = in(state, "sub/out");
	auto_free char *up = in(state, "sub/up");
	auto_free char *file = in(state, "sub/file");
	static const char *const bad[] = {
		"out", "out/passwd", "up/x", "..", "../x", "/etc/passwd"
	};
	struct err e = ERR_INIT;
	int fd = -1;
	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(symlink("/etc", out), 0);
	assert_int_equal(symlink("..", up), 0);
	put(file, "x", 0600);
	auto_fd int dir = open(sub, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(fsio_open_beneath(dir, bad[i], O_RDONLY, &fd, &e), -1);
		assert_true(e.code == ERR_REFUSED || e.code == ERR_MANIFEST);
		assert_int_equal(fd, -1);
	}
	assert_ok(fsio_open_beneath(dir, "file", O_RDONLY, &fd, &e), &e);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	auto_fd int proc = open("/proc/self", O_RDONLY | O_DIRECTORY);
	assert_int_equal(fsio_open_beneath(proc, "exe", O_RDONLY, &fd, &e), -1);
	assert_int_equal(fsio_open_beneath(proc, "fd/0", O_RDONLY, &fd, &e), -1);
}

/* A chain far deeper than PATH_MAX and the descriptor limit, with links that lead out. */
static void hostile_trees_are_removed(void **state)
{
	auto_free char *tree = in(state, "tree");
	auto_free char *kept = in(state, "kept");
	struct err e = ERR_INIT;
	put(kept, "x", 0600);
	assert_int_equal(mkdir(tree, 0755), 0);
	int dir = open(tree, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mkdirat(dir, "d", 0755), 0);
		int next = openat(dir, "d", O_RDONLY | O_DIRECTORY);
		if (i % 100 == 0) {
			assert_int_equal(symlinkat("/tmp", dir, "link"), 0);
			assert_int_equal(linkat(AT_FDCWD, kept, dir, "hard", 0), 0);
			assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
			assert_int_equal(mkdirat(dir, "a", 0755), 0);
		}
		close(dir);
		dir = next;
	}
	close(dir);
	assert_ok(fsio_remove_tree(tree, &e), &e);
	assert_int_equal(access(tree, F_OK), -1);
	assert_int_equal(access(kept, F_OK), 0);
	assert_ok(fsio_remove_tree(tree, &e), &e);
	assert_int_equal(symlink("kept", tree), 0);
	assert_ok(fsio_remove_tree(tree, &e), &e);
	assert_int_equal(access(kept, F_OK), 0);
}

static void mounts_are_not_crossed(void **state)
{
	auto_free char *tree = in(state, "tree");
	auto_free char *mount_at = in(state, "tree/m");
	auto_free char *inside = in(state, "tree/m/kept");
	struct err e = ERR_INIT;
	int status = -1;
	if (geteuid() != 0)
		skip(); /* mounting needs root */
	assert_int_equal(mkdir(tree, 0755), 0);
	assert_int_equal(mkdir(mount_at, 0755), 0);
	pid_t pid = fork(); /* a mount namespace of its own, gone with the child */
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", mount_at, "tmpfs", 0, NULL))
			_exit(2);
		close(open(inside, O_CREAT | O_WRONLY, 0600));
		int rc = fsio_remove_tree(tree, &e);
		_exit(rc == -1 && e.code == ERR_REFUSED && access(inside, F_OK) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(nothing_leads_out_of_a_folder),
		WITH_FOLDER(hostile_trees_are_removed),
		WITH_FOLDER(mounts_are_not_crossed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
