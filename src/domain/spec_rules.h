/*
 * Rules for single values that the tables and the checks across fields share, and the
 * parts that spec_check() is made of.
 */
#ifndef DOMAIN_SPEC_RULES_H
#define DOMAIN_SPEC_RULES_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "domain/spec.h"

#define TENANT_NAME_PATTERN "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"
#define TENANT_NAME_WANT                                                                           \
	"1 to 40 lower-case letters, digits and dashes, with a letter or digit at both ends"

/* The engine's reference grammar. Lengths are left to image_check(): repetition counts make a
 * regular expression slow to compile. An image id (sha256:...) has the shape of NAME:TAG. */
#define IMAGE_PART "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
#define IMAGE_LABEL "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define IMAGE_REGISTRY                                                                             \
	"(" IMAGE_LABEL "(\\." IMAGE_LABEL ")+(:[0-9]+)?|" IMAGE_LABEL ":[0-9]+|localhost)"
#define IMAGE_PATTERN                                                                              \
	"(" IMAGE_REGISTRY "/)?" IMAGE_PART "(/" IMAGE_PART ")*"                                   \
	"(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]+)?"
#define IMAGE_WANT "an image as NAME:TAG or NAME@sha256:DIGEST, the name in lower case"

/* Names of secrets and of credential routes: one part of a path and of a URL. */
#define SECRET_NAME_PATTERN "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
#define SECRET_NAME_MAX 32
#define SECRET_NAME_WANT                                                                           \
	"1 to 32 lower-case letters, digits and dashes, with a letter or digit at both ends"

/* NULL when `image` (which matches IMAGE_PATTERN) may be used, else what is wrong with it. */
const char *image_problem(const char *image) must_check;

/* NULL when `path` is absolute and in its shortest spelling, else what is wrong. */
const char *path_problem(const char *path) must_check;
/* True for `path` itself and everything below it. */
bool path_is_within(const char *path, const char *top);

/* NULL when `host` (lower case) may be an egress destination, else what is wrong. */
const char *egress_host_problem(const char *host, bool private_ok) must_check;

/* Parts of spec_check(). */
int spec_check_egress(struct tenant_spec *s, const struct doc *d, struct err *e) must_check;
int spec_check_mounts(const struct tenant_spec *s, const struct doc *d, struct err *e) must_check;
int spec_check_credentials(struct tenant_spec *s, const struct doc *d, struct err *e) must_check;
int spec_check_environment(const struct tenant_spec *s, const struct doc *d, struct err *e)
	must_check;

/* The part of secret_shape() that needs no name and errs only on real keys: known prefixes, private
 * keys, URLs with a password. For command lines, where no allow_plain can help. */
const char *secret_known_shape(const char *value);

/* What the beginning of `s` is the prefix and length of, or NULL; *out_key is the part behind the
 * prefix, of *out_len bytes. */
const char *secret_prefix_at(const char *s, const char **out_key, size_t *out_len);
/* True for the characters that one of those prefixes begins with. */
bool secret_prefix_begins(char c);
/* True for the characters that keys are made of. */
bool secret_is_key_char(char c);

/* The part of the manifest's table that describes a credential. */
extern const struct bind_table credential_table;

/* A list element as its own type. */
#define LIST_AT(strukt, list, i) (&((struct strukt *)(list)->items)[i])

#endif
