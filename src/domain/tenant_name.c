/*
 * Tenant names. They end up in paths, object names, host names and configuration
 * files, so one strict grammar stands before all of these.
 */
#include <string.h>

#include "base/compiler.h"
#include "domain/spec.h"
#include "spec_rules.h"

/* Words that commands (--all), the engine's network modes and the tenant's own DNS use. */
static const char *const reserved[] = {
	"all",	"auto",	     "bridge",	"container", "default", "egress",    "gateway",
	"host", "localhost", "network", "none",	     "proxy",	"tenantctl", "worker",
};

static const char *name_problem(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(name);

	if (len == 0 || len > TENANT_NAME_MAX || strspn(name, allowed) != len || name[0] == '-' ||
	    name[len - 1] == '-')
		return "is not a tenant's name: expected " TENANT_NAME_WANT;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (strcmp(name, reserved[i]) == 0)
			return "is a reserved word";
	}
	if (len > 3 && strcmp(name + len - 3, "-gw") == 0)
		return "ends in -gw, as the name of a tenant's gateway does";
	if (len > 5 && strcmp(name + len - 5, "-twin") == 0)
		return "ends in -twin, as the name of a tenant's test double does";
	return NULL;
}

bool tenant_name_is_valid(const char *name)
{
	return !name_problem(name);
}

int tenant_name_check(const char *name, enum err_code code, struct err *e)
{
	const char *problem = name_problem(name);

	if (!problem)
		return 0;
	return err_set(e, code, "'%.64s'%s %s", name, strlen(name) > 64 ? "..." : "", problem);
}
