/*
 * The one table of manifest keys: binding, defaults, ranges, messages, JSON Schema,
 * manual page and the commented manifest of `init` are all made from it. What one key
 * may hold is said here; what depends on several keys is in spec_check.c.
 */
#include "base/mem.h"
#include "domain/gateway.h"
#include "domain/spec.h"
#include "spec_rules.h"

#define FIELD(strukt, member) .key = #member, .offset = offsetof(struct strukt, member)
#define TABLE(label, strukt, list)                                                                 \
	{                                                                                          \
		.name = (label), .size = sizeof(struct strukt), .fields = (list),                  \
		.count = ARRAY_SIZE(list)                                                          \
	}
#define KIB(n) ((int64_t)(n) << 10)
#define MIB(n) ((int64_t)(n) << 20)
#define GIB(n) ((int64_t)(n) << 30)
#define TIB(n) ((int64_t)(n) << 40)

static const char *const tier_names[] = { [TIER_CONTAINER] = "container", NULL };
static const char *const protocol_names[] = { [EGRESS_TLS] = "tls", [EGRESS_TCP] = "tcp", NULL };
static const char *const token_names[] = {
	[TOKEN_OPTIONAL] = "optional", [TOKEN_REQUIRED] = "required", NULL
};
static const char *const driver_names[] = {
	[LOG_DRIVER_JSON_FILE] = "json-file", [LOG_DRIVER_LOCAL] = "local", NULL
};

static const struct bind_field resource_fields[] = {
	{ FIELD(resources, memory), .kind = BIND_SIZE, .min = MIB(64), .max = TIB(1),
	  .def = "1536m",
	  .help = "Memory of the worker; swap is included, so it gets none beside it." },
	{ FIELD(resources, cpus), .kind = BIND_DECIMAL, .min = 50, .max = 512000, .def = "1.0",
	  .help = "Processor time, in processors." },
	{ FIELD(resources, pids), .kind = BIND_INT, .min = 16, .max = 100000, .def = "256",
	  .help = "Processes and threads together." },
	{ FIELD(resources, nofile), .kind = BIND_INT, .min = 64, .max = 1048576, .def = "4096",
	  .help = "Open files of one process." },
	{ FIELD(resources, shm), .kind = BIND_SIZE, .min = KIB(64), .max = TIB(1), .def = "64m",
	  .help = "Size of /dev/shm; counts as memory." },
	{ FIELD(resources, tmp), .kind = BIND_SIZE, .min = KIB(64), .max = TIB(1), .def = "256m",
	  .help = "Size of /tmp; counts as memory." },
	{ FIELD(resources, workspace), .kind = BIND_SIZE, .min = MIB(64), .max = TIB(16),
	  .def = "10g", .help = "Size of the workspace; it bounds the number of files too." },
	{ FIELD(resources, disk_rate), .kind = BIND_SIZE, .min = MIB(1), .max = TIB(1),
	  .help = "Bytes per second that the worker may read from the disk of its workspace, and "
		  "as many that it may write; without it there is no bound. On cgroup v1 what is "
		  "written without O_DIRECT or fsync(2) is not held to it.",
	  .example = "50m" },
};
static const struct bind_table resource_table = TABLE("resources", resources, resource_fields);

static const struct bind_field workspace_fields[] = {
	{ FIELD(workspace_spec, path), .kind = BIND_STRING, .def = "/workspace", .pattern = "/.+",
	  .max_len = 1024,
	  .want = "an absolute path outside /proc, /sys, /dev, /etc, /tmp, /run and /source",
	  .help = "Where the worker sees its workspace, the only place it can keep files." },
};
static const struct bind_table workspace_table =
	TABLE("workspace", workspace_spec, workspace_fields);

