/*
 * Measures one tenant from the host. Processes are held by pidfd and start time, so
 * that a reused pid is noticed; a pid from the engine is believed only when its
 * cgroup path carries the container's id. Everything that enters a namespace does so
 * in a short-lived child. Needs root.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"
#include "probe/host_facts.h"

struct file_place { /* a file or folder of root's to look at */
	enum file_role role;
	const char *path;
};

struct process_owner {
	pid_t pid;
	uid_t uid; /* effective */
};

struct probe_request {
	const char *proc_path;		    /* "/proc" */
	const char *cgroup_path;	    /* "/sys/fs/cgroup" */
	const char *worker_id, *gateway_id; /* container ids; NULL when not there */
	pid_t worker_pid, gateway_pid;	    /* as the engine said; 0: not running */
	uid_t uids[2]; /* of worker and gateway, looked for outside of containers; 0: not */
	const struct process_owner *owners; /* to look among; NULL: all that there are now */
	size_t owner_count;
	const char *bridge;	     /* host interface of the tenant */
	const char *workspace_mount; /* on the host */
	/* The gateway's files on the host; gateway_set NULL: they are not looked at. */
	const struct file_place *places;
	size_t place_count;
	const char *gateway_set,
		*gateway_next[2];  /* set in force; candidates that should be gone */
	const char *gateway_state; /* folder that the gateway may write */
	/* Attempts made from inside the worker's network namespace; results are copied to the
	 * facts. All run at the same time, bounded by timeout_ms together. */
	const struct reach_attempt *reach;
	size_t reach_count;
	const struct dns_attempt *dns;
	size_t dns_count;
	const struct http_attempt *http;
	size_t http_count;
	/* Made from inside the gateway's: connections only, each waited for a moment. */
	const struct reach_attempt *gateway_reach;
	size_t gateway_reach_count;
	int timeout_ms;
	const struct proc_mounts *host_mounts; /* of this process; NULL: read when needed */
	bool page_cache; /* reads what runs past the page cache, too: from the disk */
	/* Which environment values look like secrets (domain knows); NULL: none are looked for. */
	const char *(*secret_shape)(const char *name, const char *value);
};

/* Fills *out as far as possible: what could not be read is marked there, and the checks turn it
 * into "inconclusive". An error is returned only when nothing at all could be measured. */
int probe_tenant(const struct probe_request *r, struct tenant_facts *out, struct err *e) must_check;

/* Every process of container `id`, whose first one is `pid`; *out_cut: some could not be looked at.
 * ERR_NOT_FOUND when it ended, ERR_PROTOCOL when the pid is not one of the container's. The caller
 * frees *out with processes_free. */
int probe_processes(const char *proc_path, const char *cgroup_path, pid_t pid, const char *id,
		    struct process_facts **out, size_t *out_count, bool *out_cut, struct err *e)
	must_check;

/* Mounts as this process sees them: those of the host. */
int probe_own_mounts(const char *proc_path, struct proc_mounts *out, struct err *e) must_check;

/* Adds to *out what the container of process `pid`, another tenant's, has of file systems; what
 * could not be told is said in out->error. `host` as in the request. */
void probe_places(const char *proc_path, pid_t pid, bool gateway, const struct proc_mounts *host,
		  struct mount_places *out);

/* Only the attempts, and nothing else of the worker. An error when it does not run. */
int probe_reach(const struct probe_request *r, struct tenant_facts *out, struct err *e) must_check;

/* Every process of the host with its effective user. The caller frees *out. */
int probe_process_owners(const char *proc_path, struct process_owner **out, size_t *out_count,
			 struct err *e) must_check;
/* Identities of this host's own namespaces (/proc/1/ns). */
int probe_host_namespaces(const char *proc_path, struct ns_id out[NS_KINDS], struct err *e)
	must_check;
/* Every local IPv4/IPv6 address of the current network namespace, as text. */
int probe_host_addresses(struct strlist *out, struct err *e) must_check;
/* Listening TCP ports and bound UDP ports of the current network namespace, at most `max`. */
int probe_host_ports(const char *proc_path, struct host_port *out, size_t max, size_t *out_count,
		     struct err *e) must_check;
/* The same below a descriptor of /proc. */
int host_ports_of(int proc_root, struct host_port *out, size_t max, size_t *out_count,
		  struct err *e) must_check;

#endif
