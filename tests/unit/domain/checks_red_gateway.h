/* Ways to spoil the gateway, its files, its routes and its keys. */
#ifndef TEST_CHECKS_RED_GATEWAY_H
#define TEST_CHECKS_RED_GATEWAY_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../support/checks_fixture.h"
#include "base/mem.h"

struct red_case {
	const char *what;
	void (*spoil)(struct fixture *x);
	const char *red;     /* ids that fail, comma-separated, in the table's order */
	const char *unknown; /* ids that become inconclusive */
};

#define SPOIL(name, ...)                                                                           \
	static void spoil_##name(struct fixture *x)                                                \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

#define CASE(name, red)                                                                            \
	{                                                                                          \
#name, spoil_##name, red, ""                                                       \
	}
#define CASE_UNKNOWN(name, unknown)                                                                \
	{                                                                                          \
#name, spoil_##name, "", unknown                                                   \
	}
/* ---- limits ---- */
SPOIL(gateway_meets_peer, x->facts.gateway_reach[0].outcome = REACH_OPEN;)
SPOIL(gateway_hears_peer, x->facts.gateway_reach[0].outcome = REACH_REFUSED;)
SPOIL(gateway_peer_untried, x->facts.gateway_reach[0].outcome = REACH_ERROR;)
SPOIL(gateway_swap, x->facts.gateway_cgroup.memory_swap_max *= 2;)
SPOIL(gateway_swap_v2, x->facts.gateway_cgroup.version = 2;)
SPOIL(gateway_swap_unknown, x->facts.gateway_cgroup.swap_known = false;)
SPOIL(gateway_core, x->facts.gateway_processes[1].limits[1].hard = 1;)
SPOIL(gateway_core_unread, x->facts.gateway_processes[1].limit_count = 0;)
SPOIL(gateway_core_memory, x->facts.gateway_processes[1].coredump_filter = 0x33;)
SPOIL(gateway_core_filter, x->facts.gateway_processes[2].coredump_filter = -1;)

/* ---- secrets ---- */
SPOIL(exposed, strlist_add(&x->facts.secrets.exposed, "worker log: ghl.0, base64");)
SPOIL(exposed_only_more, x->facts.secrets.exposed_more = 1;)
SPOIL(exposed_unread, strlist_add(&x->facts.secrets.unread, "worker log: Input/output error");
      strlist_add(&x->facts.secrets.exposed, "gateway log: ghl.0, plain");)
SPOIL(search_unread, strlist_add(&x->facts.secrets.unread, "worker log: Input/output error");)
SPOIL(search_blind, strlist_add(&x->facts.secrets.missed, "ghl.0");)
SPOIL(search_empty, x->facts.secrets.secrets = 0;)
SPOIL(search_too_short, x->facts.secrets.secrets = 0;
      strlist_add(&x->facts.secrets.short_ids, "ghl.0");)
SPOIL(search_none, x->facts.secrets.searched = false;
      strcpy(x->facts.secrets.error, "no file of keys");)

/* ---- credential routes ---- */
SPOIL(route_other_reason, strcpy(fixture_http(x, "route.refused")->reason, "route");)
SPOIL(route_no_reason, fixture_http(x, "route.refused")->reason[0] = '\0';)
SPOIL(route_prefix_of_reason, strcpy(fixture_http(x, "route.refused")->reason, "pat");)
SPOIL(route_let_through, fixture_http(x, "route.target")->status = 200;)
SPOIL(route_dialled, fixture_http(x, "route.target")->status = 502;
      strcpy(fixture_http(x, "route.target")->reason, "target");)
SPOIL(route_silent, fixture_http(x, "route.target")->outcome = HTTP_TIMEOUT;)
SPOIL(route_hangs_up, fixture_http(x, "route.refused")->outcome = HTTP_CLOSED;)
SPOIL(route_control, fixture_http(x, "route.control")->status = 200;)
SPOIL(route_control_malformed, fixture_http(x, "route.control")->status = 400;
      fixture_http(x, "route.control")->reason[0] = '\0';)
SPOIL(route_control_closed, fixture_http(x, "route.control")->outcome = HTTP_REFUSED;)
SPOIL(route_control_and_target, fixture_http(x, "route.control")->status = 200;
      fixture_http(x, "route.target")->status = 200;)
