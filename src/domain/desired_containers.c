/*
 * The worker and its gateway as the engine gets them. The worker is the hostile
 * side: every limit is explicit, no default of the engine is relied on where it
 * could be weaker. The gateway gets the same treatment with its own, smaller limits.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "desired_internal.h"
#include "domain/paths.h"

#define NS_PER_SECOND 1000000000LL
/* Bytes per inode on the worker's /tmp: an inode costs kernel memory that size= does not count. */
#define TMP_BYTES_PER_INODE 16384

/* HAProxy with as many connections as it takes has up to 32 MiB; a second one, that was replaced,
 * may have as many still. The rest is for what is beside them and for the kernel's buffers. */
#define GATEWAY_MEMORY ((int64_t)128 << 20)
#define GATEWAY_PIDS 32
#define GATEWAY_NOFILE 16384
#define GATEWAY_CPUS_NANO 1000000000LL
#define GATEWAY_STOP_SECONDS 5

static void *list_push(struct bind_list *l, size_t size)
{
	l->items = mem_grow(l->items, l->count + 1, size);
	l->count++;
	void *last = (char *)l->items + (l->count - 1) * size;
	memset(last, 0, size);
	return last;
}

static void add_ulimit(struct container_spec *c, const char *name, int64_t value)
{
	struct engine_ulimit *u = list_push(&c->ulimits, sizeof(*u));

	*u = (struct engine_ulimit){ .name = mem_strdup(name), .soft = value, .hard = value };
}

static void add_bind(struct container_spec *c, const char *source, const char *target, bool ro)
{
	struct engine_mount *m = list_push(&c->mounts, sizeof(*m));

	*m = (struct engine_mount){ .type = mem_strdup("bind"),
				    .source = mem_strdup(source),
				    .target = mem_strdup(target),
				    .read_only = ro };
}

static void add_endpoint(struct container_spec *c, const char *network, const char *ipv4)
{
	struct engine_endpoint *p = list_push(&c->endpoints, sizeof(*p));

	*p = (struct engine_endpoint){ .network = mem_strdup(network), .ipv4 = mem_strdup(ipv4) };
}

static void log_limits(struct container_spec *c, const char *driver, uint64_t size, int64_t files)
{
	auto_free char *max_size = mem_printf("%llu", (unsigned long long)size);
	auto_free char *max_file = mem_printf("%lld", (long long)files);

	c->log_driver = mem_strdup(driver);
	strmap_set(&c->log_options, "max-size", max_size);
	strmap_set(&c->log_options, "max-file", max_file);
}

/* Engines before 28.0 leave some of these readable (moby#49560 and before), and none masks the last
 * two: a loop device tells the file behind it, and with it the name of every tenant. A list given
 * replaces the engine's, so the whole of it is given. Paths that do not exist are no error to the
 * runtime. */
