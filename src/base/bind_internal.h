/* What the binder's parts share: value ranges and the wording of what is expected. */
#ifndef BASE_BIND_INTERNAL_H
#define BASE_BIND_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bind.h"

#define BIND_STRING_MAX 4096

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
/* Frees what one slot owns and zeroes it. */
void bind_free_field(const struct bind_field *f, void *slot);

#endif
