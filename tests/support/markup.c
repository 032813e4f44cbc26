/* A reader of markup that stops at the first doubt. */
#include "markup.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

enum { NAME_MAX_LEN = 31, DEPTH_MAX = 32 };

struct reader {
	const char *p;
	enum markup_kind kind;
	char open[DEPTH_MAX][NAME_MAX_LEN + 1];
	size_t depth, elements;
	char *problem;
	size_t size;
};

static bool printf_like(2, 3) refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->problem, r->size, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_entity(const char *p, const char *end)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if ((size_t)(end - p) >= strlen(known[i]) &&
		    !strncmp(p, known[i], strlen(known[i])))
			return true;
	return false;
}

static bool read_text(struct reader *r, const char *p, const char *end)
{
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
			return refuse(r, "control byte 0x%02x", c);
		if (c == '<' || (c == '&' && !is_entity(p, end)))
			return refuse(r, "bare %c in '%.40s'", c, p);
		if (end - p >= 3 && !strncmp(p, "]]>", 3))
			return refuse(r, "]]> in text");
	}
	return true;
}

static bool read_name(struct reader *r, char name[NAME_MAX_LEN + 1])
{
	size_t len = 0;

	while ((isalnum((unsigned char)*r->p) || *r->p == '-') && len < NAME_MAX_LEN)
		name[len++] = *r->p++;
	name[len] = '\0';
	return len > 0 && isalpha((unsigned char)name[0]) ? true
							  : refuse(r, "a name at '%.40s'", r->p);
}

/* What runs, loads, posts or styles. Style attributes are refused by the page's own policy. */
static bool is_harmless(struct reader *r, const char *element, const char *name, const char *value)
{
	static const char *const never[] = { "src",    "style", "action",     "data",
					     "srcset", "ping",	"xlink:href", "formaction" };

	if (r->kind == MARKUP_XML)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (!strcmp(name, never[i]))
			return refuse(r, "attribute %s of %s", name, element);
	if (!strncmp(name, "on", 2))
		return refuse(r, "attribute %s of %s", name, element);
	if (!strcmp(name, "href") && value[0] != '#')
		return refuse(r, "a link that leaves the page: %.40s", value);
	return true;
}

static bool is_known_element(struct reader *r, const char *name)
{
	static const char *const known[] = {
		"html",	   "head",    "meta",	 "title", "style",   "body",  "header", "main",
		"footer",  "section", "article", "div",	  "span",    "p",     "h1",	"h2",
		"h3",	   "ul",      "li",	 "dl",	  "dt",	     "dd",    "b",	"strong",
		"code",	   "time",    "a",	 "table", "caption", "thead", "tbody",	"tr",
		"th",	   "td",      "details", "svg",	  "defs",    "g",     "rect",	"path",
		"summary", "text",    "use",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (r->kind == MARKUP_XML || !strcmp(name, known[i]))
			return true;
	return refuse(r, "element %s", name);
}

static bool read_attributes(struct reader *r, const char *element)
{
	while (*r->p == ' ') {
		char name[NAME_MAX_LEN + 1];
		const char *end;

		r->p++;
		if (!read_name(r, name))
			return false;
		if (strncmp(r->p, "=\"", 2) != 0)
			return refuse(r, "attribute %s without a value", name);
		r->p += 2;
		end = strchr(r->p, '"');
		if (!end)
			return refuse(r, "attribute %s does not end", name);
		if (!read_text(r, r->p, end) || !is_harmless(r, element, name, r->p))
			return false;
		r->p = end + 1;
	}
	return true;
}

static bool open_element(struct reader *r, const char *name)
{
	if (!is_known_element(r, name) || !read_attributes(r, name))
		return false;
	r->elements++;
	if (*r->p == '/') {
		r->p++;
		return true;
	}
	if (r->depth == DEPTH_MAX)
		return refuse(r, "too deep");
	snprintf(r->open[r->depth++], NAME_MAX_LEN + 1, "%s", name);
	return true;
}

static bool read_element(struct reader *r)
{
	bool closing = *r->p == '/';
	char name[NAME_MAX_LEN + 1];

	r->p += closing;
	if (!read_name(r, name))
		return false;
	if (!closing) {
		if (!open_element(r, name))
			return false;
	} else if (r->depth == 0 || strcmp(name, r->open[r->depth - 1]) != 0) {
		return refuse(r, "</%s> closes nothing", name);
	} else {
		r->depth--;
	}
	if (*r->p != '>')
		return refuse(r, "<%s does not end", name);
	r->p++;
	return true;
}

size_t markup_check(const char *text, enum markup_kind kind, char *problem, size_t size)
{
	static const char *const heads[] = {
		[MARKUP_XML] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
		[MARKUP_HTML] = "<!DOCTYPE html>\n",
	};
	struct reader r = { .p = text, .kind = kind, .problem = problem, .size = size };

	if (strncmp(text, heads[kind], strlen(heads[kind])) != 0) {
		refuse(&r, "another first line");
		return 0;
	}
	r.p += strlen(heads[kind]);
	while (*r.p) {
		const char *next = strchr(r.p, '<');

		if (!read_text(&r, r.p, next ? next : r.p + strlen(r.p)))
			return 0;
		if (!next)
			break;
		r.p = next + 1;
		if (r.elements && r.depth == 0) {
			refuse(&r, "a second root");
			return 0;
		}
		if (!read_element(&r))
			return 0;
	}
	if (r.depth)
		refuse(&r, "%s is not closed", r.open[r.depth - 1]);
	return r.depth ? 0 : r.elements;
}
