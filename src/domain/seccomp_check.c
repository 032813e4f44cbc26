/*
 * Rules that a profile must keep beyond its shape. Most come from what the runtime
 * does silently: runc ignores unknown names and skips what equals the default,
 * libseccomp lets an unconditional rule swallow the conditional ones, and the
 * kernel reads 32 bits of arguments that a filter compares as 64.
 */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "seccomp_internal.h"

#define WHERE_SIZE 96

/* Only ABIs with one calling convention and 64-bit arguments. */
static const char *const arches_ok[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64" };

/* The engine's name of the architecture this program runs on, for includes and excludes. */
static const char *native_gate_name(void)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		return "amd64";
	case SCMP_ARCH_AARCH64:
		return "arm64";
	default:
		return "";
	}
}

static int check_arch(const struct doc *d, const char *where, const char *arch, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches_ok); i++)
		if (strcmp(arch, arches_ok[i]) == 0)
			return 0;
	return doc_error(d, where, e,
			 "%s: only SCMP_ARCH_X86_64 and SCMP_ARCH_AARCH64 pass; calls of any "
			 "other ABI get around argument rules",
			 arch);
}

static int check_arches(const struct seccomp_profile *p, const struct doc *d, struct err *e)
{
	char where[WHERE_SIZE];

	if (p->architectures.count > 0 && p->arch_map.count > 0)
		return doc_error(d, "archMap", e,
				 "give archMap or architectures; the engine refuses both");
	for (size_t i = 0; i < p->architectures.count; i++) {
		snprintf(where, sizeof(where), "architectures[%zu]", i);
		if (check_arch(d, where, p->architectures.items[i], e) < 0)
			return -1;
	}
	for (size_t i = 0; i < p->arch_map.count; i++) {
		const struct seccomp_arch *a = (struct seccomp_arch *)p->arch_map.items + i;

		snprintf(where, sizeof(where), "archMap[%zu].architecture", i);
		if (check_arch(d, where, a->architecture, e) < 0)
			return -1;
		snprintf(where, sizeof(where), "archMap[%zu].subArchitectures", i);
		if (a->sub_architectures.count > 0)
			return doc_error(d, where, e,
					 "must be empty: 32-bit and x32 calls get around argument "
					 "rules");
	}
	return 0;
}

static int check_cond(const struct seccomp_rule *r, size_t i, const struct doc *d,
		      const char *where, struct err *e)
{
	const struct seccomp_cond *c = seccomp_cond_at(r, i);

	for (size_t k = 0; k < i; k++)
		if (seccomp_cond_at(r, k)->index == c->index)
			return doc_error(
				d, where, e,
				"a second condition on argument %d: the runtime would read "
				"the two as alternatives; write two rules",
				(int)c->index);
	if (c->op == OP_MASKED_EQ && (c->value & c->value_two) != c->value_two)
		return doc_error(d, where, e, "valueTwo has bits outside the mask: never true");
	if (c->op != OP_MASKED_EQ && c->value_two != 0)
		return doc_error(d, where, e, "valueTwo is read by SCMP_CMP_MASKED_EQ only");
	if (r->action == SECCOMP_DO_ALLOW && (c->op == OP_NE || c->op == OP_GT || c->op == OP_GE))
		return doc_error(d, where, e,
				 "%s lets through every value with a bit in the upper half, which "
				 "the kernel drops from 32-bit arguments; list what is allowed",
				 seccomp_op_names[c->op]);
	return 0;
}

static int check_gate(const struct seccomp_gate *g, const struct doc *d, const char *where,
		      struct err *e)
{
	if (g->min_kernel && g->min_kernel[0])
		return doc_error(d, where, e,
				 "minKernel can't be judged before the host is known; write the "
				 "rule without it or leave it out");
	return 0;
}

