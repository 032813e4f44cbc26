/*
 * What a walk over an image's layers found, kept as JSON: layers never change, and the
 * image's id is a digest of them, so that one walk serves every tenant and every run. The
 * text is read as hostile: a record that is not exactly one is refused as a whole.
 */
#ifndef DOMAIN_IMAGE_RECORD_H
#define DOMAIN_IMAGE_RECORD_H

#include "base/compiler.h"
#include "base/err.h"
#include "probe/facts.h"

#define IMAGE_RECORD_BYTES_MAX ((size_t)256 * 1024)

/* The record of `image` ("sha256:..."), with IMAGE_RULES in it. */
char *image_record_print(const struct image_facts *f, const char *image) returns_owned;

/* ERR_PROTOCOL when it is none, is another image's, or was made by other rules. The caller frees
 * *out with image_facts_free. */
int image_record_parse(const char *text, size_t len, const char *image, struct image_facts *out,
		       struct err *e) must_check;

#endif