static const struct bind_field source_fields[] = {
	{ FIELD(source_entry, host), .kind = BIND_STRING, .flags = BIND_REQUIRED, .pattern = "/.+",
	  .max_len = 1024, .want = "an absolute path on the host",
	  .help = "Folder or file on the host; never one that holds the system's or another "
		  "tenant's secrets." },
	{ FIELD(source_entry, path), .kind = BIND_STRING, .flags = BIND_REQUIRED,
	  .pattern = "/source/.+", .max_len = 1024, .want = "a path below /source",
	  .help = "Where the worker sees it, read-only." },
};
static const struct bind_table source_table = TABLE("source entry", source_entry, source_fields);

static const struct bind_field egress_fields[] = {
	/* No pattern: a message about one would repeat the text, and what is mistaken for a
	 * host may be a URL with a password in it. */
	{ FIELD(egress_entry, host), .kind = BIND_STRING, .flags = BIND_REQUIRED, .max_len = 1024,
	  .want = "a host name, or *. and a domain of at least two labels",
	  .help = "Name that may be reached; *.example.com stands for every name below it." },
	{ FIELD(egress_entry, port), .kind = BIND_INT, .min = 1, .max = 65535, .def = "443",
	  .help = "Port; 53, 80 and 8080 are the gateway's own." },
	{ FIELD(egress_entry, protocol), .kind = BIND_ENUM, .names = protocol_names, .def = "tls",
	  .help = "tls: the name is read from the handshake; tcp: the port alone decides, so that "
		  "each port leads to one host." },
	{ .key = "private",
	  .kind = BIND_BOOL,
	  .offset = offsetof(struct egress_entry, private_ok),
	  .def = "false",
	  .help = "The name may lead to an address inside private networks." },
	{ FIELD(egress_entry, expires), .kind = BIND_STRING,
	  .pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}", .max_len = 10, .want = "a date, YYYY-MM-DD",
	  .help = "Day from whose beginning (UTC) the entry is void." },
	{ FIELD(egress_entry, reason), .kind = BIND_STRING, .max_len = 200,
	  .want = "a sentence of at most 200 bytes", .help = "Why the entry exists; for reviews." },
};
static const struct bind_table egress_table = {
	.name = "egress entry",
	.size = sizeof(struct egress_entry),
	.fields = egress_fields,
	.count = ARRAY_SIZE(egress_fields),
	.scalar_key = "host",
};

/* Quiet: these are the places where people put a key by mistake. */
static const struct bind_field inject_fields[] = {
	{ FIELD(inject_entry, header), .kind = BIND_STRING, .flags = BIND_QUIET,
	  .pattern = "[A-Za-z0-9-]+", .max_len = 64,
	  .want = "the name of a header, of letters, digits and dashes",
	  .help = "Header that carries the secret; the worker's own copy of it is dropped." },
	{ FIELD(inject_entry, format), .kind = BIND_STRING, .flags = BIND_QUIET, .def = "{}",
	  .max_len = 256, .want = "text with {} where the secret goes",
	  .help = "Value of the header; {} stands for the secret.", .example = "\"Bearer {}\"" },
	{ FIELD(inject_entry, query), .kind = BIND_STRING, .flags = BIND_QUIET,
	  .pattern = "[A-Za-z0-9_.-]+", .max_len = 64, .want = "the name of a query parameter",
	  .help = "Query parameter that carries the secret, in place of a header." },
	{ FIELD(inject_entry, basic), .kind = BIND_STRING, .flags = BIND_QUIET, .max_len = 256,
	  .want = "USER:{}, or {}: when the secret is the user",
	  .help = "User and password of HTTP basic authentication, in place of a header.",
	  .example = "\"api:{}\"" },
	{ FIELD(inject_entry, secret), .kind = BIND_STRING, .flags = BIND_QUIET,
	  .pattern = SECRET_NAME_PATTERN, .max_len = SECRET_NAME_MAX, .want = SECRET_NAME_WANT,
	  .help = "Another secret than the credential's own, where an upstream wants several." },
};
static const struct bind_table inject_table = TABLE("inject entry", inject_entry, inject_fields);

