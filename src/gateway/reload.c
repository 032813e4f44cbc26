/*
 * Generations: see supervisor.h. A set is copied, checked, and only then used. What
 * fails before that point leaves everything as it was.
 */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

#define DNSMASQ "/usr/sbin/dnsmasq"
#define DNSMASQ_END_MS 1000
#define ROOM_MS 200
#define SOON_MS 50
#define OLD_CONNECTIONS 500 /* some 50 KiB each while they send a request */

/* A set on trial. */
struct candidate {
	struct generation g;
	struct rules rules; /* owned until they are given to a process */
	char folder[32];
	char why[SET_ERROR];
};

void generation_folder(const struct generation *g, char out[32])
{
	snprintf(out, 32, FOLDER_RUN "/g%u", g->number);
}

/* ---- dnsmasq ------------------------------------------------------------------------------- */

struct dnsmasq_command {
	char folder[32], conf[64], config[48];
	const char *argv[6], *env[2];
	struct launch launch;
};

static void make_command(struct dnsmasq_command *c, const struct generation *g, bool check)
{
	size_t n = 0;

	generation_folder(g, c->folder);
	snprintf(c->conf, sizeof(c->conf), "--conf-file=%s/dnsmasq.conf", c->folder);
	snprintf(c->config, sizeof(c->config), "GATEWAY_CONFIG=%s", g->id.dnsmasq);
	c->env[0] = c->config;
	c->env[1] = NULL;
	c->argv[n++] = DNSMASQ;
	if (check) {
		c->argv[n++] = "--test";
	} else {
		c->argv[n++] = "--keep-in-foreground";
		c->argv[n++] = "--pid-file";
		c->argv[n++] = "--log-facility=-";
	}
	c->argv[n++] = c->conf;
	c->argv[n] = NULL;
	c->launch = (struct launch){ c->argv, c->env, NULL };
}

bool dnsmasq_start(struct supervisor *s)
{
	struct dnsmasq_command c;

	make_command(&c, &s->generation, false);
	if (!child_spawn(&s->dnsmasq, &c.launch, &s->events)) {
		child_delay(&s->dnsmasq);
		return false;
	}
	event_program(&s->events, "started", s->dnsmasq.name, "pid", s->dnsmasq.pid);
	return true;
}

static void dnsmasq_restart(struct supervisor *s)
{
	long long deadline = now_ms() + DNSMASQ_END_MS;

	if (s->dnsmasq.pid) {
		s->dnsmasq.parting = true;
		kill(s->dnsmasq.pid, SIGTERM);
	}
	while (s->dnsmasq.pid && now_ms() < deadline) {
		supervisor_pump(s, 2);
		supervisor_reap(s);
	}
	if (s->dnsmasq.pid)
		kill(s->dnsmasq.pid, SIGKILL); /* the loop starts it again */
	else
		(void)dnsmasq_start(s);
}

/* dnsmasq reads the names of FOLDER_RUN/hosts at its start and at SIGHUP. */
static bool install_hosts(struct supervisor *s, const char *folder)
{
	size_t len = 0;
	char *text = set_load(folder, "hosts", SET_FILE_MAX, &len);
	bool done = text && set_store(FOLDER_RUN, "hosts", text, len);

	if (!done)
		event_failure(&s->events, "hosts", errno);
	free(text);
	return done;
}

static void follow_names(struct supervisor *s, const char *before, const char *now)
{
	bool same_hosts = set_same_file(before, now, "hosts");

	if (!same_hosts)
		(void)install_hosts(s, now);
	if (!set_same_file(before, now, "dnsmasq.conf"))
		dnsmasq_restart(s);
	else if (!same_hosts && s->dnsmasq.pid)
		kill(s->dnsmasq.pid, SIGHUP);
}

/* ---- taking a set -------------------------------------------------------------------------- */

