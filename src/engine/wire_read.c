/*
 * Reading engine JSON through a field table. Every type is checked, null counts as
 * missing (engines use both), and nothing is believed that the table does not name.
 */
#include "wire.h"

#include <string.h>

#include "base/mem.h"

#define ROWS_MAX 100000
#define PATH_PART_MAX 64

struct node *wire_find(const struct node *root, const char *path)
{
	const struct node *n = root;

	while (n && *path) {
		char part[PATH_PART_MAX];
		size_t len = strcspn(path, ".");

		if (len >= sizeof(part))
			return NULL;
		memcpy(part, path, len);
		part[len] = '\0';
		path += len + (path[len] == '.');
		if (part[0] >= '0' && part[0] <= '9')
			n = node_is_array(n) ? node_at(n, (size_t)(part[0] - '0')) : NULL;
		else
			n = node_get(n, part);
	}
	return (struct node *)n;
}

static int wrong(const struct wire_field *f, const char *what, const char *want, struct err *e)
{
	return err_set(e, ERR_PROTOCOL, "%s: %s: expected %s", what, f->path, want);
}

static int read_string(const struct wire_field *f, const struct node *n, const char *what,
		       char **out, struct err *e)
{
	const char *s = node_str(n, "");

	if (n && !node_is_string(n))
		return wrong(f, what, "a text", e);
	if (f->kind == WIRE_NAME && s[0] == '/')
		s++;
	*out = mem_strdup(s);
	return 0;
}

static int read_id(const struct wire_field *f, const struct node *n, const char *what, char *out,
		   struct err *e)
{
	const char *s = node_str(n, "");

	if (!node_is_string(n) || strlen(s) != ENGINE_ID_SIZE - 1 ||
	    strspn(s, "0123456789abcdef") != ENGINE_ID_SIZE - 1)
		return wrong(f, what, "an id of 64 hex digits", e);
	memcpy(out, s, ENGINE_ID_SIZE);
	return 0;
}

static int read_int(const struct wire_field *f, const struct node *n, const char *what,
		    int64_t *out, struct err *e)
{
	int64_t v = n ? node_int(n, INT64_MIN) : 0;

	/* No whole number within +-2^53 is INT64_MIN, so the fallback is unmistakable. */
	if (n && (!node_is_number(n) || v == INT64_MIN))
		return wrong(f, what, "a whole number", e);
	*out = v;
	return 0;
}

static int read_list(const struct wire_field *f, const struct node *n, const char *what,
		     struct strlist *out, struct err *e)
{
	if (n && !node_is_array(n))
		return wrong(f, what, "a list of texts", e);
	for (n = node_first(n); n; n = node_next(n)) {
		if (!node_is_string(n))
			return wrong(f, what, "a list of texts", e);
		strlist_add(out, node_str(n, ""));
	}
	return 0;
}

static int read_map(const struct wire_field *f, const struct node *n, const char *what,
		    struct strmap *out, struct err *e)
{
	if (n && !node_is_object(n))
		return wrong(f, what, "a map of texts", e);
	for (n = node_first(n); n; n = node_next(n)) {
		if (!node_is_string(n))
			return wrong(f, what, "a map of texts", e);
		strmap_set(out, node_key(n), node_str(n, ""));
	}
	return 0;
}

static int read_keys(const struct wire_field *f, const struct node *n, const char *what,
		     struct strlist *out, struct err *e)
{
	if (n && !node_is_object(n))
		return wrong(f, what, "an object", e);
	for (n = node_first(n); n; n = node_next(n))
		strlist_add(out, node_key(n));
	return 0;
}

static void *row_add(const struct wire_table *t, struct bind_list *l)
{
	char *row;

	l->items = mem_grow(l->items, l->count + 1, t->size);
	row = (char *)l->items + l->count++ * t->size;
	memset(row, 0, t->size);
	return row;
}

