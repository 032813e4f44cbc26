/*
 * The list of rules and what it decides: a table of questions for one configuration, with
 * the rule and the reason that the gateway's log would show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "domain/egress.h"
#include "gateway_config.h"

#define NOON_2026 INT64_C(1798718400) /* 2026-12-31 12:00 UTC */

static const struct egress_entry rules[] = {
	{ .host = (char *)"api.example.com", .port = 443 },
	{ .host = (char *)"*.example.org", .port = 443 },
	{ .host = (char *)"*.eu.example.org", .port = 443, .private_ok = true },
	{ .host = (char *)"old.eu.example.org", .port = 443, .expires = (char *)"2026-12-31" },
	{ .host = (char *)"gone.example.net", .port = 443, .expires = (char *)"2026-12-31" },
	{ .host = (char *)"soon.example.net", .port = 443, .expires = (char *)"2027-01-01" },
	{ .host = (char *)"*.end.example.net", .port = 443, .expires = (char *)"2026-12-31" },
	{ .host = (char *)"x.end.example.net", .port = 443, .expires = (char *)"2026-12-30" },
	{ .host = (char *)"api.example.com", .port = 8443, .private_ok = true },
	{ .host = (char *)"db.example.com", .port = 5432, .protocol = EGRESS_TCP },
	{ .host = (char *)"db.example.com",
	  .port = 5433,
	  .protocol = EGRESS_TCP,
	  .private_ok = true,
	  .expires = (char *)"2026-12-31" },
	{ .host = (char *)"10.99.0.1", .port = 9000, .protocol = EGRESS_TCP, .private_ok = true },
};

static char *allow_items[] = { (char *)"GET /contacts/*", (char *)"* /notes", NULL };
static const struct credential_entry credentials[] = {
	{ .name = (char *)"ghl",
	  .upstream = (char *)"https://crm.example.com",
	  .upstream_host = "crm.example.com",
	  .upstream_port = 443,
	  .allow = { .items = allow_items, .count = 2 } },
	{ .name = (char *)"office",
	  .upstream = (char *)"https://crm.acme.internal",
	  .upstream_host = "crm.acme.internal",
	  .upstream_port = 443,
	  .private_ok = true,
	  .token = TOKEN_REQUIRED },
};

static struct gateway_config sample_config(void)
{
	struct gateway_config c = config_of(rules, ARRAY_SIZE(rules));

	c.credentials = credentials;
	c.credential_count = ARRAY_SIZE(credentials);
	return c;
}

static void test_order(unused_arg void **state)
{
	static const char *const ids[] = {
		"tls:443:*.example.org",
		"tls:443:*.eu.example.org",
		"tls:443:*.end.example.net",
		"tls:443:api.example.com",
		"tls:443:gone.example.net",
		"tls:443:soon.example.net",
		"tls:443:x.end.example.net",
		"tls:443:old.eu.example.org",
		"tls:8443:api.example.com",
		"tcp:5432:db.example.com",
		"tcp:5433:db.example.com",
		"tcp:9000:10.99.0.1",
		"route:ghl",
		"route:office",
	};
	struct gateway_config c = sample_config();
	struct egress_rules list auto_rules = { 0 };

	egress_rules_make(&c, &list);
	assert_int_equal(list.count, ARRAY_SIZE(ids));
	for (size_t i = 0; i < list.count; i++) {
		const struct egress_rule *r = &list.items[i];
		auto_free char *id = r->kind == RULE_ROUTE ? credential_rule_id(r->credential)
							   : egress_rule_id(r->entry);

		assert_string_equal(r->id, ids[i]);
		assert_string_equal(id, ids[i]);
		assert_ptr_equal(r->kind == RULE_ROUTE ? (const void *)r->credential
						       : (const void *)r->entry,
				 r->kind == RULE_ROUTE ? (const void *)&credentials[r->index]
						       : (const void *)&rules[r->index]);
	}
	assert_int_equal(list.items[4].expires, NOON_2026 - 43200);
	assert_int_equal(list.items[0].expires, 0);
}

struct question {
	const char *host;
	int64_t port;
	const char *address; /* "-": has none */
	const char *rule, *reason;
};

