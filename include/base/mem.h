/*
 * Allocation that cannot fail: out of memory ends the process with status 70.
 * That is safe here, because every change to the host is journalled and a second
 * run converges. Owned locals use the auto_* attributes below.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/compiler.h"

/* Ends the process as out of memory; for allocations that a library made and failed. */
void mem_exhausted(void) no_return;

void *mem_alloc(size_t size) returns_owned;			  /* zeroed */
void *mem_array(size_t count, size_t size) returns_owned;	  /* zeroed, overflow checked */
void *mem_grow(void *p, size_t count, size_t size) returns_owned; /* new part is not zeroed */
char *mem_strdup(const char *s) returns_owned;
char *mem_strndup(const char *s, size_t n) returns_owned;
char *mem_printf(const char *fmt, ...) printf_like(1, 2) returns_owned;

/* Replaces *slot by a copy of `s` (NULL allowed) and frees the old value. */
void mem_replace(char **slot, const char *s);

/* Overwrites with zeros; the compiler may not drop it (explicit_bzero(3)). */
void mem_wipe(void *p, size_t n);
/* Wipes then frees; NULL allowed. */
void mem_wipe_free(void *p, size_t n);

/* Returns *slot and sets it to NULL: hands ownership over from an auto_ local. */
void *mem_take_ptr(void *slot);
#define take_ptr(p) ((__typeof__(p))mem_take_ptr(&(p)))

static inline void mem_free_slot(void *slot)
{
	free(*(void **)slot);
}
void mem_close_slot(const int *fd); /* closes when >= 0, keeps errno */

#define auto_free cleanup_with(mem_free_slot)
#define auto_fd cleanup_with(mem_close_slot)

#endif
