/*
 * A bound struct in manifest notation. What is printed reads back as an equal struct:
 * a field that no manifest text could have set (an optional number that is unset) is
 * left out, and with it an optional mapping that lacks a required key.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bind.h"
#include "base/strlist.h"
#include "base/strmap.h"
#include "bind_internal.h"
#include "utf8.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Text that no YAML reader takes for anything but itself. Words that some readers take for
 * a truth value or a number are quoted too, for the sake of editors. */
static bool is_plain(const char *s)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on",
					     "off",  "y",    "n",     "inf", "nan" };
	bool letter = false;

	if (!is_alnum(*s) && *s != '/')
		return false;
	for (const char *p = s; *p; p++) {
		letter |= (*p >= 'g' && *p <= 'z') || (*p >= 'G' && *p <= 'Z') || *p == '/';
		if (!is_alnum(*p) && !strchr("_./@+-", *p) && !(*p == ':' && is_alnum(p[1])))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(words[i], s) == 0)
			return false;
	}
	return letter;
}

void bind_put_yaml(struct strbuf *out, const char *s)
{
	size_t len = strlen(s);

	if (is_plain(s)) {
		strbuf_puts(out, s);
		return;
	}
	strbuf_putc(out, '"');
	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);
		if (n == 0 || utf8_is_control(s + i, n))
			strbuf_escape(out, s + i, n ? n : 1);
		else if (s[i] == '"' || s[i] == '\\')
			strbuf_printf(out, "\\%c", s[i]);
		else
			strbuf_add(out, s + i, n);
		i += n ? n : 1;
	}
	strbuf_putc(out, '"');
}

static bool is_unset(const struct bind_field *f, const void *slot)
{
	if (f->kind == BIND_STRING)
		return !*(char *const *)slot;
	if (f->kind == BIND_INT || f->kind == BIND_SIZE || f->kind == BIND_DECIMAL)
		return !f->def && *(const int64_t *)slot == 0 && !bind_in_range(f, 0);
	if (f->kind != BIND_OBJECT)
		return false;
	for (size_t i = 0; i < f->sub->count; i++) {
		const struct bind_field *member = &f->sub->fields[i];
		if ((member->flags & BIND_REQUIRED) && is_unset(member, bind_slot(member, slot)))
			return true;
	}
	return false;
}

static void put_number(const struct bind_field *f, const void *slot, struct strbuf *out)
{
	char text[40];

	if (f->kind == BIND_INT)
		snprintf(text, sizeof(text), "%" PRId64, *(const int64_t *)slot);
	else if (f->kind == BIND_SIZE)
		bind_format_size(*(const uint64_t *)slot, text, sizeof(text));
	else
		bind_format_decimal(*(const int64_t *)slot, text, sizeof(text));
	strbuf_puts(out, text);
}

static void indent(struct strbuf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		strbuf_puts(out, "  ");
}

static void put_strlist(const struct strlist *l, struct strbuf *out)
{
	strbuf_putc(out, '[');
	for (size_t i = 0; i < l->count; i++) {
		strbuf_puts(out, i ? ", " : "");
		bind_put_yaml(out, l->items[i]);
	}
	strbuf_putc(out, ']');
}

static void put_strmap(const struct strmap *m, struct strbuf *out, unsigned depth)
{
	if (m->count == 0)
		strbuf_puts(out, " {}");
	for (size_t i = 0; i < m->count; i++) {
		strbuf_putc(out, '\n');
		indent(out, depth + 1);
		bind_put_yaml(out, m->entries[i].key);
		strbuf_puts(out, ": ");
		bind_put_yaml(out, m->entries[i].value);
	}
}

static void put_members(const struct bind_table *t, const void *in, struct strbuf *out,
			unsigned depth);

/* A mapping below its key or list dash; one without members is {}. */
static void put_mapping(const struct bind_table *t, const void *in, struct strbuf *out,
			unsigned depth, const char *before)
{
	auto_strbuf struct strbuf members = STRBUF_INIT(STRBUF_TEXT_MAX);

	put_members(t, in, &members, depth);
	if (members.len == 0) {
		strbuf_puts(out, " {}");
		return;
	}
	strbuf_puts(out, before);
	/* behind a dash the first member stands on the dash's line */
	size_t skip = *before == '\n' ? 0 : (size_t)depth * 2;
	strbuf_add(out, members.data + skip, members.len - skip - 1);
}

static void put_list(const struct bind_table *sub, const struct bind_list *l, struct strbuf *out,
		     unsigned depth)
{
	if (l->count == 0)
		strbuf_puts(out, " []");
	for (size_t i = 0; i < l->count; i++) {
		strbuf_putc(out, '\n');
		indent(out, depth + 1);
		strbuf_putc(out, '-');
		put_mapping(sub, (const char *)l->items + i * sub->size, out, depth + 2, " ");
	}
}

static void put_value(const struct bind_field *f, const void *slot, struct strbuf *out,
		      unsigned depth)
{
	if (f->kind == BIND_STRMAP) {
		put_strmap(slot, out, depth);
		return;
	}
	if (f->kind == BIND_LIST) {
		put_list(f->sub, slot, out, depth);
		return;
	}
	if (f->kind == BIND_OBJECT) {
		put_mapping(f->sub, slot, out, depth + 1, "\n");
		return;
	}
	strbuf_putc(out, ' ');
	if (f->kind == BIND_STRING)
		bind_put_yaml(out, *(char *const *)slot);
	else if (f->kind == BIND_BOOL)
		strbuf_puts(out, *(const bool *)slot ? "true" : "false");
	else if (f->kind == BIND_ENUM)
		bind_put_yaml(out, f->names[*(const int *)slot]);
	else if (f->kind == BIND_STRLIST)
		put_strlist(slot, out);
	else
		put_number(f, slot, out);
}

static void put_members(const struct bind_table *t, const void *in, struct strbuf *out,
			unsigned depth)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		if (is_unset(f, bind_slot(f, in)))
			continue;
		indent(out, depth);
		strbuf_printf(out, "%s:", f->key);
		put_value(f, bind_slot(f, in), out, depth);
		strbuf_putc(out, '\n');
	}
}

void bind_write_yaml(const struct bind_table *t, const void *in, struct strbuf *out)
{
	put_members(t, in, out, 0);
}
