/* Other processes, and what processes share without a file: IPC and abstract sockets. */
#include "attack.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The twin runs its init, the probe, and the child that looks: whatever else is seen is foreign. */
enum { OWN_PROCESSES = 3 };

static void see_processes(struct result *r)
{
	DIR *d = opendir("/proc");
	size_t seen = 0;

	if (!d) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		seen += isdigit((unsigned char)e->d_name[0]) != 0;
	closedir(d);
	r->outcome = seen > OWN_PROCESSES ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(r, "%zu processes in /proc", seen);
}

static void signal_processes(struct result *r)
{
	size_t reached = 0;

	for (pid_t pid = 1; pid < 4096; pid++)
		reached += pid != getpid() && pid != getppid() && pid != 1 && kill(pid, 0) == 0;
	r->outcome = reached ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(r, "%zu foreign processes", reached);
}

static void parent_of_first(struct result *r)
{
	char text[4096] = "", *at;
	int fd = open("/proc/1/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	at = strstr(text, "PPid:\t");
	r->outcome = at && atoi(at + 6) == 0 ? OUTCOME_BLOCKED : OUTCOME_OPEN;
	say(r, "parent of process 1: %d", at ? atoi(at + 6) : -1);
}

static void leaked_descriptors(struct result *r)
{
	r->outcome = OUTCOME_BLOCKED;
	for (int fd = 3; fd < 256; fd++) {
		char path[32], target[128];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/1/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		/* the container's init may hold pipes and its own event descriptors */
		if (target[0] != '/')
			continue;
		r->outcome = OUTCOME_OPEN;
		say(r, "%d %s ", fd, target);
	}
}

/* ---- IPC ----------------------------------------------------------------------------------- */

/* Lines beyond the heading are objects of somebody. */
static size_t lines_of(const char *path)
{
	char buf[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, sizeof(buf)) : -1;
	size_t lines = 0;

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < n; i++)
		lines += buf[i] == '\n';
	return lines ? lines - 1 : 0;
}

static void see_sysv(struct result *r)
{
	size_t seen = lines_of("/proc/sysvipc/shm") + lines_of("/proc/sysvipc/sem") +
		      lines_of("/proc/sysvipc/msg");

	r->outcome = seen ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(r, "%zu objects of others", seen);
}

static void see_posix(struct result *r)
{
	static const char *const folders[] = { "/dev/shm", "/dev/mqueue" };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		DIR *d = opendir(folders[i]);

		for (struct dirent *e; d && (e = readdir(d));) {
			if (e->d_name[0] == '.')
				continue;
			r->outcome = OUTCOME_OPEN;
			say(r, "%s/%s ", folders[i], e->d_name);
		}
		if (d)
			closedir(d);
	}
}

/* Abstract names belong to the network namespace: /proc/net/unix shows all of it. */
static void see_abstract(struct result *r)
{
	char line[512];
	FILE *f = fopen("/proc/net/unix", "re");
	size_t seen = 0;

	if (!f) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		const char *at = strchr(line, '@');

		if (!at)
			continue;
		seen++;
		say(r, "%.60s ", at);
	}
	fclose(f);
	r->outcome = seen ? OUTCOME_OPEN : OUTCOME_BLOCKED;
}

static const struct attack items[] = {
	{ "twin.processes", "/proc", see_processes },
	{ "twin.processes", "kill", signal_processes },
	{ "twin.processes", "parent of process 1", parent_of_first },
	{ "twin.processes", "descriptors of process 1", leaked_descriptors },
	{ "twin.ipc", "System V", see_sysv },
	{ "twin.ipc", "POSIX", see_posix },
	{ "twin.ipc", "abstract sockets", see_abstract },
};
const struct attack_list attacks_processes = { items, ARRAY_SIZE(items) };
