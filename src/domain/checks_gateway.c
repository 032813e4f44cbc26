/*
 * The gateway stands between the tenant and everything else, and beside the keys. It
 * is confined like the worker, from evidence of the same kind.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
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

static bool is_declared(const struct container_spec *desired, const struct engine_mount *m)
{
	const struct engine_mount *d = desired->mounts.items;

	for (size_t i = 0; i < desired->mounts.count; i++)
		if (!strcmp(or_none(d[i].source), or_none(m->source)) &&
		    !strcmp(or_none(d[i].target), or_none(m->target)) &&
		    (m->read_only || !d[i].read_only))
			return true;
	return false;
}

void judge_gateway_readonly(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct container_spec *want = &in->desired->gateway, *have;
	const struct engine_mount *m;

	judge_expect(f, "read-only root, its own files read-only, one folder for what it has to "
			"say, nothing else mounted");
	if (!have_gateway(in, f))
		return;
	have = &in->gateway->spec;
	if (!have->readonly_rootfs)
		complain(&c, "the root is writable");
	m = have->mounts.items;
	for (size_t i = 0; i < have->mounts.count; i++)
		if (!is_declared(want, &m[i]))
			complain(&c, "%s is mounted %s at %s", or_none(m[i].source),
				 m[i].read_only ? "read-only" : "writable", or_none(m[i].target));
	for (size_t i = 0; i < have->binds.count; i++)
		complain(&c, "bind %s", have->binds.items[i]);
	if (have->mounts.count != want->mounts.count)
		complain(&c, "%zu mounts instead of %zu", have->mounts.count, want->mounts.count);
	if (!strmap_equal(&have->tmpfs, &want->tmpfs))
		complain(&c, "%zu tmpfs with other options", have->tmpfs.count);
	judge_evidence(f, "inspect %s HostConfig", in->gateway->name);
	judge_complaints(f, &c, "read-only");
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
