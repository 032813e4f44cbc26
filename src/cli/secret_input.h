/* Taking a secret from a person or a pipe. Private to cli. */
#ifndef CLI_SECRET_INPUT_H
#define CLI_SECRET_INPUT_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/secrets.h"

/* From a terminal: asked for on standard error and not shown while it is typed. Else all of
 * standard input. Checked with secret_value_trim; ERR_USAGE says what is wrong without showing any
 * of it. */
int secret_input(const char *tenant, const char *key, struct secret *out, struct err *e) must_check;

#endif