static void refuse(struct supervisor *s, struct candidate *c, const char *event)
{
	for (char *at = c->why; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			*at = '?';
	event_text(&s->events, event, "error", c->why, NULL, 0);
	state_status(s, c->g.id.id, c->why);
	rules_free(&c->rules);
	set_remove(c->folder);
}

/* The id of a set that cannot be copied: who wrote it waits for an answer. */
static void peek_id(const char *from, struct set_id *out)
{
	size_t len = 0;
	char *text = set_load(from, "generation", 256, &len);

	if (text)
		(void)set_id_parse(text, len, out);
	free(text);
}

static bool take(struct supervisor *s, const char *from, struct candidate *c)
{
	struct dnsmasq_command dns;
	char said[CHILD_SAID];

	*c = (struct candidate){ .g.number = ++s->last_generation };
	generation_folder(&c->g, c->folder);
	if (!set_copy(from, c->folder, c->why)) {
		peek_id(from, &c->g.id);
		return false;
	}
	if (!set_read(c->folder, &c->g.id, &c->rules, c->why))
		return false;
	if (!proxy_check(s, &c->g, said)) {
		snprintf(c->why, SET_ERROR, "haproxy: %.*s", SET_ERROR - 16, said);
		return false;
	}
	make_command(&dns, &c->g, true);
	if (!child_check("dnsmasq", &dns.launch, &s->events, said)) {
		snprintf(c->why, SET_ERROR, "dnsmasq: %.*s", SET_ERROR - 16, said);
		return false;
	}
	return true;
}

/* ---- HAProxy ------------------------------------------------------------------------------- */

static bool is_old(const struct supervisor *s, pid_t pid)
{
	for (size_t i = 0; i < s->old_count; i++)
		if (s->old[i]->child.pid == pid)
			return true;
	return false;
}

static bool ends_within(struct supervisor *s, pid_t pid, int ms)
{
	long long deadline = now_ms() + ms;

	supervisor_reap(s);
	while (is_old(s, pid) && now_ms() < deadline) {
		supervisor_pump(s, 2);
		supervisor_reap(s);
	}
	return !is_old(s, pid);
}

static void drop_oldest(struct supervisor *s, const char *reason)
{
	pid_t pid = s->old[0]->child.pid;

	event_text(&s->events, "generation-dropped", "reason", reason, "pid", pid);
	kill(pid, SIGTERM);
	if (ends_within(s, pid, ROOM_MS))
		return;
	kill(pid, SIGKILL);
	while (!ends_within(s, pid, ROOM_MS))
		;
}

/* Those that have nothing left to do end without their interface. */
static void release_idle(struct supervisor *s)
{
	pid_t last = 0;

	for (size_t i = 0; i < s->old_count; i++) {
		struct proxy *p = s->old[i];

		if (p->cli.fd < 0 || !proxy_is_idle(s, p))
			continue;
		hacli_close(&p->cli);
		last = p->child.pid;
	}
	if (last && s->old_count > OLD_MAX)
		(void)ends_within(s, last, ROOM_MS);
}

/* Each old process costs memory, and so does each of its connections; what they have together must
 * leave room for the one in use, or the kernel ends all of them. */
static void make_room(struct supervisor *s)
{
	uint32_t connections[ARRAY_SIZE(s->old)];

	release_idle(s);
	for (;;) {
		for (size_t i = 0; i < s->old_count; i++)
			connections[i] = s->old[i]->connections;
		if (!limits_excess(connections, s->old_count, OLD_MAX, OLD_CONNECTIONS))
			return;
		drop_oldest(s, s->old_count > OLD_MAX ? "too many old ones"
						      : "too many connections of old ones");
	}
}

/* The new process takes connections: the one before it ends with its last connection, without what
 * the new rules forbid. */
static void retire(struct supervisor *s, struct proxy *p)
{
	if (!p->child.pid) {
		proxy_sync_counts(s, s->current);
		proxy_free(p);
		return;
	}
	s->old[s->old_count++] = p;
	/* First, as the new one refuses what has a daily limit until it knows the counts; and a
	 * process that stops softly empties its tables. */
	proxy_close_counts(s, p);
	proxy_sync_counts(s, s->current);
	proxy_mark(s, p);
	proxy_sweep(s, p);
	p->child.parting = true;
	kill(p->child.pid, p->cli.fd >= 0 ? SIGUSR1 : SIGTERM);
	s->look_at_old = now_ms() + SOON_MS;
	make_room(s);
}

static void sweep_old(struct supervisor *s)
{
	for (size_t i = 0; i < s->old_count; i++) {
		proxy_mark(s, s->old[i]);
		proxy_sweep(s, s->old[i]);
	}
}

static bool same_keys(const char *a, const char *b)
{
	return set_same_file(a, b, "keys") && set_same_file(a, b, "echo");
}

/* An old process may still have a request under way: it must not go out with a key of before, and
 * what it sends must be searched for in the answer. */
static void swap_old(struct supervisor *s, const char *folder)
{
	for (size_t i = 0; i < s->old_count; i++) {
		struct proxy *p = s->old[i];

		if (p->cli.fd >= 0 && rules_have_route(&p->rules) && !proxy_swap(p, folder))
			kill(p->child.pid, SIGTERM);
	}
}

/* False, with a reason, when the new one does not start; then the current one was not touched. */
static bool replace_proxy(struct supervisor *s, struct candidate *c, const char *folder_before)
{
	struct proxy *before = s->current, *p = proxy_new();
	bool done;

	snprintf(c->why, SET_ERROR, "no memory");
	if (!p)
		return false;
	s->starting = p;
	done = proxy_start(s, p, &c->g, before->cli.fd >= 0 ? before : NULL);
	if (!done && before->cli.fd >= 0 && !proxy_answers(s, before))
		done = proxy_start(s, p, &c->g, NULL);
	s->starting = NULL;
	if (!done) {
		snprintf(c->why, SET_ERROR, "haproxy: %.*s", SET_ERROR - 16,
			 p->child.said[0] ? p->child.said : "does not start");
		proxy_free(p);
		return false;
	}
	p->rules = c->rules;
	c->rules = (struct rules){ 0 };
	rules_note_past(&p->rules, now_s());
	s->current = p;
	retire(s, before);
	sweep_old(s);
	if (!same_keys(folder_before, c->folder))
		swap_old(s, c->folder);
	return true;
}

/* Rules and configuration stay: only keys change, and that in every process. */
static bool swap_keys(struct supervisor *s, const struct candidate *c, const char *before)
{
	if (same_keys(before, c->folder))
		return true;
	if (s->current->child.pid && !proxy_swap(s->current, c->folder))
		return false;
	swap_old(s, c->folder);
	return true;
}

static bool use(struct supervisor *s, struct candidate *c, const char *before)
{
	bool same = set_same_haproxy(before, c->folder);

	if (same && swap_keys(s, c, before))
		return true;
	if (replace_proxy(s, c, before))
		return true;
	/* A swap that failed may have been half done. */
	if (same && !proxy_swap(s->current, before))
		event_text(&s->events, "error", "what", "keys", NULL, 0);
	return false;
}

/* ---- entries ------------------------------------------------------------------------------- */

bool reload_first(struct supervisor *s)
{
	struct candidate c;

	if (!take(s, FOLDER_SET, &c) || !install_hosts(s, c.folder)) {
		refuse(s, &c, "config-refused");
		return false;
	}
	s->generation = c.g;
	s->current->rules = c.rules;
	rules_note_past(&s->current->rules, now_s());
	return true;
}

/* The folder to take, or NULL: then what runs is what is wanted. */
static const char *choose(const struct supervisor *s)
{
	struct set_id next = { 0 };
	bool is_there = access(FOLDER_NEXT, F_OK) == 0;

	peek_id(FOLDER_NEXT, &next);
	switch (set_choose(is_there ? next.id : NULL, s->generation.id.id, s->replaced)) {
	case SET_TAKE_NEXT:
		return FOLDER_NEXT;
	case SET_TAKE_SET:
		return FOLDER_SET;
	default:
		return NULL;
	}
}

void reload(struct supervisor *s)
{
	const char *from = choose(s);
	long long started = now_ms();
	struct candidate c;
	char before[32];

	if (!from) {
		state_status(s, s->generation.id.id, NULL);
		return;
	}
	proxy_reach(s->current);
	generation_folder(&s->generation, before);
	if (!take(s, from, &c) || !use(s, &c, before)) {
		refuse(s, &c, "reload-refused");
		return;
	}
	rules_free(&c.rules); /* not given away when only keys changed */
	if (strcmp(s->generation.id.id, c.g.id.id) != 0)
		memcpy(s->replaced, s->generation.id.id, sizeof(s->replaced));
	s->generation = c.g;
	follow_names(s, before, c.folder);
	set_remove(before);
	event_text(&s->events, "reloaded", "generation", c.g.id.id, "ms", now_ms() - started);
	state_status(s, c.g.id.id, NULL);
	if (!s->current->child.pid)
		s->current->child.due = 0; /* the reason for its death may be gone */
}
