/* What must work: a probe that cannot do this proves nothing by failing elsewhere. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_to(struct result *r, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	judge_call(r, fd >= 0 && write(fd, "x", 1) == 1 ? 0 : -1);
	if (fd >= 0)
		close(fd);
	unlink(path);
}

static void write_workspace(struct result *r)
{
	write_to(r, "/workspace/twin-control");
}

static void write_tmp(struct result *r)
{
	write_to(r, "/tmp/twin-control");
}

static void read_self(struct result *r)
{
	judge_call(r, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
}

static void make_child(struct result *r)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	judge_call(r,
		   pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7 ? 0 : -1);
}

static void make_sockets(struct result *r)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_NETLINK };

	r->outcome = OUTCOME_OPEN;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int fd = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0) {
			r->outcome = OUTCOME_BLOCKED;
			r->error = errno;
			say(r, "family %d ", families[i]);
			continue;
		}
		close(fd);
	}
}

static void map_own(struct result *r)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	judge_call(r, p == MAP_FAILED ? -1 : 0);
}

static const struct attack items[] = {
	{ "twin.control", "write to the workspace", write_workspace },
	{ "twin.control", "write to /tmp", write_tmp },
	{ "twin.control", "read the program", read_self },
	{ "twin.control", "map the program", map_own },
	{ "twin.control", "make a child", make_child },
	{ "twin.control", "make sockets", make_sockets },
};
const struct attack_list attacks_control = { items, ARRAY_SIZE(items) };
