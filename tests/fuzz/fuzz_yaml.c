/*
 * Any bytes as YAML: refused with a message, or a tree that prints as JSON which is
 * accepted again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct doc_limits manifest = DOC_LIMITS_MANIFEST;
	const struct doc_limits reply = DOC_LIMITS_REPLY;
	auto_doc struct doc *d = NULL;
	auto_doc struct doc *again = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_yaml((const char *)data, size, "input", &manifest, &d, &e)) {
		if (e.code != ERR_MANIFEST || e.message[0] == '\0')
			abort();
		return 0;
	}
	auto_free char *text = node_print(doc_root(d), false);
	if (doc_parse_json(text, strlen(text), "printed", &reply, &again, &e))
		abort();
	return 0;
}
