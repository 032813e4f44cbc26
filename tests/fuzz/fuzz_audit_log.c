/*
 * Any bytes as an audit log and its head: nothing is taken for a record that is not printed the
 * same again, and nothing passes for whole that ends before the head's record.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/audit_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const struct audit_record *r)
{
	struct audit_record again auto_audit_record = { 0 };
	char sha256[DIGEST_HEX_SIZE];
	auto_free char *line = audit_record_line(r, sha256);
	struct err e = ERR_INIT;

	if (strlen(line) >= AUDIT_LINE_MAX || strchr(line, '\n') ||
	    audit_record_parse(line, strlen(line), &again, &e) || again.seq != r->seq)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	struct audit_head head = { 0 };
	struct audit_chain chain auto_audit_chain = { 0 };
	char printed[AUDIT_HEAD_BYTES + 1];
	struct err e = ERR_INIT;
	size_t at = 0;

	if (audit_head_parse(text, strlen(text), &head)) {
		audit_head_print(&head, printed);
		if (strcmp(printed, text) != 0)
			abort();
	}
	chain.head = &head;
	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		struct audit_record r auto_audit_record = { 0 };

		if (audit_chain_add(&chain, "log:1", (const char *)data + at, len, &r, &e))
			err_clear(&e);
		if (r.seq)
			check_line(&r);
		at += len + 1;
	}
	if (!audit_chain_end(&chain, &e) && chain.seq < head.seq)
		abort();
	return 0;
}
