/*
 * What the worker's processes may do: capabilities, no_new_privs, seccomp mode,
 * namespaces, LSM. Every process in the worker's cgroup counts, and every thread of it:
 * Linux keeps these attributes per thread.
 */
#include "checks_judges.h"

#include <cap-ng.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <string.h>

#include "judge.h"

void add_cap_names(struct strbuf *b, uint64_t set)
{
	unsigned shown = 0;

	for (unsigned cap = 0; cap < 64; cap++) {
		const char *name;

		if (!(set & (UINT64_C(1) << cap)))
			continue;
		name = cap <= CAP_LAST_CAP ? capng_capability_to_name(cap) : NULL;
		strbuf_puts(b, shown++ ? "," : "");
		if (shown > 8) {
			strbuf_puts(b, "...");
			return;
		}
		if (name)
			strbuf_puts(b, name);
		else
			strbuf_printf(b, "cap %u", cap);
	}
}

void complain_caps(struct complaints *c, const struct process_facts *p, enum proc_capset set)
{
	struct strbuf names auto_strbuf = STRBUF_INIT(512);

	if (!p->status.caps[set])
		return;
	add_cap_names(&names, p->status.caps[set]);
	complain(c, "process %d holds %s", (int)p->pid, strbuf_str(&names));
}

static void judge_capset(const struct check_input *in, struct finding *f, enum proc_capset set,
			 const char *line)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "%s 0000000000000000 in every process", line);
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++)
		complain_caps(&c, &in->facts->processes[i], set);
	judge_evidence(f, "/proc/PID/status %s of %zu processes", line, in->facts->process_count);
	judge_complaints(f, &c, "empty in %zu processes", in->facts->process_count);
}

void judge_cap_effective(const struct check_input *in, struct finding *f)
{
	judge_capset(in, f, PROC_CAP_EFF, "CapEff");
}

void judge_cap_permitted(const struct check_input *in, struct finding *f)
{
	judge_capset(in, f, PROC_CAP_PRM, "CapPrm");
}

void judge_cap_inheritable(const struct check_input *in, struct finding *f)
{
	judge_capset(in, f, PROC_CAP_INH, "CapInh");
}

void judge_cap_bounding(const struct check_input *in, struct finding *f)
{
	judge_capset(in, f, PROC_CAP_BND, "CapBnd");
}

void judge_cap_ambient(const struct check_input *in, struct finding *f)
{
	judge_capset(in, f, PROC_CAP_AMB, "CapAmb");
}

void judge_proc_no_new_privs(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "NoNewPrivs 1 in every process");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];

		if (p->status.no_new_privs != 1)
			complain(&c, "process %d: NoNewPrivs %d", (int)p->pid,
				 p->status.no_new_privs);
	}
	judge_evidence(f, "/proc/PID/status NoNewPrivs of %zu processes", in->facts->process_count);
	judge_complaints(f, &c, "1 in %zu processes", in->facts->process_count);
}

void judge_proc_threads(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "every thread as confined as its process");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];

		if (p->odd_threads)
			complain(&c, "process %d: %u threads differ from their leader", (int)p->pid,
				 p->odd_threads);
	}
	judge_evidence(f, "/proc/PID/task/*/status");
	judge_complaints(f, &c, "no thread differs");
}

/* The gateway's as well: it holds the keys. */
void judge_proc_handles(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	bool unread = false;

	judge_expect(f, "folder, root, program and descriptors of every process lie on its own "
			"mounts");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count + in->facts->gateway_process_count; i++) {
		bool is_worker = i < in->facts->process_count;
		const struct process_facts *p =
			is_worker ? &in->facts->processes[i]
				  : &in->facts->gateway_processes[i - in->facts->process_count];

		unread |= p->handles_unread;
		for (size_t k = 0; k < p->handles.count; k++)
			complain(&c, "%sprocess %d: %s", is_worker ? "" : "gateway's ", (int)p->pid,
				 p->handles.items[k]);
	}
	judge_evidence(f, "/proc/PID/{cwd,root,exe,fd} against /proc/PID/mountinfo");
	if (c.count == 0 && unread)
		judge_unknown(f, "not everything that a process holds open could be looked at");
	else
		judge_complaints(f, &c, "%zu processes, all inside",
				 in->facts->process_count + in->facts->gateway_process_count);
}

