/*
 * Looks for many secret byte strings at once, in the forms that programs write them in:
 * as they are, base64 at any alignment, hex, percent-encoded, as a JSON string. What is
 * looked for is wiped when the set is freed, and no result carries any of it.
 */
#ifndef BASE_NEEDLES_H
#define BASE_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/* A shorter text is found in anything by chance. */
#define NEEDLE_MIN 8

struct needles;

struct needle_hit {
	size_t tag;	  /* as given to needles_add */
	const char *form; /* "base64" */
};

struct needles *needles_new(void) returns_owned;
void needles_free(struct needles *n); /* NULL allowed */
static inline void needles_free_slot(struct needles **n)
{
	needles_free(*n);
}
#define auto_needles cleanup_with(needles_free_slot)

/* Adds every form of `secret`. Returns how many: 0 when it is shorter than NEEDLE_MIN. */
size_t needles_add(struct needles *n, const void *secret, size_t len, size_t tag);

/* The first hit in `data` that has `tag`, or of any tag where it is NEEDLES_ANY; false: none.
 * Time is linear in `len` however many are looked for. */
#define NEEDLES_ANY ((size_t)-1)
bool needles_find(const struct needles *n, const void *data, size_t len, size_t tag,
		  struct needle_hit *out);

#endif
