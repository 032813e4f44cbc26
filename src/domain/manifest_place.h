/* Finding places in the text of a manifest, and changing it there. Private to domain. */
#ifndef DOMAIN_MANIFEST_PLACE_H
#define DOMAIN_MANIFEST_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/strbuf.h"

#define NO_PLACE ((size_t)-1)

struct text_view {
	const char *text;
	size_t len;
};

/* Bytes of the line break at `at` (CR, LF, CR LF, and what YAML 1.1 takes for one); 0: none. */
size_t text_break(const struct text_view *t, size_t at);
size_t text_line_start(const struct text_view *t, size_t at);
/* Where the break of the line of `at` stands, or the end of the text. */
size_t text_line_end(const struct text_view *t, size_t at);
/* Bytes of the break before the line that starts at `start`. */
size_t text_break_before(const struct text_view *t, size_t start);
/* Nothing but spaces stands before, or nothing but spaces and a comment behind, on its line. */
bool text_starts_line(const struct text_view *t, size_t at);
bool text_ends_line(const struct text_view *t, size_t at);
/* The place of `sign` between two places that have only space and comments before it. */
size_t text_find(const struct text_view *t, size_t from, size_t to, char sign);
/* Without the space at its end that belongs to a block scalar. */
struct extent text_trim(const struct text_view *t, struct extent x);
/* Nothing but spaces (no break) between two places. */
bool text_is_space(const struct text_view *t, size_t from, size_t to);

/* Changes of one text: parts that are replaced, in any order, that do not overlap. */
enum { EDITS_MAX = 4 };
struct text_edits {
	struct text_edit {
		size_t from, to;
		char *put; /* NULL: nothing */
	} items[EDITS_MAX];
	size_t count;
};

/* Takes `put` over. */
void text_edit(struct text_edits *edits, size_t from, size_t to, char *put);
/* The changed text; the edits are freed. The caller owns it. */
char *text_apply(const struct text_view *t, struct text_edits *edits) returns_owned;
void text_edits_free(struct text_edits *edits);

#endif
