/*
 * Dumps over rtnetlink(7). sysfs shows the namespace it was mounted in and /proc/net
 * prints no peers, so the kernel is asked directly; the answer is of the namespace in
 * which the socket was made.
 */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"

enum { BUFFER_BYTES = 64 * 1024, MESSAGES_MAX = 65536, WAIT_SECONDS = 2 };

/* A part of a message that is walked with bounds; the kernel's own macros cast away alignment. */
struct span {
	const unsigned char *p;
	size_t left;
};

struct attribute {
	unsigned type;
	struct span value;
};

struct dump {
	void (*item)(struct dump *d, unsigned type, struct span body);
	struct netlink_link *links;
	size_t link_count;
	struct route_facts *routes;
	size_t route_count;
};

struct dump_request {
	struct nlmsghdr header;
	struct rtgenmsg body;
};

static int open_and_ask(int type, int family, struct err *e)
{
	struct timeval wait = { .tv_sec = WAIT_SECONDS };
	struct dump_request q = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(q.body)),
			    .nlmsg_type = (uint16_t)type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = 1 },
		.body = { .rtgen_family = (unsigned char)family },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_sys(e, errno, "netlink");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    send(fd, &q, q.header.nlmsg_len, 0) >= 0)
		return fd;
	err_sys(e, errno, "netlink");
	close(fd);
	return -1;
}

static void skip(struct span *s, size_t len)
{
	len = MIN_OF(len, s->left);
	s->p += len;
	s->left -= len;
}

/* 1: done, 0: more to come. */
static int read_messages(struct dump *d, struct span all, unsigned *seen, struct err *e)
{
	struct nlmsghdr h;

	for (; all.left >= sizeof(h); skip(&all, NLMSG_ALIGN(h.nlmsg_len))) {
		memcpy(&h, all.p, sizeof(h));
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (h.nlmsg_type == NLMSG_ERROR || ++*seen > MESSAGES_MAX ||
		    h.nlmsg_len < sizeof(h) || h.nlmsg_len > all.left)
			return err_set(e, ERR_SYSTEM, "netlink: the dump failed");
		d->item(d, h.nlmsg_type,
			(struct span){ .p = all.p + sizeof(h), .left = h.nlmsg_len - sizeof(h) });
	}
	return 0;
}

static int run(struct dump *d, int type, int family, struct err *e)
{
	auto_fd int fd = open_and_ask(type, family, e);
	auto_free unsigned char *buf = mem_alloc(BUFFER_BYTES);
	unsigned seen = 0;
	int done = 0;

	if (fd < 0)
		return -1;
	while (done == 0) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { .iov_base = buf, .iov_len = BUFFER_BYTES };
		struct msghdr m = { .msg_name = &from,
				    .msg_namelen = sizeof(from),
				    .msg_iov = &iov,
				    .msg_iovlen = 1 };
		ssize_t n = recvmsg(fd, &m, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, errno, "netlink");
		if (n == 0 || (m.msg_flags & MSG_TRUNC))
			return err_set(e, ERR_SYSTEM, "netlink: an answer was cut");
		if (from.nl_pid == 0) /* the kernel; others may send to this socket too */
			done = read_messages(d, (struct span){ .p = buf, .left = (size_t)n }, &seen,
					     e);
	}
	return done > 0 ? 0 : -1;
}

static bool next_attribute(struct span *s, struct attribute *out)
{
	struct rtattr a;

	if (s->left < sizeof(a))
		return false;
	memcpy(&a, s->p, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > s->left)
		return false;
	out->type = a.rta_type;
	out->value = (struct span){ .p = s->p + sizeof(a), .left = a.rta_len - sizeof(a) };
	skip(s, RTA_ALIGN(a.rta_len));
	return true;
}

static int attribute_int(const struct attribute *a)
{
	int n = 0;

	if (a->value.left >= sizeof(n))
		memcpy(&n, a->value.p, sizeof(n));
	return n;
}

