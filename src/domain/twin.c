/* Reads what a twin's probe printed. See domain/twin.h for the lines. */
#include "domain/twin.h"

#include <stdint.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/strbuf.h"

static const char *const outcome_names[TWIN_OUTCOMES] = {
	[TWIN_BLOCKED] = "blocked",
	[TWIN_OPEN] = "open",
	[TWIN_NONE] = "none",
	[TWIN_ERROR] = "error",
};
static const char *const abi_names[TWIN_ABIS] = { TWIN_ABI_NAMES };

enum line { LINE_ENTRY, LINE_END, LINE_BAD };

struct reader {
	struct twin_facts *facts;
	size_t lines; /* before the one being read */
};

static void trouble(struct reader *r, const char *why)
{
	if (!r->facts->trouble)
		r->facts->trouble = mem_printf("line %zu: %s", r->lines + 1, why);
}

static int index_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

/* Copies text that has no control bytes and fits. */
static bool copy_plain(char *to, size_t size, const char *from)
{
	size_t len = from ? strlen(from) : 0;

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)from[i] < 0x20 || (unsigned char)from[i] > 0x7e)
			return false;
	memcpy(to, from, len + 1);
	return true;
}

/* Text for people: cut where it is too long, never inside an escape. */
static void copy_detail(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (const char *p = from; *p; p++) {
		struct strbuf b auto_strbuf = STRBUF_INIT(16);

		strbuf_escape(&b, p, 1);
		if (used + b.len >= size)
			break;
		memcpy(to + used, b.data, b.len);
		used += b.len;
	}
	to[used] = '\0';
}

const struct twin_entry *twin_find(const struct twin_facts *f, const char *id, const char *what)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].id, id) && !strcmp(f->items[i].what, what))
			return &f->items[i];
	return NULL;
}

static bool read_attempt(struct reader *r, const struct node *n)
{
	struct twin_facts *f = r->facts;
	struct twin_entry entry = { 0 };
	int outcome = index_of(outcome_names, TWIN_OUTCOMES, node_str(node_get(n, "outcome"), ""));
	int64_t number = node_int(node_get(n, "errno"), -1);
	const char *detail = node_str(node_get(n, "detail"), NULL);

	if (!copy_plain(entry.id, sizeof(entry.id), node_str(node_get(n, "id"), NULL)) ||
	    !copy_plain(entry.what, sizeof(entry.what), node_str(node_get(n, "what"), NULL)) ||
	    outcome < 0 || number < 0 || number > 4095 || !detail || node_count(n) != 6) {
		trouble(r, "not an attempt as agreed");
		return false;
	}
	if (f->count >= TWIN_ENTRIES_MAX || twin_find(f, entry.id, entry.what)) {
		trouble(r, f->count >= TWIN_ENTRIES_MAX ? "too many attempts"
							: "an attempt that was told before");
		return false;
	}
	entry.outcome = (enum twin_outcome)outcome;
	entry.sys_errno = (int)number;
	copy_detail(entry.detail, sizeof(entry.detail), detail);
	f->items = mem_grow(f->items, f->count + 1, sizeof(*f->items));
	f->items[f->count++] = entry;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_calls(unsigned char *calls, int64_t from, const char *results)
{
	size_t len = strlen(results);

	if (from < 0 || from >= TWIN_CALLS || len == 0 || len % 2 ||
	    len / 2 > (size_t)(TWIN_CALLS - from))
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_digit(results[i]), low = hex_digit(results[i + 1]);
		int value = high < 0 || low < 0 ? -1 : high * 16 + low;
		unsigned char *slot = &calls[(size_t)from + i / 2];

		if (value < 0 || (value > TWIN_CALL_ERRNO_MAX && value < TWIN_CALL_SIGNAL) ||
		    *slot != TWIN_CALL_UNTRIED)
			return false;
		*slot = (unsigned char)value;
	}
	return true;
}

static bool read_sweep(struct reader *r, const struct node *n)
{
	int abi = index_of(abi_names, TWIN_ABIS, node_str(node_get(n, "what"), ""));

	if (abi < 0 || node_count(n) != 5 ||
	    !read_calls(r->facts->calls[abi], node_int(node_get(n, "from"), -1),
			node_str(node_get(n, "results"), ""))) {
		trouble(r, "not a sweep as agreed");
		return false;
	}
	return true;
}

static enum line read_line(struct reader *r, const char *text, size_t len)
{
	static const struct doc_limits limits = { .bytes = TWIN_LINE_MAX, .depth = 2, .nodes = 16 };
	auto_doc struct doc *doc = NULL;
	struct err e = ERR_INIT;
	const struct node *n;
	const char *id;

	if (len > TWIN_LINE_MAX || doc_parse_json(text, len, "probe", &limits, &doc, &e)) {
		trouble(r, len > TWIN_LINE_MAX ? "too long" : "not JSON");
		return LINE_BAD;
	}
	n = doc_root(doc);
	id = node_str(node_get(n, "id"), "");
	if (node_int(node_get(n, "v"), 0) != 1) {
		trouble(r, "of another version");
		return LINE_BAD;
	}
	if (!strcmp(id, "end")) {
		if (node_count(n) == 3 && node_int(node_get(n, "count"), -1) == (int64_t)r->lines)
			return LINE_END;
		trouble(r, "the end, with another number of lines");
		return LINE_BAD;
	}
	if (!strcmp(id, "sweep") ? read_sweep(r, n) : read_attempt(r, n))
		return LINE_ENTRY;
	return LINE_BAD;
}

void twin_parse(const char *text, size_t size, struct twin_facts *out)
{
	struct reader r = { .facts = out };
	size_t at = 0;

	*out = (struct twin_facts){ 0 };
	memset(out->calls, TWIN_CALL_UNTRIED, sizeof(out->calls));
	if (size > TWIN_OUTPUT_MAX) {
		out->trouble = mem_strdup("the probe said too much");
		return;
	}
	while (at < size) {
		const char *end = memchr(text + at, '\n', size - at);
		enum line line;

		if (!end) {
			trouble(&r, "cut off");
			return;
		}
		line = read_line(&r, text + at, (size_t)(end - (text + at)));
		at = (size_t)(end - text) + 1;
		if (line == LINE_BAD)
			return;
		if (line == LINE_END) {
			if (at == size)
				out->complete = true;
			else
				out->trouble = mem_strdup("the probe said something after its end");
			return;
		}
		r.lines++;
	}
	out->trouble = mem_printf("the probe ended after %zu lines, without its end", r.lines);
}

void twin_facts_free(struct twin_facts *f)
{
	free(f->items);
	free(f->trouble);
	*f = (struct twin_facts){ 0 };
}

const char *twin_outcome_name(enum twin_outcome o)
{
	return outcome_names[o];
}

const char *twin_abi_name(enum twin_abi abi)
{
	return abi_names[abi];
}
