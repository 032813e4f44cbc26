/*
 * The operations behind the commands: they return data and report progress through
 * a callback; only the command line prints. Every operation that changes a tenant
 * holds that tenant's lock.
 */
#ifndef OPS_OPS_H
#define OPS_OPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "domain/finding.h"
#include "domain/history.h"
#include "domain/matrix.h"
#include "domain/netplan.h"
#include "domain/plan.h"
#include "domain/spec.h"
#include "engine/client.h"

struct profile_cache;
struct verify_share;

/* Everything an operation may use; made once per process by context_open. */
struct context {
	char *root;	   /* "" for the real host */
	char *socket_path; /* of the engine */
	struct host_config host;
	struct client *client; /* NULL until context_connect */
	struct engine_info engine;
	struct profile_cache *profiles; /* checked and composed seccomp profiles, made on use */
	bool any_socket_owner;		/* tests without root */
	/* Progress of one tenant; may be NULL. Called from one thread at a time. */
	void (*progress)(void *arg, const char *tenant, const char *step, size_t done,
			 size_t total);
	void *progress_arg;
	int lock_wait_ms;
	/* Ids of images found by this process, by reference: a tag that moves meanwhile does not
	 * make one run see two images. */
	struct strmap image_ids;
	/* Addresses of the host, measured on first use and then the same for the whole run: what is
	 * planned, made and verified in it agrees. */
	struct strlist host_addresses;
	/* The same for all processes of one ops_fleet run, 0 outside of one: lets them share what
	 * is measured of the host, and nobody else. */
	int64_t run_token;
	/* What all verifications of such a run have in common (ops/verify_share); NULL: none. */
	struct verify_share *share;
};

struct context_options {
	const char *root, *config, *socket; /* as given on the command line, or NULL */
};

/* Reads the host configuration; opens no socket. */
int context_open(const struct context_options *o, struct context *out, struct err *e) must_check;
/* Connects to the engine with the given engine_permission bits. */
int context_connect(struct context *c, unsigned permissions, struct err *e) must_check;
void context_close(struct context *c);

/* Names of all tenants: those with a manifest and those with state, sorted, checked. */
int tenants_all(const struct context *c, struct strlist *out, struct err *e) must_check;
/* Reads and checks the manifest of `tenant`; `file` overrides the place. *out_text (may be NULL) is
 * the text as read, owned by the caller. */
int tenant_manifest(const struct context *c, const char *tenant, const char *file,
		    struct tenant_spec *out, char **out_text, struct err *e) must_check;

/* ---- change ---- */

struct run_result {
	struct plan plan;	   /* what was (or would be) done */
	size_t done;		   /* steps done */
	struct findings findings;  /* of the closing verification, when it ran */
	bool verified;		   /* it ran */
	struct strlist kept, gone; /* delete's proof */
};
void run_result_free(struct run_result *r);

/* Plan only. out->plan is empty when nothing differs. */
int ops_plan(struct context *c, const char *tenant, struct run_result *out, struct err *e)
	must_check;
/* A new tenant from `file` (copied to its place as the manifest, or NULL: the manifest in place).
 * ERR_CONFLICT when the tenant is complete already; a half-made one is completed. */
int ops_create(struct context *c, const char *tenant, const char *file, struct run_result *out,
	       struct err *e) must_check;
int ops_apply(struct context *c, const char *tenant, struct run_result *out, struct err *e)
	must_check;
int ops_delete(struct context *c, const char *tenant, bool purge, struct run_result *out,
	       struct err *e) must_check;
int ops_start(struct context *c, const char *tenant, struct run_result *out, struct err *e)
	must_check;
int ops_stop(struct context *c, const char *tenant, struct run_result *out, struct err *e)
	must_check;

struct keys_options;
/* Brings the running gateway of `tenant` to manifest and secrets, without touching anything else
 * and within a second. out->plan holds the one step with its reason, or none when nothing differed;
 * out->plan.tenant is NULL when no gateway runs (the next start takes what is there). A refused set
 * changes nothing: ERR_REFUSED with what the gateway says. A command that is to be run in any case
 * is run by the next start when no gateway runs. */
int ops_reload_keys(struct context *c, const char *tenant, const struct keys_options *o,
		    struct run_result *out, struct err *e) must_check;

/* ---- look ---- */

enum tenant_status {
	TENANT_ABSENT, /* a manifest only */
	TENANT_RUNNING,
	TENANT_STOPPED,
	TENANT_BROKEN, /* parts missing or dead */
};
struct tenant_row {
	char *tenant, *tier, *image, *image_id, *health, *listen, *verified_at, *verified;
	enum tenant_status status;
	bool has_manifest;
	int64_t created;	     /* seconds since 1970; 0 unknown */
	int64_t memory;		     /* bytes in use; -1 unknown */
	int64_t egress, credentials; /* entries of the manifest; 0 without one */
};
void tenant_rows_free(struct tenant_row *rows, size_t count);
/* One list call to the engine for all tenants. */
int ops_list(struct context *c, struct tenant_row **out, size_t *out_count, struct err *e)
	must_check;

struct tenant_view { /* show */
	struct tenant_row row;
	bool has_spec;
	struct tenant_spec spec;
	struct tenant_state state;
	struct history history; /* of its verifications */
	char *history_damage;	/* why it can't be read, or NULL */
};
void tenant_view_free(struct tenant_view *v);
int ops_show(struct context *c, const char *tenant, struct tenant_view *out, struct err *e)
	must_check;

struct logs_options {
	bool follow, gateway;
	long tail;
	client_log_sink sink;
	void *sink_arg;
};
int ops_logs(struct context *c, const char *tenant, const struct logs_options *o, struct err *e)
	must_check;

/* ---- verify ---- */

struct verify_result {
	char *tenant;
	char *at; /* RFC 3339, UTC */
	struct findings findings;
	struct matrix matrix; /* this tenant's row of the table between tenants */
	double seconds;
	bool partial; /* only a selection of the checks ran */
	bool quick;   /* without the twin */
};
struct verify_options {
	struct strlist only; /* id prefixes; empty: all */
	bool quick;
	bool drill; /* the drills instead, see ops/drill.h */
};
/* Verifies one tenant against all siblings; stores the result for `list`. */
int ops_verify(struct context *c, const char *tenant, const struct verify_options *o,
	       struct verify_result *out, struct err *e) must_check;
void verify_result_free(struct verify_result *r);

/* ---- many ---- */

/* Runs fn for each tenant in its own process, at most `jobs` at a time, each with its own context
 * connection; a crash of one never touches the others. fn writes its result (JSON text) to `fd`,
 * which is handed to done() in the order of `tenants`. progress() is called as children report.
 * Returns 0 when all children exited 0; otherwise ERR of the worst child. */
struct fleet {
	int (*fn)(struct context *c, const char *tenant, int fd, void *arg);
	void (*done)(void *arg, const char *tenant, int exit_status, const char *text, size_t len);
	void *arg;
	unsigned permissions; /* engine_permission bits */
	int jobs;
	bool verifies; /* fn plans or verifies: what that needs of engine and profiles is shared */
	bool measures; /* fn does nothing but verify: what it needs of the host is shared too */
};
int ops_fleet(struct context *c, const struct strlist *tenants, const struct fleet *f,
	      struct err *e) must_check;

#endif
