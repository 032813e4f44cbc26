/* Ordered key/value text pairs: labels, environment, sysctls, tmpfs options. */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct strmap_entry {
	char *key;
	char *value;
};

struct strmap {
	struct strmap_entry *entries;
	size_t count;
};

void strmap_set(struct strmap *m, const char *key, const char *value); /* replaces */
const char *strmap_get(const struct strmap *m, const char *key);       /* NULL when absent */
bool strmap_equal(const struct strmap *a, const struct strmap *b);     /* order ignored */
void strmap_sort(struct strmap *m);
void strmap_copy(struct strmap *dst, const struct strmap *src); /* dst is freed first */
void strmap_free(struct strmap *m);
#define auto_strmap cleanup_with(strmap_free)

#endif