static void add_link(struct dump *d, unsigned type, struct span body)
{
	struct ifinfomsg info;
	struct netlink_link l = { 0 };
	struct attribute a;

	if (type != RTM_NEWLINK || body.left < sizeof(info) || d->link_count == NETLINK_LINKS_MAX)
		return;
	memcpy(&info, body.p, sizeof(info));
	skip(&body, NLMSG_ALIGN(sizeof(info)));
	l.index = info.ifi_index;
	l.up = info.ifi_flags & IFF_UP;
	while (next_attribute(&body, &a)) {
		if (a.type == IFLA_IFNAME)
			snprintf(l.name, sizeof(l.name), "%.*s", (int)a.value.left,
				 (const char *)a.value.p);
		else if (a.type == IFLA_LINK)
			l.peer = attribute_int(&a);
		else if (a.type == IFLA_MASTER)
			l.master = attribute_int(&a);
	}
	d->links = mem_grow(d->links, d->link_count + 1, sizeof(*d->links));
	d->links[d->link_count++] = l;
}

int netlink_links(struct netlink_link **out, size_t *out_count, struct err *e)
{
	struct dump d = { .item = add_link };

	if (run(&d, RTM_GETLINK, AF_PACKET, e) < 0) {
		free(d.links);
		return -1;
	}
	*out = d.links;
	*out_count = d.link_count;
	return 0;
}

const struct netlink_link *netlink_by_index(const struct netlink_link *links, size_t count,
					    int index)
{
	for (size_t i = 0; i < count; i++)
		if (index > 0 && links[i].index == index)
			return &links[i];
	return NULL;
}

static void set_destination(struct route_facts *r, const struct attribute *a, unsigned bits)
{
	char text[INET_ADDRSTRLEN];

	if (a->value.left >= 4 && inet_ntop(AF_INET, a->value.p, text, sizeof(text)))
		snprintf(r->destination, sizeof(r->destination), "%s/%u", text, bits % 100);
}

static void add_route(struct dump *d, unsigned type, struct span body)
{
	struct rtmsg msg;
	struct route_facts r = { .destination = "default" };
	const struct netlink_link *link = NULL;
	struct attribute a;

	if (type != RTM_NEWROUTE || body.left < sizeof(msg) || d->route_count == NETLINK_ROUTES_MAX)
		return;
	memcpy(&msg, body.p, sizeof(msg));
	skip(&body, NLMSG_ALIGN(sizeof(msg)));
	if (msg.rtm_family != AF_INET || msg.rtm_type != RTN_UNICAST ||
	    msg.rtm_table == RT_TABLE_LOCAL)
		return;
	while (next_attribute(&body, &a)) {
		if (a.type == RTA_DST)
			set_destination(&r, &a, msg.rtm_dst_len);
		else if (a.type == RTA_GATEWAY && a.value.left >= 4)
			inet_ntop(AF_INET, a.value.p, r.gateway, sizeof(r.gateway));
		else if (a.type == RTA_OIF)
			link = netlink_by_index(d->links, d->link_count, attribute_int(&a));
	}
	if (link)
		memcpy(r.interface, link->name, sizeof(r.interface));
	d->routes = mem_grow(d->routes, d->route_count + 1, sizeof(*d->routes));
	d->routes[d->route_count++] = r;
}

int netlink_routes(const struct netlink_link *links, size_t link_count, struct route_facts **out,
		   size_t *out_count, struct err *e)
{
	struct dump d = { .item = add_route, .link_count = link_count };

	d.links = mem_array(link_count ? link_count : 1, sizeof(*links));
	if (link_count)
		memcpy(d.links, links, link_count * sizeof(*links));
	int rc = run(&d, RTM_GETROUTE, AF_INET, e);
	free(d.links);
	if (rc < 0) {
		free(d.routes);
		return -1;
	}
	*out = d.routes;
	*out_count = d.route_count;
	return 0;
}
