/*
 * Secrets as bytes: what one may hold, and the forms in which the gateway needs it.
 * Pure functions. Whatever they return holds a secret and is wiped by its owner.
 */
#ifndef DOMAIN_SECRET_VALUE_H
#define DOMAIN_SECRET_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "domain/spec.h"

#define SECRET_MAX ((size_t)4096) /* bytes */
/* Forms shorter than this are not looked for in answers: they would be found by chance. So a secret
 * is not shorter, or it could neither be kept out of answers nor searched for. */
#define SECRET_FORM_MIN ((size_t)8)
#define SECRET_MIN SECRET_FORM_MIN

/* A name of a secret; ERR_USAGE, without repeating it: it may be the secret itself. */
int secret_name_check(const char *name, struct err *e) must_check;

/* Cuts the newline at the end of `text` (of *len bytes, followed by a NUL) and checks the rest: one
 * line of visible ASCII with inner blanks, SECRET_MIN to SECRET_MAX bytes. ERR_MANIFEST says what
 * is wrong and never shows a byte of it. */
int secret_value_trim(char *text, size_t *len, struct err *e) must_check;

/* The value as it is sent: the header's whole value, or that of the query parameter,
 * percent-encoded. `out` must be one that is wiped (STRBUF_SECRET). */
void secret_compose(const struct inject_entry *how, const char *secret, struct strbuf *out);

/* Adds a line for each form in which `secret` may come back in an answer: as it is, base64 at each
 * alignment, hexadecimal, percent-encoded, quoted as in JSON. Lines are substrings to look for. */
void secret_echo_forms(const char *secret, struct strbuf *out);

/* Overwrites each occurrence of `secret` in `text` with '*'. */
void secret_mask(char *text, const char *secret);
/* Overwrites each word of `text` that may be a key. */
void secret_mask_shapes(char *text);

#endif
