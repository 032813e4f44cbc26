/*
 * The catalogue of checks of the host, and what they share. Ids are stable, like those
 * of verify. Two more tables belong to it: sysctls and versions.
 */
#include "domain/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

/* clang-format off */
static const struct doctor_check table[] = {
	{ "doctor.engine.answers", "the engine answers on its socket",
	  "start the engine (systemctl start docker), or name its socket with --socket",
	  GROUP_CONFIG, SEVERITY_HIGH, judge_engine_answers },
	{ "doctor.engine.limits", "the engine can enforce limits of memory, swap, processes and CPU",
	  "turn on the missing cgroup controllers (swapaccount=1 for swap)",
	  GROUP_RESOURCE, SEVERITY_HIGH, judge_engine_limits },
	{ "doctor.engine.seccomp", "containers get a seccomp filter unless they ask for none",
	  "remove seccomp-profile from the engine's configuration, or use a kernel with seccomp",
	  GROUP_HOST, SEVERITY_HIGH, judge_engine_seccomp },
	{ "doctor.engine.userns", "root in a container is not root of the host",
	  "set userns-remap when nothing else on this engine needs root",
	  GROUP_HOST, SEVERITY_LOW, judge_engine_userns },
	{ "doctor.engine.warnings", "the engine warns of nothing",
	  "do what the warning says, or accept it knowingly",
	  GROUP_CONFIG, SEVERITY_MEDIUM, judge_engine_warnings },
	{ "doctor.engine.swarm", "the engine is not part of a Swarm",
	  "docker swarm leave",
	  GROUP_NETWORK, SEVERITY_MEDIUM, judge_engine_swarm },
	{ "doctor.engine.registries", "no registry but loopback is trusted without TLS",
	  "remove insecure-registries from the engine's configuration",
	  GROUP_CONFIG, SEVERITY_MEDIUM, judge_engine_registries },
	{ "doctor.engine.logs", "logs of containers that set no limit are bounded",
	  "set log-driver local, or log-opts max-size and max-file, in the engine's configuration",
	  GROUP_RESOURCE, SEVERITY_MEDIUM, judge_engine_logs },
	{ "doctor.engine.firewall", "the engine keeps its firewall rules",
	  "remove iptables, ip6tables and allow-direct-routing from the engine's configuration",
	  GROUP_NETWORK, SEVERITY_CRITICAL, judge_engine_firewall },
	{ "doctor.engine.defaults", "containers of others are held by safe defaults, too",
	  "set no-new-privileges, icc: false and default-ulimits in the engine's configuration",
	  GROUP_CONFIG, SEVERITY_LOW, judge_engine_defaults },
	{ "doctor.engine.environment", "no variable weakens the engine's firewall",
	  "remove DOCKER_INSECURE_NO_IPTABLES_RAW from the engine's service and restart it",
	  GROUP_NETWORK, SEVERITY_CRITICAL, judge_engine_environment },
	{ "doctor.engine.live-restore", "tenants live on while the engine restarts",
	  "set live-restore in the engine's configuration, or restart it when nobody works",
	  GROUP_CONFIG, SEVERITY_LOW, judge_engine_live_restore },
	{ "doctor.engine.tcp", "the engine answers nobody over the network",
	  "remove -H tcp://, or ask for client certificates (tlsverify)",
	  GROUP_NETWORK, SEVERITY_CRITICAL, judge_engine_tcp },
	{ "doctor.engine.socket", "only root and one group may open the engine's socket",
	  "chown root:docker and chmod 0660 the socket; mend the unit that makes it",
	  GROUP_HOST, SEVERITY_CRITICAL, judge_engine_socket },
	{ "doctor.engine.group", "nobody is root through the engine's socket by accident",
	  "gpasswd -d NAME GROUP for everybody who need not be root",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_engine_group },
	{ "doctor.runtime.default", "the default runtime is one that tenantctl knows",
	  "set default-runtime to runc in the engine's configuration",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_runtime_default },
	{ "doctor.runtime.gvisor", "gVisor is registered without an argument that opens its sandbox",
	  "remove the argument from runtimeArgs of the engine's configuration and reload it",
	  GROUP_HOST, SEVERITY_CRITICAL, judge_runtime_gvisor },
	{ "doctor.runtime.gvisor-seccomp", "gVisor applies the tenant's seccomp profile",
	  "add --oci-seccomp to runtimeArgs of the engine's configuration and reload it",
	  GROUP_HOST, SEVERITY_HIGH, judge_runtime_gvisor_seccomp },
	{ "doctor.runtime.gvisor-release", "gVisor is a release without known ways out",
	  "update gVisor to release-20260817 or newer (CVE-2026-96812), and at least twice a year",
	  GROUP_HOST, SEVERITY_HIGH, judge_runtime_gvisor_release },
	{ "doctor.runtime.kata", "Kata is a release without known ways out",
	  "update Kata to 3.31.0 or newer (CVE-2026-47243), better 4.3.0",
	  GROUP_HOST, SEVERITY_HIGH, judge_runtime_kata },
	{ "doctor.containers.privileged", "no other container on this host is as good as root",
	  "run it without --privileged, the engine's socket and added capabilities, or elsewhere",
	  GROUP_HOST, SEVERITY_HIGH, judge_foreign_privileged },
	{ "doctor.containers.namespaces", "no other container shares namespaces of the host",
	  "run it without --pid, --network and --ipc host, or elsewhere",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_foreign_namespaces },
	{ "doctor.containers.tenants", "no other container sees what is a tenant's",
	  "disconnect it from the network, take the mount away",
	  GROUP_INJECTION, SEVERITY_CRITICAL, judge_foreign_tenants },
	{ "doctor.containers.layers", "gateways share no file with other containers",
	  "make the other image from other layers: a flaw of the page cache writes through them",
	  GROUP_CREDENTIAL, SEVERITY_HIGH, judge_foreign_layers },
	{ "doctor.kernel.minimum", "the kernel has what tenantctl relies on",
	  "use Linux 5.8 or newer",
	  GROUP_HOST, SEVERITY_HIGH, judge_kernel_minimum },
	{ "doctor.kernel.openvswitch", "the kernel cannot load openvswitch (CVE-2026-89487)",
	  "echo install openvswitch /bin/false >/etc/modprobe.d/no-openvswitch.conf",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_kernel_openvswitch },
	{ "doctor.kernel.core-pattern", "core files go nowhere that runs in the host's context",
	  "sysctl kernel.core_pattern=core, or a handler that you trust with hostile input",
	  GROUP_CREDENTIAL, SEVERITY_LOW, judge_kernel_core_pattern },
	{ "doctor.kernel.route-localnet", "the host's loopback addresses are reached from nowhere else",
	  "sysctl net.ipv4.conf.INTERFACE.route_localnet=0",
	  GROUP_NETWORK, SEVERITY_HIGH, judge_kernel_route_localnet },
	{ "doctor.kernel.nested-kvm", "guests cannot be hosts (CVE-2026-53359)",
	  "echo options kvm_intel nested=0 >/etc/modprobe.d/kvm.conf (kvm_amd likewise)",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_nested },
	{ "doctor.cgroup.version", "the host uses cgroup v2",
	  "boot with systemd.unified_cgroup_hierarchy=1",
	  GROUP_RESOURCE, SEVERITY_LOW, judge_cgroup_version },
	{ "doctor.cgroup.controllers", "the kernel limits memory, processes, CPU and input/output",
	  "boot with cgroup_enable=memory, or delegate the controllers from the root group",
	  GROUP_RESOURCE, SEVERITY_HIGH, judge_cgroup_controllers },
	{ "doctor.lsm", "AppArmor or SELinux confines containers",
	  "turn it on; until then seccomp and capabilities stand alone",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_lsm },
	{ "doctor.memory.ksm", "equal pages of two tenants are not merged",
	  "echo 2 >/sys/kernel/mm/ksm/run, and keep ksmd or ksmtuned from starting",
	  GROUP_INJECTION, SEVERITY_MEDIUM, judge_ksm },
	{ "doctor.memory.swap", "memory of tenants does not end on a disk in the clear",
	  "swapoff -a, or swap on an encrypted device",
	  GROUP_CREDENTIAL, SEVERITY_LOW, judge_swap },
	{ "doctor.cpu.smt", "two tenants never share a core at the same time",
	  "boot with nosmt where tenants may attack each other through the CPU",
	  GROUP_INJECTION, SEVERITY_LOW, judge_smt },
	{ "doctor.cpu.vulnerabilities", "known flaws of the CPU are mitigated",
	  "update microcode and kernel; remove mitigations=off",
	  GROUP_INJECTION, SEVERITY_MEDIUM, judge_cpu },
	{ "doctor.clock", "the clock is synchronised",
	  "run chrony or systemd-timesyncd; entries that expire and certificates rely on it",
	  GROUP_CONFIG, SEVERITY_LOW, judge_clock },
	{ "doctor.entropy", "the random generator is ready",
	  "wait, or load virtio_rng; names and tokens are made from it",
	  GROUP_CREDENTIAL, SEVERITY_HIGH, judge_entropy },
	{ "doctor.state.folders", "state of tenants is root's alone",
	  "tenantctl doctor --fix, or chmod as shown",
	  GROUP_CREDENTIAL, SEVERITY_CRITICAL, judge_places },
	{ "doctor.containerd.folders", "nobody but root enters the runtime's folders (CVE-2024-25621)",
	  "chmod 0700 /var/lib/containerd and 0711 /run/containerd",
	  GROUP_HOST, SEVERITY_MEDIUM, judge_containerd_folders },
	{ "doctor.disk.data-root", "the engine's data is closed, and fills no disk of the host",
	  "chmod 0710 the folder; give it a partition of its own",
	  GROUP_RESOURCE, SEVERITY_LOW, judge_data_root },
	{ "doctor.disk.bytes", "the disks have room for what tenants were promised",
	  "make room, or move the engine's data and /srv/tenants to a larger disk",
	  GROUP_RESOURCE, SEVERITY_HIGH, judge_disk_bytes },
	{ "doctor.disk.inodes", "the disks have room for files",
	  "remove images and files that nobody needs, or use a file system with more inodes",
	  GROUP_RESOURCE, SEVERITY_MEDIUM, judge_disk_inodes },
	{ "doctor.net.bridge-filter", "traffic inside a bridge passes the engine's firewall",
	  "modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables=1",
	  GROUP_NETWORK, SEVERITY_HIGH, judge_bridge_filter },
	{ "doctor.net.forward", "what no rule allows is not forwarded to tenants",
	  "iptables -P FORWARD DROP, and let what sets it otherwise keep it",
	  GROUP_NETWORK, SEVERITY_HIGH, judge_firewall_forward },
	{ "doctor.net.user-rules", "no rule of the host lets traffic past the engine's rules",
	  "iptables -D the rule; let it name who may reach whom",
	  GROUP_NETWORK, SEVERITY_CRITICAL, judge_firewall_early },
	{ "doctor.net.isolation", "the engine's rules for each tenant's bridge are there",
	  "restart the engine: it writes its rules again; let nothing else flush them",
	  GROUP_NETWORK, SEVERITY_CRITICAL, judge_firewall_isolation },
	{ "doctor.net.pool", "there are addresses for more tenants",
	  "set a larger pool and egress_subnet in tenantctl.yaml; tenants keep what they have",
	  GROUP_CONFIG, SEVERITY_MEDIUM, judge_pool_free },
	{ "doctor.net.routes", "nothing else on this host uses tenants' addresses",
	  "set another pool or egress_subnet in tenantctl.yaml, or move the other network",
	  GROUP_NETWORK, SEVERITY_HIGH, judge_pool_routes },
};
/* clang-format on */

