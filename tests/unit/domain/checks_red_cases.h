/* Ways to spoil one thing of the good tenant, and the checks that have to notice each. */
#ifndef TEST_CHECKS_RED_CASES_H
#define TEST_CHECKS_RED_CASES_H

#include <stdio.h>
#include <string.h>

#include "checks_red_gateway.h"
#include "probe/layers.h"

/* ---- processes ---- */
SPOIL(cap_eff, x->facts.processes[1].status.caps[PROC_CAP_EFF] = 1 << 13;)
SPOIL(cap_prm, x->facts.processes[1].status.caps[PROC_CAP_PRM] = 1;)
SPOIL(cap_inh, x->facts.processes[0].status.caps[PROC_CAP_INH] = 1;)
SPOIL(cap_bnd, x->facts.processes[0].status.caps[PROC_CAP_BND] = UINT64_C(1) << 63;)
SPOIL(cap_amb, x->facts.processes[0].status.caps[PROC_CAP_AMB] = 1;)
SPOIL(nnp, x->facts.processes[1].status.no_new_privs = 0;)
SPOIL(nnp_unknown, x->facts.processes[1].status.no_new_privs = -1;)
SPOIL(threads, x->facts.processes[1].odd_threads = 1;)
SPOIL(cut, x->facts.processes_cut = true;)
SPOIL(lsm, strlist_add(&x->engine.security_options, "name=apparmor");
      strcpy(x->facts.processes[0].lsm_label, "docker-default");
      strcpy(x->facts.processes[1].lsm_label, "unconfined");)
SPOIL(seccomp_off, x->facts.processes[1].status.seccomp = 0;)
SPOIL(seccomp_none, x->facts.filter_count = 0; free(x->facts.filters[0].code);)
SPOIL(seccomp_error, strcpy(x->facts.seccomp_error, "ptrace refused");)
SPOIL(seccomp_expected, x->in.expected_filter = NULL;)
SPOIL(uid_other, x->facts.processes[1].status.uid[1] = 77;)
SPOIL(uid_zero, x->facts.processes[1].status.uid[2] = 0;)
SPOIL(gid_group, x->facts.processes[1].status.groups[0] = 0;)
SPOIL(uid_shared, x->other.gateway_uid = x->allocation.worker_uid;)
SPOIL(uid_outside, strlist_add(&x->facts.uid_elsewhere, "process 12 (bash) of uid 1000");)
SPOIL(uid_unread, x->facts.uid_elsewhere_known = false;)
SPOIL(ns_sibling, x->facts.processes[0].ns[NS_IPC] = x->other_ns[NS_IPC];
      x->facts.processes[1].ns[NS_IPC] = x->other_ns[NS_IPC];)
SPOIL(ns_sibling_unknown, x->sibling.ns = NULL;)
SPOIL(ns_gateway, x->facts.gateway_processes[0].ns[NS_PID] = x->facts.processes[0].ns[NS_PID];)
SPOIL(ns_gateway_host, x->facts.gateway_processes[0].ns[NS_NET] = x->facts.host_ns[NS_NET];)
#define SPOIL_NS(name, kind) SPOIL(name, x->facts.processes[1].ns[kind] = x->facts.host_ns[kind];)
SPOIL_NS(ns_mnt, NS_MNT)
SPOIL_NS(ns_pid, NS_PID)
SPOIL_NS(ns_net, NS_NET)
SPOIL_NS(ns_ipc, NS_IPC)
SPOIL_NS(ns_uts, NS_UTS)
SPOIL_NS(ns_cgroup, NS_CGROUP)
SPOIL(ns_split, x->facts.processes[1].ns[NS_PID].ino = 9;)
SPOIL(ns_unread, x->facts.host_ns[NS_MNT].ino = 0;)

