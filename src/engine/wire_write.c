/*
 * Writing structs as engine JSON through a field table, and freeing what reading
 * allocated. Empty values are left out: the engine reads missing and empty alike,
 * except for lists such as MaskedPaths where "[]" would switch a protection off.
 */
#include "wire.h"

#include <string.h>

#include "base/mem.h"

#define PATH_PART_MAX 64

static struct node *list_node(const struct strlist *l)
{
	struct node *a = node_new_array();
	size_t i;

	for (i = 0; i < l->count; i++)
		node_push_str(a, l->items[i]);
	return a;
}

static struct node *map_node(const struct strmap *m)
{
	struct strmap sorted = { 0 };
	struct node *o = node_new_object();
	size_t i;

	/* Sorted, so that equal maps print equally whatever order they were filled in. */
	strmap_copy(&sorted, m);
	strmap_sort(&sorted);
	for (i = 0; i < sorted.count; i++)
		node_set_str(o, sorted.entries[i].key, sorted.entries[i].value);
	strmap_free(&sorted);
	return o;
}

static struct node *rows_node(const struct wire_field *f, const struct bind_list *l)
{
	struct node *all = f->kind == WIRE_OBJECTS ? node_new_array() : node_new_object();
	size_t i;

	for (i = 0; i < l->count; i++) {
		const char *row = (const char *)l->items + i * f->sub->size;
		const char *key = f->sub->has_key ? *wire_key(f->sub, (void *)row) : NULL;
		struct node *list = all;
		struct node *o;

		if (f->kind == WIRE_OBJECT_LISTS) {
			list = node_get(all, key);
			if (!list)
				list = node_set_array(all, key);
		}
		o = f->kind == WIRE_OBJECT_MAP ? node_set_object(all, key) : node_push_object(list);
		wire_write(f->sub, row, WIRE_OBSERVED, o);
	}
	return all;
}

char **wire_key(const struct wire_table *t, void *row)
{
	void *slot = (char *)row + t->key;

	return slot;
}

bool wire_is_empty(const struct wire_field *f, const void *in)
{
	const void *slot = (const char *)in + f->offset;

	switch (f->kind) {
	case WIRE_STRING:
	case WIRE_NAME:
		return !*(char *const *)slot || !**(char *const *)slot;
	case WIRE_ID:
		return *(const char *)slot == '\0';
	case WIRE_INT:
	case WIRE_COUNT:
		return *(const int64_t *)slot == 0;
	case WIRE_BOOL:
		return !*(const bool *)slot;
	case WIRE_LIST:
	case WIRE_KEYS:
		return ((const struct strlist *)slot)->count == 0;
	case WIRE_MAP:
		return ((const struct strmap *)slot)->count == 0;
	case WIRE_OBJECTS:
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		return ((const struct bind_list *)slot)->count == 0;
	}
	return true;
}

static struct node *number_node(int64_t v)
{
	struct node *holder = node_new_object();
	struct node *n;

	node_set_int(holder, "v", v);
	n = node_copy(node_get(holder, "v"));
	node_free(holder);
	return n;
}

static struct node *bool_node(bool v)
{
	struct node *holder = node_new_object();
	struct node *n;

	node_set_bool(holder, "v", v);
	n = node_copy(node_get(holder, "v"));
	node_free(holder);
	return n;
}

struct node *wire_value(const struct wire_field *f, const void *in)
{
	const void *slot = (const char *)in + f->offset;

	if (wire_is_empty(f, in) && !(f->flags & WIRE_EXPLICIT))
		return NULL;
	switch (f->kind) {
	case WIRE_STRING:
	case WIRE_NAME:
		return node_new_string(*(char *const *)slot ? *(char *const *)slot : "");
	case WIRE_ID:
		return node_new_string(slot);
	case WIRE_INT:
	case WIRE_COUNT:
		return number_node(*(const int64_t *)slot);
	case WIRE_BOOL:
		return bool_node(*(const bool *)slot);
	case WIRE_LIST:
	case WIRE_KEYS:
		return list_node(slot);
	case WIRE_MAP:
		return map_node(slot);
	case WIRE_OBJECTS:
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		return rows_node(f, slot);
	}
	return NULL;
}

