/* What an evidence pack is made of: sums, signature, and the frame around them. */
#include "domain/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pack_tar.h"

#define SUMS_BYTES_MAX ((size_t)4096)

static const char *const file_names[PACK_FILES] = {
	[PACK_README] = "README.txt",	 [PACK_SUMMARY] = "summary.json",
	[PACK_POLICY] = "policy.yaml",	 [PACK_FINDINGS] = "findings.json",
	[PACK_REPORT] = "report.html",	 [PACK_SECCOMP] = "seccomp.json",
	[PACK_RECORDS] = "records.json", [PACK_KEY] = "public.pem",
	[PACK_SUMS] = "SHA256SUMS",	 [PACK_SIGNATURE] = "SHA256SUMS.sig",
};

static const char readme[] =
	"Evidence about the boundary around one tenant, as tenantctl measured it.\n"
	"\n"
	"  report.html    the findings, to be read in a browser; it loads nothing\n"
	"  summary.json   whom this is about, when, on what, and the result\n"
	"  policy.yaml    what the tenant may do and use; values of variables are masked\n"
	"  findings.json  every check: expected, observed, and the evidence of it\n"
	"  seccomp.json   the system calls that the worker may make\n"
	"  records.json   what was changed, from the operator's audit log, and that log's\n"
	"                 head: the number and SHA-256 of its last line. Each record has the\n"
	"                 SHA-256 of its line there\n"
	"  SHA256SUMS     the digest of every file above\n"
	"\n"
	"Other tenants of the host are called other-1, other-2 and so on.\n"
	"\n"
	"To check it, with nothing but a shell:\n"
	"\n"
	"  sha256sum -c SHA256SUMS\n"
	"\n"
	"and, when there is a SHA256SUMS.sig (OpenSSL 3):\n"
	"\n"
	"  openssl pkey -pubin -in public.pem -outform DER | sha256sum\n"
	"  openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in SHA256SUMS \\\n"
	"          -sigfile SHA256SUMS.sig\n"
	"\n"
	"The first line printed must be the fingerprint that the operator gave you on another\n"
	"way: a key that comes with a pack says nothing about who made it. Without a signature\n"
	"the sums show damage, and nothing about who made the pack.\n"
	"\n"
	"The digest of SHA256SUMS names the pack as a whole; the operator's audit log has it.\n";

const char *pack_file_name(enum pack_file f)
{
	return file_names[f];
}

static bool is_summed(enum pack_file f)
{
	return f < PACK_SUMS;
}

static void put_sum(const struct pack *p, enum pack_file f, struct strbuf *out)
{
	char sha256[DIGEST_HEX_SIZE];

	digest_of(p->parts[f].data, p->parts[f].len, sha256);
	strbuf_printf(out, "%s  %s\n", sha256, file_names[f]);
}

static void put_sums(const struct pack *p, struct strbuf *out)
{
	for (enum pack_file f = 0; is_summed(f); f++)
		if (p->parts[f].data)
			put_sum(p, f, out);
}

int pack_build(const struct pack *p, const struct ed25519_key *key, struct strbuf *out,
	       char digest[DIGEST_HEX_SIZE], struct err *e)
{
	auto_strbuf struct strbuf sums = STRBUF_INIT(SUMS_BYTES_MAX);
	auto_free char *pem = key ? ed25519_public_pem(key) : NULL;
	unsigned char signature[ED25519_SIGNATURE_BYTES];
	struct pack whole = *p;

	whole.parts[PACK_README] = (struct pack_part){ readme, sizeof(readme) - 1 };
	if (key)
		whole.parts[PACK_KEY] = (struct pack_part){ pem, strlen(pem) };
	put_sums(&whole, &sums);
	whole.parts[PACK_SUMS] = (struct pack_part){ strbuf_str(&sums), sums.len };
	digest_of(sums.data, sums.len, digest);
	if (key) {
		if (ed25519_sign(key, sums.data, sums.len, signature, e))
			return -1;
		whole.parts[PACK_SIGNATURE] =
			(struct pack_part){ (const char *)signature, sizeof(signature) };
	}
	for (enum pack_file f = 0; f < PACK_FILES; f++)
		if (whole.parts[f].data)
			tar_put(file_names[f], whole.parts[f].data, whole.parts[f].len, out);
	tar_end(out);
	if (out->overflow)
		return err_set(e, ERR_INTERNAL, "the pack is larger than %zu bytes", out->max);
	return 0;
}

