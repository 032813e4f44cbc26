/* Sockets that must not exist: every family, type and protocol beside those that agents use. */
#include "attack.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAMILIES = 47, TYPE_PACKET = 10, NETLINK_KINDS = 32 };

/* Notes a call that made a descriptor. */
static void note(struct attempt *a, int fd, const char *what, int one, int two)
{
	struct attempt this = { .outcome = OUTCOME_ERROR };

	judge_call(&this, fd);
	note_one(a, &this);
	if (fd < 0)
		return;
	say(a, "%s %d/%d ", what, one, two);
	close(fd);
}

static bool is_wanted(int family, int type)
{
	if (family == AF_UNIX)
		return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET ||
		       /* the same as a datagram (unix(7)) */
		       type == SOCK_RAW;
	if (family == AF_INET || family == AF_INET6)
		return type == SOCK_STREAM || type == SOCK_DGRAM;
	/* routing is open to everyone; other kinds of netlink are tried by number below */
	return family == AF_NETLINK && (type == SOCK_RAW || type == SOCK_DGRAM);
}

void attack_family_sockets(struct attempt *a)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM,	  SOCK_RAW,
				     SOCK_RDM,	  SOCK_SEQPACKET, TYPE_PACKET };

	a->outcome = OUTCOME_BLOCKED;
	for (int family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (!is_wanted(family, types[i]))
				note(a, socket(family, types[i] | SOCK_CLOEXEC, 0), "family",
				     family, types[i]);
}

void attack_family_pairs(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (int family = 2; family < FAMILIES; family++) {
		int pair[2];
		int rc = socketpair(family, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);

		note(a, rc < 0 ? rc : pair[0], "pair", family, SOCK_STREAM);
		if (rc == 0)
			close(pair[1]);
	}
}

void attack_family_protocols(struct attempt *a)
{
	static const int protocols[] = { IPPROTO_ICMP,	 IPPROTO_TCP,	    IPPROTO_UDP,
					 IPPROTO_RAW,	 IPPROTO_ICMPV6,    33 /* DCCP */,
					 132 /* SCTP */, 136 /* UDPLITE */, 262 /* MPTCP */ };
	static const int types[] = { SOCK_RAW, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 6 };
	static const int families[] = { AF_INET, AF_INET6 };

	a->outcome = OUTCOME_BLOCKED;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t t = 0; t < ARRAY_SIZE(types); t++)
			for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
				if ((types[t] == SOCK_STREAM && protocols[i] == IPPROTO_TCP) ||
				    (types[t] == SOCK_DGRAM && protocols[i] == IPPROTO_UDP))
					continue;
				note(a, socket(families[f], types[t] | SOCK_CLOEXEC, protocols[i]),
				     "type/protocol", types[t], protocols[i]);
			}
}

void attack_family_netlink(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (int protocol = 1; protocol < NETLINK_KINDS; protocol++)
		note(a, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "netlink", protocol,
		     0);
}

/* Virtual machines: whoever listens on the other side of a vsock is outside of every network. */
void attack_family_hypervisor(struct attempt *a)
{
	static const unsigned cids[] = { 0 /* hypervisor */, 1 /* local */, VMADDR_CID_HOST };
	static const unsigned ports[] = { 1024, 1026, 52 };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	judge_call(a, fd);
	if (fd < 0)
		return;
	close(fd);
	for (size_t c = 0; c < ARRAY_SIZE(cids); c++)
		for (size_t p = 0; p < ARRAY_SIZE(ports); p++) {
			struct sockaddr_vm to = { .svm_family = AF_VSOCK,
						  .svm_cid = cids[c],
						  .svm_port = ports[p] };

			fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
			if (fd < 0)
				continue;
			if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
				say(a, "connected to %u:%u ", cids[c], ports[p]);
			close(fd);
		}
}
