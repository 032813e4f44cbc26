/* What the binder's parts share: value ranges and the wording of what is expected. */
#ifndef BASE_BIND_INTERNAL_H
#define BASE_BIND_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"

#define BIND_STRING_MAX 4096

struct binder {
	const struct doc *d; /* NULL for a default */
	enum bind_mode mode;
	struct err *e;
};

static inline void *bind_slot(const struct bind_field *f, const void *base)
{
	return (char *)base + f->offset;
}

/* 0,0 means any non-negative number. */
static inline int64_t bind_max(const struct bind_field *f)
{
	return f->min == 0 && f->max == 0 ? INT64_MAX : f->max;
}

static inline bool bind_in_range(const struct bind_field *f, int64_t v)
{
	return v >= f->min && v <= bind_max(f);
}

/* "1.5" for 1500; shortest exact form. */
void bind_format_decimal(int64_t thousandths, char *buf, size_t size);
/* Puts the field's default into its slot, which is zeroed. */
void bind_default_field(const struct bind_field *f, void *slot);

/* Refusals: each sets the error and returns -1. */
int bind_fail_at(const struct binder *b, struct position at, const char *path, const char *message);
int bind_fail(const struct binder *b, const struct node *n, const char *path, const char *message);
/* "found a list: expected ..." */
int bind_fail_kind(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path);

/* Length, control characters and the field's pattern; `limit` 0: no bound but the document's. */
int bind_check_string(const struct binder *b, const struct bind_field *f, const struct node *n,
		      const char *path, const char *s, size_t limit) must_check;
size_t bind_string_limit(const struct binder *b, const struct bind_field *f);

int bind_read_string(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, char **slot) must_check;
int bind_read_bool(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path, bool *slot) must_check;
/* BIND_INT, BIND_SIZE and BIND_DECIMAL. */
int bind_read_number(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, int64_t *slot) must_check;
int bind_read_enum(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path, int *slot) must_check;

/* Frees what one slot owns and zeroes it. */
void bind_free_field(const struct bind_field *f, void *slot);

#endif