/* ---- file system ---- */
SPOIL(root_rw, mem_replace(&fixture_mount(x, "/")->options, "rw,relatime");)
SPOIL(flag_suid, mem_replace(&fixture_mount(x, "/workspace")->options, "rw,nodev");)
SPOIL(flag_dev, mem_replace(&fixture_mount(x, "/workspace")->options, "rw,nosuid");)
SPOIL(flag_exec, mem_replace(&fixture_mount(x, "/tmp")->options, "rw,nosuid,nodev");)
SPOIL(shared, mem_replace(&fixture_mount(x, "/workspace")->optional, "shared:3");)
SPOIL(unmasked, strlist_add(&x->facts.unmasked_paths, "/proc/kcore");)
SPOIL(proc_sys, mem_replace(&fixture_mount(x, "/proc/sys")->options, "rw,nosuid,nodev,noexec");)
SPOIL(extra_mount, fixture_add_mount(x, "/etc", "/hostetc", "ro", "ext4", "rw");)
SPOIL(proc_fake, fixture_add_mount(x, "/", "/proc/fake", "ro,nosuid,nodev", "ext4", "rw");)
SPOIL(socket, strlist_add(&x->facts.sockets, "/run/docker.sock");)
SPOIL(socket_mounted,
      fixture_add_mount(x, "/docker.sock", "/workspace/agent.sock", "ro", "tmpfs", "rw");)
SPOIL(image_credential,
      image_facts_add(&x->facts.worker_image, IMAGE_CREDENTIAL, 1, "/app/.env", "an OpenAI key");)
SPOIL(image_gateway_credential, image_facts_add(&x->facts.gateway_image, IMAGE_CREDENTIAL, 1,
						"/.netrc", "a password for a server");)
SPOIL(image_device,
      image_facts_add(&x->facts.worker_image, IMAGE_DEVICE, 1, "/dev/cuse", "char 10:203");)
SPOIL(image_place,
      image_facts_add(&x->facts.worker_image, IMAGE_PLACE, 2, "/proc", "a symbolic link to /etc");)
SPOIL(image_user, image_facts_add(&x->facts.worker_image, IMAGE_USER, 0, "4294967296",
				  "is a number that no user has");)
SPOIL(image_setuid,
      image_facts_add(&x->facts.worker_image, IMAGE_SETUID, 1, "/bin/su", "mode 4755");
      x->facts.processes[0].status.no_new_privs = 0;)
SPOIL(image_filecap,
      image_facts_add(&x->facts.gateway_image, IMAGE_FILECAP, 1, "/sbin/haproxy", "capabilities");
      x->facts.gateway_processes[0].status.no_new_privs = 0;)
SPOIL(image_cut, strcpy(x->facts.worker_image.cut, "the walk took too long");)
SPOIL(image_unread, strcpy(x->facts.gateway_image.unread, "layer 1 /x: Input/output error");)
SPOIL(image_unseen, x->facts.worker_image.looked = false;)
SPOIL(cache_altered, strlist_add(&x->facts.cache.altered, "worker /lib/libc.so.6 at 4096");)
SPOIL(source_rw, mem_replace(&fixture_mount(x, "/source/skills")->options, "rw,nosuid,nodev");)
SPOIL(source_gone, mem_replace(&fixture_mount(x, "/source/skills")->target, "/proc/skills");
      mem_replace(&x->facts.mounts.items[12].fstype, "proc");)
SPOIL(quota, x->facts.workspace_bytes = x->spec.resources.workspace + 1;)
SPOIL(quota_unknown, x->facts.workspace_bytes = 0;)
SPOIL(devices, x->worker.spec.device_count = 1;)
SPOIL(devices_seen, strlist_add(&x->facts.devices, "/dev/sda (block 8:0)");)
SPOIL(devices_unread, x->facts.devices_known = false;)
SPOIL(handle, strlist_add(&x->facts.processes[1].handles, "descriptor 7: /etc");)
SPOIL(handle_gateway, strlist_add(&x->facts.gateway_processes[2].handles, "folder /");)
SPOIL(login, strcpy(x->facts.processes[1].status.name, "dropbear");)
SPOIL(nice, x->facts.processes[1].limits[2].hard = 1;)
SPOIL(realtime, x->facts.processes[0].limits[3].hard = UINT64_MAX;)
SPOIL(handle_unread, x->facts.processes[0].handles_unread = true;)
SPOIL(bind, strlist_add(&x->worker.spec.binds, "/:/host");)
SPOIL(mount_swapped,
      mem_replace(&((struct engine_mount *)x->worker.spec.mounts.items)[0].source, "/etc");)