SPOIL(route_peer, fixture_reach(x, "route.peer", false)->outcome = REACH_OPEN;)
SPOIL(route_not_tried, x->facts.http_count = 0;)

/* ---- what is mounted, what listens ---- */
SPOIL(gw_rw_source,
      mem_replace(&((struct engine_mount *)x->gateway.spec.mounts.items)[0].source, "/etc");)
SPOIL(gw_bind, strlist_add(&x->gateway.spec.binds, "/:/host");)
SPOIL(gw_tmpfs, strmap_set(&x->gateway.spec.tmpfs, "/tmp", "rw");)
SPOIL(gw_root_live, mem_replace(&x->facts.gateway_mounts.items[0].options, "rw,relatime");)
SPOIL(gw_mount_live, fixture_add_gateway_mount(x, "/", "/var/lib", "rw,nosuid", "ext4");)
SPOIL(gw_state_exec, mem_replace(&x->facts.gateway_mounts.items[5].options, "rw,nosuid,nodev");)
SPOIL(gw_state_shared, x->facts.gateway_mounts.items[5].minor = 77;)
SPOIL(gw_tmpfs_suid, mem_replace(&x->facts.gateway_mounts.items[6].options, "rw,nodev,noexec");)
SPOIL(gw_files_rw, mem_replace(&x->facts.gateway_mounts.items[4].options, SAFE);)
SPOIL(gw_mounts_unread, proc_mounts_free(&x->facts.gateway_mounts);)
#define SPOIL_PORT(name, where, number, is_udp)                                                    \
	SPOIL(name, struct host_port *p = &x->facts.gateway_listeners.ports[3];                    \
	      *p = (struct host_port){ .port = (number), .udp = (is_udp) };                        \
	      snprintf(p->address, sizeof(p->address), "%s", where);)
SPOIL_PORT(gw_port_any, "0.0.0.0", 443, false)
SPOIL_PORT(gw_port_loopback, "127.0.0.1", 9999, false)
SPOIL_PORT(gw_port_udp, x->allocation.gateway_ip, 443, true)
SPOIL_PORT(gw_port_egress, x->allocation.egress_ip, 80, false)
SPOIL_PORT(gw_port_inbound, x->allocation.gateway_ip, 8080, false)
SPOIL_PORT(gw_port_v6, "::", 80, false)
SPOIL(gw_socket, strlist_add(&x->facts.gateway_listeners.unix_paths, "@admin");)
SPOIL(gw_socket_outside, strlist_add(&x->facts.gateway_listeners.unix_paths, "/run/gateway2/s");)
SPOIL(gw_socket_dots, strlist_add(&x->facts.gateway_listeners.unix_paths, "/run/gateway/../s");)
SPOIL(gw_sockets_cut, x->facts.gateway_listeners.cut = true;)
SPOIL(gw_sockets_unread, strcpy(x->facts.gateway_listeners.error, "net/tcp: gone");)
SPOIL(set_changed, memset(fixture_member(x, "haproxy.cfg")->digest, 'a', 64);)
SPOIL(set_unread, fixture_member(x, "dnsmasq.conf")->digest[0] = '\0';)
SPOIL(set_missing, strcpy(fixture_member(x, "echo")->path, "haproxy.old");)
SPOIL(set_left, strlist_add(&x->facts.gateway_files.leftovers, "/run/tenantctl/acme/files/next");)
SPOIL(set_no_key, strlist_free(&x->facts.gateway_files.key_ids);)
SPOIL(set_odd_key, strlist_add(&x->facts.gateway_files.key_ids, "gone.0");)
SPOIL(set_no_generation, x->facts.gateway_files.generation[0] = '\0';)
SPOIL(set_other_generation, x->facts.gateway_files.generation[30] ^= 1;)
SPOIL(set_other_id, x->facts.gateway_files.generation[2] ^= 1;)
SPOIL(set_other_folder, x->facts.gateway_mounts.items[4].minor = 78;)
SPOIL(set_error, strcpy(x->facts.gateway_files.error, "set: gone");)
SPOIL(run_other_haproxy, x->facts.gateway_processes[1].gateway_config[3] ^= 1;)
SPOIL(run_unlabelled, x->facts.gateway_processes[2].gateway_config[0] = '\0';)
SPOIL(run_no_dnsmasq, strcpy(x->facts.gateway_processes[2].status.name, "dnsmask");)
/* The newest is another one; what is ordered only drains. */
SPOIL(run_newer_haproxy, x->facts.gateway_processes[0] = x->facts.gateway_processes[1];
      x->facts.gateway_processes[0].start_time += 50;
      x->facts.gateway_processes[0].gateway_config[3] ^= 1;)
