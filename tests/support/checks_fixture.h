/*
 * A tenant about which everything is as it should be: spec, allocation and desired
 * objects come from the real code, facts are what the probe finds on a good host.
 */
#ifndef TEST_CHECKS_FIXTURE_H
#define TEST_CHECKS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/checks.h"

struct fixture {
	struct tenant_spec spec;
	struct host_config host;
	struct allocation allocation, other;
	struct desired_tenant desired, observed; /* observed: moved into the infos */
	struct engine_info engine;
	struct container_info worker, gateway;
	struct network_info network, egress;
	struct seccomp_program filter;
	struct tenant_facts facts;
	struct ns_id other_ns[NS_KINDS];
	struct mount_places other_places;
	struct sibling sibling;
	struct check_input in;
};

void fixture_make(struct fixture *x);
void fixture_free(struct fixture *x);

#define SAFE "rw,nosuid,nodev,noexec,relatime"
#define SAFE_RO "ro,nosuid,nodev,noexec,relatime"

/* Parts of fixture_make. */
void fixture_make_gateway(struct fixture *x);
void fixture_make_places(struct fixture *x); /* the sibling is there */
void fixture_put_mount(struct proc_mounts *m, const struct proc_mount *from);
struct process_facts *fixture_processes(pid_t first, int64_t uid, ino_t ns, size_t count);

/* For mutations. */
struct reach_attempt *fixture_reach(struct fixture *x, const char *check, bool must_work);
struct dns_attempt *fixture_dns(struct fixture *x, const char *check, bool must_work);
struct http_attempt *fixture_http(struct fixture *x, const char *check);
struct file_facts *fixture_member(struct fixture *x, const char *name); /* of the set */
struct file_facts *fixture_place(struct fixture *x, enum file_role role);
/* What is mounted there, or the image that holds it. */
struct mount_place *fixture_mounted(struct mount_places *l, const char *target, bool image);
struct proc_mount *fixture_mount(struct fixture *x, const char *target);
void fixture_add_mount(struct fixture *x, const char *root, const char *target, const char *options,
		       const char *fstype, const char *super);
void fixture_add_gateway_mount(struct fixture *x, const char *root, const char *target,
			       const char *options, const char *fstype);

#endif
