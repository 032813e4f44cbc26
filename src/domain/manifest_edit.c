/*
 * Changes of the egress list. The places come from the reader's own positions; how a list is
 * written (lines with a dash, brackets on one line or several) decides what is put where. No way of
 * writing has to be understood for a change to be right: the result is read and compared, and what
 * differs in anything but the change asked for is refused.
 */
#include "domain/manifest_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest_place.h"

struct editor {
	struct text_view t;
	struct doc *doc;
	struct node *root, *list; /* list: NULL when there is none */
	bool json;		  /* written as JSON: every string is quoted */
	struct text_edits edits;
};

/* ---- an entry as text ---- */

static void put_string(struct strbuf *b, const char *s, bool json)
{
	if (!json) {
		bind_put_yaml(b, s);
		return;
	}
	strbuf_putc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			strbuf_putc(b, '\\');
		strbuf_putc(b, *s);
	}
	strbuf_putc(b, '"');
}

static void put_member(struct strbuf *b, const char *key, const char *value, bool json)
{
	bool plain = strspn(value, "0123456789-") == strlen(value) || strcmp(value, "true") == 0;
	const char *quote = json ? "\"" : "";

	strbuf_printf(b, "%s %s%s%s: ", b->len > 1 ? "," : "", quote, key, quote);
	/* a date is a string in JSON; numbers and true are themselves in both */
	if (plain && !(json && strchr(value, '-')))
		strbuf_puts(b, value);
	else
		put_string(b, value, json);
}

static char *entry_text(const struct egress_entry *r, bool json)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);
	bool tcp = r->protocol == EGRESS_TCP;

	if (r->port == 443 && !tcp && !r->private_ok && !r->expires && !r->reason) {
		put_string(&b, r->host, json);
		return strbuf_take(&b);
	}
	auto_free char *port = mem_printf("%lld", (long long)r->port);
	strbuf_putc(&b, '{');
	put_member(&b, "host", r->host, json);
	if (r->port != 443 || tcp)
		put_member(&b, "port", port, json);
	if (tcp)
		put_member(&b, "protocol", "tcp", json);
	if (r->private_ok)
		put_member(&b, "private", "true", json);
	if (r->expires)
		put_member(&b, "expires", r->expires, json);
	if (r->reason)
		put_member(&b, "reason", r->reason, json);
	strbuf_puts(&b, " }");
	return strbuf_take(&b);
}

char *manifest_egress_text(const struct egress_entry *entry)
{
	return entry_text(entry, false);
}

/* ---- places ---- */

static bool is_flow(const struct editor *ed, size_t from)
{
	return from < ed->t.len && (ed->t.text[from] == '[' || ed->t.text[from] == '{');
}

static struct extent extent_of(const struct editor *ed, const struct node *n)
{
	struct extent x = { 0 };

	return doc_extent(ed->doc, n, &x) ? text_trim(&ed->t, x) : x;
}

static struct extent item_of(const struct editor *ed, size_t index)
{
	return extent_of(ed, node_at(ed->list, index));
}

static char *part(const struct editor *ed, size_t from, size_t to)
{
	return mem_strndup(ed->t.text + from, to - from);
}

/* The break that ends the line of `at`, or the text's first, so that a file keeps its kind. */
static char *break_at(const struct editor *ed, size_t at)
{
	size_t end = text_line_end(&ed->t, at);

	if (end == ed->t.len)
		end = text_line_end(&ed->t, 0);
	if (end == ed->t.len)
		return mem_strdup("\n");
	return part(ed, end, end + text_break(&ed->t, end));
}

static size_t dash_of(const struct editor *ed, size_t index)
{
	size_t from = index ? item_of(ed, index - 1).to : extent_of(ed, ed->list).from;

	return text_find(&ed->t, from, item_of(ed, index).from, '-');
}

/* The colon behind `egress`. */
static size_t colon_of(const struct editor *ed)
{
	struct extent key;

	if (!doc_key_extent(ed->doc, ed->list, &key))
		return NO_PLACE;
	return text_find(&ed->t, key.to, extent_of(ed, ed->list).from, ':');
}

/* ---- lists of lines with a dash ---- */