static const struct question questions[] = {
	{ "api.example.com", 443, NULL, "tls:443:api.example.com", "none" },
	{ "API.Example.COM.", 443, NULL, "tls:443:api.example.com", "none" },
	{ "api.example.com..", 443, NULL, "tls:443:api.example.com", "none" },
	{ "x.api.example.com", 443, NULL, "", "name" },
	{ "example.com", 443, NULL, "", "name" },
	{ "xapi.example.com", 443, NULL, "", "name" },
	{ "", 443, NULL, "", "name" },
	{ ".", 443, NULL, "", "name" },
	/* wildcards: every depth, not the name itself, the longest wins */
	{ "a.example.org", 443, NULL, "tls:443:*.example.org", "none" },
	{ "a.b.c.example.org", 443, NULL, "tls:443:*.example.org", "none" },
	{ "example.org", 443, NULL, "", "name" },
	{ ".example.org", 443, NULL, "", "name" },
	{ "a..example.org", 443, NULL, "", "name" },
	{ "aexample.org", 443, NULL, "", "name" },
	{ "a b.example.org", 443, NULL, "", "name" },
	{ "a_b.example.org", 443, NULL, "tls:443:*.example.org", "none" },
	{ "eu.example.org", 443, NULL, "tls:443:*.example.org", "none" },
	{ "a.eu.example.org", 443, NULL, "tls:443:*.eu.example.org", "none" },
	/* time */
	{ "old.eu.example.org", 443, NULL, "tls:443:*.eu.example.org", "none" },
	{ "gone.example.net", 443, NULL, "tls:443:gone.example.net", "expired" },
	{ "soon.example.net", 443, NULL, "tls:443:soon.example.net", "none" },
	{ "x.end.example.net", 443, NULL, "tls:443:x.end.example.net", "expired" },
	{ "y.end.example.net", 443, NULL, "tls:443:*.end.example.net", "expired" },
	/* ports */
	{ "api.example.com", 8443, NULL, "tls:8443:api.example.com", "none" },
	{ "a.example.org", 8443, NULL, "", "name" },
	{ "api.example.com", 444, NULL, "", "port" },
	{ "api.example.com", 22, NULL, "", "port" },
	{ "api.example.com", 53, NULL, "", "port" },
	{ "api.example.com", 80, NULL, "", "host" },
	{ "unknown.example.net", 80, NULL, "", "name" },
	{ "unknown.example.net", 444, NULL, "", "name" },
	{ "gateway", 443, NULL, "", "name" },
	{ "gateway", 80, NULL, "", "route" },
	/* plain TCP: the port alone */
	{ "db.example.com", 5432, NULL, "tcp:5432:db.example.com", "none" },
	{ "api.example.com", 5432, NULL, "tcp:5432:db.example.com", "none" },
	{ "gateway", 5432, NULL, "tcp:5432:db.example.com", "none" },
	{ "10.231.0.2", 5432, NULL, "tcp:5432:db.example.com", "none" },
	{ "unknown.example.net", 5432, NULL, "", "name" },
	{ "a..example.org", 5432, NULL, "", "name" },
	{ ".example.org", 5432, NULL, "", "name" },
	{ "", 5432, NULL, "", "name" },
	{ "db.example.com", 5433, NULL, "tcp:5433:db.example.com", "expired" },
	{ "10.99.0.1", 9000, NULL, "", "name" },
	{ "10.231.0.2", 9000, "10.99.0.1", "tcp:9000:10.99.0.1", "none" },
	/* addresses */
	{ "198.51.100.10", 443, NULL, "", "name" },
	{ "10.231.0.2", 443, NULL, "", "no-name" },
	{ "api.example.com", 443, "203.0.113.5", "tls:443:api.example.com", "none" },
	{ "api.example.com", 443, "-", "tls:443:api.example.com", "unresolved" },
	{ "api.example.com", 443, "2001:db8::1", "tls:443:api.example.com", "unresolved" },
	{ "api.example.com", 443, "10.0.0.1", "tls:443:api.example.com", "address" },
	{ "api.example.com", 443, "100.64.0.1", "tls:443:api.example.com", "address" },
	{ "api.example.com", 443, "127.0.0.1", "tls:443:api.example.com", "address" },
	{ "api.example.com", 443, "192.0.2.1", "tls:443:api.example.com", "address" },
	{ "api.example.com", 8443, "10.0.0.1", "tls:8443:api.example.com", "none" },
	{ "api.example.com", 8443, "192.168.7.7", "tls:8443:api.example.com", "none" },
	{ "api.example.com", 8443, "169.254.169.254", "tls:8443:api.example.com", "address" },
	{ "api.example.com", 8443, "10.231.0.3", "tls:8443:api.example.com", "address" },
	{ "api.example.com", 8443, "10.230.7.7", "tls:8443:api.example.com", "address" },
	{ "api.example.com", 8443, "192.0.2.1", "tls:8443:api.example.com", "address" },
	{ "api.example.com", 8443, "224.0.0.1", "tls:8443:api.example.com", "address" },
	{ "a.eu.example.org", 443, "10.0.0.1", "tls:443:*.eu.example.org", "none" },
	{ "a.example.org", 443, "10.0.0.1", "tls:443:*.example.org", "address" },
	{ "db.example.com", 5432, "10.0.0.1", "tcp:5432:db.example.com", "address" },
};

static void assert_decision(const struct gateway_config *c, const struct egress_query *q,
			    const char *rule, const char *reason)
{
	struct egress_decision d;

	egress_decide(c, q, &d);
	if (strcmp(d.rule, rule) != 0 || strcmp(d.reason, reason) != 0 ||
	    d.allowed != (strcmp(reason, "none") == 0))
		fail_msg("%s:%d %s %s: rule '%s', reason %s (%s)", q->host, (int)q->port,
			 q->method ? q->method : "", q->path ? q->path : "", d.rule, d.reason,
			 d.text);
	assert_true(d.text[0] != '\0');
}

