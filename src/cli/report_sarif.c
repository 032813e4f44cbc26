/*
 * SARIF 2.1.0 (OASIS), for code scanning. Rules are the checks that ran, results the
 * findings of every tenant, and a tenant without a result is an execution that failed.
 * A warning is a failure of level "note".
 *
 * An inconclusive finding is of kind "fail" and level "warning": the kinds "open" and
 * "review" say more exactly what it is, but the standard gives them no level (3.27.10),
 * and readers that count levels would take a boundary for proved that was not seen.
 */
#include "report.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "domain/audit.h"
#include "domain/explain.h"
#include "domain/source.h"
#include "report_text.h"

#define SCHEMA_URI                                                                                 \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"
#define MESSAGE_MAX ((size_t)64 << 10)

static const char *level_of_severity(enum finding_severity s)
{
	static const char *const levels[] = {
		[SEVERITY_CRITICAL] = "error",
		[SEVERITY_HIGH] = "error",
		[SEVERITY_MEDIUM] = "warning",
		[SEVERITY_LOW] = "note",
	};

	return levels[s];
}

/* What code scanning sorts by; its bounds are 9, 7 and 4, as of CVSS. */
static const char *score_of(enum finding_severity s)
{
	static const char *const scores[] = {
		[SEVERITY_CRITICAL] = "9.5",
		[SEVERITY_HIGH] = "8.0",
		[SEVERITY_MEDIUM] = "5.5",
		[SEVERITY_LOW] = "2.5",
	};

	return scores[s];
}

static const char *kind_of(enum finding_verdict v)
{
	static const char *const kinds[VERDICTS] = {
		[VERDICT_PASS] = "pass",	 [VERDICT_FAIL] = "fail",
		[VERDICT_INCONCLUSIVE] = "fail", [VERDICT_NOT_APPLICABLE] = "notApplicable",
		[VERDICT_WARN] = "fail",
	};

	return kinds[v];
}

static const char *level_of(const struct finding *f)
{
	switch (f->verdict) {
	case VERDICT_FAIL:
		return level_of_severity(f->severity);
	case VERDICT_INCONCLUSIVE:
		return "warning";
	case VERDICT_WARN:
		return "note";
	default:
		return "none";
	}
}

/* In a message braces hold arguments and brackets links, to anywhere: text from outside gets
 * neither (3.11.5, 3.11.6). */
static void add_plain(struct strbuf *b, const char *text)
{
	auto_strbuf struct strbuf safe = STRBUF_INIT(b->max);

	report_safe(&safe, text);
	for (const char *p = strbuf_str(&safe); *p; p++) {
		if (strchr("[]\\", *p))
			strbuf_putc(b, '\\');
		else if (*p == '{' || *p == '}')
			strbuf_putc(b, *p);
		strbuf_putc(b, *p);
	}
}

static void set_message(struct node *parent, const char *key, const struct strbuf *text)
{
	node_set_str(node_set_object(parent, key), "text", strbuf_str(text));
}

static void set_plain(struct node *parent, const char *key, const char *text)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(MESSAGE_MAX);

	add_plain(&b, text);
	set_message(parent, key, &b);
}

/* ---- rules ---- */

/* The references as tags, which code scanning filters by, and the first that has an address as the
 * page to read on. */
static void put_sources(struct node *rule, struct node *tags, const char *id)
{
	auto_strlist struct strlist references = { 0 };
	auto_strbuf struct strbuf uri = STRBUF_INIT(MESSAGE_MAX);

	source_references(id, &references);
	for (size_t i = 0; i < references.count; i++) {
		node_push_str(tags, references.items[i]);
		if (uri.len == 0)
			source_uri(references.items[i], &uri);
	}
	if (uri.len > 0)
		node_set_str(rule, "helpUri", strbuf_str(&uri));
}

/* The findings of a check have its words. */
static void put_rule(struct node *rules, const struct finding *f)
{
	const struct explanation *x = explain_check(f->id);
	auto_strbuf struct strbuf help = STRBUF_INIT(MESSAGE_MAX);
	struct node *n = node_push_object(rules);
	struct node *properties, *tags;

	node_set_str(n, "id", f->id);
	set_plain(n, "shortDescription", f->title);
	set_plain(n, "fullDescription", x ? x->why : f->title);
	add_plain(&help, x ? x->tried : f->title);
	strbuf_puts(&help, x ? "\n\nTo fix: " : ".\n\nTo fix: ");
	add_plain(&help, f->remedy);
	strbuf_putc(&help, '.');
	set_message(n, "help", &help);
	node_set_str(node_set_object(n, "defaultConfiguration"), "level",
		     level_of_severity(f->severity));
	properties = node_set_object(n, "properties");
	tags = node_set_array(properties, "tags");
	node_push_str(tags, "security");
	node_push_str(tags, group_name(f->group));
	put_sources(n, tags, f->id);
	node_set_str(properties, "severity", severity_name(f->severity));
	node_set_str(properties, "security-severity", score_of(f->severity));
}

/* Number of the rule `id`, or how many there are. Tenants have their findings in the same order:
 * what follows the last one is looked at first. */
static size_t find_rule(const struct strlist *rules, size_t last, const char *id)
{
	for (size_t i = 0; i < rules->count; i++) {
		size_t k = (last + 1 + i) % rules->count;

		if (!strcmp(rules->items[k], id))
			return k;
	}
	return rules->count;
}

