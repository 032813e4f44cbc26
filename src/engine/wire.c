/*
 * The tables: the one place that knows which engine JSON fields exist. Rows of
 * wire_container_spec are written to create requests, read from inspect replies,
 * printed for the spec digest and compared for drift; their order is the print order.
 */
#include "wire.h"

#define TABLE(label, type, rows)                                                                   \
	{                                                                                          \
		.name = (label), .size = sizeof(type), .fields = (rows), .count = ARRAY_SIZE(rows) \
	}
#define KEYED_TABLE(label, type, rows, member)                                                     \
	{                                                                                          \
		.name = (label), .size = sizeof(type), .fields = (rows),                           \
		.count = ARRAY_SIZE(rows), .has_key = true, .key = offsetof(type, member)          \
	}
#define AT(type, member) .offset = offsetof(type, member)

static const struct wire_field ulimit_fields[] = {
	{ "Name", WIRE_STRING, AT(struct engine_ulimit, name) },
	{ "Soft", WIRE_INT, AT(struct engine_ulimit, soft), .flags = WIRE_EXPLICIT },
	{ "Hard", WIRE_INT, AT(struct engine_ulimit, hard), .flags = WIRE_EXPLICIT },
};
static const struct wire_table ulimit_table = TABLE("ulimit", struct engine_ulimit, ulimit_fields);

static const struct wire_field rate_fields[] = {
	{ "Path", WIRE_STRING, AT(struct engine_device_rate, path) },
	{ "Rate", WIRE_INT, AT(struct engine_device_rate, rate) },
};
static const struct wire_table rate_table =
	TABLE("device rate", struct engine_device_rate, rate_fields);

static const struct wire_field mount_fields[] = {
	{ "Type", WIRE_STRING, AT(struct engine_mount, type) },
	{ "Source", WIRE_STRING, AT(struct engine_mount, source) },
	{ "Target", WIRE_STRING, AT(struct engine_mount, target) },
	{ "ReadOnly", WIRE_BOOL, AT(struct engine_mount, read_only) },
	{ "BindOptions.Propagation", WIRE_STRING, AT(struct engine_mount, propagation),
	  .flags = WIRE_OBSERVED },
};
static const struct wire_table mount_table = TABLE("mount", struct engine_mount, mount_fields);

static const struct wire_field port_fields[] = {
	{ "HostIp", WIRE_STRING, AT(struct engine_port, host_ip) },
	{ "HostPort", WIRE_STRING, AT(struct engine_port, host_port) },
};
static const struct wire_table port_table =
	KEYED_TABLE("published port", struct engine_port, port_fields, container_port);

static const struct wire_field endpoint_fields[] = {
	{ "IPAMConfig.IPv4Address", WIRE_STRING, AT(struct engine_endpoint, ipv4) },
	{ "Aliases", WIRE_LIST, AT(struct engine_endpoint, aliases) },
	{ "NetworkID", WIRE_STRING, AT(struct engine_endpoint, network_id),
	  .flags = WIRE_OBSERVED },
	{ "IPAddress", WIRE_STRING, AT(struct engine_endpoint, ip_in_use), .flags = WIRE_OBSERVED },
};
const struct wire_table wire_endpoint =
	KEYED_TABLE("endpoint", struct engine_endpoint, endpoint_fields, network);

static const char *const default_network[] = { "default", "bridge", NULL };
static const char *const private_mode[] = { "private", NULL };
static const char *const plain_runtime[] = { "runc", NULL };
static const char *const never_restart[] = { "no", NULL };

/* What an engine writes where no shm size was asked for (64 MiB). */
#define ENGINE_SHM_SIZE 67108864

