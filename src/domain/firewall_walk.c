/*
 * What becomes of packets of one bridge, by following rules as the kernel does: in order,
 * into the chains that they jump to, until one decides. A rule counts only where nothing
 * but the interface decides whether it matches; every other one may match or not.
 */
#include "domain/firewall.h"

#include <string.h>

#include "base/mem.h"

enum { DEPTH_MAX = 16, STEPS_MAX = 1 << 20 };

enum outcome { GOES_ON, LEAVES_CHAIN, ACCEPTED, FOUND };

struct packet {
	const char *in, *out; /* NULL: any other interface */
};

struct walk {
	const struct firewall *f;
	struct packet packet;
	bool (*wanted)(const struct firewall_rule *r, const struct packet *p);
	size_t steps;
};

static bool covers(const struct firewall_interface *i, const char *name)
{
	size_t len = strlen(i->name);
	bool same;

	if (len == 0)
		return true;
	if (i->name[len - 1] == '+')
		same = name ? !strncmp(i->name, name, len - 1) : len == 1;
	else
		same = name && !strcmp(i->name, name);
	return same != i->negated;
}

/* Nothing else is asked for: it matches every such packet. */
static bool matches_all(const struct firewall_rule *r, const struct packet *p)
{
	return !r->narrow && !r->from.given && !r->to.given && covers(&r->in, p->in) &&
	       covers(&r->out, p->out);
}

static bool drops(const struct firewall_rule *r)
{
	return !strcmp(r->target, "DROP") || !strcmp(r->target, "REJECT");
}

static enum outcome walk_chain(struct walk *w, const char *chain, int depth)
{
	for (size_t i = 0; i < w->f->rule_count; i++) {
		const struct firewall_rule *r = &w->f->rules[i];
		enum outcome o;

		if (++w->steps > STEPS_MAX)
			return ACCEPTED;
		if (strcmp(r->chain, chain) != 0)
			continue;
		if (w->wanted(r, &w->packet))
			return FOUND;
		if (!matches_all(r, &w->packet))
			continue;
		if (!strcmp(r->target, "ACCEPT"))
			return ACCEPTED;
		if (!strcmp(r->target, "RETURN"))
			return LEAVES_CHAIN;
		if (!strlist_has(&w->f->chains, r->target) || depth >= DEPTH_MAX)
			continue;
		o = walk_chain(w, r->target, depth + 1);
		if (o == ACCEPTED || o == FOUND)
			return o;
	}
	return GOES_ON;
}

static bool finds(const struct firewall *f, struct packet p,
		  bool (*wanted)(const struct firewall_rule *, const struct packet *))
{
	struct walk w = { .f = f, .packet = p, .wanted = wanted };

	return walk_chain(&w, "FORWARD", 0) == FOUND;
}

/* "! -d 10.231.0.0/29 -i tc-822b33ad -j DROP" */
static bool drops_foreign_goals(const struct firewall_rule *r, const struct packet *p)
{
	return drops(r) && !r->narrow && !r->from.given && r->to.given && r->to.negated &&
	       r->in.name[0] && covers(&r->in, p->in) && !r->out.name[0];
}

/* "! -s 10.231.0.0/29 -o tc-822b33ad -j DROP" */
static bool drops_foreign_senders(const struct firewall_rule *r, const struct packet *p)
{
	return drops(r) && !r->narrow && !r->to.given && r->from.given && r->from.negated &&
	       r->out.name[0] && covers(&r->out, p->out) && !r->in.name[0];
}

static bool drops_all(const struct firewall_rule *r, const struct packet *p)
{
	return drops(r) && matches_all(r, p);
}

bool firewall_isolates(const struct firewall *f, const char *bridge, enum firewall_side side)
{
	if (side == FIREWALL_IN)
		return finds(f, (struct packet){ .in = bridge }, drops_foreign_goals) ||
		       finds(f, (struct packet){ .in = bridge }, drops_all);
	return finds(f, (struct packet){ .out = bridge }, drops_foreign_senders) ||
	       finds(f, (struct packet){ .out = bridge }, drops_all);
}

bool firewall_parts_members(const struct firewall *f, const char *bridge)
{
	return finds(f, (struct packet){ .in = bridge, .out = bridge }, drops_all);
}

bool firewall_closes(const struct firewall *f, const char *bridge)
{
	return !strcmp(f->forward_policy, "DROP") ||
	       finds(f, (struct packet){ .out = bridge }, drops_all);
}

/* ---- what is accepted before the engine's rules ---- */

struct early {
	const struct firewall *f;
	struct strlist *out;
	size_t steps;
};

static bool is_engines(const char *chain)
{
	return !strncmp(chain, "DOCKER", 6) && strcmp(chain, "DOCKER-USER") != 0;
}

/* 0: goes on, 1: the engine's rules or the chain's end are reached */
static int walk_early(struct early *w, const struct packet *p, const char *chain, int depth)
{
	for (size_t i = 0; i < w->f->rule_count; i++) {
		const struct firewall_rule *r = &w->f->rules[i];

		if (++w->steps > STEPS_MAX)
			return 1;
		if (strcmp(r->chain, chain) != 0 || !matches_all(r, p))
			continue;
		if (is_engines(r->target) || drops(r))
			return 1;
		if (!strcmp(r->target, "RETURN"))
			return 0;
		if (!strcmp(r->target, "ACCEPT")) {
			auto_free char *text = mem_printf(
				"%s accepts all%s%s%s%s", chain, p->in ? " from " : "",
				p->in ? p->in : "", p->out ? " to " : "", p->out ? p->out : "");

			if (!strlist_has(w->out, text))
				strlist_add(w->out, text);
			return 1;
		}
		if (strlist_has(&w->f->chains, r->target) && depth < DEPTH_MAX &&
		    walk_early(w, p, r->target, depth + 1))
			return 1;
	}
	return 0;
}

bool firewall_early_accepts(const struct firewall *f, const struct strlist *bridges,
			    struct strlist *out)
{
	const struct packet any = { NULL, NULL };
	struct early w = { .f = f, .out = out };

	(void)walk_early(&w, &any, "FORWARD", 0);
	if (out->count > 0)
		return true;
	for (size_t i = 0; i < bridges->count && w.steps <= STEPS_MAX; i++) {
		const struct packet from = { .in = bridges->items[i] };
		const struct packet to = { .out = bridges->items[i] };

		w.steps = 0;
		(void)walk_early(&w, &from, "FORWARD", 0);
		(void)walk_early(&w, &to, "FORWARD", 0);
	}
	return w.steps <= STEPS_MAX;
}
