/* The kernel, its memory, CPU, control groups and clock. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

void judge_kernel_minimum(const struct doctor_input *in, struct finding *f)
{
	static const char *const wanted[] = { "5.8", NULL };
	const struct host_facts *h = in->host;
	struct version v;

	judge_expect(f, "5.8 or newer");
	judge_evidence(f, "/proc/sys/kernel/osrelease");
	if (!version_parse(h->release, &v))
		judge_unknown(f, "the kernel's version can't be told from '%.60s'",
			      or_none(h->release));
	else if (version_has_fix(&v, wanted))
		judge_pass(f, "%s", h->release);
	else
		judge_fail(f, "%s", h->release);
}

void judge_kernel_openvswitch(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "absent or blocked: no fixed release is on record");
	judge_evidence(f, "/proc/modules, /lib/modules, modprobe.d");
	switch (in->host->modules[HOST_MODULE_OPENVSWITCH]) {
	case MODULE_ABSENT:
		judge_pass(f, "the kernel has none");
		break;
	case MODULE_BLOCKED:
		judge_pass(f, "modprobe.d keeps it from being loaded");
		break;
	case MODULE_AVAILABLE:
		judge_warn(f, "it is loaded when somebody asks for it");
		break;
	case MODULE_LOADED:
		judge_warn(f, "it is loaded");
		break;
	default:
		/* the list of built-in modules is missing: nothing can be loaded, all may be in */
		judge_warn(f, "neither the list of modules nor of built-in ones can be read");
	}
}

void judge_kernel_core_pattern(const struct doctor_input *in, struct finding *f)
{
	static const char *const vetted[] = { "|/usr/lib/systemd/systemd-coredump ",
					      "|/lib/systemd/systemd-coredump ", "|/bin/false" };
	const struct host_value *v = host_sysctl(in->host, "kernel.core_pattern");

	judge_expect(f, "a file, or a handler known to take hostile input");
	judge_evidence(f, "sysctl kernel.core_pattern");
	if (!v || !v->value) {
		judge_unknown(f, "could not be read: %s", v ? strerror(v->sys_errno) : "not asked");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(vetted); i++)
		if (strncmp(v->value, vetted[i], strlen(vetted[i])) == 0) {
			judge_pass(f, "%.100s", v->value);
			return;
		}
	if (v->value[0] == '|')
		judge_warn(f,
			   "%.200s runs as root of the host with what a container feeds it; "
			   "workers make no core files",
			   v->value + 1);
	else
		judge_pass(f, "a file: %.100s", v->value);
}

void judge_kernel_route_localnet(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_facts *h = in->host;

	judge_expect(f, "0 on every interface");
	judge_evidence(f, "/proc/sys/net/ipv4/conf/*/route_localnet");
	if (!h->route_localnet_known) {
		judge_unknown(f, "could not be read");
		return;
	}
	for (size_t i = 0; i < h->route_localnet.count; i++)
		complain(&c, "1 on %s", h->route_localnet.items[i]);
	judge_remarks(f, &c, "0");
}

void judge_cgroup_version(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "2; 1 works, and engines from 29 and runc from 1.4 give it up");
	judge_evidence(f, "/sys/fs/cgroup");
	if (in->host->cgroup_version == 2)
		judge_pass(f, "2");
	else if (in->host->cgroup_version == 1)
		judge_warn(f, "1");
	else
		judge_unknown(f, "neither version was found");
}

void judge_cgroup_controllers(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_facts *h = in->host;
	const char *const wanted[] = { "memory", "pids", "cpu",
				       h->cgroup_version == 1 ? "blkio" : "io" };

	judge_expect(f, "memory, pids, cpu, %s", wanted[3]);
	judge_evidence(f, "/sys/fs/cgroup/cgroup.controllers or /proc/cgroups");
	if (h->controllers.count == 0) {
		judge_unknown(f, "they could not be read");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strlist_has(&h->controllers, wanted[i]))
			complain(&c, "%s is missing", wanted[i]);
	judge_complaints(f, &c, "all four");
}

void judge_lsm(const struct doctor_input *in, struct finding *f)
{
	const struct host_facts *h = in->host;

	judge_expect(f, "AppArmor with the engine's profile, or SELinux enforcing");
	judge_evidence(f, "/sys/kernel/security/lsm, /sys/module/apparmor, /sys/fs/selinux");
	if (!h->lsm_known)
		judge_unknown(f, "/sys could not be read");
	else if (strstr(h->lsm, "apparmor") && h->apparmor_profile == 0)
		judge_warn(f, "AppArmor is on, but the engine's profile docker-default is not "
			      "loaded yet: the engine loads it with the first container");
	else if (strstr(h->lsm, "apparmor") && h->apparmor_profile < 0)
		judge_pass(f, "AppArmor is on; its profiles could not be listed, verify looks at "
			      "each worker's (proc.lsm)");
	else if (strstr(h->lsm, "apparmor"))
		judge_pass(f, "AppArmor, with docker-default");
	else if (h->selinux_enforcing == 1)
		judge_pass(f, "SELinux, enforcing");
	else if (h->selinux_enforcing == 0)
		judge_warn(f, "SELinux only reports, it stops nothing");
	else
		judge_warn(f, "neither: %s", h->lsm[0] ? h->lsm : "no security module is on");
}

