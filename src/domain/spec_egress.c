/*
 * Rules for egress entries. Names end up between quotes in the gateway's DNS and
 * proxy configuration and decide where a tenant's data may go, so only plain names
 * pass: no address in any spelling, no name that means the host or a cloud's
 * metadata service, no wildcard that covers a whole top-level domain.
 */
#include <stdio.h>
#include <string.h>

#include "domain/desired.h"
#include "domain/gateway.h"
#include "spec_rules.h"

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63

static const char *label_problem(const char *label, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (len == 0)
		return "expected a host name without empty labels and without a dot at its end";
	if (len > LABEL_MAX_LEN)
		return "expected labels of at most 63 characters";
	if (strspn(label, allowed) < len)
		return "expected a host name of letters, digits, dashes and dots "
		       "(international names in their xn-- form)";
	if (label[0] == '-' || label[len - 1] == '-')
		return "expected labels that neither begin nor end with a dash";
	return NULL;
}

/* What inet_aton(3) and URL parsers take for an IPv4 address ends in a number; no top-level domain
 * does. */
static bool is_number(const char *label)
{
	if (strspn(label, "0123456789") == strlen(label))
		return true;
	return label[0] == '0' && label[1] == 'x' &&
	       strspn(label + 2, "0123456789abcdef") == strlen(label + 2);
}

static const char *grammar_problem(const char *name)
{
	const char *last = name;
	size_t labels = 0;

	if (strlen(name) > NAME_MAX_LEN)
		return "expected a host name of at most 253 characters";
	for (const char *at = name;; labels++) {
		size_t len = strcspn(at, ".");
		const char *problem = label_problem(at, len);
		if (problem)
			return problem;
		last = at;
		at += len;
		if (*at++ == '\0')
			break;
	}
	if (is_number(last))
		return "expected a name: addresses are not accepted";
	if (labels == 0)
		return "expected a host name of at least two labels";
	return NULL;
}

/* `name` is `suffix` or below it; a wildcard's `name` is the part behind the star. */
static bool ends_in(const char *name, const char *suffix)
{
	size_t have = strlen(name), want = strlen(suffix);

	return have >= want && strcmp(name + have - want, suffix) == 0 &&
	       (have == want || name[have - want - 1] == '.');
}

static const char *meaning_problem(const char *name, bool wildcard, bool private_ok)
{
	/* RFC 6761, 7686, 9476: never in the public tree */
	static const char *const nowhere[] = { "localhost", "localdomain", "invalid", "onion",
					       "arpa" };
	static const char *const inside[] = { "internal", "local", "lan", "corp", "home" };
	static const char *const metadata[] = { "metadata.google.internal", "metadata.goog",
						"instance-data.ec2.internal" };

	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++) {
		if (ends_in(name, metadata[i]) || (wildcard && ends_in(metadata[i], name)))
			return "a cloud's metadata service hands out the host's credentials";
	}
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		if (ends_in(name, nowhere[i]))
			return "expected a name of the public tree or of the host's own network";
	}
	for (size_t i = 0; i < ARRAY_SIZE(inside) && !private_ok; i++) {
		if (ends_in(name, inside[i]))
			return "a name of private networks needs private: true";
	}
	return NULL;
}

const char *egress_host_problem(const char *host, bool private_ok)
{
	bool wildcard = strncmp(host, "*.", 2) == 0;
	const char *name = wildcard ? host + 2 : host;
	const char *problem = grammar_problem(name);

	if (!problem && strlen(host) > NAME_MAX_LEN)
		return "expected a host name of at most 253 characters";
	if (problem && wildcard && name[0] != '\0' && !strchr(name, '.'))
		return "expected at least two labels behind '*.'";
	return problem ? problem : meaning_problem(name, wildcard, private_ok);
}

static void to_lower(char *s)
{
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	}
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool date_is_real(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;

	if (sscanf(s, "%4d-%2d-%2d", &year, &month, &day) != 3 || year < 1970 || month < 1 ||
	    month > 12)
		return false;
	return day >= 1 && day <= days[month - 1] + (month == 2 && is_leap(year));
}

static int check_port(const struct egress_entry *r, const char *path, const struct doc *d,
		      struct err *e)
{
	char where[64];

	snprintf(where, sizeof(where), "%s.port", path);
	if (r->port == GATEWAY_DNS_PORT || r->port == GATEWAY_ROUTE_PORT ||
	    r->port == GATEWAY_INBOUND_PORT)
		return doc_error(d, where, e, "the gateway uses port %d itself: expected another",
				 (int)r->port);
	if (r->protocol == EGRESS_TCP && !doc_find(d, where))
		return doc_error(d, where, e, "required with protocol: tcp");
	return 0;
}

static int check_entry(const struct egress_entry *r, const char *path, const struct doc *d,
		       struct err *e)
{
	const char *problem = egress_host_problem(r->host, r->private_ok);
	char where[64];

	snprintf(where, sizeof(where), "%s.host", path);
	if (problem)
		return doc_error(d, where, e, "%s", problem);
	if (r->protocol == EGRESS_TCP && r->host[0] == '*')
		return doc_error(d, where, e,
				 "a wildcard needs protocol: tls, which carries the name");
	if (check_port(r, path, d, e))
		return -1;
	snprintf(where, sizeof(where), "%s.expires", path);
	if (r->expires && !date_is_real(r->expires))
		return doc_error(d, where, e, "'%s' is not a day: expected YYYY-MM-DD", r->expires);
	return 0;
}

/* One port has one meaning: without a name in the connection the port alone decides. */
static int check_pair(const struct egress_entry *a, size_t j, const struct egress_entry *b,
		      const char *path, const struct doc *d, struct err *e)
{
	char where[64];

	if (a->port != b->port)
		return 0;
	if (a->protocol == EGRESS_TLS && b->protocol == EGRESS_TLS) {
		if (strcmp(a->host, b->host) != 0)
			return 0;
		snprintf(where, sizeof(where), "%s.host", path);
		return doc_error(d, where, e, "egress[%zu] is the same host and port", j);
	}
	snprintf(where, sizeof(where), "%s.port", path);
	return doc_error(d, where, e,
			 "egress[%zu] has port %d too: a port with protocol: tcp leads to one host",
			 j, (int)a->port);
}

int spec_check_egress(struct tenant_spec *s, const struct doc *d, struct err *e)
{
	char path[32];

	for (size_t i = 0; i < s->egress.count; i++) {
		struct egress_entry *entry = LIST_AT(egress_entry, &s->egress, i);
		snprintf(path, sizeof(path), "egress[%zu]", i);
		to_lower(entry->host); /* DNS names have no case (RFC 4343) */
		if (check_entry(entry, path, d, e))
			return -1;
		for (size_t j = 0; j < i; j++) {
			if (check_pair(LIST_AT(egress_entry, &s->egress, j), j, entry, path, d, e))
				return -1;
		}
	}
	return 0;
}