static const struct bind_field limit_fields[] = {
	{ FIELD(route_limit, rate), .kind = BIND_STRING, .flags = BIND_QUIET,
	  .pattern = "[1-9][0-9]{0,6}/[smh]", .max_len = 12,
	  .want = "a number per second, minute or hour: 20/s, 600/m, 5000/h",
	  .help = "Requests let through on average; more are answered with 429." },
	{ FIELD(route_limit, burst), .kind = BIND_INT, .min = 1, .max = 1000000,
	  .help = "Requests let through within any one second; without it twice the rate." },
	{ FIELD(route_limit, daily), .kind = BIND_INT, .min = 1, .max = 1000000000,
	  .help = "Requests of one day, from 00:00 UTC on; the count survives restarts." },
	{ FIELD(route_limit, body), .kind = BIND_SIZE, .min = 1, .max = TIB(1),
	  .help = "Size of a request's body; with it, bodies without Content-Length are refused." },
};
static const struct bind_table limit_table = TABLE("limit", route_limit, limit_fields);

static const struct bind_field credential_fields[] = {
	{ FIELD(credential_entry, name), .kind = BIND_STRING, .flags = BIND_REQUIRED | BIND_QUIET,
	  .pattern = SECRET_NAME_PATTERN, .max_len = SECRET_NAME_MAX, .want = SECRET_NAME_WANT,
	  .help = "Name of the route: the worker calls http://gateway/NAME/..." },
	{ FIELD(credential_entry, upstream), .kind = BIND_STRING,
	  .flags = BIND_REQUIRED | BIND_QUIET, .max_len = 1024,
	  .want = "https://HOST or https://HOST:PORT",
	  .help = "Where the route leads, over TLS whose certificate is verified." },
	{ FIELD(credential_entry, inject), .kind = BIND_LIST, .flags = BIND_REQUIRED | BIND_SINGLE,
	  .sub = &inject_table, .max_len = 8,
	  .help = "How the secret is put into each request; a list where several are wanted.",
	  .example = "{ header: Authorization, format: \"Bearer {}\" }" },
	{ FIELD(credential_entry, secret), .kind = BIND_STRING, .flags = BIND_QUIET,
	  .pattern = SECRET_NAME_PATTERN, .max_len = SECRET_NAME_MAX, .want = SECRET_NAME_WANT,
	  .help = "Name of the secret, as given to 'tenantctl secret set'." },
	{ FIELD(credential_entry, command), .kind = BIND_STRLIST, .max_len = 32,
	  .want = "the absolute path of a program and its arguments",
	  .help = "Program that prints the secret, in place of a stored one; run by root without "
		  "a shell.",
	  .example = "[/usr/local/bin/op, read, op://clients/acme/ghl]" },
	{ FIELD(credential_entry, allow), .kind = BIND_STRLIST, .max_len = 256,
	  .want = "METHOD and path: GET /contacts/*",
	  .help = "What may be called; * at the end stands for everything below, elsewhere for one "
		  "part of the path. Without it every method and path.",
	  .example = "[\"GET /contacts/*\", \"POST /conversations/*\"]" },
	{ FIELD(credential_entry, limit), .kind = BIND_OBJECT, .sub = &limit_table,
	  .help = "How much may be called.",
	  .example = "{ rate: 20/s, burst: 40, daily: 20000, body: 10m }" },
	{ .key = "private",
	  .kind = BIND_BOOL,
	  .offset = offsetof(struct credential_entry, private_ok),
	  .def = "false",
	  .help = "The upstream may lead to an address inside private networks." },
	{ FIELD(credential_entry, ca), .kind = BIND_STRING, .flags = BIND_QUIET, .pattern = "/.+",
	  .max_len = 1024, .want = "an absolute path on the host",
	  .help = "File of CA certificates to trust for this upstream, instead of the system's." },
	{ FIELD(credential_entry, token), .kind = BIND_ENUM, .flags = BIND_QUIET,
	  .names = token_names, .def = "optional",
	  .help = "required: a request must carry the tenant's placeholder where the key goes, so "
		  "that not everything that can make the worker call a URL can use the route." },
};
const struct bind_table credential_table = TABLE("credential", credential_entry, credential_fields);

