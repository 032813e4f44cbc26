/* The JSON report: the same objects that the operations exchange, under one version. */
#include "report.h"

#include "base/mem.h"
#include "ops/report.h"

void report_json(const struct report *r, struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *list;

	node_set_int(root, "schema", REPORT_VERSION);
	node_set_bool(root, "pass", report_passes(r));
	node_set_str(root, "version", r->version);
	node_set_str(root, "kernel", r->kernel);
	node_set_str(root, "engine", r->engine);
	list = node_set_array(root, "tenants");
	for (size_t i = 0; i < r->count; i++) {
		struct node *n;

		if (r->rows[i].result) {
			node_push(list, verify_result_json(r->rows[i].result));
			continue;
		}
		n = node_push_object(list);
		node_set_str(n, "tenant", r->rows[i].tenant);
		node_set_str(n, "verdict", "error");
		node_set_str(n, "error", r->rows[i].error);
	}
	text = node_print(root, true);
	strbuf_puts(out, text);
}