static int check_rule(const struct seccomp_rule *r, size_t i, const struct doc *d, struct err *e)
{
	char where[WHERE_SIZE];

	for (size_t k = 0; k < r->names.count; k++) {
		const char *name = r->names.items[k];

		snprintf(where, sizeof(where), "syscalls[%zu].names[%zu]", i, k);
		if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			return doc_error(d, where, e, "%s: libseccomp knows no such call", name);
	}
	for (size_t k = 0; k < r->args.count; k++) {
		snprintf(where, sizeof(where), "syscalls[%zu].args[%zu]", i, k);
		if (check_cond(r, k, d, where, e) < 0)
			return -1;
	}
	snprintf(where, sizeof(where), "syscalls[%zu].includes", i);
	if (check_gate(&r->includes, d, where, e) < 0)
		return -1;
	snprintf(where, sizeof(where), "syscalls[%zu].excludes", i);
	return check_gate(&r->excludes, d, where, e);
}

static bool list_has_native(const struct strlist *arches)
{
	return strlist_has(arches, native_gate_name());
}

/* Gates are judged for a worker, which holds no capability at all. */
static bool rule_applies(const struct seccomp_rule *r)
{
	if (r->includes.caps.count > 0)
		return false;
	if (r->includes.arches.count > 0 && !list_has_native(&r->includes.arches))
		return false;
	return !list_has_native(&r->excludes.arches);
}

struct named_rule {
	const char *name;
	size_t rule, index;
	bool conditional;
};

static int by_name(const void *a, const void *b)
{
	const struct named_rule *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order == 0)
		order = (x->rule > y->rule) - (x->rule < y->rule);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static size_t collect_names(const struct seccomp_profile *p, struct named_rule **out)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < p->rules.count; i++)
		total += seccomp_rule_at(p, i)->names.count;
	*out = mem_array(total + 1, sizeof(**out));
	for (size_t i = 0; i < p->rules.count; i++) {
		const struct seccomp_rule *r = seccomp_rule_at(p, i);

		for (size_t k = 0; rule_applies(r) && k < r->names.count; k++)
			(*out)[n++] =
				(struct named_rule){ r->names.items[k], i, k, r->args.count > 0 };
	}
	qsort(*out, n, sizeof(**out), by_name);
	return n;
}

/* A call named twice without a condition, or with and without: only one of them would count. */
static int check_repeats(const struct seccomp_profile *p, const struct doc *d, struct err *e)
{
	auto_free struct named_rule *names = NULL;
	size_t n = collect_names(p, &names);
	char where[WHERE_SIZE];

	for (size_t i = 1; i < n; i++) {
		const struct named_rule *a = &names[i - 1], *b = &names[i];

		if (strcmp(a->name, b->name) != 0 || (a->conditional && b->conditional))
			continue;
		snprintf(where, sizeof(where), "syscalls[%zu].names[%zu]", b->rule, b->index);
		return doc_error(d, where, e,
				 "%s stands in syscalls[%zu] too, and one of the two has no "
				 "condition, so that the other would not count",
				 b->name, a->rule);
	}
	return 0;
}

int seccomp_profile_check(const struct seccomp_profile *p, const struct doc *d, struct err *e)
{
	if (p->default_action == SECCOMP_DO_ALLOW || p->default_action == SECCOMP_DO_LOG)
		return doc_error(d, "defaultAction", e,
				 "%s lets every call through that is not listed; use "
				 "SCMP_ACT_ERRNO",
				 seccomp_action_names[p->default_action]);
	if (p->flags.count > 0)
		return doc_error(d, "flags", e,
				 "flags weaken or change the filter; none is needed");
	if (check_arches(p, d, e) < 0)
		return -1;
	for (size_t i = 0; i < p->rules.count; i++)
		if (check_rule(seccomp_rule_at(p, i), i, d, e) < 0)
			return -1;
	return check_repeats(p, d, e);
}

void seccomp_profile_resolve(struct seccomp_profile *p)
{
	struct seccomp_rule *rules = p->rules.items;
	size_t kept = 0;

	for (size_t i = 0; i < p->rules.count; i++) {
		if (rule_applies(&rules[i]))
			rules[kept++] = rules[i];
		else
			seccomp_rule_free(&rules[i]);
	}
	p->rules.count = kept;
}
