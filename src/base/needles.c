/*
 * A filter over the first four bytes says "not here" for nearly every position of what
 * is searched; only where it does not are the needles of that bucket compared.
 */
#include "base/needles.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

enum { BUCKETS = 4096, PREFIX = 4, NONE = -1 };

struct needle {
	unsigned char *bytes;
	size_t len, tag;
	const char *form;
	int next; /* in its bucket */
};

struct needles {
	struct needle *items;
	size_t count;
	int bucket[BUCKETS];
};

struct needles *needles_new(void)
{
	struct needles *n = mem_alloc(sizeof(*n));

	for (size_t i = 0; i < BUCKETS; i++)
		n->bucket[i] = NONE;
	return n;
}

void needles_free(struct needles *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++)
		mem_wipe_free(n->items[i].bytes, n->items[i].len);
	free(n->items);
	free(n);
}

static size_t bucket_of(const unsigned char *p)
{
	uint32_t prefix;

	memcpy(&prefix, p, PREFIX);
	return (prefix * UINT32_C(2654435761)) >> 20;
}

static bool is_known(const struct needles *n, const void *bytes, size_t len, size_t tag)
{
	for (int i = n->bucket[bucket_of(bytes)]; i != NONE; i = n->items[i].next)
		if (n->items[i].len == len && n->items[i].tag == tag &&
		    memcmp(n->items[i].bytes, bytes, len) == 0)
			return true;
	return false;
}

/* A form that comes out like another one (hex of digits only) is one needle. */
static size_t add_one(struct needles *n, const void *bytes, size_t len, size_t tag,
		      const char *form)
{
	struct needle *x;
	size_t b;

	if (len < NEEDLE_MIN || is_known(n, bytes, len, tag))
		return 0;
	b = bucket_of(bytes);
	n->items = mem_grow(n->items, n->count + 1, sizeof(*n->items));
	x = &n->items[n->count];
	*x = (struct needle){
		.bytes = mem_alloc(len), .len = len, .tag = tag, .form = form, .next = n->bucket[b]
	};
	memcpy(x->bytes, bytes, len);
	n->bucket[b] = (int)n->count++;
	return 1;
}

static char *put_hex(char *at, unsigned char c, const char *digits)
{
	*at++ = digits[c >> 4];
	*at++ = digits[c & 15];
	return at;
}

static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

static size_t add_hex(struct needles *n, const unsigned char *s, size_t len, size_t tag, char *room,
		      const char *digits)
{
	char *at = room;

	for (size_t i = 0; i < len; i++)
		at = put_hex(at, s[i], digits);
	return add_one(n, room, (size_t)(at - room), tag, "hex");
}

static bool is_unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

static size_t add_percent(struct needles *n, const unsigned char *s, size_t len, size_t tag,
			  char *room, const char *digits)
{
	char *at = room;

	for (size_t i = 0; i < len; i++) {
		if (is_unreserved(s[i])) {
			*at++ = (char)s[i];
			continue;
		}
		*at++ = '%';
		at = put_hex(at, s[i], digits);
	}
	return add_one(n, room, (size_t)(at - room), tag, "URL-encoded");
}

/* As the engine writes it (Go's encoding/json: <, > and & too) and as others do. */
static size_t add_json(struct needles *n, const unsigned char *s, size_t len, size_t tag,
		       char *room, const char *escaped)
{
	char *at = room;

	for (size_t i = 0; i < len; i++) {
		if (s[i] >= ' ' && !strchr(escaped, s[i])) {
			*at++ = (char)s[i];
		} else if (s[i] == '"' || s[i] == '\\') {
			*at++ = '\\';
			*at++ = (char)s[i];
		} else {
			memcpy(at, "\\u00", 4);
			at = put_hex(at + 4, s[i], lower);
		}
	}
	return add_one(n, room, (size_t)(at - room), tag, "JSON");
}

/* Three bytes make four characters, so the same text comes out in three ways, depending on how many
 * bytes stand before it; characters that hold bits of its neighbours are left out. */
static size_t add_base64(struct needles *n, const unsigned char *s, size_t len, size_t tag,
			 char *room, const char *alphabet)
{
	static const unsigned char skipped[3] = { 0, 2, 3 };
	size_t added = 0;

	for (size_t shift = 0; shift < 3; shift++) {
		size_t bits = (shift + len) * 8, chars = bits / 6;

		for (size_t c = skipped[shift]; c < chars; c++) {
			unsigned value = 0;

			for (size_t bit = c * 6; bit < c * 6 + 6; bit++)
				value = value << 1 | ((s[bit / 8 - shift] >> (7 - bit % 8)) & 1u);
			room[c] = alphabet[value];
		}
		added += add_one(n, room + skipped[shift], chars - skipped[shift], tag, "base64");
	}
	return added;
}

size_t needles_add(struct needles *n, const void *secret, size_t len, size_t tag)
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char base64url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t size = (len + 3) * 6, added; /* the longest form: \u00XX for each byte */
	char *room;

	if (len < NEEDLE_MIN)
		return 0;
	room = mem_alloc(size);
	added = add_one(n, secret, len, tag, "plain");
	added += add_json(n, secret, len, tag, room, "\"\\<>&");
	added += add_json(n, secret, len, tag, room, "\"\\");
	added += add_base64(n, secret, len, tag, room, base64);
	added += add_base64(n, secret, len, tag, room, base64url);
	added += add_hex(n, secret, len, tag, room, lower);
	added += add_hex(n, secret, len, tag, room, upper);
	added += add_percent(n, secret, len, tag, room, upper);
	added += add_percent(n, secret, len, tag, room, lower);
	mem_wipe_free(room, size);
	return added;
}

bool needles_find(const struct needles *n, const void *data, size_t len, size_t tag,
		  struct needle_hit *out)
{
	const unsigned char *p = data;

	for (size_t i = 0; i + NEEDLE_MIN <= len; i++) {
		for (int k = n->bucket[bucket_of(p + i)]; k != NONE; k = n->items[k].next) {
			const struct needle *x = &n->items[k];

			if ((tag != NEEDLES_ANY && tag != x->tag) || x->len > len - i ||
			    memcmp(p + i, x->bytes, x->len) != 0)
				continue;
			*out = (struct needle_hit){ .tag = x->tag, .form = x->form };
			return true;
		}
	}
	return false;
}
