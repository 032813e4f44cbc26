/*
 * What was measured of the host that all tenants share: plain structs, nothing about
 * what should be. What could not be read is NULL, negative or marked unknown, never a
 * value that reads as good; domain/doctor judges.
 */
#ifndef PROBE_HOST_FACTS_H
#define PROBE_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strlist.h"
#include "probe/facts.h"
#include "base/strmap.h"

struct host_value {    /* one small file of /proc or /sys */
	char *name;    /* "kernel.kptr_restrict", "spectre_v2" */
	char *value;   /* without the line's end; NULL: could not be read */
	int sys_errno; /* then: why; ENOENT: the kernel has none */
};

enum module_state {
	MODULE_UNKNOWN,	  /* nothing says whether the kernel could have it */
	MODULE_ABSENT,	  /* neither built in nor on the disk */
	MODULE_BLOCKED,	  /* on the disk, and modprobe.d keeps it from being loaded */
	MODULE_AVAILABLE, /* loaded by the kernel when somebody asks for it */
	MODULE_LOADED,	  /* or built in */
};

enum host_module {
	HOST_MODULE_ALG, /* AF_ALG's aead sockets */
	HOST_MODULE_ESP4,
	HOST_MODULE_ESP6,
	HOST_MODULE_RXRPC,
	HOST_MODULE_OPENVSWITCH,
	HOST_MODULE_BR_NETFILTER,
	HOST_MODULES,
};
extern const char *const host_module_names[HOST_MODULES];

struct host_path {
	char *path;
	bool exists, is_socket, is_folder, is_link;
	uid_t uid;
	gid_t gid;
	mode_t mode;   /* permission bits */
	int sys_errno; /* why it could not be looked at; 0 with exists false: there is none */
};

struct host_disk { /* the file system that holds `path`, or its nearest parent that exists */
	char *path;
	bool known;
	bool is_root; /* the same file system as / */
	bool project_quota;
	uint64_t size, free;	      /* bytes */
	uint64_t inodes, inodes_free; /* 0 inodes: made on demand, without a bound */
	char fstype[32];
};

struct host_route { /* one line of the main IPv4 table; host byte order */
	char interface[16];
	uint32_t base, mask;
};

struct host_cpu {
	struct host_value *vulnerabilities; /* "spectre_v2": "Mitigation: ..." */
	size_t vulnerability_count;
	char *smt;	 /* "on", "off", "notsupported", ... */
	char *nested[2]; /* kvm_intel and kvm_amd: "Y", "1", ... */
};

struct host_engine { /* the process behind the engine's socket */
	bool known;
	pid_t pid;
	struct strlist args;
	struct strmap env; /* variables that start with DOCKER_ only */
	char *config_path; /* of its daemon.json, whether or not it exists */
	char *config;	   /* its text; NULL: there is none, or config_errno says why not */
	int config_errno;
};

struct host_facts {
	char *release;	 /* "6.1.0-42-amd64" */
	char *version;	 /* all of /proc/version; distributions write the real number there */
	char *signature; /* /proc/version_signature of Ubuntu, or NULL */
	struct host_value *sysctls;
	size_t sysctl_count;
	struct strlist route_localnet; /* interfaces that let 127.0.0.0/8 in and out */
	bool route_localnet_known;
	enum module_state modules[HOST_MODULES];
	int cgroup_version; /* 0: not known */
	struct strlist controllers;
	char *lsm; /* "lockdown,capability,apparmor"; NULL: not known */
	bool lsm_known;
	int apparmor_profile; /* the engine's own is loaded: 1, is not: 0, can't be told: -1 */
	int selinux_enforcing;
	char *ksm; /* "0": off; NULL: the kernel has none, if ksm_known */
	bool ksm_known;
	bool swaps_known;
	struct strlist swaps, clear_swaps; /* those of them on a disk and not encrypted */
	struct host_cpu cpu;
	int64_t memory_total, memory_available; /* bytes; -1 unknown */
	struct host_path socket;
	char *socket_group; /* its name; NULL: not known */
	struct strlist socket_members;
	bool members_known;
	struct host_path *folders;
	size_t folder_count;
	struct host_disk *disks;
	size_t disk_count;
	struct host_engine engine;
	int firewalld; /* runs 1, does not 0, not known -1 */
	struct host_port *ports;
	size_t port_count;
	bool ports_known;
	struct host_route *routes;
	size_t route_count;
	bool routes_known;
	int clock_synced;  /* 1, 0, not known -1 */
	int entropy_ready; /* likewise */
};

void host_facts_free(struct host_facts *f);
#define auto_host_facts cleanup_with(host_facts_free)
/* The value of a sysctl, or NULL when it was not asked for. */
const struct host_value *host_sysctl(const struct host_facts *f, const char *name);
const struct host_path *host_folder(const struct host_facts *f, const char *path);

#endif
