/* The catalogue of checks for people and machines: --list and --explain. */
#include "report.h"

#include <string.h>

#include "base/mem.h"
#include "domain/checks.h"
#include "domain/drill.h"
#include "domain/explain.h"
#include "domain/source.h"
#include "help.h"
#include "ops/report.h"

#define LABEL_WIDTH 13

/* The check of this very id, or all that start with it. */
static bool is_meant(const struct check *all, size_t count, const struct check *c, const char *id)
{
	for (size_t i = 0; id && i < count; i++)
		if (!strcmp(all[i].id, id))
			return c == &all[i];
	return !id || !strncmp(c->id, id, strlen(id));
}

void report_checks(struct strbuf *out)
{
	size_t count;
	const struct check *c = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		strbuf_printf(out, "%-22s %-8s  %-12s  %s\n", c[i].id, severity_name(c[i].severity),
			      group_name(c[i].group), c[i].title);
}

static void drills_json(struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *list;
	size_t count;
	const struct drill *d = drills_all(&count);

	node_set_int(root, "schema", REPORT_VERSION);
	list = node_set_array(root, "drills");
	for (size_t i = 0; i < count; i++) {
		struct node *n = node_push_object(list);

		node_set_str(n, "id", d[i].id);
		node_set_str(n, "does", d[i].does);
		node_set_str(n, "stopped_by", d[i].limit);
		node_set_num(n, "seconds_at_most", d[i].most_ms / 1e3);
		node_set_int(n, "latency_factor", d[i].factor);
		node_set_int(n, "latency_floor_ms", d[i].floor_ms);
	}
	text = node_print(root, true);
	strbuf_puts(out, text);
}

void report_drills(bool json, struct strbuf *out)
{
	size_t count;
	const struct drill *d = drills_all(&count);

	if (json) {
		drills_json(out);
		return;
	}
	for (size_t i = 0; i < count; i++)
		strbuf_printf(out,
			      "%s: %s\n"
			      "  stopped by    %s\n"
			      "  takes         %.1f s at most\n"
			      "  others        answer (p95) within %u times as long as before, or "
			      "%u ms\n",
			      d[i].id, d[i].does, d[i].limit, d[i].most_ms / 1e3, d[i].factor,
			      d[i].floor_ms);
}

static void put_part(struct strbuf *out, const char *label, const char *text)
{
	strbuf_printf(out, "  %-*s", LABEL_WIDTH - 2, label);
	help_fold(out, text, strlen(text), LABEL_WIDTH, LABEL_WIDTH);
}

static void explain_one(const struct check *c, struct strbuf *out)
{
	const struct explanation *x = explain_check(c->id);
	const char *source = source_of(c->id);

	strbuf_printf(out, "%s (%s, %s)\n", c->id, severity_name(c->severity),
		      group_name(c->group));
	put_part(out, "must hold", c->title);
	put_part(out, "tried", x ? x->tried : "-");
	put_part(out, "why", x ? x->why : "-");
	put_part(out, "fix", c->remedy);
	put_part(out, "source", source ? source : "-");
}

size_t report_explain(const char *id, struct strbuf *out)
{
	size_t count, shown = 0;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++) {
		if (!is_meant(all, count, &all[i], id))
			continue;
		strbuf_puts(out, shown++ ? "\n" : "");
		explain_one(&all[i], out);
	}
	return shown;
}

size_t report_checks_json(const char *id, struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *list;
	size_t count, shown = 0;
	const struct check *all = checks_all(&count);

	node_set_int(root, "schema", REPORT_VERSION);
	list = node_set_array(root, "checks");
	for (size_t i = 0; i < count; i++) {
		const struct explanation *x = explain_check(all[i].id);
		struct node *n;

		if (!is_meant(all, count, &all[i], id))
			continue;
		shown++;
		n = node_push_object(list);
		node_set_str(n, "id", all[i].id);
		node_set_str(n, "group", group_name(all[i].group));
		node_set_str(n, "severity", severity_name(all[i].severity));
		node_set_str(n, "title", all[i].title);
		node_set_str(n, "tried", x ? x->tried : NULL);
		node_set_str(n, "why", x ? x->why : NULL);
		node_set_str(n, "remedy", all[i].remedy);
		node_set_str(n, "source", source_of(all[i].id));
	}
	text = node_print(root, true);
	strbuf_puts(out, text);
	return shown;
}
