/* The good tenant of the checks' tests. */
#include "checks_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define WORKER_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define GATEWAY_ID "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define IMAGE "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define GATEWAY_IMAGE "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static const char manifest[] = "version: 1\n"
			       "tenant: acme\n"
			       "tier: container\n"
			       "image: example/worker:1\n"
			       "listen: 127.0.0.1:8001\n"
			       "port: 8080\n"
			       "resources: { disk_rate: 32m }\n"
			       "source:\n"
			       "  - { host: /srv/shared/skills, path: /source/skills }\n"
			       "egress:\n"
			       "  - api.example.com\n"
			       "credentials:\n"
			       "  - name: ghl\n"
			       "    upstream: https://api.example.net\n"
			       "    inject: [ { header: Authorization, format: \"Bearer {}\" } ]\n"
			       "    secret: ghl\n";

static void check(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->message);
}

static void make_ordered(struct fixture *x)
{
	struct err e = ERR_INIT;
	auto_seccomp_profile struct seccomp_profile *profile = NULL;
	struct desired_inputs in = { .spec = &x->spec,
				     .host = &x->host,
				     .allocation = &x->allocation,
				     .root = "",
				     .worker_image_id = IMAGE,
				     .gateway_image_id = GATEWAY_IMAGE,
				     .worker_seccomp = "{}",
				     .gateway_seccomp = "{}" };

	host_config_defaults(&x->host);
	check(manifest_parse(manifest, strlen(manifest), "acme.yaml", "acme", &x->spec, &e), &e);
	check(netplan_allocate(&x->host, &x->spec, 5, &x->allocation, &e), &e);
	check(netplan_allocate(&x->host, &x->spec, 6, &x->other, &e), &e);
	mem_replace(&x->other.bridge, "tc-0000beta"); /* made from the name, which is acme's here */
	x->allocation.nonce = mem_strdup("0123456789abcdef0123456789abcdef");
	x->other.nonce = mem_strdup("fedcba9876543210fedcba9876543210");
	check(desired_build(&in, &x->desired, &e), &e);
	check(desired_build(&in, &x->observed, &e), &e);
	check(seccomp_profile_builtin("ai-worker", &profile, &e), &e);
	check(seccomp_compose(profile, &x->filter, &e), &e);
}

static void make_container(struct container_info *i, struct container_spec *spec, const char *id,
			   const char *name, const char *image)
{
	snprintf(i->id, sizeof(i->id), "%s", id);
	i->name = mem_strdup(name);
	i->image_id = mem_strdup(image);
	i->state = (struct container_state){ .status = mem_strdup("running"),
					     .running = true,
					     .pid = 100,
					     .created_at = mem_strdup("2026-01-01T00:00:02.5Z"),
					     .started_at = mem_strdup("2026-01-01T00:00:03.5Z") };
	i->spec = *spec;
	*spec = (struct container_spec){ 0 };
	/* what the engine fills in where nothing was ordered */
	if (i->spec.masked_paths.count == 0)
		strlist_add(&i->spec.masked_paths, "/proc/keys");
	if (i->spec.readonly_paths.count == 0)
		strlist_add(&i->spec.readonly_paths, "/proc/sys");
}

static void add_member(struct network_info *n, const char *id, const char *name)
{
	struct network_member *m;

	n->members.items = mem_grow(n->members.items, n->members.count + 1, sizeof(*m));
	m = (struct network_member *)n->members.items + n->members.count++;
	*m = (struct network_member){ .container_id = mem_strdup(id), .name = mem_strdup(name) };
}

static void make_observed(struct fixture *x)
{
	make_container(&x->gateway, &x->observed.gateway, GATEWAY_ID, "tc-acme-gw", GATEWAY_IMAGE);
	make_container(&x->worker, &x->observed.worker, WORKER_ID, "tc-acme", IMAGE);
	x->network = (struct network_info){ .driver = mem_strdup("bridge"),
					    .spec = x->observed.network };
	x->egress =
		(struct network_info){ .driver = mem_strdup("bridge"), .spec = x->observed.egress };
	x->observed.network = x->observed.egress = (struct network_spec){ 0 };
	add_member(&x->network, WORKER_ID, "tc-acme");
	add_member(&x->network, GATEWAY_ID, "tc-acme-gw");
	strlist_add(&x->engine.security_options, "name=seccomp,profile=builtin");
	x->engine.memory_limit = x->engine.swap_limit = true;
	x->engine.pids_limit = x->engine.cpu_cfs_quota = true;
}

