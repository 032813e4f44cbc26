/*
 * Limits in force, read from the kernel's own files: what the engine was asked for
 * proves nothing, because it drops limits whose controller is missing.
 */
#include "checks_judges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"

#define PAGE_BYTES 4096 /* the kernel rounds memory limits down to pages */

static void format_limit(uint64_t v, char buf[32])
{
	if (v == UINT64_MAX)
		snprintf(buf, 32, "no limit");
	else
		bind_format_size(v, buf, 32);
}

static void judge_bytes(struct finding *f, uint64_t want, uint64_t have)
{
	char text[32];

	format_limit(have, text);
	if (have / PAGE_BYTES == want / PAGE_BYTES)
		judge_pass(f, "%s", text);
	else
		judge_fail(f, "%s", text);
}

static bool have_cgroup(const struct check_input *in, struct finding *f)
{
	if (!have_worker_process(in, f))
		return false;
	judge_evidence(f, "cgroup v%d %s", in->facts->cgroup.version, in->facts->cgroup.path);
	if (in->facts->cgroup.version == 1 || in->facts->cgroup.version == 2)
		return true;
	judge_unknown(f, "the worker's cgroup could not be read");
	return false;
}

void judge_limit_memory(const struct check_input *in, struct finding *f)
{
	char want[32];

	format_limit(in->spec->resources.memory, want);
	judge_expect(f, "%s of memory", want);
	if (have_cgroup(in, f))
		judge_bytes(f, in->spec->resources.memory, in->facts->cgroup.memory_max);
}

void judge_limit_swap(const struct check_input *in, struct finding *f)
{
	const struct cgroup_facts *g;

	judge_expect(f, "no swap: memory and swap together not above the memory limit");
	if (!have_cgroup(in, f))
		return;
	g = &in->facts->cgroup;
	if (!g->swap_known)
		judge_unknown(f, "the kernel does not account swap");
	else
		judge_bytes(f, g->version == 1 ? in->spec->resources.memory : 0,
			    g->memory_swap_max);
}

void judge_limit_pids(const struct check_input *in, struct finding *f)
{
	uint64_t have;

	judge_expect(f, "%" PRId64 " processes and threads", in->spec->resources.pids);
	if (!have_cgroup(in, f))
		return;
	have = in->facts->cgroup.pids_max;
	if (have == UINT64_MAX)
		judge_fail(f, "no limit");
	else if (have != (uint64_t)in->spec->resources.pids)
		judge_fail(f, "%" PRIu64, have);
	else
		judge_pass(f, "%" PRIu64, have);
}

void judge_limit_cpu(const struct check_input *in, struct finding *f)
{
	const struct cgroup_facts *g;
	int64_t have;

	judge_expect(f, "%" PRId64 ".%03" PRId64 " cpus", in->spec->resources.cpus / 1000,
		     in->spec->resources.cpus % 1000);
	if (!have_cgroup(in, f))
		return;
	g = &in->facts->cgroup;
	if (g->cpu_quota_us < 0) {
		judge_fail(f, "no limit");
		return;
	}
	if (g->cpu_period_us <= 0) {
		judge_unknown(f, "the cpu controller could not be read");
		return;
	}
	have = g->cpu_quota_us * 1000 / g->cpu_period_us;
	if (have != in->spec->resources.cpus)
		judge_fail(f, "%" PRId64 ".%03" PRId64 " cpus", have / 1000, have % 1000);
	else
		judge_pass(f, "%" PRId64 ".%03" PRId64 " cpus", have / 1000, have % 1000);
}

static void complain_rate(struct complaints *c, const char *what, uint64_t want, uint64_t have)
{
	char text[32];

	format_limit(have, text);
	if (have == UINT64_MAX)
		complain(c, "%s: no limit", what);
	else if (have != want)
		complain(c, "%s: %s per second", what, text);
}

static void judge_rates(const struct check_input *in, struct finding *f, unsigned major,
			unsigned minor)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct io_rate none = { .read = UINT64_MAX, .write = UINT64_MAX };
	const struct io_facts *io = &in->facts->io;
	const struct io_rate *r = &none;
	char text[32];

	for (size_t i = 0; i < io->count; i++)
		if (io->rates[i].major == major && io->rates[i].minor == minor)
			r = &io->rates[i];
	complain_rate(&c, "reads", in->spec->resources.disk_rate, r->read);
	complain_rate(&c, "writes", in->spec->resources.disk_rate, r->write);
	format_limit(r->read, text);
	judge_complaints(f, &c, "%s per second each%s", text,
			 io->version == 1 ? "; cgroup v1 does not hold what is written without "
					    "O_DIRECT or fsync(2)"
					  : "");
}

