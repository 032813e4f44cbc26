/* Checks of the network, the gateway and the engine's objects. */
#include "source_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct source table[] = {
	{ "net.interface", "CIS Docker 5.30, CIS Docker 5.10, network_namespaces(7)" },
	{ "net.route", "gh-aw-firewall, kube-hunter, rtnetlink(7)" },
	{ "net.ipv6", "CVE-2024-32473, gh-aw-firewall" },
	{ "net.bridge.address", "Docker Engine 28, deepce, kube-hunter" },
	{ "net.bridge.broadcast", "docs.kernel.org/networking/ip-sysctl, RFC 3704" },
	{ "net.subnet.unique", "Cyclonus, docs.docker.com/engine/network/drivers/bridge" },
	{ "net.host.tcp", "Docker Engine 28, gh-aw-firewall, deepce" },
	{ "net.host.udp", "Docker Engine 28, gh-aw-firewall" },
	{ "net.sibling.tcp", "Cyclonus, kube-hunter, CIS Docker 5.30" },
	{ "net.sibling.udp", "Cyclonus, kube-hunter" },
	{ "net.sibling.dns", "CDK, BOtB" },
	{ "net.published", "moby #45610, Docker Engine 28, CIS Docker 5.14" },
	{ "net.metadata", "CDK, BOtB, kube-hunter, CWE-918" },
	{ "net.internet.tcp", "gh-aw-firewall" },
	{ "net.internet.udp", "gh-aw-firewall" },
	{ "net.dns.embedded", "CVE-2024-29018" },
	{ "net.dns.gateway", "CVE-2024-29018, gh-aw-firewall" },
	{ "net.gateway.control", "Cyclonus" },
	{ "net.gateway.ports", "deepce, CIS Docker 5.9" },
	{ "route.control", "Cyclonus" },
	{ "route.refused", "CWE-444, RFC 9112, agent-vault" },
	{ "route.target", "CWE-918, gh-aw-firewall, agent-vault" },
	{ "route.peer", "Cyclonus, agent-vault" },
	{ "gateway.caps", "CIS Docker 5.4, capabilities(7)" },
	{ "gateway.no_new_privs", "CIS Docker 5.26, docs.kernel.org/userspace-api/no_new_privs" },
	{ "gateway.seccomp", "CIS Docker 5.22, CVE-2026-31431, seccomp(2)" },
	{ "gateway.uid", "CIS Docker 4.1, credentials(7)" },
	{ "gateway.ip_forward", "gh-aw-firewall, docs.kernel.org/networking/ip-sysctl" },
	{ "gateway.readonly", "CIS Docker 5.13" },
	{ "gateway.admin", "deepce, CIS Docker 5.7, CIS Docker 5.9" },
	{ "gateway.peers", "CIS Docker 5.30, CVE-2025-54410, CVE-2025-54388" },
	{ "gateway.files", "CWE-353, CWE-1188" },
	{ "gateway.generation", "CWE-672" },
	{ "gateway.keys.private", "CWE-732, CWE-522" },
	{ "gateway.listen", "CIS Docker 5.8, CIS Docker 5.14, Docker Engine 28" },
	{ "config.drift.gateway", "CIS Docker 5.4, CWE-1188" },
	{ "config.network", "CIS Docker 5.30, Docker Engine 28" },
	{ "config.network.members", "Cyclonus, CIS Docker 5.30" },
	{ "config.egress", "CIS Docker 2.2, Cyclonus" },
};
/* clang-format on */

const struct source *source_network_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
