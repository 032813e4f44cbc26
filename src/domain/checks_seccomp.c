/*
 * The system call filter: that one is on, and that the very program the kernel holds
 * for the live worker answers every call as the ordered profile does. The text of the
 * profile in the engine's inspect reply proves neither.
 */
#include "checks_judges.h"

#include <linux/seccomp.h>

#include "judge.h"

#define DIFFERENCES_SHOWN 4

void complain_seccomp(struct complaints *c, const struct process_facts *p)
{
	if (p->status.seccomp != SECCOMP_MODE_FILTER)
		complain(c, "process %d: Seccomp %d", (int)p->pid, p->status.seccomp);
	else if (p->status.seccomp_filters == 0)
		complain(c, "process %d: no filter", (int)p->pid);
}

void judge_seccomp_mode(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "Seccomp 2 (filter) in every process");
	if (!have_worker_process(in, f))
		return;
	for (size_t i = 0; i < in->facts->process_count; i++)
		complain_seccomp(&c, &in->facts->processes[i]);
	judge_evidence(f, "/proc/PID/status Seccomp of %zu processes", in->facts->process_count);
	judge_complaints(f, &c, "2 in %zu processes", in->facts->process_count);
}

static bool have_dump(const struct check_input *in, struct finding *f)
{
	if (!have_worker_process(in, f))
		return false;
	if (in->facts->seccomp_error[0]) {
		judge_unknown(f, "the filter could not be read: %s", in->facts->seccomp_error);
		return false;
	}
	if (!in->expected_filter) {
		judge_unknown(f, "the ordered profile could not be composed");
		return false;
	}
	return true;
}

void judge_seccomp_filter(const struct check_input *in, struct finding *f)
{
	struct seccomp_difference d[DIFFERENCES_SHOWN];
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct err e = ERR_INIT;
	size_t count = 0;

	judge_expect(f, "the live filter answers every call as profile %s does", in->spec->seccomp);
	if (!have_dump(in, f))
		return;
	judge_evidence(f, "PTRACE_SECCOMP_GET_FILTER of a process of the worker: %zu filters",
		       in->facts->filter_count);
	if (!seccomp_is_known(in->known_filter, in->expected_filter, in->facts->filters,
			      in->facts->filter_count) &&
	    seccomp_compare(in->expected_filter, in->facts->filters, in->facts->filter_count, d,
			    DIFFERENCES_SHOWN, &count, &e)) {
		judge_unknown(f, "%s", e.message);
		return;
	}
	for (size_t i = 0; i < MIN_OF(count, (size_t)DIFFERENCES_SHOWN); i++) {
		char text[256];

		complain(&c, "%s", seccomp_difference_text(&d[i], text, sizeof(text)));
	}
	if (count > DIFFERENCES_SHOWN)
		complain(&c, "%zu differences in all", count);
	judge_complaints(f, &c, "the same for every call number and argument tried");
}
