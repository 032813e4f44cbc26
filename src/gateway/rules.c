/* See rules.h. The file comes from tenantctl, but nothing here relies on that. */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 253
#define SERVER_MAX 64
#define DIGEST_LEN 16
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static bool is_name(const char *s, size_t max)
{
	size_t len = strlen(s);

	return len > 0 && len <= max && strspn(s, NAME_CHARS) == len;
}

static bool number(const char *s, long long max, long long *out)
{
	size_t len = strlen(s);
	long long n = 0;

	if (len == 0 || len > 15 || strspn(s, "0123456789") != len || (len > 1 && *s == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	*out = n;
	return n <= max;
}

static bool kind_of(const char *s, enum rule_kind *out)
{
	static const char *const names[] = { "tls", "tcp", "route" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(s, names[i]) != 0)
			continue;
		*out = (enum rule_kind)i;
		return true;
	}
	return false;
}

static bool flags_are_valid(const struct rule *r)
{
	if (r->kind == RULE_ROUTE)
		return strlen(r->flags) == DIGEST_LEN &&
		       strspn(r->flags, "0123456789abcdef") == DIGEST_LEN;
	return strcmp(r->flags, "-") == 0 || strcmp(r->flags, "private") == 0;
}

/* Takes one line apart, in place. NULL, or what is wrong with it. */
static const char *parse_rule(char *line, struct rule *out)
{
	enum { KIND, PORT, HOST, FLAGS, EXPIRES, SERVER, FIELDS };
	char *field[FIELDS], *slash;
	long long port;

	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = line;
		line = strchr(line, ' ');
		if (!line != (i == FIELDS - 1))
			return "not six fields";
		if (line)
			*line++ = '\0';
	}
	if (!kind_of(field[KIND], &out->kind))
		return "kind";
	if (!number(field[PORT], 65535, &port) || port == 0)
		return "port";
	out->port = (unsigned)port;
	out->host = field[HOST];
	if (!is_name(field[HOST] + (strncmp(field[HOST], "*.", 2) == 0 ? 2 : 0), HOST_MAX - 2))
		return "host";
	out->flags = field[FLAGS];
	if (!flags_are_valid(out))
		return "flags";
	if (!number(field[EXPIRES], 1LL << 40, &out->expires))
		return "expiry";
	slash = strchr(field[SERVER], '/');
	if (!slash)
		return "server";
	*slash = '\0';
	out->backend = field[SERVER];
	out->server = slash + 1;
	return is_name(out->backend, SERVER_MAX) && is_name(out->server, SERVER_MAX) ? NULL
										     : "server";
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

bool rules_parse(const char *text, size_t len, struct rules *out, const char **out_why,
		 size_t *out_line)
{
	size_t lines = count_lines(text, len);
	char *at;

	*out = (struct rules){ 0 };
	*out_line = 0;
	*out_why = "a byte that is no text, too many lines, or no newline at the end";
	if (lines > RULES_MAX || memchr(text, '\0', len) || (len > 0 && text[len - 1] != '\n'))
		return false;
	*out_why = "no memory";
	out->text = malloc(len + 1);
	out->rule = calloc(lines + 1, sizeof(*out->rule));
	if (!out->text || !out->rule) {
		rules_free(out);
		return false;
	}
	memcpy(out->text, text, len);
	out->text[len] = '\0';
	at = out->text;
	for (size_t i = 0; i < lines; i++) {
		char *end = strchr(at, '\n');

		*end = '\0';
		*out_line = i + 1;
		*out_why = parse_rule(at, &out->rule[i]);
		if (*out_why) {
			rules_free(out);
			return false;
		}
		at = end + 1;
	}
	out->count = lines;
	return true;
}

void rules_free(struct rules *r)
{
	free(r->text);
	free(r->rule);
	*r = (struct rules){ 0 };
}

void rule_id(const struct rule *r, char out[RULE_ID_SIZE])
{
	if (r->kind == RULE_ROUTE)
		snprintf(out, RULE_ID_SIZE, "route:%s", r->host);
	else
		snprintf(out, RULE_ID_SIZE, "%s:%u:%s", r->kind == RULE_TLS ? "tls" : "tcp",
			 r->port, r->host);
}

bool rule_is_past(const struct rule *r, long long now)
{
	return r->expires && r->expires <= now;
}

static bool is_private(const struct rule *r)
{
	return r->kind != RULE_ROUTE && strcmp(r->flags, "private") == 0;
}

static bool same_place(const struct rule *a, const struct rule *b)
{
	return a->kind == b->kind && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Whether `host`, a name or a wildcard, lies below the wildcard `above`. */
static bool is_below(const char *host, const char *above)
{
	size_t hlen = strlen(host), alen = strlen(above);

	if (strncmp(above, "*.", 2) != 0)
		return false;
	above++;
	alen--;
	return hlen > alen && memcmp(host + hlen - alen, above, alen) == 0;
}

/* A private wildcard let connections through that a narrower rule, which is new and not private,
 * would now refuse. Which of its connections those are is not known any more. */
static bool is_narrowed(const struct rules *to, const struct rules *from, const struct rule *old)
{
	for (size_t i = 0; i < to->count; i++) {
		const struct rule *n = &to->rule[i];
		bool known = false;

		if (n->kind != old->kind || n->port != old->port || is_private(n) ||
		    strcmp(n->host, old->host) == 0 || !is_below(n->host, old->host))
			continue;
		for (size_t j = 0; j < from->count && !known; j++)
			known = same_place(&from->rule[j], n) && !is_private(&from->rule[j]);
		if (!known)
			return true;
	}
	return false;
}

bool rules_cover(const struct rules *to, const struct rules *from, const struct rule *old,
		 long long now)
{
	if (is_private(old) && is_narrowed(to, from, old))
		return false;
	for (size_t i = 0; i < to->count; i++) {
		const struct rule *n = &to->rule[i];

		if (n->kind != old->kind || n->port != old->port || rule_is_past(n, now))
			continue;
		if (n->kind == RULE_ROUTE) {
			if (strcmp(n->host, old->host) == 0 && strcmp(n->flags, old->flags) == 0)
				return true;
		} else if ((strcmp(n->host, old->host) == 0 || is_below(old->host, n->host)) &&
			   (is_private(n) || !is_private(old))) {
			return true;
		}
	}
	return false;
}

struct rule *rules_by_server(const struct rules *r, const char *backend, const char *server)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->rule[i].server, server) == 0 &&
		    strcmp(r->rule[i].backend, backend) == 0)
			return &r->rule[i];
	return NULL;
}

