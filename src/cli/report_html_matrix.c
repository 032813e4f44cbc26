/*
 * Who reaches whom, as a picture: a square for each pair, calm where it is as it must
 * be and loud where it is not, by colour and by shape. The same in words below it, for
 * those who do not see the picture.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report_html.h"
#include "report_text.h"

#define UNIT 10	      /* side of a square in its own coordinates */
#define SINGLE_MAX 64 /* more tenants than that: equal neighbours of a line are one shape */
#define LABEL_MAX 256
#define PAIRS_LISTED 200 /* in words */

static const struct pair_style {
	const char *id;	   /* of the shape */
	const char *class; /* of its square */
	const char *mark;  /* path in a square of UNIT */
	const char *what;
	bool good;
} styles[PAIR_STATES] = {
	[PAIR_BLOCKED] = { "pb", "blocked", "M4 5h2", "blocked", true },
	[PAIR_OWN] = { "po", "own", "M5 3a2 2 0 1 0 .01 0z", "own gateway answers", true },
	[PAIR_STOPPED] = { "ps", "stopped", "M3 7l4-4", "does not run: nothing to reach", true },
	[PAIR_REACHED] = { "pr", "reached", "M3 3l4 4M7 3l-4 4", "another tenant was reached",
			   false },
	[PAIR_SILENT] = { "pg", "silent", "M5 2.5v3M5 7v.6", "own gateway does not answer", false },
	[PAIR_UNKNOWN] = { "pu", "unknown", "M3.6 3.9a1.4 1.4 0 1 1 2 1.3q-.6.3-.6.9M5 7.3v.4",
			   "not shown", false },
};

struct picture {
	const struct report *report;
	struct strlist targets;
	const struct report_row **rows; /* in the order of the targets */
	struct report_pair *pairs;	/* rows times targets */
	bool *bad_from, *bad_to;
	size_t row_count, counts[PAIR_STATES];
};

/* ---- gathering ---- */

static struct report_pair *line_of(const struct picture *p, size_t row)
{
	return p->pairs + row * p->targets.count;
}

static void picture_init(struct picture *p, const struct report *r)
{
	*p = (struct picture){ .report = r };
	report_targets(r, &p->targets);
	p->rows = mem_array(r->count + 1, sizeof(*p->rows));
	p->pairs = mem_array(r->count * p->targets.count + 1, sizeof(*p->pairs));
	p->bad_from = mem_array(r->count + 1, sizeof(*p->bad_from));
	p->bad_to = mem_array(p->targets.count + 1, sizeof(*p->bad_to));
	for (size_t t = 0; t < p->targets.count; t++)
		for (size_t i = 0; i < r->count; i++)
			if (strcmp(r->rows[i].tenant, p->targets.items[t]) == 0)
				p->rows[p->row_count++] = &r->rows[i];
	for (size_t i = 0; i < p->row_count; i++) {
		struct report_pair *line = line_of(p, i);

		report_pairs(p->rows[i], &p->targets, line);
		for (size_t t = 0; t < p->targets.count; t++) {
			bool bad = !styles[line[t].state].good;

			p->counts[line[t].state]++;
			p->bad_from[i] |= bad;
			p->bad_to[t] |= bad && p->rows[i]->result;
		}
	}
}

/* The report of one tenant is handed to its client, whom the names of the other clients do not
 * concern: they are numbered, unless there is something to be done about one. */
static void label_of(const struct picture *p, size_t t, struct strbuf *out)
{
	const char *name = p->targets.items[t], *own = p->report->rows[0].tenant;

	if (p->report->count > 1 || p->bad_to[t] || strcmp(name, own) == 0)
		strbuf_puts(out, name);
	else
		strbuf_printf(out, "other %zu", strcmp(name, own) < 0 ? t + 1 : t);
}

static void put_label(const struct picture *p, size_t t, struct strbuf *out)
{
	auto_strbuf struct strbuf label = STRBUF_INIT(LABEL_MAX);

	label_of(p, t, &label);
	report_markup(out, strbuf_str(&label));
}

static void picture_free(struct picture *p)
{
	strlist_free(&p->targets);
	free(p->rows);
	free(p->pairs);
	free(p->bad_from);
	free(p->bad_to);
}
#define auto_picture cleanup_with(picture_free)

/* ---- the drawing ---- */

struct layout {
	size_t side; /* of a square, in pixels */
	size_t font; /* size of a name, in pixels */
	size_t left, top, width, height;
	bool slanted; /* names above the columns; else upright */
};

static struct layout layout_of(const struct picture *p)
{
	static const struct {
		size_t most, side, font;
	} sizes[] = { { 4, 44, 13 },  { 8, 36, 13 },  { 16, 26, 12 },
		      { 32, 20, 12 }, { 64, 16, 11 }, { SIZE_MAX, 10, 9 } };
	size_t n = p->targets.count, i = 0, longest = 0, text;
	struct layout l;

