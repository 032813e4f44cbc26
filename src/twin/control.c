/* What must work: a probe that cannot do this proves nothing by failing elsewhere. */
#include "attack.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

static void write_to(struct attempt *a, const char *folder)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/twin-control", folder);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	judge_call(a, fd >= 0 && write(fd, "x", 1) == 1 ? 0 : -1);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
}

void attack_control_workspace(struct attempt *a)
{
	write_to(a, a->given->workspace);
}

void attack_control_tmp(struct attempt *a)
{
	write_to(a, "/tmp");
}

void attack_control_shm(struct attempt *a)
{
	write_to(a, "/dev/shm");
}

void attack_control_read(struct attempt *a)
{
	char byte;
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);

	judge_call(a, fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : -1);
}

static long wait_for(pid_t pid, int wanted)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == wanted ? 0 : -1;
}

/* As the attacks on noexec do it, from where it is allowed. */
void attack_control_exec(struct attempt *a)
{
	static char name[] = SELF, quiet[] = QUIET_WORD;
	char *argv[] = { name, quiet, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execv(name, argv);
		_exit(1);
	}
	judge_call(a, wait_for(pid, QUIET_STATUS));
}

void attack_control_map(struct attempt *a)
{
	int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	judge_call(a, p == MAP_FAILED ? -1 : 0);
}

void attack_control_child(struct attempt *a)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	judge_call(a, wait_for(pid, 7));
}

void attack_control_sockets(struct attempt *a)
{
	static const struct {
		int family, type;
	} list[] = { { AF_UNIX, SOCK_STREAM },
		     { AF_UNIX, SOCK_DGRAM },
		     { AF_INET, SOCK_STREAM },
		     { AF_INET, SOCK_DGRAM },
		     { AF_NETLINK, SOCK_RAW } };

	a->outcome = OUTCOME_OPEN;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		int fd = socket(list[i].family, list[i].type | SOCK_CLOEXEC, 0);

		if (fd < 0) {
			a->outcome = OUTCOME_BLOCKED;
			a->error = errno;
			say(a, "family %d type %d ", list[i].family, list[i].type);
			continue;
		}
		close(fd);
	}
}

/* Reading is open to everyone: an answer shows that changes are asked for the right way, too. */
void attack_control_netlink(struct attempt *a)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
	} q = { .head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = RTM_GETROUTE,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.route = { .rtm_family = AF_INET } };
	union {
		struct nlmsghdr head;
		char bytes[8192];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	memset(&answer, 0, sizeof(answer));
	if (fd < 0 || send(fd, &q, sizeof(q), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer.head))
		judge_call(a, -1);
	else
		judge_call(a, answer.head.nlmsg_type == RTM_NEWROUTE ? 0 : -1);
}

/* ---- the gateway --------------------------------------------------------------------------- */

static void look_up_gateway(struct attempt *a, bool tcp)
{
	const struct dns_question q = { "gateway", DNS_A, tcp };
	struct dns_reply reply;

	if (!a->given->gateway) {
		a->outcome = OUTCOME_NONE;
		return;
	}
	dns_ask(a->given->gateway, &q, 1, &reply);
	a->outcome = reply.answers > 0 ? OUTCOME_OPEN : OUTCOME_BLOCKED;
	say(a, "%s", dns_reply_text(&reply));
}

void attack_control_dns_udp(struct attempt *a)
{
	look_up_gateway(a, false);
}

void attack_control_dns_tcp(struct attempt *a)
{
	look_up_gateway(a, true);
}

void attack_control_gateway(struct attempt *a)
{
	struct target t = { .address = a->given->gateway, .port = 80 };

	if (!t.address) {
		a->outcome = OUTCOME_NONE;
		return;
	}
	connect_all(&t, 1, NULL);
	a->error = t.error;
	a->outcome = t.connected ? OUTCOME_OPEN : OUTCOME_BLOCKED;
}