bool rules_have_route(const struct rules *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rule[i].kind == RULE_ROUTE)
			return true;
	return false;
}

/* Whether a line "CREDENTIAL.INDEX VALUE" is of a route that is cut. */
static bool is_cut_key(const struct rules *r, const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	const char *dot = space ? memrchr(line, '.', (size_t)(space - line)) : NULL;
	size_t name = dot ? (size_t)(dot - line) : 0;

	for (size_t i = 0; dot && i < r->count; i++) {
		const struct rule *rule = &r->rule[i];

		if (rule->kind == RULE_ROUTE && rule->cut && strlen(rule->host) == name &&
		    memcmp(rule->host, line, name) == 0)
			return true;
	}
	return false;
}

size_t rules_keep_keys(const struct rules *r, char *keys, size_t len)
{
	size_t kept = 0, line;

	for (size_t at = 0; at < len; at += line) {
		const char *end = memchr(keys + at, '\n', len - at);

		line = end ? (size_t)(end - keys) + 1 - at : len - at;
		if (is_cut_key(r, keys + at, line))
			continue;
		memmove(keys + kept, keys + at, line);
		kept += line;
	}
	explicit_bzero(keys + kept, len - kept);
	return kept;
}

void rules_note_past(struct rules *r, long long now)
{
	for (size_t i = 0; i < r->count; i++)
		r->rule[i].past = rule_is_past(&r->rule[i], now);
}

long long rules_next_end(const struct rules *r, long long now)
{
	long long next = 0;

	for (size_t i = 0; i < r->count; i++) {
		long long end = r->rule[i].expires;

		if (end > now && (!next || end < next))
			next = end;
	}
	return next;
}
