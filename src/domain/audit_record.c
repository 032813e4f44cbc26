/* The table of a record's members, and the line it becomes. */
#include "domain/audit_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"

enum {
	TEXT_SHOWN_MAX = 400, /* bytes of one text before escaping */
	WHAT_SHOWN_MAX = 96,
	WHAT_COUNT_MAX = 24,
};

#define NUMBER_MAX ((int64_t)1 << 53) /* JSON numbers are exact up to here */
#define DIGEST_PATTERN "[0-9a-f]{64}"

static const char *const event_names[] = {
	[AUDIT_BEGIN] = "begin", [AUDIT_END] = "end",	[AUDIT_VERIFY] = "verify",
	[AUDIT_PACK] = "pack",	 [AUDIT_NOTE] = "note", [AUDIT_EVENTS] = NULL
};

const char *audit_event_name(enum audit_event event)
{
	return event_names[event];
}

#define FIELD(member) .key = #member, .offset = offsetof(struct audit_record, member)
#define TEXT(member)                                                                               \
	{                                                                                          \
		FIELD(member), .kind = BIND_STRING                                                 \
	}
#define NUMBER(member)                                                                             \
	{                                                                                          \
		FIELD(member), .kind = BIND_INT, .max = NUMBER_MAX                                 \
	}
#define DIGEST(member)                                                                             \
	{                                                                                          \
		FIELD(member), .kind = BIND_STRING, .pattern = DIGEST_PATTERN                      \
	}
#define UID(member)                                                                                \
	{                                                                                          \
		FIELD(member), .kind = BIND_INT, .max = AUDIT_NO_UID, .def = "4294967295"          \
	}

/* In the order in which they are printed. */
static const struct bind_field fields[] = {
	{ FIELD(seq), .kind = BIND_INT, .flags = BIND_REQUIRED, .min = 1, .max = NUMBER_MAX },
	{ FIELD(time), .kind = BIND_STRING, .flags = BIND_REQUIRED, .max_len = 32 },
	{ FIELD(event), .kind = BIND_ENUM, .flags = BIND_REQUIRED, .names = event_names },
	TEXT(command),
	TEXT(tenant),
	{ FIELD(uid), .kind = BIND_INT, .flags = BIND_REQUIRED, .max = AUDIT_NO_UID },
	UID(login_uid),
	UID(sudo_uid),
	NUMBER(pid),
	NUMBER(of),
	TEXT(result),
	TEXT(error),
	{ FIELD(what), .kind = BIND_STRLIST },
	DIGEST(manifest),
	NUMBER(torn_bytes),
	DIGEST(torn_sha256),
	NUMBER(missing_seq),
	DIGEST(missing_sha256),
	{ FIELD(prev), .kind = BIND_STRING, .flags = BIND_REQUIRED, .pattern = DIGEST_PATTERN },
};

static const struct bind_table table = {
	.name = "record",
	.size = sizeof(struct audit_record),
	.fields = fields,
	.count = ARRAY_SIZE(fields),
};

void audit_record_free(struct audit_record *r)
{
	bind_free(&table, r);
}

/* ---- to text ---- */

static char *shown(const char *s, size_t max)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(4 * TEXT_SHOWN_MAX + 8);
	size_t len = s ? strlen(s) : 0;

	if (!s)
		return NULL;
	if (len > max) {
		len = max;
		while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--; /* not within a character */
	}
	strbuf_escape(&b, s, len);
	if (s[len])
		strbuf_puts(&b, "...");
	return strbuf_take(&b);
}

/* A copy whose texts are bounded: 24 of 96 bytes and 5 of 400, each byte at most four when escaped
 * and twice as many where JSON doubles the backslash of an escape, never reach the line's limit for
 * text that is UTF-8; for the rest there is fit(). */
static void shorten(const struct audit_record *r, size_t what_max, struct audit_record *out)
{
	*out = *r;
	out->time = shown(r->time, TEXT_SHOWN_MAX);
	out->command = shown(r->command, TEXT_SHOWN_MAX);
	out->tenant = shown(r->tenant, TEXT_SHOWN_MAX);
	out->result = shown(r->result, TEXT_SHOWN_MAX);
	out->error = shown(r->error, TEXT_SHOWN_MAX);
	out->manifest = shown(r->manifest, TEXT_SHOWN_MAX);
	out->torn_sha256 = shown(r->torn_sha256, TEXT_SHOWN_MAX);
	out->missing_sha256 = shown(r->missing_sha256, TEXT_SHOWN_MAX);
	out->prev = shown(r->prev, TEXT_SHOWN_MAX);
	out->what = (struct strlist){ 0 };
	for (size_t i = 0; i < MIN_OF(r->what.count, what_max); i++) {
		auto_free char *text = shown(r->what.items[i], WHAT_SHOWN_MAX);

		strlist_add(&out->what, text);
	}
	if (r->what.count > what_max)
		strlist_addf(&out->what, "and %zu more", r->what.count - what_max);
}

static bool is_required(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].key, key) == 0)
			return fields[i].flags & BIND_REQUIRED;
	return false;
}

/* Without the members that say nothing. */
static struct node *compact(const struct audit_record *r)
{
	struct audit_record none auto_audit_record = { 0 };
	auto_node struct node *all = bind_write(&table, r), *blank = NULL;
	struct node *out = node_new_object();

	bind_defaults(&table, &none);
	blank = bind_write(&table, &none);
	for (const struct node *n = node_first(all); n; n = node_next(n)) {
		auto_free char *mine = node_print(n, false);
		auto_free char *theirs = node_print(node_get(blank, node_key(n)), false);

		if (is_required(node_key(n)) || strcmp(mine, theirs) != 0)
			node_set(out, node_key(n), node_copy(n));
	}
	return out;
}

char *audit_record_line(const struct audit_record *r, char sha256[DIGEST_HEX_SIZE])
{
	char *line = NULL;

	for (size_t what = WHAT_COUNT_MAX;; what /= 2) {
		struct audit_record bounded auto_audit_record = { 0 };
		auto_node struct node *n = NULL;

		shorten(r, what, &bounded);
		if (!what) /* bytes that are no text, all over */
			mem_replace(&bounded.error, bounded.error ? "not shown" : NULL);
		n = compact(&bounded);
		free(line);
		line = node_print(n, false);
		if (strlen(line) < AUDIT_LINE_MAX || !what)
			break;
	}
	digest_of(line, strlen(line), sha256);
	return line;
}

int audit_record_parse(const char *line, size_t len, struct audit_record *out, struct err *e)
{
	static const struct doc_limits limits = { .bytes = AUDIT_LINE_MAX,
						  .depth = 4,
						  .nodes = 256 };
	struct audit_record r = { 0 };
	auto_doc struct doc *d = NULL;

	if (doc_parse_json(line, len, "record", &limits, &d, e) ||
	    bind_read(&table, BIND_TOLERANT, d, doc_root(d), "", &r, e)) {
		e->code = ERR_CHECK;
		return -1;
	}
	*out = r;
	return 0;
}
