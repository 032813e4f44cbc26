/* Checks of the worker itself: its processes, files, limits and what it could tell. */
#include "source_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct source table[] = {
	{ "cap.effective", "CIS Docker 5.4, amicontained, deepce, capabilities(7)" },
	{ "cap.permitted", "CIS Docker 5.4, amicontained, capabilities(7)" },
	{ "cap.inheritable", "CVE-2022-24769, amicontained, capabilities(7)" },
	{ "cap.bounding", "CIS Docker 5.4, amicontained, deepce, CDK, capabilities(7)" },
	{ "cap.ambient", "amicontained, capabilities(7)" },
	{ "proc.no_new_privs", "CIS Docker 5.26, CIS Docker 4.8, docs.kernel.org/userspace-api/no_new_privs" },
	{ "proc.threads", "seccomp(2), capabilities(7), proc_pid_task(5)" },
	{ "proc.complete", "cgroups(7), CIS Docker 5.24" },
	{ "proc.lsm", "CIS Docker 5.2, CIS Docker 5.3, amicontained, CVE-2025-52881" },
	{ "seccomp.mode", "CIS Docker 5.22, amicontained, seccomp(2)" },
	{ "seccomp.filter", "CIS Docker 5.22, amicontained, CVE-2026-31431, CVE-2022-0492, ptrace(2)" },
	{ "ns.mnt", "mount_namespaces(7), CDK" },
	{ "ns.pid", "CIS Docker 5.16, amicontained, CDK, pid_namespaces(7)" },
	{ "ns.net", "CIS Docker 5.10, CVE-2020-15257, network_namespaces(7)" },
	{ "ns.ipc", "CIS Docker 5.17, ipc_namespaces(7)" },
	{ "ns.uts", "CIS Docker 5.21, uts_namespaces(7)" },
	{ "ns.cgroup", "CIS Docker 5.25, CDK, cgroup_namespaces(7)" },
	{ "ns.sibling", "CIS Docker 5.16, CIS Docker 5.17, namespaces(7)" },
	{ "ns.gateway", "CDK, BOtB, namespaces(7)" },
	{ "uid.expected", "CIS Docker 4.1, CVE-2022-36109, CVE-2026-46680" },
	{ "uid.nonzero", "CIS Docker 4.1, deepce, credentials(7)" },
	{ "uid.unique", "BOtB, user-session-keyring(7), getrlimit(2)" },
	{ "fs.root.readonly", "CIS Docker 5.13, CVE-2019-5736" },
	{ "fs.mount.flags", "CIS Docker 4.8, mount(8)" },
	{ "fs.propagation", "CIS Docker 5.20, mount_namespaces(7)" },
	{ "fs.masked", "CVE-2025-31133, moby #49560, CDK" },
	{ "fs.proc.readonly", "CVE-2025-52881, CVE-2022-0492, CDK, deepce" },
	{ "fs.mounts.declared", "CIS Docker 5.6, deepce, CDK" },
	{ "fs.mounts.source", "CIS Docker 5.6, CIS Docker 5.32, deepce, CDK" },
	{ "fs.sockets", "CIS Docker 5.32, amicontained, deepce, CDK, BOtB" },
	{ "fs.source.readonly", "CIS Docker 5.6, CVE-2026-31431" },
	{ "fs.workspace.quota", "CWE-770, quotactl(2)" },
	{ "fs.pagecache", "CVE-2022-0847, CVE-2026-31431, CVE-2026-43284, CVE-2026-43500, open(2)" },
	{ "fs.devices", "CIS Docker 5.18, CVE-2025-52565, CVE-2026-96812, CDK" },
	{ "limit.memory", "CIS Docker 5.11, docs.kernel.org/admin-guide/cgroup-v2" },
	{ "limit.swap", "Firecracker, CIS Docker 5.11" },
	{ "limit.pids", "CIS Docker 5.29, docs.kernel.org/admin-guide/cgroup-v2" },
	{ "limit.cpu", "CIS Docker 5.12, docs.kernel.org/admin-guide/cgroup-v2" },
	{ "limit.nofile", "CIS Docker 5.19, getrlimit(2)" },
	{ "limit.core", "CIS Docker 5.19, CWE-528, core(5)" },
	{ "limit.shm", "CWE-770, tmpfs(5)" },
	{ "limit.tmp", "CWE-770, tmpfs(5)" },
	{ "limit.tmpfs", "CWE-770, tmpfs(5)" },
	{ "limit.oom", "CWE-770, proc_pid_oom_score_adj(5)" },
	{ "limit.gateway", "Firecracker, CIS Docker 5.11, CIS Docker 5.29" },
	{ "log.bounded", "CWE-770, docs.docker.com/engine/logging/configure" },
	{ "env.secrets", "BOtB, deepce, CWE-526, proc_pid_environ(5)" },
	{ "inspect.secrets", "CIS Docker 4.10, CWE-522" },
	{ "secret.exposed", "BOtB, agent-vault, CWE-522" },
	{ "config.running", "CWE-636" },
	{ "config.drift.worker", "CIS Docker 5.4, CIS Docker 5.19, CWE-1188" },
	{ "config.privileged", "CIS Docker 5.5, CIS Docker 5.22, CIS Docker 5.2, deepce" },
	{ "config.namespaces", "CIS Docker 5.10, CIS Docker 5.16, CIS Docker 5.17, CIS Docker 5.21, CIS Docker 5.31" },
	{ "config.masked", "CDK, proc(5), docs.docker.com/reference/cli/docker/container/run" },
	{ "config.ports", "CIS Docker 5.8, CIS Docker 5.9, CIS Docker 5.14" },
	{ "config.image", "CIS Docker 5.28, CWE-494" },
	{ "config.runtime", "gvisor.dev/architecture_guide/security, CWE-636" },
	{ "config.restart", "CIS Docker 5.15" },
	{ "config.labels", "CWE-362, CWE-668" },
	{ "config.hosts", "gh-aw-firewall, docs.docker.com/reference/cli/docker/container/run" },
	{ "twin.fidelity", "CWE-693, docs.docker.com/reference/cli/docker/container/inspect" },
	{ "host.seccomp", "CIS Docker 5.22, seccomp(2)" },
	{ "host.limits", "CIS Docker 5.11, CIS Docker 5.12, CIS Docker 5.29, cgroups(7)" },
};
/* clang-format on */

const struct source *source_worker_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
