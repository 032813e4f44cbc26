/*
 * The health of the host that all tenants share, with or without an engine that
 * answers. Looking changes nothing; mending is a step of its own.
 */
#ifndef OPS_DOCTOR_H
#define OPS_DOCTOR_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/doctor.h"
#include "ops/ops.h"

#define DOCTOR_SUBJECT "host" /* no tenant may be called so */

/* Looks at host and engine. The result has the form of a verification of DOCTOR_SUBJECT, so that
 * every report can show it; *fixes is what could be mended. The caller frees both. */
int ops_doctor(struct context *c, const struct strlist *only, struct verify_result *out,
	       struct doctor_fixes *fixes, struct err *e) must_check;

/* Makes the changes in order and keeps sysctls for the next boot. A value that is not `before` any
 * more is left alone (ERR_CONFLICT). `done`, which may be NULL, is called after each change.
 * ERR_PARTIAL when some were made before one failed; a second run makes the rest. */
int ops_doctor_fix(const struct context *c, const struct doctor_fixes *fixes,
		   void (*done)(void *arg, const struct doctor_fix *f), void *arg, struct err *e)
	must_check;

/* Where sysctls are kept. The caller owns it. */
char *doctor_sysctl_path(const struct context *c) returns_owned;

#endif