static void set_ns(struct ns_id ns[NS_KINDS], ino_t base)
{
	for (int k = 0; k < NS_KINDS; k++)
		ns[k] = (struct ns_id){ .dev = 4, .ino = base + (ino_t)k };
}

struct process_facts *fixture_processes(pid_t first, int64_t uid, ino_t ns, size_t count)
{
	struct process_facts *p = mem_array(count, sizeof(*p));

	for (size_t i = 0; i < count; i++) {
		p[i].pid = first + (pid_t)i;
		for (size_t k = 0; k < 4; k++)
			p[i].status.uid[k] = p[i].status.gid[k] = (uint32_t)uid;
		p[i].status.groups[0] = (uint32_t)uid;
		p[i].status.group_count = 1;
		p[i].status.no_new_privs = 1;
		p[i].status.seccomp = 2;
		p[i].status.seccomp_filters = 1;
		set_ns(p[i].ns, ns);
		p[i].limits[0] = (struct proc_limit){ "Max open files", 4096, 4096 };
		p[i].limits[1] = (struct proc_limit){ "Max core file size", 0, 0 };
		p[i].limits[2] = (struct proc_limit){ "Max nice priority", 0, 0 };
		p[i].limits[3] = (struct proc_limit){ "Max realtime priority", 0, 0 };
		p[i].limit_count = 4;
		p[i].coredump_filter = 0x33;
	}
	return p;
}

void fixture_put_mount(struct proc_mounts *m, const struct proc_mount *from)
{
	m->items = mem_grow(m->items, m->count + 1, sizeof(*m->items));
	m->items[m->count++] =
		(struct proc_mount){ .root = mem_strdup(from->root),
				     .target = mem_strdup(from->target),
				     .options = mem_strdup(from->options),
				     .optional = mem_strdup(""),
				     .fstype = mem_strdup(from->fstype),
				     .source = mem_strdup(from->fstype),
				     .super_options = mem_strdup(from->super_options) };
}

void fixture_add_mount(struct fixture *x, const char *root, const char *target, const char *options,
		       const char *fstype, const char *super)
{
	const struct proc_mount m = { .root = (char *)root,
				      .target = (char *)target,
				      .options = (char *)options,
				      .fstype = (char *)fstype,
				      .super_options = (char *)super };

	fixture_put_mount(&x->facts.mounts, &m);
}

static void make_mounts(struct fixture *x)
{
	fixture_add_mount(x, "/", "/", "ro,relatime", "overlay", "rw");
	mem_replace(&x->facts.mounts.items[0].optional, "master:8");
	fixture_add_mount(x, "/", "/proc", SAFE, "proc", "rw");
	fixture_add_mount(x, "/", "/dev", "rw,nosuid", "tmpfs", "rw,size=65536k,mode=755");
	fixture_add_mount(x, "/", "/dev/pts", "rw,nosuid,noexec", "devpts", "rw,gid=5");
	fixture_add_mount(x, "/", "/sys", SAFE_RO, "sysfs", "ro");
	fixture_add_mount(x, "/", "/sys/fs/cgroup", SAFE, "tmpfs", "rw,mode=755");
	fixture_add_mount(x, "/docker/x", "/sys/fs/cgroup/memory", SAFE_RO, "cgroup", "rw,memory");
	fixture_add_mount(x, "/", "/dev/mqueue", SAFE, "mqueue", "rw");
	fixture_add_mount(x, "/", "/dev/shm", SAFE, "tmpfs", "rw,size=65536k");
	fixture_add_mount(x, "/usr/bin/tini", "/sbin/docker-init", "ro,relatime", "ext4", "rw");
	fixture_add_mount(x, "/", "/tmp", SAFE, "tmpfs", "rw,size=262144k,nr_inodes=16384");
	fixture_add_mount(x, "/data", "/workspace", "rw,nosuid,nodev", "ext4", "rw");
	fixture_mount(x, "/workspace")->major = 7;
	fixture_mount(x, "/workspace")->minor = 5;
	fixture_add_mount(x, "/skills", "/source/skills", "ro,relatime", "ext4", "rw");
	fixture_add_mount(x, "/r", "/etc/resolv.conf", "ro,relatime", "ext4", "rw");
	fixture_add_mount(x, "/h", "/etc/hostname", "ro,relatime", "ext4", "rw");
	fixture_add_mount(x, "/h", "/etc/hosts", "ro,relatime", "ext4", "rw");
	fixture_add_mount(x, "/bus", "/proc/bus", SAFE_RO, "proc", "rw");
	fixture_add_mount(x, "/fs", "/proc/fs", SAFE_RO, "proc", "rw");
	fixture_add_mount(x, "/irq", "/proc/irq", SAFE_RO, "proc", "rw");
	fixture_add_mount(x, "/sys", "/proc/sys", SAFE_RO, "proc", "rw");
	fixture_add_mount(x, "/", "/proc/acpi", "ro,relatime", "tmpfs", "ro");
	fixture_add_mount(x, "/null", "/proc/keys", "rw,nosuid", "tmpfs", "rw,size=65536k");
	fixture_add_mount(x, "/", "/sys/firmware", "ro,relatime", "tmpfs", "ro");
}

