/*
 * Last check before text is rendered: an allow-list of characters and shapes, kept
 * apart from the manifest's own checks on purpose, so that one mistake there does
 * not become a line of configuration here.
 */
#include "gateway_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

bool gateway_is_ipv4(const char *s)
{
	struct in_addr ip;

	return s && strspn(s, "0123456789.") == strlen(s) && inet_pton(AF_INET, s, &ip) == 1;
}

bool gateway_is_wildcard(const char *host)
{
	return strncmp(host, "*.", 2) == 0;
}

static bool label_is_valid(const char *label, size_t len)
{
	return len > 0 && len <= LABEL_MAX_LEN && label[0] != '-' && label[len - 1] != '-';
}

bool gateway_is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t total = strlen(name);

	if (total == 0 || total > NAME_MAX_LEN || strspn(name, allowed) != total)
		return false;
	for (const char *at = name;; at++) {
		size_t len = strcspn(at, ".");

		if (!label_is_valid(at, len))
			return false;
		at += len;
		if (*at == '\0')
			return true;
	}
}

/* "10.0.0.0/8" */
static bool net_is_valid(const char *s)
{
	const char *slash = s ? strchr(s, '/') : NULL;
	unsigned prefix;
	char address[16], tail;
	size_t len = slash ? (size_t)(slash - s) : 0;

	if (len == 0 || len >= sizeof(address) || strspn(slash + 1, "0123456789") > 2)
		return false;
	memcpy(address, s, len);
	address[len] = '\0';
	return gateway_is_ipv4(address) && sscanf(slash + 1, "%2u%c", &prefix, &tail) == 1 &&
	       strspn(slash + 1, "0123456789") == strlen(slash + 1) && prefix <= 32;
}

/* "127.0.0.11:53" */
static bool endpoint_is_valid(const char *s)
{
	const char *colon = s ? strchr(s, ':') : NULL;
	unsigned port;
	char address[16];
	size_t len = colon ? (size_t)(colon - s) : 0;

	if (len == 0 || len >= sizeof(address) || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	memcpy(address, s, len);
	address[len] = '\0';
	return gateway_is_ipv4(address) && sscanf(colon + 1, "%5u", &port) == 1 && port > 0 &&
	       port <= 65535;
}

int64_t gateway_day_start(const char *day)
{
	struct tm tm = { 0 }, check;
	char again[11] = "";
	time_t start;

	if (strlen(day) != 10 ||
	    sscanf(day, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	start = timegm(&tm);
	/* timegm(3) takes the 31st of April for the 1st of May: only what comes back as it was
	 * written is a day. */
	if (start < 0 || !gmtime_r(&start, &check) ||
	    strftime(again, sizeof(again), "%Y-%m-%d", &check) != 10 || strcmp(again, day) != 0)
		return -1;
	return start;
}

static int check_entry(const struct gateway_config *c, size_t index, struct err *e)
{
	const struct egress_entry *r = &c->egress[index];
	const char *name = r->host;

	if (r->port <= 0 || r->port > 65535 || r->port == GATEWAY_DNS_PORT ||
	    r->port == GATEWAY_ROUTE_PORT)
		return err_set(e, ERR_INTERNAL, "gateway: egress[%zu]: port %lld cannot be used",
			       index, (long long)r->port);
	if (r->protocol != EGRESS_TLS && r->protocol != EGRESS_TCP)
		return err_set(e, ERR_INTERNAL, "gateway: egress[%zu]: unknown protocol %d", index,
			       r->protocol);
	if (name && r->protocol == EGRESS_TLS && gateway_is_wildcard(name))
		name += 2;
	if (!name || !gateway_is_name(name))
		return err_set(e, ERR_INTERNAL, "gateway: egress[%zu]: malformed host", index);
	if (r->expires && gateway_day_start(r->expires) < 0)
		return err_set(e, ERR_INTERNAL, "gateway: egress[%zu]: malformed day", index);
	return 0;
}

/* One port has one meaning. */
static int check_pair(const struct gateway_config *c, size_t i, size_t j, struct err *e)
{
	const struct egress_entry *a = &c->egress[i], *b = &c->egress[j];

	if (a->port != b->port)
		return 0;
	if (a->protocol != EGRESS_TLS || b->protocol != EGRESS_TLS)
		return err_set(e, ERR_INTERNAL,
			       "gateway: egress[%zu] and [%zu] both want port %lld", i, j,
			       (long long)a->port);
	if (strcmp(a->host, b->host) == 0)
		return err_set(e, ERR_INTERNAL, "gateway: egress[%zu] and [%zu] are the same", i,
			       j);
	return 0;
}

static int check_host_addresses(const struct strlist *l, struct err *e)
{
	struct in6_addr v6;

	for (size_t i = 0; l && i < l->count; i++)
		if (!gateway_is_ipv4(l->items[i]) && inet_pton(AF_INET6, l->items[i], &v6) != 1)
			return err_set(e, ERR_INTERNAL, "gateway: malformed address of the host");
	return 0;
}

static int check_egress(const struct gateway_config *c, struct err *e)
{
	if (c->egress_count > GATEWAY_MAX_RULES)
		return err_set(e, ERR_INTERNAL, "gateway: %zu egress entries", c->egress_count);
	for (size_t i = 0; i < c->egress_count; i++) {
		if (check_entry(c, i, e) < 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (check_pair(c, j, i, e) < 0)
				return -1;
	}
	return 0;
}

int gateway_check(const struct gateway_config *c, struct err *e)
{
	const char *const addresses[] = { c->inner_ip, c->worker_ip, c->twin_ip, c->egress_ip,
					  c->egress_host_ip };

	if (!c->tenant || !gateway_is_name(c->tenant) || strchr(c->tenant, '.'))
		return err_set(e, ERR_INTERNAL, "gateway: malformed tenant name");
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (!gateway_is_ipv4(addresses[i]))
			return err_set(e, ERR_INTERNAL, "gateway: malformed address %zu", i);
	if (c->inbound_port == 0 || c->worker_port == 0)
		return err_set(e, ERR_INTERNAL, "gateway: port 0");
	if (!endpoint_is_valid(c->resolver))
		return err_set(e, ERR_INTERNAL, "gateway: malformed resolver");
	if (!net_is_valid(c->pool) || !net_is_valid(c->egress_subnet))
		return err_set(e, ERR_INTERNAL, "gateway: malformed prefix");
	if (check_host_addresses(c->host_addresses, e) || check_egress(c, e))
		return -1;
	return gateway_check_routes(c, e);
}
