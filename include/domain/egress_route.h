/*
 * The rules of a credential route as pure functions: what a path may look like, what an
 * `allow` entry of the manifest means, and what the gateway says to a request. The
 * gateway's configuration is rendered from the same patterns.
 */
#ifndef DOMAIN_EGRESS_ROUTE_H
#define DOMAIN_EGRESS_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/strbuf.h"

struct egress_decision;
struct egress_query;
struct gateway_config;

#define ROUTE_METHOD_MAX 24

enum route_match {
	ROUTE_EXACT, /* the path itself */
	ROUTE_BELOW, /* everything that begins so */
	ROUTE_PARTS, /* stars inside: each stands for one or more characters other than '/' */
};

/* One `allow` entry, "METHOD PATH". */
struct route_pattern {			   /* points into the text that it was made from */
	char method[ROUTE_METHOD_MAX + 1]; /* "*": every method */
	enum route_match match;
	const char *path; /* as written, with its stars */
	size_t len;	  /* of the path, for ROUTE_BELOW without the star at its end */
};

/* NULL when `text` is a pattern, else what is wrong with it, for people. Methods are capitals; a
 * star as the path's last character stands for anything, nothing included, elsewhere for at least
 * one character of one part of the path. A part has one star at most: several could share out a
 * long text in so many ways that one request would keep the gateway busy for seconds. */
const char *route_pattern_parse(const char *text, struct route_pattern *out) must_check;
/* `path` is what follows the route's name, with its slash and without a query. */
bool route_pattern_matches(const struct route_pattern *p, const char *method, const char *path);
/* A pattern of ROUTE_PARTS as a regular expression (PCRE and POSIX extended) for a whole path. */
void route_pattern_regex(const struct route_pattern *p, struct strbuf *out);

/* Regular expressions, to be used without regard to case, of what no path may hold: a segment
 * that is or decodes to "." or "..". On routes with allow entries also what one program takes
 * for a separator and another for a letter: encodings of any ASCII character in more bytes than
 * UTF-8 has for it, and what is an escape once more when it was decoded, also with its digits
 * encoded. No group is repeated without bounds: PCRE's stack would end before a long path does,
 * and HAProxy takes that for a text that does not match. */
#define ROUTE_DOT_REGEX "(^|[/\\\\]|%2f|%5c)(\\.|%2e){1,2}([/\\\\;]|%2f|%5c|$)"
#define ROUTE_ODD_REGEX                                                                            \
	"[\\\\;]|//|%(2f|5c|3b|00|c[01]|e0%[89]|f[08c]%8)|"                                        \
	"%25([0-9a-f]|%[346].)([0-9a-f]|%[346].)|%([^0-9a-f]|.[^0-9a-f]|.?$)"

/* NULL for a path (query cut) that may be judged by the rules, else what is wrong with it, for
 * people. `strict`: the route has allow entries. */
const char *route_path_problem(const char *path, bool strict) must_check;

/* The gateway's answer to a request on its route port: q->method and q->path are set, the path is
 * the whole one, with the route's name; a query is cut. Part of egress_decide(). */
void route_decide(const struct gateway_config *c, const struct egress_query *q,
		  struct egress_decision *out);

#endif
