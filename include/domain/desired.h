/*
 * What must exist on the host for one tenant: pure data computed from the spec, the
 * host configuration, the allocation and the images' ids. No I/O, so that every
 * hardening field can be tested without an engine.
 */
#ifndef DOMAIN_DESIRED_H
#define DOMAIN_DESIRED_H

#include "base/compiler.h"
#include "base/digest.h"
#include "base/err.h"
#include "domain/netplan.h"
#include "domain/spec.h"
#include "engine/types.h"

#define LABEL_TENANT "dev.tenantctl.tenant"
#define LABEL_ROLE "dev.tenantctl.role"
#define LABEL_SPEC "dev.tenantctl.spec"
#define LABEL_TIER "dev.tenantctl.tier"
/* Which tenantctl made the object. Set at creation only and never compared: a newer program alone
 * replaces nothing. */
#define LABEL_VERSION "dev.tenantctl.version"
#define LABEL_NONCE "dev.tenantctl.nonce"

#define ROLE_WORKER "worker"
#define ROLE_GATEWAY "gateway"
#define ROLE_NETWORK "network"
#define ROLE_EGRESS "egress"

#define EGRESS_NETWORK_NAME "tenantctl-egress"
#define EGRESS_BRIDGE_NAME "tc-egress"
#define GATEWAY_INBOUND_PORT 8080

struct desired_inputs {
	const struct tenant_spec *spec;
	const struct host_config *host;
	const struct allocation *allocation;
	const char *root; /* path prefix of --root */
	const char *worker_image_id, *gateway_image_id;
	const char *worker_seccomp, *gateway_seccomp; /* JSON text for SecurityOpt */
	bool isolated_gateway_mode; /* the engine knows it, and masks all of /proc that tells (28.0)
				     */
	const struct strlist *host_addresses; /* all that the host holds; NULL: none */
	/* PEM text of each credential's `ca`, NULL where it has none; NULL: none has. */
	const char *const *ca_texts;
	int64_t cpus; /* of the host: each has a thermal_throttle folder in sysfs */
};

struct desired_tenant {
	char *network_name, *gateway_name, *worker_name; /* tc-NAME, tc-NAME-gw, tc-NAME */
	struct network_spec egress, network;
	struct container_spec gateway, worker;
	struct strmap gateway_files; /* name to text, as gateway_render makes them */
	char *resolv_conf;
};

/* The spec label of each object is set: digest of the object's settable fields. The gateway's files
 * are no part of it: they change while it runs. */
int desired_build(const struct desired_inputs *in, struct desired_tenant *out, struct err *e)
	must_check;
void desired_free(struct desired_tenant *d);
#define auto_desired cleanup_with(desired_free)

/* "tc-NAME", "tc-NAME-gw"; owned by the caller. */
char *desired_worker_name(const char *tenant) returns_owned;
char *desired_gateway_name(const char *tenant) returns_owned;

#endif
