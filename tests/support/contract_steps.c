/*
 * The steps of the engine contract. Names are fixed, so that a step depends on the
 * engine's state only and its recording stands alone.
 */
#include "contract_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORKER "tc-contract"
#define OTHER "tc-contract-other"
#define NETWORK "tc-contract-net"
#define LABEL "dev.tenantctl.contract"

static char *text(const char *s)
{
	return mem_strdup(s);
}

static void fill_endpoint(struct engine_endpoint *ep)
{
	ep->network = text(NETWORK);
	ep->ipv4 = text("10.231.250.3");
	strlist_add(&ep->aliases, "worker");
}

static void fill_lists(struct container_spec *s)
{
	static const char profile[] = "seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
				      "[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

	strlist_add(&s->cmd, "sh");
	strlist_add(&s->cmd, "-c");
	strlist_add(&s->cmd, "echo out; echo err >&2; exec sleep 600");
	strlist_add(&s->env, "TZ=UTC");
	strlist_add(&s->cap_drop, "ALL");
	strlist_add(&s->security_opt, "no-new-privileges");
	strlist_add(&s->security_opt, profile);
	strlist_add(&s->health.test, "CMD");
	strlist_add(&s->health.test, "true");
	strmap_set(&s->labels, LABEL, "1");
	strmap_set(&s->tmpfs, "/tmp", "size=1m,noexec");
	strmap_set(&s->log_options, "max-size", "1m");
}

static void worker_spec(struct container_spec *s, const char *image)
{
	struct engine_ulimit *ulimits = mem_array(2, sizeof(*ulimits));
	struct engine_mount *mount = mem_alloc(sizeof(*mount));
	struct engine_endpoint *ep = mem_alloc(sizeof(*ep));

	memset(s, 0, sizeof(*s));
	s->image = text(image);
	s->user = text("100001:100001");
	s->hostname = text("worker");
	s->network_mode = text(NETWORK);
	s->cgroupns_mode = text("private");
	s->log_driver = text("json-file");
	s->readonly_rootfs = s->init = true;
	s->memory = s->memory_swap = 64 << 20;
	s->nano_cpus = 500000000;
	s->pids_limit = 64;
	s->health.interval_ns = 600000000000;
	s->stop_timeout = 1;
	fill_lists(s);
	ulimits[0] = (struct engine_ulimit){ .name = text("nofile"), .soft = 100, .hard = 200 };
	ulimits[1] = (struct engine_ulimit){ .name = text("core") };
	s->ulimits = (struct bind_list){ ulimits, 2 };
	*mount = (struct engine_mount){ .type = text("bind"),
					.source = text("/etc/hostname"),
					.target = text("/source"),
					.read_only = true };
	s->mounts = (struct bind_list){ mount, 1 };
	fill_endpoint(ep);
	s->endpoints = (struct bind_list){ ep, 1 };
}

static int create(struct client *c, const char *image, struct strbuf *sees, struct err *e)
{
	struct container_spec s;
	char id[ENGINE_ID_SIZE];
	int ret;

	worker_spec(&s, image);
	ret = client_container_create(c, WORKER, &s, id, e);
	if (ret == 0)
		strbuf_puts(sees, id);
	container_spec_free(&s);
	return ret;
}

static int create_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	return create(c, "bb:1", sees, e);
}

static int create_without_image(struct client *c, struct strbuf *sees, struct err *e)
{
	return create(c, "tc-contract:none", sees, e);
}

/* Prints every difference to what create_worker asked for: there must be none. */
static int inspect_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	auto_strlist struct strlist diff = { 0 };
	struct container_info info;
	struct container_spec wanted;
	size_t i;

	if (client_container_inspect(c, WORKER, &info, e) < 0)
		return -1;
	worker_spec(&wanted, "bb:1");
	(void)container_spec_diff(&wanted, &info.spec, &diff);
	strbuf_printf(sees, "%s %s running=%d pid=%s health=%s differences=%zu", info.name,
		      info.state.status, info.state.running, info.state.pid > 0 ? "yes" : "no",
		      info.state.health, diff.count);
	for (i = 0; i < diff.count; i++)
		strbuf_printf(sees, " [%s]", diff.items[i]);
	container_spec_free(&wanted);
	container_info_free(&info);
	return 0;
}

static int inspect_missing(struct client *c, struct strbuf *sees, struct err *e)
{
	struct container_info info;

	(void)sees;
	if (client_container_inspect(c, "tc-contract-none", &info, e) < 0)
		return -1;
	container_info_free(&info);
	return 0;
}

