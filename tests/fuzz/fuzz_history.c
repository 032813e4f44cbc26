/* Any bytes as a tenant's history: refused, or read; what is read takes one more line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct findings none = { 0 };
	auto_history struct history h = { 0 }, again = { 0 };
	auto_strbuf struct strbuf all = STRBUF_INIT(2 * HISTORY_BYTES_MAX);
	auto_free char *line = history_line(&(struct history_record){
		.at = "2026-01-01T00:00:00Z", .verdict = "pass", .findings = &none });
	struct err e = ERR_INIT;

	if (size > HISTORY_BYTES_MAX || history_parse((const char *)data, size, "h", &h, &e))
		return 0;
	for (size_t i = 0; i < h.count; i++)
		node_free(history_entry_json(&h.items[i]));
	history_append((const char *)data, size, line, &all);
	if (all.len > HISTORY_BYTES_MAX || all.overflow ||
	    history_parse(strbuf_str(&all), all.len, "h", &again, &e) ||
	    again.count > HISTORY_ENTRIES_MAX || again.count == 0)
		abort();
	return 0;
}
