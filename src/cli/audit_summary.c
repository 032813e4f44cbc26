/*
 * The page: how it went, what was looked at, what is new, gone, and as before. Lists
 * share what lines there are, the new ones first.
 */
#include "audit_summary.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"
#include "report_text.h"

enum {
	HEAD_LINES = 6 + AUDIT_SUMMARY_PARTS,
	LIST_LINES = AUDIT_SUMMARY_LINES - HEAD_LINES,
	ITEMS_MIN = 4,
};

/* One line, cut to the width at a character. */
static void put_line(struct strbuf *out, const char *text)
{
	size_t columns = 0, i = 0;

	while (text[i]) {
		size_t next = i + 1;

		while (((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		if (columns == AUDIT_SUMMARY_COLUMNS - 3 && strlen(text + i) > 3) {
			strbuf_add(out, text, i);
			strbuf_puts(out, "...\n");
			return;
		}
		columns++;
		i = next;
	}
	strbuf_add(out, text, i);
	strbuf_putc(out, '\n');
}

static void printf_like(2, 3) put(struct strbuf *out, const char *fmt, ...)
{
	auto_strbuf struct strbuf safe = STRBUF_INIT(8192);
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_safe(&safe, text);
	put_line(out, strbuf_str(&safe));
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool is_problem(const struct audit_item *x)
{
	return x->verdict != VERDICT_WARN;
}

/* Tenants with a problem; items with one come first and, within a verdict, by tenant. */
static size_t tenants_with_problems(const struct audit_items *a)
{
	auto_strlist struct strlist names = { 0 };

	for (size_t i = 0; i < a->count; i++)
		if (is_problem(&a->items[i]) && !strlist_has(&names, a->items[i].tenant))
			strlist_add(&names, a->items[i].tenant);
	return names.count;
}

static void put_subject(const struct audit_summary *s, size_t added, struct strbuf *out)
{
	size_t warnings = audit_items_count(s->now, VERDICT_WARN);
	size_t problems = s->now->count - warnings;
	auto_free char *host = mem_printf("%.16s%s", s->host, strlen(s->host) > 16 ? "..." : "");

	if (problems)
		put(out, "audit of %s: %zu problem%s in %zu of %zu, %zu new", host, problems,
		    plural(problems), tenants_with_problems(s->now), s->tenants, added);
	else
		put(out, "audit of %s: no problems in %zu tenant%s, %zu warning%s", host,
		    s->tenants, plural(s->tenants), warnings, plural(warnings));
}

static size_t count_part(const struct audit_items *a, const char *name, bool problems)
{
	auto_free char *prefix = mem_printf("audit.%s.", name);
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		n += !strncmp(a->items[i].id, prefix, strlen(prefix)) &&
		     is_problem(&a->items[i]) == problems;
	return n;
}

static void put_head(const struct audit_summary *s, size_t added, size_t gone, struct strbuf *out)
{
	put_subject(s, added, out);
	put(out, "%s", "");
	put(out, "%s, engine %s, kernel %s", s->now->at, s->engine ? s->engine : "unknown",
	    s->kernel ? s->kernel : "unknown");
	if (s->before->at)
		put(out, "since %s: %zu new, %zu gone, %zu as before", s->before->at, added, gone,
		    s->now->count - added);
	else
		put(out, "the first audit of this host: nothing to compare with");
	put(out, "%s", "");
	put(out, "%-8s %8s  %-12s %8s  %8s", "PART", "SEEN", "", "PROBLEMS", "WARNINGS");
	for (size_t i = 0; i < s->part_count; i++)
		put(out, "%-8s %8zu  %-12s %8zu  %8zu", s->parts[i].name, s->parts[i].seen,
		    s->parts[i].what, count_part(s->now, s->parts[i].name, true),
		    count_part(s->now, s->parts[i].name, false));
}

struct list {
	const char *title;
	const struct audit_item **items;
	size_t count, shown;
};

static void put_list(const struct list *l, struct strbuf *out)
{
	if (!l->count)
		return;
	put(out, "%s", "");
	put(out, "%s", l->title);
	for (size_t i = 0; i < l->shown; i++) {
		const struct audit_item *x = l->items[i];
		const char *id = strncmp(x->id, "audit.", 6) ? x->id : x->id + 6;

		put(out, "%c %s: %s: %s: %s", is_problem(x) ? '!' : ' ', x->tenant, id, x->subject,
		    x->text);
	}
	if (l->count > l->shown)
		put(out, "  and %zu more; -v shows them", l->count - l->shown);
}

/* How many items of each list are shown: each list takes three lines of its own (an empty one, the
 * title, what was left out), and every list shows a few. */
static void share(struct list *lists, size_t count, bool whole)
{
	size_t left = LIST_LINES;

	for (size_t i = 0; i < count; i++) {
		lists[i].shown = whole ? lists[i].count : MIN_OF(lists[i].count, ITEMS_MIN);
		left -= lists[i].count ? MIN_OF(left, 3 + lists[i].shown) : 0;
	}
	for (size_t i = 0; i < count && !whole; i++) {
		size_t more = MIN_OF(left, lists[i].count - lists[i].shown);

		lists[i].shown += more;
		left -= more;
	}
}

void audit_summary(const struct audit_summary *s, struct strbuf *out)
{
	auto_free const struct audit_item **added = NULL;
	auto_free const struct audit_item **gone = NULL;
	auto_free const struct audit_item **same = mem_array(s->now->count + 1, sizeof(*same));
	size_t added_count = audit_items_beyond(s->now, s->before, &added);
	size_t gone_count = audit_items_beyond(s->before, s->now, &gone);
	size_t same_count = 0;

	for (size_t i = 0, k = 0; i < s->now->count; i++) {
		if (k < added_count && added[k] == &s->now->items[i])
			k++;
		else
			same[same_count++] = &s->now->items[i];
	}
	struct list lists[] = {
		{ s->before->at ? "New (! is a problem)" : "Found (! is a problem)", added,
		  added_count, 0 },
		{ "Gone", gone, gone_count, 0 },
		{ "As before", same, same_count, 0 },
	};

	share(lists, ARRAY_SIZE(lists), s->whole);
	put_head(s, added_count, gone_count, out);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		put_list(&lists[i], out);
}
