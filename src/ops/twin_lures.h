/*
 * Things of the host that a twin must not find: a socket, shared memory, a queue and a
 * port, open to everybody who shares the host's namespaces. Finding none proves something
 * only because they are there. Private to ops.
 */
#ifndef OPS_TWIN_LURES_H
#define OPS_TWIN_LURES_H

#include <stdint.h>

#include "base/compiler.h"
#include "base/strlist.h"

struct twin_lures {
	int abstract, listener, datagrams; /* -1: none */
	char *name;			   /* of what is found by a path or a key */
	char *mark;			   /* of the socket; nobody knows it beforehand */
};
#define TWIN_LURES_NONE                                                                            \
	{                                                                                          \
		.abstract = -1, .listener = -1, .datagrams = -1                                    \
	}

/* Makes them and adds the probe's options that name them. One that the host does not let be made is
 * left out, and the probe says that it could not look for it. */
void twin_lures_make(const char *root, const char *tenant, struct twin_lures *out,
		     struct strlist *options);
/* How many datagrams of the twin came, or -1 when nobody listens. */
int twin_lures_heard(const struct twin_lures *l);
void twin_lures_free(struct twin_lures *l);
/* What a run that was killed left of them: names are made from root and tenant. */
void twin_lures_remove(const char *root, const char *tenant);

#endif