static void put_rules(const struct report *r, struct node *out, struct strlist *rules)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_result *v = r->rows[i].result;
		size_t last = 0;

		for (size_t k = 0; v && k < v->findings.count; k++) {
			const struct finding *f = &v->findings.items[k];

			last = find_rule(rules, last, f->id);
			if (last < rules->count)
				continue;
			strlist_add(rules, f->id);
			put_rule(out, f);
		}
	}
}

/* ---- results ---- */

/* The same finding in two runs is the same problem: by tenant and check, whatever was observed. The
 * audit has one finding for each subject. */
static void put_fingerprint(struct node *result, const char *tenant, const struct finding *f)
{
	struct digest_state *d = digest_new();
	char hex[DIGEST_HEX_SIZE];

	digest_field(d, "tenant", tenant);
	digest_field(d, "check", f->id);
	if (audit_check_find(f->id) && f->evidence)
		digest_field(d, "subject", f->evidence);
	digest_finish(d, hex);
	node_set_str(node_set_object(result, "fingerprints"), "tenantAndCheck/v1", hex);
}

static void put_location(struct node *parent, const char *tenant, size_t row, const char *id)
{
	auto_free char *whole = mem_printf("%s/%s", tenant, id);
	struct node *location = node_push_object(node_set_array(parent, "locations"));
	struct node *n = node_push_object(node_set_array(location, "logicalLocations"));

	node_set_str(n, "name", id);
	node_set_str(n, "fullyQualifiedName", whole);
	node_set_str(n, "kind", "check");
	node_set_int(n, "parentIndex", (int64_t)row);
}

static void put_result(struct node *results, const char *tenant, size_t row,
		       const struct finding *f, size_t rule)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(MESSAGE_MAX);
	struct node *n = node_push_object(results);
	struct node *properties;

	node_set_str(n, "ruleId", f->id);
	node_set_int(n, "ruleIndex", (int64_t)rule);
	node_set_str(n, "kind", kind_of(f->verdict));
	node_set_str(n, "level", level_of(f));
	strbuf_printf(&text, "%s: %s: %s. Expected: ", tenant, verdict_name(f->verdict), f->title);
	add_plain(&text, f->expected);
	strbuf_puts(&text, ". Observed: ");
	add_plain(&text, f->observed);
	strbuf_putc(&text, '.');
	set_message(n, "message", &text);
	put_location(n, tenant, row, f->id);
	put_fingerprint(n, tenant, f);
	properties = node_set_object(n, "properties");
	node_set_str(properties, "tenant", tenant);
	node_set_str(properties, "verdict", verdict_name(f->verdict));
	node_set_str(properties, "severity", severity_name(f->severity));
	node_set_str(properties, "group", group_name(f->group));
	node_set_str(properties, "expected", f->expected);
	node_set_str(properties, "observed", f->observed);
	node_set_str(properties, "evidence", f->evidence);
}

static void put_results(const struct report *r, struct node *results, const struct strlist *rules)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_result *v = r->rows[i].result;
		size_t last = 0;

		for (size_t k = 0; v && k < v->findings.count; k++) {
			const struct finding *f = &v->findings.items[k];

			last = find_rule(rules, last, f->id);
			put_result(results, r->rows[i].tenant, i, f, last);
		}
	}
}

/* ---- the run ---- */

static void put_tenants(const struct report *r, struct node *run)
{
	struct node *list = node_set_array(run, "logicalLocations");

	for (size_t i = 0; i < r->count; i++) {
		struct node *n = node_push_object(list);

		node_set_str(n, "name", r->rows[i].tenant);
		node_set_str(n, "fullyQualifiedName", r->rows[i].tenant);
		node_set_str(n, "kind", r->command ? "host" : "tenant");
	}
}

static void put_invocation(const struct report *r, struct node *run)
{
	struct node *n = node_push_object(node_set_array(run, "invocations"));
	struct node *notes = node_new_array();
	bool complete = r->count > 0;
	const char *end = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct node *note, *location, *tenant;

		if (r->rows[i].result) {
			if (!end || strcmp(r->rows[i].result->at, end) > 0)
				end = r->rows[i].result->at;
			continue;
		}
		complete = false;
		note = node_push_object(notes);
		node_set_str(note, "level", "error");
		set_plain(note, "message", r->rows[i].error);
		location = node_push_object(node_set_array(note, "locations"));
		tenant = node_push_object(node_set_array(location, "logicalLocations"));
		node_set_int(tenant, "index", (int64_t)i);
		node_set_str(tenant, "fullyQualifiedName", r->rows[i].tenant);
	}
	node_set_bool(n, "executionSuccessful", complete);
	if (end)
		node_set_str(n, "endTimeUtc", end);
	node_set(n, "toolExecutionNotifications", notes);
}

void report_sarif(const struct report *r, struct strbuf *out)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *run, *driver, *properties;
	auto_strlist struct strlist rules = { 0 };
	auto_free char *category = mem_printf("tenantctl/%s/", r->command ? r->command : "verify");

	node_set_str(root, "$schema", SCHEMA_URI);
	node_set_str(root, "version", "2.1.0");
	run = node_push_object(node_set_array(root, "runs"));
	driver = node_set_object(node_set_object(run, "tool"), "driver");
	node_set_str(driver, "name", "tenantctl");
	node_set_str(driver, "version", r->version);
	put_rules(r, node_set_array(driver, "rules"), &rules);
	node_set_str(node_set_object(run, "automationDetails"), "id", category);
	put_invocation(r, run);
	properties = node_set_object(run, "properties");
	node_set_str(properties, "kernel", r->kernel);
	node_set_str(properties, "engine", r->engine);
	put_tenants(r, run);
	put_results(r, node_set_array(run, "results"), &rules);
	text = node_print(root, true);
	strbuf_puts(out, text);
}