/* ---- places in common with another tenant ---- */
#define OWN(target) fixture_mounted(&x->facts.places, target, false)
#define OTHERS(target) fixture_mounted(&x->other_places, target, false)
SPOIL(place_same, mem_replace(&OWN("/source/skills")->root, "/data");
      OWN("/source/skills")->dev = OTHERS("/workspace")->dev; mount_places_sort(&x->facts.places);)
SPOIL(place_nested, mem_replace(&OWN("/source/skills")->root, "/srv/tenants");)
SPOIL(place_around, OTHERS("/source/skills")->writable = true;
      mem_replace(&OWN("/source/skills")->root, "/srv/shared/skills/calendar");
      OWN("/source/skills")->ino = 51;)
SPOIL(place_root, mem_replace(&OTHERS("/source/skills")->root, "/");)
SPOIL(place_both_write,
      OWN("/source/skills")->writable = OTHERS("/source/skills")->writable = true;)
SPOIL(place_hard_link, OWN("/source/skills")->ino = OTHERS("/var/lib/gateway")->ino;)
SPOIL(place_image, struct mount_place *own = fixture_mounted(&x->facts.places, "/workspace", true);
      own->ino = fixture_mounted(&x->other_places, "/workspace", true)->ino;
      OWN("/workspace")->writable = own->writable = false;)
SPOIL(place_gateway, mem_replace(&OTHERS("/var/lib/gateway")->root, "/srv/shared/skills/x");)
SPOIL(place_unread, strcpy(x->other_places.error, "the mounts can't be read of the worker");)
SPOIL(place_own_unread, strcpy(x->facts.places.error, "the mounts can't be read of the gateway");)
SPOIL(place_not_looked, x->sibling.places = NULL;)

/* ---- limits ---- */
SPOIL(memory, x->facts.cgroup.memory_max = UINT64_MAX;)
SPOIL(memory_more, x->facts.cgroup.memory_max += 4096;)
SPOIL(swap, x->facts.cgroup.memory_swap_max *= 2;)
SPOIL(swap_unknown, x->facts.cgroup.swap_known = false;)
SPOIL(swap_v2, x->facts.cgroup.version = 2;)
SPOIL(pids, x->facts.cgroup.pids_max = UINT64_MAX;)
SPOIL(cpu, x->facts.cgroup.cpu_quota_us = -1;)
SPOIL(cpu_unknown, x->facts.cgroup.cpu_period_us = 0;)
SPOIL(io_read, x->facts.io.rates[1].read = UINT64_MAX;)
SPOIL(io_write, x->facts.io.rates[1].write++;)
SPOIL(io_lower, x->facts.io.rates[1].write--;)
SPOIL(io_device, fixture_mount(x, "/workspace")->minor = 6;)
SPOIL(io_none, x->facts.io = (struct io_facts){ 0 };)
SPOIL(io_ordered, ((struct engine_device_rate *)x->worker.spec.read_rates.items)->rate *= 2;)
SPOIL(nofile, x->facts.processes[1].limits[0].hard = UINT64_MAX;)
SPOIL(core, x->facts.processes[1].limits[1].hard = 1;)
SPOIL(limits_unread, x->facts.processes[1].limit_count = 0;)
SPOIL(shm, mem_replace(&fixture_mount(x, "/dev/shm")->super_options, "rw,size=65540k");)
SPOIL(tmp, mem_replace(&fixture_mount(x, "/tmp")->super_options, "rw");)
SPOIL(oom, x->worker.spec.oom_kill_disable = true;)
SPOIL(log, mem_replace(&x->worker.spec.log_driver, "journald");)
SPOIL(log_size, strmap_set(&x->gateway.spec.log_options, "max-size", "-1");)
SPOIL(gateway_limit, x->facts.gateway_cgroup.pids_max = UINT64_MAX;)
SPOIL(cgroup_unread, x->facts.cgroup.version = 0;)

