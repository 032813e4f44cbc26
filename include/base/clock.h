/* Wall-clock time as text, for records that people read, and the clock of deadlines. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/compiler.h"

/* "2026-01-31T23:59:59Z" (RFC 3339, UTC). Owned by the caller. */
char *clock_utc_text(void) returns_owned;
/* The same with nine digits of a second, as engines write it: "2026-01-02T15:04:05.000000000Z". */
char *clock_utc_nano_text(void) returns_owned;

/* Milliseconds of CLOCK_MONOTONIC, which nobody sets (clock_gettime(2)). */
int64_t clock_monotonic_ms(void);

#endif