static void add_gateway_reach(struct fixture *x)
{
	struct reach_attempt *a = mem_array(1, sizeof(*a));

	*a = (struct reach_attempt){ .check = "gateway.peers",
				     .target = "beta gateway",
				     .address = "10.230.0.17",
				     .port = 8080,
				     .outcome = REACH_TIMEOUT };
	x->facts.gateway_reach = a;
	x->facts.gateway_reach_count = 1;
}

static void make_limits(struct fixture *x)
{
	const struct resources *r = &x->spec.resources;

	x->facts.cgroup = (struct cgroup_facts){ .version = 1,
						 .memory_max = r->memory,
						 .memory_swap_max = r->memory,
						 .swap_known = true,
						 .pids_max = (uint64_t)r->pids,
						 .cpu_quota_us = r->cpus * 100,
						 .cpu_period_us = 100000,
						 .path = "/docker/x" };
	x->facts.io = (struct io_facts){ .version = 2,
					 .rates = { { 254, 0, 1, 1 },
						    { 7, 5, r->disk_rate, r->disk_rate } },
					 .count = 2 };
	x->facts.gateway_cgroup = x->facts.cgroup;
	x->facts.gateway_cgroup.memory_max = (uint64_t)x->desired.gateway.memory;
	x->facts.gateway_cgroup.memory_swap_max = (uint64_t)x->desired.gateway.memory;
	x->facts.gateway_cgroup.pids_max = (uint64_t)x->desired.gateway.pids_limit;
	x->facts.workspace_bytes = r->workspace - (1 << 20);
	x->facts.filters = mem_array(1, sizeof(*x->facts.filters));
	x->facts.filters[0].count = x->filter.filter.count;
	x->facts.filters[0].code =
		mem_array(x->filter.filter.count, sizeof(*x->facts.filters[0].code));
	memcpy(x->facts.filters[0].code, x->filter.filter.code,
	       x->filter.filter.count * sizeof(*x->facts.filters[0].code));
	x->facts.filter_count = 1;
	strlist_add(&x->facts.sockets, "/workspace/agent.sock");
	add_gateway_reach(x);
	x->facts.worker_image = (struct image_facts){ .looked = true, .layers = 2 };
	x->facts.gateway_image = (struct image_facts){ .looked = true, .layers = 1 };
	x->facts.cache = (struct cache_facts){ .looked = true, .files = 3, .bytes = 1 << 20 };
	x->facts.devices_known = true;
	x->facts.uid_elsewhere_known = true;
}

static void add_reach(struct fixture *x, const char *check_id, const char *target,
		      const char *address, uint16_t port, bool udp, bool must_work,
		      enum reach_outcome outcome)
{
	struct tenant_facts *t = &x->facts;
	struct reach_attempt *a;

	t->reach = mem_grow(t->reach, t->reach_count + 1, sizeof(*t->reach));
	a = &t->reach[t->reach_count++];
	*a = (struct reach_attempt){
		.port = port, .udp = udp, .must_work = must_work, .outcome = outcome
	};
	snprintf(a->check, sizeof(a->check), "%s", check_id);
	snprintf(a->target, sizeof(a->target), "%s", target);
	snprintf(a->address, sizeof(a->address), "%s", address);
}

