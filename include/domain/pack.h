/*
 * An evidence pack: a plain tar file that a client's auditor can check without
 * tenantctl. SHA256SUMS names the digest of every file in it, in the form of
 * sha256sum(1), and SHA256SUMS.sig is an Ed25519 signature of that one file.
 * Pure: nothing here touches files.
 */
#ifndef DOMAIN_PACK_H
#define DOMAIN_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/digest.h"
#include "base/ed25519.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/strlist.h"

#define PACK_BYTES_MAX ((size_t)64 << 20)
#define PACK_FORMAT "tenantctl-evidence"
#define PACK_VERSION 1

/* In the order in which they stand in the pack. */
enum pack_file {
	PACK_README,	/* README.txt: what this is, and how to check it */
	PACK_SUMMARY,	/* summary.json: what was looked at, where, when, and with what */
	PACK_POLICY,	/* policy.yaml: the manifest with all defaults; values masked */
	PACK_FINDINGS,	/* findings.json: every check with its evidence, and who reaches whom */
	PACK_REPORT,	/* report.html: the same, to be read */
	PACK_SECCOMP,	/* seccomp.json: the system calls that are let through */
	PACK_RECORDS,	/* records.json: what was changed, from the audit log, and its head */
	PACK_KEY,	/* public.pem; only when signed */
	PACK_SUMS,	/* SHA256SUMS: of all above */
	PACK_SIGNATURE, /* SHA256SUMS.sig; only when signed */
	PACK_FILES,
};
const char *pack_file_name(enum pack_file f);

struct pack_part { /* data NULL: not there */
	const char *data;
	size_t len;
};

struct pack {
	struct pack_part parts[PACK_FILES];
};

/* Adds README, SHA256SUMS and, with `key` (which may be NULL), the public key and the signature to
 * what is there, and writes the tar. `digest` gets the SHA-256 of SHA256SUMS: the pack's own. */
int pack_build(const struct pack *p, const struct ed25519_key *key, struct strbuf *out,
	       char digest[DIGEST_HEX_SIZE], struct err *e) must_check;

struct pack_check {
	struct pack pack; /* points into the text that was read */
	char digest[DIGEST_HEX_SIZE];
	struct strlist altered; /* one line for each thing that is not as it was written */
	bool is_signed;
	bool signature_good;
	char fingerprint[DIGEST_HEX_SIZE]; /* of the key that signed, when the signature is good */
	bool key_known;			   /* it is the one that was expected */
};
/* Reads a pack from anywhere. ERR_CHECK for what is no pack or was cut; whatever else is wrong is
 * told in out->altered. `expected` may be NULL: then the pack's own key only tells that one hand
 * signed all of it. The caller frees *out and keeps `text`. */
int pack_read(const char *text, size_t len, const struct ed25519_key *expected,
	      struct pack_check *out, struct err *e) must_check;
void pack_check_free(struct pack_check *c);
#define auto_pack_check cleanup_with(pack_check_free)

/* ---- what a client must not learn ---- */

/* Other tenants by name; each gets another one ("other-1"), the same in all texts of a pack. */
struct pack_names {
	struct strlist names, replacements;
};
void pack_names_init(struct pack_names *n, const char *tenant, const struct strlist *others);
void pack_names_free(struct pack_names *n);
#define auto_pack_names cleanup_with(pack_names_free)
/* A copy of `text` without any of the names, in any case, as words of their own or within names of
 * their objects ("tc-NAME-gw"); NULL for NULL. */
char *pack_mask(const struct pack_names *n, const char *text) must_check;

#endif
