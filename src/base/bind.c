/*
 * Reading: a document tree to a struct, as a field table says. The declared kind
 * decides how a scalar is read, never its look: `yes`, `0o17`, `1e3` and `12:30` are
 * text unless the table wants a number, and then they are errors.
 */
#include "base/bind.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"
#include "base/strmap.h"
#include "bind_internal.h"
#include "doc_internal.h"
#include "utf8.h"

#define PATH_MAX_SHOWN 512
#define KEYS_MAX 128
#define QUOTED_MAX 64

struct binder {
	const struct doc *d; /* NULL for a default */
	enum bind_mode mode;
	struct err *e;
};

static int read_object(const struct binder *b, const struct bind_table *t, const struct node *n,
		       const char *path, void *out);

static int fail_at(const struct binder *b, struct position at, const char *path,
		   const char *message)
{
	if (b->mode == BIND_STRICT && b->d)
		return doc_error_at(b->d, at, path, b->e, message);
	return err_set(b->e, b->mode == BIND_STRICT ? ERR_MANIFEST : ERR_PROTOCOL, "%s: %s%s%s",
		       b->d ? doc_name(b->d) : "default", path, *path ? ": " : "", message);
}

static int fail(const struct binder *b, const struct node *n, const char *path, const char *message)
{
	struct position none = { 0, 0 };

	return fail_at(b, b->d ? doc_position(b->d, n) : none, path, message);
}

/* "'text' is not <what>: expected ..." */
static int fail_value(const struct binder *b, const struct bind_field *f, const struct node *n,
		      const char *path, const char *text, const char *what)
{
	char expected[320], message[512];

	bind_expected(f, expected, sizeof(expected));
	snprintf(message, sizeof(message), "'%.*s'%s is not %s: expected %s", QUOTED_MAX, text,
		 strlen(text) > QUOTED_MAX ? "..." : "", what, expected);
	return fail(b, n, path, message);
}

static int fail_kind(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path)
{
	const char *found = node_is_null(n)	? "no value"
			    : node_is_object(n) ? "a mapping"
			    : node_is_array(n)	? "a list"
			    : node_is_string(n) ? "a string"
			    : node_is_number(n) ? "a number"
						: "true or false";
	char expected[320], message[512];

	bind_expected(f, expected, sizeof(expected));
	snprintf(message, sizeof(message), "found %s: expected %s", found, expected);
	return fail(b, n, path, message);
}

/* The whole text must match, whether or not the pattern carries its own anchors. */
static bool matches(const char *pattern, const char *s)
{
	regex_t re;
	regmatch_t m;

	int broken = regcomp(&re, pattern, REG_EXTENDED);
	assert(!broken);
	bool ok = !broken && regexec(&re, s, 1, &m, 0) == 0 && m.rm_so == 0 &&
		  (size_t)m.rm_eo == strlen(s);
	regfree(&re);
	return ok;
}

static bool has_control(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);
		if (n == 0 || utf8_is_control(s + i, n))
			return true;
		i += n;
	}
	return false;
}

/* `limit` 0: no bound but the document's own. */
static int check_string(const struct binder *b, const struct bind_field *f, const struct node *n,
			const char *path, const char *s, size_t limit)
{
	char message[64];

	if (limit && strlen(s) > limit) {
		snprintf(message, sizeof(message), "longer than %zu bytes", limit);
		return fail(b, n, path, message);
	}
	if (b->mode == BIND_STRICT && has_control(s))
		return fail(b, n, path, "control characters are not accepted");
	if (f->pattern && !matches(f->pattern, s))
		return fail_value(b, f, n, path, s, "valid");
	return 0;
}

static size_t string_limit(const struct binder *b, const struct bind_field *f)
{
	size_t unset = b->mode == BIND_STRICT ? BIND_STRING_MAX : 0;

	return f->kind == BIND_STRING && f->max_len ? f->max_len : unset;
}

static int check_count(const struct binder *b, const struct bind_field *f, const struct node *n,
		       const char *path)
{
	size_t unset = b->mode == BIND_STRICT ? BIND_STRING_MAX : 0;
	size_t limit = f->max_len ? f->max_len : unset;
	char message[64];

	if (!limit || node_count(n) <= limit)
		return 0;
	snprintf(message, sizeof(message), "more than %zu entries", limit);
	return fail(b, n, path, message);
}

