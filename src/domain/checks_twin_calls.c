/*
 * The sweep of system calls: what the twin met at each number, against what the ordered
 * filter answers to the very same call. That the filter is the ordered one is read from
 * the kernel elsewhere; here it is felt.
 */
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "checks_judges.h"
#include "domain/bpf_eval.h"
#include "judge.h"

struct sweep {
	const struct check_input *in;
	struct complaints open, unknown;
	size_t tried;
};

static void sweep_free(struct sweep *s)
{
	complaints_free(&s->open);
	complaints_free(&s->unknown);
}
#define auto_sweep cleanup_with(sweep_free)

static uint32_t ordered_action(const struct seccomp_program *p, enum twin_abi abi, int number)
{
	struct seccomp_data data = { .nr = abi == TWIN_ABI_X32 ? number | TWIN_X32_BIT : number,
				     .arch = abi == TWIN_ABI_IA32 ? AUDIT_ARCH_I386 : p->arch };

	for (size_t i = 0; i < ARRAY_SIZE(data.args); i++)
		data.args[i] = abi == TWIN_ABI_IA32 ? UINT32_MAX : UINT64_MAX;
	return bpf_run(&p->filter, &data, NULL);
}

/* Whether what the twin met is how this action looks from inside. */
static bool is_refused_so(const struct seccomp_program *p, enum twin_abi abi, int number,
			  uint32_t action, unsigned char met)
{
	uint32_t data = action & SECCOMP_RET_DATA;

	/* runc answers numbers above the profile's last before the filter proper */
	if (abi == TWIN_ABI_NATIVE && (uint32_t)number > p->last_named && met == 38 /* ENOSYS */)
		return true;
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		return met == MIN_OF(data, (uint32_t)TWIN_CALL_ERRNO_MAX);
	/* a kernel without the 32-bit door ends whoever knocks, with another signal */
	return met == TWIN_CALL_KILLED || (abi == TWIN_ABI_IA32 && met == TWIN_CALL_SIGNAL);
}

static const char *met_text(unsigned char met, char *buf, size_t size)
{
	switch (met) {
	case 0:
		return "worked";
	case TWIN_CALL_SIGNAL:
		return "ended by a signal";
	case TWIN_CALL_SILENT:
		return "did not return";
	case TWIN_CALL_KILLED:
		return "killed by a filter";
	default:
		snprintf(buf, size, "%s", strerror(met));
		return buf;
	}
}

static void complain_call(struct complaints *c, enum twin_abi abi, int number, const char *what)
{
	char *name = abi == TWIN_ABI_NATIVE
			     ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number)
			     : NULL;

	if (name)
		complain(c, "%s: %s", name, what);
	else
		complain(c, "%s call %d: %s", twin_abi_name(abi), number, what);
	free(name);
}

static bool lets_through(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE ||
	       kind == SECCOMP_RET_USER_NOTIF;
}

static void look_at(struct sweep *s, enum twin_abi abi, int number)
{
	const struct seccomp_program *p = s->in->expected_filter;
	unsigned char met = s->in->twin->calls[abi][number];
	uint32_t action;
	char text[128];

	if (twin_call_skipped(abi, number))
		return;
	if (met == TWIN_CALL_UNTRIED) {
		complain_call(&s->unknown, abi, number, "the probe left it out");
		return;
	}
	s->tried++;
	action = ordered_action(p, abi, number);
	if (!lets_through(action) && !is_refused_so(p, abi, number, action, met))
		complain_call(&s->open, abi, number, met_text(met, text, sizeof(text)));
	else if (lets_through(action) && met == TWIN_CALL_KILLED)
		complain_call(&s->open, abi, number, "killed, though the profile lets it through");
}

void judge_twin_syscalls(const struct check_input *in, struct finding *f)
{
	struct sweep s auto_sweep = { .in = in,
				      .open = COMPLAINTS_INIT,
				      .unknown = COMPLAINTS_INIT };

	judge_expect(f, "every call is answered as profile %s orders", in->spec->seccomp);
	if (!have_twin(in, f))
		return;
	if (!in->expected_filter) {
		judge_unknown(f, "the ordered profile could not be composed");
		return;
	}
	for (int abi = TWIN_ABI_NATIVE; abi < TWIN_ABIS; abi++) {
		if (abi != TWIN_ABI_NATIVE && in->expected_filter->arch != AUDIT_ARCH_X86_64)
			break;
		for (int number = 0; number < TWIN_CALLS; number++)
			look_at(&s, (enum twin_abi)abi, number);
	}
	judge_evidence(f, "%zu calls made by a twin of the worker, of every ABI", s.tried);
	if (s.open.count == 0 && s.unknown.count)
		judge_unknown(f, "%s", strbuf_str(&s.unknown.text));
	else
		judge_complaints(f, &s.open, "%zu calls answered as ordered", s.tried);
}
