/*
 * Enters the network namespace of a worker. Must: in a child that ends afterwards, only
 * after the namespace's identity was compared, and without privileges before the first
 * byte from the network is read. Must not: make an attempt from any other namespace.
 */
#include "net.h"

#include <arpa/inet.h>
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "early.h"
#include "listeners.h"
#include "net_wire.h"
#include "netlink.h"
#include "nsview.h"
#include "reach.h"

enum { NOBODY = 65534, REPORT_MAX = 4 << 20, EXTRA_MS = 3000 };

static const char not_running[] = "the worker is not running";

struct visit { /* what the child works with */
	const struct net_request *r;
	int proc_root;
	int worker_ns, gateway_ns;
	struct tenant_facts *facts; /* copy of the attempts, filled in place */
	struct net_header header;
	struct netlink_link *links;
	size_t link_count;
	struct route_facts *routes;
	size_t route_count;
	struct host_port *ports; /* of the gateway */
	struct early early;	 /* begun in its namespace */
};

int net_open_namespace(const struct target *t, int *out_fd, struct err *e)
{
	struct stat st;
	struct ns_id id;
	int fd = openat(t->dir, "ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "network namespace of process %d", (int)t->pid);
	if (fstat(fd, &st) < 0 || !nsview_one(t->dir, NS_NET, &id) || st.st_ino != id.ino ||
	    st.st_dev != id.dev || !target_is_alive(t)) {
		close(fd);
		return err_set(e, ERR_NOT_FOUND, "process %d ended", (int)t->pid);
	}
	*out_fd = fd;
	return 0;
}

int net_enter(int proc_root, int ns, struct err *e)
{
	struct stat want;
	struct ns_id now;
	auto_fd int self = openat(proc_root, "thread-self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (setns(ns, CLONE_NEWNET) < 0)
		return err_sys(e, errno, "enter the network namespace");
	if (self < 0 || fstat(ns, &want) < 0 || !nsview_one(self, NS_NET, &now) ||
	    want.st_ino != now.ino || want.st_dev != now.dev)
		return err_set(e, ERR_INTERNAL, "entered another network namespace than asked for");
	return 0;
}

/* True unless the kernel says 0: what can't be read must not look safe. */
static bool sysctl_is_on(int proc_root, const char *path)
{
	struct err e = ERR_INIT;
	char text[32];

	return fsio_read_at(proc_root, path, text, sizeof(text), &e) < 0 || text[0] != '0';
}

static bool ipv6_is_off_on(int proc_root, const char *name)
{
	char path[96], text[32];
	struct err e = ERR_INIT;

	snprintf(path, sizeof(path), "sys/net/ipv6/conf/%s/disable_ipv6", name);
	return fsio_read_at(proc_root, path, text, sizeof(text), &e) >= 0 && text[0] == '1';
}

/* Off everywhere but on loopback; a kernel without IPv6 has no such folder. */
static bool ipv6_is_off(const struct visit *v)
{
	if (faccessat(v->proc_root, "sys/net/ipv6", F_OK, 0) < 0)
		return errno == ENOENT;
	for (size_t i = 0; i < v->link_count; i++)
		if (strcmp(v->links[i].name, "lo") != 0 &&
		    !ipv6_is_off_on(v->proc_root, v->links[i].name))
			return false;
	return true;
}

int net_drop_privileges(struct err *e)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0 || capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, errno, "give up privileges");
	/* prctl(2): a change of ids takes the parent-death signal away. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static void visit_gateway(struct visit *v, struct err *e)
{
	struct err ignored = ERR_INIT;
	size_t count = 0;

	if (v->gateway_ns < 0)
		return;
	if (net_enter(v->proc_root, v->gateway_ns, e) < 0) {
		v->header.ip_forward = 1;
		err_wrap(e, "gateway");
		return;
	}
	v->header.ip_forward = sysctl_is_on(v->proc_root, "sys/net/ipv4/ip_forward");
	v->ports = mem_array(LISTENERS_PORTS_MAX, sizeof(*v->ports));
	/* Whatever the reason, there is another way. */
	v->header.ports_known =
		netlink_listeners(v->ports, LISTENERS_PORTS_MAX, &count, &ignored) == 0;
	v->header.ports = v->header.ports_known ? (uint32_t)count : 0;
	early_begin(v->facts->gateway_reach, v->facts->gateway_reach_count, &v->early);
}

static int visit_worker(struct visit *v, struct err *e)
{
	size_t files = v->r->reach_count + v->r->dns_count + v->r->http_count + 64;
	struct rlimit limit = { .rlim_cur = files, .rlim_max = files };

	if (v->worker_ns < 0)
		return err_set(e, ERR_NOT_FOUND, "%s", not_running);
	if (net_enter(v->proc_root, v->worker_ns, e) < 0 ||
	    netlink_links(&v->links, &v->link_count, e) < 0 ||
	    netlink_routes(v->links, v->link_count, &v->routes, &v->route_count, e) < 0)
		return err_wrap(e, "worker");
	v->header.ipv6_disabled = ipv6_is_off(v);
	(void)!setrlimit(RLIMIT_NOFILE, &limit); /* too few files: attempts end as errors */
	return 0;
}

