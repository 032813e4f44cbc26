/*
 * What was measured on the host about one tenant: plain structs, nothing about what
 * it should be. Filled by the probe layer from /proc, cgroup files, a seccomp dump
 * and the worker's own network namespace; judged by domain/checks.
 */
#ifndef PROBE_FACTS_H
#define PROBE_FACTS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/proc.h"
#include "base/strlist.h"

enum ns_kind { NS_MNT, NS_PID, NS_NET, NS_IPC, NS_UTS, NS_CGROUP, NS_USER, NS_TIME, NS_KINDS };
extern const char *const ns_names[NS_KINDS]; /* as in /proc/PID/ns */

struct ns_id {
	dev_t dev;
	ino_t ino; /* 0: not available */
};

struct process_facts {
	pid_t pid; /* on the host */
	uint64_t start_time;
	struct proc_status status;
	struct ns_id ns[NS_KINDS];
	char lsm_label[128];
	struct strlist
		secret_variables; /* names of environment variables with secret-shaped values */
	struct proc_limit limits[20];
	size_t limit_count;
	unsigned odd_threads; /* threads whose caps, seccomp or no_new_privs differ from the leader
			       */
	char gateway_config[24]; /* GATEWAY_CONFIG of its environment: digest of the file that it
				    was started with; "" none */
	struct strlist handles;	 /* what it holds open that is not its container's: "folder /",
				    "descriptor 7: /etc", "descriptor 8: mnt:[4026531841]" */
	bool handles_unread;	 /* some could not be looked at */
	int64_t coredump_filter; /* core(5): kinds of memory that go into an image; -1 unknown */
};

struct cgroup_facts { /* in force for the worker; UINT64_MAX: no limit, or not readable */
	int version;  /* 1 or 2, of the memory controller; 0: nothing was readable */
	uint64_t memory_max, memory_swap_max; /* swap: v1 memsw (memory+swap), v2 swap only */
	bool swap_known;
	uint64_t pids_max;
	int64_t cpu_quota_us, cpu_period_us; /* quota -1: none */
	uint64_t memory_current, pids_current;
	char path[512]; /* of the memory controller, below the mount */
};

#define IO_RATES_MAX 16

struct io_facts {    /* rates in force for the worker, of each device that has one */
	int version; /* 1 or 2, of the controller; 0: there is none, or it could not be read */
	struct io_rate {
		unsigned major, minor;
		uint64_t read, write; /* bytes per second; UINT64_MAX: no limit */
	} rates[IO_RATES_MAX];
	size_t count; /* further ones are as if there were no limit */
};

struct filter_program { /* one seccomp filter as the kernel holds it */
	struct sock_filter *code;
	size_t count;
};

struct route_facts {
	char destination[20]; /* "10.231.0.0/29", "default" */
	char gateway[16];     /* "" when on link */
	char interface[16];
};

struct interface_facts {
	char name[16];
	int index, peer_index;	  /* peer_index: host side of a veth */
	struct strlist addresses; /* "10.231.0.3/29", IPv6 too */
	char bridge[16];	  /* master of the host side; "" unknown */
	bool up;
};

enum reach_outcome {
	REACH_OPEN,	   /* connected, or a datagram was answered */
	REACH_REFUSED,	   /* RST or port unreachable: something is there */
	REACH_UNREACHABLE, /* ENETUNREACH, EHOSTUNREACH, EPERM */
	REACH_TIMEOUT,	   /* nothing came back in time */
	REACH_ERROR,	   /* the attempt itself failed: proves nothing */
};

struct reach_attempt {	 /* asked by ops/verify, answered by the probe */
	char target[96]; /* what it is, for people: "sibling beta-corp worker" */
	char check[48];	 /* check id it counts for: "net.sibling.tcp" */
	char address[46];
	uint16_t port;
	bool udp;
	bool must_work; /* positive control */
	/* A TLS client's first message for this name is sent, and only an answer to it counts as
	 * open; NULL: a connection does. The caller's, as long as the attempt. */
	const char *sni;
	enum reach_outcome outcome;
	int sys_errno;
};

/* DNS_REFUSED: every other error code of a reply (2 is SERVFAIL), or the network refused and
 * rcode is -1. DNS_ERROR: a reply that can't be read, or no attempt was made. rcode is -1 whenever
 * there was no reply. */
enum dns_outcome { DNS_ANSWERED, DNS_EMPTY, DNS_NXDOMAIN, DNS_REFUSED, DNS_TIMEOUT, DNS_ERROR };
struct dns_attempt {
	char check[48];
	char server[46];
	char name[256];
	uint16_t type; /* 1 A, 28 AAAA, 16 TXT, 12 PTR, 33 SRV */
	bool tcp;
	bool must_work;
	enum dns_outcome outcome;
	int rcode;
	char answer[46]; /* first A or AAAA address */
};

