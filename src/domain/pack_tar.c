/* Writing and strictly reading ustar. */
#include "pack_tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	BLOCK = 512,
	NAME_BYTES = 100,
	SIZE_AT = 124,
	SIZE_DIGITS = 11,
	CHECKSUM_AT = 148,
	CHECKSUM_BYTES = 8,
	END_BLOCKS = 2,
};

/* Mode, owners and time are always the same, so that equal files make equal packs. */
static void make_header(const char *name, size_t len, char out[BLOCK])
{
	unsigned sum = 0;

	memset(out, 0, BLOCK);
	snprintf(out, NAME_BYTES, "%s", name);
	memcpy(out + 100, "0000644", 8);
	memcpy(out + 108, "0000000", 8);
	memcpy(out + 116, "0000000", 8);
	snprintf(out + SIZE_AT, SIZE_DIGITS + 1, "%011zo", len);
	memcpy(out + 136, "00000000000", 12);
	memset(out + CHECKSUM_AT, ' ', CHECKSUM_BYTES);
	out[156] = '0'; /* a plain file */
	memcpy(out + 257, "ustar", sizeof("ustar"));
	out[263] = out[264] = '0'; /* the version */
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)out[i];
	snprintf(out + CHECKSUM_AT, CHECKSUM_BYTES, "%06o", sum);
	out[CHECKSUM_AT + CHECKSUM_BYTES - 1] = ' ';
}

static size_t padding(size_t len)
{
	return (BLOCK - len % BLOCK) % BLOCK;
}

void tar_put(const char *name, const char *data, size_t len, struct strbuf *out)
{
	static const char zeros[BLOCK];
	char header[BLOCK];

	make_header(name, len, header);
	strbuf_add(out, header, sizeof(header));
	strbuf_add(out, data, len);
	strbuf_add(out, zeros, padding(len));
}

void tar_end(struct strbuf *out)
{
	static const char zeros[END_BLOCKS * BLOCK];

	strbuf_add(out, zeros, sizeof(zeros));
}

static bool all_zero(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* False unless all eleven are octal digits. */
static bool read_size(const char *header, size_t *out)
{
	size_t n = 0;

	for (int i = 0; i < SIZE_DIGITS; i++) {
		char digit = header[SIZE_AT + i];

		if (digit < '0' || digit > '7')
			return false;
		n = n * 8 + (size_t)(digit - '0');
	}
	*out = n;
	return true;
}

static int damaged(struct err *e, size_t at)
{
	return err_set(e, ERR_CHECK, "not a pack, or altered between its files (at byte %zu)", at);
}

int tar_next(const char *text, size_t len, size_t *at, struct tar_entry *out, struct err *e)
{
	const char *header = text + *at;
	size_t left = len - *at, size;
	char again[BLOCK];

	*out = (struct tar_entry){ 0 };
	if (left == (size_t)END_BLOCKS * BLOCK && all_zero(header, left))
		return 0;
	if (left < BLOCK || !read_size(header, &size) || size > left - BLOCK ||
	    padding(size) > left - BLOCK - size)
		return damaged(e, *at);
	memcpy(out->name, header, NAME_BYTES);
	make_header(out->name, size, again);
	if (memcmp(again, header, BLOCK) != 0)
		return damaged(e, *at);
	if (!all_zero(header + BLOCK + size, padding(size)))
		return damaged(e, *at + BLOCK + size);
	out->data = header + BLOCK;
	out->len = size;
	*at += BLOCK + size + padding(size);
	return 0;
}