static bool block_add(struct editor *ed, const char *entry)
{
	size_t last = node_count(ed->list) - 1;
	size_t dash = dash_of(ed, last);
	struct extent item = item_of(ed, last);
	size_t end = text_line_end(&ed->t, item.to);

	if (dash == NO_PLACE || !text_starts_line(&ed->t, dash) || !text_ends_line(&ed->t, item.to))
		return false;
	bool one_line = text_is_space(&ed->t, dash + 1, item.from);
	auto_free char *nl = break_at(ed, item.to);
	auto_free char *indent = part(ed, text_line_start(&ed->t, dash), dash);
	auto_free char *gap = one_line ? part(ed, dash + 1, item.from) : mem_strdup(" ");
	text_edit(&ed->edits, end, end, mem_printf("%s%s-%s%s", nl, indent, gap, entry));
	return true;
}

/* The lines from `from` to `to` with their break; at the end of the text the one before. */
static void cut_lines(struct editor *ed, size_t from, size_t to)
{
	size_t start = text_line_start(&ed->t, from), end = text_line_end(&ed->t, to);

	if (end == ed->t.len)
		start -= text_break_before(&ed->t, start);
	else
		end += text_break(&ed->t, end);
	text_edit(&ed->edits, start, end, NULL);
}

static bool block_remove(struct editor *ed, size_t index)
{
	size_t dash = dash_of(ed, index), colon = colon_of(ed);
	struct extent item = item_of(ed, index);

	if (dash == NO_PLACE || !text_starts_line(&ed->t, dash) || !text_ends_line(&ed->t, item.to))
		return false;
	if (node_count(ed->list) == 1) {
		if (colon == NO_PLACE)
			return false;
		text_edit(&ed->edits, colon + 1, colon + 1, mem_strdup(" []"));
	}
	cut_lines(ed, dash, item.to);
	return true;
}

/* ---- lists in brackets ---- */

/* `egress: []` of a manifest made of lines becomes such a list, too. */
static bool empty_to_block(struct editor *ed, const char *entry)
{
	struct extent list = extent_of(ed, ed->list), key;
	size_t colon = colon_of(ed);
	size_t end = text_line_end(&ed->t, list.to);

	if (colon == NO_PLACE || !doc_key_extent(ed->doc, ed->list, &key) ||
	    is_flow(ed, extent_of(ed, ed->root).from) || !text_starts_line(&ed->t, key.from) ||
	    !text_is_space(&ed->t, colon + 1, list.from) ||
	    !text_is_space(&ed->t, list.from + 1, list.to - 1) || !text_ends_line(&ed->t, list.to))
		return false;
	auto_free char *nl = break_at(ed, list.to);
	auto_free char *indent = part(ed, text_line_start(&ed->t, key.from), key.from);
	text_edit(&ed->edits, colon + 1, list.to, NULL);
	text_edit(&ed->edits, end, end, mem_printf("%s%s  - %s", nl, indent, entry));
	return true;
}

static bool flow_add(struct editor *ed, const char *entry)
{
	struct extent list = extent_of(ed, ed->list);
	size_t count = node_count(ed->list);

	if (!count && empty_to_block(ed, entry))
		return true;
	if (!count) {
		text_edit(&ed->edits, list.from + 1, list.from + 1, mem_strdup(entry));
		return true;
	}
	struct extent item = item_of(ed, count - 1);
	size_t comma = text_find(&ed->t, item.to, list.to, ',');
	size_t behind = comma == NO_PLACE ? item.to : comma + 1;
	size_t end = text_line_end(&ed->t, behind);

	if (!text_starts_line(&ed->t, item.from) || !text_ends_line(&ed->t, behind)) {
		text_edit(&ed->edits, item.to, item.to, mem_printf(", %s", entry));
		return true;
	}
	auto_free char *nl = break_at(ed, behind);
	auto_free char *indent = part(ed, text_line_start(&ed->t, item.from), item.from);
	if (comma == NO_PLACE)
		text_edit(&ed->edits, item.to, item.to, mem_strdup(","));
	text_edit(&ed->edits, end, end,
		  mem_printf("%s%s%s%s", nl, indent, entry, comma == NO_PLACE ? "" : ","));
	return true;
}

/* Cuts two parts, and what is between them when that is only space. */
static void cut_both(struct editor *ed, size_t a_from, size_t a_to, size_t b_from, size_t b_to)
{
	if (text_is_space(&ed->t, a_to, b_from)) {
		text_edit(&ed->edits, a_from, b_to, NULL);
		return;
	}
	text_edit(&ed->edits, a_from, a_to, NULL);
	text_edit(&ed->edits, b_from, b_to, NULL);
}

static size_t behind_space(const struct editor *ed, size_t at)
{
	while (text_is_space(&ed->t, at, at + 1) && at + 1 < ed->t.len)
		at++;
	return at;
}

