/* Every place, under the real root and under another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "domain/paths.h"

static const struct {
	enum path_kind kind;
	const char *tenant, *path;
} places[] = {
	{ PATH_CONFIG, NULL, "/etc/tenantctl/tenantctl.yaml" },
	{ PATH_MANIFESTS, NULL, "/etc/tenantctl/tenants" },
	{ PATH_STATE, NULL, "/var/lib/tenantctl" },
	{ PATH_TENANTS, NULL, "/var/lib/tenantctl/tenants" },
	{ PATH_AUDIT, NULL, "/var/lib/tenantctl/audit.json" },
	{ PATH_ALLOCATE_LOCK, NULL, "/var/lib/tenantctl/allocate.lock" },
	{ PATH_DRILL_LOCK, NULL, "/var/lib/tenantctl/drill.lock" },
	{ PATH_IMAGES, NULL, "/var/lib/tenantctl/images" },
	{ PATH_LOCKS, NULL, "/var/lib/tenantctl/locks" },
	{ PATH_SERVED, NULL, "/srv/tenants" },
	{ PATH_SECRETS, NULL, "/etc/tenantctl/secrets" },
	{ PATH_RUNTIMES, NULL, "/run/tenantctl" },
	{ PATH_AUDIT_LOGS, NULL, "/var/log/tenantctl" },
	{ PATH_AUDIT_LOG, NULL, "/var/log/tenantctl/audit.jsonl" },
	{ PATH_AUDIT_HEAD, NULL, "/var/lib/tenantctl/audit.head" },
	{ PATH_AUDIT_LOCK, NULL, "/var/lib/tenantctl/audit.lock" },
	{ PATH_MANIFEST, "acme", "/etc/tenantctl/tenants/acme.yaml" },
	{ PATH_TENANT_STATE, "acme", "/var/lib/tenantctl/tenants/acme" },
	{ PATH_ALLOCATION, "acme", "/var/lib/tenantctl/tenants/acme/allocation.json" },
	{ PATH_JOURNAL, "acme", "/var/lib/tenantctl/tenants/acme/journal.jsonl" },
	{ PATH_LAST_VERIFY, "acme", "/var/lib/tenantctl/tenants/acme/verified.json" },
	{ PATH_HISTORY, "acme", "/var/lib/tenantctl/tenants/acme/history.jsonl" },
	{ PATH_HISTORY_LOCK, "acme", "/var/lib/tenantctl/tenants/acme/history.lock" },
	{ PATH_EGRESS, "acme", "/var/lib/tenantctl/tenants/acme/egress.json" },
	{ PATH_EGRESS_LOCK, "acme", "/var/lib/tenantctl/tenants/acme/egress.lock" },
	{ PATH_MANIFEST_LOCK, "acme", "/var/lib/tenantctl/locks/acme.manifest.lock" },
	{ PATH_RESOLV_CONF, "acme", "/var/lib/tenantctl/tenants/acme/resolv.conf" },
	{ PATH_TENANT_LOCK, "acme", "/var/lib/tenantctl/locks/acme.lock" },
	{ PATH_TWIN_LOCK, "acme", "/var/lib/tenantctl/locks/acme.twin.lock" },
	{ PATH_TENANT_DATA, "acme", "/srv/tenants/acme" },
	{ PATH_WORKSPACE_IMAGE, "acme", "/srv/tenants/acme/workspace.img" },
	{ PATH_WORKSPACE_MOUNT, "acme", "/srv/tenants/acme/workspace" },
	{ PATH_WORKSPACE_DATA, "acme", "/srv/tenants/acme/workspace/data" },
	{ PATH_WORKSPACE_DEVICE, "acme", "/srv/tenants/acme/workspace.device" },
	{ PATH_SCRATCH_IMAGE, "acme", "/srv/tenants/acme/drill.img" },
	{ PATH_SCRATCH_MOUNT, "acme", "/srv/tenants/acme/drill" },
	{ PATH_SCRATCH_DATA, "acme", "/srv/tenants/acme/drill/data" },
	{ PATH_SCRATCH_DEVICE, "acme", "/srv/tenants/acme/drill.device" },
	{ PATH_TENANT_SECRETS, "acme", "/etc/tenantctl/secrets/acme" },
	{ PATH_RUNTIME, "acme", "/run/tenantctl/acme" },
	{ PATH_GATEWAY_FILES, "acme", "/run/tenantctl/acme/files" },
	{ PATH_GATEWAY_SET, "acme", "/run/tenantctl/acme/files/set" },
	{ PATH_GATEWAY_NEXT, "acme", "/run/tenantctl/acme/files/next" },
	{ PATH_GATEWAY_MAKING, "acme", "/run/tenantctl/acme/files/next.tmp" },
	{ PATH_GATEWAY_STATE, "acme", "/run/tenantctl/acme/state" },
	{ PATH_TWIN_SCRATCH, "acme", "/run/tenantctl/acme/twin" },
	{ PATH_PROVIDED, "acme", "/run/tenantctl/acme/provided" },
};

static void test_places(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(places), PATH_PROVIDED + 1);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		auto_free char *real = path_of("", places[i].kind, places[i].tenant);
		auto_free char *moved = path_of("/r", places[i].kind, places[i].tenant);
		assert_int_equal(places[i].kind, i);
		assert_string_equal(real, places[i].path);
		assert_memory_equal(moved, "/r", 2);
		assert_string_equal(moved + 2, places[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
