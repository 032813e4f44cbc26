/* The way back from what the gateway sends to the secret in it. Pure. */
#ifndef DOMAIN_SECRET_EXTRACT_H
#define DOMAIN_SECRET_EXTRACT_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/strbuf.h"
#include "domain/spec.h"

/* Adds the secret that secret_compose() put into `value`. False, with nothing added, when `value`
 * is not what `how` makes. `out` must be one that is wiped (STRBUF_SECRET). */
bool secret_extract(const struct inject_entry *how, const char *value, struct strbuf *out);

#endif
