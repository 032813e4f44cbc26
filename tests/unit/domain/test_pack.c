/* Evidence packs: what a right one looks like, and that nothing of one can be changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../base/unit.h"
#include "base/child.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "domain/pack.h"

/* Of OpenSSL's own making, so that its idea of a key is what counts. */
static struct ed25519_key *make_key(const char *name)
{
	auto_free char *path = mem_printf("/tmp/tenantctl-pack-%d-%s.pem", (int)getpid(), name);
	const char *const argv[] = {
		"/usr/bin/openssl", "genpkey", "-algorithm", "ed25519", "-out", path, NULL
	};
	auto_strbuf struct strbuf out = STRBUF_INIT(4096);
	struct ed25519_key *k = NULL;
	struct err e = ERR_INIT;

	assert_ok(child_exec(argv, 20000, &out, &e), &e);
	assert_ok(ed25519_read_private(path, &k, &e), &e);
	unlink(path);
	return k;
}

static struct pack sample(void)
{
	static const char *const texts[] = {
		[PACK_SUMMARY] = "{\"tenant\":\"acme\"}\n",
		[PACK_POLICY] = "version: 1\n",
		[PACK_FINDINGS] = "[]\n",
		[PACK_REPORT] = "<html>\n",
		[PACK_SECCOMP] = "{}\n",
		[PACK_RECORDS] = "{}\n",
	};
	struct pack p = { 0 };

	for (enum pack_file f = PACK_SUMMARY; f <= PACK_RECORDS; f++)
		p.parts[f] = (struct pack_part){ texts[f], strlen(texts[f]) };
	return p;
}

static void build(const struct ed25519_key *key, struct strbuf *out)
{
	struct pack p = sample();
	char digest[DIGEST_HEX_SIZE];
	struct err e = ERR_INIT;

	assert_ok(pack_build(&p, key, out, digest, &e), &e);
}

static void an_unsigned_pack_is_intact(void **state unused_arg)
{
	auto_strbuf struct strbuf pack = STRBUF_INIT(PACK_BYTES_MAX);
	struct pack_check c auto_pack_check = { 0 };
	struct err e = ERR_INIT;

	build(NULL, &pack);
	assert_ok(pack_read(pack.data, pack.len, NULL, &c, &e), &e);
	assert_int_equal(c.altered.count, 0);
	assert_false(c.is_signed);
	assert_memory_equal(c.pack.parts[PACK_POLICY].data, "version: 1\n", 11);
	assert_int_equal(pack.len % 512, 0);
}

static void a_signed_pack_names_its_key(void **state unused_arg)
{
	struct ed25519_key *key auto_ed25519 = make_key("a");
	struct ed25519_key *other auto_ed25519 = make_key("b");
	auto_strbuf struct strbuf pack = STRBUF_INIT(PACK_BYTES_MAX);
	char fingerprint[DIGEST_HEX_SIZE];
	struct err e = ERR_INIT;

	build(key, &pack);
	ed25519_fingerprint(key, fingerprint);
	for (int i = 0; i < 3; i++) {
		const struct ed25519_key *expected = i == 0 ? NULL : i == 1 ? key : other;
		struct pack_check c auto_pack_check = { 0 };

		assert_ok(pack_read(pack.data, pack.len, expected, &c, &e), &e);
		assert_int_equal(c.altered.count, 0);
		assert_true(c.is_signed && c.signature_good);
		assert_string_equal(c.fingerprint, fingerprint);
		assert_int_equal(c.key_known, i == 1);
	}
}

static void assert_noticed(const char *data, size_t len, size_t at)
{
	struct pack_check c auto_pack_check = { 0 };
	struct err e = ERR_INIT;

	if (pack_read(data, len, NULL, &c, &e))
		assert_int_equal(e.code, ERR_CHECK);
	else if (!c.altered.count)
		fail_msg("byte %zu of %zu was changed and nobody noticed", at, len);
}

static void every_byte_counts(void **state unused_arg)
{
	struct ed25519_key *key auto_ed25519 = make_key("a");

	for (int is_signed = 0; is_signed < 2; is_signed++) {
		auto_strbuf struct strbuf pack = STRBUF_INIT(PACK_BYTES_MAX);

		build(is_signed ? key : NULL, &pack);
		for (size_t i = 0; i < pack.len; i++) {
			pack.data[i] ^= 0x10;
			assert_noticed(pack.data, pack.len, i);
			pack.data[i] ^= 0x10;
		}
		for (size_t len = 0; len < pack.len; len += 64)
			assert_noticed(pack.data, len, len);
	}
}

