/*
 * A tenant as its manifest describes it. Filled by the binder from the tables in
 * domain/manifest.c, which also hold every default; checked across fields by
 * domain/spec_check.c. What passed both is safe to use in names, paths, addresses
 * and rendered configuration.
 */
#ifndef DOMAIN_SPEC_H
#define DOMAIN_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strlist.h"
#include "base/strmap.h"

#define TENANT_NAME_MAX 40

enum tier { TIER_CONTAINER };
enum egress_protocol { EGRESS_TLS, EGRESS_TCP };

struct egress_entry {
	char *host; /* exact name or "*.suffix", lower case, no trailing dot */
	int64_t port;
	int protocol;	 /* enum egress_protocol */
	bool private_ok; /* may resolve to private addresses ("private: true") */
	char *expires;	 /* YYYY-MM-DD or NULL; stops working at 00:00 UTC of that day */
	char *reason;
};

/* How a secret is put into a request: exactly one of header, query and basic is set. */
struct inject_entry {
	char *header; /* name of the header; its value is `format` */
	char *format; /* "Bearer {}": {} is where the secret goes */
	char *query;  /* name of a parameter of the query */
	char *basic;  /* "user:{}": HTTP basic authentication (RFC 7617) */
	char *secret; /* another secret than the credential's own, or NULL */
};

struct route_limit { /* 0: no limit */
	char *rate;  /* "20/s", or NULL */
	int64_t burst, daily;
	uint64_t body; /* bytes */
	/* Derived by spec_check from `rate`: at most `rate_count` in `rate_seconds`. */
	int64_t rate_count, rate_seconds;
};

enum token_rule { TOKEN_OPTIONAL, TOKEN_REQUIRED };

/* A credential route: http://gateway/NAME/... leads to the upstream, and the gateway adds the key.
 */
struct credential_entry {
	char *name;
	char *upstream;		 /* https://HOST or https://HOST:PORT */
	struct bind_list inject; /* struct inject_entry */
	char *secret;		 /* a file of the tenant's secrets; or NULL and `command` is set */
	struct strlist command;	 /* prints the secret; absolute path and arguments, no shell */
	struct strlist allow;	 /* METHOD and path pattern; empty: everything */
	struct route_limit limit;
	bool private_ok; /* the upstream may resolve to private addresses */
	char *ca;	 /* file of CA certificates to trust instead of the system's, or NULL */
	int token;	 /* enum token_rule: must a request carry the tenant's placeholder? */
	/* Derived by spec_check from `upstream`. */
	char upstream_host[254];
	uint16_t upstream_port;
};

struct source_entry {
	char *host; /* absolute path on the host */
	char *path; /* below /source in the worker */
};

struct resources {
	uint64_t memory, shm, tmp, workspace; /* bytes; memory includes swap */
	uint64_t disk_rate;		      /* bytes per second, each way; 0: no bound */
	int64_t cpus;			      /* thousandths */
	int64_t pids, nofile;
};

struct health_spec { /* no command: no health check, and the image's own is switched off */
	struct strlist command;
	int64_t interval, timeout, start_period; /* seconds */
	int64_t retries;
};

struct log_spec {
	int driver; /* enum log_driver */
	uint64_t size;
	int64_t files;
};
enum log_driver { LOG_DRIVER_JSON_FILE, LOG_DRIVER_LOCAL };

struct workspace_spec {
	char *path; /* mount point in the worker */
};

struct tenant_spec {
	int64_t version;
	char *tenant;
	int tier; /* enum tier */
	char *image;
	struct strlist command;
	char *listen; /* as written: "auto" or "ADDRESS:PORT" */
	int64_t port; /* where the worker listens */
	struct resources resources;
	struct workspace_spec workspace;
	struct bind_list source; /* struct source_entry */
	struct strmap environment;
	struct strlist allow_plain;   /* names of variables that may look like a secret, and paths
				       * of files of the image that may */
	char *seccomp;		      /* built-in profile or absolute path of a file */
	struct bind_list egress;      /* struct egress_entry */
	struct bind_list credentials; /* struct credential_entry */
	struct health_spec health;
	int64_t stop_timeout; /* seconds */
	struct log_spec logs;
	/* Derived by spec_check from `listen`. */
	char listen_host[46];
	uint16_t listen_port; /* 0: auto */
};