static bool flow_remove(struct editor *ed, size_t index)
{
	struct extent list = extent_of(ed, ed->list), item = item_of(ed, index);
	bool last = index + 1 == node_count(ed->list);
	size_t next = last ? list.to : item_of(ed, index + 1).from;
	size_t after = text_find(&ed->t, item.to, next, ',');
	size_t behind = after == NO_PLACE ? item.to : after + 1;
	size_t before =
		index ? text_find(&ed->t, item_of(ed, index - 1).to, item.from, ',') : NO_PLACE;

	if (index && before == NO_PLACE)
		return false;
	if (text_starts_line(&ed->t, item.from) && text_ends_line(&ed->t, behind)) {
		cut_lines(ed, item.from, behind);
		if (after == NO_PLACE && index)
			text_edit(&ed->edits, before, before + 1, NULL);
	} else if (after != NO_PLACE && (!last || !index)) {
		cut_both(ed, item.from, item.to, after, last ? behind : behind_space(ed, behind));
	} else if (index) {
		cut_both(ed, before, before + 1, item.from, item.to);
	} else {
		size_t from =
			text_is_space(&ed->t, list.from + 1, item.from) ? list.from + 1 : item.from;

		text_edit(&ed->edits, from, item.to, NULL);
	}
	return true;
}

/* ---- a manifest without the list ---- */

static bool add_list(struct editor *ed, const char *entry)
{
	struct extent root = extent_of(ed, ed->root);
	const char *quote = ed->json ? "\"" : "";
	size_t end = text_line_end(&ed->t, root.to);

	if (is_flow(ed, root.from)) {
		const struct node *n = node_first(ed->root);
		struct extent last;

		for (const struct node *next = n; next; next = node_next(next))
			n = next;
		last = extent_of(ed, n);
		text_edit(&ed->edits, last.to, last.to,
			  mem_printf(", %segress%s: [%s]", quote, quote, entry));
		return true;
	}
	if (!text_starts_line(&ed->t, root.from) || !text_ends_line(&ed->t, root.to))
		return false;
	auto_free char *nl = break_at(ed, root.to);
	auto_free char *indent = part(ed, text_line_start(&ed->t, root.from), root.from);
	text_edit(&ed->edits, end, end,
		  mem_printf("%s%segress:%s%s  - %s", nl, indent, nl, indent, entry));
	return true;
}

/* ---- one change ---- */

enum change_kind { CHANGE_ADD, CHANGE_REPLACE, CHANGE_REMOVE };

static bool make_edits(struct editor *ed, enum change_kind kind, size_t index,
		       const struct egress_entry *entry)
{
	auto_free char *text = entry ? entry_text(entry, ed->json) : NULL;
	bool flow = ed->list && is_flow(ed, extent_of(ed, ed->list).from);
	struct extent item;

	if (!ed->list)
		return kind == CHANGE_ADD && add_list(ed, text);
	if (kind == CHANGE_ADD)
		return flow ? flow_add(ed, text) : block_add(ed, text);
	if (kind == CHANGE_REMOVE)
		return flow ? flow_remove(ed, index) : block_remove(ed, index);
	item = item_of(ed, index);
	/* a comment inside the entry would be lost */
	if (memchr(ed->t.text + item.from, '#', item.to - item.from))
		return false;
	text_edit(&ed->edits, item.from, item.to, take_ptr(text));
	return true;
}

/* *out is NULL when the text is written in a way that is not understood; *out_line is where. */
static int change_text(const char *text, size_t len, const char *file, enum change_kind kind,
		       size_t index, const struct egress_entry *entry, char **out,
		       unsigned *out_line, struct err *e)
{
	static const struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	struct editor ed = { .t = { .text = text, .len = len } };
	struct extent root, first;

	if (doc_parse_yaml(text, len, file, &limits, &d, e))
		return -1;
	ed.doc = d;
	ed.root = doc_root(d);
	ed.list = node_get(ed.root, "egress");
	root = extent_of(&ed, ed.root);
	ed.json = is_flow(&ed, root.from) && doc_key_extent(d, node_first(ed.root), &first) &&
		  text[first.from] == '"';
	*out_line = doc_position(d, node_at(ed.list, index)).line;
	if (kind == CHANGE_ADD)
		*out_line = ed.list ? doc_key_position(d, ed.list).line : 0;
	*out = NULL;
	if (make_edits(&ed, kind, index, entry))
		*out = text_apply(&ed.t, &ed.edits);
	text_edits_free(&ed.edits);
	return 0;
}

/* ---- what must come out ---- */

