/* The table of places. */
#include "domain/paths.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "domain/spec.h"

#define ETC "/etc/tenantctl"
#define STATE "/var/lib/tenantctl"
#define SERVED "/srv/tenants"
#define LOGS "/var/log/tenantctl"
#define RUNTIMES "/run/tenantctl"

/* NAME stands between head and tail; a kind without tail is of the host. */
static const struct {
	const char *head, *tail;
} places[] = {
	[PATH_CONFIG] = { ETC "/tenantctl.yaml", NULL },
	[PATH_MANIFESTS] = { ETC "/tenants", NULL },
	[PATH_STATE] = { STATE, NULL },
	[PATH_TENANTS] = { STATE "/tenants", NULL },
	[PATH_AUDIT] = { STATE "/audit.json", NULL },
	[PATH_ALLOCATE_LOCK] = { STATE "/allocate.lock", NULL },
	[PATH_DRILL_LOCK] = { STATE "/drill.lock", NULL },
	[PATH_IMAGES] = { STATE "/images", NULL },
	[PATH_LOCKS] = { STATE "/locks", NULL },
	[PATH_SERVED] = { SERVED, NULL },
	[PATH_SECRETS] = { ETC "/secrets", NULL },
	[PATH_RUNTIMES] = { RUNTIMES, NULL },
	[PATH_AUDIT_LOGS] = { LOGS, NULL },
	[PATH_AUDIT_LOG] = { LOGS "/audit.jsonl", NULL },
	[PATH_AUDIT_HEAD] = { STATE "/audit.head", NULL },
	[PATH_AUDIT_LOCK] = { STATE "/audit.lock", NULL },
	[PATH_MANIFEST] = { ETC "/tenants/", ".yaml" },
	[PATH_TENANT_STATE] = { STATE "/tenants/", "" },
	[PATH_ALLOCATION] = { STATE "/tenants/", "/allocation.json" },
	[PATH_JOURNAL] = { STATE "/tenants/", "/journal.jsonl" },
	[PATH_LAST_VERIFY] = { STATE "/tenants/", "/verified.json" },
	[PATH_HISTORY] = { STATE "/tenants/", "/history.jsonl" },
	[PATH_HISTORY_LOCK] = { STATE "/tenants/", "/history.lock" },
	[PATH_EGRESS] = { STATE "/tenants/", "/egress.json" },
	[PATH_EGRESS_LOCK] = { STATE "/tenants/", "/egress.lock" },
	[PATH_MANIFEST_LOCK] = { STATE "/locks/", ".manifest.lock" },
	[PATH_RESOLV_CONF] = { STATE "/tenants/", "/resolv.conf" },
	[PATH_TENANT_LOCK] = { STATE "/locks/", ".lock" },
	[PATH_TWIN_LOCK] = { STATE "/locks/", ".twin.lock" },
	[PATH_TENANT_DATA] = { SERVED "/", "" },
	[PATH_WORKSPACE_IMAGE] = { SERVED "/", "/workspace.img" },
	[PATH_WORKSPACE_MOUNT] = { SERVED "/", "/workspace" },
	[PATH_WORKSPACE_DATA] = { SERVED "/", "/workspace/data" },
	[PATH_WORKSPACE_DEVICE] = { SERVED "/", "/workspace.device" },
	[PATH_SCRATCH_IMAGE] = { SERVED "/", "/drill.img" },
	[PATH_SCRATCH_MOUNT] = { SERVED "/", "/drill" },
	[PATH_SCRATCH_DATA] = { SERVED "/", "/drill/data" },
	[PATH_SCRATCH_DEVICE] = { SERVED "/", "/drill.device" },
	[PATH_TENANT_SECRETS] = { ETC "/secrets/", "" },
	[PATH_RUNTIME] = { RUNTIMES "/", "" },
	[PATH_GATEWAY_FILES] = { RUNTIMES "/", "/files" },
	[PATH_GATEWAY_SET] = { RUNTIMES "/", "/files/set" },
	[PATH_GATEWAY_NEXT] = { RUNTIMES "/", "/files/next" },
	[PATH_GATEWAY_MAKING] = { RUNTIMES "/", "/files/next.tmp" },
	[PATH_GATEWAY_STATE] = { RUNTIMES "/", "/state" },
	[PATH_TWIN_SCRATCH] = { RUNTIMES "/", "/twin" },
	[PATH_PROVIDED] = { RUNTIMES "/", "/provided" },
};

char *path_of(const char *root, enum path_kind kind, const char *tenant)
{
	const char *tail = places[kind].tail;

	/* the last fence: a name that was not checked must never become a path */
	assert(!tail || (tenant && tenant_name_is_valid(tenant)));
	return mem_printf("%s%s%s%s", root, places[kind].head, tail ? tenant : "",
			  tail ? tail : "");
}