#define SPEC(member) AT(struct container_spec, member)
static const struct wire_field spec_fields[] = {
	{ "Config.Image", WIRE_STRING, SPEC(image) },
	{ "Config.User", WIRE_STRING, SPEC(user), .flags = WIRE_INHERIT },
	{ "Config.Hostname", WIRE_STRING, SPEC(hostname), .flags = WIRE_INHERIT },
	{ "Config.WorkingDir", WIRE_STRING, SPEC(working_dir), .flags = WIRE_INHERIT },
	{ "Config.StopSignal", WIRE_STRING, SPEC(stop_signal), .flags = WIRE_INHERIT },
	{ "Config.StopTimeout", WIRE_INT, SPEC(stop_timeout) },
	{ "Config.Entrypoint", WIRE_LIST, SPEC(entrypoint), .flags = WIRE_INHERIT },
	{ "Config.Cmd", WIRE_LIST, SPEC(cmd), .diff = wire_diff_cmd },
	{ "Config.Env", WIRE_LIST, SPEC(env), .diff = wire_diff_env },
	{ "Config.Labels", WIRE_MAP, SPEC(labels), .flags = WIRE_SUBSET },
	{ "Config.Healthcheck.Test", WIRE_LIST, SPEC(health.test), .flags = WIRE_INHERIT },
	{ "Config.Healthcheck.Interval", WIRE_INT, SPEC(health.interval_ns),
	  .flags = WIRE_INHERIT },
	{ "Config.Healthcheck.Timeout", WIRE_INT, SPEC(health.timeout_ns), .flags = WIRE_INHERIT },
	{ "Config.Healthcheck.StartPeriod", WIRE_INT, SPEC(health.start_period_ns),
	  .flags = WIRE_INHERIT },
	{ "Config.Healthcheck.Retries", WIRE_INT, SPEC(health.retries), .flags = WIRE_INHERIT },
	{ "Config.Tty", WIRE_BOOL, SPEC(tty) },
	{ "Config.OpenStdin", WIRE_BOOL, SPEC(open_stdin) },
	{ "HostConfig.NetworkMode", WIRE_STRING, SPEC(network_mode), .same = default_network },
	{ "HostConfig.IpcMode", WIRE_STRING, SPEC(ipc_mode), .same = private_mode },
	{ "HostConfig.PidMode", WIRE_STRING, SPEC(pid_mode), .flags = WIRE_NEVER },
	{ "HostConfig.UTSMode", WIRE_STRING, SPEC(uts_mode), .flags = WIRE_NEVER },
	{ "HostConfig.UsernsMode", WIRE_STRING, SPEC(userns_mode), .flags = WIRE_NEVER },
	{ "HostConfig.CgroupnsMode", WIRE_STRING, SPEC(cgroupns_mode), .same = private_mode },
	{ "HostConfig.Runtime", WIRE_STRING, SPEC(runtime), .same = plain_runtime },
	{ "HostConfig.CgroupParent", WIRE_STRING, SPEC(cgroup_parent), .flags = WIRE_NEVER },
	{ "HostConfig.CapAdd", WIRE_LIST, SPEC(cap_add), .flags = WIRE_NEVER,
	  .diff = wire_diff_caps },
	{ "HostConfig.CapDrop", WIRE_LIST, SPEC(cap_drop), .diff = wire_diff_caps },
	{ "HostConfig.SecurityOpt", WIRE_LIST, SPEC(security_opt), .diff = wire_diff_security },
	{ "HostConfig.GroupAdd", WIRE_LIST, SPEC(group_add), .flags = WIRE_NEVER },
	{ "HostConfig.ExtraHosts", WIRE_LIST, SPEC(extra_hosts), .flags = WIRE_SET },
	{ "HostConfig.Dns", WIRE_LIST, SPEC(dns) },
	{ "HostConfig.Binds", WIRE_LIST, SPEC(binds), .flags = WIRE_NEVER },
	{ "HostConfig.VolumesFrom", WIRE_LIST, SPEC(volumes_from), .flags = WIRE_NEVER },
	{ "HostConfig.Links", WIRE_LIST, SPEC(links), .flags = WIRE_NEVER },
	{ "HostConfig.DeviceCgroupRules", WIRE_LIST, SPEC(device_cgroup_rules),
	  .flags = WIRE_NEVER },
	{ "HostConfig.Devices", WIRE_COUNT, SPEC(device_count), .flags = WIRE_NEVER },
	{ "HostConfig.DeviceRequests", WIRE_COUNT, SPEC(device_count), .flags = WIRE_OBSERVED },
	{ "HostConfig.MaskedPaths", WIRE_LIST, SPEC(masked_paths),
	  .flags = WIRE_INHERIT | WIRE_SET },
	{ "HostConfig.ReadonlyPaths", WIRE_LIST, SPEC(readonly_paths), .flags = WIRE_OBSERVED },
	{ "HostConfig.Tmpfs", WIRE_MAP, SPEC(tmpfs) },
	{ "HostConfig.Sysctls", WIRE_MAP, SPEC(sysctls) },
	{ "HostConfig.LogConfig.Type", WIRE_STRING, SPEC(log_driver), .flags = WIRE_INHERIT },
	/* The engine adds its daemon-wide log options to ours. */
	{ "HostConfig.LogConfig.Config", WIRE_MAP, SPEC(log_options), .flags = WIRE_SUBSET },
	{ "HostConfig.RestartPolicy.Name", WIRE_STRING, SPEC(restart_policy),
	  .same = never_restart },
	{ "HostConfig.RestartPolicy.MaximumRetryCount", WIRE_INT, SPEC(restart_max) },
	{ "HostConfig.Privileged", WIRE_BOOL, SPEC(privileged), .flags = WIRE_NEVER },
	{ "HostConfig.ReadonlyRootfs", WIRE_BOOL, SPEC(readonly_rootfs), .flags = WIRE_EXPLICIT },
	/* False must be said: a daemon can make an init the default. */
	{ "HostConfig.Init", WIRE_BOOL, SPEC(init), .flags = WIRE_EXPLICIT },
	{ "HostConfig.PublishAllPorts", WIRE_BOOL, SPEC(publish_all), .flags = WIRE_NEVER },
	{ "HostConfig.AutoRemove", WIRE_BOOL, SPEC(auto_remove) },
	{ "HostConfig.OomKillDisable", WIRE_BOOL, SPEC(oom_kill_disable), .flags = WIRE_NEVER },
	{ "HostConfig.Memory", WIRE_INT, SPEC(memory) },
	{ "HostConfig.MemorySwap", WIRE_INT, SPEC(memory_swap), .diff = wire_diff_memory_swap },
	{ "HostConfig.NanoCpus", WIRE_INT, SPEC(nano_cpus) },
	{ "HostConfig.PidsLimit", WIRE_INT, SPEC(pids_limit), .diff = wire_diff_pids },
	{ "HostConfig.ShmSize", WIRE_INT, SPEC(shm_size), .zero = ENGINE_SHM_SIZE },
	{ "HostConfig.OomScoreAdj", WIRE_INT, SPEC(oom_score_adj) },
	{ "HostConfig.BlkioDeviceReadBps", WIRE_OBJECTS, SPEC(read_rates), .sub = &rate_table,
	  .flags = WIRE_SET },
	{ "HostConfig.BlkioDeviceWriteBps", WIRE_OBJECTS, SPEC(write_rates), .sub = &rate_table,
	  .flags = WIRE_SET },
	{ "HostConfig.Ulimits", WIRE_OBJECTS, SPEC(ulimits), .sub = &ulimit_table,
	  .flags = WIRE_SET },
	{ "HostConfig.Mounts", WIRE_OBJECTS, SPEC(mounts), .sub = &mount_table,
	  .diff = wire_diff_mounts },
	{ "HostConfig.PortBindings", WIRE_OBJECT_LISTS, SPEC(ports), .sub = &port_table,
	  .flags = WIRE_SET },
	{ "NetworkSettings.Networks", WIRE_OBJECT_MAP, SPEC(endpoints), .sub = &wire_endpoint,
	  .diff = wire_diff_endpoints },
};
const struct wire_table wire_container_spec =
	TABLE("container", struct container_spec, spec_fields);

