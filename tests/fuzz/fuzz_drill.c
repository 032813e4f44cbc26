/* Any bytes as what a drill printed: a report is taken as a whole or not at all. */
#include <stdint.h>
#include <stdlib.h>

#include "domain/drill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct drill_reached untouched = { 1, 2, 3 };
	size_t count;
	const struct drill *all = drills_all(&count);

	for (size_t i = 0; i < count; i++) {
		struct drill_reached r = untouched;
		bool found = drill_parse(all[i].kind, (const char *)data, size, &r);

		if (!found && (r.amount != untouched.amount || r.kills != untouched.kills ||
			       r.sys_errno != untouched.sys_errno))
			abort();
		if (found && (r.sys_errno < 0 || r.sys_errno > 4095 || r.amount > INT64_MAX))
			abort();
	}
	return 0;
}
