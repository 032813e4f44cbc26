/*
 * Ordered key/value pairs. Lookup is linear: the maps hold labels, sysctls and
 * environments, tens of entries, and their order is worth more than speed.
 */
#include "base/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct strmap_entry *find(const struct strmap *m, const char *key)
{
	for (size_t i = 0; i < m->count; i++) {
		if (strcmp(m->entries[i].key, key) == 0)
			return &m->entries[i];
	}
	return NULL;
}

static void append(struct strmap *m, const char *key, const char *value)
{
	size_t n = m->count;

	if ((n & (n - 1)) == 0) /* 0 and the powers of two */
		m->entries = mem_grow(m->entries, n ? n * 2 : 1, sizeof(*m->entries));
	m->entries[n].key = mem_strdup(key);
	m->entries[n].value = mem_strdup(value);
	m->count = n + 1;
}

void strmap_set(struct strmap *m, const char *key, const char *value)
{
	struct strmap_entry *entry = find(m, key);

	if (entry)
		mem_replace(&entry->value, value);
	else
		append(m, key, value);
}

const char *strmap_get(const struct strmap *m, const char *key)
{
	const struct strmap_entry *entry = find(m, key);

	return entry ? entry->value : NULL;
}

bool strmap_equal(const struct strmap *a, const struct strmap *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const char *other = strmap_get(b, a->entries[i].key);
		if (!other || strcmp(other, a->entries[i].value) != 0)
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct strmap_entry *)a)->key, ((const struct strmap_entry *)b)->key);
}

void strmap_sort(struct strmap *m)
{
	if (m->count > 1)
		qsort(m->entries, m->count, sizeof(*m->entries), compare);
}

void strmap_copy(struct strmap *dst, const struct strmap *src)
{
	if (dst == src)
		return;
	strmap_free(dst);
	for (size_t i = 0; i < src->count; i++)
		append(dst, src->entries[i].key, src->entries[i].value);
}

void strmap_free(struct strmap *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->entries[i].key);
		free(m->entries[i].value);
	}
	free(m->entries);
	m->entries = NULL;
	m->count = 0;
}
