/*
 * What json.c, yaml.c, doc.c and bind*.c share: a `struct node` is a cJSON item,
 * and a document read from YAML knows where every value and key stood.
 */
#ifndef BASE_DOC_INTERNAL_H
#define BASE_DOC_INTERNAL_H

#include <cjson/cJSON.h>

#include "base/doc.h"

/* `valueint` of a string item is unused by cJSON; here it says that YAML had no value. */
#define DOC_NULL_STRING 1

struct doc_mark {
	const cJSON *item;
	struct position at, key;
	struct extent value_bytes, key_bytes;
};

struct doc {
	cJSON *root;
	char *name;
	struct doc_mark *marks; /* sorted by item; none for JSON */
	size_t mark_count;
};

static inline cJSON *node_json(const struct node *n)
{
	return (cJSON *)n;
}

static inline struct node *json_node(cJSON *item)
{
	return (struct node *)item;
}

/* Takes over `root`; copies `name`. */
struct doc *doc_new(cJSON *root, const char *name) returns_owned;
/* The second of two members with the same key, nearest to the start, or NULL. */
const cJSON *doc_duplicate_key(const cJSON *object);
/* ERR_MANIFEST "name:line:column: path: message"; position and path are left out when unknown
 * or empty. Returns -1. */
int doc_error_at(const struct doc *d, struct position at, const char *path, struct err *e,
		 const char *message);
/* Ends the process when cJSON had no memory; else the item itself. */
cJSON *doc_item(cJSON *item) returns_owned;

#endif
