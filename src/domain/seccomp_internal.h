/* Shared by the seccomp files of this folder only. */
#ifndef DOMAIN_SECCOMP_INTERNAL_H
#define DOMAIN_SECCOMP_INTERNAL_H

#include "domain/seccomp.h"

/* Operator of a condition: index in seccomp_ops, in the order of enum scmp_compare. */
enum seccomp_op { OP_NE, OP_LT, OP_LE, OP_EQ, OP_GE, OP_GT, OP_MASKED_EQ };

extern const char *const seccomp_op_names[];	 /* ends with NULL */
extern const char *const seccomp_action_names[]; /* by enum seccomp_action; ends with NULL */

/* SECCOMP_RET_* for an action; libseccomp's SCMP_ACT_* have the same values. */
uint32_t seccomp_action_value(int action, int64_t errno_ret);

struct seccomp_rule *seccomp_rule_at(const struct seccomp_profile *p, size_t i);
struct seccomp_cond *seccomp_cond_at(const struct seccomp_rule *r, size_t i);
void seccomp_rule_free(struct seccomp_rule *r);

/* What the binder can't express: see seccomp_profile_parse. Positions come from `d`. */
int seccomp_profile_check(const struct seccomp_profile *p, const struct doc *d, struct err *e)
	must_check;
/* Drops rules that are gated by capabilities or by other architectures. */
void seccomp_profile_resolve(struct seccomp_profile *p);

#endif
