/* See manifest_place.h. */
#include "manifest_place.h"

#include <stdlib.h>
#include <string.h>

size_t text_break(const struct text_view *t, size_t at)
{
	size_t left = t->len - at;
	const char *p = t->text + at;

	if (left == 0)
		return 0;
	if (*p == '\r')
		return left > 1 && p[1] == '\n' ? 2 : 1;
	if (*p == '\n')
		return 1;
	/* line and paragraph separator */
	if (left > 2 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
		return 3;
	return 0;
}

size_t text_break_before(const struct text_view *t, size_t start)
{
	for (size_t n = 3; n > 0; n--)
		if (start >= n && text_break(t, start - n) == n)
			return n;
	return 0;
}

size_t text_line_start(const struct text_view *t, size_t at)
{
	while (at > 0 && !text_break_before(t, at))
		at--;
	return at;
}

size_t text_line_end(const struct text_view *t, size_t at)
{
	while (at < t->len && !text_break(t, at))
		at++;
	return at;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

bool text_is_space(const struct text_view *t, size_t from, size_t to)
{
	while (from < to && is_space(t->text[from]))
		from++;
	return from >= to;
}

bool text_starts_line(const struct text_view *t, size_t at)
{
	return text_is_space(t, text_line_start(t, at), at);
}

bool text_ends_line(const struct text_view *t, size_t at)
{
	size_t end = text_line_end(t, at), i = at;

	while (i < end && is_space(t->text[i]))
		i++;
	return i == end || (t->text[i] == '#' && i > at);
}

size_t text_find(const struct text_view *t, size_t from, size_t to, char sign)
{
	for (size_t i = from; i < to && i < t->len;) {
		size_t n = text_break(t, i);

		if (n)
			i += n;
		else if (is_space(t->text[i]))
			i++;
		else if (t->text[i] == '#')
			i = text_line_end(t, i);
		else
			return t->text[i] == sign ? i : NO_PLACE;
	}
	return NO_PLACE;
}

struct extent text_trim(const struct text_view *t, struct extent x)
{
	for (;;) {
		size_t n = text_break_before(t, x.to);

		if (!n && x.to > x.from)
			n = is_space(t->text[x.to - 1]);
		if (!n || x.to - n < x.from)
			return x;
		x.to -= n;
	}
}

void text_edit(struct text_edits *edits, size_t from, size_t to, char *put)
{
	size_t i = edits->count++;

	/* kept in order of their places; at most EDITS_MAX by the callers' construction */
	for (; i > 0 && edits->items[i - 1].from > from; i--)
		edits->items[i] = edits->items[i - 1];
	edits->items[i] = (struct text_edit){ .from = from, .to = to, .put = put };
}

char *text_apply(const struct text_view *t, struct text_edits *edits)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);
	size_t at = 0;

	for (size_t i = 0; i < edits->count; i++) {
		const struct text_edit *x = &edits->items[i];

		strbuf_add(&out, t->text + at, x->from - at);
		if (x->put)
			strbuf_puts(&out, x->put);
		at = x->to;
	}
	strbuf_add(&out, t->text + at, t->len - at);
	text_edits_free(edits);
	return strbuf_take(&out);
}

void text_edits_free(struct text_edits *edits)
{
	for (size_t i = 0; i < edits->count; i++)
		free(edits->items[i].put);
	edits->count = 0;
}