static int list_containers(struct client *c, struct strbuf *sees, struct err *e)
{
	const char *const labels[] = { LABEL "=1" };
	struct bind_list rows;
	const struct container_row *row;

	if (client_container_list(c, labels, 1, &rows, e) < 0)
		return -1;
	row = rows.items;
	strbuf_printf(sees, "%zu %s %s %s", rows.count, row->name, row->state,
		      strmap_get(&row->labels, LABEL));
	container_rows_free(&rows);
	return 0;
}

static int start(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_start(c, WORKER, e);
}

static int stop(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_stop(c, WORKER, 1, e);
}

static int kill_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_kill(c, WORKER, "KILL", e);
}

static int remove_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_remove(c, WORKER, e);
}

static int rename_away(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_rename(c, WORKER, OTHER, e);
}

static int rename_back(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_container_rename(c, OTHER, WORKER, e);
}

static int memory(struct client *c, struct strbuf *sees, struct err *e)
{
	int64_t bytes;

	if (client_container_memory(c, WORKER, &bytes, e) < 0)
		return -1;
	strbuf_printf(sees, "%s", bytes > 0 ? "some" : "none");
	return 0;
}

static int on_line(void *arg, const struct log_line *line)
{
	strbuf_printf(arg, "%d:%.*s,", line->stream, (int)strcspn(line->data, "\n"), line->data);
	return 0;
}

static int logs(struct client *c, struct strbuf *sees, struct err *e)
{
	return client_container_logs(c, WORKER, false, 10, on_line, sees, e);
}

/* The times differ between recordings: that there is one is what is seen of it. */
static int on_stamped(void *arg, const struct log_line *line)
{
	static const char like[] = "2026-01-01T00:00:00.000000000Z ";
	struct log_line rest = *line;
	struct strbuf *sees = arg;

	if (line->len < sizeof(like) || line->data[10] != 'T' || line->data[19] != '.' ||
	    line->data[sizeof(like) - 2] != ' ')
		return strbuf_puts(sees, "unstamped,"), 0;
	rest.data += sizeof(like) - 1;
	rest.len -= sizeof(like) - 1;
	return on_line(arg, &rest);
}

static int logs_stamped(struct client *c, struct strbuf *sees, struct err *e)
{
	return client_container_logs_stamped(c, WORKER, false, "2026-01-01T00:00:00.000000001Z",
					     on_stamped, sees, e);
}

static int create_network(struct client *c, struct strbuf *sees, struct err *e)
{
	struct network_spec s = { .internal = true };
	char id[ENGINE_ID_SIZE];
	int ret;

	s.name = text(NETWORK);
	s.subnet = text("10.231.250.0/29");
	s.gateway = text("10.231.250.1");
	strmap_set(&s.options, "com.docker.network.bridge.inhibit_ipv4", "true");
	strmap_set(&s.labels, LABEL, "1");
	ret = client_network_create(c, &s, id, e);
	if (ret == 0)
		strbuf_puts(sees, id);
	network_spec_free(&s);
	return ret;
}

static int inspect_network(struct client *c, struct strbuf *sees, struct err *e)
{
	struct network_info n;

	if (client_network_inspect(c, NETWORK, &n, e) < 0)
		return -1;
	strbuf_printf(sees, "%s %s %s internal=%d ipv6=%d members=%zu", n.spec.name, n.driver,
		      n.spec.subnet, n.spec.internal, n.spec.enable_ipv6, n.members.count);
	network_info_free(&n);
	return 0;
}

static int list_networks(struct client *c, struct strbuf *sees, struct err *e)
{
	const char *const labels[] = { LABEL "=1" };
	struct bind_list l;

	if (client_network_list(c, labels, 1, &l, e) < 0)
		return -1;
	strbuf_printf(sees, "%zu %s", l.count, ((const struct network_info *)l.items)->spec.name);
	network_infos_free(&l);
	return 0;
}

static int connect_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	struct engine_endpoint ep = { 0 };
	int ret;

	(void)sees;
	fill_endpoint(&ep);
	ret = client_network_connect(c, NETWORK, WORKER, &ep, e);
	free(ep.network);
	free(ep.ipv4);
	strlist_free(&ep.aliases);
	return ret;
}

static int disconnect_worker(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_network_disconnect(c, NETWORK, WORKER, e);
}

static int remove_network(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_network_remove(c, NETWORK, e);
}

static int remove_held_network(struct client *c, struct strbuf *sees, struct err *e)
{
	int rc = client_network_remove(c, NETWORK, e);

	(void)sees;
	if (rc && !client_network_is_held(e))
		return err_set(e, ERR_INTERNAL, "not told from other refusals: %d", e->status);
	return rc;
}

static const struct engine_runtime *runtime_of(const struct engine_info *i, const char *name)
{
	static const struct engine_runtime none;
	const struct engine_runtime *r = i->runtime_details.items;

	for (size_t k = 0; k < i->runtime_details.count; k++)
		if (strcmp(r[k].name, name) == 0)
			return &r[k];
	return &none;
}

