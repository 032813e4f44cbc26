/* What a worker can reach, tried from inside: the agent's view of its own boundary. */
#ifndef OPS_REACHABLE_H
#define OPS_REACHABLE_H

#include "base/compiler.h"
#include "domain/reachable.h"
#include "ops/ops.h"

/* Tries from the running worker's network namespace what verify tries, every port of the gateway,
 * each allowed host and each credential route, and lists what answered; unless `quick`, also what a
 * twin of the worker could do. ERR_NOT_FOUND when the tenant or its worker is not there. */
int ops_reachable(struct context *c, const char *tenant, bool quick, struct reachables *out,
		  struct err *e) must_check;

#endif
