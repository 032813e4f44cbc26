/*
 * Desired against observed: an ordered list of steps, each with the reason for it
 * and the step that undoes it. Printing the list is the dry run.
 */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "domain/desired.h"
#include "engine/types.h"

enum step_kind {
	STEP_ALLOCATE,	       /* claim a slot: subnet, uids, port */
	STEP_WORKSPACE_CREATE, /* image file, ext4, owner */
	STEP_WORKSPACE_MOUNT,
	STEP_FILES_WRITE, /* resolv.conf, and the gateway's set of files while it does not run */
	STEP_GATEWAY_IMAGE_LOAD,
	STEP_WORKER_IMAGE_PULL,
	STEP_EGRESS_CREATE, /* the shared NAT network */
	STEP_NETWORK_CREATE,
	STEP_GATEWAY_CREATE,
	STEP_GATEWAY_START,
	STEP_GATEWAY_RELOAD, /* a running gateway takes another set of files */
	STEP_WORKER_CREATE,
	STEP_WORKER_START,
	STEP_VERIFY, /* fail closed: a worker that does not verify is stopped */
	STEP_WORKER_STOP,
	STEP_GATEWAY_STOP,
	STEP_WORKER_REMOVE,
	STEP_GATEWAY_REMOVE,
	STEP_NETWORK_REMOVE,
	STEP_WORKSPACE_UNMOUNT,
	STEP_WORKSPACE_PURGE,
	STEP_FILES_REMOVE,
	STEP_RELEASE, /* give the slot back */
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	char *object;	     /* "tc-acme-dental-gw" */
	char *why;	     /* "not there", "HostConfig.PidsLimit: expected 256, observed 0" */
	enum step_kind undo; /* STEP_KINDS: nothing to undo */
	/* Index of the last earlier step that must be done first; steps with the same `after` that
	 * name different objects may run at the same time. -1: none. */
	int after;
};

struct plan {
	char *tenant;
	struct step *steps;
	size_t count;
};

/* What was found of one tenant; built by ops/observe, pure data here. */
struct tenant_state {
	bool allocated;
	struct allocation allocation;
	bool workspace_exists, workspace_mounted;
	bool workspace_ready; /* mounted, and its data folder is the worker's */
	bool data_exists;     /* the folder that holds the workspace, also when it is half made */
	bool files_exist;     /* anything in the tenant's state folder or below /run */
	bool resolv_current;  /* the worker's resolv.conf is the desired one */
	bool set_installed;   /* the gateway has files to start with */
	bool set_unseen;      /* it runs, but on other files than the tenant's */
	char *set_differs;    /* what about its files differs ("egress rules, keys"), or NULL */
	bool gateway_image_present, worker_image_present;
	bool egress_present, network_present, gateway_present, worker_present;
	struct network_info egress, network;
	struct container_info gateway, worker;
	/* Objects that carry our names or labels but not this tenant's nonce or role. */
	struct strlist foreign;
	char *unfinished; /* operation of an unfinished journal, or NULL */
};
void tenant_state_free(struct tenant_state *s);

enum plan_want { WANT_RUNNING, WANT_STOPPED, WANT_GONE, WANT_PURGED };

/* Steps that lead from `state` to what is wanted. `desired` may be NULL for WANT_STOPPED, WANT_GONE
 * and WANT_PURGED. ERR_CONFLICT when a foreign object is in the way (names it). An empty plan means
 * that nothing differs. */
int plan_build(const char *tenant, enum plan_want want, const struct desired_tenant *desired,
	       const struct tenant_state *state, struct plan *out, struct err *e) must_check;
void plan_free(struct plan *p);

/* "create", "start", ...: for people and for the journal. */
const char *step_verb(enum step_kind k);
/* "tenant's network", "gateway", ... */
const char *step_noun(enum step_kind k);
struct node *plan_json(const struct plan *p) returns_owned;

#endif
