/*
 * Runtimes and their arguments, and containers that are not tenantctl's: an engine
 * serves whoever asks, and the weakest of its containers stands beside every tenant.
 */
#include <string.h>

#include "base/mem.h"
#include "doctor_judges.h"

void judge_runtime_default(const struct doctor_input *in, struct finding *f)
{
	static const char *const known[] = { "runc", "io.containerd.runc.v2", "crun", "runsc" };

	judge_expect(f, "runc, crun or runsc");
	judge_evidence(f, "engine: GET /info DefaultRuntime");
	if (!have_engine(in, f))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(in->engine->default_runtime, known[i])) {
			judge_pass(f, "%s", in->engine->default_runtime);
			return;
		}
	judge_warn(f, "%s: what it makes of a container's limits is not known here",
		   or_none(in->engine->default_runtime));
}

/* Flags that open the sandbox or turn off what it rests on. `value` is the only bad one, NULL
 * stands for all but "false" and "none". Only a flag that takes a text has its value in the next
 * word (Go's package flag). */
static const struct {
	const char *name, *value, *why;
	bool takes_text;
} gvisor_flags[] = {
	{ "network", "host", "the container's network is the host kernel's", true },
	{ "host-uds", NULL, "sockets of the host can be opened", true },
	{ "fsgofer-host-uds", NULL, "sockets of the host can be opened", false },
	{ "host-fifo", NULL, "pipes of the host can be opened", true },
	{ "allow-flag-override", NULL, "a container can turn off its own sandbox", false },
	{ "debug", NULL, "logs of the sandbox hold what tenants do", false },
	{ "strace", NULL, "logs of the sandbox hold what tenants say", false },
	{ "profile", NULL, "the sandbox answers a profiler", false },
	{ "TESTONLY-unsafe-nonroot", NULL, "for tests only", false },
	{ "TESTONLY-allow-packet-endpoint-write", NULL, "for tests only", false },
	{ "TESTONLY-test-name-env", NULL, "for tests only", false },
	{ "ignore-cgroups", NULL, "no limit is applied", false },
	{ "allow-suid", NULL, "setuid files work", false },
	{ "nvproxy", NULL, "calls reach the host's driver", false },
	{ "tpuproxy", NULL, "calls reach the host's driver", false },
};

/* The value of a flag in Go's notation ("--x", "-x=1", "--x 1"), NULL when it is not given. */
static const char *flag_value(const struct strlist *args, size_t i, const char *name,
			      bool takes_text)
{
	const char *a = args->items[i] + strspn(args->items[i], "-");
	size_t len = strlen(name);

	if (a == args->items[i] || strncmp(a, name, len) != 0 || (a[len] != '\0' && a[len] != '='))
		return NULL;
	if (a[len] == '=')
		return a + len + 1;
	return takes_text && i + 1 < args->count ? args->items[i + 1] : "true";
}

static bool is_off(const char *value)
{
	return !strcmp(value, "false") || !strcmp(value, "0") || !strcmp(value, "none") ||
	       !strcmp(value, "f") || !strcmp(value, "F") || !strcmp(value, "False") ||
	       !strcmp(value, "FALSE") || !strcmp(value, "");
}

static void complain_flags(const struct engine_runtime *r, struct complaints *c)
{
	for (size_t i = 0; i < r->args.count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(gvisor_flags); k++) {
			const char *value = flag_value(&r->args, i, gvisor_flags[k].name,
						       gvisor_flags[k].takes_text);

			if (!value || is_off(value))
				continue;
			if (gvisor_flags[k].value && strcmp(value, gvisor_flags[k].value) != 0)
				continue;
			complain(c, "runtime %s: %s: %s", r->name, r->args.items[i],
				 gvisor_flags[k].why);
		}
}

static bool is_gvisor(const struct engine_runtime *r)
{
	return strstr(r->name, "runsc") || strstr(r->path, "runsc") || strstr(r->type, "runsc");
}

/* Runs over all runtimes of gVisor; false when there is none, or their flags stand elsewhere. */
static bool have_gvisor(const struct doctor_input *in, struct finding *f)
{
	const struct engine_runtime *r;
	bool found = false;

	if (!have_engine(in, f))
		return false;
	r = in->engine->runtime_details.items;
	for (size_t i = 0; i < in->engine->runtime_details.count; i++) {
		if (!is_gvisor(&r[i]))
			continue;
		found = true;
		/* a shim reads its flags from a file that the engine only names */
		if (r[i].type[0] && !r[i].path[0] && r[i].args.count == 0) {
			judge_unknown(f,
				      "runtime %s is a shim: its flags are in %s, which is not "
				      "looked at",
				      r[i].name,
				      r[i].config[0] ? r[i].config : "its own configuration");
			return false;
		}
	}
	if (!found)
		judge_skip(f, "gVisor is not registered");
	return found;
}

