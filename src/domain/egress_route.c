/*
 * Credential routes: patterns, paths and decisions; see domain/egress_route.h. The order of
 * decisions is that of the configuration in gateway_routes.c, and the expressions there
 * say what route_path_problem() spells out in C; a test compares the two.
 */
#include "domain/egress_route.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "domain/egress.h"

/* ---- paths --------------------------------------------------------------------------------- */

static bool starts(const char *s, const char *word)
{
	return strncasecmp(s, word, strlen(word)) == 0;
}

/* Length of what some program takes for a separator, 0 when there is none. */
static size_t separator_at(const char *s)
{
	if (*s == '/' || *s == '\\')
		return 1;
	return starts(s, "%2f") || starts(s, "%5c") ? 3 : 0;
}

static size_t dot_at(const char *s)
{
	if (*s == '.')
		return 1;
	return starts(s, "%2e") ? 3 : 0;
}

/* True when a segment that begins here is one or two dots. */
static bool is_dots(const char *s)
{
	size_t first = dot_at(s), second = first ? dot_at(s + first) : 0;

	s += first + second;
	return first > 0 && (*s == '\0' || *s == ';' || separator_at(s) > 0);
}

static bool has_dot_segment(const char *path)
{
	if (is_dots(path))
		return true;
	for (const char *s = path; *s; s++) {
		size_t n = separator_at(s);

		if (n > 0 && is_dots(s + n))
			return true;
	}
	return false;
}

/* Length of what is or may decode to a hexadecimal digit: those have codes 3x, 4x and 6x. */
static size_t digit_at(const char *s)
{
	if (isxdigit((unsigned char)*s))
		return 1;
	return *s == '%' && s[1] && strchr("346", s[1]) && s[2] ? 3 : 0;
}

/* The beginning of an ASCII character in more bytes than UTF-8 has for it. */
static bool is_overlong(const char *s)
{
	return starts(s, "c0") || starts(s, "c1") || starts(s, "e0%8") || starts(s, "e0%9") ||
	       starts(s, "f0%8") || starts(s, "f8%8") || starts(s, "fc%8");
}

/* What follows '%' in the strict sense. */
static const char *escape_problem(const char *s)
{
	size_t digit;

	if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]))
		return "'%' without two hexadecimal digits";
	if (starts(s, "2f") || starts(s, "5c") || starts(s, "3b"))
		return "an encoded separator";
	if (starts(s, "00") || is_overlong(s))
		return "an encoded NUL or an over-long encoding";
	digit = starts(s, "25") ? digit_at(s + 2) : 0;
	if (digit && digit_at(s + 2 + digit))
		return "a character that is encoded twice";
	return NULL;
}

static const char *strict_problem(const char *path)
{
	for (const char *s = path; *s; s++) {
		const char *problem = *s == '%' ? escape_problem(s + 1) : NULL;

		if (problem)
			return problem;
		if (*s == '\\' || *s == ';')
			return "'\\' or ';'";
		if (s[0] == '/' && s[1] == '/')
			return "an empty part ('//')";
	}
	return NULL;
}

const char *route_path_problem(const char *path, bool strict)
{
	if (*path != '/')
		return "it does not begin with '/'";
	for (const char *s = path; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '#')
			return "a character that a path cannot hold";
	if (has_dot_segment(path))
		return "a part that is '.' or '..'";
	return strict ? strict_problem(path) : NULL;
}

/* ---- patterns ------------------------------------------------------------------------------ */

static bool method_is_valid(const char *s, size_t len)
{
	if (len == 0 || len > ROUTE_METHOD_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(s[i] >= 'A' && s[i] <= 'Z') && s[i] != '-')
			return false;
	return true;
}

static bool is_refused_method(const char *method)
{
	return strcmp(method, "TRACE") == 0 || strcmp(method, "CONNECT") == 0;
}

static bool has_crowded_part(const char *path)
{
	for (const char *s = path; (s = strchr(s, '*')); s++)
		if (s[1 + strcspn(s + 1, "*/")] == '*')
			return true;
	return false;
}

const char *route_pattern_parse(const char *text, struct route_pattern *out)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789/_.~:@$&+,=!*%-";
	const char *space = strchr(text, ' '), *star;
	size_t len = space ? (size_t)(space - text) : 0;
	struct route_pattern p = { 0 };

	if (!space)
		return "a method and a path are needed, as in \"GET /contacts/*\"";
	if (!(len == 1 && *text == '*') && !method_is_valid(text, len))
		return "the method must be in capitals, or *";
	memcpy(p.method, text, len);
	if (is_refused_method(p.method))
		return "TRACE and CONNECT are never let through";
	p.path = space + 1;
	p.len = strlen(p.path);
	if (p.path[0] != '/')
		return "the path must begin with '/'";
	if (strspn(p.path, allowed) != p.len)
		return "the path may hold letters, digits and any of /_.~:@$&+,=!%-*";
	if (route_path_problem(p.path, true))
		return "the path has a part that is '.', '..' or empty, or an encoding that is "
		       "refused in requests";
	if (has_crowded_part(p.path))
		return "two stars in one part of the path";
	star = strchr(p.path, '*');
	p.match = !star ? ROUTE_EXACT : star[1] == '\0' ? ROUTE_BELOW : ROUTE_PARTS;
	if (p.match == ROUTE_BELOW)
		p.len--;
	*out = p;
	return NULL;
}