	while (n > sizes[i].most)
		i++;
	for (size_t t = 0; t < n; t++) {
		auto_strbuf struct strbuf label = STRBUF_INIT(LABEL_MAX);

		label_of(p, t, &label);
		longest = MAX_OF(longest, label.len);
	}
	l = (struct layout){ .side = sizes[i].side, .font = sizes[i].font, .slanted = n <= 16 };
	text = longest * l.font * 62 / 100 + 10; /* a monospaced letter is 0.6 em wide */
	l.left = text;
	l.top = l.slanted ? text * 7 / 10 + l.font : text;
	l.width = l.left + n * l.side + (l.slanted ? text * 7 / 10 : 1);
	l.height = l.top + p->row_count * l.side + 1;
	return l;
}

static void put_shapes(struct strbuf *out)
{
	strbuf_puts(out, "<defs>\n");
	for (int s = 0; s < PAIR_STATES; s++)
		strbuf_printf(out,
			      "<g id=\"%s\" class=\"%s\"><rect x=\".4\" y=\".4\" width=\"9.2\" "
			      "height=\"9.2\" rx=\"1\"/><path fill=\"none\" d=\"%s\"/></g>\n",
			      styles[s].id, styles[s].class, styles[s].mark);
	strbuf_puts(out, "</defs>\n");
}

static void put_names(const struct picture *p, const struct layout *l, struct strbuf *out)
{
	/* the baseline of a name is a third of its size below the middle of its line */
	size_t drop = l->side / 2 + l->font / 3;

	strbuf_printf(out, "<g font-size=\"%zu\">\n", l->font);
	for (size_t i = 0; i < p->row_count; i++) {
		strbuf_printf(out, "<text x=\"%zu\" y=\"%zu\" text-anchor=\"end\"%s>", l->left - 5,
			      l->top + i * l->side + drop, p->bad_from[i] ? " class=\"bad\"" : "");
		report_markup(out, p->rows[i]->tenant);
		strbuf_puts(out, "</text>\n");
	}
	for (size_t t = 0; t < p->targets.count; t++) {
		strbuf_printf(out,
			      "<text transform=\"translate(%zu %zu) rotate(%d)\" class=\"to%s\">",
			      l->left + t * l->side + (l->slanted ? l->side / 2 : drop), l->top - 5,
			      l->slanted ? -45 : -90, p->bad_to[t] ? " bad" : "");
		put_label(p, t, out);
		strbuf_puts(out, "</text>\n");
	}
	strbuf_puts(out, "</g>\n");
}

static void put_tooltip(const struct picture *p, const char *from, size_t to,
			const struct report_pair *pair, struct strbuf *out)
{
	bool own = strcmp(from, p->targets.items[to]) == 0;

	strbuf_puts(out, "<title>");
	report_markup(out, from);
	strbuf_puts(out, own ? " to its own gateway" : " to ");
	if (!own)
		put_label(p, to, out);
	strbuf_puts(out, ": ");
	for (int k = 0; k < CELL_KINDS; k++) {
		const struct matrix_cell *c = pair->kinds[k];

		strbuf_printf(out, "%s%s %s", k ? "; " : "", cell_kind_name(k),
			      c ? cell_state_name(c->observed) : "not tried");
		if (c && c->observed != c->expected)
			strbuf_printf(out, ", expected %s", cell_state_name(c->expected));
		if (c && c->attempts)
			strbuf_printf(out, " (%zu tried)", c->attempts);
	}
	strbuf_puts(out, "</title>");
}

/* How many squares from `t` on are one shape. */
static size_t run_at(const struct picture *p, const struct report_pair *line, size_t t)
{
	size_t n = 1;

	if (p->targets.count <= SINGLE_MAX || !styles[line[t].state].good)
		return 1;
	while (t + n < p->targets.count && line[t + n].state == line[t].state)
		n++;
	return n;
}

static void put_line(const struct picture *p, size_t row, struct strbuf *out)
{
	const struct report_pair *line = line_of(p, row);
	const char *from = p->rows[row]->tenant;

	for (size_t t = 0, n; t < p->targets.count; t += n) {
		const struct pair_style *style = &styles[line[t].state];

		n = run_at(p, line, t);
		if (n == 1) {
			strbuf_printf(out, "<use href=\"#%s\" x=\"%zu\" y=\"%zu\">", style->id,
				      t * UNIT, row * UNIT);
			put_tooltip(p, from, t, &line[t], out);
			strbuf_puts(out, "</use>\n");
			continue;
		}
		strbuf_printf(out,
			      "<g class=\"%s\"><rect x=\"%zu\" y=\"%zu\" width=\"%zu\" "
			      "height=\"9\"/><title>",
			      style->class, t * UNIT, row * UNIT, n * UNIT - 1);
		report_markup(out, from);
		strbuf_printf(out, " to %zu tenants from ", n);
		put_label(p, t, out);
		strbuf_puts(out, " to ");
		put_label(p, t + n - 1, out);
		strbuf_printf(out, ": %s</title></g>\n", style->what);
	}
}