void judge_runtime_gvisor(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct engine_runtime *r;

	judge_expect(f, "no network=host, host sockets, overridable flags, debugging, or the like");
	judge_evidence(f, "engine: GET /info Runtimes");
	if (!have_gvisor(in, f))
		return;
	r = in->engine->runtime_details.items;
	for (size_t i = 0; i < in->engine->runtime_details.count; i++)
		if (is_gvisor(&r[i]))
			complain_flags(&r[i], &c);
	judge_complaints(f, &c, "none of them");
}

static bool has_flag_on(const struct engine_runtime *r, const char *name)
{
	bool on = false;

	/* the last one counts */
	for (size_t i = 0; i < r->args.count; i++) {
		const char *value = flag_value(&r->args, i, name, false);

		if (value)
			on = !is_off(value);
	}
	return on;
}

void judge_runtime_gvisor_seccomp(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;
	const struct engine_runtime *r;

	judge_expect(f, "--oci-seccomp among the arguments");
	judge_evidence(f, "engine: GET /info Runtimes");
	if (!have_gvisor(in, f))
		return;
	r = in->engine->runtime_details.items;
	for (size_t i = 0; i < in->engine->runtime_details.count; i++)
		if (is_gvisor(&r[i]) && !has_flag_on(&r[i], "oci-seccomp"))
			complain(&c, "runtime %s ignores seccomp profiles silently", r[i].name);
	judge_complaints(f, &c, "given");
}

static bool have_foreign(const struct doctor_input *in, struct finding *f)
{
	if (!have_engine(in, f))
		return false;
	if (!in->foreign_error)
		return true;
	judge_unknown(f, "other containers could not be looked at: %s", in->foreign_error);
	return false;
}

void judge_foreign_privileged(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "not privileged, no engine socket, no capability that leads out");
	judge_evidence(f, "engine: inspect of every container that is not tenantctl's");
	if (!have_foreign(in, f))
		return;
	for (size_t i = 0; i < in->foreign_count; i++) {
		const struct foreign_container *x = &in->foreign[i];

		if (x->privileged)
			complain(&c, "%s is privileged", x->name);
		if (x->engine_socket)
			complain(&c, "%s holds the engine's socket", x->name);
		for (size_t k = 0; !x->privileged && k < x->capabilities.count; k++)
			complain(&c, "%s has %s", x->name, x->capabilities.items[k]);
	}
	judge_remarks(f, &c, "%zu other containers, none of them", in->foreign_count);
}

void judge_foreign_namespaces(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "own processes, network and IPC");
	judge_evidence(f, "engine: inspect of every container that is not tenantctl's");
	if (!have_foreign(in, f))
		return;
	for (size_t i = 0; i < in->foreign_count; i++) {
		const struct foreign_container *x = &in->foreign[i];

		if (x->host_pid)
			complain(&c, "%s sees every process of the host", x->name);
		if (x->host_network)
			complain(&c, "%s is on the host's network", x->name);
		if (x->host_ipc)
			complain(&c, "%s shares IPC with the host", x->name);
	}
	judge_remarks(f, &c, "%zu other containers, none of them", in->foreign_count);
}

void judge_foreign_tenants(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no folder and no network of a tenant");
	judge_evidence(f, "engine: inspect of every container that is not tenantctl's");
	if (!have_foreign(in, f))
		return;
	for (size_t i = 0; i < in->foreign_count; i++) {
		const struct foreign_container *x = &in->foreign[i];

		for (size_t k = 0; k < x->tenant_mounts.count; k++)
			complain(&c, "%s mounts %s", x->name, x->tenant_mounts.items[k]);
		for (size_t k = 0; k < x->tenant_networks.count; k++)
			complain(&c, "%s is on network %s", x->name, x->tenant_networks.items[k]);
	}
	judge_complaints(f, &c, "%zu other containers, none of them", in->foreign_count);
}

/* Shared layers are shared inodes: what is written into the page cache of one container's file is
 * read by the other. Beside the keys of a gateway there must be nothing like it. */
void judge_foreign_layers(const struct doctor_input *in, struct finding *f)
{
	struct complaints c auto_complaints = COMPLAINTS_INIT;

	judge_expect(f, "no layer of the gateway's image in another image that is in use");
	judge_evidence(f, "engine: inspect of the images of all containers");
	if (!have_foreign(in, f))
		return;
	if (in->gateway_layers.count == 0) {
		judge_skip(f, "the gateway's image is not on the engine");
		return;
	}
	for (size_t i = 0; i < in->used_count; i++)
		for (size_t k = 0; k < in->used[i].layers.count; k++)
			if (strlist_has(&in->gateway_layers, in->used[i].layers.items[k])) {
				complain(&c, "image %s has a layer of the gateways'",
					 in->used[i].name);
				break;
			}
	judge_complaints(f, &c, "%zu other images, none of them", in->used_count);
}
