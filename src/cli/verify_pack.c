/* verify --pack and --check-pack: evidence for those who were not there. */
#include "verify_pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "ops/pack.h"
#include "record.h"
#include "report.h"

#define SUMMARY_BYTES_MAX ((size_t)1 << 20)

static int load_key(const struct invocation *inv, struct ed25519_key **out, struct err *e)
{
	const char *path = invocation_option(inv, "sign");

	return path ? ed25519_read_private(path, out, e) : 0;
}

int verify_pack_options(const struct invocation *inv, struct err *e)
{
	struct ed25519_key *key auto_ed25519 = NULL;

	if (invocation_option(inv, "sign") && !invocation_option(inv, "pack"))
		return err_set(e, ERR_USAGE, "--sign goes with --pack");
	if (invocation_option(inv, "public-key") && !invocation_option(inv, "check-pack"))
		return err_set(e, ERR_USAGE, "--public-key goes with --check-pack");
	if (invocation_option(inv, "pack") && inv->operands.count != 1)
		return err_set(e, ERR_USAGE,
			       "--pack takes one tenant: it is for that client alone");
	/* a verification takes too long for a key that is no use afterwards */
	return load_key(inv, &key, e);
}

/* ---- writing ---- */

static void render(const struct invocation *inv, const struct verify_result *r, struct strbuf *out)
{
	const struct report_row row = { .tenant = r->tenant, .result = r };
	struct utsname kernel = { 0 };
	struct report report = { .rows = &row, .count = 1, .version = TENANTCTL_VERSION };

	uname(&kernel); /* fails for a bad address only */
	report.kernel = kernel.release;
	report.engine = inv->ctx->engine.server_version;
	report_html(&report, out);
}

static int build(struct invocation *inv, const struct verify_result *r,
		 const struct ed25519_key *key, struct strbuf *out, char digest[DIGEST_HEX_SIZE],
		 struct err *e)
{
	auto_strbuf struct strbuf html = STRBUF_INIT(PACK_BYTES_MAX);
	struct pack_names names auto_pack_names = { 0 };
	struct verify_result masked = { 0 };
	int rc;

	if (ops_pack_names(inv->ctx, r, &names, e) || ops_pack_masked(r, &names, &masked, e))
		return -1;
	render(inv, &masked, &html);
	rc = ops_pack(inv->ctx,
		      &(struct pack_order){ .result = &masked,
					    .names = &names,
					    .report = strbuf_str(&html),
					    .report_len = html.len,
					    .key = key },
		      out, digest, e);
	verify_result_free(&masked);
	return rc;
}

int verify_pack(struct invocation *inv, const struct verify_result *r, struct err *e)
{
	const char *path = invocation_option(inv, "pack");
	struct ed25519_key *key auto_ed25519 = NULL;
	auto_strbuf struct strbuf pack = STRBUF_INIT(PACK_BYTES_MAX);
	char digest[DIGEST_HEX_SIZE];

	if (load_key(inv, &key, e) || build(inv, r, key, &pack, digest, e))
		return err_wrap(e, "evidence pack");
	/* recorded first: no pack is handed on that the log does not know */
	if (record_pack(inv, r->tenant, digest, e) ||
	    fsio_write(path, pack.data, pack.len, 0600, (uid_t)-1, (gid_t)-1, e))
		return err_wrap(e, "evidence pack");
	if (strcmp(report_format(inv), "human") == 0)
		output_printf(inv->out, "%s: evidence pack written%s, SHA256SUMS %s\n", r->tenant,
			      key ? " and signed" : "", digest);
	return 0;
}

/* ---- checking ---- */

static const char *text_at(const struct doc *d, const char *path)
{
	return d ? node_str(doc_find(d, path), "-") : "-";
}

static long long number_at(const struct doc *d, const char *path)
{
	return d ? (long long)node_int(doc_find(d, path), 0) : 0;
}

static void put_line(struct output *o, const char *title, const char *text)
{
	output_printf(o, "%-10s ", title);
	output_safe(o, text);
	output_text(o, "\n");
}

static void put_result(struct output *o, const struct doc *d)
{
	const char *verdict = text_at(d, "verdict");
	bool pass = strcmp(verdict, "pass") == 0;

	output_printf(o, "%-10s %s", "result", output_color(o, pass ? COLOR_GOOD : COLOR_BAD));
	output_safe(o, verdict);
	output_printf(o, "%s: %lld passed, %lld failed, %lld inconclusive, %lld not applicable%s\n",
		      output_reset(o), number_at(d, "checks.pass"), number_at(d, "checks.fail"),
		      number_at(d, "checks.inconclusive"), number_at(d, "checks.not-applicable"),
		      node_bool(doc_find(d, "quick"), false) ? "; quick, without attacks from "
							       "inside"
							     : "");
	for (const struct node *n = node_first(doc_find(d, "not_passed")); n; n = node_next(n)) {
		auto_free char *line = mem_printf(
			"%s %s: %s", node_str(node_get(n, "verdict"), "-"),
			node_str(node_get(n, "id"), "-"), node_str(node_get(n, "title"), "-"));

		put_line(o, "", line);
	}
}

