/* Items of an audit: collected from findings, sorted, compared, kept. */
#include "domain/audit_items.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WORD_MAX = 512, TEXT_MAX = 4096 };

static void item_free(struct audit_item *x)
{
	free(x->tenant);
	free(x->id);
	free(x->subject);
	free(x->text);
}

void audit_items_free(struct audit_items *a)
{
	for (size_t i = 0; i < a->count; i++)
		item_free(&a->items[i]);
	free(a->items);
	free(a->at);
	*a = (struct audit_items){ 0 };
}

static void add(struct audit_items *a, const char *tenant, const char *id, const char *subject,
		const char *text, enum finding_verdict v)
{
	if (a->count == AUDIT_ITEMS_MAX)
		return;
	a->items = mem_grow(a->items, a->count + 1, sizeof(*a->items));
	a->items[a->count++] = (struct audit_item){ .tenant = mem_strdup(tenant),
						    .id = mem_strdup(id),
						    .subject = mem_strndup(subject, WORD_MAX),
						    .text = mem_strndup(text, TEXT_MAX),
						    .verdict = v };
}

void audit_items_add(struct audit_items *a, const char *tenant, const struct findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct finding *x = &f->items[i];

		if (verdict_is_notable(x->verdict))
			add(a, tenant, x->id, x->evidence ? x->evidence : "",
			    x->observed ? x->observed : "", x->verdict);
	}
}

void audit_items_add_error(struct audit_items *a, const char *tenant, const char *why)
{
	add(a, tenant, AUDIT_ITEM_ERROR, "audit", why, VERDICT_INCONCLUSIVE);
}

size_t audit_items_count(const struct audit_items *a, enum finding_verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		n += a->items[i].verdict == v;
	return n;
}

static int by_key(const struct audit_item *x, const struct audit_item *y)
{
	int order = strcmp(x->tenant, y->tenant);

	order = order ? order : strcmp(x->id, y->id);
	return order ? order : strcmp(x->subject, y->subject);
}

static int rank(enum finding_verdict v)
{
	return v == VERDICT_FAIL ? 0 : v == VERDICT_INCONCLUSIVE ? 1 : 2;
}

static int compare(const void *x, const void *y)
{
	const struct audit_item *a = x, *b = y;
	int order = rank(a->verdict) - rank(b->verdict);

	return order ? order : by_key(a, b);
}

void audit_items_sort(struct audit_items *a)
{
	if (a->count)
		qsort(a->items, a->count, sizeof(*a->items), compare);
}

static int compare_key(const void *x, const void *y)
{
	return by_key(*(const struct audit_item *const *)x, *(const struct audit_item *const *)y);
}

size_t audit_items_beyond(const struct audit_items *a, const struct audit_items *b,
			  const struct audit_item ***out)
{
	auto_free const struct audit_item **known = mem_array(b->count + 1, sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		known[i] = &b->items[i];
	qsort(known, b->count, sizeof(*known), compare_key);
	*out = mem_array(a->count + 1, sizeof(**out));
	for (size_t i = 0; i < a->count; i++) {
		const struct audit_item *x = &a->items[i];

		if (!bsearch(&x, known, b->count, sizeof(*known), compare_key))
			(*out)[n++] = x;
	}
	return n;
}

/* ---- the file ---- */

void audit_item_put(const struct audit_item *x, struct node *array)
{
	struct node *n = node_push_object(array);

	node_set_str(n, "tenant", x->tenant);
	node_set_str(n, "id", x->id);
	node_set_str(n, "subject", x->subject);
	node_set_str(n, "verdict", verdict_name(x->verdict));
	node_set_str(n, "text", x->text);
}

char *audit_items_text(const struct audit_items *a)
{
	auto_node struct node *root = node_new_object();
	struct node *list;

	node_set_int(root, "version", AUDIT_ITEMS_VERSION);
	node_set_str(root, "at", a->at);
	list = node_set_array(root, "items");
	for (size_t i = 0; i < a->count; i++)
		audit_item_put(&a->items[i], list);
	return node_print(root, true);
}

static int get_item(const struct node *n, struct audit_items *a)
{
	const char *tenant = node_str(node_get(n, "tenant"), NULL);
	const char *id = node_str(node_get(n, "id"), NULL);
	const char *subject = node_str(node_get(n, "subject"), NULL);
	const char *word = node_str(node_get(n, "verdict"), NULL);

	if (!tenant || !id || !subject || !word || strlen(tenant) > WORD_MAX ||
	    strlen(id) > WORD_MAX || a->count == AUDIT_ITEMS_MAX)
		return -1;
	for (int v = 0; v < VERDICTS; v++)
		if (verdict_is_notable((enum finding_verdict)v) &&
		    !strcmp(word, verdict_name((enum finding_verdict)v))) {
			add(a, tenant, id, subject, node_str(node_get(n, "text"), ""),
			    (enum finding_verdict)v);
			return 0;
		}
	return -1;
}

int audit_items_parse(const char *text, size_t len, const char *name, struct audit_items *out,
		      struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	struct audit_items a auto_audit_items = { 0 };
	auto_doc struct doc *d = NULL;
	const struct node *list;
	const char *at;

	if (doc_parse_json(text, len, name, &limits, &d, e))
		return -1;
	at = node_str(node_get(doc_root(d), "at"), NULL);
	list = node_get(doc_root(d), "items");
	if (node_int(node_get(doc_root(d), "version"), 0) != AUDIT_ITEMS_VERSION || !at ||
	    strlen(at) > WORD_MAX || !node_is_array(list))
		return err_set(e, ERR_PROTOCOL, "%s: no audit of this version", name);
	for (const struct node *n = node_first(list); n; n = node_next(n))
		if (get_item(n, &a))
			return err_set(e, ERR_PROTOCOL, "%s: an item that is none", name);
	a.at = mem_strdup(at);
	*out = a;
	a = (struct audit_items){ 0 };
	return 0;
}
