/*
 * Rules for credentials. They become lines of the gateway's proxy configuration and
 * decide where a key goes, so an upstream is one plain name behind TLS, a header is none
 * that frames or routes a request, and no text of a key is in the manifest itself: what
 * looks like one is refused without being repeated.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bind.h"
#include "base/mem.h"
#include "domain/egress_route.h"
#include "spec_rules.h"

struct where {
	const struct doc *d;
	struct err *e;
	char path[80];
};

static int refuse(const struct where *w, const char *key, const char *fmt, ...) printf_like(3, 4);
static int refuse(const struct where *w, const char *key, const char *fmt, ...)
{
	char path[160], message[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s%s%s", w->path, *key ? "." : "", key);
	return doc_error(w->d, path, w->e, "%s", message);
}

/* Everyone who may read the manifest, and its backups, could read the key. */
static int refuse_shape(const struct where *w, const char *key, const char *shape)
{
	refuse(w, key, "looks like %s: a key has no place in a manifest", shape);
	err_hint(w->e, "'tenantctl secret set' stores it; name that secret here");
	return -1;
}

static int check_known_shape(const struct where *w, const char *key, const char *text)
{
	const char *shape = text ? secret_known_shape(text) : NULL;

	return shape ? refuse_shape(w, key, shape) : 0;
}

/* ---- name and upstream --------------------------------------------------------------------- */

static int check_name(const struct where *w, const struct tenant_spec *s, size_t index)
{
	/* The gateway's own names, and what it may one day answer itself. */
	static const char *const reserved[] = { "gateway", "proxy", "health", "healthz",
						"metrics", "ready", "status" };
	const char *name = LIST_AT(credential_entry, &s->credentials, index)->name;

	if (check_known_shape(w, "name", name))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(reserved[i], name) == 0)
			return refuse(w, "name", "'%s' is reserved: expected another name", name);
	for (size_t i = 0; i < index; i++)
		if (strcmp(LIST_AT(credential_entry, &s->credentials, i)->name, name) == 0)
			return refuse(w, "name", "credentials[%zu] is called '%s', too", i, name);
	return 0;
}

static const char *upstream_problem(struct credential_entry *r)
{
	static const char scheme[] = "https://";
	struct err ignored = ERR_INIT;
	int64_t port = 443;
	size_t len;

	for (char *at = r->upstream; *at; at++) /* neither scheme nor names have a case */
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	if (strncmp(r->upstream, "http://", 7) == 0)
		return "expected https: a key never leaves without TLS";
	if (strncmp(r->upstream, scheme, strlen(scheme)) != 0)
		return "expected https://HOST or https://HOST:PORT";
	const char *host = r->upstream + strlen(scheme);
	if (strchr(host, '@'))
		return "expected neither user nor password: a key is put in by inject";
	if (strpbrk(host, "/?#\\"))
		return "expected no path and no query: a request to the route brings its own";
	if (*host == '[')
		return "expected a name: addresses are not accepted";
	const char *colon = strchr(host, ':');
	len = colon ? (size_t)(colon - host) : strlen(host);
	if (memchr(host, '*', len))
		return "expected one host name: a key is not for many";
	if (len >= sizeof(r->upstream_host))
		return "expected a host name of at most 253 characters";
	memcpy(r->upstream_host, host, len);
	r->upstream_host[len] = '\0';
	if (colon && bind_parse_int(colon + 1, 1, UINT16_MAX, &port, &ignored))
		return "expected a port from 1 to 65535";
	r->upstream_port = (uint16_t)port;
	return egress_host_problem(r->upstream_host, r->private_ok);
}

static int check_upstream(const struct where *w, struct credential_entry *r)
{
	if (check_known_shape(w, "upstream", r->upstream))
		return -1;
	const char *problem = upstream_problem(r);

	return problem ? refuse(w, "upstream", "%s", problem) : 0;
}

/* ---- inject -------------------------------------------------------------------------------- */

