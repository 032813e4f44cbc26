/*
 * A document tree, read from YAML (manifests) or JSON (engine replies, own state)
 * or built to be printed as JSON. It hides cJSON: only base/json.c, base/bind.c
 * and base/yaml.c include it. A `struct node` belongs to its document or parent.
 */
#ifndef BASE_DOC_H
#define BASE_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/err.h"

struct doc;
struct node;

struct doc_limits {
	size_t bytes;	/* of the text */
	unsigned depth; /* of nesting */
	size_t nodes;	/* of values in all */
};

#define DOC_LIMITS_MANIFEST                                                                        \
	{                                                                                          \
		.bytes = 256 * 1024, .depth = 16, .nodes = 20000                                   \
	}
#define DOC_LIMITS_REPLY                                                                           \
	{                                                                                          \
		.bytes = (size_t)16 << 20, .depth = 64, .nodes = 2000000                           \
	}

struct position {
	unsigned line, column; /* from 1; 0 when unknown (JSON) */
};

/* Parses JSON text. Refused (ERR_PROTOCOL, "name: ..."): more than the limits, duplicate keys,
 * NUL, invalid UTF-8, numbers that are not finite, anything after the value. `name` is what
 * messages call the text ("engine reply to GET /info"). The caller owns *out. */
int doc_parse_json(const char *text, size_t len, const char *name, const struct doc_limits *limits,
		   struct doc **out, struct err *e) must_check;

/* Parses one YAML document; every scalar becomes a string, read later as the declared kind
 * says. Refused (ERR_MANIFEST, "name:line:column: ..."): aliases, anchors, tags, merge keys,
 * duplicate keys, non-scalar keys, more than one document, directives, anything but UTF-8,
 * and more than the limits. Plain null/~ and empty values become empty strings marked null
 * (node_is_null). The caller owns *out. */
int doc_parse_yaml(const char *text, size_t len, const char *name, const struct doc_limits *limits,
		   struct doc **out, struct err *e) must_check;

struct node *doc_root(const struct doc *d);
const char *doc_name(const struct doc *d);
/* Where a node stands in the source. */
struct position doc_position(const struct doc *d, const struct node *n);
/* Where the key of a mapping entry stands; `n` is the entry's value. */
struct position doc_key_position(const struct doc *d, const struct node *n);
/* The bytes of the source that a value or an entry's key takes, quotes and brackets included; a
 * block list or mapping ends with its last value. False when unknown (JSON). */
struct extent {
	size_t from, to; /* to: behind the last byte */
};
bool doc_extent(const struct doc *d, const struct node *n, struct extent *out);
bool doc_key_extent(const struct doc *d, const struct node *n, struct extent *out);
/* Node at "egress[2].host" or NULL. Keys with dots can't be addressed; none of ours have any. */
struct node *doc_find(const struct doc *d, const char *path);
/* Sets ERR_MANIFEST with "name:line:column: path: message"; the position is that of the deepest
 * part of `path` that exists. Returns -1. */
int doc_error(const struct doc *d, const char *path, struct err *e, const char *fmt, ...)
	printf_like(4, 5);
void doc_free(struct doc *d);
static inline void doc_free_slot(struct doc **d)
{
	doc_free(*d);
}
#define auto_doc cleanup_with(doc_free_slot)

/* Reading. All take NULL for a missing node and answer as for a wrong type. */
bool node_is_object(const struct node *n);
bool node_is_array(const struct node *n);
bool node_is_string(const struct node *n);
bool node_is_number(const struct node *n);
bool node_is_bool(const struct node *n);
bool node_is_null(const struct node *n);
struct node *node_get(const struct node *object, const char *key); /* case-sensitive */
struct node *node_at(const struct node *array, size_t index);
size_t node_count(const struct node *n);
struct node *node_first(const struct node *n); /* first child; then node_next */
struct node *node_next(const struct node *n);
const char *node_key(const struct node *n); /* key of an object member, else NULL */
const char *node_str(const struct node *n, const char *fallback);
double node_num(const struct node *n, double fallback);
int64_t node_int(const struct node *n, int64_t fallback); /* fallback when not a whole number
							     within +-2^53 */
bool node_bool(const struct node *n, bool fallback);

/* Building. A node made here is owned by the caller until it is added to a parent;
 * add functions take ownership always. Adding NULL is a no-op. */
struct node *node_new_object(void) returns_owned;
struct node *node_new_array(void) returns_owned;
struct node *node_new_string(const char *s) returns_owned;
void node_set(struct node *object, const char *key, struct node *value);
void node_set_str(struct node *object, const char *key, const char *s); /* NULL s: JSON null */
void node_set_int(struct node *object, const char *key, int64_t v);
void node_set_num(struct node *object, const char *key, double v);
void node_set_bool(struct node *object, const char *key, bool v);
struct node *node_set_object(struct node *object, const char *key); /* new empty member */
struct node *node_set_array(struct node *object, const char *key);
void node_push(struct node *array, struct node *value);
void node_push_str(struct node *array, const char *s);
struct node *node_push_object(struct node *array);
struct node *node_copy(const struct node *n) must_check; /* deep; NULL for NULL */
void node_free(struct node *n);				 /* only for a node without a parent */
static inline void node_free_slot(struct node **n)
{
	node_free(*n);
}
#define auto_node cleanup_with(node_free_slot)

/* JSON text; members keep their order. `pretty` indents with two spaces and ends in a newline. */
char *node_print(const struct node *n, bool pretty) returns_owned;

#endif