bool have_engine(const struct doctor_input *in, struct finding *f)
{
	if (in->engine && in->version)
		return true;
	judge_unknown(f, "the engine could not be asked: %s", or_none(in->engine_error));
	return false;
}

bool have_daemon(const struct doctor_input *in, struct finding *f)
{
	if (in->daemon)
		return true;
	judge_unknown(f, "the engine's configuration could not be read: %s",
		      or_none(in->daemon_error));
	return false;
}

const struct engine_runtime *runtime_like(const struct doctor_input *in, const char *word)
{
	const struct engine_runtime *r = in->engine ? in->engine->runtime_details.items : NULL;

	for (size_t i = 0; r && i < in->engine->runtime_details.count; i++)
		if (strstr(r[i].name, word) || strstr(r[i].path, word) || strstr(r[i].type, word))
			return &r[i];
	return NULL;
}

static size_t entry_count(void)
{
	return ARRAY_SIZE(table) + sysctl_rule_count() + version_rule_count();
}

/* Entry i of all three tables; judges it unless `in` is NULL. */
static void look_at(size_t i, const struct doctor_input *in, struct finding *f)
{
	size_t sysctls = sysctl_rule_count();

	/* A judge that says nothing has shown nothing. */
	*f = (struct finding){ .verdict = VERDICT_INCONCLUSIVE };
	if (i < ARRAY_SIZE(table)) {
		f->id = table[i].id;
		f->title = table[i].title;
		f->remedy = table[i].remedy;
		f->group = table[i].group;
		f->severity = table[i].severity;
		if (in)
			table[i].judge(in, f);
		return;
	}
	i -= ARRAY_SIZE(table);
	if (i < sysctls) {
		sysctl_rule_head(i, f);
		if (in)
			sysctl_rule_judge(i, in, f);
		return;
	}
	version_rule_head(i - sysctls, f);
	if (in)
		version_rule_judge(i - sysctls, in, f);
}

