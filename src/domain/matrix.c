/*
 * Builds a tenant's row of the reachability table. A cell is as bad as its worst
 * attempt, and without any attempt it is unknown.
 */
#include "domain/matrix.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

const char *cell_state_name(enum cell_state s)
{
	static const char *const names[CELL_STATES] = {
		[CELL_BLOCKED] = "blocked",
		[CELL_REACHED] = "reached",
		[CELL_UNKNOWN] = "unknown",
		[CELL_STOPPED] = "stopped",
	};

	return names[s];
}

const char *cell_kind_name(enum cell_kind k)
{
	static const char *const names[CELL_KINDS] = {
		[CELL_TCP] = "tcp",
		[CELL_UDP] = "udp",
		[CELL_DNS] = "dns",
	};

	return names[k];
}

static enum cell_state state_of_reach(enum reach_outcome o)
{
	switch (o) {
	case REACH_OPEN:
	case REACH_REFUSED:
		return CELL_REACHED;
	case REACH_ERROR:
		return CELL_UNKNOWN;
	default:
		return CELL_BLOCKED;
	}
}

static enum cell_state state_of_dns(enum dns_outcome o)
{
	switch (o) {
	case DNS_ANSWERED:
	case DNS_EMPTY:
		return CELL_REACHED;
	case DNS_TIMEOUT:
		return CELL_UNKNOWN;
	default:
		return CELL_BLOCKED;
	}
}

static void merge(struct matrix_cell *cell, enum cell_state s)
{
	if (cell->attempts++ == 0 || s == CELL_REACHED ||
	    (s == CELL_UNKNOWN && cell->observed == CELL_BLOCKED))
		cell->observed = s;
}

/* "beta worker", "tc-beta-gw": the tenant that an attempt was aimed at. Names are asked for in any
 * case. */
static bool aims_at(const char *text, const char *prefix, const char *tenant, const char *ends)
{
	size_t skip = strlen(prefix), len = strlen(tenant);

	return !strncasecmp(text, prefix, skip) && !strncasecmp(text + skip, tenant, len) &&
	       (text[skip + len] == '\0' || strchr(ends, text[skip + len]));
}

static bool is_gateway_of(const char *name, const char *tenant)
{
	size_t len = strlen(tenant);

	return !strncasecmp(name, "tc-", 3) && !strncasecmp(name + 3, tenant, len) &&
	       !strcasecmp(name + 3 + len, "-gw");
}

static void fill_sibling(const struct tenant_facts *t, struct matrix_cell *cell)
{
	const char *check = cell->kind == CELL_TCP ? "net.sibling.tcp" : "net.sibling.udp";

	for (size_t i = 0; cell->kind != CELL_DNS && i < t->reach_count; i++) {
		const struct reach_attempt *a = &t->reach[i];

		if (!a->must_work && !strcmp(a->check, check) &&
		    aims_at(a->target, "", cell->to, " "))
			merge(cell, state_of_reach(a->outcome));
	}
	for (size_t i = 0; cell->kind == CELL_DNS && i < t->dns_count; i++) {
		const struct dns_attempt *a = &t->dns[i];

		if (!a->must_work && !strcmp(a->check, "net.sibling.dns") &&
		    (aims_at(a->name, "tc-", cell->to, ".") || is_gateway_of(a->name, cell->to)))
			merge(cell, state_of_dns(a->outcome));
	}
}

static void fill_control(const struct tenant_facts *t, struct matrix_cell *cell)
{
	for (size_t i = 0; cell->kind != CELL_DNS && i < t->reach_count; i++) {
		const struct reach_attempt *a = &t->reach[i];

		if (!strcmp(a->check, "net.gateway.control") && a->must_work &&
		    a->udp == (cell->kind == CELL_UDP))
			merge(cell, a->outcome == REACH_OPEN ? CELL_REACHED : CELL_UNKNOWN);
	}
	for (size_t i = 0; cell->kind == CELL_DNS && i < t->dns_count; i++)
		if (t->dns[i].must_work && !strcmp(t->dns[i].check, "net.dns.gateway"))
			merge(cell,
			      t->dns[i].outcome == DNS_ANSWERED ? CELL_REACHED : CELL_UNKNOWN);
}

static struct matrix_cell *add_cell(struct matrix *m, const char *from, const char *to,
				    enum cell_kind kind)
{
	struct matrix_cell *cell = &m->cells[m->count++];

	*cell = (struct matrix_cell){ .from = mem_strdup(from),
				      .to = mem_strdup(to),
				      .kind = kind,
				      .observed = CELL_UNKNOWN };
	return cell;
}

/* Nothing is tried from a worker that does not run, and nobody is looked at for it: that a sibling
 * is not marked as running means nothing then. */
static enum cell_state expected_of(const struct check_input *in, const struct sibling *s,
				   enum cell_kind kind)
{
	bool looked = in->facts && in->facts->running;

	return looked && !s->running && kind != CELL_DNS ? CELL_STOPPED : CELL_BLOCKED;
}

void matrix_build(const struct check_input *in, struct matrix *out)
{
	const char *self = in->spec->tenant;

	*out = (struct matrix){ .cells = mem_array((in->sibling_count + 1) * CELL_KINDS,
						   sizeof(*out->cells)) };
	for (int kind = 0; kind < CELL_KINDS; kind++) {
		struct matrix_cell *cell = add_cell(out, self, self, kind);

		cell->expected = CELL_REACHED;
		if (in->facts)
			fill_control(in->facts, cell);
	}
	for (size_t i = 0; i < in->sibling_count; i++) {
		for (int kind = 0; kind < CELL_KINDS; kind++) {
			const struct sibling *s = &in->siblings[i];
			struct matrix_cell *cell = add_cell(out, self, s->tenant, kind);

			cell->expected = expected_of(in, s, kind);
			if (cell->expected == CELL_STOPPED)
				cell->observed = CELL_STOPPED;
			else if (in->facts)
				fill_sibling(in->facts, cell);
		}
	}
}

void matrix_free(struct matrix *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->cells[i].from);
		free(m->cells[i].to);
	}
	free(m->cells);
	*m = (struct matrix){ 0 };
}
