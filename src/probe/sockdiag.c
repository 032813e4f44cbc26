/*
 * Listening sockets over sock_diag(7). The tables in /proc/net hold connections too, and
 * the kernel walks all buckets of all namespaces for them: milliseconds for each reader.
 */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>

#include "netlink.h"

enum { STATE_CLOSE = 7, STATE_LISTEN = 10 }; /* include/net/tcp_states.h of Linux */

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

struct found {
	struct host_port *out;
	size_t count, max;
	bool udp;
};

static bool is_listed(const struct found *f, const struct host_port *p)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->out[i].port == p->port && f->out[i].udp == p->udp &&
		    strcmp(f->out[i].address, p->address) == 0)
			return true;
	return false;
}

static void add_socket(void *arg, unsigned type, struct netlink_span body)
{
	struct found *f = arg;
	struct host_port p = { .udp = f->udp };
	struct inet_diag_msg msg;

	if (type != SOCK_DIAG_BY_FAMILY || body.left < sizeof(msg) || f->count == f->max)
		return;
	memcpy(&msg, body.p, sizeof(msg));
	p.port = ntohs(msg.id.idiag_sport);
	if (msg.idiag_state != (f->udp ? STATE_CLOSE : STATE_LISTEN) || p.port == 0 ||
	    !inet_ntop(msg.idiag_family, msg.id.idiag_src, p.address, sizeof(p.address)) ||
	    is_listed(f, &p))
		return;
	f->out[f->count++] = p;
}

static int ask(struct found *f, int family, struct err *e)
{
	struct question q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = 1 },
		.body = { .sdiag_family = (unsigned char)family,
			  .sdiag_protocol = f->udp ? IPPROTO_UDP : IPPROTO_TCP,
			  .idiag_states = 1U << (f->udp ? STATE_CLOSE : STATE_LISTEN) },
	};

	return netlink_ask(NETLINK_SOCK_DIAG, &q, sizeof(q), add_socket, f, e);
}

int netlink_listeners(struct host_port *out, size_t max, size_t *out_count, struct err *e)
{
	struct found f = { .out = out, .max = max };

	for (int udp = 0; udp < 2; udp++) {
		f.udp = udp;
		if (ask(&f, AF_INET, e) || ask(&f, AF_INET6, e))
			return -1;
	}
	*out_count = f.count;
	return 0;
}
