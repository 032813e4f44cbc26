/*
 * Credentials that the tests of the gateway's routes share. Their golden files are what
 * tests/e2e/21-routes.sh runs, so the names are those of tests/support/upstream.sh.
 */
#ifndef UNIT_DOMAIN_ROUTES_SAMPLE_H
#define UNIT_DOMAIN_ROUTES_SAMPLE_H

#include "base/compiler.h"
#include "domain/gateway.h"
#include "gateway_config.h"

#define ROUTES_TOKEN "tenant-placeholder-0123456789abcdef0123456789abcdef"

/* Any certificate; the end to end tests have their own. */
static const char routes_ca[] = "-----BEGIN CERTIFICATE-----\n"
				"MIIBezCCASGgAwIBAgIUJWW8vwQH349Pkos+sVlieFsd3yUwCgYIKoZIzj0EAwIw\n"
				"EjEQMA4GA1UEAwwHdGVzdCBDQTAgFw0yNjExMjUxODMzNDdaGA8yMTI2MTEwMTE4\n"
				"MzM0N1owEjEQMA4GA1UEAwwHdGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
				"A0IABMOYm1OMJnVvmOomp9FC/vAGA+z7rXIWX4nwQnP3pn5KQIHpji9apF8RUU6t\n"
				"yqlcKmnzjCPSdNLFBieYbK4SNsCjUzBRMB0GA1UdDgQWBBT8sCEHCvvSJYfL9WNR\n"
				"23C5r8IQODAfBgNVHSMEGDAWgBT8sCEHCvvSJYfL9WNR23C5r8IQODAPBgNVHRMB\n"
				"Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGQUX2WGYcMJRmcC1EqB/jhG4rAB\n"
				"p8jo1cF2rDe5mctWAiEArVq5rMy/UNegOa9X/lHIPTnd/gAFnH8aoiYT9cvdzFo=\n"
				"-----END CERTIFICATE-----\n";

#define INJECT(list)                                                                               \
	{                                                                                          \
		.items = (list), .count = ARRAY_SIZE(list)                                         \
	}
#define LAB_CA (char *)"/etc/tenantctl/lab.pem"
/* NOLINTBEGIN(bugprone-macro-parentheses): `host` is a literal that is joined to another */
#define TO(label, host, port)                                                                      \
	.name = (char *)(label), .upstream = (char *)"https://" host, .upstream_host = host,       \
	.upstream_port = (port)
/* NOLINTEND(bugprone-macro-parentheses) */
#define ROUTE(label, host) TO(label, host, 443), .ca = LAB_CA

static struct inject_entry inject_bearer[] = {
	{ .header = (char *)"Authorization", .format = (char *)"Bearer {}" },
};
static struct inject_entry inject_query[] = {
	{ .query = (char *)"api.key", .format = (char *)"{}" },
};
static struct inject_entry inject_basic[] = {
	{ .basic = (char *)"api:{}", .format = (char *)"{}" },
};
static struct inject_entry inject_three[] = {
	{ .header = (char *)"X-Api-Key", .format = (char *)"{}" },
	{ .header = (char *)"X-Account",
	  .format = (char *)"Token {}",
	  .secret = (char *)"account" },
	{ .query = (char *)"sig", .format = (char *)"{}" },
};
static char *allow_crm[] = { (char *)"GET /contacts/*", (char *)"POST /conversations/*/messages",
			     (char *)"* /exact", (char *)"PUT /v1/*:run/*", NULL };

static const struct credential_entry routes_sample[] = {
	{ ROUTE("crm", "crm.example.com"), .inject = INJECT(inject_bearer),
	  .allow = { .items = allow_crm, .count = 4 } },
	{ ROUTE("llm", "llm.example.com"), .inject = INJECT(inject_bearer) },
	{ ROUTE("query", "query.example.com"), .inject = INJECT(inject_query) },
	{ ROUTE("basic", "basic.example.com"), .inject = INJECT(inject_basic) },
	{ ROUTE("three", "three.example.com"), .inject = INJECT(inject_three) },
	{ ROUTE("rate", "crm.example.com"), .inject = INJECT(inject_bearer),
	  .limit = { .rate_count = 5, .rate_seconds = 60 } },
	{ ROUTE("burst", "crm.example.com"), .inject = INJECT(inject_bearer),
	  .limit = { .rate_count = 2, .rate_seconds = 1 } },
	{ ROUTE("daily", "crm.example.com"), .inject = INJECT(inject_bearer),
	  .limit = { .rate_count = 1000, .rate_seconds = 3600, .burst = 100, .daily = 4 } },
	{ ROUTE("body", "crm.example.com"), .inject = INJECT(inject_bearer),
	  .limit = { .body = 1000 } },
	{ ROUTE("token", "llm.example.com"), .inject = INJECT(inject_bearer),
	  .token = TOKEN_REQUIRED },
	{ ROUTE("token-basic", "basic.example.com"), .inject = INJECT(inject_basic),
	  .token = TOKEN_REQUIRED },
	{ ROUTE("token-query", "query.example.com"), .inject = INJECT(inject_query),
	  .token = TOKEN_REQUIRED },
	{ ROUTE("h2", "h2.example.com"), .inject = INJECT(inject_bearer) },
	{ TO("port", "port.example.com", 8443), .ca = LAB_CA, .inject = INJECT(inject_bearer) },
	{ ROUTE("inside", "office.example.com"), .inject = INJECT(inject_bearer),
	  .private_ok = true },
	{ ROUTE("rebind", "office.example.com"), .inject = INJECT(inject_bearer) },
	{ ROUTE("metadata", "metadata.example.com"), .inject = INJECT(inject_bearer),
	  .private_ok = true },
	{ ROUTE("host", "host.example.com"), .inject = INJECT(inject_bearer), .private_ok = true },
	{ ROUTE("self-signed", "self-signed.example.com"), .inject = INJECT(inject_bearer) },
	{ ROUTE("expired", "expired.example.com"), .inject = INJECT(inject_bearer) },
	{ ROUTE("wrong-name", "wrong-name.example.com"), .inject = INJECT(inject_bearer) },
	{ TO("not-tls", "port.example.com", 9443), .ca = LAB_CA, .inject = INJECT(inject_bearer) },
	{ TO("dead", "port.example.com", 9444), .ca = LAB_CA, .inject = INJECT(inject_bearer) },
	{ ROUTE("gone", "gone.example.com"), .inject = INJECT(inject_bearer) },
	{ ROUTE("no-key", "llm.example.com"), .inject = INJECT(inject_bearer) },
	{ TO("system", "llm.example.com", 443), .inject = INJECT(inject_bearer) },
};

/* One text for each. */
static const char *routes_ca_texts[ARRAY_SIZE(routes_sample)];

static inline struct gateway_config routes_config(void)
{
	struct gateway_config c = config_of(gateway_sample, 1);

	for (size_t i = 0; i < ARRAY_SIZE(routes_sample); i++)
		routes_ca_texts[i] = routes_sample[i].ca ? routes_ca : NULL;
	c.credentials = routes_sample;
	c.credential_count = ARRAY_SIZE(routes_sample);
	c.ca_texts = routes_ca_texts;
	c.token = ROUTES_TOKEN;
	return c;
}

#endif