SPOIL(run_not_loaded, x->facts.gateway_files.loaded[0] = '\0';
      x->facts.gateway_files.refused = true;)
SPOIL(run_loaded_other, x->facts.gateway_files.loaded[20] ^= 1;)
SPOIL(
	run_many_older, x->facts.gateway_processes = mem_grow(x->facts.gateway_processes, 8,
							      sizeof(*x->facts.gateway_processes));
	for (size_t i = 3; i < 8; i++) {
		x->facts.gateway_processes[i] = x->facts.gateway_processes[1];
		x->facts.gateway_processes[i].start_time -= i;
	} x->facts.gateway_process_count = 8;)
SPOIL(keys_mode, fixture_place(x, FILE_KEYS)->mode |= 04;)
SPOIL(keys_owner, fixture_place(x, FILE_KEYS)->uid = 1;)
SPOIL(keys_group, fixture_place(x, FILE_SET)->gid = (uint32_t)x->allocation.worker_uid;)
SPOIL(keys_disk, fixture_place(x, FILE_FILES)->on_tmpfs = false;)
SPOIL(keys_links, fixture_place(x, FILE_KEYS)->links = 2;)
SPOIL(keys_folder, fixture_place(x, FILE_RUN)->mode |= 02;)
SPOIL(keys_link, fixture_place(x, FILE_FILES)->mode = S_IFLNK | 0777;)
SPOIL(keys_gone, fixture_place(x, FILE_KEYS)->sys_errno = ENOENT;)
SPOIL(keys_none, x->facts.gateway_files.place_count = 0;)
SPOIL(secret_mode, fixture_place(x, FILE_SECRET)->mode |= 040;)
SPOIL(secret_links, fixture_place(x, FILE_SECRET)->links = 2;)
SPOIL(secrets_group, fixture_place(x, FILE_SECRETS)->gid = (uint32_t)x->allocation.gateway_uid;)
SPOIL(keys_seen, fixture_mount(x, "/source/skills")->major = 0;
      fixture_mount(x, "/source/skills")->minor = 77;)
SPOIL(secrets_mounted, mem_replace(&((struct engine_mount *)x->worker.spec.mounts.items)[2].source,
				   "/etc/tenantctl");)

