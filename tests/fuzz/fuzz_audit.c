/* Any bytes as the file of the last audit: refused, or read and written again the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/audit_items.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_items a auto_audit_items = { 0 }, b auto_audit_items = { 0 };
	auto_free const struct audit_item **beyond = NULL;
	auto_free char *text = NULL;
	struct err e = ERR_INIT;

	if (audit_items_parse((const char *)data, size, "f", &a, &e))
		return 0;
	text = audit_items_text(&a);
	if (audit_items_parse(text, strlen(text), "f", &b, &e) || a.count != b.count ||
	    audit_items_beyond(&a, &b, &beyond) != 0)
		abort();
	return 0;
}
