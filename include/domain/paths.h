/*
 * Where everything lives. One table of paths under one --root; names are checked
 * with tenant_name_is_valid() before they get here.
 */
#ifndef DOMAIN_PATHS_H
#define DOMAIN_PATHS_H

#include "base/compiler.h"

enum path_kind {
	PATH_CONFIG,	    /* /etc/tenantctl/tenantctl.yaml */
	PATH_MANIFESTS,	    /* /etc/tenantctl/tenants */
	PATH_STATE,	    /* /var/lib/tenantctl */
	PATH_TENANTS,	    /* /var/lib/tenantctl/tenants */
	PATH_AUDIT,	    /* /var/lib/tenantctl/audit.json: what the last audit found */
	PATH_ALLOCATE_LOCK, /* /var/lib/tenantctl/allocate.lock: slots and shared objects */
	PATH_DRILL_LOCK,    /* /var/lib/tenantctl/drill.lock: one drill at a time */
	PATH_IMAGES,	    /* /var/lib/tenantctl/images: what layers hold, by image id */
	PATH_LOCKS,	    /* /var/lib/tenantctl/locks */
	PATH_SERVED,	    /* /srv/tenants */
	PATH_SECRETS,	    /* /etc/tenantctl/secrets */
	PATH_RUNTIMES,	    /* /run/tenantctl */
	PATH_AUDIT_LOGS,    /* /var/log/tenantctl */
	PATH_AUDIT_LOG,	    /* .../audit.jsonl, older ones audit.jsonl.1 and so on */
	PATH_AUDIT_HEAD,    /* /var/lib/tenantctl/audit.head: its end, kept apart */
	PATH_AUDIT_LOCK,    /* /var/lib/tenantctl/audit.lock: guards both */
	/* of one tenant */
	PATH_MANIFEST,	    /* /etc/tenantctl/tenants/NAME.yaml */
	PATH_TENANT_STATE,  /* /var/lib/tenantctl/tenants/NAME */
	PATH_ALLOCATION,    /* .../NAME/allocation.json */
	PATH_JOURNAL,	    /* .../NAME/journal.jsonl */
	PATH_LAST_VERIFY,   /* .../NAME/verified.json */
	PATH_HISTORY,	    /* .../NAME/history.jsonl: results of verifications */
	PATH_HISTORY_LOCK,  /* .../NAME/history.lock: guards it */
	PATH_EGRESS,	    /* .../NAME/egress.json: uses and refusals, counted */
	PATH_EGRESS_LOCK,   /* .../NAME/egress.lock: guards it */
	PATH_MANIFEST_LOCK, /* /var/lib/tenantctl/locks/NAME.manifest.lock: only while one is edited
			     */
	PATH_RESOLV_CONF,   /* .../NAME/resolv.conf: bind-mounted into the worker */
	PATH_TENANT_LOCK,   /* /var/lib/tenantctl/locks/NAME.lock; survives the tenant */
	PATH_TWIN_LOCK,	    /* .../locks/NAME.twin.lock: there while a twin may be */
	PATH_TENANT_DATA,   /* /srv/tenants/NAME */
	PATH_WORKSPACE_IMAGE,  /* /srv/tenants/NAME/workspace.img: ext4, bounds bytes and inodes */
	PATH_WORKSPACE_MOUNT,  /* /srv/tenants/NAME/workspace: where it is mounted */
	PATH_WORKSPACE_DATA,   /* .../workspace/data: bind-mounted into the worker; absent while
				  unmounted, so that a worker can't start on the bare folder */
	PATH_WORKSPACE_DEVICE, /* /srv/tenants/NAME/workspace.device: leads to its loop device,
				  which is another one after each mount */
	PATH_SCRATCH_IMAGE,    /* /srv/tenants/NAME/drill.img: what a drill fills instead */
	PATH_SCRATCH_MOUNT,    /* /srv/tenants/NAME/drill */
	PATH_SCRATCH_DATA,     /* .../drill/data: bind-mounted into the twin */
	PATH_SCRATCH_DEVICE,   /* /srv/tenants/NAME/drill.device: as the workspace's */
	PATH_TENANT_SECRETS,   /* /etc/tenantctl/secrets/NAME: one file for each key */
	PATH_RUNTIME,	       /* /run/tenantctl/NAME: a tmpfs of the tenant's own */
	PATH_GATEWAY_FILES,    /* .../NAME/files: bind-mounted into the gateway, read-only */
	PATH_GATEWAY_SET,      /* .../files/set: what a gateway that starts takes */
	PATH_GATEWAY_NEXT,     /* .../files/next: what it shall take instead */
	PATH_GATEWAY_MAKING,   /* .../files/next.tmp: not complete, or not answered */
	PATH_GATEWAY_STATE,    /* .../NAME/state: bind-mounted too, the gateway's own to write */
	PATH_TWIN_SCRATCH, /* .../NAME/twin: a tmpfs, bind-mounted into a twin as its workspace */
	PATH_PROVIDED,	   /* .../NAME/provided: what commands printed as secrets */
};

/* `root` is "" for the real host. `tenant` is NULL for the host-wide kinds. Owned by the caller. */
char *path_of(const char *root, enum path_kind kind, const char *tenant) returns_owned;

#endif
