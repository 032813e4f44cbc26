/*
 * What the engine says of the objects against what was ordered. This never stands
 * alone: the kernel's own evidence is judged by the other checks.
 */
#include "checks_judges.h"

#include <string.h>

#include "base/mem.h"
#include "judge.h"

void judge_config_running(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "worker and gateway run");
	if (!in->worker)
		complain(&c, "the worker does not exist");
	else if (!in->worker->state.running)
		complain(&c, "the worker is %s", or_none(in->worker->state.status));
	if (!in->gateway)
		complain(&c, "the gateway does not exist");
	else if (!in->gateway->state.running)
		complain(&c, "the gateway is %s", or_none(in->gateway->state.status));
	judge_evidence(f, "inspect State");
	judge_complaints(f, &c, "both run");
}

static void judge_drift(struct finding *f, const struct container_spec *want,
			const struct container_info *have)
{
	struct strlist differences auto_strlist = { 0 };
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	container_spec_diff(want, &have->spec, &differences);
	for (size_t i = 0; i < differences.count; i++)
		complain(&c, "%s", differences.items[i]);
	judge_evidence(f, "inspect %s", have->name);
	judge_complaints(f, &c, "every field as ordered");
}

void judge_config_drift_worker(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the worker is as the manifest orders it");
	if (have_worker(in, f))
		judge_drift(f, &in->desired->worker, in->worker);
}

void judge_config_drift_gateway(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the gateway is as the manifest orders it");
	if (have_gateway(in, f))
		judge_drift(f, &in->desired->gateway, in->gateway);
}

static void complain_privilege(struct complaints *c, const struct container_info *i)
{
	const struct container_spec *s = &i->spec;

	if (s->privileged)
		complain(c, "%s is privileged", i->name);
	for (size_t k = 0; k < s->cap_add.count; k++)
		complain(c, "%s adds %s", i->name, s->cap_add.items[k]);
	for (size_t k = 0; k < s->security_opt.count; k++)
		if (strstr(s->security_opt.items[k], "unconfined") &&
		    strlen(s->security_opt.items[k]) < 64)
			complain(c, "%s: %s", i->name, s->security_opt.items[k]);
	for (size_t k = 0; k < s->group_add.count; k++)
		complain(c, "%s adds group %s", i->name, s->group_add.items[k]);
}

void judge_config_privileged(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "not privileged, nothing added, nothing unconfined");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	complain_privilege(&c, in->worker);
	complain_privilege(&c, in->gateway);
	judge_evidence(f, "inspect HostConfig");
	judge_complaints(f, &c, "no privilege");
}

/* "host", "container:ID" and the like join another container's or the host's namespace. */
static void complain_mode(struct complaints *c, const char *name, const char *field,
			  const char *mode)
{
	if (mode && *mode && strcmp(mode, "private") != 0)
		complain(c, "%s: %s %s", name, field, mode);
}

static void complain_modes(struct complaints *c, const struct container_info *i)
{
	const struct container_spec *s = &i->spec;

	complain_mode(c, i->name, "PidMode", s->pid_mode);
	complain_mode(c, i->name, "IpcMode", s->ipc_mode);
	complain_mode(c, i->name, "UTSMode", s->uts_mode);
	complain_mode(c, i->name, "UsernsMode", s->userns_mode);
	complain_mode(c, i->name, "CgroupnsMode", s->cgroupns_mode);
	if (s->network_mode &&
	    (!strcmp(s->network_mode, "host") || !strncmp(s->network_mode, "container:", 10)))
		complain(c, "%s: NetworkMode %s", i->name, s->network_mode);
}

void judge_config_namespaces(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no namespace of the host or of another container");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	complain_modes(&c, in->worker);
	complain_modes(&c, in->gateway);
	judge_evidence(f, "inspect HostConfig *Mode");
	judge_complaints(f, &c, "private");
}

void judge_config_masked(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "masked and read-only paths kept for worker and gateway");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	if (in->worker->spec.masked_paths.count == 0)
		complain(&c, "worker: MaskedPaths is empty");
	if (in->worker->spec.readonly_paths.count == 0)
		complain(&c, "worker: ReadonlyPaths is empty");
	if (in->gateway->spec.masked_paths.count == 0)
		complain(&c, "gateway: MaskedPaths is empty");
	if (in->gateway->spec.readonly_paths.count == 0)
		complain(&c, "gateway: ReadonlyPaths is empty");
	judge_evidence(f, "inspect HostConfig.MaskedPaths, ReadonlyPaths");
	judge_complaints(f, &c, "%zu masked, %zu read-only", in->worker->spec.masked_paths.count,
			 in->worker->spec.readonly_paths.count);
}

void judge_config_ports(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the worker publishes no port");
	if (!have_worker(in, f))
		return;
	judge_evidence(f, "inspect %s HostConfig.PortBindings", in->worker->name);
	if (in->worker->spec.ports.count || in->worker->spec.publish_all)
		judge_fail(f, "%zu ports%s", in->worker->spec.ports.count,
			   in->worker->spec.publish_all ? ", and all exposed ones" : "");
	else
		judge_pass(f, "none");
}

