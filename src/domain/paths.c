/* The table of places. */
#include "domain/paths.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "domain/spec.h"

#define ETC "/etc/tenantctl"
#define STATE "/var/lib/tenantctl"
#define SERVED "/srv/tenants"

/* NAME stands between head and tail; a kind without tail is of the host. */
static const struct {
	const char *head, *tail;
} places[] = {
	[PATH_CONFIG] = { ETC "/tenantctl.yaml", NULL },
	[PATH_MANIFESTS] = { ETC "/tenants", NULL },
	[PATH_STATE] = { STATE, NULL },
	[PATH_TENANTS] = { STATE "/tenants", NULL },
	[PATH_ALLOCATE_LOCK] = { STATE "/allocate.lock", NULL },
	[PATH_LOCKS] = { STATE "/locks", NULL },
	[PATH_SERVED] = { SERVED, NULL },
	[PATH_MANIFEST] = { ETC "/tenants/", ".yaml" },
	[PATH_TENANT_STATE] = { STATE "/tenants/", "" },
	[PATH_ALLOCATION] = { STATE "/tenants/", "/allocation.json" },
	[PATH_JOURNAL] = { STATE "/tenants/", "/journal.jsonl" },
	[PATH_LAST_VERIFY] = { STATE "/tenants/", "/verified.json" },
	[PATH_GATEWAY_FILES] = { STATE "/tenants/", "/gateway" },
	[PATH_HAPROXY_CFG] = { STATE "/tenants/", "/gateway/haproxy.cfg" },
	[PATH_DNSMASQ_CONF] = { STATE "/tenants/", "/gateway/dnsmasq.conf" },
	[PATH_RESOLV_CONF] = { STATE "/tenants/", "/resolv.conf" },
	[PATH_TENANT_LOCK] = { STATE "/locks/", ".lock" },
	[PATH_TENANT_DATA] = { SERVED "/", "" },
	[PATH_WORKSPACE_IMAGE] = { SERVED "/", "/workspace.img" },
	[PATH_WORKSPACE_MOUNT] = { SERVED "/", "/workspace" },
	[PATH_WORKSPACE_DATA] = { SERVED "/", "/workspace/data" },
};

char *path_of(const char *root, enum path_kind kind, const char *tenant)
{
	const char *tail = places[kind].tail;

	/* the last fence: a name that was not checked must never become a path */
	assert(!tail || (tenant && tenant_name_is_valid(tenant)));
	return mem_printf("%s%s%s%s", root, places[kind].head, tail ? tenant : "",
			  tail ? tail : "");
}