static void add_dns(struct fixture *x, const char *check_id, const char *server, const char *name,
		    bool must_work)
{
	struct tenant_facts *t = &x->facts;
	struct dns_attempt *a;

	t->dns = mem_grow(t->dns, t->dns_count + 1, sizeof(*t->dns));
	a = &t->dns[t->dns_count++];
	*a = (struct dns_attempt){ .type = 1,
				   .must_work = must_work,
				   .outcome = must_work ? DNS_ANSWERED : DNS_NXDOMAIN };
	snprintf(a->check, sizeof(a->check), "%s", check_id);
	snprintf(a->server, sizeof(a->server), "%s", server);
	snprintf(a->name, sizeof(a->name), "%s", name);
	if (must_work)
		snprintf(a->answer, sizeof(a->answer), "%s", x->allocation.gateway_ip);
}

static void add_http(struct fixture *x, const char *check_id, const char *target,
		     const char *reason)
{
	struct tenant_facts *t = &x->facts;
	struct http_attempt *a;

	t->http = mem_grow(t->http, t->http_count + 1, sizeof(*t->http));
	a = &t->http[t->http_count++];
	*a = (struct http_attempt){ .port = 80,
				    .must_work = !strcmp(check_id, "route.control"),
				    .outcome = HTTP_ANSWERED,
				    .status = 403 };
	snprintf(a->check, sizeof(a->check), "%s", check_id);
	snprintf(a->what, sizeof(a->what), "%s", target);
	snprintf(a->target, sizeof(a->target), "%s", target);
	snprintf(a->wanted, sizeof(a->wanted), "other|%s", reason);
	snprintf(a->reason, sizeof(a->reason), "%s", reason);
}

static void make_attempts(struct fixture *x)
{
	const char *own = x->allocation.gateway_ip, *beta = x->other.worker_ip;

	add_reach(x, "net.gateway.control", "own gateway", own, 53, false, true, REACH_OPEN);
	add_reach(x, "net.gateway.control", "own gateway", own, 53, true, true, REACH_OPEN);
	add_reach(x, "net.gateway.ports", "own gateway", own, 22, false, false, REACH_REFUSED);
	add_reach(x, "net.host.tcp", "host", "192.0.2.1", 22, false, false, REACH_UNREACHABLE);
	add_reach(x, "net.host.udp", "host", "192.0.2.1", 53, true, false, REACH_UNREACHABLE);
	add_reach(x, "net.metadata", "metadata", "169.254.169.254", 80, false, false,
		  REACH_UNREACHABLE);
	add_reach(x, "net.internet.tcp", "internet", "1.1.1.1", 443, false, false,
		  REACH_UNREACHABLE);
	add_reach(x, "net.internet.udp", "internet", "1.1.1.1", 53, true, false, REACH_UNREACHABLE);
	add_reach(x, "net.published", "beta published port", "192.0.2.1", 8002, false, false,
		  REACH_UNREACHABLE);
	add_reach(x, "net.sibling.tcp", "beta worker", beta, 8080, false, false, REACH_UNREACHABLE);
	add_reach(x, "net.sibling.tcp", "beta worker", beta, 8080, false, true, REACH_OPEN);
	add_reach(x, "net.sibling.udp", "beta worker", beta, 53, true, false, REACH_UNREACHABLE);
	add_reach(x, "net.sibling.udp", "beta worker", beta, 53, true, true, REACH_OPEN);
	add_reach(x, "route.peer", "beta routes", x->other.gateway_ip, 80, false, false,
		  REACH_UNREACHABLE);
	add_reach(x, "route.peer", "beta routes", x->other.gateway_ip, 80, false, true, REACH_OPEN);
	add_http(x, "route.control", "/no/", "route");
	add_http(x, "route.refused", "/../", "path");
	add_http(x, "route.target", "http://192.0.2.1/", "target");
	add_dns(x, "net.dns.gateway", own, "gateway", true);
	add_dns(x, "net.dns.gateway", own, "no.example", false);
	add_dns(x, "net.dns.embedded", "127.0.0.11", "tc-acme-gw", true);
	add_dns(x, "net.dns.embedded", "127.0.0.11", "no.example", false);
	add_dns(x, "net.sibling.dns", own, "tC-beTA", false);
	add_dns(x, "net.sibling.dns", "127.0.0.11", "tC-bEta-Gw", false);
}

