/*
 * Any text as a manifest: either refused with a message, or accepted, and then it
 * prints as a manifest that reads back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "domain/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tenant_spec first, second;
	struct err e = ERR_INIT;

	if (manifest_parse((const char *)data, size, "input", NULL, &first, &e)) {
		if (e.code != ERR_MANIFEST || e.message[0] == '\0')
			abort();
		return 0;
	}
	auto_free char *text = manifest_resolved(&first);
	if (manifest_parse(text, strlen(text), "resolved", first.tenant, &second, &e) ||
	    !bind_equal(&tenant_table, &first, &second))
		abort();
	tenant_spec_free(&first);
	tenant_spec_free(&second);
	return 0;
}