void judge_ksm(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "0 or 2");
	judge_evidence(f, "/sys/kernel/mm/ksm/run");
	if (!in->host->ksm_known)
		judge_unknown(f, "could not be read");
	else if (!in->host->ksm)
		judge_skip(f, "the kernel cannot merge pages");
	else if (!strcmp(in->host->ksm, "0") || !strcmp(in->host->ksm, "2"))
		judge_pass(f, "%s", in->host->ksm);
	else
		judge_warn(f, "%.20s: who shares a page can be told by the time a write takes",
			   in->host->ksm);
}

void judge_swap(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_facts *h = in->host;

	judge_expect(f, "none, or in memory or encrypted; workers and gateways get none anyway");
	judge_evidence(f, "/proc/swaps, /sys/block/*/dm/uuid");
	if (!h->swaps_known) {
		judge_unknown(f, "could not be read");
		return;
	}
	for (size_t i = 0; i < h->clear_swaps.count; i++)
		complain(&c, "%s is not known to be encrypted", h->clear_swaps.items[i]);
	judge_remarks(f, &c, "%s", h->swaps.count ? "in memory or encrypted" : "none");
}

void judge_smt(const struct doctor_input *in, struct finding *f)
{
	const char *smt = in->host->cpu.smt;

	judge_expect(f, "off, or not there");
	judge_evidence(f, "/sys/devices/system/cpu/smt/control");
	if (!smt)
		judge_unknown(f, "the kernel does not say");
	else if (!strcmp(smt, "on"))
		judge_warn(f, "on: two tenants may share a core at the same time");
	else
		judge_pass(f, "%.40s", smt);
}

void judge_cpu(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct host_cpu *cpu = &in->host->cpu;

	judge_expect(f, "no line says Vulnerable");
	judge_evidence(f, "/sys/devices/system/cpu/vulnerabilities");
	if (cpu->vulnerability_count == 0) {
		judge_unknown(f, "the kernel does not say");
		return;
	}
	for (size_t i = 0; i < cpu->vulnerability_count; i++) {
		const struct host_value *v = &cpu->vulnerabilities[i];

		if (!v->value)
			complain(&c, "%s: could not be read", v->name);
		else if (strncmp(v->value, "Vulnerable", 10) == 0 ||
			 strncmp(v->value, "Unknown", 7) == 0)
			complain(&c, "%s: %.80s", v->name, v->value);
	}
	judge_remarks(f, &c, "%zu flaws, each mitigated or not there", cpu->vulnerability_count);
}

void judge_nested(const struct doctor_input *in, struct finding *f)
{
	const struct host_cpu *cpu = &in->host->cpu;
	bool on = false;

	judge_expect(f, "nested virtualisation is off where guests are tenants");
	judge_evidence(f, "/sys/module/kvm_intel/parameters/nested, kvm_amd likewise");
	if (!cpu->nested[0] && !cpu->nested[1]) {
		judge_skip(f, "KVM is not loaded");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cpu->nested); i++)
		on = on ||
		     (cpu->nested[i] && (cpu->nested[i][0] == 'Y' || cpu->nested[i][0] == '1'));
	if (!on)
		judge_pass(f, "off");
	else if (in->engine && !runtime_like(in, "kata"))
		judge_skip(f, "no tenant runs in a machine of its own: Kata is not registered");
	else
		judge_warn(f, "on");
}

void judge_clock(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "kept right by a time service");
	judge_evidence(f, "adjtimex(2)");
	if (in->host->clock_synced < 0)
		judge_unknown(f, "the kernel does not say");
	else if (in->host->clock_synced)
		judge_pass(f, "synchronised");
	else
		judge_warn(f, "not synchronised: entries that expire and certificates go by it");
}

void judge_entropy(const struct doctor_input *in, struct finding *f)
{
	judge_expect(f, "seeded");
	judge_evidence(f, "getrandom(2)");
	if (in->host->entropy_ready < 0)
		judge_unknown(f, "the kernel does not say");
	else if (in->host->entropy_ready)
		judge_pass(f, "seeded");
	else
		judge_fail(f, "not seeded yet: random numbers can be guessed");
}
