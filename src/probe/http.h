/* One HTTP request as an attacker writes it, and what came back. Private to the probe layer. */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "probe/facts.h"

#define HTTP_REQUEST_MAX 1024
#define HTTP_REPLY_MAX 4096

/* Writes the request of `a`. Returns its length, or -1 when it does not fit. */
int http_compose(const struct http_attempt *a, char out[HTTP_REQUEST_MAX]) must_check;

/* Fills outcome, status and reason of `a` once the reply is complete: its announced length is
 * there, or `end` says that nothing more comes or fits. False: wait for more. A reply that is not
 * HTTP is HTTP_ERROR, a hang-up before its head is complete HTTP_CLOSED. */
bool http_parse(const uint8_t *reply, size_t len, bool end, struct http_attempt *a) must_check;

#endif
