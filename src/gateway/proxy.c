/* HAProxy processes: see supervisor.h. */
#include "hareply.h"
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HAPROXY "/usr/sbin/haproxy"
#define START_MS 5000
#define START_LOOK_MS 3
#define SWEEP_MAX 4096

/* ---- start --------------------------------------------------------------------------------- */

static void cli_path(unsigned number, char out[48])
{
	snprintf(out, 48, FOLDER_RUN "/cli.%u", number);
}

struct proxy *proxy_new(void)
{
	struct proxy *p = calloc(1, sizeof(*p));

	if (p) {
		child_init(&p->child, "haproxy", false);
		hacli_init(&p->cli);
	}
	return p;
}

static void forget_cli(struct proxy *p)
{
	char path[48];

	hacli_close(&p->cli);
	cli_path(p->cli_number, path);
	(void)unlink(path); /* HAProxy leaves it */
}

void proxy_free(struct proxy *p)
{
	if (!p)
		return;
	forget_cli(p);
	child_close_log(&p->child);
	rules_free(&p->rules);
	free(p);
}

/* One command line of HAProxy; `launch` points into the rest. */
struct command {
	char folder[32], config[48], cli[64], from[48];
	const char *argv[8], *env[3];
	struct launch launch;
};

static void make_command(struct command *c, const struct generation *g, const char *flag,
			 unsigned cli, const struct proxy *from)
{
	char path[48];
	size_t n = 0;

	generation_folder(g, c->folder);
	cli_path(cli, path);
	snprintf(c->config, sizeof(c->config), "GATEWAY_CONFIG=%s", g->id.haproxy);
	snprintf(c->cli, sizeof(c->cli), "GATEWAY_CLI=%s", path);
	c->env[0] = c->config;
	c->env[1] = c->cli;
	c->env[2] = NULL;
	c->argv[n++] = HAPROXY;
	c->argv[n++] = flag;
	c->argv[n++] = "-f";
	c->argv[n++] = "haproxy.cfg";
	if (from) {
		cli_path(from->cli_number, c->from);
		c->argv[n++] = "-x";
		c->argv[n++] = c->from;
	}
	c->argv[n] = NULL;
	c->launch = (struct launch){ c->argv, c->env, c->folder };
}

bool proxy_check(struct supervisor *s, const struct generation *g, char said[CHILD_SAID])
{
	struct command c;

	make_command(&c, g, "-c", 0, NULL);
	return child_check("haproxy", &c.launch, &s->events, said);
}

static bool wait_until_ready(struct supervisor *s, struct proxy *p)
{
	long long deadline = now_ms() + START_MS;
	char path[48];

	cli_path(p->cli_number, path);
	while (now_ms() < deadline) {
		if (hacli_open(&p->cli, path))
			return true;
		if (!child_lives(&p->child))
			return false;
		supervisor_pump(s, START_LOOK_MS);
	}
	return false;
}

bool proxy_start(struct supervisor *s, struct proxy *p, const struct generation *g,
		 const struct proxy *from)
{
	struct command c;
	int status;

	forget_cli(p);
	p->cli_number = ++s->last_cli;
	p->generation = g->number;
	p->counts = p->given_up = p->seed_failed = false;
	p->unseeded = true;
	p->connections = p->lost = 0;
	make_command(&c, g, "-db", p->cli_number, from);
	if (!child_spawn(&p->child, &c.launch, &s->events)) {
		child_delay(&p->child);
		return false;
	}
	event_program(&s->events, "started", p->child.name, "pid", p->child.pid);
	if (wait_until_ready(s, p))
		return true;
	kill(p->child.pid, SIGKILL);
	while (waitpid(p->child.pid, &status, 0) < 0 && errno == EINTR)
		;
	child_ended(&p->child, status, "died", &s->events);
	return false;
}

