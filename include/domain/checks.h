/*
 * The catalogue of checks: a const table of pure functions over the spec, what the
 * engine says, and the facts. No I/O, so that each can be turned red in a unit test
 * as well as by a weakened tenant on a real engine.
 */
#ifndef DOMAIN_CHECKS_H
#define DOMAIN_CHECKS_H

#include "base/compiler.h"
#include "domain/desired.h"
#include "domain/finding.h"
#include "domain/netplan.h"
#include "domain/seccomp.h"
#include "domain/spec.h"
#include "domain/twin.h"
#include "engine/types.h"
#include "probe/facts.h"

struct sibling { /* any other tenant of the host */
	const char *tenant;
	const struct allocation *allocation;
	bool running;
	const struct ns_id *ns;		   /* NS_KINDS of them, of its worker; NULL: not known */
	const struct mount_places *places; /* of its worker and gateway; NULL: not looked at */
};

struct check_input {
	const struct tenant_spec *spec;
	const struct allocation *allocation;
	const struct desired_tenant *desired;
	const struct engine_info *engine;
	/* observed; NULL when absent */
	const struct container_info *worker, *gateway;
	const struct network_info *network, *egress;
	const struct tenant_facts *facts;
	/* composed by libseccomp from the profile the tenant ordered */
	const struct seccomp_program *expected_filter;
	const struct seccomp_known *known_filter; /* NULL: none was compared yet */
	/* what a twin of the worker tried, and the twin as the engine made it; NULL: there was none
	 */
	const struct twin_facts *twin;
	const struct container_info *twin_container;
	const struct log_facts *log; /* what became of the twin's mark; NULL: there was no twin */
	const char *running_twin;    /* id of one that is on the tenant's network now; NULL: none */
	const struct sibling *siblings;
	size_t sibling_count;
};

struct check {
	const char *id, *title, *remedy;
	enum finding_group group;
	enum finding_severity severity;
	/* Fills verdict, expected, observed, evidence; the rest is taken from the table. NULL: a
	 * drill, see domain/drill.h. */
	void (*judge)(const struct check_input *in, struct finding *out);
};

/* The table, for `verify --list` and tests. */
const struct check *checks_all(size_t *out_count);
/* Whether `id` starts with one of `only`; NULL and an empty list select everything. */
bool check_is_selected(const char *id, const struct strlist *only);
/* True when a check is among them that looks at a twin. `only` as below. */
bool checks_need_twin(const struct strlist *only);
/* NULL when there is none of that id. */
const struct check *check_find(const char *id);
/* A finding of it that says nothing yet. */
struct finding check_finding(const struct check *c, enum finding_verdict v);
/* Runs every check, drills left out, whose id starts with one of `only` (NULL: all). The caller
 * frees *out. */
void checks_run(const struct check_input *in, const struct strlist *only, struct findings *out);
/* True when something failed, and each check that did has a positive control that got no answer in
 * time: with more patience all of it may pass. */
bool checks_fail_for_silence(const struct tenant_facts *t, const struct findings *f);

#endif
