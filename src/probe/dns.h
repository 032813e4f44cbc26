/* One DNS question and what came back for it. Private to the probe layer. */
#ifndef PROBE_DNS_H
#define PROBE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "probe/facts.h"

#define DNS_QUERY_MAX 512

/* Writes a recursive query for name and type. Returns its length, or -1 when `name` is not one. */
int dns_encode(const char *name, uint16_t type, uint16_t id, uint8_t out[DNS_QUERY_MAX]) must_check;

/* Fills outcome, rcode and answer of `a`. False when the message is no reply to this query at all
 * (another id or question), so that waiting goes on; `a` is then unchanged. A reply that can't be
 * read is DNS_ERROR. */
bool dns_parse(const uint8_t *msg, size_t len, uint16_t id, struct dns_attempt *a) must_check;

#endif
