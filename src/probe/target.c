/*
 * A pid that the engine reports is a claim: the engine may be wrong, replaced or late,
 * and pids are reused. It is believed only after the kernel's own view of its cgroup
 * names the container, and it is held by a /proc/PID directory, a pidfd and its start
 * time until the end.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"

/* In this order, as every engine puts a container into both; "pids" is never left out. */
static const char *const walk_controllers[] = { "pids", "memory" };

void target_close(struct target *t)
{
	mem_close_slot(&t->dir);
	mem_close_slot(&t->pidfd);
	strlist_free(&t->cgroups);
	*t = (struct target)TARGET_INIT;
}

int target_place(const struct target *t, const char *controller, struct cgroup_place *out,
		 struct err *e)
{
	struct cgroup_place p;
	size_t len;

	if (cgroup_locate(&t->cgroups, controller, &p, e) < 0)
		return -1;
	if (!cgroup_is_of(p.path, t->id, &len))
		return err_set(e, ERR_PROTOCOL,
			       "process %d is not in the cgroup of container %.12s", (int)t->pid,
			       t->id);
	p.path[len] = '\0';
	*out = p;
	return 0;
}

static int walk_place(const struct target *t, const char **out_controller, struct cgroup_place *out,
		      struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(walk_controllers); i++) {
		*out_controller = walk_controllers[i];
		err_clear(e);
		if (target_place(t, walk_controllers[i], out, e) == 0)
			return 0;
		if (e->code != ERR_NOT_FOUND)
			return -1;
	}
	return -1;
}

static bool is_real_proc(int proc_root)
{
	struct statfs fs;

	return fstatfs(proc_root, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static int hold(struct target *t, struct err *e)
{
	uint64_t again;

	if (proc_open_pid(t->proc_root, t->pid, &t->dir, e) < 0 ||
	    proc_start_time(t->dir, &t->start_time, e) < 0)
		return -1;
	if (!is_real_proc(t->proc_root))
		return 0;
	t->pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	if (t->pidfd < 0)
		return err_sys(e, errno, "pidfd of process %d", (int)t->pid);
	/* The directory still answers, so the pidfd made after it is of the same process. */
	if (proc_start_time(t->dir, &again, e) < 0)
		return -1;
	return again == t->start_time
		       ? 0
		       : err_set(e, ERR_NOT_FOUND, "process %d was replaced", (int)t->pid);
}

int target_open(int proc_root, int cgroup_root, pid_t pid, const char *id, struct target *t,
		struct err *e)
{
	const char *controller;
	struct cgroup_place place;

	if (pid <= 1)
		return err_set(e, ERR_PROTOCOL, "%d can't be the process of a container", (int)pid);
	*t = (struct target)TARGET_INIT;
	t->proc_root = proc_root;
	t->cgroup_root = cgroup_root;
	t->pid = pid;
	snprintf(t->id, sizeof(t->id), "%s", id);
	if (hold(t, e) < 0) {
		bool gone = e->sys_errno == ESRCH || e->sys_errno == ENOENT;

		if (gone)
			e->code = ERR_NOT_FOUND;
		target_close(t);
		return err_wrap(e, "process %d", (int)pid);
	}
	if (strlen(id) >= sizeof(t->id) || proc_read_cgroup(t->dir, &t->cgroups, e) < 0 ||
	    walk_place(t, &controller, &place, e) < 0) {
		if (e->code == ERR_NONE)
			err_set(e, ERR_PROTOCOL, "not a container id");
		target_close(t);
		return -1;
	}
	return 0;
}

bool target_is_alive(const struct target *t)
{
	struct err e = ERR_INIT;
	struct pollfd p = { .fd = t->pidfd, .events = POLLIN };
	uint64_t now;

	/* pidfd_open(2): readable when the process has ended. */
	if (t->pidfd >= 0 && poll(&p, 1, 0) != 0)
		return false;
	return proc_start_time(t->dir, &now, &e) == 0 && now == t->start_time;
}

int target_pids(const struct target *t, struct pid_set *out, struct err *e)
{
	const char *controller;
	struct cgroup_place place;
	auto_fd int top = -1;
	auto_fd int dir = -1;

	if (walk_place(t, &controller, &place, e) < 0 ||
	    cgroup_open_hierarchy(t->cgroup_root, &place, controller, &top, e) < 0 ||
	    fsio_open_beneath(top, place.path, O_RDONLY | O_DIRECTORY, &dir, e) < 0)
		return -1;
	return cgroup_read_pids(dir, out, e);
}

bool target_owns(const struct target *t, int pid_dir)
{
	struct err e = ERR_INIT;
	struct cgroup_place place;
	size_t len;
	auto_strlist struct strlist lines = { 0 };

	if (proc_read_cgroup(pid_dir, &lines, &e) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(walk_controllers); i++)
		if (cgroup_locate(&lines, walk_controllers[i], &place, &e) == 0)
			return cgroup_is_of(place.path, t->id, &len);
	return false;
}
