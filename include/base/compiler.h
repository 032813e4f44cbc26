/*
 * Attributes and scope-bound cleanup, so that a function's contract is visible
 * in its prototype and an owned local is released on every path.
 */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <stddef.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define no_return __attribute__((noreturn))
#define returns_owned __attribute__((returns_nonnull, warn_unused_result))
#define cleanup_with(fn) __attribute__((cleanup(fn)))
#define unused_arg __attribute__((unused))

/* Element count; a pointer instead of an array fails to compile. */
#define ARRAY_SIZE(a)                                                                              \
	(sizeof(a) / sizeof((a)[0]) +                                                              \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(a), __typeof__(&(a)[0])), \
				"not an array");                                                   \
		 int unused_member;                                                                \
	 }))

#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#endif
