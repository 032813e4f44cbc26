/*
 * The twin of a worker: a container made from what the engine says the worker is, not
 * from what was ordered, so that a weakened worker has a weakened twin. Pure.
 */
#ifndef DOMAIN_TWIN_SPEC_H
#define DOMAIN_TWIN_SPEC_H

#include "base/compiler.h"
#include "base/strlist.h"
#include "domain/netplan.h"
#include "engine/types.h"

#define ROLE_TWIN "twin"

struct twin_inputs {
	const char *tenant;
	const struct container_info *worker; /* observed */
	const struct allocation *allocation;
	const char *image_id, *program;	 /* what runs in place of the worker */
	const struct strlist *arguments; /* of the program */
	const char *workspace;		 /* folder of the host that is the worker's workspace */
	const char *scratch;		 /* folder of the host in its place */
	/* What leads to the worker's device, and to the one in its place; NULL: it stays. */
	const char *device, *scratch_device;
};

/* "tc-NAME-twin"; owned by the caller. */
char *twin_name(const char *tenant) returns_owned;

/* What to create: everything as the worker has it, but for what a second container can't share and
 * what is ours. The caller frees *out with container_spec_free. */
void twin_spec_make(const struct twin_inputs *in, struct container_spec *out);

/* Adds "HostConfig.CapAdd: worker [\"NET_RAW\"], twin nothing" for each setting that differs though
 * the twin should have the worker's. `workspace` as above. */
void twin_spec_compare(const struct container_info *worker, const struct container_info *twin,
		       const char *workspace, struct strlist *out);

#endif