enum http_outcome {
	HTTP_ANSWERED,	  /* status and, of a JSON body, reason are set */
	HTTP_CLOSED,	  /* connected, and hung up without a word */
	HTTP_REFUSED,	  /* no connection: RST */
	HTTP_UNREACHABLE, /* no connection: no way there */
	HTTP_TIMEOUT,	  /* no complete answer in time */
	HTTP_ERROR,	  /* the answer is not HTTP, or the attempt itself failed */
};

struct http_attempt {	  /* one request, asked by ops/verify, answered by the probe */
	char check[48];	  /* check id it counts for: "route.target" */
	char what[64];	  /* for people: "another host's name" */
	char wanted[64];  /* reasons of a right refusal: "host|target"; "-" stands for none given */
	char address[46]; /* of the gateway */
	uint16_t port;
	bool must_work;	   /* positive control: this very reason must come */
	char method[16];   /* written as they are */
	char target[200];  /* "/x", "http://192.0.2.1/", "192.0.2.1:443" */
	char host[64];	   /* "": no Host header */
	char headers[160]; /* further headers without the last CRLF; "": Connection: close */
	enum http_outcome outcome;
	int status; /* 0: none */
	char reason[24];
};

struct host_port { /* a listening TCP socket or a bound UDP one */
	char address[46];
	uint16_t port;
	bool udp;
};

struct listener_facts { /* of a container's network namespace */
	struct host_port *ports;
	size_t port_count;
	struct strlist unix_paths; /* of its named unix sockets; "@..." is abstract */
	bool cut;		   /* there were more than are looked at */
	char error[200];	   /* why it could not be looked at; "" when it was */
};

enum file_role {
	FILE_RUN,	 /* the tenant's tmpfs */
	FILE_FILES,	 /* folder that the gateway sees */
	FILE_SET,	 /* folder of the set in force */
	FILE_KEYS,	 /* the set's file of keys */
	FILE_SECRETS,	 /* folder of the tenant's secrets */
	FILE_SECRET,	 /* one of them */
	FILE_SET_MEMBER, /* any file of the set */
};

struct file_facts { /* a file or folder of root's, never followed */
	enum file_role role;
	char path[256]; /* a member's name */
	int sys_errno;	/* why there is no more; 0 when there is */
	uint32_t mode, uid, gid;
	uint64_t links, size;
	dev_t dev;
	bool on_tmpfs;
	char digest[65]; /* SHA-256 of a member's content; "" not read */
};

struct gateway_files_facts {
	struct file_facts *places; /* what was asked for, in that order */
	size_t place_count;
	struct file_facts *members; /* of the set, by name */
	size_t member_count;
	struct strlist leftovers; /* candidates beside the set */
	char generation[128];	  /* first line of the set's file of that name; "" none */
	char loaded[64];	  /* which generation the gateway says that it loaded; "" none */
	bool refused;		  /* it says that it refused the last one */
	struct strlist key_ids;	  /* first words of the file of keys */
	char error[200];	  /* why the set could not be looked at; "" when it was */
};

struct secret_facts { /* a search for the tenant's keys where they must not be */
	bool searched;
	size_t secrets;		  /* that were looked for */
	struct strlist short_ids; /* too short to be looked for */
	size_t places;		  /* that were looked into */
	uint64_t bytes;
	struct strlist missed;	/* ids not found where they must be: the search is broken */
	struct strlist exposed; /* "environ of worker process 12: ghl.0, base64"; bounded */
	size_t exposed_more;	/* further ones */
	struct strlist unread;	/* places that could not be looked into */
	char error[200];	/* why there was no search; "" when there was */
};

struct cache_facts { /* files of read-only mounts that processes run: in memory, and on the disk */
	bool looked;
	size_t files;		/* of which samples were compared */
	uint64_t bytes;		/* of them */
	struct strlist altered; /* "worker /usr/lib/libc.so.6 at 65536"; bounded, names as found */
	struct strlist refused; /* cannot be read past the page cache, with the reason; bounded */
};

enum image_find_kind {
	IMAGE_SETUID,	  /* an executable file whose owner's rights its user gets */
	IMAGE_SETGID,	  /* the same of its group */
	IMAGE_FILECAP,	  /* an executable file with capabilities of its own */
	IMAGE_DEVICE,	  /* a device node, other than those that every container has in /dev */
	IMAGE_PLACE,	  /* /dev, /proc or /sys that is no folder */
	IMAGE_USER,	  /* USER: a number that no kernel knows as one */
	IMAGE_CREDENTIAL, /* a file that holds a credential, or text shaped like one */
	IMAGE_FINDS
};
extern const char *const image_find_names[IMAGE_FINDS]; /* "setuid"; in records */