static int read_string(const struct binder *b, const struct bind_field *f, const struct node *n,
		       const char *path, char **slot)
{
	const char *s = node_str(n, NULL);

	if (!s)
		return fail_kind(b, f, n, path);
	if (check_string(b, f, n, path, s, string_limit(b, f)))
		return -1;
	if (b->mode == BIND_STRICT && (f->flags & BIND_REQUIRED) && *s == '\0')
		return fail_value(b, f, n, path, s, "valid");
	mem_replace(slot, s);
	return 0;
}

static int read_bool(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, bool *slot)
{
	const char *s = node_str(n, NULL);

	if (node_is_bool(n)) {
		*slot = node_bool(n, false);
		return 0;
	}
	if (b->mode != BIND_STRICT || !s)
		return fail_kind(b, f, n, path);
	if (strcmp(s, "true") != 0 && strcmp(s, "false") != 0)
		return fail_value(b, f, n, path, s, "a truth value");
	*slot = *s == 't';
	return 0;
}

static int parse_number(const struct bind_field *f, const char *s, int64_t *out, struct err *e)
{
	uint64_t size = 0;

	if (f->kind == BIND_INT)
		return bind_parse_int(s, f->min, f->max, out, e);
	if (f->kind == BIND_DECIMAL)
		return bind_parse_decimal(s, f->min, f->max, out, e);
	if (bind_parse_size(s, (uint64_t)f->min, (uint64_t)f->max, &size, e))
		return -1;
	*out = (int64_t)size; /* the range ends at INT64_MAX */
	return 0;
}

/* From a JSON number; decimals are rounded to the nearest thousandth. */
static int number_from_json(const struct binder *b, const struct bind_field *f,
			    const struct node *n, const char *path, int64_t *out)
{
	double v = node_num(n, 0);
	char text[40];

	if (f->kind == BIND_DECIMAL && fabs(v) < 1e12) {
		*out = (int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5));
	} else {
		*out = node_int(n, INT64_MIN);
		if (*out == INT64_MIN)
			return fail(b, n, path, "not a whole number within 2^53");
	}
	if (bind_in_range(f, *out))
		return 0;
	snprintf(text, sizeof(text), "%.17g", v);
	return fail_value(b, f, n, path, text, "in range");
}

static int read_number(const struct binder *b, const struct bind_field *f, const struct node *n,
		       const char *path, int64_t *slot)
{
	static const char *const what[] = { [BIND_INT] = "a whole number in range",
					    [BIND_SIZE] = "a size",
					    [BIND_DECIMAL] = "a number in range" };
	const char *s = node_str(n, NULL);
	struct err why = ERR_INIT;

	if (node_is_number(n))
		return number_from_json(b, f, n, path, slot);
	if (!s || b->mode != BIND_STRICT)
		return fail_kind(b, f, n, path);
	if (parse_number(f, s, slot, &why) == 0)
		return 0;
	return f->want ? fail_value(b, f, n, path, s, what[f->kind])
		       : fail(b, n, path, why.message);
}

static size_t name_count(const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	return count;
}

