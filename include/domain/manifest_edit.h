/*
 * Changes to the `egress` list of a manifest, in its text: comments, order, style and
 * everything else stay byte for byte. Whatever is made is read again and must be the old
 * manifest with exactly that change; a text written in a way that this cannot be done with
 * is refused with the line to change by hand.
 *
 * `file` is what messages call the text. *out is NUL-terminated and owned by the caller.
 * Entries are as the binder gives them: host in lower case, port and protocol set.
 */
#ifndef DOMAIN_MANIFEST_EDIT_H
#define DOMAIN_MANIFEST_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "domain/spec.h"

/* At the end of the list, which is made when the manifest has none. */
int manifest_egress_add(const char *text, size_t len, const char *file,
			const struct egress_entry *entry, char **out, struct err *e) must_check;
/* In the place of the entry at `index`. */
int manifest_egress_replace(const char *text, size_t len, const char *file, size_t index,
			    const struct egress_entry *entry, char **out, struct err *e) must_check;
/* All entries i with drop[i]; `drop` has one flag for each entry. A comment behind an entry goes
 * with it, comments on lines of their own stay. */
int manifest_egress_remove(const char *text, size_t len, const char *file, const bool *drop,
			   char **out, struct err *e) must_check;

/* The entry as it is written: a plain name, or a mapping on one line. Owned by the caller. */
char *manifest_egress_text(const struct egress_entry *entry) returns_owned;

#endif
