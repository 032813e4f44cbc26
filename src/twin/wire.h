/* Connections and lookups, many at once, each with the same short limit. */
#ifndef TWIN_WIRE_H
#define TWIN_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* The nearest answer takes microseconds; "no route to host" from a dead route takes 0.2 s. */
enum { WIRE_LIMIT_MS = 400, TARGETS_MAX = 64, QUESTIONS_MAX = 32 };

struct target {
	const char *address; /* dotted quad, or IPv6 */
	uint16_t port;
	bool connected;
	int error; /* of connect(2), where it failed */
};

/* TCP, all at once. With an `interface`, the sockets are bound to it (SO_BINDTODEVICE). At most
 * TARGETS_MAX. */
void connect_all(struct target *targets, size_t count, const char *interface);

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_NULL = 10,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_HTTPS = 65,
	DNS_ANY = 255
};

struct dns_question {
	const char *name;
	enum dns_type type;
	bool tcp;
};

struct dns_reply {
	bool came;
	unsigned code;	  /* RCODE */
	unsigned answers; /* records in the answer */
	int error;	  /* where none came: errno, or 0 for silence */
};

/* Asks all questions at once, each over a socket of its own. At most QUESTIONS_MAX. */
void dns_ask(const char *server, const struct dns_question *questions, size_t count,
	     struct dns_reply *out_replies);
/* "NXDOMAIN", "1 answer", "silence", ...: a constant, or of a static table. */
const char *dns_reply_text(const struct dns_reply *r);

/* False when text is neither a dotted quad nor an IPv6 address. */
bool make_address(const char *text, uint16_t port, struct sockaddr_storage *out,
		  socklen_t *out_len);

#endif
