/* A tenant of nothing but data: its manifest, its numbers, what it should be and what there is. */
#ifndef TESTS_TENANT_FIXTURE_H
#define TESTS_TENANT_FIXTURE_H

#include "domain/desired.h"
#include "domain/plan.h"

struct tenant_fixture {
	struct tenant_spec spec;
	struct host_config host;
	struct allocation allocation;
	struct desired_inputs in; /* points into this struct */
	struct desired_tenant desired;
	struct tenant_state state; /* complete and running */
};

/* From `manifest` (of tenant acme), or a plain one when NULL. Fails the test on any error. */
void tenant_fixture_make(struct tenant_fixture *f, const char *manifest);
void tenant_fixture_free(struct tenant_fixture *f);

#endif