/* ---- secrets ---- */
#define FAKE_KEY                                                                                   \
	"sk-proj-"                                                                                 \
	"q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"
SPOIL(env_live, strlist_add(&x->facts.processes[1].secret_variables, "OPENAI_API_KEY");)
SPOIL(env_gateway, strlist_add(&x->facts.gateway_processes[0].secret_variables, "KEY");)
SPOIL(env_inspect, strlist_add(&x->worker.spec.env, "OPENAI_API_KEY=" FAKE_KEY);)
SPOIL(label_secret, strmap_set(&x->worker.spec.labels, "note", FAKE_KEY);)

/* ---- network ---- */
SPOIL(second_interface,
      x->facts.interfaces = mem_grow(x->facts.interfaces, 3, sizeof(*x->facts.interfaces));
      x->facts.interfaces[2] = (struct interface_facts){ .name = "eth1", .up = true };
      strlist_add(&x->facts.interfaces[2].addresses, "172.17.0.9/16");
      x->facts.interface_count = 3;)
SPOIL(other_bridge, strcpy(x->facts.interfaces[1].bridge, "docker0");)
SPOIL(default_route, strcpy(x->facts.routes[0].destination, "default");)
SPOIL(ipv6, x->facts.ipv6_disabled = false;)
SPOIL(bridge_address, strlist_add(&x->facts.bridge_addresses, "10.231.0.41/29");)
SPOIL(bridge_broadcast, x->facts.bridge_rp_filter = 0;)
SPOIL(bridge_unseen, x->facts.bridge_rp_filter = -1;)
SPOIL(subnet_shared, mem_replace(&x->other.subnet, x->allocation.subnet);)
/* What engines before 28.0 give every internal network. */
static void give_dead_route(struct fixture *x)
{
	struct route_facts *r;

	x->facts.routes = mem_grow(x->facts.routes, 2, sizeof(*x->facts.routes));
	r = &x->facts.routes[x->facts.route_count++];
	*r = (struct route_facts){ .destination = "default", .interface = "eth0" };
	snprintf(r->gateway, sizeof(r->gateway), "%s", x->desired.network.gateway);
	fixture_reach(x, "net.metadata", false)->outcome = REACH_TIMEOUT;
}
SPOIL(dead_route_revived, give_dead_route(x);
      strlist_addf(&x->facts.bridge_addresses, "%s/29", x->desired.network.gateway);)
SPOIL(net_error, strcpy(x->facts.net_error, "setns refused");)
#define SPOIL_REACH(name, id, what) SPOIL(name, fixture_reach(x, id, false)->outcome = what;)
SPOIL_REACH(host_tcp, "net.host.tcp", REACH_REFUSED)
SPOIL_REACH(host_udp, "net.host.udp", REACH_OPEN)
SPOIL_REACH(sibling_tcp, "net.sibling.tcp", REACH_OPEN)
SPOIL_REACH(sibling_refused, "net.sibling.tcp", REACH_REFUSED)
SPOIL_REACH(sibling_udp, "net.sibling.udp", REACH_OPEN)
SPOIL_REACH(sibling_error, "net.sibling.udp", REACH_ERROR)
SPOIL_REACH(published, "net.published", REACH_OPEN)
SPOIL_REACH(metadata, "net.metadata", REACH_OPEN)
SPOIL(metadata_silent, fixture_reach(x, "net.metadata", false)->outcome = REACH_TIMEOUT;
      strcpy(x->facts.routes[0].destination, "default");)
