/*
 * What-if: the gateway's decision about one connection or request. Follows the order of the
 * rendered configuration: the name's lookup, the port, the name in the handshake, the
 * address that it leads to.
 */
#include "domain/egress.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/egress_route.h"
#include "gateway_check.h"

#define NAME_MAX_LEN 253

static void decide(struct egress_decision *out, bool allowed, const char *reason, const char *fmt,
		   ...) printf_like(4, 5);
static void decide(struct egress_decision *out, bool allowed, const char *reason, const char *fmt,
		   ...)
{
	va_list ap;

	out->allowed = allowed;
	out->reason = reason;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

/* A name as the gateway compares it. The caller owns it. */
static char *plain_name(const char *host)
{
	char *name = mem_strdup(host);
	size_t len = strlen(name);

	while (len > 0 && name[len - 1] == '.')
		name[--len] = '\0';
	for (char *at = name; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	return name;
}

static bool rule_matches(const char *host, const char *name)
{
	size_t have = strlen(name), want = strlen(host);

	if (!gateway_is_wildcard(host))
		return strcmp(host, name) == 0;
	return have >= want - 1 && strcmp(name + have - (want - 1), host + 1) == 0;
}

/* What a lookup can ask for: no part is empty. */
static bool is_askable(const char *name)
{
	return *name && *name != '.' && !strstr(name, "..") && strlen(name) <= NAME_MAX_LEN;
}

/* The gateway's resolver knows the names of all entries, whatever their port and time. */
static bool has_address(const struct gateway_config *c, const char *name)
{
	if (!is_askable(name))
		return false;
	if (strcmp(name, "gateway") == 0 || strcmp(name, "proxy") == 0 ||
	    strcmp(name, c->inner_ip) == 0)
		return true;
	for (size_t i = 0; i < c->egress_count; i++)
		if (!gateway_is_ipv4(c->egress[i].host) && rule_matches(c->egress[i].host, name))
			return true;
	return false;
}

/* As in the configuration: what may be looked up outside. */
static bool is_plain(const char *name)
{
	regex_t re;
	bool ok;

	if (regcomp(&re, GATEWAY_NAME_REGEX, REG_EXTENDED | REG_NOSUB))
		return false;
	ok = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

/* The last word: where the name leads. `out` holds the rule. */
static void decide_address(const struct gateway_config *c, const struct egress_query *q,
			   bool private_ok, struct egress_decision *out)
{
	enum gateway_address kind = GATEWAY_ADDRESS_PUBLIC;

	if (q->address && !gateway_is_ipv4(q->address)) {
		decide(out, false, "unresolved", "the name has no IPv4 address");
		return;
	}
	if (q->address)
		kind = gateway_address_kind(c, q->address);
	if (kind == GATEWAY_ADDRESS_NEVER)
		decide(out, false, "address",
		       "%s is never a destination: this host, a metadata service or no host at all",
		       q->address);
	else if (kind == GATEWAY_ADDRESS_PRIVATE && !private_ok)
		decide(out, false, "address",
		       "%s is inside private networks, and the rule lacks 'private: true'",
		       q->address);
}

static void take_rule(const struct egress_rule *r, struct egress_decision *out)
{
	snprintf(out->rule, sizeof(out->rule), "%s", r->id);
}

static void decide_tls(const struct gateway_config *c, const struct egress_query *q,
		       const struct egress_rule *rules, size_t count, const char *name,
		       struct egress_decision *out)
{
	const struct egress_rule *live = NULL, *past = NULL;

	if (gateway_is_ipv4(name)) {
		decide(out, false, "no-name", "an address names nobody in a TLS handshake");
		return;
	}
	for (size_t i = 0; is_plain(name) && i < count; i++) {
		if (!rule_matches(rules[i].entry->host, name))
			continue;
		if (rules[i].entry->expires && q->now >= rules[i].expires)
			past = &rules[i];
		else
			live = &rules[i];
	}
	if (!live && !past) {
		decide(out, false, "name", "no egress entry for this name on port %lld",
		       (long long)q->port);
		return;
	}
	take_rule(live ? live : past, out);
	if (!live) {
		decide(out, false, "expired", "the entry for %s ended on %s", past->entry->host,
		       past->entry->expires);
		return;
	}
	decide(out, true, "none", "TLS to %s, allowed by the entry for %s", name,
	       live->entry->host);
	decide_address(c, q, live->entry->private_ok, out);
}

/* The port alone decides: whatever name was used, the connection goes to the entry's host. */
static void decide_tcp(const struct gateway_config *c, const struct egress_query *q,
		       const struct egress_rule *r, struct egress_decision *out)
{
	take_rule(r, out);
	if (r->entry->expires && q->now >= r->expires) {
		decide(out, false, "expired", "the entry for %s ended on %s", r->entry->host,
		       r->entry->expires);
		return;
	}
	decide(out, true, "none", "port %u leads to %s, whatever name was used", r->port,
	       r->entry->host);
	decide_address(c, q, r->entry->private_ok, out);
}

/* Optional port, trailing dot, any case: as in the configuration of the routes. */
static bool is_route_host(const char *host)
{
	size_t len = strcspn(host, ":");

	if (host[len] && strcmp(host + len, ":80") != 0)
		return false;
	if (len > 0 && host[len - 1] == '.')
		len--;
	return (len == 7 && strncasecmp(host, "gateway", len) == 0) ||
	       (len == 5 && strncasecmp(host, "proxy", len) == 0);
}

static void decide_route(const struct gateway_config *c, const struct egress_query *q,
			 const struct egress_rules *rules, struct egress_decision *out)
{
	if (!is_route_host(q->host)) {
		decide(out, false, "host",
		       "port 80 serves credential routes only: http://gateway/NAME/...");
		return;
	}
	if (!q->method || !q->path) {
		decide(out, false, "route", "a credential route is asked for with METHOD and PATH");
		return;
	}
	route_decide(c, q, out);
	for (size_t i = 0; out->allowed && i < rules->count; i++)
		if (strcmp(rules->items[i].id, out->rule) == 0) {
			decide_address(c, q, rules->items[i].credential->private_ok, out);
			return;
		}
}

/* The port's rules stand together. */
static void decide_port(const struct gateway_config *c, const struct egress_query *q,
			const struct egress_rules *rules, const char *name,
			struct egress_decision *out)
{
	size_t first = 0, n = 0;

	while (first < rules->count && rules->items[first].port != q->port)
		first++;
	while (first + n < rules->count && rules->items[first + n].port == q->port)
		n++;
	if (!has_address(c, name))
		decide(out, false, "name",
		       gateway_is_ipv4(name)
			       ? "no address is in the worker's reach, only names of egress entries"
			       : "no egress entry for this name: it is not even looked up");
	else if (n == 0)
		decide(out, false, "port", "no egress entry for port %lld: nothing listens there",
		       (long long)q->port);
	else if (rules->items[first].kind == RULE_TLS)
		decide_tls(c, q, rules->items + first, n, name, out);
	else
		decide_tcp(c, q, &rules->items[first], out);
}

void egress_decide(const struct gateway_config *c, const struct egress_query *q,
		   struct egress_decision *out)
{
	struct egress_rules rules auto_rules = { 0 };
	auto_free char *name = plain_name(q->host);

	*out = (struct egress_decision){ .reason = "none" };
	egress_rules_make(c, &rules);
	if (q->port == GATEWAY_ROUTE_PORT && (q->method || has_address(c, name)))
		decide_route(c, q, &rules, out);
	else
		decide_port(c, q, &rules, name, out);
}
