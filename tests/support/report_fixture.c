/* Many good tenants from one. */
#include "report_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "checks_fixture.h"

static char *tenant_name(size_t i)
{
	static const char *const firsts[] = { "acme",  "beta",	"corvus", "delta", "everdale",
					      "fjord", "gamma", "harbor", "iris",  "juniper" };
	static const char *const seconds[] = { "dental",   "legal", "homes-of-the-north",
					       "catering", "gym",   "books" };
	size_t round = i / ARRAY_SIZE(firsts);

	if (round == 0)
		return mem_strdup(firsts[i]);
	if (round <= ARRAY_SIZE(seconds))
		return mem_printf("%s-%s", firsts[i % ARRAY_SIZE(firsts)], seconds[round - 1]);
	return mem_printf("%s-%zu", firsts[i % ARRAY_SIZE(firsts)], round);
}

static void copy_findings(struct findings *to, const struct findings *from)
{
	to->items = mem_array(from->count, sizeof(*to->items));
	to->count = from->count;
	for (size_t i = 0; i < from->count; i++) {
		const struct finding *f = &from->items[i];

		to->items[i] = *f;
		to->items[i].expected = mem_strdup(f->expected);
		to->items[i].observed = mem_strdup(f->observed);
		to->items[i].evidence = f->evidence ? mem_strdup(f->evidence) : NULL;
	}
}

static void make_matrix(struct report_fixture *x, size_t from, size_t tenants)
{
	struct matrix *m = &x->results[from].matrix;

	m->cells = mem_array(tenants * CELL_KINDS, sizeof(*m->cells));
	for (size_t to = 0; to < tenants; to++)
		for (int kind = 0; kind < CELL_KINDS; kind++) {
			enum cell_state s = from == to ? CELL_REACHED : CELL_BLOCKED;

			m->cells[m->count++] = (struct matrix_cell){
				.from = tenant_name(from),
				.to = tenant_name(to),
				.kind = kind,
				.expected = s,
				.observed = s,
				.attempts = kind == CELL_TCP ? 3 : 2,
			};
		}
}

void report_fixture_make(struct report_fixture *x, size_t tenants)
{
	struct findings good;
	struct fixture f;

	fixture_make(&f);
	checks_run(&f.in, NULL, &good);
	*x = (struct report_fixture){ .results = mem_array(tenants + 1, sizeof(*x->results)),
				      .rows = mem_array(tenants + 1, sizeof(*x->rows)) };
	for (size_t i = 0; i < tenants; i++) {
		x->results[i].tenant = tenant_name(i);
		x->results[i].at = mem_printf("2026-01-01T00:00:%02zuZ", i % 60);
		x->results[i].seconds = 0.25;
		copy_findings(&x->results[i].findings, &good);
		make_matrix(x, i, tenants);
		x->rows[i] = (struct report_row){ .tenant = x->results[i].tenant,
						  .result = &x->results[i] };
	}
	x->report = (struct report){ .rows = x->rows,
				     .count = tenants,
				     .version = "1.0-test",
				     .kernel = "6.1.0",
				     .engine = "28.5.2<x>" };
	findings_free(&good);
	fixture_free(&f);
}

void report_fixture_free(struct report_fixture *x)
{
	for (size_t i = 0; i < x->report.count; i++)
		verify_result_free(&x->results[i]);
	free(x->results);
	free(x->rows);
}

struct finding *report_fixture_finding(struct report_fixture *x, size_t tenant, const char *id)
{
	struct findings *f = &x->results[tenant].findings;

	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].id, id))
			return &f->items[i];
	fail_msg("no finding %s", id);
	return NULL;
}

void report_fixture_set(struct report_fixture *x, size_t tenant, const char *id,
			enum finding_verdict verdict, const char *observed)
{
	struct finding *f = report_fixture_finding(x, tenant, id);

	f->verdict = verdict;
	mem_replace(&f->observed, observed);
}

void report_fixture_pair(struct report_fixture *x, size_t from, size_t to, enum cell_kind kind,
			 enum cell_state observed)
{
	x->results[from].matrix.cells[to * CELL_KINDS + (size_t)kind].observed = observed;
}

static bool is_kept(const char *id, const char *const *ids)
{
	for (; *ids; ids++)
		if (!strcmp(id, *ids))
			return true;
	return false;
}

void report_fixture_keep(struct report_fixture *x, const char *const *ids)
{
	for (size_t i = 0; i < x->report.count; i++) {
		struct findings *f = &x->results[i].findings;
		struct findings kept = { .items = mem_array(f->count, sizeof(*kept.items)) };
		struct findings gone = { .items = mem_array(f->count, sizeof(*gone.items)) };

		for (size_t k = 0; k < f->count; k++) {
			struct findings *to = is_kept(f->items[k].id, ids) ? &kept : &gone;

			to->items[to->count++] = f->items[k];
		}
		findings_free(&gone);
		free(f->items);
		*f = kept;
	}
}

void report_fixture_lose(struct report_fixture *x, size_t tenant, const char *error)
{
	x->rows[tenant].result = NULL;
	x->rows[tenant].error = error;
}
