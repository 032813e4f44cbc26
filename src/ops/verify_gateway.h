/*
 * Where the gateway's files and the tenant's secrets lie on the host, for the probe to
 * look at. Private to ops.
 */
#ifndef OPS_VERIFY_GATEWAY_H
#define OPS_VERIFY_GATEWAY_H

#include "base/compiler.h"
#include "domain/spec.h"
#include "probe/probe.h"

struct gateway_places {
	struct file_place *items; /* paths are owned */
	size_t count;
	char *set, *next, *making, *state;
};

void gateway_places_make(const char *root, const struct tenant_spec *spec,
			 struct gateway_places *out);
void gateway_places_free(struct gateway_places *p);
#define auto_gateway_places cleanup_with(gateway_places_free)

#endif
