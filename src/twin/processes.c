/* Other processes, and what processes share without a file: IPC and abstract sockets. */
#include "attack.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { NR_pidfd_open = 434 };

/* The twin runs its init, the probe, and the child that looks: whatever else there is, is foreign.
 */
static bool is_own(pid_t pid)
{
	return pid == 1 || pid == getpid() || pid == getppid();
}

/* Calls fn with every foreign process that /proc shows; returns how many there are, or -1. */
static long each_foreign(bool (*fn)(pid_t pid), size_t *out_true)
{
	DIR *d = opendir("/proc");
	long seen = 0;

	if (!d)
		return -1;
	for (struct dirent *e; (e = readdir(d));) {
		pid_t pid = isdigit((unsigned char)e->d_name[0])
				    ? (pid_t)strtol(e->d_name, NULL, 10)
				    : 0;

		if (pid <= 0 || is_own(pid))
			continue;
		seen++;
		*out_true += fn(pid);
	}
	closedir(d);
	return seen;
}

static bool is_there(pid_t pid)
{
	return pid > 0;
}

static bool shows_environment(pid_t pid)
{
	char path[32], byte;
	int fd;
	bool shown;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	shown = fd >= 0 && read(fd, &byte, 1) == 1;
	if (fd >= 0)
		close(fd);
	return shown;
}

static void judge_foreign(struct attempt *a, bool (*fn)(pid_t pid))
{
	size_t found = 0;
	long seen = each_foreign(fn, &found);

	if (seen < 0) {
		attempt_failed(a);
		return;
	}
	a->outcome = found ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(a, "%zu of %ld foreign processes", found, seen);
}

void attack_processes_see(struct attempt *a)
{
	judge_foreign(a, is_there);
}

void attack_processes_environ(struct attempt *a)
{
	judge_foreign(a, shows_environment);
}

/* By number, as /proc need not show everything. EPERM says that there is somebody. */
static void try_numbers(struct attempt *a, long (*fn)(pid_t pid))
{
	size_t reached = 0;

	for (pid_t pid = 2; pid < 4096; pid++)
		reached += !is_own(pid) && (fn(pid) >= 0 || errno == EPERM);
	a->outcome = reached ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	a->error = reached ? 0 : ESRCH;
	say(a, "%zu foreign processes", reached);
}

static long send_nothing(pid_t pid)
{
	return kill(pid, 0);
}

static long hold(pid_t pid)
{
	long fd = syscall(NR_pidfd_open, pid, 0);

	if (fd >= 0)
		close((int)fd);
	else if (errno == EINVAL) /* a thread's number */
		errno = ESRCH;
	return fd;
}

void attack_processes_signal(struct attempt *a)
{
	try_numbers(a, send_nothing);
}

void attack_processes_hold(struct attempt *a)
{
	/* a filter that refuses says EPERM of everybody, of the own processes, too */
	if (hold(getpid()) < 0)
		judge_call(a, -1);
	else
		try_numbers(a, hold);
}

void attack_processes_parent(struct attempt *a)
{
	char text[4096];
	const char *at;
	long parent;

	if (!read_text("/proc/1/status", text, sizeof(text))) {
		attempt_failed(a);
		return;
	}
	at = strstr(text, "PPid:\t");
	parent = at ? strtol(at + 6, NULL, 10) : -1;
	a->outcome = parent == 0 ? OUTCOME_BLOCKED : OUTCOME_OPEN;
	say(a, "parent of process 1: %ld", parent);
}

/* Files and folders that a runtime left open (CVE-2024-21626); pipes and events are its init's. */
static void look_at_descriptors(struct attempt *a, const char *process)
{
	for (int fd = 3; fd < 256; fd++) {
		char path[64], target[128];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%s/fd/%d", process, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0 || target[0] != '/')
			continue;
		target[n] = '\0';
		a->outcome = OUTCOME_OPEN;
		say(a, "%s: %d is %s ", process, fd, target);
	}
}

void attack_processes_descriptors(struct attempt *a)
{
	static const char *const links[] = { "/proc/1/root", "/proc/1/cwd", "/proc/self/root",
					     "/proc/self/cwd" };

	a->outcome = OUTCOME_BLOCKED;
	look_at_descriptors(a, "1");
	look_at_descriptors(a, "self");
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		char target[256];
		ssize_t n = readlink(links[i], target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		/* what is outside has no path here */
		if (n <= 0 || strncmp(target, "(unreachable)", 13) != 0)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s is outside ", links[i]);
	}
}

/* ---- IPC ----------------------------------------------------------------------------------- */

/* Lines beyond the heading are objects of somebody. */
static size_t lines_of(const char *path)
{
	char text[16384];
	size_t lines = 0;

	if (!read_text(path, text, sizeof(text)))
		return 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	return lines ? lines - 1 : 0;
}

void attack_ipc_sysv(struct attempt *a)
{
	size_t seen = lines_of("/proc/sysvipc/shm") + lines_of("/proc/sysvipc/sem") +
		      lines_of("/proc/sysvipc/msg");

	a->outcome = seen ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(a, "%zu objects of others", seen);
}

void attack_ipc_posix(struct attempt *a)
{
	static const char *const folders[] = { "/dev/shm", "/dev/mqueue" };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		DIR *d = opendir(folders[i]);

		for (struct dirent *e; d && (e = readdir(d));) {
			if (e->d_name[0] == '.' || strncmp(e->d_name, "twin-", 5) == 0)
				continue;
			a->outcome = OUTCOME_OPEN;
			say(a, "%s/%s ", folders[i], e->d_name);
		}
		if (d)
			closedir(d);
	}
}

static bool is_given(struct attempt *a, bool given)
{
	if (!given) {
		a->outcome = OUTCOME_NONE;
		say(a, "the host made none");
	}
	return given;
}

void attack_ipc_host_segment(struct attempt *a)
{
	if (is_given(a, a->given->segment != 0))
		judge_call(a, shmget(a->given->segment, 0, 0));
}

void attack_ipc_host_queue(struct attempt *a)
{
	if (is_given(a, a->given->queue != NULL))
		judge_call(a, mq_open(a->given->queue, O_RDONLY));
}

void attack_ipc_host_memory(struct attempt *a)
{
	char path[128];

	if (!is_given(a, a->given->shm != NULL))
		return;
	snprintf(path, sizeof(path), "/dev/shm%s", a->given->shm);
	judge_call(a, open(path, O_RDONLY | O_CLOEXEC));
}

/* ---- abstract sockets ---------------------------------------------------------------------- */

/* Abstract names belong to the network namespace: /proc/net/unix shows all of it. */
void attack_sockets_table(struct attempt *a)
{
	char text[32768];
	size_t seen = 0;

	if (!read_text("/proc/net/unix", text, sizeof(text))) {
		attempt_failed(a);
		return;
	}
	for (const char *at = text; (at = strchr(at, '@')); at++) {
		seen++;
		say(a, "%.*s ", (int)strcspn(at, "\n"), at);
	}
	a->outcome = seen ? OUTCOME_OPEN : OUTCOME_BLOCKED;
}

void attack_sockets_host(struct attempt *a)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = a->given->abstract ? strlen(a->given->abstract) : 0;
	int fd;

	if (!is_given(a, len > 0 && len < sizeof(to.sun_path)))
		return;
	memcpy(to.sun_path + 1, a->given->abstract, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	judge_call(a, connect(fd, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)));
}
