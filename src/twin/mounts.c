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
enum { NR_open_tree = 428, NR_move_mount, NR_fsopen, NR_fsconfig, NR_fsmount, NR_fspick };
enum { NR_clone3 = 435, NR_mount_setattr = 442 };

static void mount_tmpfs(struct result *r)
{
	judge_call(r, mount("twin", "/tmp", "tmpfs", 0, NULL));
}

static void mount_proc(struct result *r)
{
	judge_call(r, mount("twin", "/tmp", "proc", 0, NULL));
}

static void mount_bind(struct result *r)
{
	judge_call(r, mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL));
}

static void mount_writable(struct result *r)
{
	judge_call(r, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static void mount_shared(struct result *r)
{
	judge_call(r, mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL));
}

static void unmount(struct result *r)
{
	judge_call(r, umount2("/proc/kcore", MNT_DETACH));
}

static void try_pivot_root(struct result *r)
{
	judge_call(r, syscall(SYS_pivot_root, "/tmp", "/tmp"));
}

static void try_chroot(struct result *r)
{
	judge_call(r, chroot("/tmp"));
}

static void try_open_tree(struct result *r)
{
	judge_call(r, syscall(NR_open_tree, AT_FDCWD, "/", 1U /* OPEN_TREE_CLONE */));
}

static void try_move_mount(struct result *r)
{
	judge_call(r, syscall(NR_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/tmp", 0U));
}

static void try_fsopen(struct result *r)
{
	judge_call(r, syscall(NR_fsopen, "tmpfs", 0U));
}

static void try_fspick(struct result *r)
{
	judge_call(r, syscall(NR_fspick, AT_FDCWD, "/", 0U));
}

static void try_mount_setattr(struct result *r)
{
	uint64_t attr[4] = { 0, 1 /* clear MOUNT_ATTR_RDONLY */, 0, 0 };

	judge_call(r, syscall(NR_mount_setattr, AT_FDCWD, "/", 0U, attr, sizeof(attr)));
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

static void note_namespace(struct result *r, long rc, const char *name)
{
	if (rc < 0) {
		r->error = errno;
		return;
	}
	r->outcome = OUTCOME_OPEN;
	say(r, "%s ", name);
}

static void try_unshare(struct result *r)
{
	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		note_namespace(r, unshare(flags[i].flag), flags[i].name);
}

static void reap_or_exit(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
}

static void try_clone(struct result *r)
{
	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		/* CLONE_NEWTIME is no flag of clone(2): its bits are the exit signal's */
		long pid = flags[i].flag == 0x80
				   ? -1
				   : syscall(SYS_clone, flags[i].flag | SIGCHLD, 0, 0, 0, 0);

		reap_or_exit(pid);
		note_namespace(r, pid, flags[i].name);
	}
}

static void try_clone3(struct result *r)
{
	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		uint64_t args[11] = { (uint64_t)flags[i].flag, 0, 0, 0, SIGCHLD };
		long pid = syscall(NR_clone3, args, sizeof(args));

		reap_or_exit(pid);
		note_namespace(r, pid, flags[i].name);
	}
}

static void try_setns(struct result *r)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup" };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "/proc/1/ns/%s", names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			r->error = errno;
			continue;
		}
		note_namespace(r, setns(fd, 0), names[i]);
		close(fd);
	}
}

static const struct attack items[] = {
	{ "twin.mount", "a tmpfs", mount_tmpfs },
	{ "twin.mount", "another /proc", mount_proc },
	{ "twin.mount", "the root elsewhere", mount_bind },
	{ "twin.mount", "the root writable", mount_writable },
	{ "twin.mount", "the root shared", mount_shared },
	{ "twin.mount", "unmask", unmount },
	{ "twin.mount", "pivot_root", try_pivot_root },
	{ "twin.mount", "chroot", try_chroot },
	{ "twin.mount", "open_tree", try_open_tree },
	{ "twin.mount", "move_mount", try_move_mount },
	{ "twin.mount", "fsopen", try_fsopen },
	{ "twin.mount", "fspick", try_fspick },
	{ "twin.mount", "mount_setattr", try_mount_setattr },
	{ "twin.namespace", "unshare", try_unshare },
	{ "twin.namespace", "clone", try_clone },
	{ "twin.namespace", "clone3", try_clone3 },
	{ "twin.namespace", "setns", try_setns },
};
const struct attack_list attacks_mounts = { items, ARRAY_SIZE(items) };