SPOIL_REACH(internet_tcp, "net.internet.tcp", REACH_OPEN)
SPOIL_REACH(internet_udp, "net.internet.udp", REACH_OPEN)
SPOIL_REACH(gateway_port, "net.gateway.ports", REACH_OPEN)
SPOIL(sibling_no_control, fixture_reach(x, "net.sibling.tcp", true)->outcome = REACH_TIMEOUT;
      strcpy(x->facts.routes[0].destination, "default");)
SPOIL(no_tcp_control, fixture_reach(x, "net.gateway.control", true)->outcome = REACH_TIMEOUT;)
SPOIL(not_tried, strcpy(fixture_reach(x, "net.sibling.tcp", false)->target, "gamma worker");)
SPOIL(nothing_tried, x->facts.reach_count = 0; x->facts.dns_count = 0;)
#define SPOIL_DNS(name, id, what) SPOIL(name, fixture_dns(x, id, false)->outcome = what;)
SPOIL_DNS(dns_gateway, "net.dns.gateway", DNS_ANSWERED)
SPOIL_DNS(dns_embedded, "net.dns.embedded", DNS_ANSWERED)
SPOIL_DNS(dns_leak, "net.dns.embedded", DNS_TIMEOUT)
SPOIL_DNS(dns_sibling, "net.sibling.dns", DNS_ANSWERED)
SPOIL(dns_wrong_answer, strcpy(fixture_dns(x, "net.dns.gateway", true)->answer, "1.2.3.4");)
SPOIL(dns_silent, fixture_dns(x, "net.dns.gateway", true)->outcome = DNS_TIMEOUT;)

/* ---- gateway ---- */
SPOIL(gw_caps, x->facts.gateway_processes[1].status.caps[PROC_CAP_BND] = 1;)
SPOIL(gw_nnp, x->facts.gateway_processes[1].status.no_new_privs = 0;)
SPOIL(gw_seccomp, x->facts.gateway_processes[1].status.seccomp = 0;)
SPOIL(gw_uid, x->facts.gateway_processes[1].status.gid[1] = 0;)
SPOIL(gw_forward, x->facts.gateway_ip_forward = true;)
SPOIL(gw_rw, x->gateway.spec.readonly_rootfs = false;)
SPOIL(gw_listen,
      mem_replace(&((struct engine_port *)x->gateway.spec.ports.items)[0].host_ip, "0.0.0.0");)
SPOIL(gw_gone, x->facts.gateway_running = false;)

/* ---- configuration ---- */
SPOIL(stopped, x->worker.state.running = false;)
SPOIL(drift, x->worker.spec.pids_limit = 0;)
SPOIL(drift_gateway, x->gateway.spec.pids_limit = 0;)
SPOIL(privileged, x->worker.spec.privileged = true;)
SPOIL(cap_add, strlist_add(&x->worker.spec.cap_add, "SYS_ADMIN");)
SPOIL(pid_host, mem_replace(&x->worker.spec.pid_mode, "host");)
SPOIL(masked_off, strlist_free(&x->worker.spec.masked_paths);)
SPOIL(publish, x->worker.spec.publish_all = true;)
SPOIL(image, mem_replace(&x->worker.image_id, "sha256:3");)
SPOIL(runtime, mem_replace(&x->worker.spec.runtime, "crun");)
SPOIL(restart, mem_replace(&x->worker.spec.restart_policy, "always");)
SPOIL(restart_failure, mem_replace(&x->worker.spec.restart_policy, "on-failure");)
SPOIL(label, strmap_set(&x->worker.spec.labels, LABEL_NONCE, "other");)
SPOIL(hosts, strlist_add(&x->worker.spec.extra_hosts, "host:host-gateway");)
SPOIL(internal, x->network.spec.internal = false;)
SPOIL(inhibit,
      strmap_set(&x->network.spec.options, "com.docker.network.bridge.inhibit_ipv4", "false");)
