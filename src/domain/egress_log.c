/*
 * Lines of a gateway's log. The engine puts a time in front of each: reading goes on
 * from the last one, and of several lines with that very time those that were counted
 * are known by their digests.
 */
#include "domain/egress_log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/doc.h"
#include "base/mem.h"
#include "egress_count.h"

/* The gateway writes at most 4 KiB a line; the engine cuts at 16 KiB. */
#define LINE_MAX_BYTES ((size_t)16 * 1024)
/* Lines written in one and the same nanosecond; beyond this number they may be counted twice. */
#define SEEN_MAX 64
#define RULE_MAX_BYTES 300
#define STAMP_LEN (sizeof("2026-01-01T00:00:00.000000000Z") - 1)

/* ---- one event ---- */

struct event {
	const struct node *n;
	struct egress_state *s;
	const char *probe;
	int64_t at;
};

/* Text from the worker: control bytes are written out, the rest is cut. */
static char *safe_text(const char *text)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(8 * LINE_MAX_BYTES);
	size_t len = strlen(text), cut;

	strbuf_escape(&b, text, MIN_OF(len, EGRESS_WHAT_MAX));
	cut = b.len;
	if (cut <= EGRESS_WHAT_MAX)
		return strbuf_take(&b);
	/* never inside a UTF-8 sequence */
	for (cut = EGRESS_WHAT_MAX; cut > 0 && ((unsigned char)b.data[cut] & 0xc0) == 0x80; cut--)
		;
	return mem_strndup(b.data, cut);
}

static char *text_of(const struct event *v, const char *key)
{
	return safe_text(node_str(node_get(v->n, key), ""));
}

/* A name without its final dot, in lower case. */
static char *name_of(const struct event *v, const char *key)
{
	char *name = text_of(v, key);
	size_t len = strlen(name);

	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	return name;
}

static bool is_allowed(const struct event *v)
{
	return strcmp(node_str(node_get(v->n, "verdict"), ""), "allowed") == 0;
}

static void use(const struct event *v)
{
	const char *rule = node_str(node_get(v->n, "rule"), NULL);

	if (rule && *rule && strlen(rule) <= RULE_MAX_BYTES)
		count_use(v->s, rule, v->at, node_int(node_get(v->n, "up"), 0),
			  node_int(node_get(v->n, "down"), 0));
}

/* `reload`: the gateway was busy with its own rules, and the same request passes a moment later. */
static void deny(const struct event *v, const char *kind, const char *what, const char *reason)
{
	auto_free char *why = reason ? mem_strdup(reason) : text_of(v, "reason");
	auto_free char *rule = text_of(v, "rule");
	auto_free char *address = text_of(v, "dst");
	int64_t port = node_int(node_get(v->n, "port"), 0);
	struct egress_denial like = {
		.kind = (char *)kind,
		.what = (char *)what,
		.reason = why,
		.rule = *rule ? rule : NULL,
		.address = *address && strcmp(address, "-") != 0 ? address : NULL,
		.port = port > 0 && port < 65536 ? port : 0,
	};

	if (strcmp(why, "reload") != 0)
		count_denial(v->s, &like, v->at);
}

static bool is_probe(const struct event *v, const char *text)
{
	return *v->probe && strstr(text, v->probe);
}

void egress_probe_case(char *name, const char *nonce)
{
	size_t len = strlen(nonce);

	for (size_t i = 0; name[i] && len; i++)
		if (strchr("89abcdef", nonce[i % len]))
			name[i] = (char)toupper((unsigned char)name[i]);
}

/* A name that verify asked for, by its case. */
static bool is_probe_case(const struct event *v, const char *lower)
{
	const char *sent = node_str(node_get(v->n, "name"), "");
	auto_free char *probe = mem_strdup(lower);

	egress_probe_case(probe, v->probe);
	return strcmp(probe, lower) != 0 && strcmp(sent, probe) == 0;
}

/* Whoever only connects and says nothing used nothing and wanted nothing: verify does so. */
static bool was_silent(const struct event *v)
{
	return node_int(node_get(v->n, "up"), 0) <= 0;
}

static void on_tls(const struct event *v)
{
	auto_free char *name = name_of(v, "sni");
	bool silent = was_silent(v);

	if (is_allowed(v) && !silent)
		use(v);
	else if (!is_allowed(v) && !(silent && strcmp(name, "-") == 0) && !is_probe(v, name))
		deny(v, "tls", name, NULL);
}

static void on_tcp(const struct event *v)
{
	auto_free char *host = name_of(v, "host");

	if (!is_allowed(v))
		deny(v, "tcp", host, NULL);
	else if (!was_silent(v))
		use(v);
}

/* Verify sends what HAProxy itself refuses, and wants tunnels; both have no path, and tell nothing
 * that could be decided upon. */
static void on_route(const struct event *v)
{
	auto_free char *method = text_of(v, "method");
	auto_free char *path = text_of(v, "path");
	auto_free char *both = mem_printf("%s %s", method, path);
	auto_free char *what = safe_text(both);

	if (is_allowed(v))
		use(v);
	else if (*path && strcmp(path, "-") != 0 && !is_probe(v, path))
		deny(v, "route", what, NULL);
}

static void on_dns(const struct event *v)
{
	auto_free char *name = name_of(v, "name");

	if (!is_allowed(v) && !is_probe(v, name) && !is_probe_case(v, name) &&
	    strcmp(name, ".") != 0 && strcmp(name, EGRESS_PROBE_REVERSE) != 0)
		deny(v, "dns", name, "lookup");
}

