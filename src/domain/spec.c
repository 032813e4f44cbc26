/* Lifetime of a spec, and its way from a text. */
#include "domain/spec.h"

#include <string.h>

#include "base/bind.h"
#include "base/strbuf.h"

void tenant_spec_free(struct tenant_spec *s)
{
	bind_free(&tenant_table, s);
}

int manifest_parse(const char *text, size_t len, const char *file, const char *expected_name,
		   struct tenant_spec *out, struct err *e)
{
	struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	auto_spec struct tenant_spec s = { 0 };

	memset(out, 0, sizeof(*out));
	if (doc_parse_yaml(text, len, file, &limits, &d, e) ||
	    bind_read(&tenant_table, BIND_STRICT, d, doc_root(d), "", &s, e) ||
	    spec_check(&s, d, e))
		return -1;
	if (expected_name && strcmp(s.tenant, expected_name) != 0)
		return doc_error(d, "tenant", e, "'%s' where '%s' was expected", s.tenant,
				 expected_name);
	*out = s;
	memset(&s, 0, sizeof(s));
	return 0;
}

char *manifest_resolved(const struct tenant_spec *s)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	bind_write_yaml(&tenant_table, s, &out);
	return strbuf_take(&out);
}
