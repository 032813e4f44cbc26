/* Checks of the host. Rules about releases that fix published flaws name these themselves. */
#include "source_tables.h"

#include "base/compiler.h"

#define SYSCTL_KERNEL "docs.kernel.org/admin-guide/sysctl/kernel"
#define SYSCTL_FS "docs.kernel.org/admin-guide/sysctl/fs"

/* clang-format off */
static const struct source table[] = {
	{ "doctor.engine.answers", "CWE-636" },
	{ "doctor.engine.limits", "CIS Docker 5.11, CIS Docker 5.12, CIS Docker 5.29, cgroups(7)" },
	{ "doctor.engine.seccomp", "CIS Docker 5.22, docs.docker.com/engine/security/seccomp" },
	{ "doctor.engine.userns", "CIS Docker 2.9, docs.docker.com/engine/security/userns-remap" },
	{ "doctor.engine.warnings", "docs.docker.com/reference/cli/docker/system/info" },
	{ "doctor.engine.swarm", "CIS Docker 5.1, CVE-2026-92542, CVE-2026-115538" },
	{ "doctor.engine.registries", "CIS Docker 2.5" },
	{ "doctor.engine.logs", "docs.docker.com/engine/logging/configure, CWE-770" },
	{ "doctor.engine.firewall", "CIS Docker 2.4, Docker Engine 28" },
	{ "doctor.engine.defaults", "CIS Docker 2.2, CIS Docker 2.8, CIS Docker 2.14" },
	{ "doctor.engine.environment", "Docker Engine 28, moby #45610" },
	{ "doctor.engine.live-restore", "CIS Docker 2.15" },
	{ "doctor.engine.tcp", "CIS Docker 2.7, CDK, deepce" },
	{ "doctor.engine.socket", "CIS Docker 3.15, CIS Docker 3.16" },
	{ "doctor.engine.group", "CIS Docker 1.1.2, deepce" },
	{ "doctor.engine.published", "moby #45610, Docker Engine 28" },
	{ "doctor.engine.isolated", "Docker Engine 28" },
	{ "doctor.engine.af-alg", "Docker Engine 29, CVE-2026-31431" },
	{ "doctor.engine.io-uring", "Docker Engine 25.0" },
	{ "doctor.engine.masks", "moby #49560, Docker Engine 28" },
	{ "doctor.engine.http2", "Docker Engine 29" },
	{ "doctor.runtime.default", "gvisor.dev/user_guide/quick_start/docker" },
	{ "doctor.runtime.gvisor", "gvisor.dev/architecture_guide/security, gvisor.dev/user_guide/networking" },
	{ "doctor.runtime.gvisor-seccomp", "CIS Docker 5.22, gvisor.dev/architecture_guide/security" },
	{ "doctor.runtime.gvisor-release", "CVE-2026-96812" },
	{ "doctor.runtime.kata", "CVE-2026-47243, CVE-2026-50540, CVE-2026-24054" },
	{ "doctor.containers.privileged", "CIS Docker 5.5, CIS Docker 5.4, CIS Docker 5.32" },
	{ "doctor.containers.namespaces", "CIS Docker 5.10, CIS Docker 5.16, CIS Docker 5.17" },
	{ "doctor.containers.tenants", "CIS Docker 5.6, Cyclonus" },
	{ "doctor.containers.layers", "CVE-2026-31431, CVE-2022-0847" },
	{ "doctor.kernel.minimum", "openat2(2), pidfd_open(2), ptrace(2)" },
	{ "doctor.kernel.openvswitch", "CVE-2026-89487" },
	{ "doctor.kernel.core-pattern", "CWE-528, core(5)" },
	{ "doctor.kernel.route-localnet", "CVE-2020-8558, CDK, docs.kernel.org/networking/ip-sysctl" },
	{ "doctor.kernel.nested-kvm", "CVE-2026-53359" },
	{ "doctor.cgroup.version", "docs.docker.com/engine/containers/runmetrics, cgroups(7)" },
	{ "doctor.cgroup.controllers", "docs.kernel.org/admin-guide/cgroup-v2, cgroups(7)" },
	{ "doctor.lsm", "CIS Docker 5.2, CIS Docker 5.3" },
	{ "doctor.memory.ksm", "Firecracker, docs.kernel.org/admin-guide/mm/ksm" },
	{ "doctor.memory.swap", "Firecracker" },
	{ "doctor.cpu.smt", "Firecracker, docs.kernel.org/admin-guide/hw-vuln/core-scheduling" },
	{ "doctor.cpu.vulnerabilities", "Firecracker, docs.kernel.org/admin-guide/hw-vuln/index" },
	{ "doctor.clock", "adjtimex(2)" },
	{ "doctor.entropy", "CWE-331, getrandom(2)" },
	{ "doctor.state.folders", "CWE-732" },
	{ "doctor.containerd.folders", "CVE-2024-25621" },
	{ "doctor.disk.data-root", "CIS Docker 1.1.1" },
	{ "doctor.disk.bytes", "CWE-770" },
	{ "doctor.disk.inodes", "CWE-770" },
	{ "doctor.net.bridge-filter", "docs.docker.com/engine/network/packet-filtering-firewalls, CIS Docker 2.2" },
	{ "doctor.net.forward", "docs.docker.com/engine/network/packet-filtering-firewalls, iptables(8)" },
	{ "doctor.net.user-rules", "docs.docker.com/engine/network/packet-filtering-firewalls, iptables(8)" },
	{ "doctor.net.isolation", "CVE-2025-54410, docs.docker.com/engine/network/packet-filtering-firewalls" },
	{ "doctor.net.pool", "docs.docker.com/engine/network/drivers/bridge" },
	{ "doctor.net.routes", "docs.docker.com/engine/network/drivers/bridge" },
	{ "doctor.sysctl.dmesg_restrict", SYSCTL_KERNEL },
	{ "doctor.sysctl.kptr_restrict", SYSCTL_KERNEL },
	{ "doctor.sysctl.ptrace_scope", "docs.kernel.org/admin-guide/LSM/Yama, CDK, ptrace(2)" },
	{ "doctor.sysctl.unprivileged_bpf", SYSCTL_KERNEL },
	{ "doctor.sysctl.perf_event", SYSCTL_KERNEL },
	{ "doctor.sysctl.io_uring", SYSCTL_KERNEL },
	{ "doctor.sysctl.randomize", SYSCTL_KERNEL },
	{ "doctor.sysctl.protected_symlinks", SYSCTL_FS ", CWE-59" },
	{ "doctor.sysctl.protected_hardlinks", SYSCTL_FS ", CWE-59" },
	{ "doctor.sysctl.protected_fifos", SYSCTL_FS },
	{ "doctor.sysctl.protected_regular", SYSCTL_FS },
	{ "doctor.sysctl.suid_dumpable", SYSCTL_FS ", core(5)" },
	{ "doctor.sysctl.tiocsti", "docs.kernel.org/admin-guide/sysctl/index, ioctl_tty(2)" },
};
/* clang-format on */

const struct source *source_host_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
