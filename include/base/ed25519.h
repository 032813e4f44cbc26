/*
 * Signatures with Ed25519 (RFC 8032) through OpenSSL: keys are PEM files as
 * 'openssl genpkey -algorithm ed25519' makes them, signatures 64 plain bytes.
 */
#ifndef BASE_ED25519_H
#define BASE_ED25519_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/digest.h"
#include "base/err.h"

#define ED25519_SIGNATURE_BYTES 64
#define ED25519_PEM_MAX ((size_t)4096)

struct ed25519_key; /* private or public */

/* A private key from a file that its owner alone can read (rules of FSIO_TRUSTED_SECRET).
 * ERR_MANIFEST for anything else, also for one that a passphrase protects. */
int ed25519_read_private(const char *path, struct ed25519_key **out, struct err *e) must_check;
/* A public key; `name` is for messages. ERR_MANIFEST for any other. */
int ed25519_parse_public(const char *pem, size_t len, const char *name, struct ed25519_key **out,
			 struct err *e) must_check;
void ed25519_free(struct ed25519_key *k);
static inline void ed25519_free_slot(struct ed25519_key **k)
{
	ed25519_free(*k);
}
#define auto_ed25519 cleanup_with(ed25519_free_slot)

/* The public half as PEM. The caller owns it. */
char *ed25519_public_pem(const struct ed25519_key *k) returns_owned;
/* SHA-256 of the public half in DER (SubjectPublicKeyInfo). */
void ed25519_fingerprint(const struct ed25519_key *k, char out[DIGEST_HEX_SIZE]);

/* ERR_INTERNAL when `k` is a public key. */
int ed25519_sign(const struct ed25519_key *k, const void *data, size_t len,
		 unsigned char out[ED25519_SIGNATURE_BYTES], struct err *e) must_check;
bool ed25519_verify(const struct ed25519_key *k, const void *data, size_t len,
		    const unsigned char signature[ED25519_SIGNATURE_BYTES]);

#endif
