/* The counters of egress.json: their table, and what is added to them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "egress_count.h"

#define VALUE_MAX ((int64_t)1 << 53) /* JSON numbers are exact up to here */

#define FIELD(strukt, member) .key = #member, .offset = offsetof(struct strukt, member)
#define TEXT(strukt, member)                                                                       \
	{                                                                                          \
		FIELD(strukt, member), .kind = BIND_STRING                                         \
	}
#define NUMBER(strukt, member)                                                                     \
	{                                                                                          \
		FIELD(strukt, member), .kind = BIND_INT, .max = VALUE_MAX                          \
	}

static const struct bind_field use_fields[] = {
	{ FIELD(egress_use, rule), .kind = BIND_STRING, .flags = BIND_REQUIRED },
	NUMBER(egress_use, hits),
	NUMBER(egress_use, up),
	NUMBER(egress_use, down),
	NUMBER(egress_use, first),
	NUMBER(egress_use, last),
	NUMBER(egress_use, since),
};
static const struct bind_table use_table = {
	.name = "use",
	.size = sizeof(struct egress_use),
	.fields = use_fields,
	.count = ARRAY_SIZE(use_fields),
};

static const struct bind_field denial_fields[] = {
	{ FIELD(egress_denial, kind), .kind = BIND_STRING, .flags = BIND_REQUIRED },
	{ FIELD(egress_denial, what), .kind = BIND_STRING, .flags = BIND_REQUIRED },
	{ FIELD(egress_denial, reason), .kind = BIND_STRING, .flags = BIND_REQUIRED },
	TEXT(egress_denial, rule),
	TEXT(egress_denial, address),
	NUMBER(egress_denial, port),
	NUMBER(egress_denial, count),
	NUMBER(egress_denial, first),
	NUMBER(egress_denial, last),
};
static const struct bind_table denial_table = {
	.name = "denial",
	.size = sizeof(struct egress_denial),
	.fields = denial_fields,
	.count = ARRAY_SIZE(denial_fields),
};

static const struct bind_field state_fields[] = {
	TEXT(egress_state, container),
	TEXT(egress_state, mark),
	{ FIELD(egress_state, seen), .kind = BIND_STRLIST },
	{ FIELD(egress_state, uses), .kind = BIND_LIST, .sub = &use_table },
	{ FIELD(egress_state, denials), .kind = BIND_LIST, .sub = &denial_table },
	NUMBER(egress_state, forgotten_groups),
	NUMBER(egress_state, forgotten),
	NUMBER(egress_state, suppressed),
	NUMBER(egress_state, unread),
	NUMBER(egress_state, harvested),
};
const struct bind_table egress_state_table = {
	.name = "egress counters",
	.size = sizeof(struct egress_state),
	.fields = state_fields,
	.count = ARRAY_SIZE(state_fields),
};

void egress_state_free(struct egress_state *s)
{
	bind_free(&egress_state_table, s);
}

char *egress_state_text(const struct egress_state *s)
{
	auto_node struct node *n = bind_write(&egress_state_table, s);

	return node_print(n, true);
}

int egress_state_parse(const char *text, size_t len, const char *name, struct egress_state *out,
		       struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	struct egress_state s = { 0 };
	auto_doc struct doc *d = NULL;

	if (doc_parse_json(text, len, name, &limits, &d, e) ||
	    bind_read(&egress_state_table, BIND_TOLERANT, d, doc_root(d), "", &s, e))
		return -1;
	*out = s;
	return 0;
}

void count_add(int64_t *sum, int64_t more)
{
	*sum = more > 0 ? MIN_OF(*sum + MIN_OF(more, VALUE_MAX), VALUE_MAX) : *sum;
}

static void note_time(int64_t *first, int64_t *last, int64_t at)
{
	*first = *first ? MIN_OF(*first, at) : at;
	*last = MAX_OF(*last, at);
}

static struct egress_use *find_use(const struct egress_state *s, const char *rule)
{
	struct egress_use *uses = s->uses.items;

	for (size_t i = 0; i < s->uses.count; i++)
		if (strcmp(uses[i].rule, rule) == 0)
			return &uses[i];
	return NULL;
}

const struct egress_use *egress_state_use(const struct egress_state *s, const char *rule)
{
	return find_use(s, rule);
}

