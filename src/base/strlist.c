/*
 * A list of owned strings, and the "did you mean" search over fixed names.
 */
#include "base/strlist.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Names longer than this are never a mistyped key; it also bounds the search's work. */
#define NEAREST_MAX 64

static void add_owned(struct strlist *l, char *s)
{
	/* grows at powers of two; the terminating NULL needs one slot more than count */
	size_t used = l->count + 1;

	if (l->count == 0 || (used & (used - 1)) == 0)
		l->items = mem_grow(l->items, used * 2, sizeof(*l->items));
	l->items[l->count++] = s;
	l->items[l->count] = NULL;
}

void strlist_add(struct strlist *l, const char *s)
{
	add_owned(l, mem_strdup(s));
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0 || !s)
		mem_exhausted();
	add_owned(l, s);
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->items[i], s) == 0)
			return true;
	}
	return false;
}

bool strlist_equal(const struct strlist *a, const struct strlist *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
	if (l->count > 1)
		qsort(l->items, l->count, sizeof(*l->items), compare);
}

void strlist_copy(struct strlist *dst, const struct strlist *src)
{
	if (dst == src)
		return;
	strlist_free(dst);
	for (size_t i = 0; i < src->count; i++)
		strlist_add(dst, src->items[i]);
}

void strlist_free(struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	l->items = NULL;
	l->count = 0;
}

/* Levenshtein distance in one row; both words are at most NEAREST_MAX long. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t row[NEAREST_MAX + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t gap = MIN_OF(row[j], row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = MIN_OF(change, gap);
		}
	}
	return row[lb];
}

const char *strlist_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word);
	size_t best = 2 + len / 4;
	const char *found = NULL;

	if (len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(candidates[i]);
		if (other > NEAREST_MAX)
			continue;
		size_t d = distance(word, len, candidates[i], other);
		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
