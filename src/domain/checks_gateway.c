/*
 * The gateway stands between the tenant and everything else, and beside the keys. It
 * is confined like the worker, from evidence of the same kind.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "domain/gateway.h"
#include "judge.h"

void judge_gateway_caps(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "all five capability sets empty in every process");
	if (!have_gateway_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->gateway_process_count; i++)
		for (int set = 0; set < PROC_CAP_SETS; set++)
			complain_caps(&c, &in->facts->gateway_processes[i], set);
	judge_evidence(f, "/proc/PID/status Cap* of %zu processes",
		       in->facts->gateway_process_count);
	judge_complaints(f, &c, "empty in %zu processes", in->facts->gateway_process_count);
}

void judge_gateway_no_new_privs(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "NoNewPrivs 1 in every process and thread");
	if (!have_gateway_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->gateway_process_count; i++) {
		const struct process_facts *p = &in->facts->gateway_processes[i];

		if (p->status.no_new_privs != 1)
			complain(&c, "process %d: NoNewPrivs %d", (int)p->pid,
				 p->status.no_new_privs);
		if (p->odd_threads)
			complain(&c, "process %d: %u threads differ", (int)p->pid, p->odd_threads);
	}
	judge_evidence(f, "/proc/PID/status NoNewPrivs");
	judge_complaints(f, &c, "1 in %zu processes", in->facts->gateway_process_count);
}

void judge_gateway_seccomp(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "Seccomp 2 (filter) in every process");
	if (!have_gateway_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->gateway_process_count; i++)
		complain_seccomp(&c, &in->facts->gateway_processes[i]);
	judge_evidence(f, "/proc/PID/status Seccomp");
	judge_complaints(f, &c, "2 in %zu processes", in->facts->gateway_process_count);
}

void judge_gateway_uid(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "uid and gid %" PRId64 " in every process, no other group",
		     in->allocation->gateway_uid);
	if (!have_gateway_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->gateway_process_count; i++)
		complain_ids(&c, &in->facts->gateway_processes[i], in->allocation->gateway_uid);
	judge_evidence(f, "/proc/PID/status Uid, Gid, Groups");
	judge_complaints(f, &c, "%" PRId64, in->allocation->gateway_uid);
}

void judge_gateway_ip_forward(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the gateway is a proxy, never a router: ip_forward 0");
	if (!have_gateway_process(in, f))
		return;
	judge_evidence(f, "/proc/sys/net/ipv4/ip_forward in the gateway's network namespace");
	if (in->facts->gateway_ip_forward)
		judge_fail(f, "1");
	else
		judge_pass(f, "0");
}

/* ---- mounts ---- */

static const struct engine_mount *ordered_at(const struct check_input *in, const char *target)
{
	const struct engine_mount *m = in->desired->gateway.mounts.items;

	for (size_t i = 0; i < in->desired->gateway.mounts.count; i++)
		if (!strcmp(m[i].target, target))
			return &m[i];
	return NULL;
}

/* What the engine was told. */
static void complain_mounts(struct complaints *c, const struct check_input *in)
{
	const struct container_spec *s = &in->gateway->spec, *ordered = &in->desired->gateway;
	const struct engine_mount *m = s->mounts.items;

	if (!s->readonly_rootfs)
		complain(c, "the root is writable");
	for (size_t i = 0; i < s->mounts.count; i++) {
		const struct engine_mount *o = ordered_at(in, m[i].target);

		if (!o)
			complain(c, "%s is mounted at %s", m[i].source, m[i].target);
		else if (strcmp(o->source, m[i].source) != 0)
			complain(c, "%s is mounted at %s instead of %s", m[i].source, m[i].target,
				 o->source);
		else if (o->read_only && !m[i].read_only)
			complain(c, "%s is mounted writable at %s", m[i].source, m[i].target);
	}
	for (size_t i = 0; i < s->binds.count; i++)
		complain(c, "bind %s", s->binds.items[i]);
	if (s->mounts.count < ordered->mounts.count)
		complain(c, "%zu mounts instead of %zu", s->mounts.count, ordered->mounts.count);
	for (size_t i = 0; i < s->tmpfs.count; i++) {
		const char *o = strmap_get(&ordered->tmpfs, s->tmpfs.entries[i].key);

		if (!o || strcmp(o, s->tmpfs.entries[i].value) != 0)
			complain(c, "tmpfs at %s: %s", s->tmpfs.entries[i].key,
				 s->tmpfs.entries[i].value);
	}
}

/* What the kernel and the runtime mount everywhere: file systems without files of anybody's, /dev,
 * and what covers a masked path. */
static bool is_runtimes_own(const struct proc_mount *m)
{
	static const char *const kinds[] = { "proc",   "sysfs",	 "devpts",
					     "mqueue", "cgroup", "cgroup2" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(m->fstype, kinds[i]))
			return true;
	return (!strcmp(m->fstype, "tmpfs") || !strcmp(m->fstype, "devtmpfs")) &&
	       (!strcmp(m->target, "/dev") || path_is_below(m->target, "/dev/shm") ||
		path_is_below(m->target, "/sys/fs/cgroup") || !strcmp(m->root, "/null"));
}

static bool may_write(const struct check_input *in, const char *target)
{
	const struct engine_mount *m = ordered_at(in, target);

	return (m && !m->read_only) || strmap_get(&in->desired->gateway.tmpfs, target);
}

