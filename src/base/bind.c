/*
 * Reading: a document tree to a struct, as a field table says. Here are mappings, lists
 * and what holds them; scalars are read in bind_value.c.
 */
#include "base/bind.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"
#include "base/strmap.h"
#include "bind_internal.h"
#include "doc_internal.h"

#define PATH_MAX_SHOWN 512
#define KEYS_MAX 128

static int read_object(const struct binder *b, const struct bind_table *t, const struct node *n,
		       const char *path, void *out);

static int check_count(const struct binder *b, const struct bind_field *f, const struct node *n,
		       const char *path)
{
	size_t unset = b->mode == BIND_STRICT ? BIND_STRING_MAX : 0;
	size_t limit = f->max_len ? f->max_len : unset;
	char message[64];

	if (!limit || node_count(n) <= limit)
		return 0;
	snprintf(message, sizeof(message), "more than %zu entries", limit);
	return bind_fail(b, n, path, message);
}

static int read_strlist(const struct binder *b, const struct bind_field *f, const struct node *n,
			const char *path, struct strlist *slot)
{
	char where[PATH_MAX_SHOWN];
	size_t index = 0;

	if (!node_is_array(n))
		return bind_fail_kind(b, f, n, path);
	if (check_count(b, f, n, path))
		return -1;
	strlist_free(slot);
	for (const struct node *i = node_first(n); i; i = node_next(i), index++) {
		const char *s = node_str(i, NULL);
		snprintf(where, sizeof(where), "%s[%zu]", path, index);
		if (!s || (b->mode == BIND_STRICT && node_is_null(i)))
			return bind_fail(b, i, where, "expected a string");
		if (bind_check_string(b, f, i, where, s, bind_string_limit(b, f)))
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
		return bind_fail_kind(b, f, n, path);
	if (check_count(b, f, n, path))
		return -1;
	strmap_free(slot);
	for (const struct node *i = node_first(n); i; i = node_next(i)) {
		const char *s = node_str(i, NULL);
		snprintf(where, sizeof(where), "%s.%s", path, node_key(i));
		if (!s || (b->mode == BIND_STRICT && node_is_null(i)))
			return bind_fail(b, i, where, "expected a string");
		if (bind_check_string(b, f, i, where, node_key(i), bind_string_limit(b, f)) ||
		    bind_check_string(b, &value, i, where, s, bind_string_limit(b, f)))
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
		return bind_fail_kind(b, f, n, path);
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
		return bind_fail_kind(b, f, n, path);
	}
	switch (f->kind) {
	case BIND_STRING:
		return bind_read_string(b, f, n, path, slot);
	case BIND_BOOL:
		return bind_read_bool(b, f, n, path, slot);
	case BIND_INT:
	case BIND_SIZE:
	case BIND_DECIMAL:
		return bind_read_number(b, f, n, path, slot);
	case BIND_ENUM:
		return bind_read_enum(b, f, n, path, slot);
	case BIND_STRLIST:
		return read_strlist(b, f, n, path, slot);
	case BIND_STRMAP:
		return read_strmap(b, f, n, path, slot);
	case BIND_OBJECT:
		return read_object(b, f->sub, n, path, slot);
	case BIND_LIST:
		return read_list(b, f, n, path, slot);
	}
	return bind_fail(b, n, path, "field of unknown kind");
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
	return bind_fail_at(b, b->d ? doc_key_position(b->d, n) : none, path, message);
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
		return bind_fail(b, n, where, message);
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
	return bind_fail(b, n, path, message);
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
