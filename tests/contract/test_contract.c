/*
 * Contract with the engine: each case is a recorded exchange that is replayed through
 * the real libcurl path. Without arguments all cases are checked, and one that no
 * step below uses fails. With SOCKET DIRECTORY the steps run against a live engine,
 * in order, and write the cases anew (scripts/record-engine cleans them up).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support/case_file.h"
#include "../support/replay_server.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "engine/client.h"

#define CASES "tests/contract/cases"
#define WORKER "tc-contract"
#define OTHER "tc-contract-other"
#define NETWORK "tc-contract-net"
#define LABEL "dev.tenantctl.contract"
#define ALL_PERMISSIONS (ENGINE_MAY_CHANGE | ENGINE_MAY_LOAD)

/* Makes its calls and prints what they returned into `sees`. */
typedef int step_fn(struct client *c, struct strbuf *sees, struct err *e);

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
	return client_container_logs(c, WORKER, false, false, 10, on_line, sees, e);
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

static int info(struct client *c, struct strbuf *sees, struct err *e)
{
	struct engine_info i;

	if (client_info(c, &i, e) < 0)
		return -1;
	strbuf_printf(sees,
		      "%s %s memory=%d swap=%d pids=%d cpu=%d containerd=%d runc=%d seccomp=%d",
		      i.storage_driver, i.os_type, i.memory_limit, i.swap_limit, i.pids_limit,
		      i.cpu_cfs_quota, i.containerd_store, strlist_has(&i.runtimes, "runc"),
		      i.security_options.count > 0 &&
			      strncmp(i.security_options.items[0], "name=seccomp", 12) == 0);
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
	assert_non_null(f);
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

struct step {
	const char *name;
	step_fn *run;
};

/* In the order in which a live engine takes them. */
static const struct step steps[] = {
	{ "info-ok", info },
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
	{ "network_remove-busy", remove_network },
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

static void describe(int ret, const struct err *e, struct strbuf *out)
{
	if (ret == 0)
		strbuf_puts(out, "ok");
	else
		strbuf_printf(out, "%s %d", err_code_name(e->code), e->status);
}

static char *http_reply(const struct case_exchange *x, size_t *out_len)
{
	struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_printf(&b, "HTTP/1.1 %d Recorded\r\n", x->status);
	if (x->type)
		strbuf_printf(&b, "Content-Type: %s\r\n", x->type);
	if (x->status != 204 && x->status != 304)
		strbuf_printf(&b, "Content-Length: %zu\r\n", x->reply.len);
	strbuf_puts(&b, "\r\n");
	strbuf_add(&b, strbuf_str(&x->reply), x->reply.len);
	*out_len = b.len;
	return strbuf_take(&b);
}

static void replay(const struct step *step, const struct case_file *f, const char *name)
{
	auto_free char *ping =
		mem_printf("HTTP/1.1 200 OK\r\nApi-Version: %s\r\nServer: Docker/%s (linux)\r\n"
			   "Content-Length: 0\r\n\r\n",
			   f->api, f->engine);
	struct replay_step play[CASE_EXCHANGES_MAX + 1] = { { .request = "HEAD /_ping",
							      .reply = ping } };
	auto_strbuf struct strbuf sees = STRBUF_INIT(65536);
	auto_strbuf struct strbuf outcome = STRBUF_INIT(256);
	struct replay_server s;
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	size_t i;
	int ret;

	for (i = 0; i < f->count; i++) {
		play[i + 1].request = f->exchanges[i].request;
		play[i + 1].body = f->exchanges[i].body;
		play[i + 1].reply = http_reply(&f->exchanges[i], &play[i + 1].reply_len);
	}
	replay_start(&s, play, f->count + 1);
	assert_int_equal(transport_open_unix(s.path, false, &t, &e), 0);
	assert_int_equal(client_open(t, ALL_PERMISSIONS, &c, &e), 0);
	ret = step->run(c, &sees, &e);
	describe(ret, &e, &outcome);
	client_close(c);
	if (replay_stop(&s) != (int)f->count + 1)
		fail_msg("%s: %s", name, s.why[0] ? s.why : "not every exchange was used");
	if (strcmp(strbuf_str(&outcome), f->outcome) != 0)
		fail_msg("%s: %s: %s", name, strbuf_str(&outcome), e.message);
	if (strcmp(strbuf_str(&sees), f->sees ? f->sees : "") != 0)
		fail_msg("%s: sees %s", name, strbuf_str(&sees));
	for (i = 0; i < f->count; i++)
		free((char *)play[i + 1].reply);
}

static const struct step *step_of(const char *file)
{
	size_t i, len = strcspn(file, "@");

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (strlen(steps[i].name) == len && strncmp(steps[i].name, file, len) == 0)
			return &steps[i];
	return NULL;
}

static void test_cases(void **state)
{
	auto_strlist struct strlist files = { 0 };
	struct err e = ERR_INIT;
	size_t i, k;

	(void)state;
	assert_int_equal(fsio_list(CASES, 1000, &files, &e), 0);
	for (i = 0; i < files.count; i++) {
		auto_free char *path = mem_printf(CASES "/%s", files.items[i]);
		const struct step *step = step_of(files.items[i]);
		struct case_file f = { 0 };

		if (!step)
			fail_msg("%s: no step uses it", path);
		if (case_read(path, &f, &e) < 0)
			fail_msg("%s", e.message);
		replay(step, &f, files.items[i]);
		case_free(&f);
	}
	/* And no step without a case from both ends of the supported range. */
	for (k = 0; k < ARRAY_SIZE(steps); k++) {
		auto_free char *oldest = mem_printf("%s@1.41.case", steps[k].name);
		auto_free char *newest = mem_printf("%s@1.51.case", steps[k].name);

		if (!strlist_has(&files, oldest) || !strlist_has(&files, newest))
			fail_msg("%s: no recorded case", steps[k].name);
	}
}

static int record_all(const char *socket_path, const char *dir)
{
	struct case_file *now = NULL;
	struct engine_info engine;
	struct transport *t;
	struct client *c;
	struct err e = ERR_INIT;
	size_t i;

	if (transport_open_unix(socket_path, false, &t, &e) < 0 ||
	    client_open(case_recorder_new(t, &now), ALL_PERMISSIONS, &c, &e) < 0 ||
	    client_info(c, &engine, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		const struct timespec settle = { .tv_nsec = 300000000 };
		auto_strbuf struct strbuf sees = STRBUF_INIT(65536);
		auto_strbuf struct strbuf outcome = STRBUF_INIT(256);
		auto_free char *path =
			mem_printf("%s/%s@%s.case", dir, steps[i].name, client_api(c));
		struct case_file f = { 0 };

		err_clear(&e);
		now = &f;
		describe(steps[i].run(c, &sees, &e), &e, &outcome);
		now = NULL;
		mem_replace(&f.engine, engine.server_version);
		mem_replace(&f.api, client_api(c));
		mem_replace(&f.outcome, strbuf_str(&outcome));
		mem_replace(&f.sees, strbuf_str(&sees));
		if (case_write(path, &f, &e) < 0) {
			(void)fprintf(stderr, "%s\n", e.message);
			return 1;
		}
		(void)printf("%-32s %s\n", steps[i].name, strbuf_str(&outcome));
		case_free(&f);
		/* Output and exit of the worker need a moment on a live engine. */
		(void)nanosleep(&settle, NULL);
	}
	engine_info_free(&engine);
	client_close(c);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	if (argc == 3)
		return record_all(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
