#include "doctor_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void fixture_sysctl(struct doctor_fixture *x, const char *name, const char *value)
{
	for (size_t i = 0; i < x->host.sysctl_count; i++) {
		struct host_value *v = &x->host.sysctls[i];

		if (strcmp(v->name, name) != 0)
			continue;
		mem_replace(&v->value, value && *value ? value : NULL);
		v->sys_errno = !value ? ENOENT : *value ? 0 : EIO;
	}
}

static void add_component(struct doctor_fixture *x, const char *name, const char *version)
{
	struct engine_component *c;
	struct bind_list *l = &x->version.components;

	l->items = mem_grow(l->items, l->count + 1, sizeof(*c));
	c = (struct engine_component *)l->items + l->count++;
	*c = (struct engine_component){ mem_strdup(name), mem_strdup(version) };
}

void fixture_component(struct doctor_fixture *x, const char *name, const char *version)
{
	struct engine_component *c = x->version.components.items;

	if (strcmp(name, "Engine") == 0)
		mem_replace(&x->version.version, version);
	for (size_t i = 0; i < x->version.components.count; i++)
		if (strcmp(c[i].name, name) == 0) {
			mem_replace(&c[i].version, version);
			return;
		}
	add_component(x, name, version);
}

void fixture_runtime(struct doctor_fixture *x, const char *name, const char *path, const char *type,
		     const char *arg)
{
	struct bind_list *l = &x->engine.runtime_details;
	struct engine_runtime *r;

	l->items = mem_grow(l->items, l->count + 1, sizeof(*r));
	r = (struct engine_runtime *)l->items + l->count++;
	*r = (struct engine_runtime){ .name = mem_strdup(name),
				      .path = mem_strdup(path),
				      .type = mem_strdup(type),
				      .config = mem_strdup("") };
	if (arg)
		strlist_add(&r->args, arg);
	strlist_add(&x->engine.runtimes, name);
}

static void make_sysctls(struct doctor_fixture *x)
{
	static const char *const good[][2] = {
		{ "kernel.dmesg_restrict", "1" },
		{ "kernel.kptr_restrict", "2" },
		{ "kernel.yama.ptrace_scope", "1" },
		{ "kernel.unprivileged_bpf_disabled", "2" },
		{ "kernel.perf_event_paranoid", "3" },
		{ "kernel.io_uring_disabled", "2" },
		{ "kernel.randomize_va_space", "2" },
		{ "fs.protected_symlinks", "1" },
		{ "fs.protected_hardlinks", "1" },
		{ "fs.protected_fifos", "1" },
		{ "fs.protected_regular", "2" },
		{ "fs.suid_dumpable", "0" },
		{ "dev.tty.legacy_tiocsti", "0" },
		{ "kernel.core_pattern", "core" },
		{ "net.bridge.bridge-nf-call-iptables", "1" },
	};
	size_t count = doctor_sysctl_count();

	x->host.sysctls = mem_array(count, sizeof(*x->host.sysctls));
	for (size_t i = 0; i < count; i++)
		x->host.sysctls[i].name = mem_strdup(doctor_sysctl_name(i));
	x->host.sysctl_count = count;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		fixture_sysctl(x, good[i][0], good[i][1]);
}

static void make_cpu(struct host_cpu *cpu)
{
	cpu->vulnerabilities = mem_array(1, sizeof(*cpu->vulnerabilities));
	cpu->vulnerabilities[0] =
		(struct host_value){ mem_strdup("mds"), mem_strdup("Not affected"), 0 };
	cpu->vulnerability_count = 1;
	cpu->smt = mem_strdup("off");
	cpu->nested[0] = mem_strdup("N");
}

static struct host_path folder(const char *path, mode_t mode)
{
	return (struct host_path){
		.path = mem_strdup(path), .exists = true, .is_folder = true, .mode = mode
	};
}

