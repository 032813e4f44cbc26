/* Seccomp profiles as a manifest names them. Private to ops. */
#ifndef OPS_PROFILES_H
#define OPS_PROFILES_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/seccomp.h"

/* A built-in profile by name, or a file by absolute path (trusted owner), checked. The caller owns
 * *out. */
int profile_load(const char *name, struct seccomp_profile **out, struct err *e) must_check;
/* Its JSON text for the engine. The caller owns *out. */
int profile_text(const char *name, char **out, struct err *e) must_check;

#endif
