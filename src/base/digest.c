/*
 * SHA-256 through OpenSSL's EVP interface. Its calls can only fail for want of
 * memory or a broken library; neither leaves anything to go on with.
 */
#include "base/digest.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/mem.h"

struct digest_state {
	EVP_MD_CTX *ctx;
};

struct digest_state *digest_new(void)
{
	struct digest_state *s = mem_alloc(sizeof(*s));

	s->ctx = EVP_MD_CTX_new();
	if (!s->ctx || EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
		mem_exhausted();
	return s;
}

void digest_bytes(struct digest_state *s, const void *data, size_t len)
{
	if (len > 0 && EVP_DigestUpdate(s->ctx, data, len) != 1)
		mem_exhausted();
}

static void add_text(struct digest_state *s, const char *text)
{
	char prefix[32];
	size_t len = strlen(text);
	int n = snprintf(prefix, sizeof(prefix), "%zu:", len);

	digest_bytes(s, prefix, (size_t)n);
	digest_bytes(s, text, len);
}

void digest_field(struct digest_state *s, const char *name, const char *value)
{
	add_text(s, name);
	if (value)
		add_text(s, value);
	else
		digest_bytes(s, "-", 1); /* no length starts like this */
}

void digest_finish(struct digest_state *s, char out[DIGEST_HEX_SIZE])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_DigestFinal_ex(s->ctx, raw, &len) != 1 || len * 2 + 1 != DIGEST_HEX_SIZE)
		mem_exhausted();
	for (unsigned i = 0; i < len; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", raw[i]);
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void digest_of(const void *data, size_t len, char out[DIGEST_HEX_SIZE])
{
	struct digest_state *s = digest_new();

	digest_bytes(s, data, len);
	digest_finish(s, out);
}
