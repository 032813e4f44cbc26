/* Words for egress: what an operator types, and what is shown. Private to cli. */
#ifndef CLI_EGRESS_TEXT_H
#define CLI_EGRESS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "domain/spec.h"

/* HOST or HOST:PORT as typed: *out_host is in lower case without a final dot, *out_port 0 when none
 * was given. A URL, a path or a misused star is ERR_USAGE that says what to type; nothing of a
 * password in a URL is repeated. */
int egress_parse_host(const char *text, char **out_host, int64_t *out_port, struct err *e)
	must_check;
int egress_parse_port(const char *text, int64_t *out, struct err *e) must_check;
/* "2031-12-31", or "30d" from `now` on: the day in *out (16 bytes). Days that are over are
 * ERR_USAGE. */
int egress_parse_day(const char *text, int64_t now, char out[16], struct err *e) must_check;
/* "90d", "12h", "2w", "30m": seconds. `option` is for the message. */
int egress_parse_duration(const char *text, const char *option, int64_t *out, struct err *e)
	must_check;
/* A duration before `now`, a day, or RFC 3339: seconds since 1970. */
int egress_parse_since(const char *text, int64_t now, int64_t *out, struct err *e) must_check;

/* The credential whose upstream is `host`: the worker is meant to go there through the gateway.
 * NULL when there is none. */
const struct credential_entry *egress_route_to(const struct tenant_spec *s, const char *host);

/* "db.example.com:5432 tcp, private"; owned by the caller. */
char *egress_entry_what(const struct egress_entry *r) returns_owned;

#endif