#define INFO(member) AT(struct container_info, member)
static const struct wire_field info_fields[] = {
	{ "Id", WIRE_ID, INFO(id), .flags = WIRE_REQUIRED },
	{ "Name", WIRE_NAME, INFO(name), .flags = WIRE_REQUIRED },
	{ "Image", WIRE_STRING, INFO(image_id), .flags = WIRE_REQUIRED },
	{ "LogPath", WIRE_STRING, INFO(log_path) },
	{ "Created", WIRE_STRING, INFO(state.created_at) },
	{ "RestartCount", WIRE_INT, INFO(state.restart_count) },
	{ "State.Status", WIRE_STRING, INFO(state.status), .flags = WIRE_REQUIRED },
	{ "State.Running", WIRE_BOOL, INFO(state.running), .flags = WIRE_REQUIRED },
	{ "State.OOMKilled", WIRE_BOOL, INFO(state.oom_killed) },
	{ "State.Pid", WIRE_INT, INFO(state.pid), .flags = WIRE_REQUIRED },
	{ "State.ExitCode", WIRE_INT, INFO(state.exit_code) },
	{ "State.StartedAt", WIRE_STRING, INFO(state.started_at) },
	{ "State.Error", WIRE_STRING, INFO(state.error) },
	{ "State.Health.Status", WIRE_STRING, INFO(state.health) },
};
const struct wire_table wire_container_info =
	TABLE("container", struct container_info, info_fields);

