/*
 * The list of what is tried from a worker's network namespace, each with its check,
 * and the controls beside it. Pure: built from spec, allocation, peers and what the
 * host listens with. Private to ops.
 */
#ifndef OPS_VERIFY_TARGETS_H
#define OPS_VERIFY_TARGETS_H

#include "base/strlist.h"
#include "probe/facts.h"
#include "probe/probe.h"
#include "verify_peers.h"

struct targets {
	struct reach_attempt *reach;
	size_t reach_count;
	struct dns_attempt *dns;
	size_t dns_count;
	struct http_attempt *http;
	size_t http_count;
	struct reach_attempt *gateway_reach; /* from the gateway's network namespace */
	size_t gateway_reach_count;
};

struct target_inputs {
	const struct tenant_spec *spec;
	const struct allocation *allocation;
	const struct peers *peers;
	const struct strlist *host_addresses;
	const struct host_port *host_ports;
	size_t host_port_count;
	/* Only when false, every resolver is asked for every name, and everything that a gateway
	 * has to refuse is tried. Else each peer is still tried, and its worker asked for; the
	 * engine's resolver is asked for a few, other ones for each tenant, and of the gateway one
	 * of each kind. What a gateway's programs are told to do is a file of its own check. */
	bool quick;
};

void targets_build(const struct target_inputs *in, struct targets *out);
/* Keeps what the checks that `only` selects are about (check_is_selected), and what has to work, as
 * those are judged by it, too. */
void targets_select(struct targets *t, const struct strlist *only);
void targets_free(struct targets *t);
#define auto_targets cleanup_with(targets_free)

/* The part about credential routes, in verify_routes.c. */
void targets_add_routes(const struct target_inputs *in, struct targets *out);

/* Adds what the peers' own sides answered to the facts, as attempts that must work, so that the
 * checks find a control for each target. */
void targets_add_controls(const struct peers *peers, struct tenant_facts *facts);

#endif