static void copy_entry(struct egress_entry *to, const struct egress_entry *from)
{
	*to = *from;
	to->host = from->host ? mem_strdup(from->host) : NULL;
	to->expires = from->expires ? mem_strdup(from->expires) : NULL;
	to->reason = from->reason ? mem_strdup(from->reason) : NULL;
}

static void free_entry(struct egress_entry *r)
{
	free(r->host);
	free(r->expires);
	free(r->reason);
}

static void expect(struct tenant_spec *s, enum change_kind kind, size_t index,
		   const struct egress_entry *entry)
{
	struct egress_entry *items = s->egress.items;

	if (kind == CHANGE_ADD) {
		items = mem_grow(items, s->egress.count + 1, sizeof(*items));
		copy_entry(&items[s->egress.count++], entry);
		s->egress.items = items;
		return;
	}
	free_entry(&items[index]);
	if (kind == CHANGE_REPLACE) {
		copy_entry(&items[index], entry);
		return;
	}
	s->egress.count--;
	memmove(items + index, items + index + 1, (s->egress.count - index) * sizeof(*items));
}

static int by_hand(const char *file, unsigned line, enum change_kind kind,
		   const struct egress_entry *entry, struct err *e)
{
	static const char *const words[] = {
		[CHANGE_ADD] = "added", [CHANGE_REPLACE] = "changed", [CHANGE_REMOVE] = "removed"
	};
	auto_free char *text = entry ? entry_text(entry, false) : NULL;
	auto_free char *place = line ? mem_printf(":%u", line) : mem_strdup("");

	err_set(e, ERR_MANIFEST,
		"%s%s: this list is written in a way that is not edited: nothing was changed", file,
		place);
	err_hint(e, "edit the file by hand: the entry to be %s is%s%s", words[kind],
		 text ? ": " : " in that line", text ? text : "");
	return -1;
}

/* `want` is the manifest as it must read. */
static int check_result(const char *made, const char *file, struct tenant_spec *want,
			bool *out_same, struct err *e)
{
	auto_spec struct tenant_spec got = { 0 }, again = { 0 };
	auto_free char *resolved = NULL;
	struct err why = ERR_INIT;

	*out_same = false;
	if (!manifest_parse(made, strlen(made), file, want->tenant, &got, &why)) {
		*out_same = bind_equal(&tenant_table, &got, want);
		return 0;
	}
	/* the entry's own fault, if it cannot be written in any way */
	resolved = manifest_resolved(want);
	if (!manifest_parse(resolved, strlen(resolved), file, want->tenant, &again, e))
		return 0;
	*e = why;
	return -1;
}

static int change(const char *text, size_t len, const char *file, enum change_kind kind,
		  size_t index, const struct egress_entry *entry, char **out, struct err *e)
{
	auto_spec struct tenant_spec want = { 0 };
	auto_free char *made = NULL;
	unsigned line;
	bool same = false;

	if (manifest_parse(text, len, file, NULL, &want, e))
		return -1;
	if (kind != CHANGE_ADD && index >= want.egress.count)
		return err_set(e, ERR_INTERNAL, "there is no egress entry %zu", index);
	expect(&want, kind, index, entry);
	if (change_text(text, len, file, kind, index, entry, &made, &line, e))
		return -1;
	if (made && check_result(made, file, &want, &same, e))
		return -1;
	if (!made || !same)
		return by_hand(file, line, kind, entry, e);
	*out = made;
	made = NULL;
	return 0;
}

int manifest_egress_add(const char *text, size_t len, const char *file,
			const struct egress_entry *entry, char **out, struct err *e)
{
	return change(text, len, file, CHANGE_ADD, 0, entry, out, e);
}

int manifest_egress_replace(const char *text, size_t len, const char *file, size_t index,
			    const struct egress_entry *entry, char **out, struct err *e)
{
	return change(text, len, file, CHANGE_REPLACE, index, entry, out, e);
}

int manifest_egress_remove(const char *text, size_t len, const char *file, const bool *drop,
			   char **out, struct err *e)
{
	auto_spec struct tenant_spec spec = { 0 };
	auto_free char *now = mem_strndup(text, len);

	if (manifest_parse(text, len, file, NULL, &spec, e))
		return -1;
	/* from the end on, so that what is before keeps its place */
	for (size_t i = spec.egress.count; i-- > 0;) {
		char *next = NULL;

		if (!drop[i])
			continue;
		if (change(now, strlen(now), file, CHANGE_REMOVE, i, NULL, &next, e) || !next)
			return -1;
		free(now);
		now = next;
	}
	*out = take_ptr(now);
	return 0;
}
