/*
 * Version numbers of other people's software, compared with care: pre-releases come
 * before the release, a fix is looked for on the version's own branch, and a build of a
 * distribution is known as such, because fixes it carries do not show in its number.
 */
#ifndef DOMAIN_VERSION_H
#define DOMAIN_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

#define VERSION_PARTS 4

struct version {
	unsigned part[VERSION_PARTS]; /* missing ones are 0 */
	unsigned pre;		      /* place among the pre-releases; VERSION_RELEASE: none */
	bool patched; /* more than the number: "+dfsg4", "-1~deb12u1", "-fc": fixes may be inside */
};
#define VERSION_RELEASE 0xffffffffu

/* "28.5.2+dfsg4", "v1.3.0-rc.2", "1.6.20~ds1", "5:27.3.1-1~debian.12". False for anything that does
 * not start with a number. */
bool version_parse(const char *text, struct version *out) must_check;
/* <0, 0, >0; `patched` does not count. */
int version_compare(const struct version *a, const struct version *b);
/* True when `v` has what the first releases in `fixed` (oldest branch first, NULL-terminated)
 * brought: on a branch (first two numbers) that is listed, from that release on; above all of them,
 * always; on any other branch, never. */
bool version_has_fix(const struct version *v, const char *const *fixed);

/* The number of the kernel that runs: distributions write their own into the release name
 * ("6.1.0-42-amd64") and the real one elsewhere. Texts are of /proc/sys/kernel/osrelease,
 * /proc/version and, or NULL, /proc/version_signature. */
bool version_of_kernel(const char *release, const char *version, const char *signature,
		       struct version *out) must_check;

#endif
