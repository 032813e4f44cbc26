/* The first act of the program. Private to cli. */
#ifndef CLI_CONFINE_H
#define CLI_CONFINE_H

#include "base/compiler.h"
#include "base/err.h"

/* Refuses to run setuid or setgid (whoever starts tenantctl must be root already). Then:
 * descriptors 0 to 2 are open, umask 077, no core files and no memory for programs that take core
 * dumps (it may hold secrets), an environment of only what is used, SIGPIPE ignored, every
 * capability given up that no command needs, no_new_privs. */
int confine_self(struct err *e) must_check;
/* Once the command is known, unless it reads the packet filter: gives up CAP_NET_ADMIN as well. */
int confine_network(struct err *e) must_check;

#endif
