/* Mounts, roots and namespaces: every way into another view of the system. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers are the same on all architectures since 5.1 (syscall_64.tbl, unistd.h of asm-generic). */
enum { NR_open_tree = 428, NR_move_mount = 429, NR_fsopen = 430, NR_fspick = 433 };
enum { NR_clone3 = 435, NR_mount_setattr = 442 };

/* What was mounted is taken away again: later attacks work with the same places. */
static void try_mount(struct attempt *a, const char *source, const char *type, unsigned long flags,
		      const char *options)
{
	judge_right(a, mount(source, "/tmp", type, flags, options));
	if (a->error == 0)
		(void)umount2("/tmp", MNT_DETACH);
}

void attack_mount_tmpfs(struct attempt *a)
{
	try_mount(a, "twin", "tmpfs", 0, NULL);
}

void attack_mount_proc(struct attempt *a)
{
	try_mount(a, "twin", "proc", 0, NULL);
}

void attack_mount_sys(struct attempt *a)
{
	try_mount(a, "twin", "sysfs", 0, NULL);
}

/* Where escapes by release_agent begin. */
void attack_mount_cgroup(struct attempt *a)
{
	try_mount(a, "twin", "cgroup", 0, "rdma");
	if (a->outcome == OUTCOME_BLOCKED)
		try_mount(a, "twin", "cgroup2", 0, NULL);
}

void attack_mount_overlay(struct attempt *a)
{
	try_mount(a, "twin", "overlay", MS_RDONLY, "lowerdir=/tmp:/dev/shm");
}

void attack_mount_bind(struct attempt *a)
{
	try_mount(a, "/", NULL, MS_BIND | MS_REC, NULL);
}

void attack_mount_writable(struct attempt *a)
{
	judge_right(a, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
	if (a->error == 0)
		(void)mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

void attack_mount_shared(struct attempt *a)
{
	judge_right(a, mount(NULL, "/", NULL, MS_SHARED, NULL));
	if (a->error == 0)
		(void)mount(NULL, "/", NULL, MS_PRIVATE, NULL);
}

void attack_mount_unmask(struct attempt *a)
{
	/* nothing is mounted by this name: only the right is asked for */
	judge_right(a, umount2("/dev/null", MNT_DETACH));
}

void attack_mount_pivot(struct attempt *a)
{
	judge_right(a, syscall(SYS_pivot_root, "/tmp", "/tmp"));
}

void attack_mount_chroot(struct attempt *a)
{
	judge_right(a, chroot("/tmp"));
}

void attack_mount_open_tree(struct attempt *a)
{
	judge_right(a, syscall(NR_open_tree, AT_FDCWD, "/", 1U /* OPEN_TREE_CLONE */));
}

void attack_mount_move(struct attempt *a)
{
	judge_right(a, syscall(NR_move_mount, AT_FDCWD, "/dev/null", AT_FDCWD, "/dev/null", 0U));
}

void attack_mount_fsopen(struct attempt *a)
{
	judge_right(a, syscall(NR_fsopen, "tmpfs", 0U));
}

void attack_mount_fspick(struct attempt *a)
{
	judge_right(a, syscall(NR_fspick, AT_FDCWD, "/", 0U));
}

/* MOUNT_ATTR_RDONLY is cleared where it was set. */
void attack_mount_attributes(struct attempt *a)
{
	uint64_t attr[4] = { 0, 1, 0, 0 }, back[4] = { 1, 0, 0, 0 };

	judge_right(a, syscall(NR_mount_setattr, AT_FDCWD, "/", 0U, attr, sizeof(attr)));
	if (a->error == 0)
		(void)syscall(NR_mount_setattr, AT_FDCWD, "/", 0U, back, sizeof(back));
}

/* ---- namespaces ---------------------------------------------------------------------------- */

static const struct namespace_flag {
	int flag;
	const char *name;
} flags[] = {
	{ CLONE_NEWUSER, "user" },     { CLONE_NEWNS, "mnt" },	{ CLONE_NEWPID, "pid" },
	{ CLONE_NEWNET, "net" },       { CLONE_NEWIPC, "ipc" }, { CLONE_NEWUTS, "uts" },
	{ CLONE_NEWCGROUP, "cgroup" }, { 0x80, "time" },
};

static void note_namespace(struct attempt *a, long rc, const char *name)
{
	struct attempt one = { .outcome = OUTCOME_ERROR };

	judge_call(&one, rc);
	note_one(a, &one);
	if (one.outcome == OUTCOME_OPEN)
		say(a, "%s ", name);
}

void attack_namespace_unshare(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		note_namespace(a, unshare(flags[i].flag), flags[i].name);
}

static void reap_or_exit(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
}

void attack_namespace_clone(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		/* CLONE_NEWTIME is no flag of clone(2): its bits are the exit signal's */
		long pid = flags[i].flag == 0x80
				   ? -1
				   : syscall(SYS_clone, flags[i].flag | SIGCHLD, 0, 0, 0, 0);

		reap_or_exit(pid);
		note_namespace(a, pid, flags[i].name);
	}
}

void attack_namespace_clone3(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		uint64_t args[11] = { (uint64_t)flags[i].flag, 0, 0, 0, SIGCHLD };
		long pid = syscall(NR_clone3, args, sizeof(args));

		reap_or_exit(pid);
		note_namespace(a, pid, flags[i].name);
	}
}

void attack_namespace_setns(struct attempt *a)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			a->error = errno;
			continue;
		}
		note_namespace(a, setns(fd, 0), names[i]);
		close(fd);
	}
}