void proxy_reach(struct proxy *p)
{
	char path[48];

	cli_path(p->cli_number, path);
	if (p->cli.fd < 0 && p->child.pid && !p->child.parting)
		(void)hacli_open(&p->cli, path);
}

/* Without its interface nothing can be cut in a process: its connections end with it. */
static void give_up(struct supervisor *s, struct proxy *p)
{
	if (!p->child.pid || p->given_up)
		return;
	event_program(&s->events, "unresponsive", p->child.name, "pid", p->child.pid);
	kill(p->child.pid, SIGKILL);
	p->given_up = true;
}

bool proxy_answers(struct supervisor *s, struct proxy *p)
{
	if (p->cli.fd >= 0 && hacli_ask(&p->cli, "show version", NULL, NULL))
		return true;
	give_up(s, p);
	return false;
}

/* ---- keys ---------------------------------------------------------------------------------- */

bool proxy_swap(struct proxy *p, const char *folder)
{
	size_t keys_len = 0, echo_len = 0, kept = 0;
	char *keys = set_load(folder, "keys", SET_FILE_MAX, &keys_len);
	char *echo = set_load(folder, "echo", SET_FILE_MAX, &echo_len);
	bool done;

	if (keys)
		kept = rules_keep_keys(&p->rules, keys, keys_len);
	/* A new key must not go out before its echo would be noticed. */
	done = keys && echo && hacli_swap_patterns(&p->cli, "echo", echo, echo_len) &&
	       hacli_swap_map(&p->cli, "keys", keys, kept);
	if (keys)
		explicit_bzero(keys, keys_len);
	if (echo)
		explicit_bzero(echo, echo_len);
	free(keys);
	free(echo);
	return done;
}

/* ---- cuts ---------------------------------------------------------------------------------- */

void proxy_mark(struct supervisor *s, struct proxy *p)
{
	const struct rules *in_force = &s->current->rules;
	long long now = now_s();
	char command[192];

	for (size_t i = 0; i < p->rules.count; i++) {
		struct rule *r = &p->rules.rule[i];

		if (r->cut || rules_cover(in_force, &p->rules, r, now))
			continue;
		r->cut = true;
		/* A process that stops softly refuses this: it gets no new connections, and those
		 * that have not chosen a rule yet are found by later sweeps. */
		snprintf(command, sizeof(command), "set server %s/%s state maint", r->backend,
			 r->server);
		if (p->child.parting || hacli_ask(&p->cli, command, NULL, NULL))
			continue;
		give_up(s, p);
		return;
	}
}

struct sweep {
	struct proxy *proxy;
	uint64_t pointer[SWEEP_MAX];
	size_t count;
};

static void note_session(void *ctx, const char *line)
{
	struct sweep *sweep = ctx;
	struct hareply_session session;
	struct rule *r;

	if (sweep->count == SWEEP_MAX || !hareply_session(line, &session))
		return;
	r = rules_by_server(&sweep->proxy->rules, session.backend, session.server);
	if (!r || !r->cut)
		return;
	r->ended++;
	sweep->pointer[sweep->count++] = session.pointer;
}

static void report_cuts(struct supervisor *s, struct proxy *p)
{
	char id[RULE_ID_SIZE];

	for (size_t i = 0; i < p->rules.count; i++) {
		struct rule *r = &p->rules.rule[i];

		if (!r->ended)
			continue;
		rule_id(r, id);
		event_text(&s->events, "cut", "rule", id, "connections", r->ended);
		r->ended = 0;
	}
}

static bool has_cuts(const struct proxy *p)
{
	for (size_t i = 0; i < p->rules.count; i++)
		if (p->rules.rule[i].cut)
			return true;
	return false;
}

