/* A host on which every check of doctor passes, and ways to spoil it. */
#ifndef TESTS_DOCTOR_FIXTURE_H
#define TESTS_DOCTOR_FIXTURE_H

#include "domain/doctor.h"

struct doctor_fixture {
	struct doctor_input in; /* points at the rest */
	struct host_facts host;
	struct host_config config;
	struct daemon_config daemon;
	struct engine_info engine;
	struct engine_version version;
	struct foreign_container foreign;
	struct used_image image;
	struct behaviour behaviour;
	struct doctor_place places[7];
	struct firewall firewall;
};

void doctor_fixture_make(struct doctor_fixture *x);
void doctor_fixture_free(struct doctor_fixture *x);
/* NULL: the kernel has none; "" stands for one that can't be read. */
void fixture_sysctl(struct doctor_fixture *x, const char *name, const char *value);
void fixture_component(struct doctor_fixture *x, const char *name, const char *version);
void fixture_runtime(struct doctor_fixture *x, const char *name, const char *path, const char *type,
		     const char *arg);

/* Rules as an engine of today writes them for the bridges tc-acme and tc-egress, with another
 * policy, with rules of the host's own, or without those of chain `missing`; NULL: as they should
 * be. */
void fixture_firewall(struct doctor_fixture *x, const char *policy, const char *rules,
		      const char *missing);

struct doctor_case {
	const char *what;
	void (*spoil)(struct doctor_fixture *x);
	const char *red; /* "fail engine.tcp, warn lsm": in the order of the catalogue */
};
const struct doctor_case *doctor_cases_host(size_t *out_count);
const struct doctor_case *doctor_cases_runtime(size_t *out_count);
const struct doctor_case *doctor_cases_values(size_t *out_count);
const struct doctor_case *doctor_cases_firewall(size_t *out_count);

#endif
