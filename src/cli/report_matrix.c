/*
 * The table between tenants: rows are from, columns are to, one letter per cell. Every
 * cell is filled; a pair that was not tried says so.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static enum pair_state state_of(const struct matrix_cell *c)
{
	if (c->observed == CELL_UNKNOWN)
		return PAIR_UNKNOWN;
	if (c->observed == CELL_STOPPED)
		return PAIR_STOPPED;
	if (c->observed == CELL_BLOCKED)
		return c->expected == CELL_REACHED ? PAIR_SILENT : PAIR_BLOCKED;
	return c->expected == CELL_REACHED ? PAIR_OWN : PAIR_REACHED;
}

static int compare(const void *key, const void *item)
{
	return strcmp(key, *(char *const *)item);
}

/* A pair is as bad as the worst of its kinds. One that the row does not hold was not tried. */
void report_pairs(const struct report_row *row, const struct strlist *targets,
		  struct report_pair *out)
{
	for (size_t i = 0; i < targets->count; i++)
		out[i] = (struct report_pair){ .state = PAIR_UNKNOWN };
	for (size_t i = 0; row->result && i < row->result->matrix.count; i++) {
		const struct matrix_cell *c = &row->result->matrix.cells[i];
		char **name =
			bsearch(c->to, targets->items, targets->count, sizeof(*name), compare);
		struct report_pair *pair = name ? &out[name - targets->items] : NULL;
		enum pair_state s = state_of(c);
		bool first = true;

		if (!pair)
			continue;
		for (int k = 0; k < CELL_KINDS; k++)
			first = first && !pair->kinds[k];
		pair->state = first ? s : MAX_OF(pair->state, s);
		pair->kinds[c->kind] = c;
	}
}

void report_targets(const struct report *r, struct strlist *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct verify_result *v = r->rows[i].result;
		const char *last = r->rows[i].tenant;

		strlist_add(out, last);
		for (size_t k = 0; v && k < v->matrix.count; k++) {
			if (strcmp(v->matrix.cells[k].to, last) != 0)
				strlist_add(out, v->matrix.cells[k].to);
			last = v->matrix.cells[k].to;
		}
	}
	strlist_sort(out);
	for (size_t i = 0; i < out->count; i++) {
		if (kept && strcmp(out->items[kept - 1], out->items[i]) == 0)
			free(out->items[i]);
		else
			out->items[kept++] = out->items[i];
	}
	out->count = kept;
	if (out->items)
		out->items[kept] = NULL;
}

void report_matrix(const struct report *r, struct strbuf *out)
{
	static const char letters[PAIR_STATES] = {
		[PAIR_BLOCKED] = '.', [PAIR_OWN] = 'o',	   [PAIR_STOPPED] = '-',
		[PAIR_UNKNOWN] = '?', [PAIR_SILENT] = 'x', [PAIR_REACHED] = 'X',
	};
	auto_strlist struct strlist to = { 0 };
	auto_free struct report_pair *pairs = NULL;

	report_targets(r, &to);
	if (to.count < 2)
		return;
	pairs = mem_array(to.count, sizeof(*pairs));
	strbuf_puts(out, "\nfrom \\ to (. blocked, o own gateway answers, X reached, x own gateway "
			 "silent, - stopped, ? unknown)\n");
	for (size_t i = 0; i < to.count; i++)
		strbuf_printf(out, "%4zu = %s\n", i + 1, to.items[i]);
	strbuf_printf(out, "%-*s", TENANT_NAME_MAX, "");
	for (size_t i = 0; i < to.count; i++)
		strbuf_printf(out, "%4zu", i + 1);
	strbuf_putc(out, '\n');
	for (size_t i = 0; i < r->count; i++) {
		strbuf_printf(out, "%-*s", TENANT_NAME_MAX, r->rows[i].tenant);
		report_pairs(&r->rows[i], &to, pairs);
		for (size_t k = 0; k < to.count; k++)
			strbuf_printf(out, "%4c", letters[pairs[k].state]);
		strbuf_putc(out, '\n');
	}
}
