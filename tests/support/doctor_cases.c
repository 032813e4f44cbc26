/*
 * Ways to spoil a good host, and what must be noticed of each. The engine, the kernel, places.
 */
#include "doctor_fixture.h"

#include <errno.h>
#include <stddef.h>

#include "base/mem.h"

static void spoil_no_limits(struct doctor_fixture *x)
{
	x->engine.memory_limit = x->engine.swap_limit = false;
}

static void spoil_no_seccomp(struct doctor_fixture *x)
{
	strlist_free(&x->engine.security_options);
}

static void spoil_seccomp_off_by_default(struct doctor_fixture *x)
{
	strlist_free(&x->engine.security_options);
	strlist_add(&x->engine.security_options, "name=seccomp,profile=unconfined");
}

static void spoil_a_warning(struct doctor_fixture *x)
{
	strlist_add(&x->engine.warnings, "WARNING: no blkio");
}

static void spoil_a_warning_that_is_more(struct doctor_fixture *x)
{
	strlist_add(&x->engine.warnings, "DOCKER_INSECURE_NO_IPTABLES_RAW is set");
}

static void spoil_swarm(struct doctor_fixture *x)
{
	mem_replace(&x->engine.swarm_state, "active");
}

static void spoil_swarm_with_old_networks(struct doctor_fixture *x)
{
	mem_replace(&x->engine.swarm_state, "active");
	fixture_component(x, "Engine", "29.9.2");
}

static void spoil_swarm_unknown(struct doctor_fixture *x)
{
	mem_replace(&x->engine.swarm_state, "");
}

static void spoil_an_insecure_registry(struct doctor_fixture *x)
{
	strlist_add(&x->engine.insecure_registries, "10.0.0.0/8");
}

static void spoil_endless_logs(struct doctor_fixture *x)
{
	mem_replace(&x->engine.logging_driver, "json-file");
}

static void spoil_no_firewall(struct doctor_fixture *x)
{
	x->daemon.iptables = false;
}

static void spoil_direct_routing(struct doctor_fixture *x)
{
	x->daemon.direct_routing = true;
}

static void spoil_weak_defaults(struct doctor_fixture *x)
{
	x->daemon.icc = true;
}

static void spoil_raw_table_off(struct doctor_fixture *x)
{
	strmap_set(&x->host.engine.env, "DOCKER_INSECURE_NO_IPTABLES_RAW", "1");
}

static void spoil_no_live_restore(struct doctor_fixture *x)
{
	x->engine.live_restore = false;
}

static void spoil_the_api_in_the_clear(struct doctor_fixture *x)
{
	x->host.ports[x->host.port_count++] = (struct host_port){ "0.0.0.0", 2375, false };
}

static void spoil_the_api_on_loopback(struct doctor_fixture *x)
{
	x->host.ports[x->host.port_count++] = (struct host_port){ "127.0.0.1", 2375, false };
}

static void spoil_the_api_without_certificates(struct doctor_fixture *x)
{
	x->host.ports[x->host.port_count++] = (struct host_port){ "0.0.0.0", 2376, false };
}

static void spoil_the_api_with_who_knows_what(struct doctor_fixture *x)
{
	spoil_the_api_without_certificates(x);
	x->in.daemon = NULL;
	x->in.daemon_error = "gone";
}

static void spoil_the_api_on_a_port_of_its_own(struct doctor_fixture *x)
{
	strlist_add(&x->daemon.hosts, "tcp://0.0.0.0:4243");
}

static void spoil_ports_unknown(struct doctor_fixture *x)
{
	x->host.ports_known = false;
}

static void spoil_a_socket_for_everybody(struct doctor_fixture *x)
{
	x->host.socket.mode = 0666;
}

static void spoil_a_socket_of_somebody(struct doctor_fixture *x)
{
	x->host.socket.uid = 7;
}

static void spoil_a_member_of_the_group(struct doctor_fixture *x)
{
	strlist_add(&x->host.socket_members, "alice");
}

static void spoil_groups_unknown(struct doctor_fixture *x)
{
	x->host.members_known = false;
}

static void spoil_an_ancient_kernel(struct doctor_fixture *x)
{
	mem_replace(&x->host.release, "5.4.0");
}

static void spoil_openvswitch_on_request(struct doctor_fixture *x)
{
	x->host.modules[HOST_MODULE_OPENVSWITCH] = MODULE_AVAILABLE;
}