static void test_connections(unused_arg void **state)
{
	struct gateway_config c = sample_config();

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		const struct question *one = &questions[i];
		struct egress_query q = { .host = one->host, .port = one->port, .now = NOON_2026 };

		q.address = one->address && *one->address == '-' ? "" : one->address;
		assert_decision(&c, &q, one->rule, one->reason);
	}
}

static void test_requests(unused_arg void **state)
{
	static const struct {
		const char *host, *method, *path, *address;
		bool token;
		const char *rule, *reason;
	} cases[] = {
		{ "gateway", "GET", "/ghl/contacts/1", NULL, false, "route:ghl", "none" },
		{ "PROXY.", "GET", "/ghl/contacts/1?x=/../", NULL, false, "route:ghl", "none" },
		{ "gateway:80", "DELETE", "/ghl/notes", NULL, false, "route:ghl", "none" },
		{ "gateway:81", "GET", "/ghl/contacts/1", NULL, false, "", "host" },
		{ "gateway.", "GET", "/ghl/contacts/1", NULL, false, "route:ghl", "none" },
		{ "gateway.x", "GET", "/ghl/contacts/1", NULL, false, "", "host" },
		{ "api.example.com", "GET", "/ghl/contacts/1", NULL, false, "", "host" },
		{ "10.231.0.2", "GET", "/ghl/contacts/1", NULL, false, "", "host" },
		{ "gateway", "POST", "/ghl/contacts/1", NULL, false, "route:ghl", "rule" },
		{ "gateway", "GET", "/ghl/contact", NULL, false, "route:ghl", "rule" },
		{ "gateway", "GET", "/ghl", NULL, false, "route:ghl", "rule" },
		{ "gateway", "GET", "/ghl/contacts/../x", NULL, false, "", "path" },
		{ "gateway", "GET", "/ghl/contacts/a%2fb", NULL, false, "route:ghl", "path" },
		{ "gateway", "TRACE", "/ghl/contacts/1", NULL, false, "", "method" },
		{ "gateway", "GET", "/none/x", NULL, false, "", "route" },
		{ "gateway", "GET", "http://x/y", NULL, false, "", "target" },
		{ "gateway", "GET", "/office/x", NULL, false, "route:office", "token" },
		{ "gateway", "GET", "/office/x", NULL, true, "route:office", "none" },
		{ "gateway", "GET", "/office/x", "10.0.0.1", true, "route:office", "none" },
		{ "gateway", "GET", "/office/x", "127.0.0.1", true, "route:office", "address" },
		{ "gateway", "GET", "/office/x", "192.0.2.1", true, "route:office", "address" },
		{ "gateway", "GET", "/ghl/contacts/1", "10.0.0.1", false, "route:ghl", "address" },
		{ "gateway", "GET", "/ghl/contacts/1", "", false, "route:ghl", "unresolved" },
	};
	struct gateway_config c = sample_config();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct egress_query q = { .host = cases[i].host,
					  .port = 80,
					  .method = cases[i].method,
					  .path = cases[i].path,
					  .address = cases[i].address,
					  .has_token = cases[i].token,
					  .now = NOON_2026 };

		assert_decision(&c, &q, cases[i].rule, cases[i].reason);
	}
}

/* The second an entry ends in; names of the longest kind. */
static void test_edges(unused_arg void **state)
{
	struct gateway_config c = sample_config();
	struct egress_query q = { .host = "gone.example.net", .port = 443 };
	char name[300];

	q.now = NOON_2026 - 43200;
	assert_decision(&c, &q, "tls:443:gone.example.net", "expired");
	q.now--;
	assert_decision(&c, &q, "tls:443:gone.example.net", "none");
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	q.host = name + (sizeof(name) - 1 - 253) - (253 - strlen(".example.org")) % 2;
	memcpy(name + sizeof(name) - 1 - strlen("example.org"), "example.org",
	       strlen("example.org") + 1);
	for (size_t len = 250; len < 260; len++) {
		q.host = name + sizeof(name) - 1 - len;
		if (*q.host == 'a')
			assert_decision(&c, &q, len > 253 ? "" : "tls:443:*.example.org",
					len > 253 ? "name" : "none");
	}
	memset(name, 'a', sizeof(name) - strlen("..example.org"));
	q.host = name + sizeof(name) - 1 - strlen(".example.org") - 63;
	assert_decision(&c, &q, "tls:443:*.example.org", "none");
	q.host--;
	assert_decision(&c, &q, "", "name");
	c.egress_count = c.credential_count = 0;
	q.host = "api.example.com";
	assert_decision(&c, &q, "", "name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_connections),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
