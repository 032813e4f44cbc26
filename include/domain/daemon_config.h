/*
 * The engine's own settings as they are in force: its daemon.json and the arguments it
 * was started with, together. Only what a tenant's boundary rests on.
 */
#ifndef DOMAIN_DAEMON_CONFIG_H
#define DOMAIN_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bind.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "base/strmap.h"

struct daemon_config {
	bool iptables, ip6tables, icc, direct_routing, no_new_privileges, live_restore, tls_verify;
	char *seccomp_profile; /* a file, "builtin", "unconfined"; NULL: the built-in one */
	char *userns_remap;
	char *log_driver;
	struct strmap log_options;
	struct strlist hosts; /* "unix:///...", "tcp://0.0.0.0:2375" */
	bool has_ulimits;     /* default limits for containers that ask for none */
};

/* `text` is daemon.json (NULL: there is none), `args` those of the process, its name first.
 * ERR_PROTOCOL when the text is nothing that an engine could have started with. */
int daemon_config_read(const char *text, const struct strlist *args, struct daemon_config *out,
		       struct err *e) must_check;
void daemon_config_free(struct daemon_config *c);
#define auto_daemon_config cleanup_with(daemon_config_free)

#endif