struct image_find {
	enum image_find_kind kind;
	unsigned layer; /* from 1, the lowest; 0: the image's configuration */
	char *path;	/* below the layer, control bytes escaped */
	char *what;	/* "block 8:0", "a GitHub token"; never a value */
};

enum { IMAGE_FINDS_KEPT = 24 }; /* of each kind */

struct image_facts { /* what the layers of an image hold, deleted files included */
	bool looked;
	unsigned layers;
	uint64_t entries, files_read; /* entries seen; of them read as text */
	char cut[80];		      /* which bound ended the walk; "": all was looked at */
	char unread[200];	      /* the first place that could not be; "": none */
	struct image_find *finds;
	size_t find_count;
	size_t more[IMAGE_FINDS]; /* further ones of that kind */
	char at[24];		  /* when the layers were walked, "2026-01-01T00:00:00Z" */
	bool no_folders;	  /* the storage driver keeps layers where no folder shows them */
	char error[200];	  /* why there was no look; "" when there was */
};

struct log_facts {	      /* where a mark is that the twin printed */
	bool looked;	      /* false: the engine keeps no files that can be read */
	bool own;	      /* in the log of the twin itself */
	size_t files;	      /* of other containers that were searched */
	struct strlist found; /* whose log has it: "beta worker" */
};

struct mount_place {  /* what a container has of a file system */
	bool gateway; /* the gateway has it, else the worker */
	bool image;   /* the file that holds the file system mounted at `target` (loop(4)) */
	bool writable;
	dev_t dev;	 /* of the file system that it is in, as mountinfo tells it */
	dev_t inode_dev; /* with `ino` its identity as stat(2) tells it */
	ino_t ino;	 /* 0: not looked up */
	char *root;	 /* its path in that file system; "" not known */
	char *target;	 /* mount point inside the container */
};

struct mount_places {
	struct mount_place *items; /* by device */
	size_t count;
	char error[200]; /* why some are missing; "" when all are there */
};
void mount_places_sort(struct mount_places *p);
void mount_places_free(struct mount_places *p);

struct tenant_facts {
	/* 1: kernel truth, of the worker */
	bool running;
	pid_t init_pid;
	struct process_facts *processes;
	size_t process_count;
	bool processes_cut;	   /* more than the bound were found */
	struct proc_mounts mounts; /* of the init process */
	struct cgroup_facts cgroup;
	struct io_facts io;
	struct ns_id host_ns[NS_KINDS];
	struct filter_program *filters; /* of the workload process, newest first */
	size_t filter_count;
	char seccomp_error[200]; /* why there is no dump; "" when there is one */
	/* masked paths really masked, seen through /proc/PID/root */
	struct strlist unmasked_paths;
	/* unix sockets that are mounts, or lie on a mount and are not the worker's own: "path" */
	struct strlist sockets;
	/* below /dev, beyond what every container has: "/dev/sda (block 8:0)" */
	struct strlist devices;
	bool devices_known; /* all of /dev was looked at */
	/* of the gateway */
	struct process_facts *gateway_processes;
	size_t gateway_process_count;
	bool gateway_running;
	bool gateway_ip_forward;
	struct cgroup_facts gateway_cgroup;
	struct proc_mounts gateway_mounts; /* of its init process */
	struct listener_facts gateway_listeners;
	struct gateway_files_facts gateway_files; /* on the host */
	struct secret_facts secrets;
	struct cache_facts cache;			/* of both */
	struct mount_places places;			/* of both */
	struct image_facts worker_image, gateway_image; /* that they were made from */
	/* 2: network namespace of the worker */
	struct interface_facts *interfaces;
	size_t interface_count;
	struct route_facts *routes;
	size_t route_count;
	bool ipv6_disabled;
	struct reach_attempt *reach;
	size_t reach_count;
	struct dns_attempt *dns;
	size_t dns_count;
	struct http_attempt *http;
	size_t http_count;
	/* Of the gateway's: its attempts at other gateways. */
	struct reach_attempt *gateway_reach;
	size_t gateway_reach_count;
	char net_error[200]; /* why the namespace could not be entered; "" when it was */
	/* workspace */
	uint64_t workspace_bytes, workspace_free; /* statvfs of the mount; 0 unknown */
	/* processes outside of containers that run as the tenant's users: "process 12 (bash) of
	 * uid 1000" */
	struct strlist uid_elsewhere;
	bool uid_elsewhere_known;
	/* the bridge on the host */
	struct strlist bridge_addresses; /* addresses of the tenant's bridge on the host */
	int bridge_rp_filter;		 /* in force there, 0 to 2 (ip-sysctl); -1 not known */
};

void processes_free(struct process_facts *items, size_t count);
void image_facts_free(struct image_facts *f);
#define auto_image_facts cleanup_with(image_facts_free)
void tenant_facts_free(struct tenant_facts *f);

#endif
