/* Any bytes as JSON: refused with a message, or a tree whose printed form is a fixed point. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct doc_limits once = { .bytes = 1 << 20, .depth = 64, .nodes = 100000 };
	const struct doc_limits more = { .bytes = 8 << 20, .depth = 64, .nodes = 100000 };
	auto_doc struct doc *d = NULL;
	auto_doc struct doc *again = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_json((const char *)data, size, "input", &once, &d, &e)) {
		if (e.code != ERR_PROTOCOL || e.message[0] == '\0')
			abort();
		return 0;
	}
	auto_free char *first = node_print(doc_root(d), true);
	if (doc_parse_json(first, strlen(first), "printed", &more, &again, &e))
		abort();
	auto_free char *second = node_print(doc_root(again), true);
	if (strcmp(first, second) != 0)
		abort();
	return 0;
}
