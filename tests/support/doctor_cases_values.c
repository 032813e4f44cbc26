/*
 * Ways to spoil a good host, and what must be noticed of each. Sysctls and versions.
 */
#include "doctor_fixture.h"

#include <errno.h>
#include <stddef.h>

#include "base/mem.h"

static void spoil_bridges_unfiltered(struct doctor_fixture *x)
{
	fixture_sysctl(x, "net.bridge.bridge-nf-call-iptables", "0");
}

static void spoil_bridges_not_filtered_yet(struct doctor_fixture *x)
{
	fixture_sysctl(x, "net.bridge.bridge-nf-call-iptables", NULL);
}

static void spoil_the_pool_is_used_up(struct doctor_fixture *x)
{
	x->behaviour.tenants = 8192;
}

static void spoil_the_pool_is_nearly_used_up(struct doctor_fixture *x)
{
	x->behaviour.tenants = 8180;
}

static void spoil_a_vpn_in_the_pool(struct doctor_fixture *x)
{
	x->host.routes[x->host.route_count++] =
		(struct host_route){ "wg0", 0x0ae70100, 0xffffff00 };
}

static void spoil_kernel_dmesg_restrict(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.dmesg_restrict", "0");
}

static void spoil_kernel_kptr_restrict(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.kptr_restrict", "0");
}

static void spoil_kernel_yama_ptrace_scope(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.yama.ptrace_scope", "0");
}

static void spoil_kernel_unprivileged_bpf_disabled(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.unprivileged_bpf_disabled", "0");
}

static void spoil_kernel_perf_event_paranoid(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.perf_event_paranoid", "1");
}

static void spoil_kernel_io_uring_disabled(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.io_uring_disabled", "1");
}

static void spoil_kernel_randomize_va_space(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.randomize_va_space", "1");
}

static void spoil_fs_protected_symlinks(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.protected_symlinks", "0");
}

static void spoil_fs_protected_hardlinks(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.protected_hardlinks", "0");
}

static void spoil_fs_protected_fifos(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.protected_fifos", "0");
}

static void spoil_fs_protected_regular(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.protected_regular", "0");
}

static void spoil_fs_suid_dumpable(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.suid_dumpable", "2");
}

static void spoil_dev_tty_legacy_tiocsti(struct doctor_fixture *x)
{
	fixture_sysctl(x, "dev.tty.legacy_tiocsti", "1");
}

static void spoil_no_yama(struct doctor_fixture *x)
{
	fixture_sysctl(x, "kernel.yama.ptrace_scope", NULL);
}

static void spoil_no_such_sysctl(struct doctor_fixture *x)
{
	fixture_sysctl(x, "dev.tty.legacy_tiocsti", NULL);
}

static void spoil_a_sysctl_that_can_t_be_read(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.suid_dumpable", "");
}

static void spoil_a_sysctl_that_is_no_number(struct doctor_fixture *x)
{
	fixture_sysctl(x, "fs.suid_dumpable", "0 or so");
}

static void spoil_engine_20_10_of_its_makers(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "20.10.24");
}

static void spoil_engine_20_10_of_a_distribution(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "20.10.24+dfsg1");
}

static void spoil_engine_26_0_1(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "26.0.1");
}

static void spoil_engine_20_10_measured(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "20.10.24");
	x->behaviour.verified = 2;
}

static void spoil_engine_20_10_one_of_two_measured(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "20.10.24");
	x->behaviour.verified = 1;
}

static void spoil_engine_20_10_measured_and_it_leaks(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "20.10.24");
	x->behaviour.verified = 2;
	strlist_add(&x->behaviour.failed, "net.dns.embedded");
	strlist_add(&x->behaviour.failed, "fs.mask");
}

static void spoil_engine_28_2_beside_firewalld(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "28.2.1");
	x->host.firewalld = 1;
}

static void spoil_engine_26_1_beside_firewalld(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "26.1.5");
	x->host.firewalld = 1;
}

static void spoil_engine_28_2_firewalld_unknown(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "28.2.1");
	x->host.firewalld = -1;
}

static void spoil_a_plugin_on_an_old_engine(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "29.3.0");
	strlist_add(&x->engine.authorization, "opa");
}

static void spoil_an_engine_without_a_number(struct doctor_fixture *x)
{
	fixture_component(x, "Engine", "dev");
}

static void spoil_runc_1_1_5_of_its_makers(struct doctor_fixture *x)
{
	fixture_component(x, "runc", "1.1.5");
}

static void spoil_runc_1_1_5_of_debian(struct doctor_fixture *x)
{
	fixture_component(x, "runc", "1.1.5+ds1-1+deb12u1");
}

static void spoil_runc_unknown(struct doctor_fixture *x)
{
	fixture_component(x, "runc", "");
}

static void spoil_crun_without_a_version(struct doctor_fixture *x)
{
	fixture_runtime(x, "crun", "/usr/bin/crun", "", NULL);
}