void judge_proc_login(const struct check_input *in, struct finding *f)
{
	static const char *const servers[] = { "sshd",	     "sshd-session", "dropbear",
					       "telnetd",    "in.telnetd",   "rlogind",
					       "in.rlogind", "rshd",	     "in.rshd" };
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no sshd, dropbear, telnetd, rlogind or rshd");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(servers); k++)
			if (!strcmp(in->facts->processes[i].status.name, servers[k]))
				complain(&c, "process %d is %s", (int)in->facts->processes[i].pid,
					 servers[k]);
	judge_evidence(f, "/proc/PID/status Name");
	judge_complaints(f, &c, "none among %zu processes", in->facts->process_count);
}

void judge_proc_complete(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "every process of the worker's cgroup was looked at");
	if (!have_worker_process(in, f))
		return;
	judge_evidence(f, "cgroup.procs of %s", in->facts->cgroup.path);
	if (in->facts->processes_cut)
		judge_unknown(f, "more processes than the bound: only the first %zu were looked at",
			      in->facts->process_count);
	else
		judge_pass(f, "%zu processes", in->facts->process_count);
}

void judge_proc_lsm(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	bool active = false;

	judge_expect(f, "confined by the host's security module, where it has one");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; in->engine && i < in->engine->security_options.count; i++) {
		const char *o = in->engine->security_options.items[i];

		active |= strstr(o, "name=apparmor") || strstr(o, "name=selinux");
	}
	if (!active) {
		judge_skip(f, "the engine reports neither AppArmor nor SELinux");
		return;
	}
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];

		if (!p->lsm_label[0] || !strncmp(p->lsm_label, "unconfined", 10))
			complain(&c, "process %d runs %s", (int)p->pid,
				 p->lsm_label[0] ? p->lsm_label : "without a label");
	}
	judge_evidence(f, "/proc/PID/attr/current");
	judge_complaints(f, &c, "%s", in->facts->processes[0].lsm_label);
}

/* ---- namespaces ---- */

static bool same_ns(const struct ns_id *a, const struct ns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* Every process must be in one and the same namespace, and not in the host's. */
static void judge_ns(const struct check_input *in, struct finding *f, enum ns_kind kind)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct ns_id *host, *first;

	judge_expect(f, "its own %s namespace, not the host's", ns_names[kind]);
	if (!have_worker_process(in, f))
		return;
	host = &in->facts->host_ns[kind];
	first = &in->facts->processes[0].ns[kind];
	if (!host->ino || !first->ino) {
		judge_unknown(f, "the %s namespace could not be read", ns_names[kind]);
		return;
	}
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];

		if (same_ns(&p->ns[kind], host))
			complain(&c, "process %d is in the host's", (int)p->pid);
		else if (!same_ns(&p->ns[kind], first))
			complain(&c, "process %d is in another one than process %d", (int)p->pid,
				 (int)in->facts->processes[0].pid);
	}
	judge_evidence(f, "/proc/PID/ns/%s: %s:[%" PRIuMAX "], host %s:[%" PRIuMAX "]",
		       ns_names[kind], ns_names[kind], (uintmax_t)first->ino, ns_names[kind],
		       (uintmax_t)host->ino);
	judge_complaints(f, &c, "private in %zu processes", in->facts->process_count);
}

void judge_ns_mnt(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_MNT);
}

void judge_ns_pid(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_PID);
}

void judge_ns_net(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_NET);
}

void judge_ns_ipc(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_IPC);
}

void judge_ns_uts(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_UTS);
}

void judge_ns_cgroup(const struct check_input *in, struct finding *f)
{
	judge_ns(in, f, NS_CGROUP);
}

/* The kinds that a container always has of its own; user and time namespaces are shared with the
 * host unless the engine remaps users. */
static const enum ns_kind private_kinds[] = { NS_MNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP };

static void complain_shared(struct complaints *c, const struct ns_id *mine,
			    const struct ns_id *theirs, const char *who)
{
	for (size_t i = 0; i < ARRAY_SIZE(private_kinds); i++) {
		enum ns_kind k = private_kinds[i];

		if (theirs[k].ino && same_ns(&mine[k], &theirs[k]))
			complain(c, "%s namespace shared with %s", ns_names[k], who);
	}
}

