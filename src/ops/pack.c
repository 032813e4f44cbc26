/* From a verification to an evidence pack. */
#include "ops/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ops/report.h"
#include "ops/seccomp.h"
#include "pack_parts.h"

int ops_pack_names(const struct context *c, const struct verify_result *r, struct pack_names *out,
		   struct err *e)
{
	auto_strlist struct strlist all = { 0 };

	if (tenants_all(c, &all, e))
		return -1;
	for (size_t i = 0; i < r->matrix.count; i++) {
		strlist_add(&all, r->matrix.cells[i].from);
		strlist_add(&all, r->matrix.cells[i].to);
	}
	strlist_sort(&all);
	pack_names_init(out, r->tenant, &all);
	return 0;
}

static void mask(char **slot, const struct pack_names *n)
{
	char *masked = pack_mask(n, *slot);

	free(*slot);
	*slot = masked;
}

int ops_pack_masked(const struct verify_result *r, const struct pack_names *n,
		    struct verify_result *out, struct err *e)
{
	auto_node struct node *json = verify_result_json(r);

	if (verify_result_read(json, out, e))
		return -1;
	for (size_t i = 0; i < out->findings.count; i++) {
		struct finding *f = &out->findings.items[i];

		mask(&f->expected, n);
		mask(&f->observed, n);
		mask(&f->evidence, n);
	}
	for (size_t i = 0; i < out->matrix.count; i++) {
		mask(&out->matrix.cells[i].from, n);
		mask(&out->matrix.cells[i].to, n);
	}
	return 0;
}

static void view_free(struct pack_view *v)
{
	tenant_view_free(&v->tenant);
	engine_version_free(&v->version);
	audit_state_free(&v->log);
	node_free(v->records);
	if (v->seccomp)
		seccomp_report_free(v->seccomp);
	free(v->seccomp);
}
#define auto_view cleanup_with(view_free)

static int look(struct context *c, const struct pack_order *o, struct pack_view *v, struct err *e)
{
	const char *tenant = o->result->tenant;
	struct tenant_spec spec = { 0 };
	auto_free char *text = NULL;

	/* The manifest's own text gives the digest that the audit log has. */
	if (tenant_manifest(c, tenant, NULL, &spec, &text, e))
		return -1;
	tenant_spec_free(&spec);
	digest_of(text, strlen(text), v->manifest_sha256);
	v->seccomp = mem_alloc(sizeof(*v->seccomp));
	if (ops_show(c, tenant, &v->tenant, e) || client_version(c->client, &v->version, e) ||
	    (!c->engine.server_version && client_info(c->client, &c->engine, e)))
		return -1;
	if (!v->tenant.has_spec)
		return err_set(e, ERR_MANIFEST, "the manifest changed meanwhile");
	return ops_seccomp_show(v->tenant.spec.seccomp, v->seccomp, e) ||
			       pack_read_records(c, tenant, o->names, v, e)
		       ? -1
		       : 0;
}

static struct pack_part part(const char *text)
{
	return (struct pack_part){ .data = text, .len = strlen(text) };
}

int ops_pack(struct context *c, const struct pack_order *o, struct strbuf *out,
	     char digest[DIGEST_HEX_SIZE], struct err *e)
{
	struct pack_view v auto_view = { 0 };
	auto_node struct node *findings = verify_result_json(o->result);
	auto_free char *summary = NULL, *policy = NULL, *found = NULL, *seccomp = NULL,
		       *records = NULL;
	struct pack p = { 0 };

	if (look(c, o, &v, e) || pack_summary(c, o, &v, &summary, e))
		return -1;
	found = node_print(findings, true);
	policy = pack_policy(&v, o->names);
	seccomp = pack_seccomp(&v);
	records = pack_records(&v);
	p.parts[PACK_SUMMARY] = part(summary);
	p.parts[PACK_POLICY] = part(policy);
	p.parts[PACK_FINDINGS] = part(found);
	p.parts[PACK_REPORT] = (struct pack_part){ .data = o->report, .len = o->report_len };
	p.parts[PACK_SECCOMP] = part(seccomp);
	p.parts[PACK_RECORDS] = part(records);
	return pack_build(&p, o->key, out, digest, e);
}
