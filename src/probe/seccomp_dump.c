/*
 * PTRACE_SECCOMP_GET_FILTER in a short-lived child. What the tracing part must do:
 * never change the target, never leave it stopped. PTRACE_SEIZE, other than
 * PTRACE_ATTACH, sends no SIGSTOP, and without PTRACE_O_EXITKILL a tracer's death
 * detaches it and lets its tracees run (ptrace(2)); so a deadline that kills the
 * child is safe at any moment.
 */
#include "probe/seccomp_dump.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"

#define INSNS_MAX 4096	   /* BPF_MAXINSNS */
#define TASKS_TRIED_MAX 64 /* threads that may die under our hands before we give up */
#define REPLY_MAX                                                                                  \
	(sizeof(struct reply) +                                                                    \
	 SECCOMP_DUMP_FILTERS_MAX * (sizeof(uint32_t) + INSNS_MAX * sizeof(struct sock_filter)))

enum stage { STAGE_DONE, STAGE_TASKS, STAGE_SEIZE, STAGE_STOP, STAGE_READ, STAGE_MANY };

struct reply {		/* then, per program: count, instructions */
	uint32_t stage; /* where it failed */
	int32_t sys_errno;
	uint32_t filters;
};

/* Waits for the stop that PTRACE_INTERRUPT asked for. A signal may come first: *out_signal is
 * handed back at the detach, or it would be lost. Returns false when the task died. */
static bool wait_stop(pid_t tid, int *out_signal)
{
	int status;
	pid_t got;

	do
		got = waitpid(tid, &status, __WALL);
	while (got < 0 && errno == EINTR);
	if (got != tid || !WIFSTOPPED(status)) {
		errno = ESRCH;
		return false;
	}
	*out_signal = status >> 16 == 0 ? WSTOPSIG(status) : 0;
	return true;
}

/* A traced task's number can't be given to another one, so its presence below the directory that
 * we hold open proves that it belongs to the process asked for. */
static bool is_task_of(int pid_dir, pid_t tid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "task/%d", (int)tid);
	return fstatat(pid_dir, path, &st, 0) == 0;
}

static struct sock_filter *read_filter(pid_t tid, unsigned index, uint32_t *out_count)
{
	long count = ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)(uintptr_t)index, NULL);
	struct sock_filter *code;

	if (count <= 0 || count > INSNS_MAX)
		return NULL;
	code = mem_array((size_t)count, sizeof(*code));
	if (ptrace(PTRACE_SECCOMP_GET_FILTER, tid, (void *)(uintptr_t)index, code) != count) {
		free(code);
		return NULL;
	}
	*out_count = (uint32_t)count;
	return code;
}

/* Index 0 is the oldest program (get_nth_filter in kernel/seccomp.c); ENOENT ends the list. */
static uint32_t read_filters(pid_t tid, struct filter_program out[SECCOMP_DUMP_FILTERS_MAX + 1])
{
	uint32_t n = 0, count;
	struct sock_filter *code;

	errno = 0;
	while (n <= SECCOMP_DUMP_FILTERS_MAX && (code = read_filter(tid, n, &count)))
		out[n++] = (struct filter_program){ code, count };
	return n;
}

static int fail_reply(int fd, enum stage stage, int sys_errno)
{
	struct reply r = { .stage = stage, .sys_errno = sys_errno };

	return fsio_write_fd(fd, &r, sizeof(r)) < 0;
}

static int write_filters(int fd, const struct filter_program *filters, uint32_t n)
{
	struct reply r = { .stage = STAGE_DONE, .filters = n };

	if (fsio_write_fd(fd, &r, sizeof(r)) < 0)
		return 1;
	for (uint32_t i = n; i-- > 0;) {
		uint32_t count = (uint32_t)filters[i].count;

		if (fsio_write_fd(fd, &count, sizeof(count)) < 0 ||
		    fsio_write_fd(fd, filters[i].code, count * sizeof(*filters[i].code)) < 0)
			return 1;
	}
	return 0;
}

/* Reads everything first, lets the task go, and only then writes: a pipe that nobody empties
 * must not hold the task. */
static int dump_stopped(int pid_dir, pid_t tid, int fd)
{
	struct filter_program filters[SECCOMP_DUMP_FILTERS_MAX + 1];
	bool ours = is_task_of(pid_dir, tid);
	uint32_t n = 0;
	int signal = 0, saved;

	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 || !wait_stop(tid, &signal))
		return fail_reply(fd, STAGE_STOP, errno);
	if (ours)
		n = read_filters(tid, filters);
	saved = errno;
	ptrace(PTRACE_DETACH, tid, NULL, (void *)(uintptr_t)signal);
	if (!ours)
		return fail_reply(fd, STAGE_STOP, ESRCH);
	if (n > SECCOMP_DUMP_FILTERS_MAX)
		return fail_reply(fd, STAGE_MANY, 0);
	/* EINVAL: the task has no filter at all */
	if (saved != ENOENT && !(saved == EINVAL && n == 0))
		return fail_reply(fd, STAGE_READ, saved);
	return write_filters(fd, filters, n);
}

