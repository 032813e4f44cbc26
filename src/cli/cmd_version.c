/* version: what this is, what it speaks and what it was linked with. */
#include <seccomp.h>

#include "base/mem.h"
#include "commands.h"

static int run_version(struct invocation *inv, struct err *e unused_arg)
{
	const struct scmp_version *seccomp = seccomp_version();
	auto_free char *api =
		mem_printf("%d.%d to %d.%d", ENGINE_API_MIN_MAJOR, ENGINE_API_MIN_MINOR,
			   ENGINE_API_MIN_MAJOR, ENGINE_API_MAX_MINOR);
	auto_free char *libseccomp =
		mem_printf("%u.%u.%u", seccomp->major, seccomp->minor, seccomp->micro);
	struct node *root, *libraries;

	if (!inv->out->json) {
		output_printf(inv->out, "tenantctl %s\nEngine API %s\nlibseccomp %s\n",
			      TENANTCTL_VERSION, api, libseccomp);
		return 0;
	}
	root = output_document();
	node_set_str(root, "version", TENANTCTL_VERSION);
	node_set_str(root, "engine_api", api);
	libraries = node_set_object(root, "libraries");
	node_set_str(libraries, "libseccomp", libseccomp);
	output_json(inv->out, root);
	return 0;
}

const struct command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "Prints versions of tenantctl, the Engine API and libraries",
	.run = run_version,
};
