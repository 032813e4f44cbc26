/*
 * Results of verify to JSON and back. Titles, groups and remedies are taken from the
 * catalogue by id when read, so that a child can't make its parent print other words.
 */
#include "ops/report.h"

#include <string.h>

#include "base/mem.h"
#include "domain/audit.h"
#include "domain/checks.h"

const char *verify_verdict(const struct verify_result *r)
{
	if (findings_pass(&r->findings))
		return "pass";
	return findings_count(&r->findings, VERDICT_FAIL) ? "fail" : "inconclusive";
}

static void put_cell(struct node *array, const struct matrix_cell *c)
{
	struct node *n = node_push_object(array);

	node_set_str(n, "from", c->from);
	node_set_str(n, "to", c->to);
	node_set_str(n, "kind", cell_kind_name(c->kind));
	node_set_str(n, "expected", cell_state_name(c->expected));
	node_set_str(n, "observed", cell_state_name(c->observed));
	node_set_int(n, "attempts", (int64_t)c->attempts);
}

struct node *verify_result_json(const struct verify_result *r)
{
	struct node *root = node_new_object();
	struct node *list;

	node_set_str(root, "tenant", r->tenant);
	node_set_str(root, "at", r->at);
	node_set_num(root, "seconds", r->seconds);
	node_set_bool(root, "partial", r->partial);
	node_set_bool(root, "quick", r->quick);
	node_set_str(root, "verdict", verify_verdict(r));
	list = node_set_array(root, "findings");
	for (size_t i = 0; i < r->findings.count; i++)
		node_push(list, finding_json(&r->findings.items[i]));
	list = node_set_array(root, "matrix");
	for (size_t i = 0; i < r->matrix.count; i++)
		put_cell(list, &r->matrix.cells[i]);
	return root;
}

/* Index of `word` among `count` names, or -1. */
static int index_of(const char *word, const char *(*name)(int), int count)
{
	for (int i = 0; word && i < count; i++)
		if (!strcmp(word, name(i)))
			return i;
	return -1;
}

static const char *state_at(int i)
{
	return cell_state_name((enum cell_state)i);
}

static const char *kind_at(int i)
{
	return cell_kind_name((enum cell_kind)i);
}

static const struct check *check_of(const char *id)
{
	const struct check *c = id ? check_find(id) : NULL;

	return c || !id ? c : audit_check_find(id);
}

static char *text_of(const struct node *n, const char *key)
{
	const char *s = node_str(node_get(n, key), NULL);

	return s ? mem_strdup(s) : NULL;
}

static int get_finding(const struct node *n, struct finding *f, struct err *e)
{
	const struct check *c = check_of(node_str(node_get(n, "id"), NULL));
	enum finding_verdict verdict;

	if (!c || !verdict_of_name(node_str(node_get(n, "verdict"), NULL), &verdict))
		return err_set(e, ERR_PROTOCOL, "result: a finding of no known check or verdict");
	*f = check_finding(c, verdict);
	f->expected = text_of(n, "expected");
	f->observed = text_of(n, "observed");
	f->evidence = text_of(n, "evidence");
	return 0;
}

static int get_cell(const struct node *n, struct matrix_cell *c, struct err *e)
{
	const char *from = node_str(node_get(n, "from"), NULL);
	const char *to = node_str(node_get(n, "to"), NULL);
	int kind = index_of(node_str(node_get(n, "kind"), NULL), kind_at, CELL_KINDS);
	int expected = index_of(node_str(node_get(n, "expected"), NULL), state_at, CELL_STATES);
	int observed = index_of(node_str(node_get(n, "observed"), NULL), state_at, CELL_STATES);

	if (!from || !to || kind < 0 || expected < 0 || observed < 0)
		return err_set(e, ERR_PROTOCOL, "result: a cell that is not one");
	*c = (struct matrix_cell){ .from = mem_strdup(from),
				   .to = mem_strdup(to),
				   .kind = (enum cell_kind)kind,
				   .expected = (enum cell_state)expected,
				   .observed = (enum cell_state)observed,
				   .attempts = (size_t)node_int(node_get(n, "attempts"), 0) };
	return 0;
}

int findings_read(const struct node *array, struct findings *out, struct err *e)
{
	struct findings f = { .items = mem_array(node_count(array) + 1, sizeof(*f.items)) };

	for (const struct node *n = node_first(array); n; n = node_next(n)) {
		if (get_finding(n, &f.items[f.count], e)) {
			findings_free(&f);
			return -1;
		}
		f.count++;
	}
	*out = f;
	return 0;
}

static int get_lists(const struct node *root, struct verify_result *r, struct err *e)
{
	const struct node *findings = node_get(root, "findings");
	const struct node *matrix = node_get(root, "matrix");

	if (findings_read(findings, &r->findings, e))
		return -1;
	r->matrix.cells = mem_array(node_count(matrix) + 1, sizeof(*r->matrix.cells));
	for (const struct node *n = node_first(matrix); n; n = node_next(n)) {
		if (get_cell(n, &r->matrix.cells[r->matrix.count], e))
			return -1;
		r->matrix.count++;
	}
	return 0;
}

int verify_result_read(const struct node *root, struct verify_result *out, struct err *e)
{
	struct verify_result r = { 0 };

	r.tenant = text_of(root, "tenant");
	r.at = text_of(root, "at");
	r.seconds = node_num(node_get(root, "seconds"), 0);
	r.partial = node_bool(node_get(root, "partial"), false);
	r.quick = node_bool(node_get(root, "quick"), false);
	if (!r.tenant || !r.at || !node_is_array(node_get(root, "findings")) ||
	    !node_is_array(node_get(root, "matrix")))
		err_set(e, ERR_PROTOCOL, "result: not a verification");
	else if (get_lists(root, &r, e) == 0) {
		*out = r;
		return 0;
	}
	verify_result_free(&r);
	return -1;
}

void verify_result_free(struct verify_result *r)
{
	free(r->tenant);
	free(r->at);
	findings_free(&r->findings);
	matrix_free(&r->matrix);
	*r = (struct verify_result){ 0 };
}