/* Lookups and refused requests that came too fast to be logged, and lines that HAProxy dropped. */
static void on_suppressed(const struct event *v)
{
	count_add(&v->s->suppressed, node_int(node_get(v->n, "lines"), 0));
}

static void on_event(const struct event *v)
{
	static const struct {
		const char *event;
		void (*fn)(const struct event *v);
	} kinds[] = { { "tls", on_tls },
		      { "tcp", on_tcp },
		      { "route", on_route },
		      { "dns", on_dns },
		      { "dns-suppressed", on_suppressed },
		      { "suppressed", on_suppressed },
		      { "lines-lost", on_suppressed } };
	const char *event = node_str(node_get(v->n, "event"), "");

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].event, event) == 0)
			kinds[i].fn(v);
}

static void read_event(struct egress_reader *r, const char *stamp, const char *line, size_t len)
{
	static const struct doc_limits limits = { .bytes = LINE_MAX_BYTES,
						  .depth = 4,
						  .nodes = 64 };
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;
	struct tm tm = { 0 };
	struct event v = { .s = r->state, .probe = r->probe };

	if (strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm))
		v.at = (int64_t)timegm(&tm);
	if (v.at <= 0 || doc_parse_json(line, len, "line", &limits, &d, &e) ||
	    !node_is_object(doc_root(d)) ||
	    strcmp(node_str(node_get(doc_root(d), "tenant"), ""), r->tenant) != 0) {
		count_add(&r->state->unread, 1);
		return;
	}
	v.n = doc_root(d);
	/* the worker can't have that address: it may neither give itself one nor forge packets */
	if (r->twin && strcmp(node_str(node_get(v.n, "client"), ""), r->twin) == 0)
		return;
	on_event(&v);
}

/* ---- which lines ---- */

static void line_digest(const char *line, size_t len, char out[17])
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)line[i]) * 1099511628211u;
	snprintf(out, 17, "%016llx", (unsigned long long)h);
}

/* True once for each time that the line was counted. */
static bool take_skip(struct egress_reader *r, const char *digest)
{
	for (size_t i = 0; i < r->skip.count; i++)
		if (strcmp(r->skip.items[i], digest) == 0) {
			r->skip.items[i][0] = '\0';
			return true;
		}
	return false;
}

static void note_mark(struct egress_state *s, const char *stamp, const char *digest)
{
	int order = s->mark ? strcmp(stamp, s->mark) : 1;

	if (order > 0) {
		mem_replace(&s->mark, stamp);
		strlist_free(&s->seen);
	}
	if (order >= 0 && s->seen.count < SEEN_MAX)
		strlist_add(&s->seen, digest);
}

static bool is_stamp(const char *text)
{
	static const char like[] = "0000-00-00T00:00:00.000000000Z";

	for (size_t i = 0; i < STAMP_LEN; i++)
		if (like[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != like[i])
			return false;
	return true;
}

/* `line` begins with its time. Times have one length, so that they compare as text. */
static void on_line(struct egress_reader *r, const char *line, size_t len)
{
	char stamp[STAMP_LEN + 1], digest[17];

	if (len <= STAMP_LEN || line[STAMP_LEN] != ' ' || !is_stamp(line)) {
		count_add(&r->state->unread, 1);
		return;
	}
	memcpy(stamp, line, STAMP_LEN);
	stamp[STAMP_LEN] = '\0';
	line_digest(line, len, digest);
	int order = strcmp(stamp, r->start);
	if (order < 0 || (order == 0 && take_skip(r, digest)))
		return;
	note_mark(r->state, stamp, digest);
	read_event(r, stamp, line + STAMP_LEN + 1, len - STAMP_LEN - 1);
}

void egress_reader_begin(struct egress_reader *r, struct egress_state *state,
			 const struct egress_owner *o)
{
	*r = (struct egress_reader){ .state = state,
				     .tenant = o->tenant,
				     .twin = o->twin,
				     .lines = { STRBUF_INIT(LINE_MAX_BYTES),
						STRBUF_INIT(LINE_MAX_BYTES) } };
	snprintf(r->probe, sizeof(r->probe), "%s", o->nonce ? o->nonce : "");
	if (!state->container || strcmp(state->container, o->container) != 0) {
		mem_replace(&state->container, o->container);
		mem_replace(&state->mark, NULL);
		strlist_free(&state->seen);
	}
	if (state->mark && strlen(state->mark) == STAMP_LEN)
		memcpy(r->start, state->mark, STAMP_LEN + 1);
	strlist_copy(&r->skip, &state->seen);
}

const char *egress_reader_since(const struct egress_reader *r)
{
	return r->start[0] ? r->start : NULL;
}

static void end_line(struct egress_reader *r, int i)
{
	if (r->cut[i])
		count_add(&r->state->unread, 1);
	else if (r->lines[i].len)
		on_line(r, strbuf_str(&r->lines[i]), r->lines[i].len);
	strbuf_reset(&r->lines[i]);
	r->lines[i].overflow = false;
	r->cut[i] = false;
}

void egress_reader_feed(struct egress_reader *r, int stream, const char *data, size_t len)
{
	int i = stream == 2;

	while (len > 0) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;

		strbuf_add(&r->lines[i], data, n);
		r->cut[i] |= r->lines[i].overflow;
		if (nl)
			end_line(r, i);
		data += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
}

void egress_reader_end(struct egress_reader *r)
{
	for (int i = 0; i < 2; i++) {
		end_line(r, i);
		strbuf_free(&r->lines[i]);
	}
	strlist_free(&r->skip);
}
