/*
 * The one entry of the layer: measures everything about one tenant. Parts fail on their
 * own; what could not be measured is left in a state that no check takes for a pass.
 */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "host_files.h"
#include "ident.h"
#include "limits.h"
#include "listeners.h"
#include "mounts.h"
#include "net.h"
#include "nsview.h"
#include "pagecache.h"
#include "places.h"
#include "probe/seccomp_dump.h"
#include "target.h"
#include "uids.h"

enum { DUMP_MS = 2000 };

static void read_filters(const struct target *t, struct tenant_facts *out)
{
	struct err e = ERR_INIT;
	const struct process_facts *w = ident_workload(out->processes, out->process_count, t->pid);

	if (!w)
		snprintf(out->seccomp_error, sizeof(out->seccomp_error), "no process was found");
	else if (seccomp_dump(t->proc_root, w->pid, w->start_time, DUMP_MS, &out->filters,
			      &out->filter_count, &e) < 0)
		snprintf(out->seccomp_error, sizeof(out->seccomp_error), "%.199s", e.message);
}

static void read_worker(const struct probe_request *r, const struct target *t,
			struct tenant_facts *out)
{
	struct err e = ERR_INIT;

	out->running = true;
	out->init_pid = t->pid;
	if (ident_collect(t, r->secret_shape, &out->processes, &out->process_count,
			  &out->processes_cut, &e) < 0)
		out->processes_cut = true;
	err_clear(&e);
	if (r->page_cache)
		pagecache_read(t, out->processes, out->process_count, "worker", &out->cache);
	if (mounts_read(t, r->host_mounts, out, &e) < 0)
		proc_mounts_free(&out->mounts);
	limits_read(t, &out->cgroup);
	limits_read_io(t, &out->io);
	read_filters(t, out);
}

static void read_gateway_mounts(const struct probe_request *r, const struct target *t,
				struct tenant_facts *out)
{
	struct err ignored = ERR_INIT;
	auto_fd int root = openat(t->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 || proc_read_mounts(t->dir, &out->gateway_mounts, &ignored)) {
		proc_mounts_free(&out->gateway_mounts);
		snprintf(out->places.error, sizeof(out->places.error),
			 "the mounts can't be read of the gateway");
		return;
	}
	places_add(&out->gateway_mounts, root,
		   &(struct places_of){ t->proc_root, r->host_mounts, true }, &out->places);
}

static void read_gateway(const struct probe_request *r, const struct target *t,
			 struct tenant_facts *out)
{
	struct err e = ERR_INIT;
	bool cut;

	out->gateway_running = true;
	if (ident_collect(t, r->secret_shape, &out->gateway_processes, &out->gateway_process_count,
			  &cut, &e) == 0 &&
	    cut)
		out->processes_cut = true;
	limits_read(t, &out->gateway_cgroup);
	err_clear(&e);
	read_gateway_mounts(r, t, out);
	listeners_read_unix(t->dir, &out->gateway_listeners);
	if (r->page_cache)
		pagecache_read(t, out->gateway_processes, out->gateway_process_count, "gateway",
			       &out->cache);
}

/* The mount point lies in a folder of root's; what is mounted there is the tenant's, so it is
 * only asked for its size. */
static void read_workspace(const char *path, struct tenant_facts *out)
{
	struct statvfs fs;
	auto_fd int fd = -1;

	if (!path)
		return;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return;
	out->workspace_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	out->workspace_free = (uint64_t)fs.f_bavail * fs.f_frsize;
}

static bool open_target(int proc_root, int cgroup_root, pid_t pid, const char *id, struct target *t,
			struct err *e)
{
	return id && pid != 0 && target_open(proc_root, cgroup_root, pid, id, t, e) == 0;
}

static int open_cgroup_root(const char *path, int *out_fd, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "%s", path);
	*out_fd = fd;
	return 0;
}

int probe_processes(const char *proc_path, const char *cgroup_path, pid_t pid, const char *id,
		    struct process_facts **out, size_t *out_count, bool *out_cut, struct err *e)
{
	auto_fd int proc_root = -1;
	auto_fd int cgroup_root = -1;
	auto_target struct target t = TARGET_INIT;

	if (proc_open_root(proc_path, &proc_root, e) < 0 ||
	    open_cgroup_root(cgroup_path, &cgroup_root, e) < 0 ||
	    target_open(proc_root, cgroup_root, pid, id, &t, e) < 0)
		return -1;
	return ident_collect(&t, NULL, out, out_count, out_cut, e);
}