static void set_at(struct node *root, const char *path, struct node *value)
{
	char part[PATH_PART_MAX];
	size_t len;

	for (;;) {
		struct node *next;

		len = strcspn(path, ".");
		memcpy(part, path, len);
		part[len] = '\0';
		if (path[len] == '\0')
			break;
		next = node_get(root, part);
		root = next ? next : node_set_object(root, part);
		path += len + 1;
	}
	node_set(root, part, value);
}

void wire_write(const struct wire_table *t, const void *in, unsigned skip, struct node *root)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct wire_field *f = &t->fields[i];
		struct node *value;

		if (f->flags & skip)
			continue;
		value = wire_value(f, in);
		if (value)
			set_at(root, f->path, value);
	}
}

void wire_free_rows(const struct wire_table *t, struct bind_list *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++) {
		char *row = (char *)rows->items + i * t->size;

		wire_free(t, row);
	}
	free(rows->items);
	*rows = (struct bind_list){ 0 };
}

static void free_field(const struct wire_field *f, void *slot)
{
	switch (f->kind) {
	case WIRE_STRING:
	case WIRE_NAME:
		free(*(char **)slot);
		*(char **)slot = NULL;
		return;
	case WIRE_LIST:
	case WIRE_KEYS:
		strlist_free(slot);
		return;
	case WIRE_MAP:
		strmap_free(slot);
		return;
	case WIRE_OBJECTS:
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		wire_free_rows(f->sub, slot);
		return;
	case WIRE_ID:
		*(char *)slot = '\0';
		return;
	case WIRE_INT:
	case WIRE_COUNT:
		*(int64_t *)slot = 0;
		return;
	case WIRE_BOOL:
		*(bool *)slot = false;
		return;
	}
}

void wire_free(const struct wire_table *t, void *p)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		free_field(&t->fields[i], (char *)p + t->fields[i].offset);
	if (t->has_key) {
		free(*wire_key(t, p));
		*wire_key(t, p) = NULL;
	}
}

static void copy_rows(const struct wire_table *t, struct bind_list *dst,
		      const struct bind_list *src)
{
	char *rows = mem_array(src->count, t->size);

	for (size_t i = 0; i < src->count; i++)
		wire_copy(t, rows + i * t->size, (const char *)src->items + i * t->size);
	*dst = (struct bind_list){ .items = rows, .count = src->count };
}

static void copy_field(const struct wire_field *f, void *dst, const void *src)
{
	switch (f->kind) {
	case WIRE_STRING:
	case WIRE_NAME:
		mem_replace(dst, *(char *const *)src);
		return;
	case WIRE_LIST:
	case WIRE_KEYS:
		strlist_copy(dst, src);
		return;
	case WIRE_MAP:
		strmap_copy(dst, src);
		return;
	case WIRE_OBJECTS:
	case WIRE_OBJECT_MAP:
	case WIRE_OBJECT_LISTS:
		copy_rows(f->sub, dst, src);
		return;
	case WIRE_ID:
		memcpy(dst, src, ENGINE_ID_SIZE);
		return;
	case WIRE_INT:
	case WIRE_COUNT:
		*(int64_t *)dst = *(const int64_t *)src;
		return;
	case WIRE_BOOL:
		*(bool *)dst = *(const bool *)src;
		return;
	}
}

void wire_copy(const struct wire_table *t, void *dst, const void *src)
{
	for (size_t i = 0; i < t->count; i++)
		copy_field(&t->fields[i], (char *)dst + t->fields[i].offset,
			   (const char *)src + t->fields[i].offset);
	if (t->has_key)
		mem_replace((char **)((char *)dst + t->key),
			    *(char *const *)((const char *)src + t->key));
}