/* Seizes the first thread that is still alive: the leader may have ended while others run. */
static int dump_child(void *arg, int fd)
{
	int pid_dir = *(int *)arg;
	int tasks = openat(pid_dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = tasks < 0 ? NULL : fdopendir(tasks);
	int last = ESRCH;
	struct dirent *d;

	for (int tried = 0; dir && tried < TASKS_TRIED_MAX && (d = readdir(dir));) {
		pid_t tid = (pid_t)strtol(d->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		tried++;
		if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) == 0)
			return dump_stopped(pid_dir, tid, fd);
		last = errno;
	}
	return fail_reply(fd, dir ? STAGE_SEIZE : STAGE_TASKS, dir ? last : errno);
}

/* Readable once the last thread ended, reaped or not (pidfd_open(2)). */
static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static int explain(const struct reply *r, pid_t pid, int pidfd, struct err *e)
{
	if (r->stage == STAGE_MANY)
		return err_set(e, ERR_PROTOCOL, "process %d has more than %d seccomp filters",
			       (int)pid, SECCOMP_DUMP_FILTERS_MAX);
	if (r->sys_errno == ESRCH || r->stage == STAGE_TASKS || has_ended(pidfd))
		return err_set(e, ERR_NOT_FOUND, "process %d has ended", (int)pid);
	if (r->stage == STAGE_READ) {
		err_sys(e, r->sys_errno, "reading the seccomp filter of process %d", (int)pid);
		return err_hint(e, "the kernel needs CONFIG_CHECKPOINT_RESTORE, and the caller "
				   "CAP_SYS_ADMIN and no seccomp filter of its own");
	}
	if (r->sys_errno == EPERM && geteuid() == 0)
		return err_set(e, ERR_BUSY,
			       "process %d can't be traced: another tracer holds it, or we lack "
			       "CAP_SYS_PTRACE",
			       (int)pid);
	return err_sys(e, r->sys_errno, "tracing process %d", (int)pid);
}

static bool take(const char **at, size_t *left, void *out, size_t size)
{
	if (*left < size)
		return false;
	memcpy(out, *at, size);
	*at += size;
	*left -= size;
	return true;
}

static int read_reply(const struct strbuf *b, const struct reply *r, struct filter_program **out,
		      struct err *e)
{
	struct filter_program *filters = mem_array(r->filters + 1, sizeof(*filters));
	const char *at = b->data + sizeof(*r);
	size_t left = b->len - sizeof(*r);

	for (uint32_t i = 0; i < r->filters; i++) {
		uint32_t count;

		if (!take(&at, &left, &count, sizeof(count)) || count == 0 || count > INSNS_MAX)
			goto broken;
		filters[i].code = mem_array(count, sizeof(*filters[i].code));
		filters[i].count = count;
		if (!take(&at, &left, filters[i].code, count * sizeof(*filters[i].code)))
			goto broken;
	}
	if (left == 0) {
		*out = filters;
		return 0;
	}
broken:
	seccomp_dump_free(filters, r->filters);
	return err_set(e, ERR_INTERNAL, "the tracing child's answer is broken");
}

static int check_identity(int pid_dir, pid_t pid, uint64_t start_time, struct err *e)
{
	uint64_t now;

	if (proc_start_time(pid_dir, &now, e) < 0)
		return err_set(e, ERR_NOT_FOUND, "process %d has ended", (int)pid);
	if (start_time && now != start_time)
		return err_set(e, ERR_NOT_FOUND, "process %d has ended; its number is in use again",
			       (int)pid);
	return 0;
}

int seccomp_dump(int proc_root, pid_t pid, uint64_t start_time, int timeout_ms,
		 struct filter_program **out, size_t *out_count, struct err *e)
{
	auto_strbuf struct strbuf reply = STRBUF_INIT(REPLY_MAX);
	auto_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_fd int pid_dir = -1;
	struct reply head;
	int status;

	if (pidfd < 0)
		return errno == ESRCH ? err_set(e, ERR_NOT_FOUND, "no process %d", (int)pid)
				      : err_sys(e, errno, "pidfd_open of %d", (int)pid);
	if (proc_open_pid(proc_root, pid, &pid_dir, e) < 0 ||
	    check_identity(pid_dir, pid, start_time, e) < 0)
		return -1;
	if (child_call(dump_child, &pid_dir, timeout_ms, &reply, &status, e) < 0)
		return err_wrap(e, "seccomp filter of process %d", (int)pid);
	if (status != 0 || reply.overflow || reply.len < sizeof(head))
		return err_set(e, ERR_INTERNAL, "the tracing child failed (status %d)", status);
	memcpy(&head, reply.data, sizeof(head));
	if (head.stage != STAGE_DONE)
		return explain(&head, pid, pidfd, e);
	if (head.filters > SECCOMP_DUMP_FILTERS_MAX)
		return err_set(e, ERR_INTERNAL, "the tracing child's answer is broken");
	if (check_identity(pid_dir, pid, start_time, e) < 0 ||
	    read_reply(&reply, &head, out, e) < 0)
		return -1;
	*out_count = head.filters;
	return 0;
}

void seccomp_dump_free(struct filter_program *filters, size_t count)
{
	for (size_t i = 0; filters && i < count; i++)
		free(filters[i].code);
	free(filters);
}