static void put_addresses(const struct ifaddrs *all, struct net_link *l)
{
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (strcmp(a->ifa_name, l->name) != 0 || l->addresses == NET_ADDRESSES_MAX)
			continue;
		if (address_with_prefix(a, l->address[l->addresses], sizeof(l->address[0])))
			l->addresses++;
	}
}

static void put_links(const struct visit *v, struct ifaddrs *all, struct strbuf *out)
{
	for (size_t i = 0; i < v->header.links; i++) {
		const struct netlink_link *from = &v->links[i];
		struct net_link l = { .index = from->index, .peer = from->peer, .up = from->up };

		memcpy(l.name, from->name, sizeof(l.name));
		put_addresses(all, &l);
		strbuf_add(out, &l, sizeof(l));
	}
}

static void put_ports(const struct visit *v, struct strbuf *out)
{
	for (size_t i = 0; i < v->header.ports; i++) {
		struct net_port p = { .port = v->ports[i].port, .udp = v->ports[i].udp };

		memcpy(p.address, v->ports[i].address, sizeof(p.address));
		strbuf_add(out, &p, sizeof(p));
	}
}

static void put_reach(const struct reach_attempt *a, size_t count, struct strbuf *out)
{
	for (size_t i = 0; i < count; i++) {
		struct net_reach_result r = { .outcome = (int32_t)a[i].outcome,
					      .sys_errno = a[i].sys_errno };

		strbuf_add(out, &r, sizeof(r));
	}
}

static void put_http(const struct tenant_facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->http_count; i++) {
		struct net_http_result r = { .outcome = (int32_t)f->http[i].outcome,
					     .status = f->http[i].status };

		memcpy(r.reason, f->http[i].reason, sizeof(r.reason));
		strbuf_add(out, &r, sizeof(r));
	}
}

static void put_results(const struct tenant_facts *f, struct strbuf *out)
{
	put_reach(f->reach, f->reach_count, out);
	for (size_t i = 0; i < f->dns_count; i++) {
		struct net_dns_result r = { .outcome = (int32_t)f->dns[i].outcome,
					    .rcode = f->dns[i].rcode };

		memcpy(r.answer, f->dns[i].answer, sizeof(f->dns[i].answer));
		strbuf_add(out, &r, sizeof(r));
	}
	put_http(f, out);
	put_reach(f->gateway_reach, f->gateway_reach_count, out);
}

static int in_child(void *arg, int fd)
{
	struct visit *v = arg;
	struct err e = ERR_INIT;
	struct ifaddrs *addresses = NULL;
	struct strbuf report = STRBUF_INIT(REPORT_MAX);

	visit_gateway(v, &e);
	if (visit_worker(v, &e) == 0) {
		if (getifaddrs(&addresses) < 0)
			(void)!err_sys(&e, errno, "addresses");
		v->facts->routes = v->routes;
		v->facts->route_count = v->route_count;
		if (e.code == ERR_NONE && net_drop_privileges(&e) == 0)
			reach_run(v->facts, v->r->timeout_ms);
		early_finish(&v->early, v->facts->gateway_reach);
	}
	v->header.links = (uint32_t)MIN_OF(v->link_count, (size_t)NET_LINKS_MAX);
	v->header.routes = (uint32_t)v->route_count;
	snprintf(v->header.error, sizeof(v->header.error), "%.199s", e.message);
	strbuf_add(&report, &v->header, sizeof(v->header));
	put_links(v, addresses, &report);
	strbuf_add(&report, v->routes, v->route_count * sizeof(*v->routes));
	put_ports(v, &report);
	put_results(v->facts, &report);
	return fsio_write_fd(fd, strbuf_str(&report), report.len) < 0;
}

