/*
 * The last check of credentials before text is rendered; see gateway_check.c. What passes
 * has only characters that mean nothing in the configuration's quotes.
 */
#include "gateway_check.h"

#include <string.h>
#include <strings.h>

#include "domain/egress_route.h"
#include "spec_rules.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define WORD_MAX 64

static bool is_word(const char *s, const char *allowed)
{
	size_t len = s ? strlen(s) : 0;

	return len > 0 && len <= WORD_MAX && strspn(s, allowed) == len;
}

/* Headers that frame a request, or that the route itself sets. */
static bool is_framing(const char *header)
{
	static const char *const names[] = {
		"host",	   "connection", "content-length", "te",	"transfer-encoding",
		"upgrade", "trailer",	 "expect",	   "keep-alive"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i], header) == 0)
			return true;
	return false;
}

static const char *target_of(const struct inject_entry *e)
{
	return e->basic ? "authorization" : e->header ? e->header : e->query;
}

static bool inject_is_valid(const struct credential_entry *r, size_t index)
{
	const struct inject_entry *e = LIST_AT(inject_entry, &r->inject, index);

	if (!!e->header + !!e->query + !!e->basic != 1)
		return false;
	if (e->header && (!is_word(e->header, LETTERS DIGITS "-") || is_framing(e->header)))
		return false;
	if (e->query && !is_word(e->query, LETTERS DIGITS "_.-"))
		return false;
	/* The worker's copies are dropped in any case, and would take each other's keys along. */
	for (size_t i = 0; i < index; i++) {
		const struct inject_entry *other = LIST_AT(inject_entry, &r->inject, i);

		if (!e->query == !other->query && strcasecmp(target_of(e), target_of(other)) == 0)
			return false;
	}
	return true;
}

static bool limit_is_valid(const struct route_limit *l)
{
	if (l->rate_count < 0 || l->burst < 0 || l->daily < 0)
		return false;
	if (l->rate_count == 0)
		return l->rate_seconds == 0;
	return l->rate_count < 10000000 &&
	       (l->rate_seconds == 1 || l->rate_seconds == 60 || l->rate_seconds == 3600);
}

static const char *credential_problem(const struct gateway_config *c, size_t index)
{
	const struct credential_entry *r = &c->credentials[index];
	struct route_pattern p;

	if (!is_word(r->name, "abcdefghijklmnopqrstuvwxyz" DIGITS "-"))
		return "malformed name";
	for (size_t i = 0; i < index; i++)
		if (strcmp(c->credentials[i].name, r->name) == 0)
			return "one name twice";
	if (!gateway_is_name(r->upstream_host) || gateway_is_ipv4(r->upstream_host) ||
	    r->upstream_port == 0)
		return "malformed upstream";
	if (r->inject.count == 0)
		return "nothing to inject";
	for (size_t i = 0; i < r->inject.count; i++)
		if (!inject_is_valid(r, i))
			return "malformed inject entry";
	for (size_t i = 0; i < r->allow.count; i++)
		if (route_pattern_parse(r->allow.items[i], &p))
			return "malformed allow entry";
	if (!limit_is_valid(&r->limit))
		return "malformed limit";
	/* Without its text the system's certificates would be trusted instead. */
	if (r->ca && (!c->ca_texts || !c->ca_texts[index]))
		return "no text of its CA certificates";
	if (r->token == TOKEN_REQUIRED && !(c->token && secret_is_placeholder(c->token)))
		return "malformed placeholder";
	return NULL;
}

int gateway_check_routes(const struct gateway_config *c, struct err *e)
{
	if (c->credential_count > GATEWAY_MAX_CREDENTIALS)
		return err_set(e, ERR_INTERNAL, "gateway: %zu credentials", c->credential_count);
	for (size_t i = 0; i < c->credential_count; i++) {
		const char *problem = credential_problem(c, i);

		if (problem)
			return err_set(e, ERR_INTERNAL, "gateway: credentials[%zu]: %s", i,
				       problem);
	}
	return 0;
}
