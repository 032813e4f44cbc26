/*
 * What all verifications of one run have in common: who runs beside whom and answers from
 * its own side, the gateways' network, a worker's filter, who runs what on the host, and
 * what it listens on. Looked at by the process that starts the others, and inherited by
 * them. Private to ops.
 */
#ifndef OPS_VERIFY_SHARE_H
#define OPS_VERIFY_SHARE_H

#include "verify_peers.h"

struct verify_share;

enum { VERIFY_HOST_PORTS_MAX = 1024 };

/* Looks again when there is nothing yet, or when it is older than a few seconds, and puts it into
 * c->share; what fails is left out, and whoever needs it looks for himself. */
void verify_share_refresh(struct context *c);

/* Hands over the peers, all tenants among them, once: false when there are none, when they are too
 * old, or when one of the processes that they were measured of is gone. NULL has none. */
bool verify_share_take_peers(struct verify_share *s, struct peers *out);

/* Hands over the network that all gateways share, once: false when there is none, or when it was
 * looked at too long ago. NULL has none. */
bool verify_share_take_egress(struct verify_share *s, struct network_info *out);

/* Ports that the host listens on, valid as long as the share; NULL: not looked at. */
const struct host_port *verify_share_ports(const struct verify_share *s, size_t *out_count);

/* Mounts of this process, valid as long as the share; NULL: not looked at. */
const struct proc_mounts *verify_share_mounts(const struct verify_share *s);

/* Every process of the host with its user, valid as long as the share; NULL: not looked at, or too
 * long ago. */
const struct process_owner *verify_share_owners(const struct verify_share *s, size_t *out_count);

/* The programs that one worker runs under, when they answer as its profile does; NULL: not
 * compared, or they differ. Who runs under the same ones need not compare them again. */
const struct seccomp_known *verify_share_filter(const struct verify_share *s);

void verify_share_free(struct verify_share *s);

#endif
