/*
 * Plain data exchanged with the engine. One struct describes a container both as
 * we ask for it (create) and as the engine says it is (inspect), bound by one table
 * in engine/wire.c: what is not in the table is neither sent nor believed.
 */
#ifndef ENGINE_TYPES_H
#define ENGINE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/strlist.h"
#include "base/strmap.h"

#define ENGINE_ID_SIZE 65 /* 64 hex digits and NUL */

struct engine_ulimit {
	char *name;
	int64_t soft, hard;
};

struct engine_mount {
	char *type; /* "bind" */
	char *source, *target;
	char *propagation; /* observed only; NULL or "" stands for rprivate, which is always sent */
	bool read_only;	   /* with every mount below it */
};

struct engine_device_rate {
	char *path;   /* of a block device or a link to one, resolved at each start */
	int64_t rate; /* bytes per second */
};

struct engine_port {	      /* one published port */
	char *container_port; /* "8080/tcp" */
	char *host_ip, *host_port;
};

struct engine_health {
	struct strlist test;
	int64_t interval_ns, timeout_ns, start_period_ns, retries;
};

struct engine_endpoint {
	char *network;	  /* name (key of the map) */
	char *network_id; /* observed only */
	char *ipv4;	  /* requested static address; for inspect the one asked for */
	char *ip_in_use;  /* observed only: "" while stopped */
	struct strlist aliases;
};

/* Everything that shapes a container. Lists are struct bind_list of the structs above. */
struct container_spec {
	/* Config */
	char *image, *user, *hostname, *working_dir, *stop_signal;
	struct strlist entrypoint, cmd, env;
	struct strmap labels;
	struct engine_health health;
	int64_t stop_timeout; /* seconds */
	bool tty, open_stdin;
	/* HostConfig */
	char *network_mode, *ipc_mode, *pid_mode, *uts_mode, *userns_mode, *cgroupns_mode;
	char *runtime, *cgroup_parent;
	struct strlist cap_add, cap_drop, security_opt, group_add, extra_hosts, dns, binds;
	struct strlist volumes_from, links, device_cgroup_rules;
	/* A list replaces the engine's own; empty: the engine's default stands. readonly_paths is
	 * observed only. */
	struct strlist masked_paths, readonly_paths;
	struct strmap tmpfs, sysctls, log_options;
	char *log_driver, *restart_policy;
	int64_t restart_max;
	bool privileged, readonly_rootfs, init, publish_all, auto_remove, oom_kill_disable;
	int64_t memory, memory_swap, nano_cpus, pids_limit, shm_size, oom_score_adj;
	int64_t device_count;	  /* Devices + DeviceRequests; never sent, observed only */
	struct bind_list ulimits; /* struct engine_ulimit */
	struct bind_list read_rates, write_rates; /* struct engine_device_rate */
	struct bind_list mounts;		  /* struct engine_mount */
	struct bind_list ports;			  /* struct engine_port */
	struct bind_list endpoints;		  /* struct engine_endpoint */
};

struct container_state {
	char *status; /* created, running, restarting, exited, paused, dead, removing */
	bool running, oom_killed;
	int64_t pid, exit_code, restart_count;
	char *started_at, *created_at, *error, *health; /* health "" without a check */
};

struct container_info { /* one inspect reply */
	char id[ENGINE_ID_SIZE];
	char *name;	/* without the leading slash */
	char *image_id; /* sha256:... of the image in use */
	char *log_path;
	struct container_state state;
	struct container_spec spec;
};

struct container_row { /* one row of the list call */
	char id[ENGINE_ID_SIZE];
	char *name, *image, *image_id, *state, *status;
	int64_t created; /* seconds since 1970 */
	struct strmap labels;
};

struct network_spec {
	char *name, *subnet, *gateway, *ip_range; /* ip_range may be NULL */
	bool internal, attachable, enable_ipv6;
	struct strmap options, labels;
};

struct network_member {
	char *container_id, *name, *ipv4;
};

struct network_info {
	char id[ENGINE_ID_SIZE];
	char *driver, *scope;
	struct network_spec spec;
	struct bind_list members; /* struct network_member; inspect only */
};

