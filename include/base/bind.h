/*
 * One binder for manifests, host configuration, own state and engine replies: a
 * const table says which key goes to which struct member and how its text is read.
 * The same tables generate the JSON Schema, the manifest's manual page and the
 * commented manifest of `init`, so that no second copy of a key or default exists.
 */
#ifndef BASE_BIND_H
#define BASE_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strbuf.h"

enum bind_kind {
	BIND_STRING, /* char * (owned) */
	BIND_BOOL,   /* bool; YAML: only true and false */
	BIND_INT,    /* int64_t within min..max; YAML: decimal digits only */
	BIND_SIZE,   /* uint64_t bytes within min..max; YAML: digits with b, k, m, g (1024-based) */
	BIND_DECIMAL, /* int64_t thousandths within min..max: "1.5" is 1500 */
	BIND_ENUM,    /* int: index into `names`, which ends with NULL */
	BIND_STRLIST, /* struct strlist */
	BIND_STRMAP,  /* struct strmap; values are scalars */
	BIND_OBJECT,  /* embedded struct described by `sub` */
	BIND_LIST,    /* struct bind_list of elements described by `sub` */
};

enum bind_flag {
	BIND_REQUIRED = 1 << 0,
	BIND_HIDDEN = 1 << 1, /* left out of schema, manual and init */
	BIND_SINGLE = 1 << 2, /* BIND_LIST: a mapping in place of the list is a list of one */
	BIND_QUIET = 1 << 3,  /* messages do not repeat the text: people may put a secret here */
};

struct bind_list {
	void *items; /* count elements of sub->size bytes */
	size_t count;
};

struct bind_table;

struct bind_field {
	const char *key;
	enum bind_kind kind;
	size_t offset; /* in the struct */
	unsigned flags;
	int64_t min, max;	  /* BIND_INT, _SIZE, _DECIMAL; 0,0 means: any non-negative */
	const char *const *names; /* BIND_ENUM */
	const struct bind_table *sub;
	const char *def;  /* default, as manifest text ("1536m"); NULL: zero, empty */
	const char *want; /* what is expected, for messages and the manual ("a host name, ...") */
	const char *pattern; /* POSIX extended regular expression for the whole text, with or
				without ^ and $; of a list for each item, of a map for its keys */
	size_t max_len;	     /* longest string (bytes), list or map; 0: 4096, in TOLERANT mode only
				the document's own limits; items of lists and maps likewise */
	const char *help;    /* one sentence for manual, schema and init */
	const char *example; /* YAML text shown by init and the manual */
};

struct bind_table {
	const char *name; /* "egress entry" */
	size_t size;	  /* of the struct */
	const struct bind_field *fields;
	size_t count;
	const char *scalar_key; /* a scalar in place of a mapping is bound to this field, or NULL */
};

enum bind_mode {
	BIND_STRICT,   /* manifest: unknown keys refused with the nearest name, scalars are text,
			  a key without a value and control characters refused */
	BIND_TOLERANT, /* engine reply: unknown keys ignored, null is absent, JSON types checked */
};

/* Fills `out` (zeroed by the caller) with defaults, then from `object`. On failure `out` holds
 * nothing owned. STRICT errors are ERR_MANIFEST with file:line:column, the key path, what was
 * expected and, for an unknown key, the nearest known one; TOLERANT errors are ERR_PROTOCOL
 * with the document name and key path. */
int bind_read(const struct bind_table *t, enum bind_mode mode, const struct doc *d,
	      const struct node *object, const char *path, void *out, struct err *e) must_check;

/* Fills `out` with the table's defaults only. */
void bind_defaults(const struct bind_table *t, void *out);

/* JSON form of a bound struct, in table order, every field present; sizes as numbers of bytes,
 * decimals as numbers, enums as their names. The caller owns the node. */
struct node *bind_write(const struct bind_table *t, const void *in) returns_owned;

/* YAML form in manifest notation ("1536m", "1.5"): bind_read of it gives an equal struct. */
void bind_write_yaml(const struct bind_table *t, const void *in, struct strbuf *out);

/* A string as a YAML scalar on one line, plain where every reader takes it for a string. */
void bind_put_yaml(struct strbuf *out, const char *s);

/* True when both structs print the same. */
bool bind_equal(const struct bind_table *t, const void *a, const void *b);

/* Frees what the fields own and zeroes them; legal on a zeroed or half-filled struct. */
void bind_free(const struct bind_table *t, void *p);

/* JSON Schema (draft 2020-12) of the table: an object schema node. The caller owns it. */
struct node *bind_schema(const struct bind_table *t) returns_owned;

/* What a field accepts, for people: its own words, else words made from kind and range. */
void bind_expected(const struct bind_field *f, char *buf, size_t size);

/* Scalar readers used by the binder, for command line values too. */
int bind_parse_int(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e) must_check;
int bind_parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
	must_check;
int bind_parse_decimal(const char *s, int64_t min, int64_t max, int64_t *out, struct err *e)
	must_check;
/* "1536m", "10g", "64k", "100" (bytes); exact. */
void bind_format_size(uint64_t bytes, char *buf, size_t len);

#endif
