/*
 * The judges of the checks' table, one per check, in the files of their groups.
 * Private to domain/checks*.c.
 */
#ifndef DOMAIN_CHECKS_JUDGES_H
#define DOMAIN_CHECKS_JUDGES_H

#include "domain/checks.h"

struct complaints;

/* Shared by the checks of worker and gateway. */
void add_cap_names(struct strbuf *b, uint64_t set);
void complain_caps(struct complaints *c, const struct process_facts *p, enum proc_capset set);
void complain_ids(struct complaints *c, const struct process_facts *p, int64_t id);
void complain_seccomp(struct complaints *c, const struct process_facts *p);

/* A default route to the network's reserved first address, which neither the bridge nor a container
 * holds: engines before 28.0 write one even for internal networks, and it leads nowhere. */
bool judge_route_is_dead(const struct check_input *in, const struct route_facts *r);

/* checks_caps.c */
void judge_cap_effective(const struct check_input *in, struct finding *f);
void judge_cap_permitted(const struct check_input *in, struct finding *f);
void judge_cap_inheritable(const struct check_input *in, struct finding *f);
void judge_cap_bounding(const struct check_input *in, struct finding *f);
void judge_cap_ambient(const struct check_input *in, struct finding *f);
void judge_proc_no_new_privs(const struct check_input *in, struct finding *f);
void judge_proc_threads(const struct check_input *in, struct finding *f);
void judge_proc_handles(const struct check_input *in, struct finding *f);
void judge_proc_login(const struct check_input *in, struct finding *f);
void judge_proc_complete(const struct check_input *in, struct finding *f);
void judge_proc_lsm(const struct check_input *in, struct finding *f);
void judge_ns_mnt(const struct check_input *in, struct finding *f);
void judge_ns_pid(const struct check_input *in, struct finding *f);
void judge_ns_net(const struct check_input *in, struct finding *f);
void judge_ns_ipc(const struct check_input *in, struct finding *f);
void judge_ns_uts(const struct check_input *in, struct finding *f);
void judge_ns_cgroup(const struct check_input *in, struct finding *f);
void judge_ns_sibling(const struct check_input *in, struct finding *f);
void judge_ns_gateway(const struct check_input *in, struct finding *f);
void judge_uid_expected(const struct check_input *in, struct finding *f);
void judge_uid_nonzero(const struct check_input *in, struct finding *f);
void judge_uid_unique(const struct check_input *in, struct finding *f);

/* checks_config.c */
void judge_config_running(const struct check_input *in, struct finding *f);
void judge_config_drift_worker(const struct check_input *in, struct finding *f);
void judge_config_drift_gateway(const struct check_input *in, struct finding *f);
void judge_config_privileged(const struct check_input *in, struct finding *f);
void judge_config_namespaces(const struct check_input *in, struct finding *f);
void judge_config_masked(const struct check_input *in, struct finding *f);
void judge_config_ports(const struct check_input *in, struct finding *f);
void judge_config_image(const struct check_input *in, struct finding *f);
void judge_config_runtime(const struct check_input *in, struct finding *f);
void judge_config_restart(const struct check_input *in, struct finding *f);
void judge_config_labels(const struct check_input *in, struct finding *f);
void judge_config_hosts(const struct check_input *in, struct finding *f);
void judge_host_seccomp(const struct check_input *in, struct finding *f);
void judge_host_limits(const struct check_input *in, struct finding *f);

/* checks_fidelity.c */
void judge_twin_fidelity(const struct check_input *in, struct finding *f);

/* checks_twin.c */
void judge_twin_control(const struct check_input *in, struct finding *f);
/* Of the attacks whose id is the check's. */
void judge_twin_attacks(const struct check_input *in, struct finding *f);
/* False with the verdict set when there is no twin, or it did not tell all. */
bool have_twin(const struct check_input *in, struct finding *f);

/* checks_twin_calls.c */
void judge_twin_syscalls(const struct check_input *in, struct finding *f);

/* checks_fs.c */
void judge_fs_mounts_declared(const struct check_input *in, struct finding *f);
void judge_fs_root_readonly(const struct check_input *in, struct finding *f);
void judge_fs_mount_flags(const struct check_input *in, struct finding *f);
void judge_fs_propagation(const struct check_input *in, struct finding *f);
void judge_fs_masked(const struct check_input *in, struct finding *f);
void judge_fs_proc_readonly(const struct check_input *in, struct finding *f);
void judge_fs_sockets(const struct check_input *in, struct finding *f);
void judge_fs_mounts_source(const struct check_input *in, struct finding *f);
void judge_fs_source_readonly(const struct check_input *in, struct finding *f);
void judge_fs_workspace_quota(const struct check_input *in, struct finding *f);
void judge_fs_devices(const struct check_input *in, struct finding *f);