static int version(struct client *c, struct strbuf *sees, struct err *e)
{
	struct engine_version v;
	const char *runc;

	if (client_version(c, &v, e) < 0)
		return -1;
	runc = engine_component_version(&v, "runc");
	strbuf_printf(sees, "%s api=%s min=%s components=%zu runc=%s", v.version, v.api, v.min_api,
		      v.components.count, runc ? runc : "-");
	engine_version_free(&v);
	return 0;
}

static int info(struct client *c, struct strbuf *sees, struct err *e)
{
	struct engine_info i;

	if (client_info(c, &i, e) < 0)
		return -1;
	strbuf_printf(
		sees,
		"%s %s memory=%d swap=%d pids=%d cpu=%d containerd=%d runc=%d seccomp=%d "
		"default=%s path=%s version=%s log=%s swarm=%s firewall=%s authz=%zu insecure=%zu",
		i.storage_driver, i.os_type, i.memory_limit, i.swap_limit, i.pids_limit,
		i.cpu_cfs_quota, i.containerd_store, strlist_has(&i.runtimes, "runc"),
		i.security_options.count > 0 &&
			strncmp(i.security_options.items[0], "name=seccomp", 12) == 0,
		i.default_runtime, runtime_of(&i, "runc")->path,
		runtime_of(&i, "runc")->version ? runtime_of(&i, "runc")->version : "-",
		i.logging_driver, i.swarm_state, i.firewall, i.authorization.count,
		i.insecure_registries.count);
	engine_info_free(&i);
	return 0;
}

static int inspect_image(struct client *c, struct strbuf *sees, struct err *e)
{
	struct image_info i;

	if (client_image_inspect(c, "bb:1", &i, e) < 0)
		return -1;
	strbuf_printf(sees, "%s layers=%zu volumes=%zu", i.repo_tags.items[0], i.layers.count,
		      i.volumes.count);
	image_info_free(&i);
	return 0;
}

static int inspect_no_image(struct client *c, struct strbuf *sees, struct err *e)
{
	struct image_info i;

	(void)sees;
	if (client_image_inspect(c, "tc-contract:none", &i, e) < 0)
		return -1;
	image_info_free(&i);
	return 0;
}

static int load_garbage(struct client *c, struct strbuf *sees, struct err *e)
{
	FILE *f = tmpfile();
	int ret;

	(void)sees;
	if (!f)
		abort();
	(void)fputs("this is no archive", f);
	rewind(f);
	ret = client_image_load(c, fileno(f), NULL, NULL, e);
	(void)fclose(f);
	return ret;
}

static int pull_refused(struct client *c, struct strbuf *sees, struct err *e)
{
	(void)sees;
	return client_image_pull(c, "localhost:1/none:1", NULL, NULL, e);
}

/* In the order in which a live engine takes them. */
const struct contract_step contract_steps[] = {
	{ "info-ok", info },
	{ "version-ok", version },
	{ "image_inspect-ok", inspect_image },
	{ "image_inspect-missing", inspect_no_image },
	{ "image_load-garbage", load_garbage },
	{ "image_pull-refused", pull_refused },
	{ "network_create-ok", create_network },
	{ "network_create-taken", create_network },
	{ "network_inspect-ok", inspect_network },
	{ "network_list-ok", list_networks },
	{ "container_create-no_image", create_without_image },
	{ "container_create-ok", create_worker },
	{ "container_create-taken", create_worker },
	{ "container_inspect-created", inspect_worker },
	{ "container_inspect-missing", inspect_missing },
	{ "container_start-ok", start },
	{ "container_start-already", start },
	{ "container_inspect-running", inspect_worker },
	{ "container_list-ok", list_containers },
	{ "container_memory-ok", memory },
	{ "container_logs-ok", logs },
	{ "container_logs-stamped", logs_stamped },
	{ "network_remove-busy", remove_held_network },
	{ "network_disconnect-ok", disconnect_worker },
	{ "network_disconnect-already", disconnect_worker },
	{ "network_connect-ok", connect_worker },
	{ "network_connect-already", connect_worker },
	{ "container_rename-ok", rename_away },
	{ "container_rename-back", rename_back },
	{ "container_kill-ok", kill_worker },
	{ "container_stop-already", stop },
	{ "container_kill-stopped", kill_worker },
	{ "container_remove-ok", remove_worker },
	{ "container_remove-missing", remove_worker },
	{ "container_start-missing", start },
	{ "container_stop-missing", stop },
	{ "network_remove-ok", remove_network },
	{ "network_remove-missing", remove_network },
};
const size_t contract_step_count = ARRAY_SIZE(contract_steps);
