/*
 * Checks of the host that all tenants share, in the manner of domain/checks: a const
 * table of pure functions over facts. Versions only warn, as a number does not show
 * what a distribution fixed; where something was looked at, that decides. What is not
 * known is never a pass.
 */
#ifndef DOMAIN_DOCTOR_H
#define DOMAIN_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "domain/daemon_config.h"
#include "domain/finding.h"
#include "domain/firewall.h"
#include "domain/spec.h"
#include "engine/types.h"
#include "probe/host_facts.h"

struct foreign_container { /* a container that is not tenantctl's */
	char *name;	   /* with its state unless it runs */
	bool privileged, engine_socket;
	bool host_pid, host_network, host_ipc;
	struct strlist capabilities;	/* added ones that lead out of a container */
	struct strlist tenant_mounts;	/* folders of tenants or of tenantctl that it sees */
	struct strlist tenant_networks; /* networks of tenants that it is on */
};

struct used_image { /* an image that a container was made from, but not the gateways' */
	char *name; /* of one such container */
	struct strlist layers;
};

struct behaviour {	       /* what the last verifications of all tenants measured */
	size_t tenants;	       /* that there are */
	size_t verified;       /* that have a result of all checks */
	struct strlist failed; /* ids of checks that did not pass for one of them */
	char *oldest;	       /* when the oldest of these results was made */
};

struct doctor_place { /* a folder of tenantctl's own */
	char *path;
	mode_t allowed; /* permission bits it may have */
};

struct doctor_input {
	const struct host_facts *host;
	const struct host_config *config;
	const struct daemon_config *daemon; /* NULL: not known, daemon_error says why */
	const char *daemon_error;
	const struct engine_info *engine; /* NULL with `version`: no engine, engine_error */
	const struct engine_version *version;
	const char *engine_error;
	const char *gateway_packages; /* "haproxy=2.6.12-1 ..."; NULL: the image is not there */
	const struct foreign_container *foreign;
	size_t foreign_count;
	struct strlist gateway_layers; /* not owned; none: the image is not there */
	const struct used_image *used;
	size_t used_count;
	const char *foreign_error; /* why they are not known; NULL: they are */
	const struct behaviour *behaviour;
	const struct doctor_place *places;
	size_t place_count;
	const struct firewall *firewall; /* NULL: not known, firewall_error says why */
	const char *firewall_error;
	struct strlist bridges; /* not owned; tenants' that exist */
	bool egress_bridge;	/* the gateways' exists */
	const char *served;	/* where workspaces are */
	int64_t now;		/* seconds since 1970; 0: not known */
	uint64_t promised;	/* bytes of workspaces that are not taken yet */
};

/* Every check once, without a verdict, for `doctor --list`. The caller frees *out. */
void doctor_catalogue(struct findings *out);
/* Runs every check whose id starts with one of `only` (NULL: all). The caller frees *out. */
void doctor_run(const struct doctor_input *in, const struct strlist *only, struct findings *out);

/* Names of the sysctls that are judged, for the probe. */
size_t doctor_sysctl_count(void);
const char *doctor_sysctl_name(size_t i);

enum doctor_fix_kind { FIX_SYSCTL, FIX_MODE };
struct doctor_fix { /* one change that harms nobody who behaves */
	enum doctor_fix_kind kind;
	const char *check; /* id of the check that it turns green */
	char *target;	   /* name of the sysctl, path of the folder */
	char *before, *after;
	mode_t mode; /* FIX_MODE: the new one */
};
struct doctor_fixes {
	struct doctor_fix *items;
	size_t count;
};
/* What is safe to mend by itself, of the checks that `only` selects; nothing when all is well. The
 * caller frees *out. */
void doctor_fixes(const struct doctor_input *in, const struct strlist *only,
		  struct doctor_fixes *out);
void doctor_fixes_free(struct doctor_fixes *f);
/* The new text of the file that keeps sysctls, from the old one (NULL: there is none). */
void doctor_sysctl_file(const char *old, const struct doctor_fixes *f, struct strbuf *out);
#define auto_doctor_fixes cleanup_with(doctor_fixes_free)

void used_images_free(struct used_image *items, size_t count);
void foreign_free(struct foreign_container *items, size_t count);
void behaviour_free(struct behaviour *b);

#endif
