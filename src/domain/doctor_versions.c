/*
 * The one table of versions: which release of what brought a fix, per branch. A number
 * below it warns, as distributions fix without changing it; a check of verify that
 * measured the very thing decides; only a release as its makers published it, with
 * nothing to measure instead, fails.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

enum component {
	ENGINE,
	CONTAINERD,
	RUNC,
	CRUN,
	KERNEL,
	DNSMASQ, /* this and what follows: of the gateway's image */
	HAPROXY,
	COMPONENTS
};

#define BRANCHES_MAX 9

struct version_rule {
	const char *id, *title, *remedy;
	enum component component;
	enum finding_group group;
	enum finding_severity severity;
	bool heavy; /* fails where nothing speaks for it */
	const char *cves;
	const char *fixed[BRANCHES_MAX]; /* oldest branch first */
	const char *since;		 /* the first release that has the flaw, or NULL */
	const char *measured; /* ids of verify that decide, separated by blanks; or NULL */
	/* Why the question does not arise here, or NULL; *unknown when that can't be told. */
	const char *(*beside)(const struct doctor_input *in, bool *unknown);
};

static const char *without_firewalld(const struct doctor_input *in, bool *unknown)
{
	*unknown = in->host->firewalld < 0;
	return in->host->firewalld == 0 ? "firewalld does not run" : NULL;
}

static const char *without_swarm(const struct doctor_input *in, bool *unknown unused_arg)
{
	return strcmp(in->engine->swarm_state, "active") != 0 ? "the engine is in no Swarm" : NULL;
}

static const char *without_plugins(const struct doctor_input *in, bool *unknown unused_arg)
{
	return in->engine->authorization.count == 0 ? "no plugin decides on calls" : NULL;
}

static const char *without_crun(const struct doctor_input *in, bool *unknown unused_arg)
{
	return runtime_like(in, "crun") ? NULL : "crun is not registered";
}

static const char *without_kata(const struct doctor_input *in, bool *unknown)
{
	*unknown = !in->engine;
	return in->engine && !runtime_like(in, "kata") ? "Kata is not registered" : NULL;
}

/* The family writes through AF_ALG, ESP or RxRPC; without any of them there is no way in. */
static const char *without_page_cache_ways(const struct doctor_input *in, bool *unknown unused_arg)
{
	static const enum host_module ways[] = { HOST_MODULE_ALG, HOST_MODULE_ESP4,
						 HOST_MODULE_ESP6, HOST_MODULE_RXRPC };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (in->host->modules[ways[i]] != MODULE_ABSENT &&
		    in->host->modules[ways[i]] != MODULE_BLOCKED)
			return NULL;
	return "algif_aead, esp4, esp6 and rxrpc are absent or blocked";
}

#define ENGINE_UP "use a newer engine: the first fixed releases are named above"