SPOIL(member, mem_replace(&((struct network_member *)x->network.members.items)[0].container_id,
			  "stranger");)
SPOIL(icc, strmap_set(&x->egress.spec.options, "com.docker.network.bridge.enable_icc", "true");)
SPOIL(host_seccomp, strlist_free(&x->engine.security_options);)
SPOIL(host_limits, x->engine.pids_limit = false;)

static const struct red_case cases[] = {
	CASE(cap_eff, "cap.effective"),
	CASE(cap_prm, "cap.permitted"),
	CASE(cap_inh, "cap.inheritable"),
	CASE(cap_bnd, "cap.bounding"),
	CASE(cap_amb, "cap.ambient"),
	CASE(nnp, "proc.no_new_privs"),
	CASE(nnp_unknown, "proc.no_new_privs"),
	CASE(threads, "proc.threads"),
	CASE_UNKNOWN(cut, "proc.complete"),
	CASE(lsm, "proc.lsm"),
	CASE(seccomp_off, "seccomp.mode"),
	CASE(seccomp_none, "seccomp.filter"),
	CASE_UNKNOWN(seccomp_error, "seccomp.filter"),
	CASE_UNKNOWN(seccomp_expected, "seccomp.filter"),
	CASE(uid_other, "uid.expected"),
	CASE(uid_zero, "uid.expected,uid.nonzero"),
	CASE(gid_group, "uid.expected,uid.nonzero"),
	CASE(uid_shared, "uid.unique"),
	CASE(uid_outside, "uid.unique"),
	CASE_UNKNOWN(uid_unread, "uid.unique"),
	CASE(ns_sibling, "ns.sibling"),
	CASE_UNKNOWN(ns_sibling_unknown, "ns.sibling"),
	CASE(ns_gateway, "ns.gateway"),
	CASE(ns_gateway_host, "ns.gateway"),
	CASE(ns_mnt, "ns.mnt"),
	CASE(ns_pid, "ns.pid"),
	CASE(ns_net, "ns.net"),
	CASE(ns_ipc, "ns.ipc"),
	CASE(ns_uts, "ns.uts"),
	CASE(ns_cgroup, "ns.cgroup"),
	CASE(ns_split, "ns.pid"),
	CASE_UNKNOWN(ns_unread, "ns.mnt"),
	CASE(root_rw, "fs.root.readonly"),
	CASE(flag_suid, "fs.mount.flags"),
	CASE(flag_dev, "fs.mount.flags"),
	CASE(flag_exec, "fs.mount.flags"),
	CASE(shared, "fs.propagation"),
	CASE(unmasked, "fs.masked"),
	CASE(proc_sys, "fs.proc.readonly"),
	CASE(extra_mount, "fs.mounts.declared"),
	CASE(proc_fake, "fs.mounts.declared"),
	CASE(socket, "fs.sockets"),
	CASE(socket_mounted, "fs.mounts.declared,fs.sockets"),
	CASE(image_credential, "image.credentials"),
	CASE(image_gateway_credential, "image.credentials"),
	CASE(image_device, "image.traps"),
	CASE(image_place, "image.traps"),
	CASE(image_user, "image.traps"),
	CASE(image_setuid, "proc.no_new_privs,image.privileged"),
	CASE(image_filecap, "image.privileged,gateway.no_new_privs"),
	CASE_UNKNOWN(image_cut, "image.credentials,image.privileged,image.traps"),
	CASE_UNKNOWN(image_unread, "image.credentials,image.privileged,image.traps"),
	CASE_UNKNOWN(image_unseen, "image.credentials,image.privileged,image.traps"),
	CASE(cache_altered, "fs.pagecache"),
	CASE(source_rw, "fs.source.readonly"),
	CASE(source_gone, "fs.source.readonly"),
	CASE(quota, "fs.workspace.quota"),
	CASE_UNKNOWN(quota_unknown, "fs.workspace.quota"),
	CASE(devices, "fs.devices,config.drift.worker"),
	CASE(devices_seen, "fs.devices"),
	CASE(handle, "proc.handles"),
	CASE(handle_gateway, "proc.handles"),
	CASE_UNKNOWN(devices_unread, "fs.devices"),
	CASE_UNKNOWN(handle_unread, "proc.handles"),
	CASE(bind, "fs.mounts.source,config.drift.worker"),
	CASE(mount_swapped, "fs.mounts.source,gateway.keys.private,config.drift.worker"),
	CASE(place_same, "fs.mounts.shared"),
	CASE(place_nested, "fs.mounts.shared"),
	CASE(place_around, "fs.mounts.shared"),
	CASE(place_root, "fs.mounts.shared"),
	CASE(place_both_write, "fs.mounts.shared"),
	CASE(place_hard_link, "fs.mounts.shared"),
	CASE(place_image, "fs.mounts.shared"),
	CASE(place_gateway, "fs.mounts.shared"),
	CASE_UNKNOWN(place_unread, "fs.mounts.shared"),
	CASE_UNKNOWN(place_own_unread, "fs.mounts.shared"),
	CASE_UNKNOWN(place_not_looked, "fs.mounts.shared"),
	CASE(memory, "limit.memory"),
	CASE(memory_more, "limit.memory"),
	CASE(swap, "limit.swap"),
	CASE_UNKNOWN(swap_unknown, "limit.swap"),
	CASE(swap_v2, "limit.swap"),
	CASE(pids, "limit.pids"),
	CASE(cpu, "limit.cpu"),
	CASE_UNKNOWN(cpu_unknown, "limit.cpu"),
	CASE(io_read, "limit.io"),
	CASE(io_write, "limit.io"),
	CASE(io_lower, "limit.io"),
	CASE(io_device, "limit.io"),
	CASE(io_none, "limit.io"),
	CASE(io_ordered, "config.drift.worker"),
	CASE(nofile, "limit.nofile"),
	CASE(core, "limit.core"),
	CASE_UNKNOWN(limits_unread, "limit.nofile,limit.core,limit.priority"),
	CASE(nice, "limit.priority"),
	CASE(realtime, "limit.priority"),
	CASE(login, "proc.login"),
	CASE(shm, "limit.shm"),
	CASE(tmp, "limit.tmp,limit.tmpfs"),
	CASE(oom, "limit.oom,config.drift.worker"),
	CASE(log, "log.bounded,config.drift.worker"),
	CASE(log_size, "log.bounded,config.drift.gateway"),
	CASE(gateway_limit, "limit.gateway"),
	CASE_UNKNOWN(cgroup_unread, "limit.memory,limit.swap,limit.pids,limit.cpu"),
	CASE(env_live, "env.secrets"),
	CASE(env_gateway, "env.secrets"),
	CASE(env_inspect, "inspect.secrets"),
	CASE(label_secret, "inspect.secrets"),
	CASE(second_interface, "net.interface"),
	{ "other_bridge", spoil_other_bridge, "net.interface", "net.bridge.address" },
	CASE(default_route, "net.route"),
	CASE(ipv6, "net.ipv6"),
	CASE(bridge_address, "net.bridge.address"),
	CASE(bridge_broadcast, "net.bridge.broadcast"),
	CASE_UNKNOWN(bridge_unseen, "net.bridge.broadcast"),
	CASE(subnet_shared, "net.subnet.unique"),
	CASE_UNKNOWN(
		net_error,
		"net.interface,net.route,net.ipv6,net.bridge.address,net.host.tcp,net.host.udp,"
		"net.sibling.tcp,net.sibling.udp,net.sibling.dns,net.published,net.metadata,"
		"net.internet.tcp,net.internet.udp,net.dns.embedded,net.dns.gateway,"
		"net.gateway.control,net.gateway.ports,"
		"route.control,route.refused,route.target,route.peer"),
	CASE(host_tcp, "net.host.tcp"),
	CASE(host_udp, "net.host.udp"),
	CASE(sibling_tcp, "net.sibling.tcp"),
	CASE(sibling_refused, "net.sibling.tcp"),
	CASE(sibling_udp, "net.sibling.udp"),
	CASE_UNKNOWN(sibling_error, "net.sibling.udp"),
	CASE(published, "net.published"),
	CASE(metadata, "net.metadata"),
	{ "metadata_silent", spoil_metadata_silent, "net.route", "net.metadata" },
	{ "dead_route_revived", spoil_dead_route_revived, "net.route,net.bridge.address",
	  "net.metadata" },
	CASE(internet_tcp, "net.internet.tcp"),
	CASE(internet_udp, "net.internet.udp"),
	CASE(gateway_port, "net.gateway.ports"),
	{ "sibling_no_control", spoil_sibling_no_control, "net.route", "net.sibling.tcp" },
	{ "no_tcp_control", spoil_no_tcp_control, "net.gateway.control",
	  "net.host.tcp,net.sibling.tcp,net.published,net.metadata,net.internet.tcp,"
	  "net.gateway.ports,route.peer" },
	CASE_UNKNOWN(not_tried, "net.sibling.tcp"),
	CASE_UNKNOWN(nothing_tried,
		     "net.host.tcp,net.host.udp,net.sibling.tcp,net.sibling.udp,net.sibling.dns,"
		     "net.published,net.metadata,net.internet.tcp,net.internet.udp,"
		     "net.dns.embedded,net.dns.gateway,net.gateway.control,net.gateway.ports,"
		     "route.peer"),
	CASE(dns_gateway, "net.dns.gateway"),
	CASE(dns_embedded, "net.dns.embedded"),
	CASE_UNKNOWN(dns_leak, "net.dns.embedded"),
	CASE(dns_sibling, "net.sibling.dns"),
	CASE(dns_wrong_answer, "net.dns.gateway"),
	CASE_UNKNOWN(dns_silent, "net.host.udp,net.sibling.udp,net.sibling.dns,net.internet.udp,"
				 "net.dns.gateway"),
	CASE(gw_caps, "gateway.caps"),
	CASE(gw_nnp, "gateway.no_new_privs"),
	CASE(gw_seccomp, "gateway.seccomp"),
	CASE(gw_uid, "gateway.uid"),
	CASE(gw_forward, "gateway.ip_forward"),
	CASE(gw_rw, "gateway.readonly,config.drift.gateway"),
	CASE(gw_listen, "gateway.listen,config.drift.gateway"),
	CASE_UNKNOWN(gw_gone,
		     "ns.gateway,limit.gateway,image.privileged,gateway.caps,gateway.no_new_privs,"
		     "gateway.seccomp,gateway.uid,gateway.ip_forward,gateway.readonly,"
		     "gateway.admin,gateway.peers,gateway.generation"),
	CASE(stopped, "config.running"),
	CASE(drift, "config.drift.worker"),
	CASE(drift_gateway, "config.drift.gateway"),
	CASE(privileged, "config.drift.worker,config.privileged"),
	CASE(cap_add, "config.drift.worker,config.privileged"),
	CASE(pid_host, "config.drift.worker,config.namespaces"),
	CASE(masked_off, "config.drift.worker,config.masked"),
	CASE(publish, "config.drift.worker,config.ports"),
	CASE(image, "config.image"),
	CASE(runtime, "config.drift.worker,config.runtime"),
	CASE(restart, "config.drift.worker,config.restart"),
	CASE(restart_failure, "config.drift.worker,config.restart"),
	CASE(label, "config.drift.worker,config.labels"),
	CASE(hosts, "config.drift.worker,config.hosts"),
	CASE(internal, "config.network"),
	CASE(inhibit, "config.network"),
	CASE(member, "config.network.members"),
	CASE(icc, "config.egress"),
	CASE(host_seccomp, "host.seccomp"),
	CASE(host_limits, "host.limits"),
};

#endif