static int read_enum(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, int *slot)
{
	const char *s = node_str(n, NULL);
	char expected[320], message[512];

	if (!s)
		return fail_kind(b, f, n, path);
	for (int i = 0; f->names[i]; i++) {
		if (strcmp(f->names[i], s) == 0) {
			*slot = i;
			return 0;
		}
	}
	bind_expected(f, expected, sizeof(expected));
	const char *near = strlist_nearest(s, f->names, name_count(f->names));
	snprintf(message, sizeof(message), "'%.*s' is not known: expected %s%s%s%s", QUOTED_MAX, s,
		 expected, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return fail(b, n, path, message);
}

static int read_strlist(const struct binder *b, const struct bind_field *f, const struct node *n,
			const char *path, struct strlist *slot)
{
	char where[PATH_MAX_SHOWN];
	size_t index = 0;

	if (!node_is_array(n))
		return fail_kind(b, f, n, path);
	if (check_count(b, f, n, path))
		return -1;
	strlist_free(slot);
	for (const struct node *i = node_first(n); i; i = node_next(i), index++) {
		const char *s = node_str(i, NULL);
		snprintf(where, sizeof(where), "%s[%zu]", path, index);
		if (!s || (b->mode == BIND_STRICT && node_is_null(i)))
			return fail(b, i, where, "expected a string");
		if (check_string(b, f, i, where, s, string_limit(b, f)))
			return -1;
		strlist_add(slot, s);
	}
	return 0;
}

/* The pattern of a map is for its keys; values are free text. */
static int read_strmap(const struct binder *b, const struct bind_field *f, const struct node *n,
		       const char *path, struct strmap *slot)
{
	struct bind_field value = *f;
	char where[PATH_MAX_SHOWN];

	value.pattern = NULL;
	if (!node_is_object(n))
		return fail_kind(b, f, n, path);
	if (check_count(b, f, n, path))
		return -1;
	strmap_free(slot);
	for (const struct node *i = node_first(n); i; i = node_next(i)) {
		const char *s = node_str(i, NULL);
		snprintf(where, sizeof(where), "%s.%s", path, node_key(i));
		if (!s || (b->mode == BIND_STRICT && node_is_null(i)))
			return fail(b, i, where, "expected a string");
		if (check_string(b, f, i, where, node_key(i), string_limit(b, f)) ||
		    check_string(b, &value, i, where, s, string_limit(b, f)))
			return -1;
		strmap_set(slot, node_key(i), s);
	}
	return 0;
}

static int read_list(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, struct bind_list *slot)
{
	char where[PATH_MAX_SHOWN];
	size_t index = 0;

	if ((f->flags & BIND_SINGLE) && node_is_object(n)) {
		bind_free_field(f, slot);
		slot->items = mem_array(1, f->sub->size);
		slot->count = 1;
		return read_object(b, f->sub, n, path, slot->items);
	}
	if (!node_is_array(n))
		return fail_kind(b, f, n, path);
	if (check_count(b, f, n, path))
		return -1;
	bind_free_field(f, slot);
	slot->items = mem_array(node_count(n), f->sub->size);
	for (const struct node *i = node_first(n); i; i = node_next(i), index++) {
		snprintf(where, sizeof(where), "%s[%zu]", path, index);
		slot->count = index + 1; /* so that a half-read element is freed too */
		if (read_object(b, f->sub, i, where, (char *)slot->items + index * f->sub->size))
			return -1;
	}
	return 0;
}

static int read_field(const struct binder *b, const struct bind_field *f, const struct node *n,
		      const char *path, void *slot)
{
	if (node_is_null(n)) {
		if (b->mode == BIND_TOLERANT)
			return 0;
		return fail_kind(b, f, n, path);
	}
	switch (f->kind) {
	case BIND_STRING:
		return read_string(b, f, n, path, slot);
	case BIND_BOOL:
		return read_bool(b, f, n, path, slot);
	case BIND_INT:
	case BIND_SIZE:
	case BIND_DECIMAL:
		return read_number(b, f, n, path, slot);
	case BIND_ENUM:
		return read_enum(b, f, n, path, slot);
	case BIND_STRLIST:
		return read_strlist(b, f, n, path, slot);
	case BIND_STRMAP:
		return read_strmap(b, f, n, path, slot);
	case BIND_OBJECT:
		return read_object(b, f->sub, n, path, slot);
	case BIND_LIST:
		return read_list(b, f, n, path, slot);
	}
	return fail(b, n, path, "field of unknown kind");
}

static const struct bind_field *find_field(const struct bind_table *t, const char *key)
{
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->fields[i].key, key) == 0)
			return &t->fields[i];
	}
	return NULL;
}

static void join_path(char out[PATH_MAX_SHOWN], const char *path, const char *key)
{
	snprintf(out, PATH_MAX_SHOWN, "%s%s%s", path, *path ? "." : "", key);
}

