/*
 * Any bytes as an evidence pack: what is read as intact is, byte for byte, what these files make
 * when a pack is built of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mask(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_strlist struct strlist others = { 0 };
	struct pack_names names auto_pack_names = { 0 };
	auto_free char *masked = NULL, *again = NULL;

	strlist_add(&others, "birch");
	strlist_add(&others, "acme-dental-2");
	pack_names_init(&names, "acme-dental", &others);
	masked = pack_mask(&names, text);
	again = pack_mask(&names, masked);
	if (strcmp(masked, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pack_check check auto_pack_check = { 0 };
	auto_strbuf struct strbuf again = STRBUF_INIT(PACK_BYTES_MAX);
	char digest[DIGEST_HEX_SIZE];
	struct err e = ERR_INIT;
	struct pack p;

	mask(data, size);
	if (pack_read((const char *)data, size, NULL, &check, &e) || check.altered.count ||
	    check.is_signed)
		return 0;
	p = check.pack;
	p.parts[PACK_SUMS] = (struct pack_part){ 0 };
	if (pack_build(&p, NULL, &again, digest, &e))
		abort();
	/* README.txt may be another version's */
	if (again.len == size && memcmp(again.data, data, size) == 0 &&
	    strcmp(digest, check.digest) != 0)
		abort();
	return 0;
}