static void make_network(struct fixture *x)
{
	struct interface_facts *i = mem_array(2, sizeof(*i));

	snprintf(i[0].name, sizeof(i[0].name), "lo");
	i[0].up = i[1].up = true;
	strlist_add(&i[0].addresses, "127.0.0.1/8");
	snprintf(i[1].name, sizeof(i[1].name), "eth0");
	strlist_addf(&i[1].addresses, "%s/29", x->allocation.worker_ip);
	snprintf(i[1].bridge, sizeof(i[1].bridge), "%.15s", x->allocation.bridge);
	x->facts.interfaces = i;
	x->facts.interface_count = 2;
	x->facts.routes = mem_array(1, sizeof(*x->facts.routes));
	snprintf(x->facts.routes[0].destination, sizeof(x->facts.routes[0].destination), "%.19s",
		 x->allocation.subnet);
	snprintf(x->facts.routes[0].interface, sizeof(x->facts.routes[0].interface), "eth0");
	x->facts.route_count = 1;
	x->facts.ipv6_disabled = true;
	x->facts.bridge_rp_filter = 1;
}

void fixture_make(struct fixture *x)
{
	*x = (struct fixture){ 0 };
	make_ordered(x);
	make_observed(x);
	x->facts.running = x->facts.gateway_running = true;
	x->facts.init_pid = 100;
	x->facts.processes = fixture_processes(100, x->allocation.worker_uid, 2000, 2);
	x->facts.process_count = 2;
	fixture_make_gateway(x);
	set_ns(x->facts.host_ns, 1000);
	set_ns(x->other_ns, 4000);
	make_mounts(x);
	make_limits(x);
	make_attempts(x);
	make_network(x);
	x->sibling = (struct sibling){
		.tenant = "beta", .allocation = &x->other, .running = true, .ns = x->other_ns
	};
	fixture_make_places(x);
	x->in = (struct check_input){ .spec = &x->spec,
				      .allocation = &x->allocation,
				      .desired = &x->desired,
				      .engine = &x->engine,
				      .worker = &x->worker,
				      .gateway = &x->gateway,
				      .network = &x->network,
				      .egress = &x->egress,
				      .facts = &x->facts,
				      .expected_filter = &x->filter,
				      .siblings = &x->sibling,
				      .sibling_count = 1 };
}

void fixture_free(struct fixture *x)
{
	tenant_spec_free(&x->spec);
	host_config_free(&x->host);
	allocation_free(&x->allocation);
	allocation_free(&x->other);
	desired_free(&x->desired);
	desired_free(&x->observed);
	engine_info_free(&x->engine);
	container_info_free(&x->worker);
	container_info_free(&x->gateway);
	network_info_free(&x->network);
	network_info_free(&x->egress);
	seccomp_program_free(&x->filter);
	tenant_facts_free(&x->facts);
	mount_places_free(&x->other_places);
}

struct reach_attempt *fixture_reach(struct fixture *x, const char *check_id, bool must_work)
{
	for (size_t i = 0; i < x->facts.reach_count; i++)
		if (!strcmp(x->facts.reach[i].check, check_id) &&
		    x->facts.reach[i].must_work == must_work)
			return &x->facts.reach[i];
	fail_msg("no attempt for %s", check_id);
	return NULL;
}

struct http_attempt *fixture_http(struct fixture *x, const char *check_id)
{
	for (size_t i = 0; i < x->facts.http_count; i++)
		if (!strcmp(x->facts.http[i].check, check_id))
			return &x->facts.http[i];
	fail_msg("no request for %s", check_id);
	return NULL;
}

struct dns_attempt *fixture_dns(struct fixture *x, const char *check_id, bool must_work)
{
	for (size_t i = 0; i < x->facts.dns_count; i++)
		if (!strcmp(x->facts.dns[i].check, check_id) &&
		    x->facts.dns[i].must_work == must_work)
			return &x->facts.dns[i];
	fail_msg("no query for %s", check_id);
	return NULL;
}

struct proc_mount *fixture_mount(struct fixture *x, const char *target)
{
	for (size_t i = 0; i < x->facts.mounts.count; i++)
		if (!strcmp(x->facts.mounts.items[i].target, target))
			return &x->facts.mounts.items[i];
	fail_msg("no mount at %s", target);
	return NULL;
}