static void put_summary(struct output *o, const struct doc *d)
{
	auto_free char *about = mem_printf("%s, verified %s by %s", text_at(d, "tenant"),
					   text_at(d, "at"), text_at(d, "tool"));
	auto_free char *host =
		mem_printf("%s tier, runtime %s; kernel %s %s, engine %s; other tenants: %lld",
			   text_at(d, "tier"), text_at(d, "host.engine.runtime"),
			   text_at(d, "host.kernel"), text_at(d, "host.machine"),
			   text_at(d, "host.engine.version"), number_at(d, "other_tenants"));
	auto_free char *policy = mem_printf(
		"egress rules: %zu, credentials: %zu; manifest %s, seccomp %s",
		node_count(doc_find(d, "egress")), node_count(doc_find(d, "credentials")),
		text_at(d, "manifest_sha256"), text_at(d, "seccomp_sha256"));
	auto_free char *log = mem_printf(
		"record %lld, %s, %s", number_at(d, "audit_log.last"),
		text_at(d, "audit_log.head_sha256"),
		node_bool(doc_find(d, "audit_log.whole"), false) ? "chain whole" : "chain BROKEN");

	put_line(o, "tenant", about);
	put_result(o, d);
	put_line(o, "boundary", host);
	put_line(o, "image", text_at(d, "worker.image_id"));
	put_line(o, "policy", policy);
	put_line(o, "log head", log);
}

static void put_signature(struct output *o, const struct pack_check *c, bool expected)
{
	if (!c->is_signed)
		output_text(o, "signature  none: the sums show damage, not who made this\n");
	else if (expected)
		output_printf(o, "signature  %sgood%s, by the key given, %s\n",
			      output_color(o, COLOR_GOOD), output_reset(o), c->fingerprint);
	else
		output_printf(o,
			      "signature  good, by key %s; is that the operator's? "
			      "--public-key compares\n",
			      c->fingerprint);
}

static void put_text(struct output *o, const struct pack_check *c, const struct doc *d,
		     bool expected)
{
	for (size_t i = 0; i < c->altered.count; i++) {
		output_printf(o, "%saltered%s    ", output_color(o, COLOR_BAD), output_reset(o));
		output_safe(o, c->altered.items[i]);
		output_text(o, "\n");
	}
	/* what an altered pack says of a tenant is worth nothing */
	if (c->altered.count)
		return;
	put_summary(o, d);
	if (!expected || c->key_known)
		put_signature(o, c, expected);
	output_printf(o, "pack       %sintact%s, SHA256SUMS %s\n", output_color(o, COLOR_GOOD),
		      output_reset(o), c->digest);
}

static void put_json(struct output *o, const struct pack_check *c, const struct doc *d,
		     bool expected)
{
	struct node *root = output_document();
	struct node *list;

	node_set_bool(root, "intact", c->altered.count == 0);
	list = node_set_array(root, "altered");
	for (size_t i = 0; i < c->altered.count; i++)
		node_push_str(list, c->altered.items[i]);
	node_set_str(root, "sums_sha256", c->digest);
	node_set_str(root, "signature",
		     !c->is_signed	 ? "none"
		     : c->signature_good ? "good"
					 : "bad");
	node_set_str(root, "public_key_sha256", c->signature_good ? c->fingerprint : NULL);
	if (expected)
		node_set_bool(root, "key_is_the_one_given", c->key_known);
	node_set(root, "summary",
		 d && c->altered.count == 0 ? node_copy(doc_root(d)) : node_new_object());
	output_json(o, root);
}

static int conclude(const struct pack_check *c, bool expected, struct err *e)
{
	if (c->altered.count)
		return err_set(e, ERR_CHECK, "the pack is not as it was written: %s",
			       c->altered.items[0]);
	if (expected && !c->is_signed)
		return err_set(e, ERR_CHECK, "the pack is not signed");
	if (expected && !c->key_known)
		return err_set(e, ERR_CHECK,
			       "the pack is signed by another key than the one given: %s",
			       c->fingerprint);
	return 0;
}

static int load_public(const struct invocation *inv, struct ed25519_key **out, struct err *e)
{
	const char *path = invocation_option(inv, "public-key");
	auto_free char *pem = NULL;
	size_t len;

	if (!path)
		return 0;
	return fsio_read(path, FSIO_ANY, ED25519_PEM_MAX, &pem, &len, e) ||
			       ed25519_parse_public(pem, len, path, out, e)
		       ? -1
		       : 0;
}

/* Of an intact pack; one that another version wrote in another form is no error of the reader. */
static int parse_summary(const struct pack_check *c, struct doc **out, struct err *e)
{
	static const struct doc_limits limits = { .bytes = SUMMARY_BYTES_MAX,
						  .depth = 16,
						  .nodes = 20000 };
	const struct pack_part *p = &c->pack.parts[PACK_SUMMARY];
	struct doc *d = NULL;

	if (c->altered.count)
		return 0;
	if (doc_parse_json(p->data, p->len, pack_file_name(PACK_SUMMARY), &limits, &d, e)) {
		e->code = ERR_CHECK;
		return -1;
	}
	if (strcmp(text_at(d, "format"), PACK_FORMAT) != 0 ||
	    number_at(d, "version") != PACK_VERSION) {
		doc_free(d);
		return err_set(e, ERR_CHECK, "not an evidence pack of a version that this knows");
	}
	*out = d;
	return 0;
}

int verify_check_pack(struct invocation *inv, struct err *e)
{
	const char *path = invocation_option(inv, "check-pack");
	struct ed25519_key *key auto_ed25519 = NULL;
	struct pack_check check auto_pack_check = { 0 };
	auto_doc struct doc *summary = NULL;
	auto_free char *text = NULL;
	size_t len;

	if (load_public(inv, &key, e) || fsio_read(path, FSIO_ANY, PACK_BYTES_MAX, &text, &len, e))
		return -1;
	if (pack_read(text, len, key, &check, e) || parse_summary(&check, &summary, e))
		return err_wrap(e, "%s", path);
	if (inv->out->json)
		put_json(inv->out, &check, summary, key != NULL);
	else
		put_text(inv->out, &check, summary, key != NULL);
	return conclude(&check, key != NULL, e);
}
