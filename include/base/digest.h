/* SHA-256 over bytes or over a sequence of fields, as lower-case hex. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define DIGEST_HEX_SIZE 65

struct digest_state; /* opaque; made by digest_new, gone with digest_finish */

struct digest_state *digest_new(void) returns_owned;
void digest_bytes(struct digest_state *s, const void *data, size_t len);
/* Length-prefixed, so that ("ab","c") and ("a","bc") differ. NULL counts as a value of its own. */
void digest_field(struct digest_state *s, const char *name, const char *value);
void digest_finish(struct digest_state *s, char out[DIGEST_HEX_SIZE]);
void digest_of(const void *data, size_t len, char out[DIGEST_HEX_SIZE]);

#endif
