/* Seccomp profiles as a manifest names them. Private to ops. */
#ifndef OPS_PROFILES_H
#define OPS_PROFILES_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/seccomp.h"

struct context;
struct profile_cache;

/* A built-in profile by name, or a file by absolute path (trusted owner), checked. The caller owns
 * *out. */
int profile_load(const char *name, struct seccomp_profile **out, struct err *e) must_check;

/* What is asked for again and again about one profile; belongs to the context. */
struct profile {
	char *name, *text; /* JSON for the engine */
	struct seccomp_program program;
};

/* Loads and composes on first use, a few milliseconds; after that, and in the children of a fleet
 * that was warmed, it costs nothing. *out lives as long as
 * the context. */
int profile_use(struct context *c, const char *name, const struct profile **out, struct err *e)
	must_check;
/* Everything that tenants usually need, before their processes are forked. */
void profiles_warm(struct context *c);
void profile_cache_free(struct profile_cache *cache); /* NULL allowed */

#endif
