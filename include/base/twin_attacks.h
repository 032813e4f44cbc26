/*
 * Every attack that a twin's probe makes, and what has to come of it. The probe takes its
 * functions from here and the domain what it expects, so that a probe which leaves one
 * out, or makes one that nobody judges, does not pass.
 *
 * TWIN_ATTACKS(X) is X(ID, WHAT, EXPECTED, FUNCTION) for each:
 *   ID        the check of the catalogue that it belongs to
 *   WHAT      names it, unique within the check
 *   EXPECTED  WORKS: or the probe itself is broken; FAILS: a boundary stands in the way;
 *             KNOWN: fails where the kernel can refuse it, and is told where it can't;
 *             HEARD: fails unless the host got it
 *   FUNCTION  of the probe
 */
#ifndef BASE_TWIN_ATTACKS_H
#define BASE_TWIN_ATTACKS_H

/* clang-format off */
#define TWIN_ATTACKS(X) \
	X("twin.control", "write to the workspace", WORKS, control_workspace) \
	X("twin.control", "write to /tmp", WORKS, control_tmp) \
	X("twin.control", "write to /dev/shm", WORKS, control_shm) \
	X("twin.control", "read its own program", WORKS, control_read) \
	X("twin.control", "run its own program", WORKS, control_exec) \
	X("twin.control", "map its own program", WORKS, control_map) \
	X("twin.control", "make a child", WORKS, control_child) \
	X("twin.control", "make sockets", WORKS, control_sockets) \
	X("twin.control", "read the kernel's routes", WORKS, control_netlink) \
	X("twin.control", "look up the gateway over UDP", WORKS, control_dns_udp) \
	X("twin.control", "look up the gateway over TCP", WORKS, control_dns_tcp) \
	X("twin.control", "connect to the gateway", WORKS, control_gateway) \
	X("twin.root", "create a file", FAILS, root_create) \
	X("twin.root", "create a folder", FAILS, root_mkdir) \
	X("twin.root", "create a link", FAILS, root_link) \
	X("twin.root", "write to a program", FAILS, root_write) \
	X("twin.root", "truncate", FAILS, root_truncate) \
	X("twin.root", "rename", FAILS, root_rename) \
	X("twin.root", "unlink", FAILS, root_unlink) \
	X("twin.root", "chmod", FAILS, root_chmod) \
	X("twin.root", "chown", FAILS, root_chown) \
	X("twin.root", "setxattr", FAILS, root_setxattr) \
	X("twin.root", "utimensat", FAILS, root_utimes) \
	X("twin.noexec", "execve from /tmp", FAILS, exec_tmp) \
	X("twin.noexec", "map from /tmp", FAILS, map_tmp) \
	X("twin.noexec", "execve from /dev/shm", FAILS, exec_shm) \
	X("twin.noexec", "map from /dev/shm", FAILS, map_shm) \
	X("twin.noexec", "execve from nameless memory", KNOWN, exec_memfd) \
	X("twin.settings", "of the kernel", FAILS, settings_kernel) \
	X("twin.settings", "of the network", FAILS, settings_network) \
	X("twin.settings", "of the cgroup", FAILS, settings_cgroup) \
	X("twin.settings", "of processes", FAILS, settings_process) \
	X("twin.masked", "files about the host", FAILS, masked_files) \
	X("twin.masked", "folders about the host", FAILS, masked_folders) \
	X("twin.masked", "addresses of the kernel", FAILS, masked_symbols) \
	X("twin.masked", "paths of the host in the mount table", FAILS, masked_mounts) \
	X("twin.devices", "nodes in /dev", FAILS, devices_nodes) \
	X("twin.devices", "open by name", FAILS, devices_open) \
	X("twin.devices", "mknod", FAILS, devices_make) \
	X("twin.handles", "open_by_handle_at", FAILS, handles_open) \
	X("twin.credentials", "files of the host", FAILS, credentials_files) \
	X("twin.engine", "sockets in files", FAILS, engine_sockets) \
	X("twin.engine", "ports", FAILS, engine_ports) \
	X("twin.mount", "a tmpfs", FAILS, mount_tmpfs) \
	X("twin.mount", "another /proc", FAILS, mount_proc) \
	X("twin.mount", "another /sys", FAILS, mount_sys) \
	X("twin.mount", "a cgroup tree", FAILS, mount_cgroup) \
	X("twin.mount", "an overlay", FAILS, mount_overlay) \
	X("twin.mount", "the root elsewhere", FAILS, mount_bind) \
	X("twin.mount", "the root writable", FAILS, mount_writable) \
	X("twin.mount", "the root shared", FAILS, mount_shared) \
	X("twin.mount", "unmask", FAILS, mount_unmask) \
	X("twin.mount", "pivot_root", FAILS, mount_pivot) \
	X("twin.mount", "chroot", FAILS, mount_chroot) \
	X("twin.mount", "open_tree", FAILS, mount_open_tree) \
	X("twin.mount", "move_mount", FAILS, mount_move) \
	X("twin.mount", "fsopen", FAILS, mount_fsopen) \
	X("twin.mount", "fspick", FAILS, mount_fspick) \
	X("twin.mount", "mount_setattr", FAILS, mount_attributes) \
	X("twin.namespace", "unshare", FAILS, namespace_unshare) \
	X("twin.namespace", "clone", FAILS, namespace_clone) \
	X("twin.namespace", "clone3", FAILS, namespace_clone3) \
	X("twin.namespace", "setns", FAILS, namespace_setns) \
	X("twin.kernel", "bpf", FAILS, kernel_bpf) \
	X("twin.kernel", "perf_event_open", FAILS, kernel_perf) \
	X("twin.kernel", "userfaultfd", FAILS, kernel_userfaultfd) \
	X("twin.kernel", "io_uring", FAILS, kernel_io_uring) \
	X("twin.kernel", "load a module", FAILS, kernel_modules) \
	X("twin.kernel", "kexec_load", FAILS, kernel_kexec) \
	X("twin.kernel", "reboot", FAILS, kernel_reboot) \
	X("twin.kernel", "read the log", FAILS, kernel_log) \
	X("twin.kernel", "set the clock", FAILS, kernel_clock) \
	X("twin.kernel", "swap", FAILS, kernel_swap) \
	X("twin.kernel", "acct", FAILS, kernel_acct) \
	X("twin.kernel", "ports of the machine", FAILS, kernel_ports) \
	X("twin.kernel", "personality", FAILS, kernel_personality) \
	X("twin.kernel", "quotactl", FAILS, kernel_quota) \
	X("twin.kernel", "fanotify_init", FAILS, kernel_fanotify) \
	X("twin.kernel", "host and domain name", FAILS, kernel_names) \
	X("twin.kernel", "requeue a priority-inheriting futex", FAILS, kernel_futex) \
	X("twin.kernel", "push into a terminal", FAILS, kernel_terminal) \
	X("twin.keyring", "add_key", FAILS, keyring_add) \
	X("twin.keyring", "request_key", FAILS, keyring_request) \
	X("twin.keyring", "keyctl", FAILS, keyring_control) \
	X("twin.memory", "ptrace", FAILS, memory_ptrace) \
	X("twin.memory", "process_vm_readv", FAILS, memory_read) \
	X("twin.memory", "process_vm_writev", FAILS, memory_write) \
	X("twin.memory", "kcmp", FAILS, memory_compare) \
	X("twin.memory", "pidfd_getfd", FAILS, memory_descriptor) \
	X("twin.identity", "capabilities", FAILS, identity_capabilities) \
	X("twin.identity", "ids of root", FAILS, identity_ids) \
	X("twin.identity", "new privileges", FAILS, identity_privileges) \
	X("twin.identity", "no filter", FAILS, identity_filter) \
	X("twin.identity", "setresuid", FAILS, identity_user) \
	X("twin.identity", "setresgid", FAILS, identity_group) \
	X("twin.identity", "setgroups", FAILS, identity_groups) \
	X("twin.identity", "capset", FAILS, identity_capset) \
	X("twin.identity", "keep capabilities over exec", FAILS, identity_ambient) \
	X("twin.limits", "real-time scheduling", FAILS, limits_realtime) \
	X("twin.limits", "deadline scheduling", FAILS, limits_deadline) \
	X("twin.limits", "better priority", FAILS, limits_nice) \
	X("twin.limits", "real-time I/O", FAILS, limits_io) \
	X("twin.limits", "raise hard limits", FAILS, limits_raise) \
	X("twin.limits", "hide from the OOM killer", FAILS, limits_oom) \
	X("twin.processes", "see", FAILS, processes_see) \
	X("twin.processes", "signal", FAILS, processes_signal) \
	X("twin.processes", "hold", FAILS, processes_hold) \
	X("twin.processes", "read environments", FAILS, processes_environ) \
	X("twin.processes", "parent of process 1", FAILS, processes_parent) \
	X("twin.processes", "descriptors from outside", FAILS, processes_descriptors) \
	X("twin.ipc", "objects of System V", FAILS, ipc_sysv) \
	X("twin.ipc", "objects of POSIX", FAILS, ipc_posix) \
	X("twin.ipc", "a segment that the host made", FAILS, ipc_host_segment) \
	X("twin.ipc", "a queue that the host made", FAILS, ipc_host_queue) \
	X("twin.ipc", "shared memory that the host made", FAILS, ipc_host_memory) \
	X("twin.sockets", "names in the table", FAILS, sockets_table) \
	X("twin.sockets", "a name that the host made", FAILS, sockets_host) \
	X("twin.net.family", "every family and type", FAILS, family_sockets) \
	X("twin.net.family", "pairs", FAILS, family_pairs) \
	X("twin.net.family", "raw and odd protocols", FAILS, family_protocols) \
	X("twin.net.family", "kinds of netlink", FAILS, family_netlink) \
	X("twin.net.family", "the hypervisor", FAILS, family_hypervisor) \
	X("twin.net.dns", "names that nobody declared, over UDP", FAILS, dns_udp) \
	X("twin.net.dns", "names that nobody declared, over TCP", FAILS, dns_tcp) \
	X("twin.net.dns", "the engine's resolver", FAILS, dns_engine) \
	X("twin.net.dns", "public resolvers", FAILS, dns_public) \
	X("twin.net.reach", "public addresses", FAILS, reach_public) \
	X("twin.net.reach", "metadata services", FAILS, reach_metadata) \
	X("twin.net.reach", "the network's first address", FAILS, reach_first) \
	X("twin.net.reach", "addresses of the host", FAILS, reach_host) \
	X("twin.net.reach", "other tenants", FAILS, reach_peers) \
	X("twin.net.reach", "past the routes", FAILS, reach_interface) \
	X("twin.net.reach", "over IPv6", FAILS, reach_ipv6) \
	X("twin.net.reach", "from a forged address", FAILS, reach_forged) \
	X("twin.net.reach", "datagrams to the host", HEARD, reach_datagrams) \
	X("twin.names", "host and domain", FAILS, names_host) \
	X("twin.names", "resolver", FAILS, names_resolver) \
	X("twin.net.change", "links, addresses, routes, neighbours", FAILS, change_netlink) \
	X("twin.net.change", "the interface", FAILS, change_interface) \
	X("twin.net.change", "the hardware address", FAILS, change_hardware) \
	X("twin.net.change", "options of sockets", FAILS, change_options) \
	X("twin.net.change", "the packet filter", FAILS, change_filter)
/* clang-format on */

#endif