void judge_limit_io(const struct check_input *in, struct finding *f)
{
	const struct proc_mount *m;
	char text[32];

	format_limit(in->spec->resources.disk_rate, text);
	if (in->spec->resources.disk_rate == 0) {
		judge_expect(f, "reads and writes of the workspace's device as ordered");
		judge_skip(f, "the manifest orders no disk_rate");
		return;
	}
	judge_expect(f, "%s per second read from the workspace's device, and as much written",
		     text);
	if (!have_worker_process(in, f) || !have_mounts(in, f))
		return;
	m = mount_at(&in->facts->mounts, in->spec->workspace.path);
	if (!m) {
		judge_fail(f, "nothing is mounted at %s", in->spec->workspace.path);
		return;
	}
	judge_evidence(f, "cgroup v%d, device %u:%u of %s", in->facts->io.version, m->major,
		       m->minor, in->spec->workspace.path);
	if (in->facts->io.version == 0)
		judge_fail(f, "the kernel has no blkio or io controller here: nothing holds it");
	else
		judge_rates(in, f, m->major, m->minor);
}

static const struct proc_limit *limit_of(const struct process_facts *p, const char *name)
{
	for (size_t i = 0; i < p->limit_count; i++)
		if (!strcmp(p->limits[i].name, name))
			return &p->limits[i];
	return NULL;
}

/* A process may lower its own limits; it must not hold more than was ordered. */
static void judge_rlimit(const struct check_input *in, struct finding *f, const char *name,
			 uint64_t most)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "%s at most %" PRIu64 " (hard) in every process", name, most);
	if (!have_worker_process(in, f))
		return;
	judge_evidence(f, "/proc/PID/limits \"%s\"", name);
	for (size_t i = 0; i < in->facts->process_count; i++) {
		const struct process_facts *p = &in->facts->processes[i];
		const struct proc_limit *l = limit_of(p, name);

		if (!l) {
			judge_unknown(f, "the limits of process %d could not be read", (int)p->pid);
			return;
		}
		if (l->hard == UINT64_MAX)
			complain(&c, "process %d: unlimited", (int)p->pid);
		else if (l->hard > most)
			complain(&c, "process %d: %" PRIu64, (int)p->pid, l->hard);
	}
	judge_complaints(f, &c, "kept by %zu processes", in->facts->process_count);
}

void judge_limit_nofile(const struct check_input *in, struct finding *f)
{
	judge_rlimit(in, f, "Max open files", (uint64_t)in->spec->resources.nofile);
}

void judge_limit_core(const struct check_input *in, struct finding *f)
{
	judge_rlimit(in, f, "Max core file size", 0);
}

/* The kernel counts nice from 20 down: 0 means that a process may only step back, 40 that it may
 * take nice -20 (getrlimit(2)). */
void judge_limit_priority(const struct check_input *in, struct finding *f)
{
	static const char *const names[] = { "Max nice priority", "Max realtime priority" };
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "hard limits of nice and real-time priority 0 in every process");
	if (!have_worker_process(in, f))
		return;
	judge_evidence(f, "/proc/PID/limits");
	for (size_t i = 0; i < in->facts->process_count * ARRAY_SIZE(names); i++) {
		const struct process_facts *p = &in->facts->processes[i / ARRAY_SIZE(names)];
		const char *name = names[i % ARRAY_SIZE(names)];
		const struct proc_limit *l = limit_of(p, name);

		if (!l) {
			judge_unknown(f, "the limits of process %d could not be read", (int)p->pid);
			return;
		}
		if (l->hard > 0)
			complain(&c, "process %d: %s above 0", (int)p->pid, name);
	}
	judge_complaints(f, &c, "kept by %zu processes", in->facts->process_count);
}

