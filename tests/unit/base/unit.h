/* cmocka needs these four before its own header; every unit test of the base layer starts here. */
#ifndef TESTS_UNIT_BASE_UNIT_H
#define TESTS_UNIT_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* Shows the message of a call that should have worked. */
#define assert_ok(rc, e)                                                                           \
	do {                                                                                       \
		if ((rc) != 0)                                                                     \
			fail_msg("%s", (e)->message);                                              \
	} while (0)

/* The call failed with this code and its message contains `part`. */
#define assert_refused(rc, e, want, part)                                                          \
	do {                                                                                       \
		assert_int_equal((rc), -1);                                                        \
		assert_int_equal((e)->code, (want));                                               \
		if (!strstr((e)->message, (part)))                                                 \
			fail_msg("'%s' lacks '%s'", (e)->message, (part));                         \
	} while (0)

#endif
