/* Wall-clock time as text, for records that people read. Deadlines use CLOCK_MONOTONIC where they
 * are. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/compiler.h"

/* "2026-01-31T23:59:59Z" (RFC 3339, UTC). Owned by the caller. */
char *clock_utc_text(void) returns_owned;

#endif
