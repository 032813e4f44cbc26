/*
 * Ways to spoil a good host, and what must be noticed of each. Runtimes, other containers.
 */
#include "doctor_fixture.h"

#include <stddef.h>

#include "base/mem.h"

static void spoil_a_strange_default_runtime(struct doctor_fixture *x)
{
	mem_replace(&x->engine.default_runtime, "youki");
}

static void spoil_gvisor_without_the_profile(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", NULL);
}

static void spoil_gvisor_on_the_host_s_network(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", "--network=host");
}

static void spoil_gvisor_with_one_dash(struct doctor_fixture *x)
{
	fixture_runtime(x, "sandbox", "/usr/bin/runsc", "", "-debug");
}

static void add_argument(struct doctor_fixture *x, const char *arg)
{
	struct engine_runtime *r = x->engine.runtime_details.items;

	strlist_add(&r[x->engine.runtime_details.count - 1].args, arg);
}

static void spoil_gvisor_with_values_in_words_of_their_own(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", "--oci-seccomp");
	add_argument(x, "--network");
	add_argument(x, "host");
}

/* A flag without a value takes none from the next word. */
static void spoil_gvisor_with_a_word_that_is_no_value(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", "--oci-seccomp");
	add_argument(x, "--debug");
	add_argument(x, "false");
}

static void spoil_gvisor_with_what_is_right(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", "--oci-seccomp");
	add_argument(x, "--network");
	add_argument(x, "sandbox");
	add_argument(x, "--host-uds=none");
	add_argument(x, "--debug-log=/x");
}

static void spoil_gvisor_with_the_profile_off(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "/usr/bin/runsc", "", "--oci-seccomp=false");
}

static void spoil_gvisor_with_flags_elsewhere(struct doctor_fixture *x)
{
	fixture_runtime(x, "runsc", "", "io.containerd.runsc.v1", NULL);
}

/* On 2026-11-01. */
static void add_release(struct doctor_fixture *x, const char *name, const char *text)
{
	struct engine_runtime *r;

	fixture_runtime(x, name, "/usr/bin/program", "", "--oci-seccomp");
	r = (struct engine_runtime *)x->engine.runtime_details.items +
	    x->engine.runtime_details.count - 1;
	r->version = mem_strdup(text);
	x->in.now = 1793491200;
}

static void spoil_gvisor_of_today(struct doctor_fixture *x)
{
	add_release(x, "runsc", "runsc version release-20261012.0\nspec: 1.1.0-rc.1\n");
}

static void spoil_gvisor_with_a_flaw(struct doctor_fixture *x)
{
	add_release(x, "runsc", "runsc version release-20260816.0\n");
}

static void spoil_gvisor_half_a_year_later(struct doctor_fixture *x)
{
	add_release(x, "runsc", "runsc version release-20260817.0\n");
	x->in.now += INT64_C(105) * 86400; /* the 181st day */
}

static void spoil_gvisor_on_the_last_day(struct doctor_fixture *x)
{
	add_release(x, "runsc", "runsc version release-20260817.0\n");
	x->in.now += INT64_C(104) * 86400;
}

static void spoil_gvisor_without_a_date(struct doctor_fixture *x)
{
	add_release(x, "runsc", "runsc version VERSION_MISSING release-20261399.0");
}

static void spoil_gvisor_with_one_of_two(struct doctor_fixture *x)
{
	spoil_gvisor_of_today(x);
	add_release(x, "runsc-old", "runsc version release-20240212.0\n");
}

static void spoil_kata_of_today(struct doctor_fixture *x)
{
	add_release(x, "kata",
		    "Kata Containers containerd shim (Golang): id: \"io.containerd.kata.v2\", "
		    "version: 4.3.0, commit: 5d3a\n");
}

static void spoil_kata_with_a_flaw(struct doctor_fixture *x)
{
	add_release(x, "kata", "kata-runtime  : 3.30.2\n   commit   : 5d3a\n   OCI specs: 1.1.0\n");
}

static void spoil_kata_without_a_list(struct doctor_fixture *x)
{
	add_release(x, "kata", "kata-runtime  : 3.31.0\n   commit   : 5d3a\n");
}

static void spoil_kata_without_a_number(struct doctor_fixture *x)
{
	add_release(x, "kata", "usage: kata, commit 3");
}

static void spoil_kata(struct doctor_fixture *x)
{
	fixture_runtime(x, "kata", "", "io.containerd.kata.v2", NULL);
}

static void spoil_kata_on_an_old_kernel_with_nested_machines(struct doctor_fixture *x)
{
	fixture_runtime(x, "kata", "", "io.containerd.kata.v2", NULL);
	mem_replace(&x->host.cpu.nested[0], "Y");
	mem_replace(&x->host.release, "6.18.37");
}

static void spoil_a_privileged_container(struct doctor_fixture *x)
{
	x->foreign.privileged = true;
}

static void spoil_the_socket_in_a_container(struct doctor_fixture *x)
{
	x->foreign.engine_socket = true;
}

