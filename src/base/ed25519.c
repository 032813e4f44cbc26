/* Keys and signatures through OpenSSL's EVP interface. */
#include "base/ed25519.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/fsio.h"
#include "base/mem.h"

struct ed25519_key {
	EVP_PKEY *pkey;
};

void ed25519_free(struct ed25519_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

/* Takes `pkey` over. NULL when it is of another kind. */
static struct ed25519_key *wrap(EVP_PKEY *pkey)
{
	struct ed25519_key *k;

	ERR_clear_error(); /* nobody reads OpenSSL's own queue */
	if (!pkey || EVP_PKEY_id(pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	k = mem_alloc(sizeof(*k));
	k->pkey = pkey;
	return k;
}

/* No passphrase, ever: without this OpenSSL would ask for one on the terminal. */
static int no_passphrase(char *buf unused_arg, int size unused_arg, int writing unused_arg,
			 void *arg unused_arg)
{
	return -1;
}

static BIO *bio_of(const char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);

	if (!bio)
		mem_exhausted();
	return bio;
}

int ed25519_read_private(const char *path, struct ed25519_key **out, struct err *e)
{
	char *pem = NULL;
	struct ed25519_key *k;
	bool locked;
	size_t len;
	BIO *bio;

	if (fsio_read(path, FSIO_TRUSTED_SECRET, ED25519_PEM_MAX, &pem, &len, e))
		return -1;
	bio = bio_of(pem, len);
	k = wrap(PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL));
	BIO_free(bio);
	locked = strstr(pem, "ENCRYPTED") != NULL;
	mem_wipe_free(pem, len + 1);
	if (k) {
		*out = k;
		return 0;
	}
	if (locked) {
		err_set(e, ERR_MANIFEST, "%s: a passphrase protects this key", path);
		return err_hint(e,
				"'openssl pkey -in %s -out OTHER' writes one without; keep it on a "
				"tmpfs and remove it afterwards",
				path);
	}
	err_set(e, ERR_MANIFEST, "%s: not a private Ed25519 key in PEM", path);
	return err_hint(e, "'openssl genpkey -algorithm ed25519 -out FILE' makes one");
}

int ed25519_parse_public(const char *pem, size_t len, const char *name, struct ed25519_key **out,
			 struct err *e)
{
	BIO *bio = bio_of(pem, MIN_OF(len, ED25519_PEM_MAX));
	struct ed25519_key *k = wrap(PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL));

	BIO_free(bio);
	if (!k) {
		err_set(e, ERR_MANIFEST, "%s: not a public Ed25519 key in PEM", name);
		return err_hint(e, "'openssl pkey -in PRIVATE -pubout -out PUBLIC' writes one");
	}
	*out = k;
	return 0;
}

char *ed25519_public_pem(const struct ed25519_key *k)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *data;
	long len;

	if (!bio || PEM_write_bio_PUBKEY(bio, k->pkey) != 1)
		mem_exhausted();
	len = BIO_get_mem_data(bio, &data);
	text = mem_strndup(data, (size_t)len);
	BIO_free(bio);
	return text;
}

void ed25519_fingerprint(const struct ed25519_key *k, char out[DIGEST_HEX_SIZE])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);

	if (len < 0)
		mem_exhausted();
	digest_of(der, (size_t)len, out);
	OPENSSL_free(der);
}

int ed25519_sign(const struct ed25519_key *k, const void *data, size_t len,
		 unsigned char out[ED25519_SIGNATURE_BYTES], struct err *e)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t size = ED25519_SIGNATURE_BYTES;
	bool done = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestSign(ctx, out, &size, data, len) == 1 &&
		    size == ED25519_SIGNATURE_BYTES;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return done ? 0 : err_set(e, ERR_INTERNAL, "sign with Ed25519");
}

bool ed25519_verify(const struct ed25519_key *k, const void *data, size_t len,
		    const unsigned char signature[ED25519_SIGNATURE_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
		    EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE_BYTES, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}