/* Stars never reach over a '/', so that only the last one before it may have to grow. */
static bool parts_match(const char *p, const char *s)
{
	const char *star = NULL, *grown = NULL;

	for (;;) {
		if (p[0] == '*' && p[1] == '\0')
			return true;
		if (*p == '*' && *s && *s != '/') {
			star = ++p;
			grown = ++s;
		} else if (*p == *s && *p != '*') {
			if (*p == '\0')
				return true;
			if (*p == '/')
				star = NULL;
			p++;
			s++;
		} else if (star && *grown && *grown != '/') {
			s = ++grown;
			p = star;
		} else {
			return false;
		}
	}
}

bool route_pattern_matches(const struct route_pattern *p, const char *method, const char *path)
{
	if (strcmp(p->method, "*") != 0 && strcmp(p->method, method) != 0)
		return false;
	if (p->match == ROUTE_EXACT)
		return strcmp(p->path, path) == 0;
	if (p->match == ROUTE_BELOW)
		return strncmp(p->path, path, p->len) == 0;
	return parts_match(p->path, path);
}

void route_pattern_regex(const struct route_pattern *p, struct strbuf *out)
{
	strbuf_putc(out, '^');
	for (size_t i = 0; i < p->len; i++) {
		char ch = p->path[i];

		if (ch == '*')
			strbuf_puts(out, i + 1 < p->len ? "[^/]+" : ".*");
		else if (strchr(".$+", ch))
			strbuf_printf(out, "[%c]", ch);
		else
			strbuf_putc(out, ch);
	}
	strbuf_putc(out, '$');
}

/* ---- decisions ----------------------------------------------------------------------------- */

static void refuse(struct egress_decision *out, const char *reason, const char *fmt, ...)
	printf_like(3, 4);
static void refuse(struct egress_decision *out, const char *reason, const char *fmt, ...)
{
	va_list ap;

	out->allowed = false;
	out->reason = reason;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

/* What comes from the command line or a log, as text that a terminal can show. */
static char *shown(const char *s, size_t len)
{
	struct strbuf b = STRBUF_INIT(200);

	strbuf_escape(&b, s, len < 160 ? len : 160);
	return strbuf_take(&b);
}

static const struct credential_entry *find_route(const struct gateway_config *c, const char *name,
						 size_t len)
{
	for (size_t i = 0; i < c->credential_count; i++)
		if (strlen(c->credentials[i].name) == len &&
		    memcmp(c->credentials[i].name, name, len) == 0)
			return &c->credentials[i];
	return NULL;
}

static bool is_listed(const struct credential_entry *r, const char *method, const char *path)
{
	struct route_pattern p;

	for (size_t i = 0; i < r->allow.count; i++)
		if (!route_pattern_parse(r->allow.items[i], &p) &&
		    route_pattern_matches(&p, method, path))
			return true;
	return r->allow.count == 0;
}

static void decide_on_route(const struct credential_entry *r, const struct egress_query *q,
			    const char *path, struct egress_decision *out)
{
	auto_free char *at = shown(path, strlen(path));
	const char *problem;

	snprintf(out->rule, sizeof(out->rule), "route:%s", r->name);
	problem = route_path_problem(path, r->allow.count > 0);
	if (problem) {
		refuse(out, "path", "the path has %s", problem);
	} else if (!is_listed(r, q->method, path)) {
		refuse(out, "rule", "no allow entry of credential '%s' matches %s %s", r->name,
		       q->method, at);
	} else if (r->token == TOKEN_REQUIRED && !q->has_token) {
		refuse(out, "token",
		       "credential '%s' wants the tenant's placeholder where the key goes",
		       r->name);
	} else {
		out->allowed = true;
		out->reason = "none";
		snprintf(out->text, sizeof(out->text), "credential '%s': to %s", r->name,
			 r->upstream);
	}
}

void route_decide(const struct gateway_config *c, const struct egress_query *q,
		  struct egress_decision *out)
{
	auto_free char *path = mem_strndup(q->path, strcspn(q->path, "?"));
	auto_free char *method = shown(q->method, strlen(q->method));
	const char *name = path + 1, *rest, *problem;
	const struct credential_entry *r;

	*out = (struct egress_decision){ .allowed = false };
	if (*path != '/') {
		refuse(out, "target", "only paths that begin with '/' are served");
		return;
	}
	if (!method_is_valid(q->method, strlen(q->method)) || is_refused_method(q->method)) {
		refuse(out, "method", "method %s is never let through", method);
		return;
	}
	problem = route_path_problem(path, false);
	if (problem) {
		refuse(out, "path", "the path has %s", problem);
		return;
	}
	rest = strchrnul(name, '/');
	r = find_route(c, name, (size_t)(rest - name));
	if (!r) {
		auto_free char *asked = shown(name, (size_t)(rest - name));

		refuse(out, "route", "no credential is named '%s'", asked);
		return;
	}
	decide_on_route(r, q, *rest ? rest : "/", out);
}
