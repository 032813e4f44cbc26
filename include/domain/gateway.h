/*
 * The gateway's configuration files as text, from plain data. Pure functions:
 * the same inputs give the same bytes, so that a digest of the text tells drift.
 * The host's addresses are among the inputs: a new public one is drift of every gateway.
 * Inputs were checked when the manifest was read; they are checked again here,
 * because a name that escapes its quotes would rewrite the tenant's own boundary.
 */
#ifndef DOMAIN_GATEWAY_H
#define DOMAIN_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strlist.h"
#include "base/strmap.h"
#include "domain/spec.h"

#define GATEWAY_DNS_PORT 53   /* dnsmasq on the inner address */
#define GATEWAY_ROUTE_PORT 80 /* kept for credential routes: no egress entry may use it */
#define GATEWAY_MAX_RULES 1024
#define GATEWAY_MAX_CREDENTIALS 64

/* Concurrent connections; each takes two descriptors of the container's nofile limit. */
#define GATEWAY_MAX_EGRESS 1000
#define GATEWAY_MAX_INBOUND 200
/* Of those, requests to credential routes: each may take a TLS connection and buffers, up to 50
 * KiB, and a process that was replaced has some still. */
#define GATEWAY_MAX_REQUESTS 300

struct gateway_config { /* addresses are dotted quads; nothing is owned */
	const char *tenant;
	const char *inner_ip;	    /* the gateway on the tenant's network */
	const char *worker_ip;	    /* the only client of DNS and egress ... */
	const char *twin_ip;	    /* ... but for its twin, which verify makes for a moment */
	uint16_t worker_port;	    /* where the worker listens */
	const char *egress_ip;	    /* the gateway on the egress network */
	const char *egress_host_ip; /* the host there: where published ports come from */
	uint16_t inbound_port;	    /* on egress_ip */
	bool inbound_loopback_only; /* published on loopback: only egress_host_ip may connect */
	const char *resolver;	    /* ADDRESS:PORT that the gateway asks */
	const char *pool, *egress_subnet; /* prefixes of tenantctl's own: never a destination */
	/* All addresses that the host holds, in any order, NULL for none: from the egress network
	 * each leads to the host's own services. Those in ranges that are refused anyway are left
	 * out of the text; the others are never a destination, private_ok or not. A host that gets
	 * or loses such an address changes the text: until the gateway is made again, the new
	 * address can be reached through it, and the digest shows it as changed. */
	const struct strlist *host_addresses;
	/* An entry that expires is refused from 00:00 UTC of that day on, by the gateway's own
	 * clock and without a change of the files; connections made before live on. A name,
	 * "*.suffix" (TLS only) or, TCP only, an IPv4 address. Their place in this list is the
	 * "rule" of the log. */
	const struct egress_entry *egress;
	size_t egress_count;
	const struct credential_entry *credentials;
	size_t credential_count;
	/* PEM text of each credential's `ca`, NULL where it has none; NULL: none has. */
	const char *const *ca_texts;
	const char *token; /* what the worker holds in place of keys; NULL: nothing */
};

#define GATEWAY_FILE_MAX ((size_t)1 << 20) /* bytes of one file; gateway-init takes no larger */

/* Names of the files that gateway_render makes. */
#define GATEWAY_FILE_HAPROXY "haproxy.cfg"
#define GATEWAY_FILE_DNSMASQ "dnsmasq.conf"
#define GATEWAY_FILE_HOSTS "hosts" /* for dnsmasq: "ADDRESS NAME" lines */
/* For gateway-init, a line for each rule: KIND PORT HOST FLAGS EXPIRES SERVER. A rule's server is
 * where haproxy.cfg sends its connections; FLAGS tell whether two rules mean the same. */
#define GATEWAY_FILE_RULES "rules"
#define GATEWAY_FILE_CA_PREFIX "ca-" /* ca-NAME.pem: CA certificates of the credential NAME */

/* Renders all files, by name, in the order of names. ERR_INTERNAL for what the checks before should
 * have refused: a malformed name or address, a port out of range or reserved, two entries for one
 * TCP port, TLS and TCP on one port, one name twice on one port. ERR_MANIFEST when a file would be
 * longer than GATEWAY_FILE_MAX. The caller frees *out. */
int gateway_render(const struct gateway_config *c, struct strmap *out, struct err *e) must_check;

#endif
