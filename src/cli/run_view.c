/* Changes and plans for people: one line per tenant and result, one per step of a plan. */
#include "run_view.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum { WHY_MAX = 100 };

static void put_list(struct node *n, const char *key, const struct strlist *l)
{
	struct node *array = node_set_array(n, key);

	for (size_t i = 0; i < l->count; i++)
		node_push_str(array, l->items[i]);
}

struct node *run_result_json(const char *tenant, const struct run_result *r)
{
	struct node *n = node_new_object();
	struct node *list;

	node_set_str(n, "tenant", tenant);
	list = node_set_array(n, "steps");
	for (size_t i = 0; i < r->plan.count; i++) {
		const struct step *s = &r->plan.steps[i];
		struct node *step = node_push_object(list);

		node_set_str(step, "verb", step_verb(s->kind));
		node_set_str(step, "noun", step_noun(s->kind));
		node_set_str(step, "object", s->object);
		node_set_str(step, "why", s->why);
	}
	node_set_int(n, "done", (int64_t)r->done);
	node_set_bool(n, "verified", r->verified && findings_pass(&r->findings));
	list = node_set_array(n, "not_passed");
	for (size_t i = 0; i < r->findings.count; i++) {
		const struct finding *f = &r->findings.items[i];

		if (f->verdict == VERDICT_FAIL || f->verdict == VERDICT_INCONCLUSIVE)
			node_push(list, finding_json(f));
	}
	put_list(n, "gone", &r->gone);
	put_list(n, "kept", &r->kept);
	return n;
}

void print_result_error(const struct node *error)
{
	const char *hint = node_str(node_get(error, "hint"), "");

	log_error("%s%s%s", node_str(node_get(error, "message"), "failed"), *hint ? "; " : "",
		  hint);
}

static const char *str_of(const struct node *n, const char *key)
{
	return node_str(node_get(n, key), "");
}

/* '+' makes something, '-' takes something away, '~' changes what is there. */
static char sign_of(const struct node *step)
{
	static const struct {
		const char *verb;
		char sign;
	} signs[] = {
		{ "create", '+' }, { "allocate", '+' }, { "load", '+' },
		{ "pull", '+' },   { "mount", '+' },	{ "remove", '-' },
		{ "purge", '-' },  { "release", '-' },	{ "unmount", '-' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strcmp(signs[i].verb, str_of(step, "verb")) == 0)
			return signs[i].sign;
	return '~';
}

static enum output_color color_of(char sign)
{
	return sign == '+' ? COLOR_GOOD : sign == '-' ? COLOR_BAD : COLOR_WARN;
}

/* "HostConfig.Memory: expected 1, observed 2" says it all, a label with two digests does not: of
 * what is long only the field's name and the count of further ones is kept. */
void step_reason(const char *why, struct strbuf *out)
{
	const char *expected = strstr(why, ": expected ");
	const char *more = NULL;

	if (strlen(why) <= WHY_MAX || !expected) {
		output_shorten(out, why, WHY_MAX);
		return;
	}
	for (const char *p = why; (p = strstr(p, ", and ")) != NULL; p++)
		more = p; /* the last one; a value may hold such words too */
	strbuf_add(out, why, MIN_OF((size_t)(expected - why), (size_t)WHY_MAX));
	strbuf_puts(out, " differs");
	if (more && strlen(more) < sizeof(", and 1234567 more"))
		strbuf_puts(out, more);
}

static void put_step(struct output *o, const struct node *step)
{
	auto_strbuf struct strbuf why = STRBUF_INIT(4096);
	char sign = sign_of(step);

	step_reason(str_of(step, "why"), &why);
	output_printf(o, "  %s%c%s %s %s ", output_color(o, color_of(sign)), sign, output_reset(o),
		      str_of(step, "verb"), str_of(step, "noun"));
	output_safe(o, str_of(step, "object"));
	output_printf(o, "%s (", output_color(o, COLOR_DIM));
	output_safe(o, strbuf_str(&why));
	output_printf(o, ")%s\n", output_reset(o));
}

static void put_plan(struct output *o, const struct node *result)
{
	const struct node *steps = node_get(result, "steps");

	if (node_count(steps) == 0) {
		output_printf(o, "%s: no difference\n", str_of(result, "tenant"));
		return;
	}
	output_printf(o, "%s:\n", str_of(result, "tenant"));
	for (const struct node *s = node_first(steps); s; s = node_next(s))
		put_step(o, s);
}

static void put_words(struct output *o, const struct node *list, const char *title)
{
	for (const struct node *n = node_first(list); n; n = node_next(n)) {
		output_printf(o, "  %s ", title);
		output_safe(o, node_str(n, ""));
		output_text(o, "\n");
	}
}

static void put_findings(struct output *o, const struct node *list)
{
	for (const struct node *f = node_first(list); f; f = node_next(f)) {
		output_printf(o, "  %s%s%s %s: ", output_color(o, COLOR_BAD), str_of(f, "verdict"),
			      output_reset(o), str_of(f, "id"));
		output_safe(o, str_of(f, "title"));
		output_text(o, "; observed ");
		output_safe(o, node_str(node_get(f, "observed"), "nothing"));
		output_text(o, "\n");
	}
}

static bool only_verified(const struct node *steps)
{
	return node_count(steps) == 1 && strcmp(str_of(node_at(steps, 0), "verb"), "verify") == 0;
}

static void put_change(struct output *o, const struct node *result, const struct run_view *v)
{
	const struct node *steps = node_get(result, "steps");
	bool nothing = node_count(steps) == 0 || only_verified(steps);
	bool failed = node_get(result, "error") != NULL;

	if (!failed)
		output_printf(o, "%s: %s%s%s%s\n", str_of(result, "tenant"),
			      output_color(o, COLOR_GOOD), nothing ? v->nothing : v->did,
			      node_bool(node_get(result, "verified"), false) ? ", verified" : "",
			      output_reset(o));
	put_findings(o, node_get(result, "not_passed"));
	if (failed)
		return;
	put_words(o, node_get(result, "gone"), "gone:");
	put_words(o, node_get(result, "kept"), "kept:");
}

void run_view_add(struct invocation *inv, const struct node *result, void *arg)
{
	struct run_view *v = arg;
	const struct node *error = node_get(result, "error");

	v->differing += node_count(node_get(result, "steps")) > 0;
	if (inv->out->json) {
		if (!v->list)
			v->list = node_new_array();
		node_push(v->list, node_copy(result));
		return;
	}
	if (error)
		print_result_error(error);
	if (v->plan && !error)
		put_plan(inv->out, result);
	else if (!v->plan)
		put_change(inv->out, result, v);
}

void run_view_end(struct invocation *inv, struct run_view *v)
{
	struct node *root;

	if (!inv->out->json)
		return;
	root = output_document();
	node_set(root, "tenants", v->list ? v->list : node_new_array());
	v->list = NULL;
	output_json(inv->out, root);
}
