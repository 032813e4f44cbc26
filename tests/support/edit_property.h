/* What must hold of every change to a manifest's text; shared by unit test and fuzz target. */
#ifndef TESTS_SUPPORT_EDIT_PROPERTY_H
#define TESTS_SUPPORT_EDIT_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>

/* Adds an entry to `text`, removes it, and removes the entries chosen by `pick`. NULL, or what is
 * wrong. *out_refused counts changes that were refused: that is allowed, but must stay rare. */
const char *edit_property(const char *text, size_t len, unsigned pick, size_t *out_refused);

#endif
