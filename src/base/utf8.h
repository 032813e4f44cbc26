/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Shared by the escaper, both document readers and the binder, so that they agree.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at `s` (1..4), or 0 when it is not a valid one within `len`. */
size_t utf8_length(const char *s, size_t len);
/* True for C0, DEL and C1 controls; `n` is the length of a valid character. */
bool utf8_is_control(const char *s, size_t n);
/* Offset of the first byte that is not part of a valid character, or `len`. */
size_t utf8_valid_until(const char *s, size_t len);

#endif
