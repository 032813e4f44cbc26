/*
 * Questions over rtnetlink(7). sysfs shows the namespace it was mounted in and /proc/net
 * prints no peers, so the kernel is asked directly; the answer is of the namespace in
 * which the socket was made.
 */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"

enum { BUFFER_BYTES = 64 * 1024, MESSAGES_MAX = 65536, WAIT_SECONDS = 2 };

struct attribute {
	unsigned type;
	struct netlink_span value;
};

struct dump {
	struct netlink_link *links;
	size_t link_count;
	struct route_facts *routes;
	size_t route_count;
	struct netlink_neighbour *neighbours;
	size_t neighbour_count;
	struct strlist *addresses;
	int address_index; /* of which interface */
};

struct question {
	struct nlmsghdr header;
	union {
		struct rtgenmsg any;
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
		struct ndmsg neighbour;
	} body;
};

static struct question dump_of(int type, int family)
{
	return (struct question){
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			    .nlmsg_type = (uint16_t)type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = 1 },
		.body.any = { .rtgen_family = (unsigned char)family },
	};
}

static int open_and_ask(int protocol, const void *question, size_t size, struct err *e)
{
	struct timeval wait = { .tv_sec = WAIT_SECONDS };
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return err_sys(e, errno, "netlink");
	/* Lets the kernel choose by interface, since Linux 4.20; before, it sends all. */
	(void)!setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
	    send(fd, question, size, 0) >= 0)
		return fd;
	err_sys(e, errno, "netlink");
	close(fd);
	return -1;
}

static void skip(struct netlink_span *s, size_t len)
{
	len = MIN_OF(len, s->left);
	s->p += len;
	s->left -= len;
}

/* 1: done, 0: more to come. */
static int read_messages(netlink_item item, void *arg, struct netlink_span all, unsigned *seen,
			 struct err *e)
{
	struct nlmsghdr h;

	for (; all.left >= sizeof(h); skip(&all, NLMSG_ALIGN(h.nlmsg_len))) {
		memcpy(&h, all.p, sizeof(h));
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (h.nlmsg_type == NLMSG_ERROR || ++*seen > MESSAGES_MAX ||
		    h.nlmsg_len < sizeof(h) || h.nlmsg_len > all.left)
			return err_set(e, ERR_SYSTEM, "netlink: the dump failed");
		item(arg, h.nlmsg_type,
		     (struct netlink_span){ .p = all.p + sizeof(h),
					    .left = h.nlmsg_len - sizeof(h) });
		if (!(h.nlmsg_flags &
		      NLM_F_MULTI)) /* the one answer to a question that is no dump */
			return 1;
	}
	return 0;
}

int netlink_ask(int protocol, const void *question, size_t size, netlink_item item, void *arg,
		struct err *e)
{
	auto_fd int fd = open_and_ask(protocol, question, size, e);
	auto_free unsigned char *buf = mem_grow(NULL, BUFFER_BYTES, 1); /* need not be clear */
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
			done = read_messages(item, arg,
					     (struct netlink_span){ .p = buf, .left = (size_t)n },
					     &seen, e);
	}
	return done > 0 ? 0 : -1;
}

static int run(struct dump *d, const struct question *q, netlink_item item, struct err *e)
{
	return netlink_ask(NETLINK_ROUTE, q, q->header.nlmsg_len, item, d, e);
}

static bool next_attribute(struct netlink_span *s, struct attribute *out)
{
	struct rtattr a;

	if (s->left < sizeof(a))
		return false;
	memcpy(&a, s->p, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > s->left)
		return false;
	out->type = a.rta_type;
	out->value = (struct netlink_span){ .p = s->p + sizeof(a), .left = a.rta_len - sizeof(a) };
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

static void add_link(void *arg, unsigned type, struct netlink_span body)
{
	struct dump *d = arg;
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
	struct dump d = { 0 };
	struct question q = dump_of(RTM_GETLINK, AF_UNSPEC);

	q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.link));

	if (run(&d, &q, add_link, e) < 0) {
		free(d.links);
		return -1;
	}
	*out = d.links;
	*out_count = d.link_count;
	return 0;
}

