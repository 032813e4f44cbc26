/*
 * Writing: a bound struct as JSON and as manifest YAML, comparison, and release.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "base/strmap.h"
#include "bind_internal.h"

static const char *enum_name(const struct bind_field *f, int value)
{
	for (int i = 0; f->names[i]; i++) {
		if (i == value)
			return f->names[i];
	}
	return NULL;
}

static struct node *strlist_node(const struct strlist *l)
{
	struct node *array = node_new_array();

	for (size_t i = 0; i < l->count; i++)
		node_push_str(array, l->items[i]);
	return array;
}

static struct node *strmap_node(const struct strmap *m)
{
	struct node *object = node_new_object();

	for (size_t i = 0; i < m->count; i++)
		node_set_str(object, m->entries[i].key, m->entries[i].value);
	return object;
}

static struct node *list_node(const struct bind_table *sub, const struct bind_list *l)
{
	struct node *array = node_new_array();

	for (size_t i = 0; i < l->count; i++)
		node_push(array, bind_write(sub, (const char *)l->items + i * sub->size));
	return array;
}

static void write_field(const struct bind_field *f, const void *slot, struct node *out)
{
	switch (f->kind) {
	case BIND_STRING:
		node_set_str(out, f->key, *(char *const *)slot);
		break;
	case BIND_BOOL:
		node_set_bool(out, f->key, *(const bool *)slot);
		break;
	case BIND_INT:
		node_set_int(out, f->key, *(const int64_t *)slot);
		break;
	case BIND_SIZE:
		node_set_num(out, f->key, (double)*(const uint64_t *)slot);
		break;
	case BIND_DECIMAL:
		node_set_num(out, f->key, (double)*(const int64_t *)slot / 1000);
		break;
	case BIND_ENUM:
		node_set_str(out, f->key, enum_name(f, *(const int *)slot));
		break;
	case BIND_STRLIST:
		node_set(out, f->key, strlist_node(slot));
		break;
	case BIND_STRMAP:
		node_set(out, f->key, strmap_node(slot));
		break;
	case BIND_OBJECT:
		node_set(out, f->key, bind_write(f->sub, slot));
		break;
	case BIND_LIST:
		node_set(out, f->key, list_node(f->sub, slot));
		break;
	}
}

struct node *bind_write(const struct bind_table *t, const void *in)
{
	struct node *object = node_new_object();

	for (size_t i = 0; i < t->count; i++)
		write_field(&t->fields[i], bind_slot(&t->fields[i], in), object);
	return object;
}

bool bind_equal(const struct bind_table *t, const void *a, const void *b)
{
	auto_node struct node *x = bind_write(t, a);
	auto_node struct node *y = bind_write(t, b);
	auto_free char *text_x = node_print(x, false);
	auto_free char *text_y = node_print(y, false);

	return strcmp(text_x, text_y) == 0;
}

void bind_free_field(const struct bind_field *f, void *slot)
{
	struct bind_list *list = slot;

	switch (f->kind) {
	case BIND_STRING:
		mem_replace(slot, NULL);
		break;
	case BIND_BOOL:
		*(bool *)slot = false;
		break;
	case BIND_ENUM:
		*(int *)slot = 0;
		break;
	case BIND_INT:
	case BIND_SIZE:
	case BIND_DECIMAL:
		*(int64_t *)slot = 0;
		break;
	case BIND_STRLIST:
		strlist_free(slot);
		break;
	case BIND_STRMAP:
		strmap_free(slot);
		break;
	case BIND_OBJECT:
		bind_free(f->sub, slot);
		break;
	case BIND_LIST:
		for (size_t i = 0; i < list->count; i++)
			bind_free(f->sub, (char *)list->items + i * f->sub->size);
		free(list->items);
		*list = (struct bind_list){ NULL, 0 };
		break;
	}
}

void bind_free(const struct bind_table *t, void *p)
{
	for (size_t i = 0; i < t->count; i++)
		bind_free_field(&t->fields[i], bind_slot(&t->fields[i], p));
}
