/* What the renderers of the gateway's configuration share. */
#ifndef DOMAIN_GATEWAY_CHECK_H
#define DOMAIN_GATEWAY_CHECK_H

#include "base/strbuf.h"
#include "base/strlist.h"
#include "domain/gateway.h"

/* Refuses (ERR_INTERNAL) everything that could change the meaning of rendered text. */
int gateway_check(const struct gateway_config *c, struct err *e) must_check;

/* The same for credentials; part of gateway_check. */
int gateway_check_routes(const struct gateway_config *c, struct err *e) must_check;

bool gateway_is_ipv4(const char *s);
bool gateway_is_wildcard(const char *host);
/* Lower-case labels of letters, digits and dashes, joined by dots. */
bool gateway_is_name(const char *name);
/* Seconds since 1970 at 00:00 UTC of "YYYY-MM-DD"; -1 when it is not a day. */
int64_t gateway_day_start(const char *day);

/* What may be resolved outside: POSIX extended and PCRE. */
#define GATEWAY_NAME_REGEX "^([a-z0-9_-]{1,63}\\.)*[a-z0-9_-]{1,63}$"

enum gateway_address { GATEWAY_ADDRESS_PUBLIC, GATEWAY_ADDRESS_PRIVATE, GATEWAY_ADDRESS_NEVER };
/* What the conditions of gateway_add_address_acls say of an IPv4 address. */
enum gateway_address gateway_address_kind(const struct gateway_config *c, const char *address);

/* The host's addresses that no range refuses: sorted by number, each once; added to `out`. */
void gateway_own_addresses(const struct gateway_config *c, struct strlist *out);
/* `never` and `private`: conditions on a resolved txn.dst. `own` is from gateway_own_addresses. */
void gateway_add_address_acls(struct strbuf *b, const struct gateway_config *c,
			      const struct strlist *own);

/* Add a file's text for a configuration that gateway_check accepted. */
void gateway_add_haproxy(struct strbuf *b, const struct gateway_config *c);
void gateway_add_dnsmasq(struct strbuf *b, const struct gateway_config *c);
void gateway_add_hosts(struct strbuf *b, const struct gateway_config *c);
void gateway_add_rules(struct strbuf *b, const struct gateway_config *c);

/* The part of haproxy.cfg that serves credential routes: frontend `routes` and the backends
 * route_NAME. `own` is from gateway_own_addresses. */
void gateway_add_routes(struct strbuf *b, const struct gateway_config *c,
			const struct strlist *own);

#endif