/* What came of it. */
static void complain_writable(struct complaints *c, const struct check_input *in,
			      const struct proc_mount *m)
{
	if (!option_has(m->options, "rw") || is_runtimes_own(m))
		return;
	if (!may_write(in, m->target))
		complain(c, "%s is writable", m->target);
	else if (!option_has(m->options, "nosuid") || !option_has(m->options, "nodev") ||
		 !option_has(m->options, "noexec"))
		complain(c, "%s is writable and lacks nosuid, nodev or noexec", m->target);
}

/* With a file system that it can fill it could keep its next files away from itself. */
static void complain_shared(struct complaints *c, const struct check_input *in,
			    const struct proc_mount *m)
{
	const struct proc_mounts *live = &in->facts->gateway_mounts;
	const struct engine_mount *o = ordered_at(in, m->target);

	if (!o || o->read_only)
		return;
	for (size_t i = 0; i < live->count; i++) {
		o = ordered_at(in, live->items[i].target);
		if (o && o->read_only && live->items[i].major == m->major &&
		    live->items[i].minor == m->minor)
			complain(c, "%s is on one file system with %s", m->target, o->target);
	}
}

void judge_gateway_readonly(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct proc_mounts *live;

	judge_expect(f,
		     "a read-only root and read-only files; writable only its status and a tmpfs, "
		     "apart from its files and without setuid files, devices and programs");
	if (!have_gateway(in, f) || !have_gateway_process(in, f))
		return;
	live = &in->facts->gateway_mounts;
	complain_mounts(&c, in);
	for (size_t i = 0; i < live->count; i++) {
		complain_writable(&c, in, &live->items[i]);
		complain_shared(&c, in, &live->items[i]);
	}
	judge_evidence(f, "inspect %s HostConfig, mountinfo of its process", in->gateway->name);
	if (c.count || live->count)
		judge_complaints(f, &c, "read-only but for what is declared");
	else
		judge_unknown(f, "the gateway's mounts could not be read");
}

/* ---- listeners ---- */

/* The engine's own resolver, which it puts into every container on a network of its kind. */
#define EMBEDDED_DNS "127.0.0.11"
#define SOCKET_FOLDER "/run/gateway"

static bool is_egress_port(const struct tenant_spec *s, uint16_t port)
{
	const struct egress_entry *g = s->egress.items;

	for (size_t i = 0; i < s->egress.count; i++)
		if (g[i].port == port)
			return true;
	return false;
}

static bool is_declared_port(const struct check_input *in, const struct host_port *p)
{
	if (!strcmp(p->address, EMBEDDED_DNS))
		return true;
	if (!p->udp && !strcmp(p->address, in->allocation->egress_ip))
		return p->port == GATEWAY_INBOUND_PORT;
	return !strcmp(p->address, in->allocation->gateway_ip) &&
	       (p->port == GATEWAY_DNS_PORT ||
		(!p->udp && (p->port == GATEWAY_ROUTE_PORT || is_egress_port(in->spec, p->port))));
}

void judge_gateway_admin(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct listener_facts *l;

	judge_expect(
		f,
		"nothing listens but DNS, routes, the egress ports and the inbound port, each on "
		"its address; sockets with a name below " SOCKET_FOLDER " only");
	if (!have_gateway_process(in, f))
		return;
	l = &in->facts->gateway_listeners;
	if (l->error[0] || l->port_count == 0) {
		judge_unknown(f, "the gateway's sockets could not be looked at: %s",
			      l->error[0] ? l->error : "there are none");
		return;
	}
	for (size_t i = 0; i < l->port_count; i++)
		if (!is_declared_port(in, &l->ports[i]))
			complain(&c, "%s %s:%u is open", l->ports[i].udp ? "udp" : "tcp",
				 l->ports[i].address, l->ports[i].port);
	for (size_t i = 0; i < l->unix_paths.count; i++)
		if (!path_is_below(l->unix_paths.items[i], SOCKET_FOLDER) ||
		    strstr(l->unix_paths.items[i], "/../"))
			complain(&c, "socket %.100s", l->unix_paths.items[i]);
	judge_evidence(f, "/proc/PID/net/tcp, udp and unix of the gateway");
	if (l->cut && c.count == 0)
		judge_unknown(f, "there are more sockets than are looked at");
	else
		judge_complaints(f, &c, "%zu ports, %zu named sockets", l->port_count,
				 l->unix_paths.count);
}

static bool is_loopback(const char *host)
{
	return !strncmp(host, "127.", 4) || !strcmp(host, "::1");
}

void judge_gateway_listen(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	auto_free char *port = mem_printf("%" PRId64, in->allocation->listen_port);
	const struct engine_port *p;

	judge_expect(f, "published on %s:%s only%s", in->allocation->listen_host, port,
		     is_loopback(in->allocation->listen_host)
			     ? ""
			     : " (not loopback: said so in the manifest)");
	if (!have_gateway(in, f))
		return;
	p = in->gateway->spec.ports.items;
	for (size_t i = 0; i < in->gateway->spec.ports.count; i++)
		if (!p[i].host_ip || strcmp(p[i].host_ip, in->allocation->listen_host) != 0 ||
		    !p[i].host_port || strcmp(p[i].host_port, port) != 0)
			complain(&c, "%s is published on %s:%s", or_none(p[i].container_port),
				 or_none(p[i].host_ip), or_none(p[i].host_port));
	if (in->gateway->spec.publish_all)
		complain(&c, "all ports are published");
	judge_evidence(f, "inspect %s HostConfig.PortBindings", in->gateway->name);
	judge_complaints(f, &c, "%zu ports", in->gateway->spec.ports.count);
}