/* ---- reading ---- */

void pack_check_free(struct pack_check *c)
{
	strlist_free(&c->altered);
	*c = (struct pack_check){ 0 };
}

/* Files in the order of the table, each once: anything else was not written by pack_build. */
static int read_parts(const char *text, size_t len, struct pack *p, struct err *e)
{
	size_t at = 0;
	int last = -1;

	for (;;) {
		struct tar_entry entry;
		int f = last + 1;

		if (tar_next(text, len, &at, &entry, e))
			return -1;
		if (!entry.data)
			return 0;
		while (f < PACK_FILES && strcmp(file_names[f], entry.name) != 0)
			f++;
		if (f == PACK_FILES)
			return err_set(e, ERR_CHECK, "the file %.100s has no place here",
				       entry.name);
		p->parts[f] = (struct pack_part){ entry.data, entry.len };
		last = f;
	}
}

static bool has_line(const struct pack_part *sums, const char *line, size_t len)
{
	const char *at = sums->data, *end = sums->data + sums->len;

	while ((at = memmem(at, (size_t)(end - at), line, len)) != NULL) {
		if (at == sums->data || at[-1] == '\n')
			return true;
		at++;
	}
	return false;
}

static void check_sums(struct pack_check *c)
{
	const struct pack_part *given = &c->pack.parts[PACK_SUMS];
	auto_strbuf struct strbuf all = STRBUF_INIT(SUMS_BYTES_MAX);
	size_t before = c->altered.count;

	for (enum pack_file f = 0; is_summed(f); f++) {
		auto_strbuf struct strbuf line = STRBUF_INIT(SUMS_BYTES_MAX);

		if (!c->pack.parts[f].data) {
			if (f != PACK_KEY)
				strlist_addf(&c->altered, "%s is missing", file_names[f]);
			continue;
		}
		put_sum(&c->pack, f, &line);
		strbuf_add(&all, line.data, line.len);
		if (!has_line(given, line.data, line.len))
			strlist_addf(&c->altered, "%s is not the file that SHA256SUMS names",
				     file_names[f]);
	}
	if (before == c->altered.count &&
	    (all.len != given->len || memcmp(strbuf_str(&all), given->data, all.len) != 0))
		strlist_add(&c->altered, "SHA256SUMS is not as it was written");
}

static void check_signature(struct pack_check *c, const struct ed25519_key *expected)
{
	const struct pack_part *pem = &c->pack.parts[PACK_KEY];
	const struct pack_part *sums = &c->pack.parts[PACK_SUMS];
	const struct pack_part *signature = &c->pack.parts[PACK_SIGNATURE];
	struct ed25519_key *key auto_ed25519 = NULL;
	char wanted[DIGEST_HEX_SIZE];
	struct err e = ERR_INIT;

	c->is_signed = pem->data || signature->data;
	if (!c->is_signed)
		return;
	if (!pem->data || !signature->data || signature->len != ED25519_SIGNATURE_BYTES) {
		strlist_add(&c->altered, "the signature is not complete");
		return;
	}
	if (ed25519_parse_public(pem->data, pem->len, file_names[PACK_KEY], &key, &e)) {
		strlist_add(&c->altered, e.message);
		return;
	}
	c->signature_good =
		ed25519_verify(key, sums->data, sums->len, (const unsigned char *)signature->data);
	if (!c->signature_good) {
		strlist_add(&c->altered, "the signature is not one of SHA256SUMS by public.pem");
		return;
	}
	ed25519_fingerprint(key, c->fingerprint);
	if (!expected)
		return;
	ed25519_fingerprint(expected, wanted);
	c->key_known = strcmp(wanted, c->fingerprint) == 0;
}

int pack_read(const char *text, size_t len, const struct ed25519_key *expected,
	      struct pack_check *out, struct err *e)
{
	struct pack_check c = { 0 };
	const struct pack_part *sums = &c.pack.parts[PACK_SUMS];

	if (read_parts(text, len, &c.pack, e))
		return -1;
	if (!sums->data)
		return err_set(e, ERR_CHECK, "there is no %s", file_names[PACK_SUMS]);
	digest_of(sums->data, sums->len, c.digest);
	check_sums(&c);
	check_signature(&c, expected);
	*out = c;
	return 0;
}
