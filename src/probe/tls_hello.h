/* The first message of a TLS client. Private to the probe layer. */
#ifndef PROBE_TLS_HELLO_H
#define PROBE_TLS_HELLO_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define TLS_HELLO_MAX 512

/* A ClientHello for `name` (RFC 8446, 4.1.2; server name: RFC 6066, 3), good enough for any server
 * to answer. Returns its length, 0 when the name is too long. */
size_t tls_hello(const char *name, uint8_t out[TLS_HELLO_MAX]) must_check;

#endif
