/* From commands to records of the audit log. No text here may hold a secret: names only. */
#include "record.h"

#include <string.h>

#include "base/digest.h"
#include "base/fsio.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/audit_log.h"
#include "ops/report.h"
#include "report.h"

#define MANIFEST_BYTES_MAX ((size_t)256 * 1024)

static char *copy(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/* Of the manifest as it is now; NULL when there is none. */
static char *manifest_digest(const struct context *c, const char *tenant)
{
	auto_free char *path = tenant ? path_of(c->root, PATH_MANIFEST, tenant) : NULL;
	auto_free char *text = NULL;
	struct err ignored = ERR_INIT;
	char sha256[DIGEST_HEX_SIZE];
	size_t len;

	if (!path || fsio_read(path, FSIO_ANY, MANIFEST_BYTES_MAX, &text, &len, &ignored))
		return NULL;
	digest_of(text, len, sha256);
	return mem_strdup(sha256);
}

static struct audit_record record_of(const struct record *r, enum audit_event event)
{
	return (struct audit_record){ .event = event,
				      .command = mem_strdup(r->command),
				      .tenant = copy(r->tenant) };
}

int record_begin(struct record *r, const struct invocation *inv, const char *tenant,
		 const char *what, struct err *e)
{
	struct audit_record begin auto_audit_record = { 0 };

	*r = (struct record){ .c = inv->ctx, .command = inv->command->name, .tenant = tenant };
	begin = record_of(r, AUDIT_BEGIN);
	if (what) {
		strlist_add(&begin.what, what);
		strlist_add(&r->what, what);
	}
	if (!audit_append(inv->ctx->root, &begin, 1, e)) {
		r->begin = begin.seq;
		return 0;
	}
	if (inv->command->flags & CMD_TAKES_AWAY) {
		log_error("%s goes on without a record: %s", inv->command->name, e->message);
		err_clear(e);
		r->unrecorded = true;
		return 0;
	}
	strlist_free(&r->what);
	e->code = ERR_REFUSED;
	err_wrap(e, "nothing was changed, because the audit log cannot be written");
	return e->hint[0] ? -1 : err_hint(e, "mend or make room for the log and run it again");
}

/* The change was made, and only its begin says so. */
static int end_is_missing(int rc, const struct err *late, struct err *e)
{
	if (rc) {
		log_error("the audit log does not say how this ended: %s", late->message);
		return rc;
	}
	err_set(e, ERR_PARTIAL, "done, but the audit log does not say so: %s", late->message);
	return err_hint(e, "mend or make room for the log; its last record says what was begun");
}

int record_end(struct record *r, int rc, struct err *e)
{
	struct audit_record end auto_audit_record = record_of(r, AUDIT_END);
	struct err late = ERR_INIT;

	if (r->unrecorded) {
		strlist_free(&r->what);
		err_set(&late, ERR_INTERNAL, "nor that it began");
		return end_is_missing(rc, &late, e);
	}
	end.of = r->begin;
	end.result = mem_strdup(rc ? err_code_name(e->code) : "done");
	end.error = rc ? mem_strdup(e->message) : NULL;
	end.manifest = manifest_digest(r->c, r->tenant);
	end.what = r->what;
	r->what = (struct strlist){ 0 };
	if (audit_append(r->c->root, &end, 1, &late))
		return end_is_missing(rc, &late, e);
	return rc;
}

/* ---- what was changed ---- */

static const char *str_of(const struct node *n, const char *key)
{
	return node_str(node_get(n, key), "");
}

static void add_words(struct record *r, const struct node *list, const char *did)
{
	for (const struct node *n = node_first(list); n; n = node_next(n))
		strlist_addf(&r->what, "%s %s", did, node_str(n, ""));
}

void record_result(struct record *r, const struct node *result)
{
	const struct node *steps = node_get(result, "steps");
	size_t count = node_count(steps), done;

	done = (size_t)MAX_OF(node_int(node_get(result, "done"), 0), 0);
	if (done < count)
		strlist_addf(&r->what, "%zu of %zu steps", done, count);
	for (const struct node *s = node_first(steps); s; s = node_next(s))
		strlist_addf(&r->what, "%s %s %s", str_of(s, "verb"), str_of(s, "noun"),
			     str_of(s, "object"));
	for (const struct node *f = node_first(node_get(result, "not_passed")); f; f = node_next(f))
		strlist_addf(&r->what, "%s: %s", str_of(f, "verdict"), str_of(f, "id"));
	add_words(r, node_get(result, "removed"), "removed");
	add_words(r, node_get(result, "gone"), "gone:");
	add_words(r, node_get(result, "kept"), "kept:");
}

/* ---- proofs ---- */

static void add_findings(struct audit_record *r, const struct verify_result *v)
{
	strlist_addf(&r->what, "%zu passed, %zu not applicable%s",
		     findings_count(&v->findings, VERDICT_PASS),
		     findings_count(&v->findings, VERDICT_NOT_APPLICABLE),
		     v->partial ? "; a selection"
		     : v->quick ? "; quick"
				: "");
	for (size_t i = 0; i < v->findings.count; i++) {
		const struct finding *f = &v->findings.items[i];

		if (report_is_bad(f))
			strlist_addf(&r->what, "%s: %s", verdict_name(f->verdict), f->id);
	}
}

static struct audit_record proof_of(const struct invocation *inv, const struct report_row *row)
{
	struct audit_record r = { .event = AUDIT_VERIFY,
				  .command = mem_strdup(inv->command->name),
				  .tenant = mem_strdup(row->tenant) };

	r.manifest = manifest_digest(inv->ctx, row->tenant);
	if (row->result) {
		r.result = mem_strdup(verify_verdict(row->result));
		if (invocation_flag(inv, "drill"))
			strlist_add(&r.what, "drill");
		add_findings(&r, row->result);
	} else {
		r.result = mem_strdup("error");
		r.error = copy(row->error);
	}
	return r;
}

int record_proofs(const struct invocation *inv, const struct report *report, struct err *e)
{
	struct audit_record *records;
	int rc = 0;

	if (!report->count)
		return 0;
	records = mem_array(report->count, sizeof(*records));
	for (size_t i = 0; i < report->count; i++)
		records[i] = proof_of(inv, &report->rows[i]);
	if (audit_append(inv->ctx->root, records, report->count, e)) {
		rc = err_wrap(e, "the audit log does not have this result");
		e->code = ERR_PARTIAL;
	}
	for (size_t i = 0; i < report->count; i++)
		audit_record_free(&records[i]);
	free(records);
	return rc;
}

int record_pack(const struct invocation *inv, const char *tenant, const char *digest, struct err *e)
{
	struct audit_record r auto_audit_record = { .event = AUDIT_PACK,
						    .command = mem_strdup(inv->command->name),
						    .tenant = mem_strdup(tenant),
						    .result = mem_strdup("done") };

	r.manifest = manifest_digest(inv->ctx, tenant);
	strlist_addf(&r.what, "SHA256SUMS %s", digest);
	if (!audit_append(inv->ctx->root, &r, 1, e))
		return 0;
	e->code = ERR_REFUSED;
	return err_wrap(e, "not written, because the audit log cannot be written");
}
