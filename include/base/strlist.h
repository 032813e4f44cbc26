/*
 * A list of strings it owns. Used for argv-like lists (order kept) and, with
 * strlist_sort, as a set. A NULL-terminated view is kept for exec and the like.
 */
#ifndef BASE_STRLIST_H
#define BASE_STRLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct strlist {
	char **items; /* NULL-terminated when count > 0, else NULL */
	size_t count;
};

void strlist_add(struct strlist *l, const char *s);
void strlist_addf(struct strlist *l, const char *fmt, ...) printf_like(2, 3);
bool strlist_has(const struct strlist *l, const char *s);
bool strlist_equal(const struct strlist *a, const struct strlist *b); /* order counts */
void strlist_sort(struct strlist *l);
void strlist_copy(struct strlist *dst, const struct strlist *src); /* dst is freed first */
void strlist_free(struct strlist *l);
#define auto_strlist cleanup_with(strlist_free)

/* The entry of `candidates` nearest to `word` by edit distance, or NULL when none
 * is near enough to be worth naming (distance > 1 + strlen(word) / 4). */
const char *strlist_nearest(const char *word, const char *const *candidates, size_t count);

#endif