int probe_process_owners(const char *proc_path, struct process_owner **out, size_t *out_count,
			 struct err *e)
{
	auto_fd int proc_root = -1;

	if (proc_open_root(proc_path, &proc_root, e) < 0)
		return -1;
	return uids_list(proc_root, out, out_count)
		       ? 0
		       : err_set(e, ERR_SYSTEM, "%s: processes could not be listed", proc_path);
}

static void look_elsewhere(int proc_root, const struct probe_request *r, struct tenant_facts *f)
{
	auto_free struct process_owner *own = NULL;
	const struct process_owner *owners = r->owners;
	size_t count = r->owner_count;

	if (r->uids[0] == 0 || (!owners && !uids_list(proc_root, &own, &count)))
		return;
	uids_outside(proc_root, owners ? owners : own, count, r->uids, &f->uid_elsewhere);
	f->uid_elsewhere_known = true;
}

/* NULL: does not run. */
static void probe_network(const struct probe_request *r, const struct target *worker,
			  const struct target *gateway, struct tenant_facts *f)
{
	const struct net_request net = {
		.worker = worker,
		.gateway = gateway,
		.reach = r->reach,
		.reach_count = r->reach_count,
		.dns = r->dns,
		.dns_count = r->dns_count,
		.http = r->http,
		.http_count = r->http_count,
		.gateway_reach = r->gateway_reach,
		.gateway_reach_count = r->gateway_reach_count,
		.timeout_ms = r->timeout_ms,
	};

	net_probe(&net, f);
}

int probe_tenant(const struct probe_request *r, struct tenant_facts *out, struct err *e)
{
	auto_fd int proc_root = -1;
	auto_fd int cgroup_root = -1;
	auto_target struct target worker = TARGET_INIT;
	auto_target struct target gateway = TARGET_INIT;
	struct tenant_facts f = { .cgroup = LIMITS_UNKNOWN, .gateway_cgroup = LIMITS_UNKNOWN };
	struct err late = ERR_INIT;

	if (proc_open_root(r->proc_path, &proc_root, e) < 0 ||
	    open_cgroup_root(r->cgroup_path, &cgroup_root, e) < 0)
		return -1;
	if (probe_host_namespaces(r->proc_path, f.host_ns, &late) < 0)
		memset(f.host_ns, 0, sizeof(f.host_ns));
	bool has_worker =
		open_target(proc_root, cgroup_root, r->worker_pid, r->worker_id, &worker, e);
	/* Nothing may be concluded from a pid that is not the worker's. */
	if (!has_worker && r->worker_id && r->worker_pid != 0)
		return -1;
	bool has_gateway =
		open_target(proc_root, cgroup_root, r->gateway_pid, r->gateway_id, &gateway, &late);
	if (has_worker)
		read_worker(r, &worker, &f);
	if (has_gateway)
		read_gateway(r, &gateway, &f);
	probe_network(r, has_worker ? &worker : NULL, has_gateway ? &gateway : NULL, &f);
	if (has_gateway && !f.gateway_listeners.ports)
		listeners_read_ports(gateway.dir, &f.gateway_listeners);
	net_host_side(r->bridge, &f);
	host_files_read(r, &f.gateway_files);
	read_workspace(r->workspace_mount, &f);
	look_elsewhere(proc_root, r, &f);
	if (has_worker && !target_is_alive(&worker)) {
		tenant_facts_free(&f);
		return err_set(e, ERR_NOT_FOUND, "the worker ended while it was measured");
	}
	*out = f;
	return 0;
}

int probe_reach(const struct probe_request *r, struct tenant_facts *out, struct err *e)
{
	auto_fd int proc_root = -1;
	auto_fd int cgroup_root = -1;
	auto_target struct target worker = TARGET_INIT;
	struct tenant_facts f = { 0 };

	if (proc_open_root(r->proc_path, &proc_root, e) < 0 ||
	    open_cgroup_root(r->cgroup_path, &cgroup_root, e) < 0)
		return -1;
	if (!r->worker_id || r->worker_pid == 0)
		return err_set(e, ERR_NOT_FOUND, "the worker does not run");
	if (target_open(proc_root, cgroup_root, r->worker_pid, r->worker_id, &worker, e) < 0)
		return -1;
	probe_network(r, &worker, NULL, &f);
	if (f.net_error[0]) {
		err_set(e, ERR_SYSTEM, "%s", f.net_error);
		tenant_facts_free(&f);
		return -1;
	}
	*out = f;
	return 0;
}