/* checks_places.c */
void judge_fs_mounts_shared(const struct check_input *in, struct finding *f);

/* checks_gateway.c */
void judge_gateway_caps(const struct check_input *in, struct finding *f);
void judge_gateway_no_new_privs(const struct check_input *in, struct finding *f);
void judge_gateway_seccomp(const struct check_input *in, struct finding *f);
void judge_gateway_uid(const struct check_input *in, struct finding *f);
void judge_gateway_ip_forward(const struct check_input *in, struct finding *f);
void judge_gateway_readonly(const struct check_input *in, struct finding *f);
void judge_gateway_admin(const struct check_input *in, struct finding *f);
void judge_gateway_listen(const struct check_input *in, struct finding *f);

/* checks_gateway_files.c */
void judge_gateway_files(const struct check_input *in, struct finding *f);
void judge_gateway_generation(const struct check_input *in, struct finding *f);
void judge_gateway_keys_private(const struct check_input *in, struct finding *f);

/* checks_image.c */
void judge_image_credentials(const struct check_input *in, struct finding *f);
void judge_image_privileged(const struct check_input *in, struct finding *f);
void judge_image_traps(const struct check_input *in, struct finding *f);

/* checks_limits.c */
void judge_limit_memory(const struct check_input *in, struct finding *f);
void judge_limit_swap(const struct check_input *in, struct finding *f);
void judge_limit_pids(const struct check_input *in, struct finding *f);
void judge_limit_cpu(const struct check_input *in, struct finding *f);
void judge_limit_io(const struct check_input *in, struct finding *f);
void judge_limit_nofile(const struct check_input *in, struct finding *f);
void judge_limit_core(const struct check_input *in, struct finding *f);
void judge_limit_shm(const struct check_input *in, struct finding *f);
void judge_limit_tmp(const struct check_input *in, struct finding *f);
void judge_limit_tmpfs(const struct check_input *in, struct finding *f);
void judge_limit_priority(const struct check_input *in, struct finding *f);
void judge_limit_oom(const struct check_input *in, struct finding *f);
void judge_log_bounded(const struct check_input *in, struct finding *f);
void judge_limit_gateway(const struct check_input *in, struct finding *f);

/* checks_net.c */
void judge_net_own_interface(const struct check_input *in, struct finding *f);
void judge_net_no_default_route(const struct check_input *in, struct finding *f);
void judge_net_ipv6(const struct check_input *in, struct finding *f);
void judge_net_bridge_no_address(const struct check_input *in, struct finding *f);
void judge_net_bridge_broadcast(const struct check_input *in, struct finding *f);
void judge_config_network(const struct check_input *in, struct finding *f);
void judge_config_egress(const struct check_input *in, struct finding *f);
void judge_config_network_members(const struct check_input *in, struct finding *f);
void judge_net_subnet_unique(const struct check_input *in, struct finding *f);

/* checks_reach.c */
void judge_net_host(const struct check_input *in, struct finding *f);
void judge_net_metadata(const struct check_input *in, struct finding *f);
void judge_net_internet(const struct check_input *in, struct finding *f);
void judge_net_sibling(const struct check_input *in, struct finding *f);
void judge_net_published(const struct check_input *in, struct finding *f);
void judge_net_gateway_control(const struct check_input *in, struct finding *f);
void judge_net_gateway_ports(const struct check_input *in, struct finding *f);
void judge_net_dns_gateway(const struct check_input *in, struct finding *f);
void judge_net_dns_embedded(const struct check_input *in, struct finding *f);
void judge_net_sibling_dns(const struct check_input *in, struct finding *f);

/* checks_routes.c */
void judge_route_control(const struct check_input *in, struct finding *f);
void judge_route_refused(const struct check_input *in, struct finding *f);
void judge_route_target(const struct check_input *in, struct finding *f);

/* checks_seccomp.c */
void judge_seccomp_mode(const struct check_input *in, struct finding *f);
void judge_seccomp_filter(const struct check_input *in, struct finding *f);

/* checks_secret.c */
void judge_env_secrets(const struct check_input *in, struct finding *f);
void judge_inspect_secrets(const struct check_input *in, struct finding *f);
void judge_secret_exposed(const struct check_input *in, struct finding *f);

/* checks_shared.c */
void judge_log_separate(const struct check_input *in, struct finding *f);
void judge_gateway_peers(const struct check_input *in, struct finding *f);
void judge_fs_pagecache(const struct check_input *in, struct finding *f);

#endif
