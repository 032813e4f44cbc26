/*
 * Keeps what `list` shows of the last verification: when, how it ended, and the ids
 * that did not pass. The findings themselves are not evidence any more an hour later.
 */
#include "verify_store.h"

#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "domain/paths.h"
#include "ops/report.h"

#define STORE_VERSION 1
#define STORE_BYTES_MAX ((size_t)64 * 1024)

int verify_store(const struct context *c, const struct verify_result *r, struct err *e)
{
	auto_free char *path = path_of(c->root, PATH_LAST_VERIFY, r->tenant);
	auto_node struct node *root = node_new_object();
	struct node *ids;
	auto_free char *text = NULL;

	node_set_int(root, "version", STORE_VERSION);
	node_set_str(root, "tenant", r->tenant);
	node_set_str(root, "at", r->at);
	node_set_num(root, "seconds", r->seconds);
	node_set_bool(root, "partial", r->partial);
	node_set_str(root, "verdict", verify_verdict(r));
	ids = node_set_array(root, "not_passed");
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct finding *f = &r->findings.items[i];

		if (f->verdict == VERDICT_FAIL || f->verdict == VERDICT_INCONCLUSIVE)
			node_push_str(ids, f->id);
	}
	text = node_print(root, true);
	return fsio_write(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, e);
}

void verify_last(const struct context *c, const char *tenant, char **out_at, char **out_verdict)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_free char *path = path_of(c->root, PATH_LAST_VERIFY, tenant);
	auto_free char *text = NULL;
	auto_doc struct doc *d = NULL;
	struct err ignored = ERR_INIT;
	const char *at, *verdict;
	size_t len;

	*out_at = *out_verdict = NULL;
	if (fsio_read(path, FSIO_TRUSTED, STORE_BYTES_MAX, &text, &len, &ignored) ||
	    doc_parse_json(text, len, path, &limits, &d, &ignored))
		return;
	at = node_str(node_get(doc_root(d), "at"), NULL);
	verdict = node_str(node_get(doc_root(d), "verdict"), NULL);
	if (!at || !verdict)
		return;
	*out_at = mem_strdup(at);
	*out_verdict = mem_strdup(verdict);
}