static void make_places(struct doctor_fixture *x)
{
	static const struct {
		const char *path;
		mode_t allowed;
	} places[] = {
		{ "/etc/tenantctl", 0755 },
		{ "/etc/tenantctl/tenants", 0755 },
		{ "/etc/tenantctl/secrets", 0700 },
		{ "/var/lib/tenantctl", 0700 },
		{ "/var/lib/tenantctl/tenants", 0700 },
		{ "/var/lib/tenantctl/locks", 0700 },
		{ "/srv/tenants", 0711 },
	};
	struct host_facts *h = &x->host;

	h->folders = mem_array(ARRAY_SIZE(places) + 3, sizeof(*h->folders));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		x->places[i] = (struct doctor_place){ (char *)places[i].path, places[i].allowed };
		h->folders[h->folder_count++] = folder(places[i].path, places[i].allowed);
	}
	h->folders[h->folder_count++] = folder("/var/lib/docker", 0710);
	h->folders[h->folder_count++] = folder("/var/lib/containerd", 0700);
	h->folders[h->folder_count++] = folder("/run/containerd", 0711);
	h->disks = mem_array(2, sizeof(*h->disks));
	h->disk_count = 2;
	for (size_t i = 0; i < 2; i++)
		h->disks[i] = (struct host_disk){ .path = mem_strdup(i ? "/var/lib/docker"
								       : "/srv/tenants"),
						  .known = true,
						  .size = 1000,
						  .free = 500,
						  .inodes = 1000,
						  .inodes_free = 500,
						  .fstype = "ext4" };
}

static void make_networks(struct host_facts *h)
{
	static const struct host_route routes[] = {
		{ "eth0", 0, 0 },
		{ "eth0", 0xc0a80000, 0xffffff00 },
		{ "tc-0011aabb", 0x0ae70000, 0xfffffff8 },
		{ "tc-egress", 0x0ae60000, 0xffff0000 },
	};

	h->routes = mem_array(ARRAY_SIZE(routes) + 1, sizeof(*h->routes));
	memcpy(h->routes, routes, sizeof(routes));
	h->route_count = ARRAY_SIZE(routes);
	h->routes_known = true;
	h->ports = mem_array(2, sizeof(*h->ports));
	h->ports[0] = (struct host_port){ "0.0.0.0", 22, false };
	h->port_count = 1;
	h->ports_known = true;
}

static void make_host(struct doctor_fixture *x)
{
	struct host_facts *h = &x->host;

	*h = (struct host_facts){ .release = mem_strdup("6.18.44"),
				  .version = mem_strdup("Linux version 6.18.44"),
				  .route_localnet_known = true,
				  .cgroup_version = 2,
				  .lsm = mem_strdup("capability,apparmor"),
				  .lsm_known = true,
				  .apparmor_profile = 1,
				  .selinux_enforcing = -1,
				  .ksm = mem_strdup("0"),
				  .ksm_known = true,
				  .swaps_known = true,
				  .members_known = true,
				  .socket_group = mem_strdup("docker"),
				  .clock_synced = 1,
				  .entropy_ready = 1 };
	h->modules[HOST_MODULE_OPENVSWITCH] = MODULE_ABSENT;
	h->socket = (struct host_path){ .path = mem_strdup("/var/run/docker.sock"),
					.exists = true,
					.is_socket = true,
					.mode = 0660 };
	strlist_add(&h->controllers, "cpu");
	strlist_add(&h->controllers, "io");
	strlist_add(&h->controllers, "memory");
	strlist_add(&h->controllers, "pids");
	h->engine.known = true;
	h->engine.pid = 40;
	h->engine.config_path = mem_strdup("/etc/docker/daemon.json");
	make_sysctls(x);
	make_cpu(&h->cpu);
	make_places(x);
	make_networks(h);
}

static void make_engine(struct doctor_fixture *x)
{
	x->engine = (struct engine_info){ .server_version = mem_strdup("29.10.0"),
					  .docker_root = mem_strdup("/var/lib/docker"),
					  .default_runtime = mem_strdup("runc"),
					  .logging_driver = mem_strdup("local"),
					  .swarm_state = mem_strdup("inactive"),
					  .firewall = mem_strdup("iptables"),
					  .live_restore = true,
					  .memory_limit = true,
					  .swap_limit = true,
					  .pids_limit = true,
					  .cpu_cfs_quota = true };
	strlist_add(&x->engine.security_options, "name=seccomp,profile=builtin");
	strlist_add(&x->engine.insecure_registries, "::1/128");
	strlist_add(&x->engine.insecure_registries, "127.0.0.0/8");
	fixture_runtime(x, "runc", "runc", "", NULL);
	x->version = (struct engine_version){ .version = mem_strdup("29.10.0") };
	add_component(x, "Engine", "29.10.0");
	add_component(x, "containerd", "2.3.2");
	add_component(x, "runc", "1.5.0");
	x->daemon = (struct daemon_config){
		.iptables = true, .ip6tables = true, .no_new_privileges = true, .has_ulimits = true
	};
	x->foreign.name = mem_strdup("other");
	x->image.name = mem_strdup("of other");
	strlist_add(&x->image.layers, "sha256:1");
	strlist_add(&x->in.gateway_layers, "sha256:2");
	x->behaviour.tenants = 2;
}