/* The one table of manifest keys and defaults. */
extern const struct bind_table tenant_table;

/* The host's own configuration, /etc/tenantctl/tenantctl.yaml; every key has a default. */
struct host_config {
	char *pool;	       /* IPv4 prefix that tenants' /29 come from */
	char *egress_subnet;   /* of the shared NAT network; one address per slot */
	int64_t uid_base;      /* first uid handed to tenants: two per slot */
	int64_t port_base;     /* `listen: auto` takes port_base + slot on 127.0.0.1 */
	char *gateway_image;   /* name:tag */
	char *gateway_archive; /* docker-archive to load it from */
	char *resolver; /* ADDRESS:PORT the gateways ask; default the engine's 127.0.0.11:53 */
};
extern const struct bind_table host_config_table;

void tenant_spec_free(struct tenant_spec *s);
#define auto_spec cleanup_with(tenant_spec_free)
void host_config_free(struct host_config *h);

/* [a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?, and not a word that commands or paths use ("all", "host",
 * "none", "bridge", "gateway", ...) nor ending in "-gw" (that is a gateway's name). Checked before
 * a name is used in any path. */
bool tenant_name_is_valid(const char *name);
/* Same with a message that says what is wrong. `code` is the caller's class of error. */
int tenant_name_check(const char *name, enum err_code code, struct err *e) must_check;

/* Reads, binds and checks a manifest text. Every refusal is ERR_MANIFEST with file:line:column, key
 * path and what was expected. `expected_name` (may be NULL) must equal the tenant key. *out is
 * zeroed on failure. */
int manifest_parse(const char *text, size_t len, const char *file, const char *expected_name,
		   struct tenant_spec *out, struct err *e) must_check;
int host_config_parse(const char *text, size_t len, const char *file, struct host_config *out,
		      struct err *e) must_check;
void host_config_defaults(struct host_config *out);

/* Rules across fields; part of manifest_parse. `d` gives the positions. */
int spec_check(struct tenant_spec *s, const struct doc *d, struct err *e) must_check;

/* What stands for a key in a worker: worthless but at the tenant's own gateway. */
#define SECRET_PLACEHOLDER_PREFIX "tenant-placeholder-"
#define SECRET_PLACEHOLDER_PATTERN "^tenant-placeholder-[0-9a-f]{32}$"
bool secret_is_placeholder(const char *value);

/* Value of a variable in a manifest: the worker gets the tenant's placeholder in its place, unless
 * allow_plain names the variable. */
#define ENVIRONMENT_PLACEHOLDER "placeholder"
bool variable_is_placeholder(const struct tenant_spec *s, const struct strmap_entry *variable);

/* Shape of an environment value that looks like a credential: known prefixes and entropy. Returns
 * what it looks like ("an OpenAI key"), or NULL, as for a placeholder. Also used on live
 * environments. */
const char *secret_shape(const char *name, const char *value);

/* JSON Schema of the manifest, with $id, title and examples. The caller owns it. */
struct node *manifest_schema(void) returns_owned;
/* YAML text of a checked spec, all defaults spelled out: manifest_parse of it gives an equal spec.
 * The caller owns it. */
char *manifest_resolved(const struct tenant_spec *s) returns_owned;

struct init_options {
	const char *tenant, *image;	/* image may be NULL: a placeholder is written */
	struct strlist allow;		/* egress hosts, HOST or HOST:PORT */
	const struct tenant_spec *from; /* values to start from, or NULL */
};
/* The commented manifest of `init`. Passes manifest_parse. The caller owns *out. */
int manifest_template(const struct init_options *o, char **out, struct err *e) must_check;

/* Manual page source (roff) of the manifest's and the host configuration's keys. */
char *manifest_manual(void) returns_owned;

#endif