void judge_config_image(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "both run the images that were recorded");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	if (strcmp(or_none(in->worker->image_id), or_none(in->desired->worker.image)) != 0)
		complain(&c, "worker runs %s", or_none(in->worker->image_id));
	if (strcmp(or_none(in->gateway->image_id), or_none(in->desired->gateway.image)) != 0)
		complain(&c, "gateway runs %s", or_none(in->gateway->image_id));
	judge_evidence(f, "inspect Image, against what %s names now", in->spec->image);
	judge_complaints(f, &c, "%s", or_none(in->worker->image_id));
}

void judge_config_runtime(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const char *want = or_none(in->desired->worker.runtime);

	judge_expect(f, "the tier's runtime: %s", want);
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	if (strcmp(or_none(in->worker->spec.runtime), want) != 0)
		complain(&c, "worker: %s", or_none(in->worker->spec.runtime));
	if (strcmp(or_none(in->gateway->spec.runtime), or_none(in->desired->gateway.runtime)) != 0)
		complain(&c, "gateway: %s", or_none(in->gateway->spec.runtime));
	judge_evidence(f, "inspect HostConfig.Runtime");
	judge_complaints(f, &c, "%s", want);
}

/* "always" and "on-failure" forget a stop when the engine is restarted: a worker that did not
 * verify would run again. */
void judge_config_restart(const struct check_input *in, struct finding *f)
{
	const char *policy;

	judge_expect(f, "a worker that was stopped stays so when the engine is restarted");
	if (!have_worker(in, f))
		return;
	policy = or_none(in->worker->spec.restart_policy);
	judge_evidence(f, "inspect %s HostConfig.RestartPolicy", in->worker->name);
	if (!strcmp(policy, "no") || !strcmp(policy, "none") || !strcmp(policy, "unless-stopped"))
		judge_pass(f, "%s", policy);
	else
		judge_fail(f, "%s", policy);
}

static void complain_labels(struct complaints *c, const struct container_info *i,
			    const struct strmap *want)
{
	static const char *const keys[] = { LABEL_TENANT, LABEL_ROLE, LABEL_NONCE, LABEL_TIER,
					    LABEL_SPEC };

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		const char *have = strmap_get(&i->spec.labels, keys[k]);
		const char *ordered = strmap_get(want, keys[k]);

		if (ordered && (!have || strcmp(have, ordered) != 0))
			complain(c, "%s: %s is %s", i->name, keys[k], or_none(have));
	}
}

void judge_config_labels(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "objects of this very creation, with the digest of what was ordered");
	if (!have_worker(in, f) || !have_gateway(in, f))
		return;
	complain_labels(&c, in->worker, &in->desired->worker.labels);
	complain_labels(&c, in->gateway, &in->desired->gateway.labels);
	judge_evidence(f, "inspect Config.Labels");
	judge_complaints(f, &c, "as ordered");
}

void judge_config_hosts(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no name of the host in /etc/hosts, no link to another container");
	if (!have_worker(in, f))
		return;
	for (size_t i = 0; i < in->worker->spec.extra_hosts.count; i++)
		complain(&c, "%s", in->worker->spec.extra_hosts.items[i]);
	for (size_t i = 0; i < in->worker->spec.links.count; i++)
		complain(&c, "link %s", in->worker->spec.links.items[i]);
	judge_evidence(f, "inspect %s HostConfig.ExtraHosts, Links", in->worker->name);
	judge_complaints(f, &c, "none");
}

/* ---- the host ---- */

void judge_host_seccomp(const struct check_input *in, struct finding *f)
{
	judge_expect(f, "the engine applies seccomp profiles");
	if (!in->engine) {
		judge_unknown(f, "the engine was not asked");
		return;
	}
	judge_evidence(f, "GET /info SecurityOptions");
	for (size_t i = 0; i < in->engine->security_options.count; i++) {
		if (strstr(in->engine->security_options.items[i], "name=seccomp")) {
			judge_pass(f, "%s", in->engine->security_options.items[i]);
			return;
		}
	}
	judge_fail(f, "the engine reports no seccomp");
}

void judge_host_limits(const struct check_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "the engine can limit memory, swap, processes and cpu");
	if (!in->engine) {
		judge_unknown(f, "the engine was not asked");
		return;
	}
	if (!in->engine->memory_limit)
		complain(&c, "no memory limit");
	if (!in->engine->swap_limit)
		complain(&c, "no swap limit");
	if (!in->engine->pids_limit)
		complain(&c, "no pids limit");
	if (!in->engine->cpu_cfs_quota)
		complain(&c, "no cpu quota");
	judge_evidence(f, "GET /info");
	judge_complaints(f, &c, "all four");
}