/* Of rules that the manifest has no more, the one that was used longest ago makes room. */
static struct egress_use *use_to_replace(struct egress_state *s)
{
	struct egress_use *uses = s->uses.items, *oldest = NULL;

	for (size_t i = 0; i < s->uses.count; i++)
		if (!uses[i].since && (!oldest || uses[i].last < oldest->last))
			oldest = &uses[i];
	return oldest;
}

static struct egress_use *make_use(struct egress_state *s, const char *rule)
{
	struct egress_use *use = find_use(s, rule);

	if (use)
		return use;
	if (s->uses.count < EGRESS_USES_MAX) {
		s->uses.items = mem_grow(s->uses.items, s->uses.count + 1, sizeof(*use));
		use = (struct egress_use *)s->uses.items + s->uses.count++;
	} else {
		use = use_to_replace(s);
		if (!use)
			return NULL;
		free(use->rule);
	}
	*use = (struct egress_use){ .rule = mem_strdup(rule) };
	return use;
}

void count_use(struct egress_state *s, const char *rule, int64_t at, int64_t up, int64_t down)
{
	struct egress_use *use = make_use(s, rule);

	if (!use)
		return;
	count_add(&use->hits, 1);
	count_add(&use->up, up);
	count_add(&use->down, down);
	note_time(&use->first, &use->last, at);
}

void egress_state_rules(struct egress_state *s, const struct strlist *rules, int64_t now)
{
	struct egress_use *uses = s->uses.items;

	for (size_t i = 0; i < s->uses.count; i++)
		if (!strlist_has(rules, uses[i].rule))
			uses[i].since = 0;
	for (size_t i = 0; i < rules->count; i++) {
		struct egress_use *use = make_use(s, rules->items[i]);

		if (use && !use->since)
			use->since = now;
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct egress_denial *find_denial(const struct egress_state *s,
					 const struct egress_denial *like)
{
	struct egress_denial *d = s->denials.items;

	for (size_t i = 0; i < s->denials.count; i++, d++)
		if (d->port == like->port && strcmp(d->what, like->what) == 0 &&
		    strcmp(d->kind, like->kind) == 0 && strcmp(d->reason, like->reason) == 0 &&
		    same_text(d->rule, like->rule))
			return d;
	return NULL;
}

static void free_denial(struct egress_denial *d)
{
	bind_free(&denial_table, d);
}

/* The rarest, and of those the one that is over for the longest time. */
static struct egress_denial *denial_to_forget(struct egress_state *s)
{
	struct egress_denial *d = s->denials.items, *least = d;

	for (size_t i = 1; i < s->denials.count; i++)
		if (d[i].count < least->count ||
		    (d[i].count == least->count && d[i].last < least->last))
			least = &d[i];
	return least;
}

void count_denial(struct egress_state *s, const struct egress_denial *like, int64_t at)
{
	struct egress_denial *d = find_denial(s, like);

	if (!d && s->denials.count < EGRESS_DENIALS_MAX) {
		s->denials.items = mem_grow(s->denials.items, s->denials.count + 1, sizeof(*d));
		d = (struct egress_denial *)s->denials.items + s->denials.count++;
		*d = (struct egress_denial){ 0 };
	} else if (!d) {
		d = denial_to_forget(s);
		count_add(&s->forgotten_groups, 1);
		count_add(&s->forgotten, d->count);
		free_denial(d);
		*d = (struct egress_denial){ 0 };
	}
	if (!d->kind) {
		d->kind = mem_strdup(like->kind);
		d->what = mem_strdup(like->what);
		d->reason = mem_strdup(like->reason);
		d->rule = like->rule ? mem_strdup(like->rule) : NULL;
		d->port = like->port;
	}
	if (like->address)
		mem_replace(&d->address, like->address);
	count_add(&d->count, 1);
	note_time(&d->first, &d->last, at);
}

enum egress_verdict egress_review(const struct egress_use *use, const char *expires, int64_t now,
				  int64_t unused_for)
{
	int64_t known = use ? MAX_OF(use->last, use->since) : 0;
	time_t t = (time_t)now;
	char today[16];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(today, sizeof(today), "%Y-%m-%d", &tm);
	if (expires && strcmp(expires, today) <= 0)
		return EGRESS_EXPIRED;
	return known && now - known >= unused_for ? EGRESS_UNUSED : EGRESS_KEEP;
}
