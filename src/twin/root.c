/* The root that must not change, and writable places that must not run programs. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SELF "/proc/self/exe"
#define PROGRAM "/tenantctl-probe"
#define NEW "/twin-was-here"

void attack_root_create(struct attempt *a)
{
	int fd = open(NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	judge_readonly(a, fd);
	if (fd >= 0)
		unlink(NEW);
}

void attack_root_mkdir(struct attempt *a)
{
	judge_readonly(a, mkdir(NEW, 0700));
	if (a->error == 0)
		rmdir(NEW);
}

void attack_root_link(struct attempt *a)
{
	judge_readonly(a, symlink("/", NEW));
	if (a->error == 0)
		unlink(NEW);
}

void attack_root_write(struct attempt *a)
{
	/* ETXTBSY: the program runs, and that is no boundary. By a name, as whoever may write to it
	 * is refused later than whoever may not. */
	int fd = open(PROGRAM, O_WRONLY | O_CLOEXEC);

	judge_call(a, fd);
	if (fd < 0 && errno == ETXTBSY)
		a->outcome = OUTCOME_OPEN;
}

void attack_root_truncate(struct attempt *a)
{
	judge_call(a, truncate(PROGRAM, 0)); /* asks whose the file is first (vfs_truncate) */
}

void attack_root_rename(struct attempt *a)
{
	judge_readonly(a, rename(PROGRAM, PROGRAM ".old"));
	if (a->error == 0)
		(void)rename(PROGRAM ".old", PROGRAM);
}

void attack_root_unlink(struct attempt *a)
{
	judge_readonly(a, unlink("/twin-is-not-here"));
}

void attack_root_chmod(struct attempt *a)
{
	judge_readonly(a, chmod("/", 0755));
}

void attack_root_chown(struct attempt *a)
{
	judge_readonly(a, chown("/", geteuid(), getegid()));
}

void attack_root_setxattr(struct attempt *a)
{
	judge_readonly(a, setxattr("/", "user.twin", "x", 1, 0));
}

void attack_root_utimes(struct attempt *a)
{
	judge_readonly(a, utimensat(AT_FDCWD, PROGRAM, NULL, 0));
}

/* ---- execution ----------------------------------------------------------------------------- */

static bool copy_to(int out)
{
	char buf[65536];
	int in = open(SELF, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (in >= 0 && (n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			break;
	if (in >= 0)
		close(in);
	return n == 0;
}

/* Copies this program; the descriptor is open for reading, or -1. */
static int copy_self(const char *path)
{
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	bool copied = out >= 0 && copy_to(out);

	if (out >= 0)
		close(out);
	return copied ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

/* Open when the copy really ran. */
static void judge_exec(struct attempt *a, const char *path, int fd)
{
	static char name[] = "twin-copy", quiet[] = QUIET_WORD, *none[] = { NULL };
	char *argv[] = { name, quiet, NULL };
	int status = 0;
	pid_t pid;

	if (fd < 0) {
		attempt_failed(a);
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (path)
			execv(path, argv);
		else
			syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		attempt_failed(a);
		return;
	}
	a->outcome = WEXITSTATUS(status) == QUIET_STATUS ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	a->error = a->outcome == OUTCOME_OPEN ? 0 : WEXITSTATUS(status);
}

static void try_exec(struct attempt *a, const char *path)
{
	int fd = copy_self(path);

	if (fd >= 0)
		close(fd);
	judge_exec(a, path, fd);
	unlink(path);
}

static void try_map(struct attempt *a, const char *path)
{
	int fd = copy_self(path);

	if (fd < 0)
		attempt_failed(a);
	else
		judge_call(a,
			   mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED
				   ? -1
				   : 0);
	unlink(path);
}

void attack_exec_tmp(struct attempt *a)
{
	try_exec(a, "/tmp/twin-exec");
}

void attack_map_tmp(struct attempt *a)
{
	try_map(a, "/tmp/twin-map");
}

void attack_exec_shm(struct attempt *a)
{
	try_exec(a, "/dev/shm/twin-exec");
}

void attack_map_shm(struct attempt *a)
{
	try_map(a, "/dev/shm/twin-map");
}

/* A file that no mount option reaches: only vm.memfd_noexec does, since Linux 6.3. */
void attack_exec_memfd(struct attempt *a)
{
	int fd = (int)syscall(SYS_memfd_create, "twin", 1U /* MFD_CLOEXEC */);

	if (fd < 0) {
		judge_call(a, -1);
		return;
	}
	if (!copy_to(fd)) {
		attempt_failed(a);
		return;
	}
	judge_exec(a, NULL, fd);
}
