/*
 * A reader of just what a well-formed document needs, stricter than any browser: what
 * it takes reads the same everywhere. For HTML it also refuses whatever could act or
 * load something.
 */
#ifndef TEST_MARKUP_H
#define TEST_MARKUP_H

#include <stddef.h>

enum markup_kind { MARKUP_XML, MARKUP_HTML };

/* The number of elements, or 0 with what is wrong in `problem`. */
size_t markup_check(const char *text, enum markup_kind kind, char *problem, size_t size);

#endif
