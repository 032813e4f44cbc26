/*
 * The document around a tree: its name, its positions, and addressing by path.
 */
#include "base/doc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "doc_internal.h"

#define PATH_PART_MAX 256

cJSON *doc_item(cJSON *item)
{
	if (!item)
		mem_exhausted();
	return item;
}

struct doc *doc_new(cJSON *root, const char *name)
{
	struct doc *d = mem_alloc(sizeof(*d));

	d->root = root;
	d->name = mem_strdup(name);
	return d;
}

void doc_free(struct doc *d)
{
	if (!d)
		return;
	cJSON_Delete(d->root);
	free(d->name);
	free(d->marks);
	free(d);
}

struct node *doc_root(const struct doc *d)
{
	return json_node(d->root);
}

const char *doc_name(const struct doc *d)
{
	return d->name;
}

static int compare_item(const void *key, const void *element)
{
	uintptr_t a = (uintptr_t)key;
	uintptr_t b = (uintptr_t)((const struct doc_mark *)element)->item;

	return (a > b) - (a < b);
}

static const struct doc_mark *find_mark(const struct doc *d, const struct node *n)
{
	if (!n || d->mark_count == 0)
		return NULL;
	return bsearch(n, d->marks, d->mark_count, sizeof(*d->marks), compare_item);
}

struct position doc_position(const struct doc *d, const struct node *n)
{
	const struct doc_mark *mark = find_mark(d, n);

	return mark ? mark->at : (struct position){ 0, 0 };
}

struct position doc_key_position(const struct doc *d, const struct node *n)
{
	const struct doc_mark *mark = find_mark(d, n);

	return mark ? mark->key : (struct position){ 0, 0 };
}

bool doc_extent(const struct doc *d, const struct node *n, struct extent *out)
{
	const struct doc_mark *mark = find_mark(d, n);

	if (mark)
		*out = mark->value_bytes;
	return mark != NULL;
}

bool doc_key_extent(const struct doc *d, const struct node *n, struct extent *out)
{
	const struct doc_mark *mark = find_mark(d, n);

	if (mark)
		*out = mark->key_bytes;
	return mark && mark->key.line > 0;
}

/* Steps over one part of a path ("key" or "[2]") from `at`; moves *path behind it. */
static const cJSON *step(const cJSON *at, const char **path)
{
	const char *p = *path;
	char key[PATH_PART_MAX];

	if (*p == '[') {
		char *end = NULL;
		unsigned long index = strtoul(p + 1, &end, 10);
		if (end == p + 1 || *end != ']' || index > INT32_MAX || !cJSON_IsArray(at))
			return NULL;
		*path = end + 1;
		return cJSON_GetArrayItem(at, (int)index);
	}
	size_t len = strcspn(p, ".[");
	if (len == 0 || len >= sizeof(key) || !cJSON_IsObject(at))
		return NULL;
	memcpy(key, p, len);
	key[len] = '\0';
	*path = p + len;
	return cJSON_GetObjectItemCaseSensitive(at, key);
}

/* Follows `path` as far as it goes; *out_all says whether that was to its end. */
static const cJSON *walk(const struct doc *d, const char *path, bool *out_all)
{
	const cJSON *at = d->root;

	*out_all = true;
	while (*path) {
		const cJSON *next = step(at, &path);
		if (!next) {
			*out_all = false;
			return at;
		}
		at = next;
		if (*path == '.')
			path++;
	}
	return at;
}

struct node *doc_find(const struct doc *d, const char *path)
{
	bool all;
	const cJSON *item = walk(d, path, &all);

	return all ? json_node((cJSON *)item) : NULL;
}

int doc_error_at(const struct doc *d, struct position at, const char *path, struct err *e,
		 const char *message)
{
	char where[32] = "";

	if (at.line > 0)
		snprintf(where, sizeof(where), "%u:%u:", at.line, at.column);
	return err_set(e, ERR_MANIFEST, "%s:%s %s%s%s", d->name, where, path, *path ? ": " : "",
		       message);
}

int doc_error(const struct doc *d, const char *path, struct err *e, const char *fmt, ...)
{
	char message[ERR_MESSAGE_MAX];
	bool all;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (n < 0)
		message[0] = '\0';
	const cJSON *item = walk(d, path, &all);
	return doc_error_at(d, doc_position(d, json_node((cJSON *)item)), path, e, message);
}

struct keyed {
	const cJSON *item;
	size_t order;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = strcmp(x->item->string, y->item->string);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

const cJSON *doc_duplicate_key(const cJSON *object)
{
	size_t count = node_count(json_node((cJSON *)object));
	size_t first = SIZE_MAX;
	const cJSON *found = NULL;

	if (count < 2)
		return NULL;
	/* sorted, because comparing all pairs of a hostile object of 10^5 keys takes minutes */
	auto_free struct keyed *list = mem_array(count, sizeof(*list));
	size_t n = 0;
	for (const cJSON *i = object->child; i && n < count; i = i->next, n++)
		list[n] = (struct keyed){ .item = i, .order = n };
	qsort(list, n, sizeof(*list), compare_keyed);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(list[i - 1].item->string, list[i].item->string) == 0 &&
		    list[i].order < first) {
			first = list[i].order;
			found = list[i].item;
		}
	}
	return found;
}
