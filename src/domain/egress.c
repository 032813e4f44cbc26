/* The ordered list of rules; see domain/egress.h. */
#include "domain/egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gateway_check.h"

char *egress_rule_id(const struct egress_entry *r)
{
	return mem_printf("%s:%d:%s", r->protocol == EGRESS_TCP ? "tcp" : "tls", (int)r->port,
			  r->host);
}

char *credential_rule_id(const struct credential_entry *r)
{
	return mem_printf("route:%s", r->name);
}

/* The most specific rule comes last: wildcards by length, then exact names. */
static int by_specificity(const void *a, const void *b)
{
	const char *x = ((const struct egress_rule *)a)->entry->host;
	const char *y = ((const struct egress_rule *)b)->entry->host;
	bool xw = gateway_is_wildcard(x), yw = gateway_is_wildcard(y);
	size_t xl = strlen(x), yl = strlen(y);

	if (xw != yw)
		return xw ? -1 : 1;
	if (xl != yl)
		return xl < yl ? -1 : 1;
	return strcmp(x, y);
}

static void add_entry(struct egress_rules *out, const struct gateway_config *c, size_t index)
{
	const struct egress_entry *r = &c->egress[index];
	struct egress_rule *rule = &out->items[out->count++];
	auto_free char *id = egress_rule_id(r);

	*rule = (struct egress_rule){
		.kind = r->protocol == EGRESS_TCP ? RULE_TCP : RULE_TLS,
		.entry = r,
		.index = index,
		.port = (uint16_t)r->port,
		.expires = r->expires ? gateway_day_start(r->expires) : 0,
	};
	snprintf(rule->id, sizeof(rule->id), "%s", id);
}

/* The TLS rules of the port of entry `first`, unless an entry before has it. */
static void add_tls_port(struct egress_rules *out, const struct gateway_config *c, size_t first)
{
	const struct egress_entry *r = &c->egress[first];
	size_t begin = out->count;

	for (size_t i = 0; i < first; i++)
		if (c->egress[i].port == r->port)
			return;
	for (size_t i = first; i < c->egress_count; i++)
		if (c->egress[i].port == r->port)
			add_entry(out, c, i);
	qsort(out->items + begin, out->count - begin, sizeof(*out->items), by_specificity);
}

void egress_rules_make(const struct gateway_config *c, struct egress_rules *out)
{
	out->items = mem_array(c->egress_count + c->credential_count + 1, sizeof(*out->items));
	out->count = 0;
	for (size_t i = 0; i < c->egress_count; i++)
		if (c->egress[i].protocol == EGRESS_TLS)
			add_tls_port(out, c, i);
	for (size_t i = 0; i < c->egress_count; i++)
		if (c->egress[i].protocol == EGRESS_TCP)
			add_entry(out, c, i);
	for (size_t i = 0; i < c->credential_count; i++) {
		struct egress_rule *rule = &out->items[out->count++];

		*rule = (struct egress_rule){ .kind = RULE_ROUTE,
					      .credential = &c->credentials[i],
					      .index = i,
					      .port = GATEWAY_ROUTE_PORT };
		snprintf(rule->id, sizeof(rule->id), "route:%s", c->credentials[i].name);
	}
}

void egress_rules_free(struct egress_rules *r)
{
	free(r->items);
	*r = (struct egress_rules){ 0 };
}
