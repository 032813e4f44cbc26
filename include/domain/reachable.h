/*
 * The agent's view: everything that did answer from inside a worker, and what allows it.
 * Made from the same facts as the checks, but read the other way round: not "was this
 * refused", but "what was not".
 */
#ifndef DOMAIN_REACHABLE_H
#define DOMAIN_REACHABLE_H

#include <stddef.h>

#include "base/compiler.h"
#include "domain/netplan.h"
#include "domain/spec.h"
#include "domain/twin.h"
#include "probe/facts.h"

enum reachable_why {
	REACHABLE_RULE,	      /* the manifest says so */
	REACHABLE_DESIGN,     /* every tenant has it */
	REACHABLE_UNEXPECTED, /* nothing allows it */
	REACHABLE_WHYS,
};
const char *reachable_why_name(enum reachable_why w);

struct reachable {
	char *what;    /* "api.openai.com:443" */
	char *how;     /* "TLS answer through the gateway" */
	char *allowed; /* "egress: api.openai.com"; what makes it right or wrong */
	enum reachable_why why;
};

struct reachables {
	struct reachable *items;
	size_t count, unexpected;
	size_t tried; /* attempts, those that had no answer among them */
};

/* Checks that attempts count for, beside those of verify. */
#define REACHABLE_EGRESS "reach.egress" /* an allowed host; the attempt's target is its name */
#define REACHABLE_ROUTE "reach.route"	/* a credential route; `what` is its name */
#define REACHABLE_PORT "reach.port"	/* any port of the own gateway */

struct reachable_input {
	const struct tenant_spec *spec;
	const struct allocation *allocation;
	const struct tenant_facts *facts;
	const struct twin_facts *twin; /* NULL: no twin was made */
};

/* Adds to *out what answered. The caller frees it. */
void reachable_add(const struct reachable_input *in, struct reachables *out);
void reachables_free(struct reachables *r);
#define auto_reachables cleanup_with(reachables_free)

#endif
