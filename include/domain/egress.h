/*
 * What a tenant's gateway lets through, as data: every egress entry and credential route
 * of a configuration in the order in which the gateway decides. The gateway's files are
 * rendered from this list, and what-if questions are answered from it, so that the two
 * cannot differ. Pure functions.
 */
#ifndef DOMAIN_EGRESS_H
#define DOMAIN_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "domain/gateway.h"

#define EGRESS_RULE_ID_SIZE 300

enum egress_rule_kind { RULE_TLS, RULE_TCP, RULE_ROUTE };

struct egress_rule { /* points into the configuration it was made from */
	enum egress_rule_kind kind;
	const struct egress_entry *entry;	   /* NULL for a route */
	const struct credential_entry *credential; /* NULL for the others */
	size_t index;				   /* its place in the manifest's list */
	uint16_t port;
	int64_t expires; /* seconds since 1970, 0: never */
	char id[EGRESS_RULE_ID_SIZE];
};

struct egress_rules {
	struct egress_rule *items;
	size_t count;
};

/* All rules: for TLS port by port, and within a port so that the last one that matches a name
 * decides (wildcards by length, then exact names); then TCP, then routes, as the manifest has them.
 * The configuration is one that gateway_render accepts. */
void egress_rules_make(const struct gateway_config *c, struct egress_rules *out);
void egress_rules_free(struct egress_rules *r);
#define auto_rules cleanup_with(egress_rules_free)

/* "tls:443:*.slack.com", "tcp:5432:db.example.com", "route:ghl": the rule's name in logs and
 * counters, for as long as the manifest has the entry. The caller owns it. */
char *egress_rule_id(const struct egress_entry *r) returns_owned;
char *credential_rule_id(const struct credential_entry *r) returns_owned;

struct egress_query {
	const char *host; /* the name that a connection asks for, or an address (TCP only) */
	int64_t port;
	const char *method, *path; /* of a request to a credential route; else NULL */
	const char *address;	   /* what the name resolves to, or NULL: a public address */
	int64_t now;		   /* seconds since 1970 */
	bool has_token;		   /* the request carries the tenant's placeholder */
};

struct egress_decision {
	bool allowed;
	char rule[EGRESS_RULE_ID_SIZE]; /* that decides; "" none */
	const char *reason; /* as in the gateway's log; "none" when allowed, "port" when nothing
			     * listens there */
	char text[300];	    /* for people */
};

/* What the gateway of this configuration does with a connection or request. Counted limits (rate,
 * daily) are taken to have room. */
void egress_decide(const struct gateway_config *c, const struct egress_query *q,
		   struct egress_decision *out);

#endif