/* clang-format off */
static const struct version_rule rules[] = {
	{ "doctor.engine.dns", "internal networks forward no names to the outside", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "CVE-2024-29018",
	  { "23.0.11", "25.0.5", "26.0.0" }, NULL, "net.dns.embedded", NULL },
	{ "doctor.engine.ipv6", "networks without IPv6 have none", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "CVE-2024-32473",
	  { "26.0.2" }, "26.0.0", "net.ipv6", NULL },
	{ "doctor.engine.published", "ports published on loopback stay there", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "direct routing to containers",
	  { "28.0.0" }, NULL, "net.published config.ports", NULL },
	{ "doctor.engine.isolated", "the engine knows bridges without a host address", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "gateway_mode_ipv4=isolated",
	  { "28.0.0" }, NULL, "net.bridge.address net.host.tcp", NULL },
	{ "doctor.engine.firewalld", "isolation outlives a reload of firewalld", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "CVE-2025-54410",
	  { "25.0.13", "28.0.0" }, NULL, NULL, without_firewalld },
	{ "doctor.engine.firewalld-ports", "loopback ports outlive a reload of firewalld", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "CVE-2025-54388",
	  { "28.3.3" }, "28.2.0", NULL, without_firewalld },
	{ "doctor.engine.archive", "copying into containers runs nothing of theirs",
	  "never use docker cp on this host; tenantctl does not",
	  ENGINE, GROUP_HOST, SEVERITY_LOW, false, "CVE-2026-41567, CVE-2026-41568, CVE-2026-42306",
	  { "29.5.1" }, NULL, NULL, NULL },
	{ "doctor.engine.tar", "archives are unpacked inside their target", ENGINE_UP,
	  ENGINE, GROUP_FILESYSTEM, SEVERITY_LOW, false, "CVE-2026-17106",
	  { "29.7.0" }, NULL, NULL, NULL },
	{ "doctor.engine.authorization", "plugins see every call they decide on", ENGINE_UP,
	  ENGINE, GROUP_HOST, SEVERITY_HIGH, true, "CVE-2026-34040, CVE-2026-33997, CVE-2024-41110",
	  { "29.3.1" }, NULL, NULL, without_plugins },
	{ "doctor.engine.af-alg", "the engine's own filter refuses AF_ALG",
	  "give containers that are not tenantctl's a filter of their own",
	  ENGINE, GROUP_HOST, SEVERITY_LOW, false, "default seccomp profile",
	  { "29.4.3" }, NULL, "seccomp.filter seccomp.mode", NULL },
	{ "doctor.engine.io-uring", "the engine's own filter refuses io_uring", ENGINE_UP,
	  ENGINE, GROUP_HOST, SEVERITY_LOW, false, "default seccomp profile",
	  { "25.0.0" }, NULL, "seccomp.filter seccomp.mode", NULL },
	{ "doctor.engine.masks", "sensors and interrupts of the host are hidden", ENGINE_UP,
	  ENGINE, GROUP_HOST, SEVERITY_LOW, false, "powercap, interrupts, thermal_throttle",
	  { "28.0.2" }, NULL, "fs.masked", NULL },
	{ "doctor.engine.overlay", "Swarm's networks keep others out", ENGINE_UP,
	  ENGINE, GROUP_NETWORK, SEVERITY_HIGH, true, "CVE-2026-92542, CVE-2026-115538",
	  { "29.9.3" }, NULL, NULL, without_swarm },
	{ "doctor.engine.http2", "no client can keep the engine from answering", ENGINE_UP,
	  ENGINE, GROUP_RESOURCE, SEVERITY_LOW, false, "HTTP/2 of Go",
	  { "29.9.0" }, NULL, NULL, NULL },
	{ "doctor.runc.leaked-fd", "runc leaves containers no way to the host's files",
	  "use runc 1.1.12 or newer, or your distribution's update of it",
	  RUNC, GROUP_FILESYSTEM, SEVERITY_CRITICAL, true, "CVE-2024-21626",
	  { "1.1.12" }, NULL, NULL, NULL },
	{ "doctor.runc.masks", "runc's masks and binds land where they should",
	  "use runc 1.2.8, 1.3.3 or newer, or your distribution's update of it",
	  RUNC, GROUP_FILESYSTEM, SEVERITY_CRITICAL, true,
	  "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881",
	  { "1.2.8", "1.3.3", "1.4.0-rc.3" }, NULL, "fs.masked fs.proc.readonly fs.devices", NULL },
	{ "doctor.runc.images", "runc is not misled by an image",
	  "use runc 1.3.6, 1.4.3, 1.5.0 or newer; start images that you trust",
	  RUNC, GROUP_FILESYSTEM, SEVERITY_MEDIUM, false, "CVE-2026-41579, CVE-2024-45310",
	  { "1.3.6", "1.4.3", "1.5.0" }, NULL, NULL, NULL },
	{ "doctor.crun.version", "crun is a release without known ways out",
	  "use crun 1.28 or newer",
	  CRUN, GROUP_HOST, SEVERITY_CRITICAL, true, "CVE-2026-30892, CVE-2026-47766",
	  { "1.28" }, NULL, NULL, without_crun },
	{ "doctor.containerd.users", "containerd takes no huge number for a user",
	  "use containerd 1.7.32, 2.0.9, 2.2.4, 2.3.1 or newer",
	  CONTAINERD, GROUP_HOST, SEVERITY_MEDIUM, false, "CVE-2026-46680",
	  { "1.7.32", "2.0.9", "2.2.4", "2.3.1" }, NULL, "uid.nonzero uid.expected", NULL },
	{ "doctor.containerd.cri", "containerd's other interface is free of known flaws",
	  "use containerd 2.2.5, 2.3.2 or newer, or disable its cri plugin",
	  CONTAINERD, GROUP_HOST, SEVERITY_LOW, false, "CVE-2026-47262",
	  { "2.2.5", "2.3.2" }, NULL, NULL, NULL },
	{ "doctor.kernel.page-cache", "nobody writes into files that he may only read",
	  "use a fixed kernel, or block algif_aead, esp4, esp6 and rxrpc in modprobe.d",
	  KERNEL, GROUP_INJECTION, SEVERITY_CRITICAL, true,
	  "CVE-2026-31431, CVE-2026-43284, CVE-2026-43500, CVE-2026-46300, CVE-2026-43503",
	  { "5.10.257", "5.15.208", "6.1.174", "6.6.141", "6.12.91", "6.18.33", "7.0.10" },
	  NULL, NULL, without_page_cache_ways },
	{ "doctor.kernel.futex", "futexes give nobody the kernel",
	  "use a fixed kernel",
	  KERNEL, GROUP_HOST, SEVERITY_CRITICAL, true, "CVE-2026-43499",
	  { "5.10.261", "5.15.212", "6.1.175", "6.6.140", "6.12.86", "6.18.27", "7.0.4" },
	  NULL, NULL, NULL },
	{ "doctor.kernel.kvm", "guests stay in their machine",
	  "use a fixed kernel",
	  KERNEL, GROUP_HOST, SEVERITY_CRITICAL, true, "CVE-2026-53359",
	  { "5.15.222", "6.1.177", "6.6.144", "6.12.95", "6.18.38", "7.1.3" },
	  NULL, NULL, without_kata },
	{ "doctor.gateway.haproxy", "the gateways' proxy reads requests as servers do",
	  "make the gateway's image anew from an updated distribution, then tenantctl apply --all",
	  HAPROXY, GROUP_CREDENTIAL, SEVERITY_HIGH, true,
	  "CVE-2023-40225, CVE-2023-45539, CVE-2023-25725",
	  { "2.2.31", "2.4.24", "2.6.15", "2.7.10", "2.8.2" }, NULL,
	  "route.refused route.target", NULL },
	{ "doctor.gateway.dnsmasq", "the gateways' resolver is free of known flaws",
	  "make the gateway's image anew from an updated distribution, then tenantctl apply --all",
	  DNSMASQ, GROUP_NETWORK, SEVERITY_HIGH, true,
	  "CVE-2026-2291, CVE-2026-4890, CVE-2026-4891, CVE-2026-4892, CVE-2026-4893, "
	  "CVE-2026-5172, CVE-2026-6507",
	  { "2.93" }, NULL, NULL, NULL },
};
/* clang-format on */

