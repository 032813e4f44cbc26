/* Tables: widths are measured in characters; only a terminal ever cuts anything. */
#include "table.h"

#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"

enum { GAP = 2, SHRINK_MIN = 8, TEXT_MAX = 4096 };

void table_init(struct table *t, const struct column *columns, size_t count)
{
	*t = (struct table){ .columns = columns, .column_count = count };
}

struct cell *table_row(struct table *t)
{
	size_t old = t->rows * t->column_count;

	t->cells = mem_grow(t->cells, old + t->column_count, sizeof(*t->cells));
	memset(t->cells + old, 0, t->column_count * sizeof(*t->cells));
	t->rows++;
	return t->cells + old;
}

void cell_text(struct cell *c, const char *text)
{
	mem_replace(&c->text, text);
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->column_count; i++)
		free(t->cells[i].text);
	free(t->cells);
	*t = (struct table){ 0 };
}

static void cell_human(const struct column *col, const struct cell *c, int64_t now,
		       struct strbuf *out)
{
	char buf[32];

	switch (col->kind) {
	case COLUMN_TEXT:
		if (c->text && *c->text)
			strbuf_escape(out, c->text, strlen(c->text));
		else
			strbuf_puts(out, "-");
		break;
	case COLUMN_COUNT:
		strbuf_printf(out, "%lld", (long long)c->number);
		break;
	case COLUMN_SIZE:
		output_size(c->number, buf, sizeof(buf));
		strbuf_puts(out, buf);
		break;
	case COLUMN_AGE:
		output_age(now, c->number, buf, sizeof(buf));
		strbuf_puts(out, buf);
		break;
	case COLUMN_BOOL:
		strbuf_puts(out, c->number ? "yes" : "no");
		break;
	}
}

static void cell_json(const struct column *col, const struct cell *c, struct node *row)
{
	char buf[32];

	switch (col->kind) {
	case COLUMN_TEXT:
		node_set_str(row, col->key, c->text);
		break;
	case COLUMN_SIZE:
		if (c->number < 0)
			node_set_str(row, col->key, NULL);
		else
			node_set_int(row, col->key, c->number);
		break;
	case COLUMN_COUNT:
		node_set_int(row, col->key, c->number);
		break;
	case COLUMN_AGE:
		output_time(c->number, buf, sizeof(buf));
		node_set_str(row, col->key, c->number ? buf : NULL);
		break;
	case COLUMN_BOOL:
		node_set_bool(row, col->key, c->number != 0);
		break;
	}
}

struct node *table_json(const struct table *t)
{
	struct node *list = node_new_array();

	for (size_t r = 0; r < t->rows; r++) {
		struct node *row = node_push_object(list);

		for (size_t i = 0; i < t->column_count; i++)
			if (t->columns[i].key)
				cell_json(&t->columns[i], &t->cells[r * t->column_count + i], row);
	}
	return list;
}

static void cell_read(const struct column *col, const struct node *value, struct cell *c)
{
	switch (col->kind) {
	case COLUMN_TEXT:
		cell_text(c, node_str(value, NULL));
		break;
	case COLUMN_AGE:
		c->number = output_parse_time(node_str(value, NULL));
		break;
	case COLUMN_SIZE:
		c->number = node_int(value, -1);
		break;
	case COLUMN_COUNT:
		c->number = node_int(value, 0);
		break;
	case COLUMN_BOOL:
		c->number = node_bool(value, false);
		break;
	}
}

void table_read(struct table *t, const struct node *rows)
{
	for (const struct node *n = node_first(rows); n; n = node_next(n)) {
		struct cell *c = table_row(t);

		for (size_t i = 0; i < t->column_count; i++)
			if (t->columns[i].key)
				cell_read(&t->columns[i], node_get(n, t->columns[i].key), &c[i]);
	}
}

/* Characters, not bytes; escaped text has no control characters left. */
static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool is_right(const struct column *c)
{
	return c->kind == COLUMN_COUNT || c->kind == COLUMN_SIZE || c->kind == COLUMN_AGE;
}

/* Takes from the widest column that may shrink until the line fits. */
static void fit(const struct table *t, size_t *widths, int width)
{
	for (;;) {
		size_t total = 0, widest = SIZE_MAX;

		for (size_t i = 0; i < t->column_count; i++) {
			if (!t->columns[i].title)
				continue;
			total += widths[i] + GAP;
			if (t->columns[i].shrink && widths[i] > SHRINK_MIN &&
			    (widest == SIZE_MAX || widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= (size_t)width + GAP || widest == SIZE_MAX)
			return;
		widths[widest]--;
	}
}

static void put_cell(struct strbuf *line, const char *text, size_t width, bool right, bool last,
		     const char *color, const char *reset)
{
	size_t have = characters(text);
	size_t pad = have < width ? width - have : 0;

	if (right)
		strbuf_printf(line, "%*s", (int)pad, "");
	strbuf_puts(line, color);
	if (have <= width) {
		strbuf_puts(line, text);
	} else {
		size_t bytes = 0;

		for (size_t n = 0; n < width - 1; n++)
			while (((unsigned char)text[++bytes] & 0xc0) == 0x80)
				;
		strbuf_add(line, text, bytes);
		strbuf_puts(line, "~");
	}
	strbuf_puts(line, *color ? reset : "");
	if (!right && !last)
		strbuf_printf(line, "%*s", (int)pad, "");
	if (!last)
		strbuf_printf(line, "%*s", GAP, "");
}

static size_t last_column(const struct table *t)
{
	size_t last = 0;

	for (size_t i = 0; i < t->column_count; i++)
		last = t->columns[i].title ? i : last;
	return last;
}

static void put_row(const struct table *t, const char *const *texts, const size_t *widths,
		    const struct cell *cells, struct output *o)
{
	auto_strbuf struct strbuf line = STRBUF_INIT(STRBUF_TEXT_MAX);
	size_t last = last_column(t);

	for (size_t i = 0; i < t->column_count; i++)
		if (t->columns[i].title)
			put_cell(&line, texts[i], widths[i], is_right(&t->columns[i]), i == last,
				 output_color(o, cells ? cells[i].color : COLOR_BOLD),
				 output_reset(o));
	strbuf_putc(&line, '\n');
	output_bytes(o, strbuf_str(&line), line.len);
}

void table_print(const struct table *t, struct output *o)
{
	size_t n = t->column_count;
	auto_free size_t *widths = mem_array(n, sizeof(*widths));
	auto_free const char **titles = mem_array(n, sizeof(*titles));
	auto_strlist struct strlist texts = { 0 };

	for (size_t i = 0; i < n; i++) {
		titles[i] = t->columns[i].title;
		widths[i] = titles[i] ? strlen(titles[i]) : 0;
	}
	for (size_t i = 0; i < t->rows * n; i++) {
		auto_strbuf struct strbuf text = STRBUF_INIT(TEXT_MAX);

		cell_human(&t->columns[i % n], &t->cells[i], o->now, &text);
		strlist_add(&texts, strbuf_str(&text));
		widths[i % n] = MAX_OF(widths[i % n], characters(strbuf_str(&text)));
	}
	if (o->width > 0)
		fit(t, widths, o->width);
	put_row(t, titles, widths, NULL, o);
	for (size_t r = 0; texts.items && r < t->rows; r++)
		put_row(t, (const char *const *)texts.items + r * n, widths, t->cells + r * n, o);
}
