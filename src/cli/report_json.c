/* The JSON report: the same objects that the operations exchange, under one version. */
#include "report.h"

#include "base/mem.h"
#include "domain/checks.h"
#include "ops/report.h"

void report_json(const struct report *r, struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *list;

	node_set_int(root, "schema", REPORT_VERSION);
	node_set_bool(root, "pass", report_passes(r));
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

void report_checks_json(struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *list;
	size_t count;
	const struct check *c = checks_all(&count);

	node_set_int(root, "schema", REPORT_VERSION);
	list = node_set_array(root, "checks");
	for (size_t i = 0; i < count; i++) {
		struct node *n = node_push_object(list);

		node_set_str(n, "id", c[i].id);
		node_set_str(n, "group", group_name(c[i].group));
		node_set_str(n, "severity", severity_name(c[i].severity));
		node_set_str(n, "title", c[i].title);
		node_set_str(n, "remedy", c[i].remedy);
	}
	text = node_print(root, true);
	strbuf_puts(out, text);
}
