/* Whether what a twin showed holds for the worker: the two must not differ. */
#include <string.h>

#include "checks_judges.h"
#include "domain/twin.h"
#include "domain/twin_spec.h"
#include "judge.h"

/* Where the worker's workspace lies on the host, as ordered. */
static const char *workspace_source(const struct check_input *in)
{
	const struct engine_mount *m = in->desired->worker.mounts.items;

	for (size_t i = 0; i < in->desired->worker.mounts.count; i++)
		if (strcmp(m[i].target, in->spec->workspace.path) == 0)
			return m[i].source;
	return "";
}

void judge_twin_fidelity(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	struct strlist differences auto_strlist = { 0 };

	judge_expect(f, "twin and worker differ in id, name, address, image, program, labels, "
			"published ports, restart, health check and workspace folder only");
	if (!in->twin) {
		judge_skip(f, "the quick verification makes no twin");
		return;
	}
	if (!have_worker(in, f))
		return;
	if (!in->twin_container) {
		judge_unknown(f, "there was no twin: %s",
			      in->twin->trouble ? in->twin->trouble : "no reason is known");
		return;
	}
	twin_spec_compare(in->worker, in->twin_container, workspace_source(in), &differences);
	for (size_t i = 0; i < differences.count; i++)
		complain(&c, "%s", differences.items[i]);
	judge_evidence(f, "inspect %.12s and %.12s", in->worker->id, in->twin_container->id);
	judge_complaints(f, &c, "nothing else differs");
}
