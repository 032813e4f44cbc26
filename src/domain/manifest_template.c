/*
 * The commented manifest of `init`. Every key is there: those that are set stand as
 * they are, the others behind a '#' without a space, so that taking the '#' away
 * gives a valid line, as in many daemons' configuration files.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/spec.h"
#include "spec_rules.h"

#define WRAP_AT 78

static void put_comment(struct strbuf *out, const char *indent, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");
		if (column > 0 && column + 1 + word > WRAP_AT) {
			strbuf_putc(out, '\n');
			column = 0;
		}
		if (column == 0) {
			strbuf_printf(out, "%s# ", indent);
			column = strlen(indent) + 1;
		} else {
			strbuf_putc(out, ' ');
		}
		strbuf_add(out, text, word);
		column += word + 1;
		text += word;
		text += strspn(text, " ");
	}
	strbuf_putc(out, '\n');
}

static void put_lines(struct strbuf *out, const char *before, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		strbuf_puts(out, before);
		strbuf_add(out, text, len);
		strbuf_putc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

/* One field of `base` as bind_write_yaml prints it. */
static char *field_yaml(const struct bind_table *t, const struct bind_field *f, const void *base)
{
	struct bind_table one = { .name = t->name, .size = t->size, .fields = f, .count = 1 };
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	bind_write_yaml(&one, base, &out);
	return strbuf_take(&out);
}

static char *example_yaml(const struct bind_field *f)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	if (f->kind == BIND_LIST) {
		strbuf_printf(&out, "%s:\n", f->key);
		put_lines(&out, "  ", f->example);
	} else {
		strbuf_printf(&out, "%s: %s\n", f->key, f->example);
	}
	return strbuf_take(&out);
}

/* False when the field holds what it would without being written. */
static bool is_set(const struct bind_table *t, const struct bind_field *f, const void *base,
		   const void *defaults)
{
	auto_free char *have = field_yaml(t, f, base);
	auto_free char *without = field_yaml(t, f, defaults);

	return (f->flags & BIND_REQUIRED) || strcmp(have, without) != 0;
}

static void put_flow(struct strbuf *out, const struct bind_table *t, const void *element);

/* The value of a member on one line. */
static void put_flow_value(struct strbuf *out, const struct bind_table *t,
			   const struct bind_field *f, const void *element)
{
	const void *slot = (const char *)element + f->offset;
	const struct bind_list *list = slot;

	if (f->kind == BIND_OBJECT) {
		put_flow(out, f->sub, slot);
	} else if (f->kind == BIND_LIST && (f->flags & BIND_SINGLE) && list->count == 1) {
		put_flow(out, f->sub, list->items);
	} else if (f->kind == BIND_LIST) {
		for (size_t i = 0; i < list->count; i++) {
			strbuf_puts(out, i ? ", " : "[ ");
			put_flow(out, f->sub, (const char *)list->items + i * f->sub->size);
		}
		strbuf_puts(out, list->count ? " ]" : "[]");
	} else {
		auto_free char *text = field_yaml(t, f, element);
		const char *value = text + strlen(f->key) + strlen(": ");
		strbuf_add(out, value, strcspn(value, "\n"));
	}
}

/* Members that are set, each behind `before` but the first. Returns their number. */
static size_t put_members(struct strbuf *out, const struct bind_table *t, const void *element,
			  const char *before)
{
	auto_free void *defaults = mem_alloc(t->size);
	size_t count = 0;

	bind_defaults(t, defaults);
	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		if (!is_set(t, f, element, defaults))
			continue;
		strbuf_printf(out, "%s%s: ", count++ ? before : "", f->key);
		put_flow_value(out, t, f, element);
	}
	bind_free(t, defaults);
	return count;
}

static void put_flow(struct strbuf *out, const struct bind_table *t, const void *element)
{
	strbuf_puts(out, "{ ");
	put_members(out, t, element, ", ");
	strbuf_puts(out, " }");
}

static bool has_parts(const struct bind_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->fields[i].sub)
			return true;
	return false;
}

/* A list element as people write it: what is a default is left out, what is then only a host is a
 * plain word, and what has parts has a line for each member. */
static void put_element(struct strbuf *out, const struct bind_table *t, const void *element)
{
	auto_strbuf struct strbuf members = STRBUF_INIT(STRBUF_TEXT_MAX);
	size_t count = put_members(&members, t, element, has_parts(t) ? "\n    " : ", ");
	size_t key = t->scalar_key ? strlen(t->scalar_key) : 0;
	const char *text = strbuf_str(&members);

	if (count == 1 && key && strncmp(text, t->scalar_key, key) == 0 && text[key] == ':')
		strbuf_printf(out, "  - %s\n", text + key + strlen(": "));
	else if (has_parts(t))
		strbuf_printf(out, "  - %s\n", text);
	else
		strbuf_printf(out, "  - { %s }\n", text);
}

