/*
 * Measures the host itself. Everything is read below one root folder's descriptor, so
 * that tests hand in a tree of their own; only the clock and the random generator are
 * asked for by system call. Nothing is changed, no module is loaded by looking.
 */
#ifndef PROBE_HOST_H
#define PROBE_HOST_H

#include "base/compiler.h"
#include "base/err.h"
#include "probe/host_facts.h"

struct host_request {
	int root;		    /* descriptor of "/" */
	const char *const *sysctls; /* "kernel.kptr_restrict" */
	size_t sysctl_count;
	const char *const *folders; /* absolute paths, looked up below root */
	size_t folder_count;
	const char *const *disks; /* likewise */
	size_t disk_count;
	const char *socket_path; /* of the engine, or NULL */
	pid_t engine_pid;	 /* as host_socket_peer said; 0: looked for by its name */
};

/* Fills *out as far as possible; what could not be read is marked there. */
void probe_host(const struct host_request *r, struct host_facts *out);

/* The process that listens on a unix socket (SO_PEERCRED, unix(7)); with a socket made by an init
 * system that is the init system. */
int host_socket_peer(const char *path, pid_t *out, struct err *e) must_check;

/* "/proc/sys/kernel/kptr_restrict" without the first slash. The caller owns it. */
char *host_sysctl_path(const char *name) returns_owned;

#endif