struct image_info {
	char *id;
	struct strlist repo_tags, repo_digests, layers;
	struct strmap labels;
	char *user, *created;
	int64_t size;
	struct strlist entrypoint, cmd, env;
	struct strlist volumes; /* paths of Config.Volumes */
	/* Folders of the layers on the host, as drivers with one each tell (overlay2): the top one,
	 * and the others from top to bottom with colons between. NULL: not told. */
	char *upper_dir, *lower_dirs;
};

struct engine_runtime { /* one entry of Runtimes */
	char *name;
	char *path;   /* of an OCI runtime's program; "" for a shim */
	char *type;   /* "io.containerd.runsc.v1" of a shim; "" for a program */
	char *config; /* file that a shim reads its flags from; "" when none is named */
	struct strlist args;
	char *version; /* as it says of itself, maybe with words around; NULL: it does not, or the
			  engine is older than 25 and the program was not asked */
};

struct engine_info { /* GET /info and /version, what we rely on */
	char *server_version, *storage_driver, *cgroup_version, *os_type, *kernel, *name, *id;
	char *docker_root;
	char *default_runtime, *logging_driver, *swarm_state;
	char *firewall; /* "iptables", "nftables"; "" on engines that do not say */
	char *runc_commit, *containerd_commit; /* what the engine knows of them; may be "" */
	bool live_restore;
	struct strlist authorization;	    /* plugins that decide on API calls */
	struct strlist insecure_registries; /* prefixes; loopback is always among them */
	struct bind_list runtime_details;   /* struct engine_runtime */
	int64_t api_major, api_minor;	    /* negotiated */
	int64_t ncpu, mem_total;
	bool memory_limit, swap_limit, pids_limit, cpu_cfs_quota;
	struct strlist security_options, runtimes, warnings;
	bool containerd_store;
};

struct engine_component {
	char *name, *version; /* "Engine", "containerd", "runc", "docker-init" */
};

struct engine_version { /* GET /version */
	char *version, *api, *min_api, *kernel, *go;
	struct bind_list components; /* struct engine_component */
};

void container_spec_free(struct container_spec *s);
/* `dst` is freed first. */
void container_spec_copy(struct container_spec *dst, const struct container_spec *src);
void container_info_free(struct container_info *c);
void container_rows_free(struct bind_list *rows); /* struct container_row */
void network_spec_free(struct network_spec *s);
void network_info_free(struct network_info *n);
void network_infos_free(struct bind_list *l); /* struct network_info */
void image_info_free(struct image_info *i);
void engine_info_free(struct engine_info *i);
void engine_version_free(struct engine_version *v);
/* Version of a component, or NULL when the engine names none. */
const char *engine_component_version(const struct engine_version *v, const char *name);
/* Order of keys and members as in the table of engine/wire.c: equal specs print equally.
 * With `settable_only`, only what a create request carries (the input of the spec digest). */
struct node *container_spec_json(const struct container_spec *s, bool settable_only) returns_owned;
struct spec_difference {
	char *field;		   /* "HostConfig.PidsLimit", "HostConfig.Mounts./workspace" */
	char *expected, *observed; /* bounded text; never the value of a variable */
	char *text;		   /* "HostConfig.PidsLimit: expected 256, observed 0" */
};

struct spec_differences {
	struct spec_difference *items;
	size_t count;
};
void spec_differences_free(struct spec_differences *d);
#define auto_spec_differences cleanup_with(spec_differences_free)

/* Adds every settable field that differs; empty, null and missing are equal, and so are an engine's
 * spelled-out defaults ("" and "private" IpcMode and the like, listed in engine/wire.c). Labels of
 * the image, its Env and the engine's own additions are not differences. */
void container_spec_differences(const struct container_spec *expected,
				const struct container_spec *observed,
				struct spec_differences *out);
/* The same as texts. Returns how many were added. */
size_t container_spec_diff(const struct container_spec *expected,
			   const struct container_spec *observed, struct strlist *out);

#endif