static const struct {
	const char *chain, *rule;
} engine_rules[] = {
	{ "FORWARD", "-j DOCKER-USER" },
	{ "FORWARD", "-j DOCKER-FORWARD" },
	{ "DOCKER",
	  "-d 10.230.0.16/32 ! -i tc-egress -o tc-egress -p tcp -m tcp --dport 8080 -j ACCEPT" },
	{ "DOCKER", "! -i tc-egress -o tc-egress -j DROP" },
	{ "DOCKER-BRIDGE", "-o tc-egress -j DOCKER" },
	{ "DOCKER-CT", "-o tc-egress -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT" },
	{ "DOCKER-FORWARD", "-j DOCKER-CT" },
	{ "DOCKER-FORWARD", "-j DOCKER-ISOLATION-STAGE-1" },
	{ "DOCKER-FORWARD", "-j DOCKER-BRIDGE" },
	{ "DOCKER-FORWARD", "-i tc-egress -o tc-egress -j DROP" },
	{ "DOCKER-FORWARD", "-i tc-egress ! -o tc-egress -j ACCEPT" },
	{ "DOCKER-FORWARD", "-i tc-acme -o tc-acme -j ACCEPT" },
	{ "DOCKER-ISOLATION-STAGE-1", "! -s 10.231.0.0/29 -o tc-acme -j DROP" },
	{ "DOCKER-ISOLATION-STAGE-1", "! -d 10.231.0.0/29 -i tc-acme -j DROP" },
};

void fixture_firewall(struct doctor_fixture *x, const char *policy, const char *rules,
		      const char *missing)
{
	struct strbuf text auto_strbuf = STRBUF_INIT(65536);
	struct err e = ERR_INIT;

	strbuf_printf(&text,
		      "# by a test\n*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT\n"
		      "*filter\n:FORWARD %s [0:0]\n:DOCKER-USER - [0:0]\n:MINE - [0:0]\n",
		      policy ? policy : "DROP");
	for (size_t i = 0; i < ARRAY_SIZE(engine_rules); i++)
		if (strcmp(engine_rules[i].chain, "FORWARD") != 0)
			strbuf_printf(&text, ":%s - [0:0]\n", engine_rules[i].chain);
	strbuf_puts(&text, rules ? rules : "");
	for (size_t i = 0; i < ARRAY_SIZE(engine_rules); i++)
		if (!missing || strcmp(engine_rules[i].chain, missing) != 0)
			strbuf_printf(&text, "-A %s %s\n", engine_rules[i].chain,
				      engine_rules[i].rule);
	strbuf_puts(&text, "COMMIT\n");
	firewall_free(&x->firewall);
	if (firewall_parse(strbuf_str(&text), &x->firewall, &e))
		abort();
}

void doctor_fixture_make(struct doctor_fixture *x)
{
	memset(x, 0, sizeof(*x));
	make_host(x);
	host_config_defaults(&x->config);
	x->in = (struct doctor_input){ .host = &x->host,
				       .config = &x->config,
				       .daemon = &x->daemon,
				       .engine = &x->engine,
				       .version = &x->version,
				       .gateway_packages = "dnsmasq-base=2.93-1 haproxy=3.2",
				       .foreign = &x->foreign,
				       .foreign_count = 1,
				       .behaviour = &x->behaviour,
				       .places = x->places,
				       .place_count = ARRAY_SIZE(x->places),
				       .used = &x->image,
				       .used_count = 1,
				       .firewall = &x->firewall,
				       .egress_bridge = true,
				       .served = "/srv/tenants" };
	strlist_add(&x->in.bridges, "tc-acme");
	fixture_firewall(x, NULL, NULL, NULL);
	make_engine(x);
}

void doctor_fixture_free(struct doctor_fixture *x)
{
	struct foreign_container *f = mem_alloc(sizeof(*f));

	*f = x->foreign;
	foreign_free(f, 1);
	free(x->image.name);
	strlist_free(&x->image.layers);
	strlist_free(&x->in.gateway_layers);
	strlist_free(&x->in.bridges);
	firewall_free(&x->firewall);
	host_facts_free(&x->host);
	host_config_free(&x->config);
	daemon_config_free(&x->daemon);
	engine_info_free(&x->engine);
	engine_version_free(&x->version);
	behaviour_free(&x->behaviour);
}
