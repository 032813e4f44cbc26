/* The keys of both files as manual page source (man(7)), from the binder's tables. */
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/spec.h"

/* A dash is a minus sign to roff only when escaped, and only that can be copied from a page. */
static void put_text(struct strbuf *out, const char *s)
{
	for (bool start = true; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			strbuf_puts(out, "\\&");
		if (*s == '\\')
			strbuf_puts(out, "\\e");
		else if (*s == '-')
			strbuf_puts(out, "\\-");
		else
			strbuf_putc(out, *s);
		start = *s == '\n';
	}
}

static void put_line(struct strbuf *out, const char *before, const char *s, const char *after)
{
	strbuf_puts(out, before);
	put_text(out, s);
	strbuf_puts(out, after);
}

static const char *kind_word(const struct bind_field *f)
{
	return f->kind == BIND_OBJECT ? "Mapping" : f->kind == BIND_LIST ? "List" : "Value";
}

static void put_field(struct strbuf *out, const struct bind_field *f, const char *path)
{
	char expected[320];

	bind_expected(f, expected, sizeof(expected));
	put_line(out, ".TP\n.B ", path, "\n");
	put_text(out, f->help);
	strbuf_putc(out, '\n');
	if (f->kind != BIND_OBJECT && f->kind != BIND_LIST)
		put_line(out, "Expected: ", expected, ".\n");
	else
		strbuf_printf(out, "%s; its keys follow.\n", kind_word(f));
	if (f->flags & BIND_REQUIRED)
		strbuf_puts(out, "Required.\n");
	if (f->def)
		put_line(out, "Default:\n.BR ", f->def, " .\n");
	if (f->example)
		put_line(out, "Example:\n.RS\n.PP\n.nf\n", f->example, "\n.fi\n.RE\n");
}

static void put_table(struct strbuf *out, const struct bind_table *t, const char *prefix)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		if (f->flags & BIND_HIDDEN)
			continue;
		auto_free char *path = mem_printf("%s%s", prefix, f->key);
		put_field(out, f, path);
		if (!f->sub)
			continue;
		if (f->flags & BIND_SINGLE)
			strbuf_puts(out, "A mapping in place of the list is a list of one.\n");
		if (f->sub->scalar_key)
			strbuf_printf(out,
				      "A plain word in place of the mapping is its\n.BR %s .\n",
				      f->sub->scalar_key);
		auto_free char *deeper =
			mem_printf("%s%s.", path, f->kind == BIND_LIST ? "[]" : "");
		put_table(out, f->sub, deeper);
	}
}

char *manifest_manual(void)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	strbuf_puts(&out, ".SH KEYS OF A MANIFEST\n");
	put_table(&out, &tenant_table, "");
	strbuf_puts(&out, ".SH KEYS OF TENANTCTL.YAML\n");
	put_table(&out, &host_config_table, "");
	return strbuf_take(&out);
}
