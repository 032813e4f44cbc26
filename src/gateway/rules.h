/*
 * The rules of one generation, as the file `rules` of a set states them, and the
 * question that decides which connections outlive a change of rules.
 * One rule a line: KIND PORT HOST FLAGS EXPIRES SERVER, single spaces.
 */
#ifndef GATEWAY_RULES_H
#define GATEWAY_RULES_H

#include <stdbool.h>
#include <stddef.h>

#define RULES_MAX 2048
#define RULE_ID_SIZE 280 /* kind, port, a name of 253 bytes */

enum rule_kind { RULE_TLS, RULE_TCP, RULE_ROUTE };

struct rule {
	enum rule_kind kind;
	unsigned port;
	const char *host;  /* a route's credential */
	const char *flags; /* a route's digest, else "private" or "-" */
	long long expires; /* seconds since 1970, 0 never */
	const char *backend, *server;
	/* For whoever holds the process that these rules run in: */
	bool past;	/* its end was noticed */
	bool cut;	/* its connections end */
	unsigned ended; /* connections that were ended and not yet reported */
};

struct rules {
	char *text; /* owned; the strings of `rule` point into it */
	struct rule *rule;
	size_t count;
};

/* Parses a whole file. On failure `out` is empty and *out_why says what is wrong and where. */
bool rules_parse(const char *text, size_t len, struct rules *out, const char **out_why,
		 size_t *out_line);
void rules_free(struct rules *r);

/* "tls:443:*.slack.com", "route:ghl" */
void rule_id(const struct rule *r, char out[RULE_ID_SIZE]);

bool rule_is_past(const struct rule *r, long long now);

/* Whether what `old` allowed, a rule of the same or an older generation `from`, is still allowed by
 * `to`: only then may its connections live on. */
bool rules_cover(const struct rules *to, const struct rules *from, const struct rule *old,
		 long long now);

/* The rule whose connections run over that server, or NULL. */
struct rule *rules_by_server(const struct rules *r, const char *backend, const char *server);

/* Whether there is a rule of a route: only then does HAProxy have keys. */
bool rules_have_route(const struct rules *r);

/* Removes from the text of a file `keys` the lines of routes that are cut: what an older process
 * still sends goes where that route led then. Returns the new length; the rest is wiped. */
size_t rules_keep_keys(const struct rules *r, char *keys, size_t len);

/* Takes every rule whose time is over for known to be so. */
void rules_note_past(struct rules *r, long long now);

/* The next moment after `now` at which a rule ends; 0 when none does. */
long long rules_next_end(const struct rules *r, long long now);

#endif