static void spoil_core_files_to_a_program(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.core_pattern", "|/usr/share/apport/apport %p");
}

static void spoil_loopback_let_in(struct doctor_fixture *x)
{
	strlist_add(&x->host.route_localnet, "eth0");
}

static void spoil_cgroup_v1(struct doctor_fixture *x)
{
	x->host.cgroup_version = 1;
}

static void spoil_no_controllers(struct doctor_fixture *x)
{
	strlist_free(&x->host.controllers);
}

static void spoil_no_security_module(struct doctor_fixture *x)
{
	mem_replace(&x->host.lsm, "capability");
}

static void spoil_selinux_that_only_talks(struct doctor_fixture *x)
{
	mem_replace(&x->host.lsm, "selinux");
	x->host.selinux_enforcing = 0;
}

static void spoil_apparmor_without_the_profile(struct doctor_fixture *x)
{
	x->host.apparmor_profile = 0;
}

static void spoil_ksm(struct doctor_fixture *x)
{
	mem_replace(&x->host.ksm, "1");
}

static void spoil_ksm_unknown(struct doctor_fixture *x)
{
	x->host.ksm_known = false;
}

static void spoil_swap_in_the_clear(struct doctor_fixture *x)
{
	strlist_add(&x->host.swaps, "/dev/sda2");
	strlist_add(&x->host.clear_swaps, "/dev/sda2");
}

static void spoil_smt(struct doctor_fixture *x)
{
	mem_replace(&x->host.cpu.smt, "on");
}

static void spoil_a_cpu_with_flaws(struct doctor_fixture *x)
{
	mem_replace(&x->host.cpu.vulnerabilities[0].value, "Vulnerable: no microcode");
}

static void spoil_nested_machines_nobody_in_them(struct doctor_fixture *x)
{
	mem_replace(&x->host.cpu.nested[0], "Y");
}

static void spoil_a_clock_of_its_own(struct doctor_fixture *x)
{
	x->host.clock_synced = 0;
}

static void spoil_no_entropy(struct doctor_fixture *x)
{
	x->host.entropy_ready = 0;
}

static void spoil_state_that_others_read(struct doctor_fixture *x)
{
	x->host.folders[3].mode = 0755;
}

static void spoil_state_of_somebody(struct doctor_fixture *x)
{
	x->host.folders[4].uid = 7;
}

static void spoil_state_behind_a_link(struct doctor_fixture *x)
{
	x->host.folders[4].is_link = true;
}

static void spoil_state_not_to_be_seen(struct doctor_fixture *x)
{
	x->host.folders[4].exists = false;
	x->host.folders[4].sys_errno = EACCES;
}

static void spoil_open_folders_of_containerd(struct doctor_fixture *x)
{
	x->host.folders[8].mode = 0711;
}

static void spoil_open_data_of_the_engine(struct doctor_fixture *x)
{
	x->host.folders[7].mode = 0755;
}

static void spoil_data_beside_the_system(struct doctor_fixture *x)
{
	x->host.disks[1].is_root = true;
}

static void spoil_a_full_disk(struct doctor_fixture *x)
{
	x->host.disks[0].free = 10;
}

static void spoil_a_disk_that_fills(struct doctor_fixture *x)
{
	x->host.disks[1].free = 100;
}

static void spoil_more_promised_than_there_is(struct doctor_fixture *x)
{
	x->in.promised = 501;
}

static void spoil_no_inodes(struct doctor_fixture *x)
{
	x->host.disks[0].inodes_free = 1;
}