void doctor_catalogue(struct findings *out)
{
	*out = (struct findings){ .items = mem_array(entry_count(), sizeof(*out->items)) };
	for (size_t i = 0; i < entry_count(); i++)
		look_at(i, NULL, &out->items[out->count++]);
}

bool doctor_selects(const struct strlist *only, const char *id)
{
	for (size_t i = 0; only && i < only->count; i++)
		if (strncmp(id, only->items[i], strlen(only->items[i])) == 0)
			return true;
	return !only || only->count == 0;
}

void doctor_run(const struct doctor_input *in, const struct strlist *only, struct findings *out)
{
	struct finding head;

	*out = (struct findings){ .items = mem_array(entry_count(), sizeof(*out->items)) };
	for (size_t i = 0; i < entry_count(); i++) {
		look_at(i, NULL, &head);
		if (doctor_selects(only, head.id))
			look_at(i, in, &out->items[out->count++]);
	}
}

void foreign_free(struct foreign_container *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(items[i].name);
		strlist_free(&items[i].capabilities);
		strlist_free(&items[i].tenant_mounts);
		strlist_free(&items[i].tenant_networks);
	}
	free(items);
}

void used_images_free(struct used_image *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(items[i].name);
		strlist_free(&items[i].layers);
	}
	free(items);
}

void behaviour_free(struct behaviour *b)
{
	strlist_free(&b->failed);
	free(b->oldest);
	*b = (struct behaviour){ 0 };
}