void proxy_sweep(struct supervisor *s, struct proxy *p)
{
	struct sweep sweep = { .proxy = p };
	char command[64];
	bool reached;

	/* One that was found idle is on its way out, without its interface. */
	if (!p->child.pid || !has_cuts(p) || (p->child.parting && p->cli.fd < 0))
		return;
	reached = hacli_ask(&p->cli, "show sess", note_session, &sweep);
	for (size_t i = 0; i < sweep.count && reached; i++) {
		snprintf(command, sizeof(command), "shutdown session 0x%" PRIx64, sweep.pointer[i]);
		/* A session that has just ended is no failure. */
		reached = hacli_ask(&p->cli, command, NULL, NULL);
	}
	report_cuts(s, p);
	if (!reached)
		give_up(s, p);
}

struct info {
	uint32_t jobs, connections, lost;
};

static void note_info(void *ctx, const char *line)
{
	struct info *i = ctx;

	(void)hareply_number(line, "Jobs: ", &i->jobs);
	(void)hareply_number(line, "CurrConns: ", &i->connections);
	(void)hareply_number(line, "DroppedLogs: ", &i->lost);
}

static bool read_info(struct supervisor *s, struct proxy *p, struct info *out)
{
	*out = (struct info){ .jobs = UINT32_MAX };
	if (!hacli_ask(&p->cli, "show info", note_info, out))
		return false;
	if (out->lost > p->lost)
		event_text(&s->events, "lines-lost", "program", p->child.name, "lines",
			   out->lost - p->lost);
	p->lost = out->lost;
	p->connections = out->connections;
	return true;
}

bool proxy_look(struct supervisor *s, struct proxy *p)
{
	struct info info;

	return read_info(s, p, &info);
}

bool proxy_is_idle(struct supervisor *s, struct proxy *p)
{
	struct info info;

	if (read_info(s, p, &info))
		return info.jobs <= 1;
	give_up(s, p);
	return false;
}

/* ---- daily counts -------------------------------------------------------------------------- */

struct count_reader {
	struct daily *daily;
	bool is_table;
};

static void note_count(void *ctx, const char *line)
{
	struct count_reader *r = ctx;
	char key[HAREPLY_WORD];
	uint32_t count;

	if (strncmp(line, "# table: daily,", 15) == 0)
		r->is_table = true;
	if (hareply_count(line, key, &count))
		(void)daily_note(r->daily, key, count, today());
}

static bool read_counts(struct proxy *p, struct daily *out)
{
	struct count_reader r = { .daily = out };

	if (!hacli_ask(&p->cli, "show table daily", note_count, &r))
		return false;
	p->counts = r.is_table;
	return true;
}

static bool set_counts(struct supervisor *s, struct proxy *p)
{
	char key[DAILY_KEY], command[DAILY_KEY + 64];

	for (size_t i = 0; i < s->daily.count; i++) {
		daily_key(&s->daily.entry[i], key);
		snprintf(command, sizeof(command), "set table daily key %s data.gpc0 %" PRIu32, key,
			 s->daily.entry[i].count);
		if (!hacli_do(&p->cli, command))
			return false;
	}
	return true;
}

void proxy_sync_counts(struct supervisor *s, struct proxy *p)
{
	bool done;

	daily_prune(&s->daily, today());
	if (!p->child.pid || (!p->counts && !p->unseeded))
		return;
	done = read_counts(p, &s->daily);
	if (p->counts) {
		done = done && (!p->unseeded || set_counts(s, p));
		/* Again each time: rows end two days after they were last set. */
		done = done && hacli_do(&p->cli, "set table daily key ready data.gpc0 1");
	}
	if (done)
		p->unseeded = false;
	else if (p->unseeded && !p->seed_failed)
		event_text(&s->events, "error", "what", "daily counts", NULL, 0);
	p->seed_failed |= !done;
}

void proxy_close_counts(struct supervisor *s, struct proxy *p)
{
	daily_prune(&s->daily, today());
	if (!p->child.pid || !p->counts)
		return;
	(void)hacli_ask(&p->cli, "clear table daily key ready", NULL, NULL);
	(void)read_counts(p, &s->daily);
}