static const char *const component_names[COMPONENTS] = {
	[ENGINE] = "engine", [CONTAINERD] = "containerd", [RUNC] = "runc",	 [CRUN] = "crun",
	[KERNEL] = "kernel", [DNSMASQ] = "dnsmasq",	  [HAPROXY] = "haproxy",
};

size_t version_rule_count(void)
{
	return ARRAY_SIZE(rules);
}

const char *version_rule_flaws(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rules[i].id, id))
			return !strncmp(rules[i].cves, "CVE-", 4) ? rules[i].cves : NULL;
	return NULL;
}

void version_rule_head(size_t i, struct finding *f)
{
	f->id = rules[i].id;
	f->title = rules[i].title;
	f->remedy = rules[i].remedy;
	f->group = rules[i].group;
	f->severity = rules[i].severity;
}

/* "dnsmasq-base=2.90-4~deb12u1" among the packages of the gateway's image */
static bool package_version(enum component component, const char *packages, char *buf, size_t size)
{
	static const char *const names[COMPONENTS][2] = {
		[DNSMASQ] = { "dnsmasq-base=", "dnsmasq=" },
		[HAPROXY] = { "haproxy=", NULL },
	};

	for (size_t i = 0; packages && i < 2 && names[component][i]; i++) {
		const char *name = names[component][i];
		const char *p = strstr(packages, name);

		if (p && (p == packages || p[-1] == ' ')) {
			p += strlen(name);
			snprintf(buf, size, "%.*s", (int)strcspn(p, " "), p);
			return true;
		}
	}
	return false;
}

/* The engine tells the version of its default runtime; others may tell their own. */
static const char *component_version(const struct version_rule *r, const struct doctor_input *in)
{
	const char *name = component_names[r->component];
	const char *found = r->component == ENGINE ? in->version->version
						   : engine_component_version(in->version, name);
	const struct engine_runtime *runtime =
		!found && r->component != CONTAINERD ? runtime_like(in, name) : NULL;

	return runtime ? runtime->version : found;
}

/* The version as text and as number; says why there is none. */
static bool find_version(const struct version_rule *r, const struct doctor_input *in, char *text,
			 size_t size, struct version *out, struct finding *f)
{
	const struct host_facts *h = in->host;
	const char *found = NULL;

	if (r->component == KERNEL) {
		snprintf(text, size, "%s", h->release ? h->release : "?");
		if (version_of_kernel(h->release, h->version, h->signature, out))
			return true;
		judge_unknown(f, "the kernel's version can't be told from '%.60s'", text);
		return false;
	}
	if (!have_engine(in, f))
		return false;
	if (r->component < DNSMASQ)
		found = component_version(r, in);
	else if (package_version(r->component, in->gateway_packages, text, size))
		found = text;
	if (found != text)
		snprintf(text, size, "%s", or_none(found));
	if (found && version_parse(found, out))
		return true;
	judge_unknown(f, "the engine does not say which %s it uses (%.60s)",
		      component_names[r->component], text);
	return false;
}