static int read_row(const struct wire_table *t, const struct node *n, const char *key,
		    const char *what, struct bind_list *out, struct err *e)
{
	char *row;

	if (out->count >= ROWS_MAX)
		return err_set(e, ERR_PROTOCOL, "%s: too many entries", what);
	row = row_add(t, out);
	if (!node_is_object(n) && !node_is_null(n))
		return err_set(e, ERR_PROTOCOL, "%s: %s: expected an object", what, t->name);
	if (wire_read(t, n, what, row, e) < 0)
		return -1;
	if (key)
		*wire_key(t, row) = mem_strdup(key);
	return 0;
}

int wire_read_rows(const struct wire_table *t, const struct node *array, const char *what,
		   struct bind_list *out, struct err *e)
{
	struct bind_list rows = { 0 };
	const struct node *n;

	if (array && !node_is_array(array) && !node_is_null(array))
		return err_set(e, ERR_PROTOCOL, "%s: expected a list of %s", what, t->name);
	for (n = node_first(array); n; n = node_next(n)) {
		if (read_row(t, n, NULL, what, &rows, e) < 0) {
			wire_free_rows(t, &rows);
			return -1;
		}
	}
	*out = rows;
	return 0;
}

static int read_object_map(const struct wire_field *f, const struct node *n, const char *what,
			   struct bind_list *out, struct err *e)
{
	const struct node *item;

	if (n && !node_is_object(n))
		return wrong(f, what, "an object", e);
	for (n = node_first(n); n; n = node_next(n)) {
		if (f->kind == WIRE_OBJECT_MAP) {
			if (read_row(f->sub, n, node_key(n), what, out, e) < 0)
				return -1;
			continue;
		}
		if (!node_is_array(n) && !node_is_null(n))
			return wrong(f, what, "lists of objects", e);
		for (item = node_first(n); item; item = node_next(item))
			if (read_row(f->sub, item, node_key(n), what, out, e) < 0)
				return -1;
	}
	return 0;
}

static int read_field(const struct wire_field *f, const struct node *n, const char *what,
		      void *slot, struct err *e)
{
	switch (f->kind) {
	case WIRE_STRING:
	case WIRE_NAME:
		return read_string(f, n, what, slot, e);
	case WIRE_ID:
		return read_id(f, n, what, slot, e);
	case WIRE_INT:
		return read_int(f, n, what, slot, e);
	case WIRE_BOOL:
		if (n && !node_is_bool(n))
			return wrong(f, what, "true or false", e);
		*(bool *)slot = node_bool(n, false);
		return 0;
	case WIRE_LIST:
		return read_list(f, n, what, slot, e);
	case WIRE_KEYS:
		return read_keys(f, n, what, slot, e);
	case WIRE_MAP:
		return read_map(f, n, what, slot, e);
	case WIRE_COUNT:
		if (n && !node_is_array(n))
			return wrong(f, what, "a list", e);
		*(int64_t *)slot += (int64_t)node_count(n);
		return 0;
	case WIRE_OBJECTS:
		return wire_read_rows(f->sub, n, what, slot, e);
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		return read_object_map(f, n, what, slot, e);
	}
	return err_set(e, ERR_INTERNAL, "%s: unknown kind of field", f->path);
}

int wire_read(const struct wire_table *t, const struct node *root, const char *what, void *out,
	      struct err *e)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct wire_field *f = &t->fields[i];
		const struct node *n = wire_find(root, f->path);
		int ret;

		if (node_is_null(n))
			n = NULL;
		if (!n && (f->flags & WIRE_REQUIRED))
			ret = err_set(e, ERR_PROTOCOL, "%s: %s is missing", what, f->path);
		else
			ret = read_field(f, n, what, (char *)out + f->offset, e);
		if (ret < 0) {
			wire_free(t, out);
			return -1;
		}
	}
	return 0;
}

int wire_read_id(const struct node *root, const char *what, char out_id[ENGINE_ID_SIZE],
		 struct err *e)
{
	static const struct wire_field id_field = { .path = "Id", .kind = WIRE_ID };

	return read_id(&id_field, node_get(root, "Id"), what, out_id, e);
}
