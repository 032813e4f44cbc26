/* One judge for each check of the host. Private to the doctor. */
#ifndef DOMAIN_DOCTOR_JUDGES_H
#define DOMAIN_DOCTOR_JUDGES_H

#include "domain/doctor.h"
#include "domain/version.h"
#include "judge.h"

struct doctor_check {
	const char *id, *title, *remedy;
	enum finding_group group;
	enum finding_severity severity;
	void (*judge)(const struct doctor_input *in, struct finding *f);
};

/* The three tables behind the catalogue: plain checks, sysctls, versions. */
size_t sysctl_rule_count(void);
void sysctl_rule_head(size_t i, struct finding *f);
void sysctl_rule_judge(size_t i, const struct doctor_input *in, struct finding *f);
size_t version_rule_count(void);
void version_rule_head(size_t i, struct finding *f);
/* The published flaws that the check of a version is about, or NULL. */
const char *version_rule_flaws(const char *id);
void version_rule_judge(size_t i, const struct doctor_input *in, struct finding *f);

/* Each is true when there is something to look at; otherwise the finding is inconclusive. */
bool have_engine(const struct doctor_input *in, struct finding *f);
bool have_daemon(const struct doctor_input *in, struct finding *f);
/* The runtime that is registered with such a program or shim, or NULL: "runsc", "kata", "crun". */
const struct engine_runtime *runtime_like(const struct doctor_input *in, const char *word);
/* True when `id` starts with one of `only`, or nothing was selected. */
bool doctor_selects(const struct strlist *only, const char *id);
/* The bits of a folder of tenantctl's own that it must not have. */
mode_t place_excess(const struct doctor_place *p, const struct host_path *h);

/* doctor_engine.c */
void judge_engine_answers(const struct doctor_input *in, struct finding *f);
void judge_engine_limits(const struct doctor_input *in, struct finding *f);
void judge_engine_seccomp(const struct doctor_input *in, struct finding *f);
void judge_engine_userns(const struct doctor_input *in, struct finding *f);
void judge_engine_warnings(const struct doctor_input *in, struct finding *f);
void judge_engine_swarm(const struct doctor_input *in, struct finding *f);
void judge_engine_registries(const struct doctor_input *in, struct finding *f);
void judge_engine_logs(const struct doctor_input *in, struct finding *f);
void judge_engine_firewall(const struct doctor_input *in, struct finding *f);
void judge_engine_defaults(const struct doctor_input *in, struct finding *f);
void judge_engine_environment(const struct doctor_input *in, struct finding *f);
void judge_engine_live_restore(const struct doctor_input *in, struct finding *f);
void judge_engine_tcp(const struct doctor_input *in, struct finding *f);
void judge_engine_socket(const struct doctor_input *in, struct finding *f);
void judge_engine_group(const struct doctor_input *in, struct finding *f);

/* doctor_runtime.c */
void judge_runtime_default(const struct doctor_input *in, struct finding *f);
void judge_runtime_gvisor(const struct doctor_input *in, struct finding *f);
void judge_runtime_gvisor_seccomp(const struct doctor_input *in, struct finding *f);
void judge_runtime_gvisor_release(const struct doctor_input *in, struct finding *f);
void judge_runtime_kata(const struct doctor_input *in, struct finding *f);
void judge_foreign_privileged(const struct doctor_input *in, struct finding *f);
void judge_foreign_namespaces(const struct doctor_input *in, struct finding *f);
void judge_foreign_tenants(const struct doctor_input *in, struct finding *f);

void judge_foreign_layers(const struct doctor_input *in, struct finding *f);

/* doctor_host.c */
void judge_kernel_minimum(const struct doctor_input *in, struct finding *f);
void judge_kernel_openvswitch(const struct doctor_input *in, struct finding *f);
void judge_kernel_core_pattern(const struct doctor_input *in, struct finding *f);
void judge_kernel_route_localnet(const struct doctor_input *in, struct finding *f);
void judge_cgroup_version(const struct doctor_input *in, struct finding *f);
void judge_cgroup_controllers(const struct doctor_input *in, struct finding *f);
void judge_lsm(const struct doctor_input *in, struct finding *f);
void judge_ksm(const struct doctor_input *in, struct finding *f);
void judge_swap(const struct doctor_input *in, struct finding *f);
void judge_smt(const struct doctor_input *in, struct finding *f);
void judge_cpu(const struct doctor_input *in, struct finding *f);
void judge_nested(const struct doctor_input *in, struct finding *f);
void judge_clock(const struct doctor_input *in, struct finding *f);
void judge_entropy(const struct doctor_input *in, struct finding *f);

/* doctor_places.c */
void judge_places(const struct doctor_input *in, struct finding *f);
void judge_containerd_folders(const struct doctor_input *in, struct finding *f);
void judge_data_root(const struct doctor_input *in, struct finding *f);
void judge_disk_bytes(const struct doctor_input *in, struct finding *f);
void judge_disk_inodes(const struct doctor_input *in, struct finding *f);
void judge_bridge_filter(const struct doctor_input *in, struct finding *f);
void judge_pool_free(const struct doctor_input *in, struct finding *f);
void judge_pool_routes(const struct doctor_input *in, struct finding *f);

/* doctor_firewall.c */
void judge_firewall_forward(const struct doctor_input *in, struct finding *f);
void judge_firewall_early(const struct doctor_input *in, struct finding *f);
void judge_firewall_isolation(const struct doctor_input *in, struct finding *f);

#endif