static void spoil_an_old_crun_that_tells(struct doctor_fixture *x)
{
	struct engine_runtime *r;

	fixture_runtime(x, "crun", "/usr/bin/crun", "", NULL);
	r = (struct engine_runtime *)x->engine.runtime_details.items + 1;
	r->version = mem_strdup("1.27.1");
}

static void spoil_an_old_crun(struct doctor_fixture *x)
{
	fixture_runtime(x, "crun", "/usr/bin/crun", "", NULL);
	fixture_component(x, "crun", "1.8.1");
}

static void spoil_an_old_containerd(struct doctor_fixture *x)
{
	fixture_component(x, "containerd", "1.7.24");
}

static void spoil_an_old_kernel(struct doctor_fixture *x)
{
	mem_replace(&x->host.release, "6.18.20");
}

static void spoil_an_old_kernel_without_the_ways(struct doctor_fixture *x)
{
	mem_replace(&x->host.release, "6.18.20");
	x->host.modules[HOST_MODULE_ALG] = x->host.modules[HOST_MODULE_ESP4] = MODULE_BLOCKED;
	x->host.modules[HOST_MODULE_ESP6] = x->host.modules[HOST_MODULE_RXRPC] = MODULE_ABSENT;
}

static void spoil_an_old_kernel_of_a_distribution(struct doctor_fixture *x)
{
	mem_replace(&x->host.release, "6.18.20-cloud");
}

static void spoil_a_kernel_without_a_number(struct doctor_fixture *x)
{
	mem_replace(&x->host.release, "current");
}

static void spoil_an_old_resolver_in_the_gateways(struct doctor_fixture *x)
{
	x->in.gateway_packages = "haproxy=3.2 dnsmasq-base=2.90-4~deb12u1";
}

static void spoil_an_old_proxy_in_the_gateways(struct doctor_fixture *x)
{
	x->in.gateway_packages = "dnsmasq-base=2.93-1 haproxy=2.6.12-1+deb12u3";
}

static void spoil_a_gateway_without_a_proxy(struct doctor_fixture *x)
{
	x->in.gateway_packages = "dnsmasq-base=2.93-1 myhaproxy=2.8.2";
}

static void spoil_daemon_unknown(struct doctor_fixture *x)
{
	x->in.daemon = NULL;
	x->in.daemon_error = "gone";
	x->host.engine.known = false;
}