static void spoil_a_way_out(struct doctor_fixture *x)
{
	strlist_add(&x->foreign.capabilities, "SYS_ADMIN");
}

static void spoil_processes_of_the_host(struct doctor_fixture *x)
{
	x->foreign.host_pid = true;
}

static void spoil_network_of_the_host(struct doctor_fixture *x)
{
	x->foreign.host_network = true;
}

static void spoil_a_layer_of_the_gateways(struct doctor_fixture *x)
{
	strlist_add(&x->image.layers, "sha256:2");
}

static void spoil_a_folder_of_a_tenant(struct doctor_fixture *x)
{
	strlist_add(&x->foreign.tenant_mounts, "/srv/tenants/acme");
}

static void spoil_a_network_of_a_tenant(struct doctor_fixture *x)
{
	strlist_add(&x->foreign.tenant_networks, "tc-acme");
}

static void spoil_containers_unknown(struct doctor_fixture *x)
{
	x->in.foreign_error = "refused";
}

static const struct doctor_case runtime[] = {
	{ "a strange default runtime", spoil_a_strange_default_runtime, "warn runtime.default" },
	{ "gVisor without the profile", spoil_gvisor_without_the_profile,
	  "fail runtime.gvisor-seccomp, warn runtime.gvisor-release" },
	{ "gVisor on the host's network", spoil_gvisor_on_the_host_s_network,
	  "fail runtime.gvisor, fail runtime.gvisor-seccomp, warn runtime.gvisor-release" },
	{ "gVisor with one dash", spoil_gvisor_with_one_dash,
	  "fail runtime.gvisor, fail runtime.gvisor-seccomp, warn runtime.gvisor-release" },
	{ "gVisor with values in words of their own",
	  spoil_gvisor_with_values_in_words_of_their_own,
	  "fail runtime.gvisor, warn runtime.gvisor-release" },
	{ "gVisor with a word that is no value", spoil_gvisor_with_a_word_that_is_no_value,
	  "fail runtime.gvisor, warn runtime.gvisor-release" },
	{ "gVisor with what is right", spoil_gvisor_with_what_is_right,
	  "warn runtime.gvisor-release" },
	{ "gVisor with the profile off", spoil_gvisor_with_the_profile_off,
	  "fail runtime.gvisor-seccomp, warn runtime.gvisor-release" },
	{ "gVisor with flags elsewhere", spoil_gvisor_with_flags_elsewhere,
	  "inconclusive runtime.gvisor, inconclusive runtime.gvisor-seccomp, warn "
	  "runtime.gvisor-release" },
	{ "gVisor of today", spoil_gvisor_of_today, "" },
	{ "gVisor with a flaw", spoil_gvisor_with_a_flaw, "fail runtime.gvisor-release" },
	{ "gVisor half a year later", spoil_gvisor_half_a_year_later,
	  "fail runtime.gvisor-release" },
	{ "gVisor on the last day", spoil_gvisor_on_the_last_day, "" },
	{ "gVisor without a date", spoil_gvisor_without_a_date, "warn runtime.gvisor-release" },
	{ "gVisor twice, one old", spoil_gvisor_with_one_of_two, "fail runtime.gvisor-release" },
	{ "Kata of today", spoil_kata_of_today, "" },
	{ "Kata with a flaw", spoil_kata_with_a_flaw, "fail runtime.kata" },
	{ "Kata without a list", spoil_kata_without_a_list, "warn runtime.kata" },
	{ "Kata without a number", spoil_kata_without_a_number, "warn runtime.kata" },
	{ "Kata", spoil_kata, "warn runtime.kata" },
	{ "Kata on an old kernel with nested machines",
	  spoil_kata_on_an_old_kernel_with_nested_machines,
	  "warn runtime.kata, warn kernel.nested-kvm, fail kernel.kvm" },
	{ "a privileged container", spoil_a_privileged_container, "warn containers.privileged" },
	{ "the socket in a container", spoil_the_socket_in_a_container,
	  "warn containers.privileged" },
	{ "a way out", spoil_a_way_out, "warn containers.privileged" },
	{ "processes of the host", spoil_processes_of_the_host, "warn containers.namespaces" },
	{ "network of the host", spoil_network_of_the_host, "warn containers.namespaces" },
	{ "a layer of the gateways", spoil_a_layer_of_the_gateways, "fail containers.layers" },
	{ "a folder of a tenant", spoil_a_folder_of_a_tenant, "fail containers.tenants" },
	{ "a network of a tenant", spoil_a_network_of_a_tenant, "fail containers.tenants" },
	{ "containers unknown", spoil_containers_unknown,
	  "inconclusive containers.privileged, inconclusive containers.namespaces, inconclusive "
	  "containers.tenants, inconclusive containers.layers" },
};

const struct doctor_case *doctor_cases_runtime(size_t *out_count)
{
	*out_count = ARRAY_SIZE(runtime);
	return runtime;
}