static const struct bind_field health_fields[] = {
	{ FIELD(health_spec, command), .kind = BIND_STRLIST, .max_len = 32,
	  .want = "a program and its arguments, as a list of at most 32",
	  .help = "Run in the worker, without a shell; status 0 is healthy. Empty: no health "
		  "check, "
		  "and the image's own is off.",
	  .example = "[node, /opt/worker/healthy.js]" },
	{ FIELD(health_spec, interval), .kind = BIND_INT, .min = 1, .max = 86400, .def = "30",
	  .help = "Seconds between two checks." },
	{ FIELD(health_spec, timeout), .kind = BIND_INT, .min = 1, .max = 3600, .def = "5",
	  .help = "Seconds after which a check has failed." },
	{ FIELD(health_spec, start_period), .kind = BIND_INT, .min = 0, .max = 86400, .def = "30",
	  .help = "Seconds after the start in which failures do not count." },
	{ FIELD(health_spec, retries), .kind = BIND_INT, .min = 1, .max = 100, .def = "3",
	  .help = "Failures in a row that make the worker unhealthy." },
};
static const struct bind_table health_table = TABLE("health", health_spec, health_fields);

static const struct bind_field log_fields[] = {
	{ FIELD(log_spec, driver), .kind = BIND_ENUM, .names = driver_names, .def = "json-file",
	  .help = "The engine's log driver." },
	{ FIELD(log_spec, size), .kind = BIND_SIZE, .min = KIB(64), .max = GIB(1), .def = "10m",
	  .help = "Size at which a log file is rotated." },
	{ FIELD(log_spec, files), .kind = BIND_INT, .min = 1, .max = 50, .def = "5",
	  .help = "Log files kept." },
};
static const struct bind_table log_table = TABLE("logs", log_spec, log_fields);