static const struct red_case gateway_cases[] = {
	CASE(gateway_meets_peer, "gateway.peers"),
	CASE(gateway_hears_peer, "gateway.peers"),
	CASE_UNKNOWN(gateway_peer_untried, "gateway.peers"),
	CASE(gateway_swap, "limit.gateway"),
	CASE(gateway_swap_v2, "limit.gateway"),
	CASE_UNKNOWN(gateway_swap_unknown, "limit.gateway"),
	CASE(gateway_core, "limit.gateway"),
	CASE(gateway_core_unread, "limit.gateway"),
	CASE(gateway_core_memory, "limit.gateway"),
	CASE(gateway_core_filter, "limit.gateway"),
	CASE(exposed, "secret.exposed"),
	CASE(exposed_only_more, "secret.exposed"),
	CASE(exposed_unread, "secret.exposed"),
	CASE_UNKNOWN(search_unread, "secret.exposed"),
	CASE_UNKNOWN(search_blind, "secret.exposed"),
	CASE_UNKNOWN(search_empty, "secret.exposed"),
	CASE_UNKNOWN(search_too_short, "secret.exposed"),
	CASE_UNKNOWN(search_none, "secret.exposed"),
	CASE(route_other_reason, "route.refused"),
	CASE(route_no_reason, "route.refused"),
	CASE(route_prefix_of_reason, "route.refused"),
	CASE(route_let_through, "route.target"),
	CASE(route_dialled, "route.target"),
	CASE_UNKNOWN(route_silent, "route.target"),
	CASE_UNKNOWN(route_hangs_up, "route.refused"),
	{ "route_control", spoil_route_control, "route.control", "route.refused,route.target" },
	{ "route_control_malformed", spoil_route_control_malformed, "route.control",
	  "route.refused,route.target" },
	{ "route_control_closed", spoil_route_control_closed, "route.control",
	  "route.refused,route.target" },
	{ "route_control_and_target", spoil_route_control_and_target, "route.control,route.target",
	  "route.refused" },
	CASE(route_peer, "route.peer"),
	CASE_UNKNOWN(route_not_tried, "route.control,route.refused,route.target"),
	CASE(gw_rw_source, "gateway.readonly,config.drift.gateway"),
	CASE(gw_bind, "gateway.readonly,config.drift.gateway"),
	CASE(gw_tmpfs, "gateway.readonly,config.drift.gateway"),
	CASE(gw_root_live, "gateway.readonly"),
	CASE(gw_mount_live, "gateway.readonly"),
	CASE(gw_state_exec, "gateway.readonly"),
	CASE(gw_state_shared, "gateway.readonly"),
	CASE(gw_tmpfs_suid, "gateway.readonly"),
	CASE(gw_files_rw, "gateway.readonly"),
	CASE_UNKNOWN(gw_mounts_unread, "gateway.readonly"),
	CASE(gw_port_any, "gateway.admin"),
	CASE(gw_port_loopback, "gateway.admin"),
	CASE(gw_port_udp, "gateway.admin"),
	CASE(gw_port_egress, "gateway.admin"),
	CASE(gw_port_inbound, "gateway.admin"),
	CASE(gw_port_v6, "gateway.admin"),
	CASE(gw_socket, "gateway.admin"),
	CASE(gw_socket_outside, "gateway.admin"),
	CASE(gw_socket_dots, "gateway.admin"),
	CASE_UNKNOWN(gw_sockets_cut, "gateway.admin"),
	CASE_UNKNOWN(gw_sockets_unread, "gateway.admin"),
	CASE(set_changed, "gateway.files"),
	CASE(set_unread, "gateway.files"),
	CASE(set_missing, "gateway.files"),
	CASE(set_left, "gateway.files"),
	CASE(set_no_key, "gateway.files"),
	CASE(set_odd_key, "gateway.files"),
	CASE(set_no_generation, "gateway.files,gateway.generation"),
	CASE(set_other_generation, "gateway.files"),
	CASE(set_other_id, "gateway.files,gateway.generation"),
	CASE(set_other_folder, "gateway.files"),
	CASE_UNKNOWN(set_error, "gateway.files,gateway.generation"),
	CASE(run_other_haproxy, "gateway.generation"),
	CASE(run_unlabelled, "gateway.generation"),
	CASE(run_no_dnsmasq, "gateway.generation"),
	CASE(run_newer_haproxy, "gateway.generation"),
	CASE(run_not_loaded, "gateway.generation"),
	CASE(run_loaded_other, "gateway.generation"),
	CASE(run_many_older, "gateway.generation"),
	CASE(keys_mode, "gateway.keys.private"),
	CASE(keys_owner, "gateway.keys.private"),
	CASE(keys_group, "gateway.keys.private"),
	CASE(keys_disk, "gateway.keys.private"),
	CASE(keys_links, "gateway.keys.private"),
	CASE(keys_folder, "gateway.keys.private"),
	CASE(keys_link, "gateway.keys.private"),
	CASE_UNKNOWN(keys_gone, "gateway.keys.private"),
	CASE_UNKNOWN(keys_none, "gateway.keys.private"),
	CASE(secret_mode, "gateway.keys.private"),
	CASE(secret_links, "gateway.keys.private"),
	CASE(secrets_group, "gateway.keys.private"),
	CASE(keys_seen, "gateway.keys.private"),
	CASE(secrets_mounted, "fs.mounts.source,gateway.keys.private,config.drift.worker"),
};

#endif
