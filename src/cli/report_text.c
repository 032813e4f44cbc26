/* Escaping for reports. Whatever a format gives a meaning to is written so that it has none. */
#include "report_text.h"

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/doc.h"
#include "base/mem.h"

struct range {
	uint32_t first, last;
};

/* Bidirectional and zero-width controls, line and paragraph separators, the two that are good
 * UTF-8 and yet no characters of XML, and the invisible tags. */
static const struct range acting[] = {
	{ 0x061C, 0x061C }, { 0x200B, 0x200F }, { 0x2028, 0x202E },   { 0x2060, 0x2069 },
	{ 0xFEFF, 0xFEFF }, { 0xFFFE, 0xFFFF }, { 0xE0000, 0xE0FFF },
};

/* The character at `p`, which is valid UTF-8. */
static uint32_t code_at(const unsigned char *p, size_t *out_len)
{
	size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 1;
	uint32_t code = len == 1 ? p[0] : p[0] & (0x7FU >> len);

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (p[i] & 0x3F);
	*out_len = len;
	return code;
}

static bool acts(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(acting); i++)
		if (code >= acting[i].first && code <= acting[i].last)
			return true;
	return false;
}

void report_safe(struct strbuf *out, const char *text)
{
	auto_strbuf struct strbuf valid = STRBUF_INIT(out->max);
	const char *p, *plain;

	if (!text)
		return;
	strbuf_escape(&valid, text, strlen(text));
	for (p = plain = strbuf_str(&valid); *p;) {
		size_t len;
		uint32_t code = code_at((const unsigned char *)p, &len);

		if (acts(code)) {
			strbuf_add(out, plain, (size_t)(p - plain));
			strbuf_printf(out, "\\u{%04X}", (unsigned)code);
			plain = p + len;
		}
		p += len;
	}
	strbuf_add(out, plain, (size_t)(p - plain));
}

void report_markup(struct strbuf *out, const char *text)
{
	auto_strbuf struct strbuf safe = STRBUF_INIT(out->max);
	static const struct {
		char c;
		const char *entity;
	} entities[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },    { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&apos;" },
	};

	report_safe(&safe, text);
	for (const char *p = strbuf_str(&safe); *p;) {
		size_t plain = strcspn(p, "&<>\"'");

		strbuf_add(out, p, plain);
		p += plain;
		for (size_t i = 0; *p && i < ARRAY_SIZE(entities); i++)
			if (*p == entities[i].c)
				strbuf_puts(out, entities[i].entity);
		p += *p != '\0';
	}
}

void report_quoted(struct strbuf *out, const char *text)
{
	auto_strbuf struct strbuf safe = STRBUF_INIT(out->max);
	auto_node struct node *n = NULL;
	auto_free char *quoted = NULL;

	report_safe(&safe, text);
	n = node_new_string(strbuf_str(&safe));
	quoted = node_print(n, false);
	strbuf_puts(out, quoted);
}
