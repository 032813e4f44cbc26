/*
 * Field tables between engine JSON and the structs of engine/types.h. base/bind.h
 * maps one object to one struct; engine replies nest where our structs are flat,
 * so a field here is a path ("HostConfig.LogConfig.Type"), and the same row reads
 * an inspect reply, writes a create request and compares two specs.
 */
#ifndef ENGINE_WIRE_H
#define ENGINE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/doc.h"
#include "base/err.h"
#include "engine/types.h"

enum wire_kind {
	WIRE_STRING, /* char *; never NULL after reading */
	WIRE_NAME,   /* char *; reading drops the leading slash of a container name */
	WIRE_ID,     /* char[ENGINE_ID_SIZE]: 64 lower-case hex digits */
	WIRE_INT,    /* int64_t */
	WIRE_BOOL,
	WIRE_LIST,	   /* struct strlist */
	WIRE_KEYS,	   /* struct strlist of an object's keys */
	WIRE_MAP,	   /* struct strmap */
	WIRE_COUNT,	   /* int64_t: members of an array, added up over several rows */
	WIRE_OBJECTS,	   /* struct bind_list of `sub` from an array of objects */
	WIRE_OBJECT_MAP,   /* the same from an object of objects; `key` gets the member's name */
	WIRE_OBJECT_LISTS, /* the same from an object of arrays of objects */
};

enum wire_flag {
	WIRE_REQUIRED = 1 << 0, /* missing or null is a protocol error */
	WIRE_OBSERVED = 1 << 1, /* neither sent nor compared */
	WIRE_NEVER = 1 << 2,	/* weakens the boundary: not sent, compared with the empty value */
	WIRE_INHERIT = 1 << 3,	/* empty when wanted: image or engine fills it, not compared */
	WIRE_SUBSET = 1 << 4,	/* what is observed beyond the wanted entries is not ours */
	WIRE_SET = 1 << 5,	/* order does not count */
	WIRE_EXPLICIT = 1 << 6, /* sent even when false or zero */
	WIRE_POOL = 1 << 7,	/* part of an address pool: written by create_network_body */
};

struct wire_table;

struct wire_field {
	const char *path; /* "HostConfig.Mounts"; a number is an array index */
	enum wire_kind kind;
	size_t offset;
	unsigned flags;
	const char *const *same; /* texts that mean the same as empty, ending with NULL */
	int64_t zero;		 /* WIRE_INT: the number an engine writes for "not set" */
	const struct wire_table *sub;
	/* Replaces the comparison: adds to `out` what differs. */
	void (*diff)(const struct wire_field *f, const struct container_spec *expected,
		     const struct container_spec *observed, struct spec_differences *out);
};

struct wire_table {
	const char *name;
	size_t size; /* of the struct */
	const struct wire_field *fields;
	size_t count;
	bool has_key;
	size_t key; /* WIRE_OBJECT_MAP, _LISTS: offset of the char * that gets the key */
};

/* Node at a path, or NULL. */
struct node *wire_find(const struct node *root, const char *path);
/* Fills `out` (zeroed by the caller); on failure nothing in it is owned. ERR_PROTOCOL names
 * `what` and the path. */
int wire_read(const struct wire_table *t, const struct node *root, const char *what, void *out,
	      struct err *e) must_check;
/* The "Id" of a create reply. */
int wire_read_id(const struct node *root, const char *what, char out_id[ENGINE_ID_SIZE],
		 struct err *e) must_check;
/* An array of objects into a list of the table's structs. */
int wire_read_rows(const struct wire_table *t, const struct node *array, const char *what,
		   struct bind_list *out, struct err *e) must_check;
/* Adds the fields to `root` at their paths, empty ones left out, rows with a flag in `skip` too. */
void wire_write(const struct wire_table *t, const void *in, unsigned skip, struct node *root);
/* One field's value, or NULL when it is empty. */
struct node *wire_value(const struct wire_field *f, const void *in) must_check;
bool wire_is_empty(const struct wire_field *f, const void *in);
/* The member that holds a keyed row's name. */
char **wire_key(const struct wire_table *t, void *row);
/* All fields, and the key; `dst` is zeroed by the caller. */
void wire_copy(const struct wire_table *t, void *dst, const void *src);
void wire_free(const struct wire_table *t, void *p);
void wire_free_rows(const struct wire_table *t, struct bind_list *rows);

/* A read-only bind whose submounts stay writable is observed as writable. */
void wire_mounts_weaken(const struct node *inspect, struct container_spec *spec);

/* True when both trees hold the same values; members in any order. */
bool wire_same_json(const struct node *a, const struct node *b);

extern const struct wire_table wire_container_spec;
extern const struct wire_table wire_container_info;
extern const struct wire_table wire_container_row;
extern const struct wire_table wire_endpoint;
extern const struct wire_table wire_network_spec;
extern const struct wire_table wire_network_info;
extern const struct wire_table wire_image_info;
extern const struct wire_table wire_engine_info;
extern const struct wire_table wire_engine_version;

/* Own comparisons of rows in wire_container_spec; see wire_diff.c. */
typedef void wire_diff_fn(const struct wire_field *f, const struct container_spec *expected,
			  const struct container_spec *observed, struct spec_differences *out);
wire_diff_fn wire_diff_env, wire_diff_cmd, wire_diff_caps, wire_diff_security,
	wire_diff_memory_swap, wire_diff_pids, wire_diff_endpoints, wire_diff_mounts;

/* Adds one difference; `fmt` makes the sentence that people read. */
void wire_differs(struct spec_differences *out, const char *field, const char *expected,
		  const char *observed, const char *fmt, ...) printf_like(5, 6);

#endif