static void mask_paths(const struct desired_inputs *in, struct container_spec *c)
{
	static const char *const paths[] = {
		"/proc/acpi",
		"/proc/asound",
		"/proc/interrupts",
		"/proc/kcore",
		"/proc/keys",
		"/proc/latency_stats",
		"/proc/sched_debug",
		"/proc/scsi",
		"/proc/timer_list",
		"/proc/timer_stats",
		"/sys/firmware",
		"/sys/devices/virtual/powercap",
		"/sys/devices/virtual/block",
		"/sys/fs/ext4",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		strlist_add(&c->masked_paths, paths[i]);
	for (int64_t cpu = 0; cpu < in->cpus; cpu++)
		strlist_addf(&c->masked_paths, "/sys/devices/system/cpu/cpu%lld/thermal_throttle",
			     (long long)cpu);
}

/* Engines before 28.0 give every container a default route, here to an address that nobody holds.
 * With these a lost packet is "no route to host" after 0.2 s instead of 3 (arp(7)). These engines
 * set sysctls when eth0 is there already; newer ones refuse them by name. */
static void fail_fast(const struct desired_inputs *in, struct container_spec *c)
{
	if (in->isolated_gateway_mode)
		return;
	strmap_set(&c->sysctls, "net.ipv4.neigh.eth0.mcast_solicit", "2");
	strmap_set(&c->sysctls, "net.ipv4.neigh.eth0.retrans_time_ms", "100");
}

/* What worker and gateway have in common: no privilege of any kind, nothing shared. */
static void confine(struct container_spec *c, int64_t uid, const char *seccomp)
{
	c->user = mem_printf("%lld:%lld", (long long)uid, (long long)uid);
	strlist_add(&c->cap_drop, "ALL");
	strlist_add(&c->security_opt, "no-new-privileges");
	strlist_addf(&c->security_opt, "seccomp=%s", seccomp);
	c->readonly_rootfs = true;
	c->ipc_mode = mem_strdup("private");
	/* Not the engine's default on cgroup v1, where a container would see its siblings' paths.
	 */
	c->cgroupns_mode = mem_strdup("private");
	/* Said in so many words: the engine's default runtime may be another one. */
	c->runtime = mem_strdup("runc");
	add_ulimit(c, "core", 0);
}

static void worker_mounts(const struct desired_inputs *in, struct container_spec *c)
{
	const char *tenant = in->spec->tenant;
	auto_free char *workspace = path_of(in->root, PATH_WORKSPACE_DATA, tenant);
	auto_free char *resolv = path_of(in->root, PATH_RESOLV_CONF, tenant);

	add_bind(c, workspace, in->spec->workspace.path, false);
	add_bind(c, resolv, "/etc/resolv.conf", true);
	for (size_t i = 0; i < in->spec->source.count; i++) {
		const struct source_entry *s = (struct source_entry *)in->spec->source.items + i;

		add_bind(c, s->host, s->path, true);
	}
}

/* uid and gid besides the mode: the runtime gives the mount the mode that the image's folder has
 * (runc, rootfs_linux.go), whatever mode= says. */
static void worker_tmp(const struct tenant_spec *s, int64_t uid, struct container_spec *c)
{
	uint64_t inodes = MAX_OF(s->resources.tmp / TMP_BYTES_PER_INODE, 1024u);
	auto_free char *tmp = mem_printf(
		"rw,noexec,nosuid,nodev,size=%llu,nr_inodes=%llu,mode=1777,uid=%lld,gid=%lld",
		(unsigned long long)s->resources.tmp, (unsigned long long)inodes, (long long)uid,
		(long long)uid);

	strmap_set(&c->tmpfs, "/tmp", tmp);
}

static void add_rate(struct bind_list *l, const char *device, uint64_t rate)
{
	struct engine_device_rate *r = list_push(l, sizeof(*r));

	*r = (struct engine_device_rate){ .path = mem_strdup(device), .rate = (int64_t)rate };
}

/* On the workspace's own device, the only disk it writes to, where the kernel charges a request to
 * the cgroup that makes it. On the disk below, it is the loop driver that writes, and on cgroup v1
 * nothing but a read of what is in no cache is held up there. */
static void worker_disk(const struct desired_inputs *in, struct container_spec *c)
{
	auto_free char *device = path_of(in->root, PATH_WORKSPACE_DEVICE, in->spec->tenant);

	if (in->spec->resources.disk_rate == 0)
		return;
	add_rate(&c->read_rates, device, in->spec->resources.disk_rate);
	add_rate(&c->write_rates, device, in->spec->resources.disk_rate);
}

static void worker_limits(const struct tenant_spec *s, struct container_spec *c)
{
	c->memory = (int64_t)s->resources.memory;
	c->memory_swap = c->memory; /* equal means: no swap on top */
	c->nano_cpus = s->resources.cpus * 1000000;
	c->pids_limit = s->resources.pids;
	c->shm_size = (int64_t)s->resources.shm;
	add_ulimit(c, "nofile", s->resources.nofile);
	/* Counted per uid by the kernel; sound here because no two tenants share one. */
	add_ulimit(c, "nproc", s->resources.pids);
}

static void worker_health(const struct health_spec *h, struct engine_health *out)
{
	if (!h->command.count) {
		strlist_add(&out->test, "NONE"); /* the image's own check is switched off, too */
		return;
	}
	strlist_add(&out->test, "CMD");
	for (size_t i = 0; i < h->command.count; i++)
		strlist_add(&out->test, h->command.items[i]);
	out->interval_ns = h->interval * NS_PER_SECOND;
	out->timeout_ns = h->timeout * NS_PER_SECOND;
	out->start_period_ns = h->start_period * NS_PER_SECOND;
	out->retries = h->retries;
}

static void worker_environment(const struct tenant_spec *s, const char *token,
			       struct container_spec *c)
{
	/* The image's home belongs to another uid and its root is read-only. */
	if (!strmap_get(&s->environment, "HOME"))
		strlist_addf(&c->env, "HOME=%s", s->workspace.path);
	for (size_t i = 0; i < s->environment.count; i++) {
		const struct strmap_entry *v = &s->environment.entries[i];
		bool stands_in = token && variable_is_placeholder(s, v);

		strlist_addf(&c->env, "%s=%s", v->key, stands_in ? token : v->value);
	}
}

void desired_worker(const struct desired_inputs *in, struct container_spec *c)
{
	const struct tenant_spec *s = in->spec;
	auto_free char *network = desired_worker_name(s->tenant);

	confine(c, in->allocation->worker_uid, in->worker_seccomp);
	c->image = mem_strdup(in->worker_image_id);
	c->hostname = mem_strdup("worker"); /* tenant-neutral: a name is a fact about the host */
	strlist_copy(&c->cmd, &s->command);
	worker_environment(s, in->allocation->token, c);
	worker_health(&s->health, &c->health);
	c->stop_timeout = s->stop_timeout;
	c->init = true;
	worker_limits(s, c);
	worker_disk(in, c);
	worker_tmp(s, in->allocation->worker_uid, c);
	worker_mounts(in, c);
	log_limits(c, s->logs.driver == LOG_DRIVER_LOCAL ? "local" : "json-file", s->logs.size,
		   s->logs.files);
	/* The one policy that remembers a stop: under "on-failure" a worker that did not verify, or
	 * that an operator stopped, comes back when the engine is restarted, as its exit status is
	 * not 0. After a reboot the workspace is not mounted and the engine's start fails. */
	c->restart_policy = mem_strdup("unless-stopped");
	c->network_mode = mem_strdup(network);
	add_endpoint(c, network, in->allocation->worker_ip);
	/* The engine's own resolver inside the container forwards here and not to the host's
	 * resolvers, which engines before 23.0.11 did even for internal networks (CVE-2024-29018).
	 */
	strlist_add(&c->dns, in->allocation->gateway_ip);
	mask_paths(in, c);
	fail_fast(in, c);
}

/* The files are root's; what it writes itself goes to a folder that is told from them. Copies of
 * the files it runs on stay inside. */
static void gateway_mounts(const struct desired_inputs *in, struct container_spec *c)
{
	auto_free char *files = path_of(in->root, PATH_GATEWAY_FILES, in->spec->tenant);
	auto_free char *state = path_of(in->root, PATH_GATEWAY_STATE, in->spec->tenant);
	long long uid = in->allocation->gateway_uid;
	auto_free char *own =
		mem_printf("rw,noexec,nosuid,nodev,size=16m,mode=0700,uid=%lld,gid=%lld", uid, uid);

	add_bind(c, files, "/etc/gateway", true);
	add_bind(c, state, "/var/lib/gateway", false);
	strmap_set(&c->tmpfs, "/run/gateway", own);
}

void desired_gateway(const struct desired_inputs *in, struct container_spec *c)
{
	const struct allocation *a = in->allocation;
	auto_free char *network = desired_worker_name(in->spec->tenant);
	struct engine_port *port;

	confine(c, a->gateway_uid, in->gateway_seccomp);
	c->image = mem_strdup(in->gateway_image_id);
	c->hostname = mem_strdup("gateway");
	strlist_add(&c->cmd, in->spec->tenant); /* names the tenant in the gateway's log lines */
	strlist_add(&c->health.test, "NONE");
	c->stop_timeout = GATEWAY_STOP_SECONDS;
	c->memory = GATEWAY_MEMORY;
	c->memory_swap = GATEWAY_MEMORY;
	c->nano_cpus = GATEWAY_CPUS_NANO;
	c->pids_limit = GATEWAY_PIDS;
	c->shm_size = (int64_t)1 << 20;
	add_ulimit(c, "nofile", GATEWAY_NOFILE);
	/* Ports below 1024 without a capability; and it is a proxy, never a router. */
	strmap_set(&c->sysctls, "net.ipv4.ip_unprivileged_port_start", "0");
	strmap_set(&c->sysctls, "net.ipv4.ip_forward", "0");
	gateway_mounts(in, c);
	log_limits(c, "json-file", (uint64_t)5 << 20, 3);
	mask_paths(in, c);
	c->restart_policy = mem_strdup("unless-stopped");
	c->network_mode = mem_strdup(EGRESS_NETWORK_NAME);
	add_endpoint(c, EGRESS_NETWORK_NAME, a->egress_ip);
	add_endpoint(c, network, a->gateway_ip);
	port = list_push(&c->ports, sizeof(*port));
	*port = (struct engine_port){ .container_port = mem_printf("%d/tcp", GATEWAY_INBOUND_PORT),
				      .host_ip = mem_strdup(a->listen_host),
				      .host_port = mem_printf("%lld", (long long)a->listen_port) };
}