#define ROW(member) AT(struct container_row, member)
static const struct wire_field row_fields[] = {
	{ "Id", WIRE_ID, ROW(id), .flags = WIRE_REQUIRED },
	{ "Names.0", WIRE_NAME, ROW(name) },
	{ "Image", WIRE_STRING, ROW(image) },
	{ "ImageID", WIRE_STRING, ROW(image_id) },
	{ "State", WIRE_STRING, ROW(state), .flags = WIRE_REQUIRED },
	{ "Status", WIRE_STRING, ROW(status) },
	{ "Created", WIRE_INT, ROW(created) },
	{ "Labels", WIRE_MAP, ROW(labels) },
};
const struct wire_table wire_container_row = TABLE("container", struct container_row, row_fields);

#define NET(member) AT(struct network_spec, member)
static const struct wire_field network_spec_fields[] = {
	{ "Name", WIRE_STRING, NET(name), .flags = WIRE_REQUIRED },
	{ "IPAM.Config.0.Subnet", WIRE_STRING, NET(subnet), .flags = WIRE_POOL },
	{ "IPAM.Config.0.Gateway", WIRE_STRING, NET(gateway), .flags = WIRE_POOL },
	{ "IPAM.Config.0.IPRange", WIRE_STRING, NET(ip_range), .flags = WIRE_POOL },
	{ "Internal", WIRE_BOOL, NET(internal), .flags = WIRE_EXPLICIT },
	{ "Attachable", WIRE_BOOL, NET(attachable), .flags = WIRE_EXPLICIT },
	{ "EnableIPv6", WIRE_BOOL, NET(enable_ipv6), .flags = WIRE_EXPLICIT },
	{ "Options", WIRE_MAP, NET(options) },
	{ "Labels", WIRE_MAP, NET(labels) },
};
const struct wire_table wire_network_spec =
	TABLE("network", struct network_spec, network_spec_fields);

static const struct wire_field member_fields[] = {
	{ "Name", WIRE_STRING, AT(struct network_member, name) },
	{ "IPv4Address", WIRE_STRING, AT(struct network_member, ipv4) },
};
static const struct wire_table member_table =
	KEYED_TABLE("network member", struct network_member, member_fields, container_id);

#define NETINFO(member) AT(struct network_info, member)
static const struct wire_field network_info_fields[] = {
	{ "Id", WIRE_ID, NETINFO(id), .flags = WIRE_REQUIRED },
	{ "Driver", WIRE_STRING, NETINFO(driver), .flags = WIRE_REQUIRED },
	{ "Scope", WIRE_STRING, NETINFO(scope) },
	{ "Containers", WIRE_OBJECT_MAP, NETINFO(members), .sub = &member_table },
};
const struct wire_table wire_network_info =
	TABLE("network", struct network_info, network_info_fields);

#define IMG(member) AT(struct image_info, member)
static const struct wire_field image_fields[] = {
	{ "Id", WIRE_STRING, IMG(id), .flags = WIRE_REQUIRED },
	{ "RepoTags", WIRE_LIST, IMG(repo_tags) },
	{ "RepoDigests", WIRE_LIST, IMG(repo_digests) },
	{ "RootFS.Layers", WIRE_LIST, IMG(layers) },
	{ "Config.Labels", WIRE_MAP, IMG(labels) },
	{ "Config.User", WIRE_STRING, IMG(user) },
	{ "Created", WIRE_STRING, IMG(created) },
	{ "Size", WIRE_INT, IMG(size) },
	{ "Config.Entrypoint", WIRE_LIST, IMG(entrypoint) },
	{ "Config.Cmd", WIRE_LIST, IMG(cmd) },
	{ "Config.Env", WIRE_LIST, IMG(env) },
	{ "Config.Volumes", WIRE_KEYS, IMG(volumes) },
	{ "GraphDriver.Data.UpperDir", WIRE_STRING, IMG(upper_dir) },
	{ "GraphDriver.Data.LowerDir", WIRE_STRING, IMG(lower_dirs) },
};
const struct wire_table wire_image_info = TABLE("image", struct image_info, image_fields);

