/* Building the bodies of create requests from specs. */
#ifndef ENGINE_CREATE_H
#define ENGINE_CREATE_H

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "engine/types.h"

struct client;

enum create_kind {
	CREATE_ORDERED,
	CREATE_COPY, /* of what was observed, with all that weakens it */
};

/* Body of POST /containers/create for the client's API version. ERR_INTERNAL when an
 * ordered spec sets a field that weakens the boundary (WIRE_NEVER): such a container is never made.
 * The caller owns *out. */
int create_container_body(const struct client *c, const struct container_spec *spec,
			  enum create_kind kind, struct node **out, struct err *e) must_check;
struct node *create_network_body(const struct network_spec *spec) returns_owned;
/* One endpoint: {"IPAMConfig": {...}, "Aliases": [...]} */
struct node *create_endpoint(const struct engine_endpoint *endpoint) returns_owned;

#endif
