/*
 * Only to learn whether somebody answers: no key is ever agreed on, so a server of TLS 1.3
 * asks to try again and one of 1.2 sends its certificate. Either is an answer.
 */
#include "tls_hello.h"

#include <string.h>
#include <sys/random.h>

#include "base/compiler.h"

enum { NAME_MAX_LEN = 253, RANDOM_LEN = 32 };

struct writer {
	uint8_t *out;
	size_t len;
};

static void put8(struct writer *w, unsigned n)
{
	w->out[w->len++] = (uint8_t)n;
}

static void put16(struct writer *w, unsigned n)
{
	put8(w, n >> 8);
	put8(w, n & 0xff);
}

static void put_list(struct writer *w, const uint16_t *items, size_t count)
{
	put16(w, (unsigned)(2 * count));
	for (size_t i = 0; i < count; i++)
		put16(w, items[i]);
}

/* Leaves room for a length of two bytes. */
static size_t begin(struct writer *w)
{
	put16(w, 0);
	return w->len;
}

static void end(struct writer *w, size_t start)
{
	size_t len = w->len - start;

	w->out[start - 2] = (uint8_t)(len >> 8);
	w->out[start - 1] = (uint8_t)len;
}

static void put_name(struct writer *w, const char *name)
{
	size_t extension, list, len = strlen(name);

	put16(w, 0); /* server_name */
	extension = begin(w);
	list = begin(w);
	put8(w, 0); /* host_name */
	put16(w, (unsigned)len);
	memcpy(w->out + w->len, name, len);
	w->len += len;
	end(w, list);
	end(w, extension);
}

static void put_extensions(struct writer *w, const char *name)
{
	static const uint16_t groups[] = { 0x001d, 0x0017, 0x0018 };
	static const uint16_t signatures[] = { 0x0403, 0x0804, 0x0401, 0x0503,
					       0x0805, 0x0501, 0x0807 };
	size_t all = begin(w), extension;

	put_name(w, name);
	put16(w, 10); /* supported_groups */
	extension = begin(w);
	put_list(w, groups, ARRAY_SIZE(groups));
	end(w, extension);
	put16(w, 13); /* signature_algorithms */
	extension = begin(w);
	put_list(w, signatures, ARRAY_SIZE(signatures));
	end(w, extension);
	put16(w, 43); /* supported_versions: 1.3, 1.2 */
	extension = begin(w);
	put8(w, 4);
	put16(w, 0x0304);
	put16(w, 0x0303);
	end(w, extension);
	put16(w, 51); /* key_share: none yet */
	extension = begin(w);
	put16(w, 0);
	end(w, extension);
	end(w, all);
}

size_t tls_hello(const char *name, uint8_t out[TLS_HELLO_MAX])
{
	static const uint16_t ciphers[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
					    0xc02c, 0xc030, 0x009c, 0x002f };
	struct writer w = { .out = out };
	size_t record, message;

	if (strlen(name) > NAME_MAX_LEN)
		return 0;
	put8(&w, 22); /* handshake */
	put16(&w, 0x0301);
	record = begin(&w);
	put8(&w, 1); /* client_hello, its length has three bytes */
	put8(&w, 0);
	message = begin(&w);
	put16(&w, 0x0303);
	if (getrandom(out + w.len, RANDOM_LEN, 0) != RANDOM_LEN)
		return 0;
	w.len += RANDOM_LEN;
	put8(&w, 0); /* no session */
	put_list(&w, ciphers, ARRAY_SIZE(ciphers));
	put8(&w, 1);
	put8(&w, 0); /* no compression */
	put_extensions(&w, name);
	end(&w, message);
	end(&w, record);
	return w.len;
}