static void expect_fixed(const struct version_rule *r, struct finding *f)
{
	struct strbuf list auto_strbuf = STRBUF_INIT(512);

	for (size_t i = 0; r->fixed[i]; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", r->fixed[i]);
	judge_expect(f, "%s %s or newer (%s)", component_names[r->component], strbuf_str(&list),
		     r->cves);
}

/* The first of the measuring checks that did not pass for a tenant, or NULL. */
static const char *failed_of(const struct version_rule *r, const struct behaviour *b)
{
	for (size_t i = 0; i < b->failed.count; i++) {
		const char *p = strstr(r->measured, b->failed.items[i]);
		size_t len = strlen(b->failed.items[i]);

		if (p && (p == r->measured || p[-1] == ' ') && (p[len] == '\0' || p[len] == ' '))
			return b->failed.items[i];
	}
	return NULL;
}

static bool is_measured(const struct version_rule *r, const struct doctor_input *in)
{
	const struct behaviour *b = in->behaviour;

	return r->measured && b && b->tenants > 0 && b->verified == b->tenants;
}

static void judge_older(const struct version_rule *r, const struct doctor_input *in,
			const char *text, const struct version *v, struct finding *f)
{
	const char *name = component_names[r->component];

	if (is_measured(r, in)) {
		const char *failed = failed_of(r, in->behaviour);

		judge_evidence(f, "verify, of %s: %s", or_none(in->behaviour->oldest), r->measured);
		if (failed)
			judge_fail(f, "%s %s is older, and %s did not pass for a tenant", name,
				   text, failed);
		else
			judge_pass(f,
				   "%s %s is older, but what it is about was measured and holds "
				   "for all %zu tenants",
				   name, text, in->behaviour->verified);
		return;
	}
	if (r->measured)
		judge_warn(f,
			   "%s %s is older; 'tenantctl verify --all' measures it and decides (%s)",
			   name, text, r->measured);
	else if (v->patched)
		judge_warn(f,
			   "%s %s is older, and a distribution's own build: what it fixed does not "
			   "show in the number",
			   name, text);
	else if (r->heavy)
		judge_fail(f, "%s %s is older", name, text);
	else
		judge_warn(f, "%s %s is older", name, text);
}

/* What it was built from; a distribution writes its package's version there. */
static const char *build_of(const struct version_rule *r, const struct doctor_input *in)
{
	const char *build = NULL;

	if (in->engine && r->component == RUNC)
		build = in->engine->runc_commit;
	else if (in->engine && r->component == CONTAINERD)
		build = in->engine->containerd_commit;
	return build ? build : "";
}

void version_rule_judge(size_t i, const struct doctor_input *in, struct finding *f)
{
	const struct version_rule *r = &rules[i];
	struct version v, since;
	const char *beside = NULL;
	bool unknown = false;
	char text[96];

	expect_fixed(r, f);
	if (r->component == KERNEL)
		judge_evidence(f, "/proc/version");
	else if (r->component >= DNSMASQ)
		judge_evidence(f, "label dev.tenantctl.packages of the gateway's image");
	else
		judge_evidence(f, "engine: GET /version%s%s", *build_of(r, in) ? ", build " : "",
			       build_of(r, in));
	if (r->beside && (r->component == KERNEL || have_engine(in, f)))
		beside = r->beside(in, &unknown);
	if (beside) {
		judge_skip(f, "%s", beside);
		return;
	}
	if (r->component >= DNSMASQ && in->engine && !in->gateway_packages) {
		judge_skip(f, "the gateway's image is not on the engine, or names no packages");
		return;
	}
	if (!find_version(r, in, text, sizeof(text), &v, f))
		return;
	if (version_has_fix(&v, r->fixed))
		judge_pass(f, "%s %s", component_names[r->component], text);
	else if (r->since && version_parse(r->since, &since) && version_compare(&v, &since) < 0)
		judge_pass(f, "%s %s is older than the flaw, which came with %s",
			   component_names[r->component], text, r->since);
	else if (unknown)
		judge_unknown(f, "%s %s is older, and whether that matters here can't be told",
			      component_names[r->component], text);
	else
		judge_older(r, in, text, &v, f);
}
