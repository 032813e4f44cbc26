/*
 * What the tests of the gateway's files start from: addresses and names that are in order, with
 * the rules of the test.
 */
#ifndef UNIT_DOMAIN_GATEWAY_CONFIG_H
#define UNIT_DOMAIN_GATEWAY_CONFIG_H

#include <string.h>

#include "base/mem.h"
#include "domain/gateway.h"

/* The engine's own address in tests/support/lab.sh, beside two that need no word. */
static char *gateway_host_items[] = { (char *)"127.0.0.1", (char *)"192.0.2.1",
				      (char *)"10.230.0.1", NULL };
static const struct strlist gateway_host = { .items = gateway_host_items, .count = 3 };

static inline struct gateway_config config_of(const struct egress_entry *egress, size_t count)
{
	return (struct gateway_config){
		.tenant = "acme-dental",
		.inner_ip = "10.231.0.2",
		.worker_ip = "10.231.0.3",
		.twin_ip = "10.231.0.4",
		.worker_port = 18789,
		.egress_ip = "10.230.0.2",
		.egress_host_ip = "10.230.0.1",
		.inbound_port = 8080,
		.inbound_loopback_only = true,
		.resolver = "127.0.0.11:53",
		.pool = "10.231.0.0/16",
		.egress_subnet = "10.230.0.0/16",
		.host_addresses = &gateway_host,
		.egress = egress,
		.egress_count = count,
	};
}

/* The golden files are also what tests/e2e/20-gateway.sh runs, so the names are those of
 * tests/support/lab.sh. */
static const struct egress_entry gateway_sample[] = {
	{ .host = (char *)"api.example.com", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"*.wild.example.org", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"*.eu.wild.example.org", .port = 443, .private_ok = true },
	{ .host = (char *)"db.example.com", .port = 5432, .protocol = EGRESS_TCP },
	{ .host = (char *)"api.example.com", .port = 8443, .protocol = EGRESS_TLS },
	{ .host = (char *)"10.99.0.1", .port = 9000, .protocol = EGRESS_TCP, .private_ok = true },
	{ .host = (char *)"rebind.example.com", .port = 443, .protocol = EGRESS_TLS },
	{ .host = (char *)"inside.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"loop.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"metadata.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"www.example.com", .port = 443, .expires = (char *)"2020-02-29" },
	{ .host = (char *)"a.b.wild.example.org", .port = 443, .expires = (char *)"2020-02-29" },
	{ .host = (char *)"www.example.com", .port = 8443, .expires = (char *)"2199-12-31" },
	{ .host = (char *)"db.example.com",
	  .port = 5433,
	  .protocol = EGRESS_TCP,
	  .expires = (char *)"2020-02-29" },
	{ .host = (char *)"db.example.com",
	  .port = 5434,
	  .protocol = EGRESS_TCP,
	  .expires = (char *)"2199-12-31" },
	{ .host = (char *)"host.example.com", .port = 443, .private_ok = true },
	{ .host = (char *)"host.example.com", .port = 5435, .protocol = EGRESS_TCP },
};

static inline void render_all(const struct gateway_config *c, struct strmap *out)
{
	struct err e = ERR_INIT;

	if (gateway_render(c, out, &e) < 0)
		fail_msg("%s", e.message);
}

static inline void render(const struct gateway_config *c, char **out_h, char **out_d)
{
	struct strmap files auto_strmap = { 0 };

	render_all(c, &files);
	*out_h = mem_strdup(strmap_get(&files, GATEWAY_FILE_HAPROXY));
	*out_d = mem_strdup(strmap_get(&files, GATEWAY_FILE_DNSMASQ));
}

static inline size_t count_of(const char *text, const char *needle)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, needle)); at += strlen(needle))
		n++;
	return n;
}

static inline void make_many(struct strlist *l, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strlist_addf(l, "203.0.113.%zu", 100 + i);
}

#endif
