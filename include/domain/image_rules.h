/*
 * What an image must not hold. Which files of its layers are read as text, which text is a
 * credential, and what of it keeps a tenant from being created. Pure.
 */
#ifndef DOMAIN_IMAGE_RULES_H
#define DOMAIN_IMAGE_RULES_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/spec.h"
#include "probe/facts.h"

/* Of the rules below and of the walk; a record that was made by others is made anew. */
#define IMAGE_RULES 1

/* True for "sha256:" and 64 digits, as an engine names an image, and nothing else. */
bool image_is_id(const char *image);

/* Whether the file's text is looked at: all but what package managers put there, which is
 * published code full of examples; a file that is named as programs name their credentials is
 * looked at wherever it is. `path` begins with "/". */
bool image_is_read(const char *path);

/* Which credential the text of that file holds, in words ("a GitHub token"), or NULL. Stricter than
 * secret_shape(): an image is full of text, and what is an example must not count. */
const char *image_secret(const char *path, const char *text);

/* NULL, or what is wrong with an image's USER: numbers beyond 2^31-1 were taken for root. */
const char *image_user_problem(const char *user);

/* ERR_REFUSED with the image, the layer and the path, and what to do, when it holds what must not
 * get to a runtime (device nodes, a /dev, /proc or /sys that is no folder, such a USER). */
int image_refuse_traps(const struct image_facts *f, const char *image, struct err *e) must_check;

#endif