static void put_list(struct strbuf *out, const struct bind_field *f, const struct bind_list *list)
{
	strbuf_printf(out, "%s:\n", f->key);
	for (size_t i = 0; i < list->count; i++)
		put_element(out, f->sub, (const char *)list->items + i * f->sub->size);
}

static void put_table(struct strbuf *out, const struct bind_table *t, const void *base,
		      const void *defaults, const char *indent);

static void put_field(struct strbuf *out, const struct bind_table *t, const struct bind_field *f,
		      const void *base, const void *defaults, const char *indent)
{
	bool set = is_set(t, f, base, defaults);
	auto_free char *before = mem_printf("%s%s", set ? "" : "#", indent);

	put_comment(out, indent, f->help);
	if (f->kind == BIND_OBJECT) {
		auto_free char *deeper = mem_printf("%s  ", indent);
		strbuf_printf(out, "%s%s:\n", before, f->key);
		put_table(out, f->sub, (const char *)base + f->offset,
			  (const char *)defaults + f->offset, deeper);
		return;
	}
	if (set && f->kind == BIND_LIST) {
		put_list(out, f, (const void *)((const char *)base + f->offset));
		return;
	}
	auto_free char *text =
		!set && f->example && !f->def ? example_yaml(f) : field_yaml(t, f, base);
	put_lines(out, before, text);
}

static void put_table(struct strbuf *out, const struct bind_table *t, const void *base,
		      const void *defaults, const char *indent)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->fields[i].flags & BIND_HIDDEN)
			continue;
		if (*indent == '\0')
			strbuf_putc(out, '\n');
		put_field(out, t, &t->fields[i], base, defaults, indent);
	}
}

/* HOST or HOST:PORT; what is wrong with the host itself is found when the whole is parsed. */
static int add_allowed(struct tenant_spec *s, const char *text, struct err *e)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	auto_free char *host = mem_strndup(text, len);
	int64_t port = 443;

	if (colon && bind_parse_int(colon + 1, 1, UINT16_MAX, &port, e))
		return err_wrap(e, "port of an allowed host");
	for (size_t i = 0; i < s->egress.count; i++) {
		const struct egress_entry *have = LIST_AT(egress_entry, &s->egress, i);
		if (strcmp(have->host, host) == 0 && have->port == port)
			return 0;
	}
	s->egress.items =
		mem_grow(s->egress.items, s->egress.count + 1, sizeof(struct egress_entry));
	*LIST_AT(egress_entry, &s->egress, s->egress.count++) =
		(struct egress_entry){ .host = take_ptr(host), .port = port };
	return 0;
}

static int copy_spec(const struct tenant_spec *from, struct tenant_spec *out, struct err *e)
{
	auto_free char *text = manifest_resolved(from);

	return manifest_parse(text, strlen(text), from->tenant, NULL, out, e);
}

static const char *placeholder(const char *key)
{
	for (size_t i = 0; i < tenant_table.count; i++) {
		if (strcmp(tenant_table.fields[i].key, key) == 0)
			return tenant_table.fields[i].example;
	}
	return NULL;
}

static int fill(const struct init_options *o, struct tenant_spec *s, struct err *e)
{
	if (o->from && copy_spec(o->from, s, e))
		return -1;
	if (!o->from)
		bind_defaults(&tenant_table, s);
	s->version = 1;
	mem_replace(&s->tenant, o->tenant);
	if (o->image || !s->image)
		mem_replace(&s->image, o->image ? o->image : placeholder("image"));
	for (size_t i = 0; i < o->allow.count; i++) {
		if (add_allowed(s, o->allow.items[i], e))
			return -1;
	}
	return 0;
}

int manifest_template(const struct init_options *o, char **out, struct err *e)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_spec struct tenant_spec s = { 0 }, defaults = { 0 }, again = { 0 };

	if (tenant_name_check(o->tenant, ERR_USAGE, e) || fill(o, &s, e))
		return -1;
	bind_defaults(&tenant_table, &defaults);
	put_comment(&text, "",
		    "Manifest of one tenant. A key behind '#' shows its default or, where there is "
		    "none, an example. All about keys: tenantctl-manifest(5).");
	put_table(&text, &tenant_table, &s, &defaults, "");
	/* options that no manifest could hold are found here */
	if (manifest_parse(strbuf_str(&text), text.len, "the new manifest", o->tenant, &again, e)) {
		e->code = ERR_USAGE;
		return -1;
	}
	*out = strbuf_take(&text);
	return 0;
}
