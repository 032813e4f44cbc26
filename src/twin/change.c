/* Changes to the network that must not work. */
#include "attack.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel asks for the right before it reads anything behind the header (rtnetlink_rcv_msg), so
 * that a message of zeros does: with the right, the answer is about the zeros. */
static long ask_kernel(int fd, uint16_t type)
{
	struct {
		struct nlmsghdr head;
		unsigned char zeros[64];
	} q = { .head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = type,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[512];
	} answer = { 0 };

	if (send(fd, &q, sizeof(q), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		return -1;
	errno = answer.head.nlmsg_type == NLMSG_ERROR ? -answer.error.error : EPROTO;
	return errno ? -1 : 0;
}

void attack_change_netlink(struct attempt *a)
{
	static const struct {
		uint16_t type;
		const char *name;
	} list[] = {
		{ RTM_NEWLINK, "link" },	 { RTM_DELLINK, "link's end" },
		{ RTM_SETLINK, "link's state" }, { RTM_NEWADDR, "address" },
		{ RTM_DELADDR, "address' end" }, { RTM_NEWROUTE, "route" },
		{ RTM_DELROUTE, "route's end" }, { RTM_NEWNEIGH, "neighbour" },
		{ RTM_NEWRULE, "rule" },	 { RTM_NEWQDISC, "queue" },
		{ RTM_NEWTFILTER, "filter" },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0) {
		judge_call(a, -1);
		return;
	}
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		struct attempt one = { .outcome = OUTCOME_ERROR };

		judge_right(&one, ask_kernel(fd, list[i].type));
		a->error = one.error;
		if (one.outcome != OUTCOME_OPEN)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s: %s ", list[i].name, strerror(one.error));
	}
	close(fd);
}

static void try_ioctl(struct attempt *a, unsigned long request, struct ifreq *q)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		attempt_failed(a);
		return;
	}
	judge_right(a, ioctl(fd, (int)request, q));
	close(fd);
}

/* The flags that it has: nothing changes where this is allowed. */
void attack_change_interface(struct attempt *a)
{
	struct ifreq q = { .ifr_name = "eth0" };

	q.ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
	try_ioctl(a, SIOCSIFFLAGS, &q);
}

void attack_change_hardware(struct attempt *a)
{
	struct ifreq q = { .ifr_name = "eth0" };
	char text[64];
	unsigned byte[6];

	if (!read_text("/sys/class/net/eth0/address", text, sizeof(text)) ||
	    sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
		   &byte[5]) != 6)
		memset(byte, 2, sizeof(byte));
	q.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	for (size_t i = 0; i < ARRAY_SIZE(byte); i++)
		q.ifr_hwaddr.sa_data[i] = (char)byte[i];
	try_ioctl(a, SIOCSIFHWADDR, &q);
}

/* Options that need CAP_NET_ADMIN or CAP_NET_RAW: marks that firewalls trust, foreign addresses. */
void attack_change_options(struct attempt *a)
{
	static const struct {
		int level, option;
		const char *name;
	} list[] = {
		{ SOL_SOCKET, SO_MARK, "SO_MARK" },
		{ SOL_SOCKET, SO_DEBUG, "SO_DEBUG" },
		{ SOL_SOCKET, SO_RCVBUFFORCE, "SO_RCVBUFFORCE" },
		{ SOL_SOCKET, SO_SNDBUFFORCE, "SO_SNDBUFFORCE" },
		{ IPPROTO_IP, 19 /* IP_TRANSPARENT */, "IP_TRANSPARENT" },
		{ IPPROTO_IP, 3 /* IP_HDRINCL */, "IP_HDRINCL" },
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		attempt_failed(a);
		return;
	}
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		int one = 1;

		if (setsockopt(fd, list[i].level, list[i].option, &one, sizeof(one)) < 0) {
			a->error = errno;
			continue;
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", list[i].name);
	}
	close(fd);
}

/* IPT_SO_SET_REPLACE of ip_tables and its like for IPv6: the right is asked for first. */
void attack_change_filter(struct attempt *a)
{
	static const struct {
		int family, level;
	} list[] = { { AF_INET, IPPROTO_IP }, { AF_INET6, IPPROTO_IPV6 } };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		char zeros[128] = "";
		int fd = socket(list[i].family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		int rc = fd < 0 ? -1 : setsockopt(fd, list[i].level, 64, zeros, sizeof(zeros));

		a->error = rc < 0 ? errno : 0;
		if (fd >= 0)
			close(fd);
		/* ENOPROTOOPT: nobody filters by this interface here */
		if (rc < 0 &&
		    (a->error == EPERM || a->error == ENOPROTOOPT || a->error == EAFNOSUPPORT))
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "family %d ", list[i].family);
	}
}
