/*
 * The other tenants of the host, as one verification needs them: allocations, who
 * runs, and the controls (that a peer's addresses answer from the peer's own side).
 * Private to ops.
 */
#ifndef OPS_VERIFY_PEERS_H
#define OPS_VERIFY_PEERS_H

#include "domain/checks.h"
#include "ops/ops.h"

struct peer_control { /* true: an answer came, if only a refusal */
	bool worker_tcp, worker_udp, gateway_tcp, gateway_udp, inbound_tcp, route_tcp;
};

struct peer {
	char *tenant;
	struct allocation allocation;
	bool running;
	char worker_id[ENGINE_ID_SIZE], gateway_id[ENGINE_ID_SIZE];
	pid_t pid; /* a process of its worker; 0 unknown */
	struct ns_id ns[NS_KINDS];
	struct peer_control control;
	struct mount_places places; /* of both, while the worker runs */
};

struct peers {
	struct peer *items;
	size_t count;
};

/* Tried at a worker. Whether it listens there does not matter: from its own side even a refusal
 * shows the address alive, and from elsewhere not even that may come back. */
#define PEER_PORT 8080

/* Older evidence of who runs and answers is not used for anybody. */
enum { PEERS_FRESH_MS = 3000 };

/* Every allocated tenant but `tenant`. `worker` is that tenant's running worker, whose place in the
 * cgroup tree tells where the peers' are; NULL: nothing runs, only allocations are read.
 * Who runs and what answers is measured once for all tenants that are verified within a few
 * seconds, so that N tenants need N measurements and not N * N. */
int peers_load(struct context *c, const char *tenant, const struct container_info *worker,
	       struct peers *out, struct err *e) must_check;
void peers_free(struct peers *p);
#define auto_peers cleanup_with(peers_free)

/* Every allocated tenant, measured now. */
int peers_measure_all(struct context *c, struct peers *out, struct err *e) must_check;

/* The measurement itself, in a short-lived child: enters each running peer's network namespace,
 * starts its attempts there and waits for all of them together, at most `timeout_ms`. */
int peers_measure(struct peers *p, int timeout_ms, struct err *e) must_check;

#endif
