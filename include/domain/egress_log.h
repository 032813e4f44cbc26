/*
 * What a gateway's log says, counted: uses of each rule, and what was refused. Pure:
 * lines in, numbers out. The worker chooses names, paths and how often it tries, so all
 * text is escaped and cut, the number of groups is bounded, and a line that is not
 * understood is counted and otherwise ignored.
 */
#ifndef DOMAIN_EGRESS_LOG_H
#define DOMAIN_EGRESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bind.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "domain/spec.h"

/* What 'verify' itself looks up from where the worker is: this, and names with the tenant's nonce.
 */
#define EGRESS_PROBE_SUFFIX ".undeclared.example"
#define EGRESS_PROBE_NONCE 16 /* digits of the nonce that mark what verify does */
#define EGRESS_PROBE_REVERSE "8.8.8.8.in-addr.arpa"

/* Names of other tenants are asked for as an agent would, but for their case: DNS ignores it (RFC
 * 4343), the resolver's log keeps it, and which letters are capital follows from the nonce, which
 * no worker knows. Writes `name` so, in place. */
void egress_probe_case(char *name, const char *nonce);

#define EGRESS_DENIALS_MAX 500
#define EGRESS_USES_MAX 2048
#define EGRESS_WHAT_MAX 200

struct egress_use { /* of one rule */
	char *rule; /* its id: "tls:443:*.slack.com" */
	int64_t hits, up, down;
	int64_t first, last; /* of its uses, seconds since 1970; 0: none */
	int64_t since;	     /* when the manifest was first seen to have it; 0: it has it no more */
};

struct egress_denial { /* refusals of the same kind, grouped */
	char *kind;    /* dns, tls, tcp, route */
	char *what;    /* the name looked up or sent, or "METHOD /path" */
	char *reason;  /* as in the log; "lookup" for a name that is not known */
	char *rule;    /* the rule that was matched all the same, or NULL */
	char *address; /* what the name led to the last time, or NULL */
	int64_t port;  /* 0: none */
	int64_t count, first, last;
};

struct egress_state {		  /* egress.json */
	char *container;	  /* whose log was read */
	char *mark;		  /* time stamp of the last line read, or NULL */
	struct strlist seen;	  /* digests of the lines that have this very time stamp */
	struct bind_list uses;	  /* struct egress_use */
	struct bind_list denials; /* struct egress_denial */
	int64_t forgotten_groups, forgotten; /* groups given up for newer ones; refusals in them */
	int64_t suppressed;		     /* lines that the gateway could not log */
	int64_t unread;			     /* lines not understood */
	int64_t harvested;		     /* when, seconds since 1970 */
};
extern const struct bind_table egress_state_table;

void egress_state_free(struct egress_state *s);
#define auto_egress_state cleanup_with(egress_state_free)
/* The text of egress.json, and back. */
char *egress_state_text(const struct egress_state *s) returns_owned;
int egress_state_parse(const char *text, size_t len, const char *name, struct egress_state *out,
		       struct err *e) must_check;

/* `rules` are the ids of all rules that the manifest has: new ones get their age, those of others
 * are kept without. */
void egress_state_rules(struct egress_state *s, const struct strlist *rules, int64_t now);
/* NULL when the rule was never seen. */
const struct egress_use *egress_state_use(const struct egress_state *s, const char *rule);

/* Should a rule stay? `use` may be NULL, `expires` is YYYY-MM-DD or NULL. A rule is unused when it
 * was not used for `unused_for` seconds and has been there for as long. */
enum egress_verdict { EGRESS_KEEP, EGRESS_UNUSED, EGRESS_EXPIRED };
enum egress_verdict egress_review(const struct egress_use *use, const char *expires, int64_t now,
				  int64_t unused_for);

/* Reading a log whose messages begin with their time. */
struct egress_reader {
	struct egress_state *state;
	const char *tenant;
	/* Marks what verify did, which is not counted; "" nothing. */
	char probe[EGRESS_PROBE_NONCE + 1];
	const char *twin; /* address of the worker's twin, NULL: none; what it did counts nothing */
	char start[48];	  /* the state's mark when reading began; "" for a new container */
	struct strlist skip; /* digests of lines at that time that were counted before */
	struct strbuf lines[2];
	bool cut[2]; /* the line is too long: nothing of it is used */
};
struct egress_owner {
	const char *tenant;
	const char *container; /* whose log it is */
	const char *nonce; /* the tenant's, or NULL: no worker knows it, and names and paths that
			      verify tries begin with 16 characters of it */
	const char *twin;  /* address of the worker's twin, or NULL */
};
/* Lines of another container than the state's are all new. From now on the state is of it. What `o`
 * points to must outlive `r`. */
void egress_reader_begin(struct egress_reader *r, struct egress_state *state,
			 const struct egress_owner *o);
/* From where the log has to be read (lines that were counted before are left out), or NULL. */
const char *egress_reader_since(const struct egress_reader *r);
/* stream: 1 or 2; data need not be a whole line. */
void egress_reader_feed(struct egress_reader *r, int stream, const char *data, size_t len);
void egress_reader_end(struct egress_reader *r);

/* What an operator of the tenant with this manifest can do about a refusal: a command (*out_command
 * true) or a sentence. NULL when nothing is known. Owned by the caller. */
char *egress_denial_advice(const struct egress_denial *d, const struct tenant_spec *s,
			   bool *out_command);

#endif