/* Whoever makes new sums for an altered file has no signature for them. */
static void other_sums_need_another_signature(void **state unused_arg)
{
	struct ed25519_key *key auto_ed25519 = make_key("a");
	auto_strbuf struct strbuf pack = STRBUF_INIT(PACK_BYTES_MAX);
	auto_strbuf struct strbuf forged = STRBUF_INIT(PACK_BYTES_MAX);
	auto_strbuf struct strbuf mixed = STRBUF_INIT(PACK_BYTES_MAX);
	struct pack_check good auto_pack_check = { 0 }, c auto_pack_check = { 0 };
	struct ed25519_key *other auto_ed25519 = make_key("b");
	struct pack p = sample();
	char digest[DIGEST_HEX_SIZE];
	struct err e = ERR_INIT;

	p.parts[PACK_POLICY] = (struct pack_part){ "version: 2\n", 11 };
	assert_ok(pack_build(&p, other, &forged, digest, &e), &e);
	build(key, &pack);
	/* both are of the same length: the signed pack's key and signature in the forged one */
	assert_int_equal(forged.len, pack.len);
	assert_ok(pack_read(pack.data, pack.len, NULL, &good, &e), &e);
	strbuf_add(&mixed, forged.data, forged.len);
	for (enum pack_file f = PACK_KEY; f < PACK_FILES; f++) {
		const struct pack_part *part = &good.pack.parts[f];

		if (f != PACK_SUMS)
			memcpy(mixed.data + (part->data - pack.data), part->data, part->len);
	}
	assert_ok(pack_read(mixed.data, mixed.len, key, &c, &e), &e);
	assert_false(c.signature_good);
	assert_true(c.altered.count > 0);
}

static void names_of_others_are_masked(void **state unused_arg)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "birch", "other-2" },
		{ "tc-birch-gw answers", "tc-other-2-gw answers" },
		{ "BIRCH.tenants", "other-2.tenants" },
		{ "/srv/tenants/birch/workspace", "/srv/tenants/other-2/workspace" },
		{ "birch_x birches rebirch", "other-2_x birches rebirch" },
		{ "acme-dental", "acme-dental" },
		{ "tc-acme-dental and acme", "tc-acme-dental and other-1" },
		{ "acme-dental-2", "other-3" },
		{ "", "" },
	};
	auto_strlist struct strlist others = { 0 };
	struct pack_names n auto_pack_names = { 0 };

	strlist_add(&others, "acme");
	strlist_add(&others, "birch");
	strlist_add(&others, "acme-dental");
	strlist_add(&others, "acme-dental-2");
	strlist_add(&others, "birch");
	pack_names_init(&n, "acme-dental", &others);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *masked = pack_mask(&n, cases[i].text);

		assert_string_equal(masked, cases[i].want);
	}
	auto_free char *none = pack_mask(&n, NULL);
	assert_null(none);
}

static void keys_of_other_kinds_are_refused(void **state unused_arg)
{
	static const char *const makers[][8] = {
		{ "/usr/bin/openssl", "genpkey", "-algorithm", "x25519" },
		{ "/usr/bin/openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass",
		  "pass:secret-words" },
	};
	static const char *const wants[] = { "not a private Ed25519 key", "a passphrase protects" };

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		auto_free char *path = mem_printf("/tmp/tenantctl-pack-%d-x.pem", (int)getpid());
		auto_strbuf struct strbuf pem = STRBUF_INIT(4096);
		struct ed25519_key *k auto_ed25519 = NULL;
		struct err e = ERR_INIT;

		assert_ok(child_exec(makers[i], 20000, &pem, &e), &e);
		assert_ok(fsio_write(path, pem.data, pem.len, 0600, (uid_t)-1, (gid_t)-1, &e), &e);
		assert_refused(ed25519_read_private(path, &k, &e), &e, ERR_MANIFEST, wants[i]);
		assert_ok(fsio_write(path, pem.data, pem.len, 0640, (uid_t)-1, (gid_t)-1, &e), &e);
		assert_refused(ed25519_read_private(path, &k, &e), &e, ERR_MANIFEST,
			       "readable by group");
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unsigned_pack_is_intact),
		cmocka_unit_test(a_signed_pack_names_its_key),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(other_sums_need_another_signature),
		cmocka_unit_test(names_of_others_are_masked),
		cmocka_unit_test(keys_of_other_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
