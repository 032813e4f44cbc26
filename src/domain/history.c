/*
 * Lines of a tenant's history. A file that holds anything but such lines is refused as a
 * whole: half a history would be read as a quiet one.
 */
#include "domain/history.h"

#include <string.h>

#include "base/doc.h"
#include "base/mem.h"

enum { WORD_MAX = 64, MARKS_MAX = 1000 };

void history_free(struct history *h)
{
	for (size_t i = 0; i < h->count; i++) {
		struct history_entry *x = &h->items[i];

		free(x->at);
		free(x->verdict);
		free(x->engine);
		free(x->kernel);
		for (size_t k = 0; k < x->mark_count; k++)
			free(x->marks[k].id);
		free(x->marks);
	}
	free(h->items);
	*h = (struct history){ 0 };
}

/* ---- writing ---- */

static void put_mark(struct node *list, const char *id, enum finding_verdict v)
{
	struct node *n = node_push_object(list);

	node_set_str(n, "id", id);
	node_set_str(n, "verdict", verdict_name(v));
}

char *history_line(const struct history_record *r)
{
	auto_node struct node *root = node_new_object();
	auto_free char *text = NULL;
	struct node *n;

	node_set_int(root, "version", HISTORY_VERSION);
	node_set_str(root, "at", r->at);
	node_set_str(root, "verdict", r->verdict);
	node_set_bool(root, "quick", r->quick);
	node_set_num(root, "seconds", r->seconds);
	node_set_str(root, "engine", r->engine);
	node_set_str(root, "kernel", r->kernel);
	n = node_set_object(root, "counts");
	for (int v = 0; v < VERDICTS; v++)
		node_set_int(n, verdict_name((enum finding_verdict)v),
			     (int64_t)findings_count(r->findings, (enum finding_verdict)v));
	n = node_set_array(root, "not_passed");
	for (size_t i = 0; i < r->findings->count; i++)
		if (verdict_is_notable(r->findings->items[i].verdict))
			put_mark(n, r->findings->items[i].id, r->findings->items[i].verdict);
	text = node_print(root, false);
	return mem_printf("%s\n", text);
}

void history_append(const char *text, size_t len, const char *line, struct strbuf *out)
{
	size_t room = HISTORY_BYTES_MAX - MIN_OF(strlen(line), HISTORY_BYTES_MAX);
	const char *from = text + len;
	size_t kept = 1;

	/* back from the end, line by line, as long as both bounds allow */
	while (from > text && kept < HISTORY_ENTRIES_MAX) {
		const char *start = from - 1; /* the newline that ends the line */

		while (start > text && start[-1] != '\n')
			start--;
		if ((size_t)(text + len - start) > room)
			break;
		from = start;
		kept++;
	}
	strbuf_add(out, from, (size_t)(text + len - from));
	strbuf_puts(out, line);
}

struct node *history_entry_json(const struct history_entry *x)
{
	struct node *root = node_new_object();
	struct node *n;

	node_set_str(root, "at", x->at);
	node_set_str(root, "verdict", x->verdict);
	node_set_bool(root, "quick", x->quick);
	node_set_num(root, "seconds", x->seconds);
	node_set_str(root, "engine", x->engine);
	node_set_str(root, "kernel", x->kernel);
	n = node_set_object(root, "counts");
	for (int v = 0; v < VERDICTS; v++)
		node_set_int(n, verdict_name((enum finding_verdict)v), x->counts[v]);
	n = node_set_array(root, "not_passed");
	for (size_t i = 0; i < x->mark_count; i++)
		put_mark(n, x->marks[i].id, x->marks[i].verdict);
	return root;
}

/* ---- reading ---- */

static char *word_of(const struct node *n, const char *key)
{
	const char *s = node_str(node_get(n, key), NULL);

	return s && *s && strlen(s) <= WORD_MAX ? mem_strdup(s) : NULL;
}

static bool get_marks(const struct node *list, struct history_entry *x)
{
	size_t count = node_count(list);

	if (!node_is_array(list) || count > MARKS_MAX)
		return false;
	x->marks = mem_array(count + 1, sizeof(*x->marks));
	for (const struct node *n = node_first(list); n; n = node_next(n)) {
		struct history_mark *m = &x->marks[x->mark_count];

		if (!verdict_of_name(node_str(node_get(n, "verdict"), NULL), &m->verdict) ||
		    !(m->id = word_of(n, "id")))
			return false;
		x->mark_count++;
	}
	return true;
}

static bool get_entry(const struct node *root, struct history_entry *x)
{
	const struct node *counts = node_get(root, "counts");
	enum finding_verdict verdict;

	x->at = word_of(root, "at");
	x->verdict = word_of(root, "verdict");
	x->engine = word_of(root, "engine");
	x->kernel = word_of(root, "kernel");
	x->quick = node_bool(node_get(root, "quick"), false);
	x->seconds = node_num(node_get(root, "seconds"), 0);
	for (int v = 0; v < VERDICTS; v++) {
		x->counts[v] = node_int(node_get(counts, verdict_name((enum finding_verdict)v)), 0);
		if (x->counts[v] < 0)
			return false;
	}
	return x->at && verdict_of_name(x->verdict, &verdict) &&
	       get_marks(node_get(root, "not_passed"), x);
}

static int parse_line(const char *text, size_t len, const char *name, struct history *h,
		      struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	int64_t version;

	if (doc_parse_json(text, len, name, &limits, &d, e))
		return -1;
	version = node_int(node_get(doc_root(d), "version"), 0);
	h->items = mem_grow(h->items, h->count + 1, sizeof(*h->items));
	h->items[h->count] = (struct history_entry){ 0 };
	/* freed with the rest when it is not whole */
	if (get_entry(doc_root(d), &h->items[h->count++]) && version >= 1)
		return 0;
	if (version <= HISTORY_VERSION)
		return err_set(e, ERR_PROTOCOL, "%s: no result of a verification", name);
	struct history last = { .items = mem_array(1, sizeof(*last.items)), .count = 1 };

	last.items[0] = h->items[--h->count];
	history_free(&last);
	h->newer++;
	return 0;
}

int history_parse(const char *text, size_t len, const char *name, struct history *out,
		  struct err *e)
{
	auto_history struct history h = { 0 };
	const char *p = text, *end = text + len;

	for (size_t number = 1; p < end; number++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		auto_free char *place = mem_printf("%s:%zu", name, number);

		if (!newline)
			return err_set(e, ERR_PROTOCOL, "%s: the line is cut off", place);
		if (number > 2 * HISTORY_ENTRIES_MAX)
			return err_set(e, ERR_PROTOCOL, "%s: too many lines", place);
		if (parse_line(p, (size_t)(newline - p), place, &h, e))
			return -1;
		p = newline + 1;
	}
	*out = h;
	h = (struct history){ 0 };
	return 0;
}