#define RUNTIME(member) AT(struct engine_runtime, member)
static const struct wire_field runtime_fields[] = {
	{ "path", WIRE_STRING, RUNTIME(path) },
	{ "runtimeType", WIRE_STRING, RUNTIME(type) },
	{ "runtimeArgs", WIRE_LIST, RUNTIME(args) },
	{ "options.ConfigPath", WIRE_STRING, RUNTIME(config) },
};
static const struct wire_table runtime_table =
	KEYED_TABLE("runtime", struct engine_runtime, runtime_fields, name);

#define ENG(member) AT(struct engine_info, member)
static const struct wire_field engine_fields[] = {
	{ "ServerVersion", WIRE_STRING, ENG(server_version), .flags = WIRE_REQUIRED },
	{ "Driver", WIRE_STRING, ENG(storage_driver) },
	{ "CgroupVersion", WIRE_STRING, ENG(cgroup_version) },
	{ "OSType", WIRE_STRING, ENG(os_type) },
	{ "KernelVersion", WIRE_STRING, ENG(kernel) },
	{ "Name", WIRE_STRING, ENG(name) },
	{ "ID", WIRE_STRING, ENG(id) },
	{ "DockerRootDir", WIRE_STRING, ENG(docker_root) },
	{ "NCPU", WIRE_INT, ENG(ncpu) },
	{ "MemTotal", WIRE_INT, ENG(mem_total) },
	{ "MemoryLimit", WIRE_BOOL, ENG(memory_limit) },
	{ "SwapLimit", WIRE_BOOL, ENG(swap_limit) },
	{ "PidsLimit", WIRE_BOOL, ENG(pids_limit) },
	{ "CpuCfsQuota", WIRE_BOOL, ENG(cpu_cfs_quota) },
	{ "SecurityOptions", WIRE_LIST, ENG(security_options) },
	{ "Runtimes", WIRE_KEYS, ENG(runtimes) },
	{ "Runtimes", WIRE_OBJECT_MAP, ENG(runtime_details), .sub = &runtime_table },
	{ "DefaultRuntime", WIRE_STRING, ENG(default_runtime) },
	{ "LoggingDriver", WIRE_STRING, ENG(logging_driver) },
	{ "Swarm.LocalNodeState", WIRE_STRING, ENG(swarm_state) },
	{ "FirewallBackend.Driver", WIRE_STRING, ENG(firewall) },
	{ "RuncCommit.ID", WIRE_STRING, ENG(runc_commit) },
	{ "ContainerdCommit.ID", WIRE_STRING, ENG(containerd_commit) },
	{ "LiveRestoreEnabled", WIRE_BOOL, ENG(live_restore) },
	{ "Plugins.Authorization", WIRE_LIST, ENG(authorization) },
	{ "RegistryConfig.InsecureRegistryCIDRs", WIRE_LIST, ENG(insecure_registries) },
	{ "Warnings", WIRE_LIST, ENG(warnings) },
};
const struct wire_table wire_engine_info = TABLE("engine", struct engine_info, engine_fields);

#define COMPONENT(member) AT(struct engine_component, member)
static const struct wire_field component_fields[] = {
	{ "Name", WIRE_STRING, COMPONENT(name) },
	{ "Version", WIRE_STRING, COMPONENT(version) },
};
static const struct wire_table component_table =
	TABLE("component", struct engine_component, component_fields);

#define VERSION(member) AT(struct engine_version, member)
static const struct wire_field version_fields[] = {
	{ "Version", WIRE_STRING, VERSION(version), .flags = WIRE_REQUIRED },
	{ "ApiVersion", WIRE_STRING, VERSION(api) },
	{ "MinAPIVersion", WIRE_STRING, VERSION(min_api) },
	{ "KernelVersion", WIRE_STRING, VERSION(kernel) },
	{ "GoVersion", WIRE_STRING, VERSION(go) },
	{ "Components", WIRE_OBJECTS, VERSION(components), .sub = &component_table },
};
const struct wire_table wire_engine_version =
	TABLE("engine version", struct engine_version, version_fields);