static const struct doctor_case values[] = {
	{ "bridges unfiltered", spoil_bridges_unfiltered, "fail net.bridge-filter" },
	{ "bridges not filtered yet", spoil_bridges_not_filtered_yet, "warn net.bridge-filter" },
	{ "the pool is used up", spoil_the_pool_is_used_up, "fail net.pool" },
	{ "the pool is nearly used up", spoil_the_pool_is_nearly_used_up, "warn net.pool" },
	{ "a VPN in the pool", spoil_a_vpn_in_the_pool, "fail net.routes" },
	{ "kernel.dmesg_restrict", spoil_kernel_dmesg_restrict, "warn sysctl.dmesg_restrict" },
	{ "kernel.kptr_restrict", spoil_kernel_kptr_restrict, "warn sysctl.kptr_restrict" },
	{ "kernel.yama.ptrace_scope", spoil_kernel_yama_ptrace_scope, "warn sysctl.ptrace_scope" },
	{ "kernel.unprivileged_bpf_disabled", spoil_kernel_unprivileged_bpf_disabled,
	  "warn sysctl.unprivileged_bpf" },
	{ "kernel.perf_event_paranoid", spoil_kernel_perf_event_paranoid,
	  "warn sysctl.perf_event" },
	{ "kernel.io_uring_disabled", spoil_kernel_io_uring_disabled, "warn sysctl.io_uring" },
	{ "kernel.randomize_va_space", spoil_kernel_randomize_va_space, "warn sysctl.randomize" },
	{ "fs.protected_symlinks", spoil_fs_protected_symlinks, "warn sysctl.protected_symlinks" },
	{ "fs.protected_hardlinks", spoil_fs_protected_hardlinks,
	  "warn sysctl.protected_hardlinks" },
	{ "fs.protected_fifos", spoil_fs_protected_fifos, "warn sysctl.protected_fifos" },
	{ "fs.protected_regular", spoil_fs_protected_regular, "warn sysctl.protected_regular" },
	{ "fs.suid_dumpable", spoil_fs_suid_dumpable, "warn sysctl.suid_dumpable" },
	{ "dev.tty.legacy_tiocsti", spoil_dev_tty_legacy_tiocsti, "warn sysctl.tiocsti" },
	{ "no Yama", spoil_no_yama, "warn sysctl.ptrace_scope" },
	{ "no such sysctl", spoil_no_such_sysctl, "" },
	{ "a sysctl that can't be read", spoil_a_sysctl_that_can_t_be_read,
	  "inconclusive sysctl.suid_dumpable" },
	{ "a sysctl that is no number", spoil_a_sysctl_that_is_no_number,
	  "inconclusive sysctl.suid_dumpable" },
	{ "engine 20.10 of its makers", spoil_engine_20_10_of_its_makers,
	  "warn engine.dns, warn engine.published, warn engine.isolated, warn engine.archive, warn "
	  "engine.tar, warn engine.af-alg, warn engine.io-uring, warn engine.masks, warn "
	  "engine.http2" },
	{ "engine 20.10 of a distribution", spoil_engine_20_10_of_a_distribution,
	  "warn engine.dns, warn engine.published, warn engine.isolated, warn engine.archive, warn "
	  "engine.tar, warn engine.af-alg, warn engine.io-uring, warn engine.masks, warn "
	  "engine.http2" },
	{ "engine 26.0.1", spoil_engine_26_0_1,
	  "warn engine.ipv6, warn engine.published, warn engine.isolated, warn engine.archive, "
	  "warn engine.tar, warn engine.af-alg, warn engine.masks, warn engine.http2" },
	{ "engine 20.10, measured", spoil_engine_20_10_measured,
	  "warn engine.archive, warn engine.tar, warn engine.http2" },
	{ "engine 20.10, one of two measured", spoil_engine_20_10_one_of_two_measured,
	  "warn engine.dns, warn engine.published, warn engine.isolated, warn engine.archive, warn "
	  "engine.tar, warn engine.af-alg, warn engine.io-uring, warn engine.masks, warn "
	  "engine.http2" },
	{ "engine 20.10, measured, and it leaks", spoil_engine_20_10_measured_and_it_leaks,
	  "fail engine.dns, warn engine.archive, warn engine.tar, warn engine.http2" },
	{ "engine 28.2 beside firewalld", spoil_engine_28_2_beside_firewalld,
	  "fail engine.firewalld-ports, warn engine.archive, warn engine.tar, warn engine.af-alg, "
	  "warn engine.http2" },
	{ "engine 26.1 beside firewalld", spoil_engine_26_1_beside_firewalld,
	  "warn engine.published, warn engine.isolated, fail engine.firewalld, warn "
	  "engine.archive, warn engine.tar, warn engine.af-alg, warn engine.masks, warn "
	  "engine.http2" },
	{ "engine 28.2, firewalld unknown", spoil_engine_28_2_firewalld_unknown,
	  "inconclusive engine.firewalld-ports, warn engine.archive, warn engine.tar, warn "
	  "engine.af-alg, warn engine.http2" },
	{ "a plugin on an old engine", spoil_a_plugin_on_an_old_engine,
	  "warn engine.archive, warn engine.tar, fail engine.authorization, warn engine.af-alg, "
	  "warn engine.http2" },
	{ "an engine without a number", spoil_an_engine_without_a_number,
	  "inconclusive engine.dns, inconclusive engine.ipv6, inconclusive engine.published, "
	  "inconclusive engine.isolated, inconclusive engine.archive, inconclusive engine.tar, "
	  "inconclusive engine.af-alg, inconclusive engine.io-uring, inconclusive engine.masks, "
	  "inconclusive engine.http2" },
	{ "runc 1.1.5 of its makers", spoil_runc_1_1_5_of_its_makers,
	  "fail runc.leaked-fd, warn runc.masks, warn runc.images" },
	{ "runc 1.1.5 of Debian", spoil_runc_1_1_5_of_debian,
	  "warn runc.leaked-fd, warn runc.masks, warn runc.images" },
	{ "runc unknown", spoil_runc_unknown,
	  "inconclusive runc.leaked-fd, inconclusive runc.masks, inconclusive runc.images" },
	{ "crun without a version", spoil_crun_without_a_version, "inconclusive crun.version" },
	{ "an old crun that tells", spoil_an_old_crun_that_tells, "fail crun.version" },
	{ "an old crun", spoil_an_old_crun, "fail crun.version" },
	{ "an old containerd", spoil_an_old_containerd,
	  "warn containerd.users, warn containerd.cri" },
	{ "an old kernel", spoil_an_old_kernel, "fail kernel.page-cache, fail kernel.futex" },
	{ "an old kernel without the ways", spoil_an_old_kernel_without_the_ways,
	  "fail kernel.futex" },
	{ "an old kernel of a distribution", spoil_an_old_kernel_of_a_distribution,
	  "warn kernel.page-cache, warn kernel.futex" },
	{ "a kernel without a number", spoil_a_kernel_without_a_number,
	  "inconclusive kernel.minimum, inconclusive kernel.page-cache, inconclusive "
	  "kernel.futex" },
	{ "an old resolver in the gateways", spoil_an_old_resolver_in_the_gateways,
	  "warn gateway.dnsmasq" },
	{ "an old proxy in the gateways", spoil_an_old_proxy_in_the_gateways,
	  "warn gateway.haproxy" },
	{ "a gateway without a proxy", spoil_a_gateway_without_a_proxy,
	  "inconclusive gateway.haproxy" },
	{ "daemon unknown", spoil_daemon_unknown,
	  "inconclusive engine.logs, inconclusive engine.firewall, inconclusive engine.defaults, "
	  "inconclusive engine.environment" },
};

const struct doctor_case *doctor_cases_values(size_t *out_count)
{
	*out_count = ARRAY_SIZE(values);
	return values;
}