static void put_drawing(const struct picture *p, struct strbuf *out)
{
	struct layout l = layout_of(p);

	strbuf_printf(out,
		      "<div class=\"scroll\">\n<svg class=\"matrix\" viewBox=\"0 0 %zu %zu\" "
		      "width=\"%zu\" height=\"%zu\" role=\"img\" aria-labelledby=\"mt\">\n"
		      "<title id=\"mt\">Rows are from, columns are to</title>\n",
		      l.width, l.height, l.width, l.height);
	put_shapes(out);
	put_names(p, &l, out);
	strbuf_printf(out, "<g transform=\"translate(%zu %zu) scale(%zu.%zu)\">\n", l.left, l.top,
		      l.side / UNIT, l.side % UNIT);
	for (size_t i = 0; i < p->row_count; i++)
		put_line(p, i, out);
	strbuf_puts(out, "</g>\n</svg>\n</div>\n");
}

/* ---- in words ---- */

static void put_legend(const struct picture *p, struct strbuf *out)
{
	for (int good = 1; good >= 0; good--) {
		strbuf_printf(out, "<p class=\"legend\"><b>%s</b>\n",
			      good ? "As it must be:" : "Not as it must be:");
		for (int s = 0; s < PAIR_STATES; s++)
			if (styles[s].good == (good == 1))
				strbuf_printf(out,
					      "<span class=\"%s\"><svg viewBox=\"0 0 10 10\" "
					      "aria-hidden=\"true\"><use href=\"#%s\"/></svg> %s: "
					      "<b>%zu</b></span>\n",
					      p->counts[s] ? "some" : "zero", styles[s].id,
					      styles[s].what, p->counts[s]);
		strbuf_puts(out, "</p>\n");
	}
}

static void put_pair(const char *from, const char *to, const struct matrix_cell *c,
		     struct strbuf *out)
{
	strbuf_puts(out, "<tr>");
	html_element(out, "td", NULL, from);
	html_element(out, "td", NULL, strcmp(from, to) ? to : "its own gateway");
	strbuf_printf(out, "<td>%s</td><td>%s</td><td>%s</td><td class=\"number\">%zu</td></tr>\n",
		      cell_kind_name(c->kind), cell_state_name(c->expected),
		      cell_state_name(c->observed), c->attempts);
}

/* The kinds of a row's pairs that are not as expected; how many there are. */
static size_t put_bad_pairs(const struct picture *p, size_t row, size_t room, struct strbuf *out)
{
	const struct report_pair *line = line_of(p, row);
	size_t n = 0;

	for (size_t t = 0; t < p->targets.count; t++)
		for (int k = 0; k < CELL_KINDS; k++) {
			const struct matrix_cell *c = line[t].kinds[k];

			if (!c || c->observed == c->expected)
				continue;
			if (n++ < room)
				put_pair(p->rows[row]->tenant, p->targets.items[t], c, out);
		}
	return n;
}

static void put_unseen(const struct picture *p, struct strbuf *out)
{
	for (size_t i = 0; i < p->row_count; i++) {
		if (p->rows[i]->result)
			continue;
		strbuf_puts(out, "<p>From <b>");
		report_markup(out, p->rows[i]->tenant);
		strbuf_puts(out, "</b> nothing was tried: it could not be verified.</p>\n");
	}
}

static void put_words(const struct picture *p, struct strbuf *out)
{
	auto_strbuf struct strbuf rows = STRBUF_INIT(out->max);
	size_t n = 0;

	for (size_t i = 0; i < p->row_count; i++)
		n += put_bad_pairs(p, i, PAIRS_LISTED - MIN_OF(n, (size_t)PAIRS_LISTED), &rows);
	put_unseen(p, out);
	if (n == 0)
		return;
	strbuf_puts(out, "<table>\n<caption>Attempts that did not end as they must</caption>\n"
			 "<thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th><th "
			 "scope=\"col\">By</th><th scope=\"col\">Expected</th><th scope=\"col\">"
			 "Observed</th><th scope=\"col\" class=\"number\">Tried</th></tr></thead>\n"
			 "<tbody>\n");
	strbuf_add(out, strbuf_str(&rows), rows.len);
	strbuf_puts(out, "</tbody>\n</table>\n");
	if (n > PAIRS_LISTED)
		strbuf_printf(out, "<p>And %zu more, each in the picture.</p>\n", n - PAIRS_LISTED);
}

void html_matrix(const struct report *r, struct strbuf *out)
{
	auto_picture struct picture p;

	picture_init(&p, r);
	if (p.row_count == 0)
		return;
	strbuf_puts(out, "<section class=\"reach\">\n<h2>Who reaches whom</h2>\n");
	if (p.targets.count < 2) {
		strbuf_puts(out, "<p>There is no other tenant on this host.</p>\n</section>\n");
		return;
	}
	strbuf_puts(out,
		    "<p>Each row was tried from the network of that tenant's worker, over TCP, "
		    "UDP and by name, to the worker, the gateway and the names of each column.");
	if (r->count == 1)
		strbuf_puts(out, " Other tenants are numbered; one is named where something is not "
				 "as it must be.");
	strbuf_puts(out, "</p>\n");
	put_legend(&p, out);
	put_drawing(&p, out);
	put_words(&p, out);
	strbuf_puts(out, "</section>\n");
}