static const struct bind_field tenant_fields[] = {
	{ FIELD(tenant_spec, version), .kind = BIND_INT, .flags = BIND_REQUIRED, .min = 1, .max = 1,
	  .want = "1, the only version of the manifest there is",
	  .help = "Version of the manifest's format." },
	{ FIELD(tenant_spec, tenant), .kind = BIND_STRING, .flags = BIND_REQUIRED,
	  .pattern = TENANT_NAME_PATTERN, .max_len = TENANT_NAME_MAX, .want = TENANT_NAME_WANT,
	  .help = "Name of the tenant; the manifest's file has the same name." },
	{ FIELD(tenant_spec, tier), .kind = BIND_ENUM, .names = tier_names, .def = "container",
	  .want = "container, the only tier that this version supports",
	  .help = "Kind of boundary: container is a container of its own on the host's kernel." },
	{ FIELD(tenant_spec, image), .kind = BIND_STRING, .flags = BIND_REQUIRED,
	  .pattern = IMAGE_PATTERN, .max_len = 512, .want = IMAGE_WANT,
	  .help = "Image of the worker, pinned by a tag other than latest or by its digest.",
	  .example = "example/worker:1.0" },
	{ FIELD(tenant_spec, command), .kind = BIND_STRLIST, .max_len = 256,
	  .want = "a program and its arguments, as a list of at most 256",
	  .help = "Replaces the image's command.", .example = "[node, /opt/worker/main.js]" },
	{ FIELD(tenant_spec, listen), .kind = BIND_STRING, .def = "auto",
	  .pattern = "auto|[0-9.]+:[0-9]+", .max_len = 21,
	  .want = "auto, or an IPv4 address and a port: 127.0.0.1:8001",
	  .help = "Where the host accepts connections for the worker. auto: the tenant's own port "
		  "on "
		  "127.0.0.1. An address that is not of the loopback network opens the worker to "
		  "others.",
	  .example = "127.0.0.1:8001" },
	{ FIELD(tenant_spec, port), .kind = BIND_INT, .min = 1, .max = 65535, .def = "8080",
	  .help = "Port that the worker listens on." },
	{ FIELD(tenant_spec, resources), .kind = BIND_OBJECT, .sub = &resource_table,
	  .help = "Limits that the kernel enforces." },
	{ FIELD(tenant_spec, workspace), .kind = BIND_OBJECT, .sub = &workspace_table,
	  .help = "The tenant's own files." },
	{ FIELD(tenant_spec, source), .kind = BIND_LIST, .sub = &source_table, .max_len = 64,
	  .help = "Read-only material from the host; it may be shared between tenants.",
	  .example = "- { host: /srv/shared/skills, path: /source/skills }" },
	{ FIELD(tenant_spec, environment), .kind = BIND_STRMAP, .pattern = "[A-Za-z_][A-Za-z0-9_]*",
	  .max_len = 256, .want = "names of letters, digits and underscores, each with a string",
	  .help = "Variables of the worker. A value that looks like a key or password is refused, "
		  "as "
		  "the worker and everyone who may inspect it could read it.",
	  .example = "{ TZ: UTC, CAPTCHA_SITE_KEY: 6Lc-site-4711 }" },
	{ FIELD(tenant_spec, allow_plain), .kind = BIND_STRLIST,
	  .pattern = "[A-Za-z_][A-Za-z0-9_]*|/.+", .max_len = 256,
	  .want = "names of variables, and absolute paths of files of the image",
	  .help = "Variables whose values may look like a key, and files of the image that verify "
		  "takes for a credential, because they are none.",
	  .example = "[CAPTCHA_SITE_KEY]" },
	{ FIELD(tenant_spec, seccomp), .kind = BIND_STRING, .def = "ai-worker",
	  .pattern = "[a-z0-9][a-z0-9-]*|/.+", .max_len = 1024,
	  .want = "a built-in profile or the absolute path of a file",
	  .help = "System calls that the worker may make: a built-in profile or a file in the "
		  "engine's format." },
	{ FIELD(tenant_spec, egress), .kind = BIND_LIST, .sub = &egress_table,
	  .max_len = GATEWAY_MAX_RULES,
	  .help = "Names that the worker may reach. Everything else is refused: an empty list "
		  "means "
		  "nothing at all.",
	  .example = "- api.example.com\n"
		     "- \"*.example.org\"\n"
		     "- { host: db.example.com, port: 5432, protocol: tcp, expires: 2030-12-31, "
		     "reason: migration }" },
	{ FIELD(tenant_spec, credentials), .kind = BIND_LIST, .sub = &credential_table,
	  .max_len = GATEWAY_MAX_CREDENTIALS,
	  .help = "Keys that the gateway adds to the worker's requests, so that the worker never "
		  "holds one.",
	  .example = "- name: ghl\n"
		     "  upstream: https://services.example.com\n"
		     "  inject: { header: Authorization, format: \"Bearer {}\" }\n"
		     "  secret: ghl" },
	{ FIELD(tenant_spec, health), .kind = BIND_OBJECT, .sub = &health_table,
	  .help = "How the engine finds out whether the worker is well." },
	{ FIELD(tenant_spec, stop_timeout), .kind = BIND_INT, .min = 1, .max = 3600, .def = "10",
	  .help = "Seconds between the request to stop and the kill." },
	{ FIELD(tenant_spec, logs), .kind = BIND_OBJECT, .sub = &log_table,
	  .help = "The worker's log, bounded." },
};
const struct bind_table tenant_table = TABLE("manifest", tenant_spec, tenant_fields);
