/* audit caps, egress, images, drift: one part of the audit each. */
#include "audit_view.h"
#include "base/mem.h"
#include "commands.h"
#include "report.h"
#include "select.h"

static int run_part(struct invocation *inv, enum audit_part part, struct err *e)
{
	struct audit_options o;
	auto_strlist struct strlist tenants = { 0 };
	auto_node struct node *results = NULL;
	struct err late = ERR_INIT;
	int rc;

	if (audit_options_read(inv, 1U << part, &o, e) ||
	    select_tenants(inv, ALL_WITH_STATE, &tenants, e))
		return -1;
	rc = audit_run(inv, &tenants, &o, &results, e);
	if (audit_put(inv, results, o.parts, inv->command->name, &late)) {
		*e = late;
		rc = -1;
	}
	return rc;
}

static int run_caps(struct invocation *inv, struct err *e)
{
	return run_part(inv, AUDIT_CAPS, e);
}

static int run_egress(struct invocation *inv, struct err *e)
{
	return run_part(inv, AUDIT_EGRESS, e);
}

static int run_images(struct invocation *inv, struct err *e)
{
	return run_part(inv, AUDIT_IMAGES, e);
}

static int run_drift(struct invocation *inv, struct err *e)
{
	return run_part(inv, AUDIT_DRIFT, e);
}

#define OPTION_ALL_CREATED OPTION_ALL("every tenant that was created")

static const struct option_def options[] = { OPTION_ALL_CREATED, OPTION_JOBS, AUDIT_OPTION_FORMAT };
static const struct option_def egress_options[] = { OPTION_ALL_CREATED, OPTION_JOBS,
						    AUDIT_OPTION_FORMAT, AUDIT_OPTIONS_EGRESS };
static const struct option_def images_options[] = { OPTION_ALL_CREATED, OPTION_JOBS,
						    AUDIT_OPTION_FORMAT, AUDIT_OPTION_IMAGES };
static const struct option_pair exclusive[] = { NAMES_OR_ALL };

#define AUDIT_COMMAND(list)                                                                        \
	.operands = "[NAME...]", .options = (list), .option_count = ARRAY_SIZE(list),              \
	.exclusive = exclusive, .exclusive_count = ARRAY_SIZE(exclusive), .max_args = -1,          \
	.arg = ARG_TENANT, .flags = CMD_ROOT | CMD_ENGINE

const struct command cmd_audit_caps = {
	.name = "audit caps",
	.summary = "Lists the capabilities of every process of workers and gateways",
	.description =
		"For each process in the cgroup of a tenant's worker and gateway: the five "
		"capability sets, user, no_new_privs, seccomp mode and threads, from /proc. All "
		"sets must be empty; what holds anything, runs as another user, or has a thread "
		"that differs, is unusual.\n\nThe exit status is 1 when anything is unusual or "
		"could not be looked at.",
	.example = "  tenantctl audit caps --all\n"
		   "  tenantctl audit caps acme-dental --format json",
	.run = run_caps,
	AUDIT_COMMAND(options),
};

const struct command cmd_audit_egress = {
	.name = "audit egress",
	.summary = "Finds egress rules that are expired, unused, too wide or private",
	.description =
		"For each egress entry and credential route: uses and refusals, last use, age, "
		"expiry. An entry past its date and a wildcard over a domain below which anybody "
		"can get a name (*.amazonaws.com, *.github.io) fail; other wildcards, entries that "
		"open private addresses, that nobody used, or that expire soon, warn, as do "
		"refusals.\n\nThe exit status is 1 when anything failed; warnings do not count.",
	.example = "  tenantctl audit egress --all --unused-for 30d",
	.run = run_egress,
	AUDIT_COMMAND(egress_options),
};

const struct command cmd_audit_images = {
	.name = "audit images",
	.summary = "Compares the images in use with what their names lead to now",
	.description =
		"For worker and gateway: the image in use, the one that the manifest's or the "
		"host's name leads to on this engine now, age and size. Fails when the two differ "
		"or the engine lacks one; an old image warns. No registry is asked; an image whose "
		"makers left out when it was made has no age.\n\nThe exit status is 1 when "
		"anything failed; warnings do not count.",
	.example = "  tenantctl audit images --all --old-after 30d",
	.run = run_images,
	AUDIT_COMMAND(images_options),
};

const struct command cmd_audit_drift = {
	.name = "audit drift",
	.summary = "Compares what is live with the manifest, field by field",
	.description =
		"Each field of worker, gateway and network that the engine describes otherwise "
		"than the manifest orders it, and files that are not as they must be. 'plan' says "
		"of the same differences what apply would do. That a tenant does not run warns.\n\n"
		"The exit status is 1 when anything differs.",
	.example = "  tenantctl audit drift --all",
	.run = run_drift,
	AUDIT_COMMAND(options),
};
