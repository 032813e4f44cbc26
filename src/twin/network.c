/* Sockets that must not exist, and changes to the network that must not work. */
#include "attack.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAMILIES = 47, TYPE_PACKET = 10 };

static bool is_wanted(int family, int type)
{
	if (family == AF_UNIX)
		return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
	if (family == AF_INET || family == AF_INET6)
		return type == SOCK_STREAM || type == SOCK_DGRAM;
	/* routing is open to everyone; other kinds of netlink are tried by number below */
	return family == AF_NETLINK && (type == SOCK_RAW || type == SOCK_DGRAM);
}

static void families(struct result *r)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM,	  SOCK_RAW,
				     SOCK_RDM,	  SOCK_SEQPACKET, TYPE_PACKET };

	r->outcome = OUTCOME_BLOCKED;
	for (int family = 0; family < FAMILIES; family++) {
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			int fd;

			if (is_wanted(family, types[i]))
				continue;
			fd = socket(family, types[i] | SOCK_CLOEXEC, 0);
			if (fd < 0) {
				r->error = errno;
				continue;
			}
			r->outcome = OUTCOME_OPEN;
			say(r, "family %d type %d ", family, types[i]);
			close(fd);
		}
	}
}

static void raw_protocols(struct result *r)
{
	static const int protocols[] = { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_RAW,
					 132,	       136,	    262 };
	static const int types[] = { SOCK_RAW, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
			int fd;

			if ((types[t] == SOCK_STREAM && protocols[i] == IPPROTO_TCP) ||
			    (types[t] == SOCK_DGRAM && protocols[i] == IPPROTO_UDP))
				continue;
			fd = socket(AF_INET, types[t] | SOCK_CLOEXEC, protocols[i]);
			if (fd < 0) {
				r->error = errno;
				continue;
			}
			r->outcome = OUTCOME_OPEN;
			say(r, "type %d protocol %d ", types[t], protocols[i]);
			close(fd);
		}
	}
}

static void netlink_kinds(struct result *r)
{
	r->outcome = OUTCOME_BLOCKED;
	for (int protocol = 1; protocol < 32; protocol++) {
		int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

		if (fd < 0) {
			r->error = errno;
			continue;
		}
		r->outcome = OUTCOME_OPEN;
		say(r, "netlink %d ", protocol);
		close(fd);
	}
}

static void vsock(struct result *r)
{
	struct sockaddr_vm to = { .svm_family = AF_VSOCK,
				  .svm_cid = VMADDR_CID_HOST,
				  .svm_port = 1024 };
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		judge_call(r, -1);
		return;
	}
	judge_call(r, connect(fd, (struct sockaddr *)&to, sizeof(to)));
	close(fd);
}

/* ---- changes ------------------------------------------------------------------------------- */

struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	unsigned char address[4];
};

/* Adds a default route by way of the gateway; the kernel's answer is an error number. */
static void add_route(struct result *r)
{
	struct route_request q = {
		.head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = RTM_NEWROUTE,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.route = { .rtm_family = AF_INET,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_BOOT,
			   .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_UNICAST },
		.attr = { .rta_len = RTA_LENGTH(4), .rta_type = RTA_GATEWAY },
		.address = { 127, 0, 0, 1 },
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[512];
	} answer = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0) {
		judge_call(r, -1);
		return;
	}
	if (send(fd, &q, sizeof(q), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0) {
		judge_call(r, -1);
	} else if (answer.head.nlmsg_type != NLMSG_ERROR) {
		r->outcome = OUTCOME_ERROR;
	} else {
		errno = -answer.error.error;
		/* an answer about the route itself means that the right to add one was there */
		r->error = errno;
		r->outcome = errno == EPERM || errno == EACCES ? OUTCOME_BLOCKED : OUTCOME_OPEN;
	}
	close(fd);
}

static void interface_down(struct result *r)
{
	struct ifreq q = { .ifr_name = "eth0" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &q) < 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
	} else {
		/* the flags that it has: nothing changes where this is allowed */
		judge_call(r, ioctl(fd, SIOCSIFFLAGS, &q));
	}
	if (fd >= 0)
		close(fd);
}

static void hardware_address(struct result *r)
{
	struct ifreq q = { .ifr_name = "eth0" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &q) < 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
	} else {
		judge_call(r, ioctl(fd, SIOCSIFHWADDR, &q));
	}
	if (fd >= 0)
		close(fd);
}

/* ---- names that would tell who this is ------------------------------------------------------ */

static void host_name(struct result *r)
{
	char name[256] = "", domain[256] = "";

	if (gethostname(name, sizeof(name) - 1) < 0 ||
	    getdomainname(domain, sizeof(domain) - 1) < 0) {
		r->outcome = OUTCOME_ERROR;
		r->error = errno;
		return;
	}
	r->outcome = strcmp(name, "worker") == 0 && (!*domain || strcmp(domain, "(none)") == 0)
			     ? OUTCOME_BLOCKED
			     : OUTCOME_OPEN;
	say(r, "%s %s", name, domain);
}

static const struct attack items[] = {
	{ "twin.net.family", "every family and type", families },
	{ "twin.net.family", "raw and odd protocols", raw_protocols },
	{ "twin.net.family", "kinds of netlink", netlink_kinds },
	{ "twin.net.family", "the hypervisor", vsock },
	{ "twin.net.change", "a route", add_route },
	{ "twin.net.change", "the interface", interface_down },
	{ "twin.net.change", "the hardware address", hardware_address },
	{ "twin.names", "host and domain", host_name },
};
const struct attack_list attacks_network = { items, ARRAY_SIZE(items) };
