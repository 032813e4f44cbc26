/*
 * The table between tenants: rows are from, columns are to, one letter per cell. Every
 * cell is filled; a pair that was not tried says so.
 */
#include "report.h"

#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"

/* A cell is as bad as the worst of its kinds. */
static int badness(const struct matrix_cell *c)
{
	if (c->observed == c->expected)
		return c->observed == CELL_STOPPED ? 0 : 1;
	return c->observed == CELL_UNKNOWN ? 2 : 3;
}

static const struct matrix_cell *worst(const struct report_row *row, const char *to)
{
	const struct matrix_cell *found = NULL;

	for (size_t i = 0; row->result && i < row->result->matrix.count; i++) {
		const struct matrix_cell *c = &row->result->matrix.cells[i];

		if (!strcmp(c->to, to) && (!found || badness(c) > badness(found)))
			found = c;
	}
	return found;
}

static char letter(const struct matrix_cell *c)
{
	if (!c || c->observed == CELL_UNKNOWN)
		return '?';
	if (c->observed == CELL_STOPPED)
		return '-';
	if (c->observed == CELL_BLOCKED)
		return c->expected == CELL_BLOCKED ? '.' : 'x';
	return c->expected == CELL_REACHED ? 'o' : 'X';
}

static void list_targets(const struct report *r, struct strlist *out)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_result *v = r->rows[i].result;

		if (!strlist_has(out, r->rows[i].tenant))
			strlist_add(out, r->rows[i].tenant);
		for (size_t k = 0; v && k < v->matrix.count; k++)
			if (!strlist_has(out, v->matrix.cells[k].to))
				strlist_add(out, v->matrix.cells[k].to);
	}
	strlist_sort(out);
}

void report_matrix(const struct report *r, struct strbuf *out)
{
	struct strlist to auto_strlist = { 0 };

	list_targets(r, &to);
	if (to.count < 2)
		return;
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
		for (size_t k = 0; k < to.count; k++)
			strbuf_printf(out, "%4c", letter(worst(&r->rows[i], to.items[k])));
		strbuf_putc(out, '\n');
	}
}
