/* Any text that is a manifest: changing its egress list changes nothing else. */
#include <stdint.h>
#include <stdlib.h>

#include "../support/edit_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t refused = 0;

	if (edit_property((const char *)data, size, size ? data[size / 2] * 7u : 3, &refused))
		abort();
	return 0;
}