int netlink_link(int index, struct netlink_link *out, struct err *e)
{
	struct dump d = { 0 };
	struct question q = dump_of(RTM_GETLINK, AF_UNSPEC);
	int rc;

	q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.link));
	q.header.nlmsg_flags = NLM_F_REQUEST;
	q.body.link = (struct ifinfomsg){ .ifi_index = index };
	rc = run(&d, &q, add_link, e);
	if (!rc && d.link_count != 1)
		rc = err_set(e, ERR_NOT_FOUND, "interface %d is not there", index);
	if (!rc)
		*out = d.links[0];
	free(d.links);
	return rc;
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

static void add_route(void *arg, unsigned type, struct netlink_span body)
{
	struct dump *d = arg;
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
	struct dump d = { .link_count = link_count };
	struct question q = dump_of(RTM_GETROUTE, AF_INET);

	q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.route));

	d.links = mem_array(link_count ? link_count : 1, sizeof(*links));
	if (link_count)
		memcpy(d.links, links, link_count * sizeof(*links));
	int rc = run(&d, &q, add_route, e);
	free(d.links);
	if (rc < 0) {
		free(d.routes);
		return -1;
	}
	*out = d.routes;
	*out_count = d.route_count;
	return 0;
}

static void add_address(void *arg, unsigned type, struct netlink_span body)
{
	struct dump *d = arg;
	struct ifaddrmsg msg;
	struct attribute a, best = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (type != RTM_NEWADDR || body.left < sizeof(msg))
		return;
	memcpy(&msg, body.p, sizeof(msg));
	skip(&body, NLMSG_ALIGN(sizeof(msg)));
	if ((int)msg.ifa_index != d->address_index ||
	    (msg.ifa_family != AF_INET && msg.ifa_family != AF_INET6))
		return;
	while (next_attribute(&body,
			      &a)) /* IFA_ADDRESS is the other end of a point-to-point link */
		if (a.type == IFA_LOCAL || (a.type == IFA_ADDRESS && best.type != IFA_LOCAL))
			best = a;
	if (best.value.left >= (msg.ifa_family == AF_INET ? 4U : 16U) &&
	    inet_ntop(msg.ifa_family, best.value.p, text, sizeof(text)))
		strlist_addf(d->addresses, "%s/%u", text, msg.ifa_prefixlen);
}

int netlink_addresses(int index, struct strlist *out, struct err *e)
{
	struct dump d = { .addresses = out, .address_index = index };
	struct question q = dump_of(RTM_GETADDR, AF_UNSPEC);

	q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.address));
	q.body.address = (struct ifaddrmsg){ .ifa_index = (unsigned)index };
	return run(&d, &q, add_address, e);
}

static void add_neighbour(void *arg, unsigned type, struct netlink_span body)
{
	struct dump *d = arg;
	struct netlink_neighbour n = { 0 };
	struct ndmsg msg;
	struct attribute a;

	if (type != RTM_NEWNEIGH || body.left < sizeof(msg) ||
	    d->neighbour_count == NETLINK_NEIGHBOURS_MAX)
		return;
	memcpy(&msg, body.p, sizeof(msg));
	skip(&body, NLMSG_ALIGN(sizeof(msg)));
	if (msg.ndm_family != AF_INET)
		return;
	n.silent = !(msg.ndm_state & ~(NUD_INCOMPLETE | NUD_FAILED)) && msg.ndm_state != NUD_NONE;
	while (next_attribute(&body, &a))
		if (a.type == NDA_DST && a.value.left >= 4)
			inet_ntop(AF_INET, a.value.p, n.address, sizeof(n.address));
	d->neighbours = mem_grow(d->neighbours, d->neighbour_count + 1, sizeof(n));
	d->neighbours[d->neighbour_count++] = n;
}

int netlink_neighbours(struct netlink_neighbour **out, size_t *out_count, struct err *e)
{
	struct dump d = { 0 };
	struct question q = dump_of(RTM_GETNEIGH, AF_INET);

	q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.body.neighbour));
	q.body.neighbour = (struct ndmsg){ .ndm_family = AF_INET };
	if (run(&d, &q, add_neighbour, e) < 0) {
		free(d.neighbours);
		return -1;
	}
	*out = d.neighbours;
	*out_count = d.neighbour_count;
	return 0;
}
