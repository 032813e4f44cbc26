/* Checks of what a twin of the worker can do, from inside. */
#include "source_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct source table[] = {
	{ "twin.control", "CWE-693, gh-aw-firewall" },
	{ "twin.root", "CIS Docker 5.13, CVE-2019-5736" },
	{ "twin.noexec", "CIS Docker 5.13, memfd_create(2), mount(8)" },
	{ "twin.settings", "CDK, deepce, CVE-2022-0492, CVE-2025-52881" },
	{ "twin.masked", "CVE-2025-31133, moby #49560, CDK" },
	{ "twin.devices", "CIS Docker 5.18, CVE-2026-96812, CDK" },
	{ "twin.handles", "CDK, open_by_handle_at(2)" },
	{ "twin.credentials", "deepce, BOtB, CDK, CIS Docker 5.6" },
	{ "twin.engine", "CIS Docker 5.32, amicontained, deepce, CDK, BOtB, kube-hunter" },
	{ "twin.mount", "CDK, mount(2), mount_setattr(2)" },
	{ "twin.namespace", "CVE-2022-0492, CDK, user_namespaces(7)" },
	{ "twin.kernel", "amicontained, CDK, CVE-2026-43499, seccomp(2)" },
	{ "twin.keyring", "BOtB, keyrings(7), user-session-keyring(7)" },
	{ "twin.memory", "CDK, ptrace(2), process_vm_readv(2)" },
	{ "twin.identity", "CIS Docker 5.4, CIS Docker 5.26, amicontained, capabilities(7)" },
	{ "twin.limits", "CIS Docker 5.19, sched(7), getrlimit(2)" },
	{ "twin.processes", "CVE-2024-21626, BOtB, CDK, CIS Docker 5.16" },
	{ "twin.ipc", "CIS Docker 5.17, ipc_namespaces(7)" },
	{ "twin.sockets", "CVE-2020-15257, CDK, unix(7)" },
	{ "twin.net.family", "CVE-2026-31431, CVE-2026-43500, gh-aw-firewall, address_families(7)" },
	{ "twin.net.change", "kube-hunter, rtnetlink(7), netdevice(7)" },
	{ "twin.net.dns", "CVE-2024-29018, gh-aw-firewall, RFC 1035" },
	{ "twin.net.reach", "gh-aw-firewall, kube-hunter, BOtB, CVE-2024-32473" },
	{ "twin.names", "CDK, uts_namespaces(7)" },
	{ "twin.syscalls", "amicontained, Firecracker, seccomp(2)" },
};
/* clang-format on */

const struct source *source_twin_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
