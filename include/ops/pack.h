/*
 * An evidence pack of one tenant: what a verification found, and what it was about,
 * in the form of domain/pack.h. Nothing in it names another tenant or holds a secret.
 */
#ifndef OPS_PACK_H
#define OPS_PACK_H

#include "base/compiler.h"
#include "base/err.h"
#include "domain/pack.h"
#include "ops/ops.h"

/* Every other tenant of the host, and those that `r` is about. */
int ops_pack_names(const struct context *c, const struct verify_result *r, struct pack_names *out,
		   struct err *e) must_check;
/* A copy of `r` with other names for them. */
int ops_pack_masked(const struct verify_result *r, const struct pack_names *n,
		    struct verify_result *out, struct err *e) must_check;

struct pack_order {
	const struct verify_result *result; /* masked */
	const struct pack_names *names;
	const char *report; /* HTML of it */
	size_t report_len;
	const struct ed25519_key *key; /* NULL: not signed */
};
/* Gathers the rest from manifest, engine and audit log. `digest` gets the pack's own. */
int ops_pack(struct context *c, const struct pack_order *o, struct strbuf *out,
	     char digest[DIGEST_HEX_SIZE], struct err *e) must_check;

#endif