static const struct doctor_case host[] = {
	{ "no limits", spoil_no_limits, "fail engine.limits" },
	{ "no seccomp", spoil_no_seccomp, "fail engine.seccomp" },
	{ "seccomp off by default", spoil_seccomp_off_by_default, "fail engine.seccomp" },
	{ "a warning", spoil_a_warning, "warn engine.warnings" },
	{ "a warning that is more", spoil_a_warning_that_is_more, "fail engine.warnings" },
	{ "Swarm", spoil_swarm, "warn engine.swarm" },
	{ "Swarm with old networks", spoil_swarm_with_old_networks,
	  "warn engine.swarm, fail engine.overlay" },
	{ "Swarm unknown", spoil_swarm_unknown, "inconclusive engine.swarm" },
	{ "an insecure registry", spoil_an_insecure_registry, "warn engine.registries" },
	{ "endless logs", spoil_endless_logs, "warn engine.logs" },
	{ "no firewall", spoil_no_firewall, "fail engine.firewall" },
	{ "direct routing", spoil_direct_routing, "fail engine.firewall" },
	{ "weak defaults", spoil_weak_defaults, "warn engine.defaults" },
	{ "raw table off", spoil_raw_table_off, "fail engine.environment" },
	{ "no live restore", spoil_no_live_restore, "warn engine.live-restore" },
	{ "the API in the clear", spoil_the_api_in_the_clear, "fail engine.tcp" },
	{ "the API on loopback", spoil_the_api_on_loopback, "fail engine.tcp" },
	{ "the API without certificates", spoil_the_api_without_certificates, "fail engine.tcp" },
	{ "the API with who knows what", spoil_the_api_with_who_knows_what,
	  "inconclusive engine.logs, inconclusive engine.firewall, inconclusive engine.defaults, "
	  "inconclusive engine.tcp" },
	{ "the API on a port of its own", spoil_the_api_on_a_port_of_its_own, "fail engine.tcp" },
	{ "ports unknown", spoil_ports_unknown, "inconclusive engine.tcp" },
	{ "a socket for everybody", spoil_a_socket_for_everybody, "fail engine.socket" },
	{ "a socket of somebody", spoil_a_socket_of_somebody, "fail engine.socket" },
	{ "a member of the group", spoil_a_member_of_the_group, "warn engine.group" },
	{ "groups unknown", spoil_groups_unknown, "inconclusive engine.group" },
	{ "an ancient kernel", spoil_an_ancient_kernel,
	  "fail kernel.minimum, fail kernel.page-cache, fail kernel.futex" },
	{ "openvswitch on request", spoil_openvswitch_on_request, "warn kernel.openvswitch" },
	{ "core files to a program", spoil_core_files_to_a_program, "warn kernel.core-pattern" },
	{ "loopback let in", spoil_loopback_let_in, "warn kernel.route-localnet" },
	{ "cgroup v1", spoil_cgroup_v1, "warn cgroup.version, fail cgroup.controllers" },
	{ "no controllers", spoil_no_controllers, "inconclusive cgroup.controllers" },
	{ "no security module", spoil_no_security_module, "warn lsm" },
	{ "SELinux that only talks", spoil_selinux_that_only_talks, "warn lsm" },
	{ "AppArmor without the profile", spoil_apparmor_without_the_profile, "warn lsm" },
	{ "KSM", spoil_ksm, "warn memory.ksm" },
	{ "KSM unknown", spoil_ksm_unknown, "inconclusive memory.ksm" },
	{ "swap in the clear", spoil_swap_in_the_clear, "warn memory.swap" },
	{ "SMT", spoil_smt, "warn cpu.smt" },
	{ "a CPU with flaws", spoil_a_cpu_with_flaws, "warn cpu.vulnerabilities" },
	{ "nested machines, nobody in them", spoil_nested_machines_nobody_in_them, "" },
	{ "a clock of its own", spoil_a_clock_of_its_own, "warn clock" },
	{ "no entropy", spoil_no_entropy, "fail entropy" },
	{ "state that others read", spoil_state_that_others_read, "fail state.folders" },
	{ "state of somebody", spoil_state_of_somebody, "fail state.folders" },
	{ "state behind a link", spoil_state_behind_a_link, "fail state.folders" },
	{ "state not to be seen", spoil_state_not_to_be_seen, "inconclusive state.folders" },
	{ "open folders of containerd", spoil_open_folders_of_containerd,
	  "warn containerd.folders" },
	{ "open data of the engine", spoil_open_data_of_the_engine, "warn disk.data-root" },
	{ "data beside the system", spoil_data_beside_the_system, "warn disk.data-root" },
	{ "a full disk", spoil_a_full_disk, "fail disk.bytes" },
	{ "a disk that fills", spoil_a_disk_that_fills, "warn disk.bytes" },
	{ "more promised than there is", spoil_more_promised_than_there_is, "warn disk.bytes" },
	{ "no inodes", spoil_no_inodes, "warn disk.inodes" },
};

const struct doctor_case *doctor_cases_host(size_t *out_count)
{
	*out_count = ARRAY_SIZE(host);
	return host;
}
