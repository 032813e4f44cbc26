/* What the tests of the command line share: a file that stands for standard output. */
#ifndef TESTS_UNIT_CLI_FIXTURE_H
#define TESTS_UNIT_CLI_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/cli/command.h"
#include "base/fsio.h"
#include "base/mem.h"

#define FIXTURE_NOW 1767225600 /* 2026-01-01T00:00:00Z */

static inline struct output fixture_output(bool json)
{
	struct output o;

	output_open(&o, tmpfile(), json, "never", NULL);
	o.now = FIXTURE_NOW;
	return o;
}

/* Everything printed so far; the caller frees it. */
static inline char *fixture_text(struct output *o)
{
	char *text = mem_alloc(65536);

	assert_int_equal(fflush(o->stream), 0);
	rewind(o->stream);
	text[fread(text, 1, 65535, o->stream)] = '\0';
	fclose(o->stream);
	return text;
}

#define assert_holds(text, part)                                                                   \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("'%s' is not in: %s", (part), (text));                            \
	} while (0)

#endif