static int unknown_key(const struct binder *b, const struct bind_table *t, const struct node *n,
		       const char *path)
{
	struct position none = { 0, 0 };
	const char *keys[KEYS_MAX];
	char message[160];
	size_t count = 0;

	for (size_t i = 0; i < t->count && count < KEYS_MAX; i++)
		keys[count++] = t->fields[i].key;
	const char *near = strlist_nearest(node_key(n), keys, count);
	snprintf(message, sizeof(message), near ? "unknown key; did you mean '%s'?" : "unknown key",
		 near);
	return fail_at(b, b->d ? doc_key_position(b->d, n) : none, path, message);
}

static int read_members(const struct binder *b, const struct bind_table *t, const struct node *n,
			const char *path, void *out)
{
	char where[PATH_MAX_SHOWN];

	for (const struct node *i = node_first(n); i; i = node_next(i)) {
		const struct bind_field *f = find_field(t, node_key(i));
		join_path(where, path, node_key(i));
		if (!f && b->mode == BIND_STRICT)
			return unknown_key(b, t, i, where);
		if (f && read_field(b, f, i, where, bind_slot(f, out)))
			return -1;
	}
	return 0;
}

static int check_required(const struct binder *b, const struct bind_table *t, const struct node *n,
			  const char *path)
{
	char where[PATH_MAX_SHOWN], expected[320], message[400];

	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		if (!(f->flags & BIND_REQUIRED))
			continue;
		const struct node *member = node_get(n, f->key);
		if (member && !(b->mode == BIND_TOLERANT && node_is_null(member)))
			continue;
		join_path(where, path, f->key);
		bind_expected(f, expected, sizeof(expected));
		snprintf(message, sizeof(message), "required key is missing: expected %s",
			 expected);
		return fail(b, n, where, message);
	}
	return 0;
}

/* A scalar in place of a mapping stands for one field; the others must be optional. */
static int read_short_form(const struct binder *b, const struct bind_table *t, const struct node *n,
			   const char *path, void *out)
{
	const struct bind_field *f = find_field(t, t->scalar_key);

	assert(f);
	return read_field(b, f, n, path, bind_slot(f, out));
}

static int read_object(const struct binder *b, const struct bind_table *t, const struct node *n,
		       const char *path, void *out)
{
	char message[160];

	bind_free(t, out);
	bind_defaults(t, out);
	if (node_is_object(n)) {
		/* members first: a mistyped key explains why a required one is missing */
		return read_members(b, t, n, path, out) ? -1 : check_required(b, t, n, path);
	}
	if (t->scalar_key && n && !node_is_array(n))
		return read_short_form(b, t, n, path, out);
	snprintf(message, sizeof(message), "expected a mapping: %s", t->name);
	return fail(b, n, path, message);
}

int bind_read(const struct bind_table *t, enum bind_mode mode, const struct doc *d,
	      const struct node *object, const char *path, void *out, struct err *e)
{
	struct binder b = { .d = d, .mode = mode, .e = e };

	if (read_object(&b, t, object, path, out) == 0)
		return 0;
	bind_free(t, out);
	return -1;
}

/* A default is manifest text: scalars as they are, the rest as YAML. */
void bind_default_field(const struct bind_field *f, void *slot)
{
	struct doc_limits limits = DOC_LIMITS_MANIFEST;
	struct err e = ERR_INIT;
	struct binder b = { .mode = BIND_STRICT, .e = &e };
	auto_doc struct doc *d = NULL;
	auto_node struct node *scalar = NULL;

	if (f->kind == BIND_OBJECT) {
		bind_defaults(f->sub, slot);
		return;
	}
	if (!f->def)
		return;
	bool is_list = f->kind == BIND_STRLIST || f->kind == BIND_STRMAP || f->kind == BIND_LIST;
	int rc = 0;
	if (is_list)
		rc = doc_parse_yaml(f->def, strlen(f->def), "default", &limits, &d, &e);
	else
		scalar = node_new_string(f->def);
	if (rc == 0)
		rc = read_field(&b, f, is_list ? doc_root(d) : scalar, f->key, slot);
	assert(rc == 0); /* tables are constants: the unit tests read every default */
	(void)rc;
}

void bind_defaults(const struct bind_table *t, void *out)
{
	for (size_t i = 0; i < t->count; i++)
		bind_default_field(&t->fields[i], bind_slot(&t->fields[i], out));
}