/* Headers that frame a request, say where it goes, or that the gateway sets or drops itself. */
static bool header_is_reserved(const char *name)
{
	static const char *const names[] = {
		"Accept-Encoding",
		"Connection",
		"Content-Encoding",
		"Content-Length",
		"Expect",
		"Forwarded",
		"Host",
		"HTTP2-Settings",
		"Keep-Alive",
		"Proxy-Authenticate",
		"Proxy-Authorization",
		"Proxy-Connection",
		"Set-Cookie",
		"TE",
		"Trailer",
		"Trailers",
		"Upgrade",
		"Transfer-Encoding",
		"Via",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return strncasecmp(name, "X-Forwarded-", 12) == 0 ||
	       strncasecmp(name, "Sec-WebSocket-", 14) == 0;
}

/* {} once, in text that a header can carry. */
static const char *format_problem(const char *format)
{
	const char *at = strstr(format, "{}");

	if (!at || strstr(at + 2, "{}"))
		return "expected {} once: it is where the secret goes";
	for (const char *p = format; *p; p++)
		if (*p < ' ' || *p > '~')
			return "expected printable ASCII characters";
	if (format[0] == ' ' || format[strlen(format) - 1] == ' ')
		return "expected no space at either end";
	return NULL;
}

/* What stands around {} in the value of a header may be a key, too; the name of an authentication
 * scheme before it is none. */
static const char *format_shape(const char *format)
{
	const char *at = strstr(format, "{}");
	size_t head = strncasecmp(format, "Bearer {}", 9) == 0	? 7
		      : strncasecmp(format, "Basic {}", 8) == 0 ? 6
								: 0;
	auto_free char *rest =
		mem_printf("%.*s %s", (int)((size_t)(at - format) - head), format + head, at + 2);

	return secret_shape("", rest);
}

static int check_format(const struct where *w, const char *key, const char *format)
{
	const char *problem = format_problem(format);

	if (problem)
		return refuse(w, key, "%s", problem);
	const char *shape = format_shape(format);
	return shape ? refuse_shape(w, key, shape) : 0;
}

static int check_kind(const struct where *w, const struct inject_entry *r)
{
	int kinds = !!r->header + !!r->query + !!r->basic;

	if (kinds != 1)
		return refuse(w, "", "expected one of header, query and basic, found %s",
			      kinds ? "several" : "none");
	if (!r->header && strcmp(r->format, "{}") != 0)
		return refuse(w, "format", "goes with header only");
	if (r->query)
		return check_known_shape(w, "query", r->query);
	if (r->basic) {
		if (check_format(w, "basic", r->basic))
			return -1;
		return strchr(r->basic, ':') ? 0
					     : refuse(w, "basic",
						      "expected USER:PASSWORD, one "
						      "of which is {}");
	}
	if (check_known_shape(w, "header", r->header))
		return -1;
	if (r->header[0] == '-' || r->header[strlen(r->header) - 1] == '-')
		return refuse(w, "header", "expected a name without a dash at its ends");
	if (header_is_reserved(r->header))
		return refuse(w, "header",
			      "'%s' is the gateway's own or frames the request: expected another",
			      r->header);
	return check_format(w, "format", r->format);
}

static bool same_target(const struct inject_entry *a, const struct inject_entry *b)
{
	const char *x = a->basic ? "Authorization" : a->header;
	const char *y = b->basic ? "Authorization" : b->header;

	if (x && y)
		return strcasecmp(x, y) == 0;
	return a->query && b->query && strcmp(a->query, b->query) == 0;
}

static int check_inject(const struct where *w, const struct credential_entry *r, size_t index)
{
	const struct inject_entry *one = LIST_AT(inject_entry, &r->inject, index);
	struct where at = *w;

	snprintf(at.path, sizeof(at.path), "%.40s.inject[%zu]", w->path, index);
	if (!doc_find(w->d, at.path)) /* a mapping in place of the list */
		snprintf(at.path, sizeof(at.path), "%.40s.inject", w->path);
	if (check_kind(&at, one) || check_known_shape(&at, "secret", one->secret))
		return -1;
	for (size_t i = 0; i < index; i++)
		if (same_target(LIST_AT(inject_entry, &r->inject, i), one))
			return refuse(&at,
				      one->query   ? "query"
				      : one->basic ? "basic"
						   : "header",
				      "inject[%zu] sets the same", i);
	if (!one->secret && !r->secret && r->command.count == 0)
		return refuse(w, "",
			      "no secret: expected 'secret', the name of a stored one, or "
			      "'command', a program that prints it");
	return 0;
}

static int check_injects(const struct where *w, const struct credential_entry *r)
{
	bool used = false;

	if (r->inject.count == 0)
		return refuse(w, "inject", "expected at least one entry");
	for (size_t i = 0; i < r->inject.count; i++) {
		if (check_inject(w, r, i))
			return -1;
		used = used || !LIST_AT(inject_entry, &r->inject, i)->secret;
	}
	if (!used && (r->secret || r->command.count))
		return refuse(w, r->secret ? "secret" : "command",
			      "not used: every inject entry names a secret of its own");
	return 0;
}

/* ---- where the secret comes from ----------------------------------------------------------- */

static int check_source(const struct where *w, const struct credential_entry *r)
{
	if (check_known_shape(w, "secret", r->secret))
		return -1;
	if (r->secret && r->command.count)
		return refuse(w, "command", "beside 'secret': expected one of them");
	for (size_t i = 0; i < r->command.count; i++) {
		char key[32];

		snprintf(key, sizeof(key), "command[%zu]", i);
		const char *problem = i == 0 ? path_problem(r->command.items[0]) : NULL;
		if (problem)
			return refuse(w, key, "%s", problem);
		if (check_known_shape(w, key, r->command.items[i]))
			return -1;
	}
	return 0;
}

/* ---- allow and limit ----------------------------------------------------------------------- */

static int check_allow(const struct where *w, const struct credential_entry *r)
{
	struct route_pattern pattern;
	char key[32];

	for (size_t i = 0; i < r->allow.count; i++) {
		snprintf(key, sizeof(key), "allow[%zu]", i);
		if (check_known_shape(w, key, r->allow.items[i]))
			return -1;
		const char *problem = route_pattern_parse(r->allow.items[i], &pattern);
		if (problem)
			return refuse(w, key, "%s", problem);
		for (size_t j = 0; j < i; j++)
			if (strcmp(r->allow.items[j], r->allow.items[i]) == 0)
				return refuse(w, key, "the same as allow[%zu]", j);
	}
	return 0;
}

static int check_limit(const struct where *w, struct route_limit *l)
{
	l->rate_count = l->rate_seconds = 0;
	if (l->rate) { /* the table's pattern: digits and a unit */
		const char *unit = strchr(l->rate, '/');
		auto_free char *count = mem_strndup(l->rate, (size_t)(unit - l->rate));

		l->rate_seconds = unit[1] == 's' ? 1 : unit[1] == 'm' ? 60 : 3600;
		if (bind_parse_int(count, 1, 9999999, &l->rate_count, w->e))
			return refuse(w, "limit.rate", "expected a number, a slash and s, m or h");
	}
	if (l->burst && !l->rate)
		return refuse(w, "limit.burst", "needs a rate beside it");
	if (l->burst && l->rate_seconds == 1 && l->burst < l->rate_count)
		return refuse(w, "limit.burst",
			      "smaller than the rate of one second: expected at "
			      "least %lld",
			      (long long)l->rate_count);
	return 0;
}

static bool has_placeholder(const struct tenant_spec *s)
{
	for (size_t i = 0; i < s->environment.count; i++)
		if (variable_is_placeholder(s, &s->environment.entries[i]))
			return true;
	return false;
}

static int check_rest(const struct where *w, const struct tenant_spec *s,
		      const struct credential_entry *r)
{
	const char *problem = r->ca ? path_problem(r->ca) : NULL;

	if (problem)
		return refuse(w, "ca", "%s", problem);
	if (r->token != TOKEN_REQUIRED || has_placeholder(s))
		return 0;
	refuse(w, "token", "the worker has no placeholder to send");
	err_hint(w->e, "give it one: environment: { API_KEY: " ENVIRONMENT_PLACEHOLDER " }");
	return -1;
}

int spec_check_credentials(struct tenant_spec *s, const struct doc *d, struct err *e)
{
	struct where w = { .d = d, .e = e };

	for (size_t i = 0; i < s->credentials.count; i++) {
		struct credential_entry *r = LIST_AT(credential_entry, &s->credentials, i);

		snprintf(w.path, sizeof(w.path), "credentials[%zu]", i);
		if (check_name(&w, s, i) || check_upstream(&w, r) || check_source(&w, r) ||
		    check_injects(&w, r) || check_allow(&w, r) || check_limit(&w, &r->limit) ||
		    check_rest(&w, s, r))
			return -1;
	}
	return 0;
}