/* "size=65536k" among mount options; 0 when there is none. */
static uint64_t mount_size(const struct proc_mount *m)
{
	const char *p = m->super_options;
	char *end;
	uint64_t v;

	while (p && strncmp(p, "size=", 5)) {
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return 0;
	v = strtoull(p + 5, &end, 10);
	return *end == 'k' ? v << 10 : *end == 'm' ? v << 20 : *end == 'g' ? v << 30 : v;
}

static void judge_tmpfs_size(const struct check_input *in, struct finding *f, const char *target,
			     uint64_t most)
{
	const struct proc_mount *m;
	char text[32];
	uint64_t have;

	format_limit(most, text);
	judge_expect(f, "%s is a tmpfs of at most %s", target, text);
	if (!have_mounts(in, f))
		return;
	judge_evidence(f, "/proc/%d/mountinfo %s", (int)in->facts->init_pid, target);
	m = mount_at(&in->facts->mounts, target);
	if (!m) {
		judge_fail(f, "nothing is mounted at %s", target);
		return;
	}
	have = mount_size(m);
	format_limit(have, text);
	if (strcmp(m->fstype, "tmpfs") != 0)
		judge_fail(f, "%s is a %s", target, m->fstype);
	else if (have == 0)
		judge_fail(f, "no size limit");
	else if (have / PAGE_BYTES > (most + PAGE_BYTES - 1) / PAGE_BYTES)
		judge_fail(f, "%s", text);
	else
		judge_pass(f, "%s", text);
}

void judge_limit_shm(const struct check_input *in, struct finding *f)
{
	judge_tmpfs_size(in, f, "/dev/shm", in->spec->resources.shm);
}

void judge_limit_tmp(const struct check_input *in, struct finding *f)
{
	judge_tmpfs_size(in, f, "/tmp", in->spec->resources.tmp);
}

void judge_limit_tmpfs(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	size_t seen = 0;

	judge_expect(f, "every writable tmpfs is bounded");
	if (!have_mounts(in, f))
		return;
	for (size_t i = 0; i < in->facts->mounts.count; i++) {
		const struct proc_mount *m = &in->facts->mounts.items[i];

		/* cgroup v1 has one at /sys/fs/cgroup, which holds mount points only and belongs
		 * to root; the worker's uid can't write there. */
		if (strcmp(m->fstype, "tmpfs") != 0 || !option_has(m->options, "rw") ||
		    path_is_below(m->target, "/sys/fs/cgroup"))
			continue;
		seen++;
		if (mount_size(m) == 0)
			complain(&c, "%s has no size limit", m->target);
	}
	judge_evidence(f, "/proc/%d/mountinfo", (int)in->facts->init_pid);
	judge_complaints(f, &c, "%zu bounded", seen);
}

void judge_limit_oom(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "the worker is killed before the host runs out of memory");
	if (!have_worker(in, f))
		return;
	if (in->worker->spec.oom_kill_disable)
		complain(&c, "the OOM killer is switched off for it");
	if (in->worker->spec.oom_score_adj < 0)
		complain(&c, "OomScoreAdj %" PRId64 " protects it", in->worker->spec.oom_score_adj);
	judge_evidence(f, "inspect %s HostConfig", in->worker->name);
	judge_complaints(f, &c, "OOM killer on, score %" PRId64, in->worker->spec.oom_score_adj);
}

static void complain_log(struct complaints *c, const struct container_spec *s, const char *who)
{
	const char *size = strmap_get(&s->log_options, "max-size");

	if (!s->log_driver ||
	    (strcmp(s->log_driver, "json-file") != 0 && strcmp(s->log_driver, "local") != 0))
		complain(c, "%s logs through %s", who, or_none(s->log_driver));
	else if (!size || !*size || *size == '-' || *size == '0')
		complain(c, "%s: max-size %s", who, or_none(size));
}

void judge_log_bounded(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "json-file or local logs with max-size for worker and gateway");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	complain_log(&c, &in->worker->spec, "worker");
	complain_log(&c, &in->gateway->spec, "gateway");
	judge_evidence(f, "inspect HostConfig.LogConfig");
	judge_complaints(f, &c, "%s, max-size %s", or_none(in->worker->spec.log_driver),
			 or_none(strmap_get(&in->worker->spec.log_options, "max-size")));
}

/* A limit of 0 keeps the kernel from writing a file, not from handing the image to a program of the
 * host's, as core_pattern may say at any time: a filter of 0 keeps memory out of it (core(5)). */
static void complain_core(struct complaints *c, const struct process_facts *p)
{
	const struct proc_limit *l = limit_of(p, "Max core file size");

	if (!l || l->hard != 0)
		complain(c, "process %d may write a memory image", (int)p->pid);
	if (p->coredump_filter != 0)
		complain(c, "process %d has its memory in what a crash handler gets", (int)p->pid);
}

static void complain_swap(struct complaints *c, const struct check_input *in)
{
	const struct cgroup_facts *g = &in->facts->gateway_cgroup;
	uint64_t most = g->version == 1 ? (uint64_t)in->desired->gateway.memory : 0;

	if (g->memory_swap_max == UINT64_MAX)
		complain(c, "swap unlimited");
	else if (g->memory_swap_max > most)
		complain(c, "it may swap");
}

void judge_limit_gateway(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct cgroup_facts *g;

	judge_expect(f,
		     "the gateway is bounded in memory and processes as ordered; its memory never "
		     "gets to a disk: no swap, no memory image");
	if (!have_gateway_process(in, f))
		return;
	g = &in->facts->gateway_cgroup;
	judge_evidence(f, "cgroup v%d %s, /proc/PID/limits", g->version, g->path);
	if (g->version != 1 && g->version != 2) {
		judge_unknown(f, "the gateway's cgroup could not be read");
		return;
	}
	if (g->memory_max / PAGE_BYTES != (uint64_t)in->desired->gateway.memory / PAGE_BYTES)
		complain(&c, "memory %s", g->memory_max == UINT64_MAX ? "unlimited" : "differs");
	if (g->pids_max != (uint64_t)in->desired->gateway.pids_limit)
		complain(&c, "pids %s", g->pids_max == UINT64_MAX ? "unlimited" : "differ");
	for (size_t i = 0; i < in->facts->gateway_process_count; i++)
		complain_core(&c, &in->facts->gateway_processes[i]);
	if (g->swap_known)
		complain_swap(&c, in);
	if (c.count || g->swap_known)
		judge_complaints(f, &c, "memory %" PRIu64 ", pids %" PRIu64 ", no swap, no image",
				 g->memory_max, g->pids_max);
	else
		judge_unknown(f, "the kernel does not account swap");
}