static void copy_attempts(const struct net_request *r, struct tenant_facts *out)
{
	out->reach = mem_array(r->reach_count + 1, sizeof(*out->reach));
	out->dns = mem_array(r->dns_count + 1, sizeof(*out->dns));
	out->http = mem_array(r->http_count + 1, sizeof(*out->http));
	out->http_count = r->http_count;
	out->reach_count = r->reach_count;
	out->dns_count = r->dns_count;
	if (r->reach_count)
		memcpy(out->reach, r->reach, r->reach_count * sizeof(*out->reach));
	if (r->dns_count)
		memcpy(out->dns, r->dns, r->dns_count * sizeof(*out->dns));
	out->gateway_reach = mem_array(r->gateway_reach_count + 1, sizeof(*out->gateway_reach));
	out->gateway_reach_count = r->gateway_reach_count;
	if (r->gateway_reach_count)
		memcpy(out->gateway_reach, r->gateway_reach,
		       r->gateway_reach_count * sizeof(*out->gateway_reach));
	for (size_t i = 0; i < r->gateway_reach_count; i++)
		out->gateway_reach[i].outcome = REACH_ERROR;
	if (r->http_count)
		memcpy(out->http, r->http, r->http_count * sizeof(*out->http));
	for (size_t i = 0; i < r->http_count; i++) {
		out->http[i].outcome = HTTP_ERROR;
		out->http[i].status = 0;
		out->http[i].reason[0] = '\0';
	}
	for (size_t i = 0; i < r->reach_count; i++)
		out->reach[i].outcome = REACH_ERROR;
	for (size_t i = 0; i < r->dns_count; i++) {
		out->dns[i].outcome = DNS_ERROR;
		out->dns[i].rcode = -1;
		out->dns[i].answer[0] = '\0';
	}
}

static int visit_both(const struct net_request *r, struct visit *v, struct tenant_facts *out,
		      struct err *e)
{
	auto_strbuf struct strbuf report = STRBUF_INIT(REPORT_MAX);
	int status = 0;

	if ((r->worker && net_open_namespace(r->worker, &v->worker_ns, e) < 0) ||
	    (r->gateway && net_open_namespace(r->gateway, &v->gateway_ns, e) < 0) ||
	    child_call(in_child, v, MAX_OF(r->timeout_ms, 0) + EXTRA_MS, &report, &status, e) < 0)
		return -1;
	if (status != 0 || report.overflow || !net_wire_accept(report.data, report.len, out))
		return err_set(e, ERR_INTERNAL, "the report from the namespace is not sound");
	/* The namespace belonged to this worker the whole time. */
	if (r->worker && !target_is_alive(r->worker))
		return err_set(e, ERR_NOT_FOUND, "the worker ended meanwhile");
	return 0;
}

void net_probe(const struct net_request *r, struct tenant_facts *out)
{
	struct err e = ERR_INIT;
	auto_fd int worker_ns = -1;
	auto_fd int gateway_ns = -1;
	const struct target *any = r->worker ? r->worker : r->gateway;
	struct visit v = { .r = r, .worker_ns = -1, .gateway_ns = -1, .facts = out };

	copy_attempts(r, out);
	if (!any) {
		snprintf(out->net_error, sizeof(out->net_error), "%s", not_running);
		return;
	}
	out->gateway_ip_forward = r->gateway != NULL; /* until the kernel says otherwise */
	v.proc_root = any->proc_root;
	v.header = (struct net_header){ .magic = NET_MAGIC,
					.reach = (uint32_t)r->reach_count,
					.dns = (uint32_t)r->dns_count,
					.http = (uint32_t)r->http_count,
					.gateway_reach = (uint32_t)r->gateway_reach_count };
	if (r->reach_count + r->dns_count + r->http_count > REACH_JOBS_MAX)
		err_set(&e, ERR_INTERNAL, "more than %d attempts", REACH_JOBS_MAX);
	else
		(void)!visit_both(r, &v, out, &e);
	worker_ns = v.worker_ns;
	gateway_ns = v.gateway_ns;
	if (e.code != ERR_NONE)
		snprintf(out->net_error, sizeof(out->net_error), "%.199s", e.message);
}

/* The kernel takes the larger one of the setting of all and that of the interface. */
static int rp_filter_of(const char *bridge)
{
	const char *const names[] = { "all", bridge };
	int max = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[96], text[16];
		struct err ignored = ERR_INIT;

		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", names[i]);
		if (fsio_read_at(AT_FDCWD, path, text, sizeof(text), &ignored) <= 0 ||
		    text[0] < '0' || text[0] > '2')
			return -1;
		max = MAX_OF(max, text[0] - '0');
	}
	return max;
}

/* By number, and not from a list of all: a host of many tenants has hundreds. */
void net_host_side(const char *bridge, struct tenant_facts *out)
{
	struct err ignored = ERR_INIT;
	struct netlink_link peer, master;
	unsigned index;

	for (size_t i = 0; i < out->interface_count; i++) {
		struct interface_facts *f = &out->interfaces[i];

		if (f->peer_index > 0 && !netlink_link(f->peer_index, &peer, &ignored) &&
		    peer.master > 0 && !netlink_link(peer.master, &master, &ignored))
			memcpy(f->bridge, master.name, sizeof(f->bridge));
	}
	index = bridge ? if_nametoindex(bridge) : 0;
	if (index && netlink_addresses((int)index, &out->bridge_addresses, &ignored))
		strlist_add(&out->bridge_addresses, "an address that could not be read");
	out->bridge_rp_filter = index ? rp_filter_of(bridge) : -1;
}