void judge_ns_sibling(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t running = 0, unknown = 0;

	judge_expect(f, "no namespace shared with another tenant");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->sibling_count; i++) {
		const struct sibling *s = &in->siblings[i];

		if (!s->running)
			continue;
		running++;
		if (s->ns && s->ns[NS_NET].ino)
			complain_shared(&c, in->facts->processes[0].ns, s->ns, s->tenant);
		else
			unknown++;
	}
	judge_evidence(f, "/proc/PID/ns of %zu other running tenants", running);
	if (running == 0)
		judge_skip(f, "no other tenant runs on this host");
	else if (c.count == 0 && unknown)
		judge_unknown(f, "the namespaces of %zu of %zu tenants could not be read", unknown,
			      running);
	else
		judge_complaints(f, &c, "different from those of %zu tenants", running);
}

void judge_ns_gateway(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no namespace shared between worker and gateway, none with the host");
	if (!have_worker_process(in, f) || !have_gateway_process(in, f))
		return;
	complain_shared(&c, in->facts->processes[0].ns, in->facts->gateway_processes[0].ns,
			"the own gateway");
	complain_shared(&c, in->facts->gateway_processes[0].ns, in->facts->host_ns,
			"the host (gateway)");
	judge_evidence(f, "/proc/%d/ns, /proc/%d/ns", (int)in->facts->processes[0].pid,
		       (int)in->facts->gateway_processes[0].pid);
	judge_complaints(f, &c, "all private");
}

/* ---- users ---- */

/* Ids as the host sees them; supplementary groups may only repeat the own gid. */
void complain_ids(struct complaints *c, const struct process_facts *p, int64_t id)
{
	const struct proc_status *s = &p->status;

	for (size_t i = 0; i < ARRAY_SIZE(s->uid); i++) {
		if (s->uid[i] != (uint32_t)id || s->gid[i] != (uint32_t)id) {
			complain(c, "process %d runs as %u:%u", (int)p->pid, s->uid[i], s->gid[i]);
			break;
		}
	}
	for (size_t i = 0; i < s->group_count; i++)
		if (s->groups[i] != (uint32_t)id)
			complain(c, "process %d is in group %u", (int)p->pid, s->groups[i]);
	if (s->groups_more)
		complain(c, "process %d is in more than 32 groups", (int)p->pid);
}

void judge_uid_expected(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "uid and gid %" PRId64 " in every process, no other group",
		     in->allocation->worker_uid);
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++)
		complain_ids(&c, &in->facts->processes[i], in->allocation->worker_uid);
	judge_evidence(f, "/proc/PID/status Uid, Gid, Groups");
	judge_complaints(f, &c, "%" PRId64 " in %zu processes", in->allocation->worker_uid,
			 in->facts->process_count);
}

void judge_uid_nonzero(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no process with uid or gid 0 on the host");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];
		bool zero = false;

		for (size_t k = 0; k < ARRAY_SIZE(p->status.uid); k++)
			zero |= p->status.uid[k] == 0 || p->status.gid[k] == 0;
		for (size_t k = 0; k < p->status.group_count; k++)
			zero |= p->status.groups[k] == 0;
		if (zero)
			complain(&c, "process %d holds an id 0", (int)p->pid);
	}
	judge_evidence(f, "/proc/PID/status Uid, Gid, Groups");
	judge_complaints(f, &c, "none in %zu processes", in->facts->process_count);
}

void judge_uid_unique(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	int64_t worker = in->allocation->worker_uid, gateway = in->allocation->gateway_uid;

	judge_expect(f, "uids %" PRId64 " and %" PRId64 " used by no other tenant or process",
		     worker, gateway);
	if (worker == gateway)
		complain(&c, "worker and gateway share uid %" PRId64, worker);
	for (size_t i = 0; i < in->sibling_count; i++) {
		const struct allocation *a = in->siblings[i].allocation;

		if (a->worker_uid == worker || a->gateway_uid == worker)
			complain(&c, "%s uses %" PRId64, in->siblings[i].tenant, worker);
		if (a->worker_uid == gateway || a->gateway_uid == gateway)
			complain(&c, "%s uses %" PRId64, in->siblings[i].tenant, gateway);
	}
	for (size_t i = 0; in->facts && i < in->facts->uid_elsewhere.count; i++)
		complain(&c, "%s, outside of containers", in->facts->uid_elsewhere.items[i]);
	judge_evidence(f, "allocations of %zu other tenants, owners of /proc/PID",
		       in->sibling_count);
	if (c.count == 0 && !(in->facts && in->facts->uid_elsewhere_known))
		judge_unknown(f, "the processes of the host could not be looked at");
	else
		judge_complaints(f, &c, "unique among %zu tenants", in->sibling_count + 1);
}
