/*
 * Building a tree and printing it as JSON. The printer is our own, because cJSON
 * indents with tabs, prints whole numbers above 2^31 through "%g" and passes invalid
 * UTF-8 on to whoever reads the report.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "doc_internal.h"
#include "utf8.h"

#define EXACT_MAX 9007199254740992.0

struct node *node_new_object(void)
{
	return json_node(doc_item(cJSON_CreateObject()));
}

struct node *node_new_array(void)
{
	return json_node(doc_item(cJSON_CreateArray()));
}

struct node *node_new_string(const char *s)
{
	return json_node(doc_item(cJSON_CreateString(s)));
}

void node_set(struct node *object, const char *key, struct node *value)
{
	if (!value)
		return;
	cJSON *parent = node_json(object);
	cJSON *old = cJSON_GetObjectItemCaseSensitive(parent, key);
	if (old)
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, old));
	if (!cJSON_AddItemToObject(parent, key, node_json(value)))
		mem_exhausted();
}

void node_set_str(struct node *object, const char *key, const char *s)
{
	node_set(object, key, json_node(doc_item(s ? cJSON_CreateString(s) : cJSON_CreateNull())));
}

void node_set_int(struct node *object, const char *key, int64_t v)
{
	node_set_num(object, key, (double)v);
}

void node_set_num(struct node *object, const char *key, double v)
{
	node_set(object, key, json_node(doc_item(cJSON_CreateNumber(v))));
}

void node_set_bool(struct node *object, const char *key, bool v)
{
	node_set(object, key, json_node(doc_item(cJSON_CreateBool(v))));
}

struct node *node_set_object(struct node *object, const char *key)
{
	struct node *n = node_new_object();

	node_set(object, key, n);
	return n;
}

struct node *node_set_array(struct node *object, const char *key)
{
	struct node *n = node_new_array();

	node_set(object, key, n);
	return n;
}

void node_push(struct node *array, struct node *value)
{
	if (value && !cJSON_AddItemToArray(node_json(array), node_json(value)))
		mem_exhausted();
}

void node_push_str(struct node *array, const char *s)
{
	node_push(array, node_new_string(s));
}

struct node *node_push_object(struct node *array)
{
	struct node *n = node_new_object();

	node_push(array, n);
	return n;
}

struct node *node_copy(const struct node *n)
{
	return n ? json_node(doc_item(cJSON_Duplicate(node_json(n), true))) : NULL;
}

void node_free(struct node *n)
{
	cJSON_Delete(node_json(n));
}

/* How many bytes from here on are printed as they are, without a look at each: nearly all. */
static size_t plain_length(const char *s)
{
	size_t n = 0;

	while (s[n] >= 0x20 && s[n] < 0x7F && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void print_string(struct strbuf *b, const char *s)
{
	size_t len = strlen(s);
	size_t i = 0;

	strbuf_putc(b, '"');
	while (i < len) {
		size_t plain = plain_length(s + i);

		strbuf_add(b, s + i, plain);
		i += plain;
		if (i == len)
			break;
		size_t n = utf8_length(s + i, len - i);
		unsigned char c = (unsigned char)s[i];
		if (n == 0)
			strbuf_puts(b, "\\ufffd");
		else if (c == '"' || c == '\\')
			strbuf_printf(b, "\\%c", c);
		else if (c == '\n')
			strbuf_puts(b, "\\n");
		else if (c == '\t')
			strbuf_puts(b, "\\t");
		else if (c < 0x20 || c == 0x7F)
			strbuf_printf(b, "\\u%04x", c);
		else
			strbuf_add(b, s + i, n);
		i += n ? n : 1;
	}
	strbuf_putc(b, '"');
}

static void print_number(struct strbuf *b, double v)
{
	char text[40];

	if (!isfinite(v)) {
		strbuf_puts(b, "null"); /* JSON has no other word for it */
		return;
	}
	if (fabs(v) <= EXACT_MAX && v == (double)(int64_t)v) {
		strbuf_printf(b, "%lld", (long long)v);
		return;
	}
	/* the shorter form where it reads back as the same number */
	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	strbuf_puts(b, text);
}

static void newline(struct strbuf *b, bool pretty, unsigned depth)
{
	if (!pretty)
		return;
	strbuf_putc(b, '\n');
	for (unsigned i = 0; i < depth; i++)
		strbuf_puts(b, "  ");
}

/* Recursion is as deep as the tree: parsed ones are limited, built ones are shallow. */
static void print(struct strbuf *b, const cJSON *item, bool pretty, unsigned depth)
{
	bool object = cJSON_IsObject(item);

	if (object || cJSON_IsArray(item)) {
		strbuf_putc(b, object ? '{' : '[');
		for (const cJSON *i = item->child; i; i = i->next) {
			newline(b, pretty, depth + 1);
			if (object) {
				print_string(b, i->string);
				strbuf_puts(b, pretty ? ": " : ":");
			}
			print(b, i, pretty, depth + 1);
			if (i->next)
				strbuf_putc(b, ',');
		}
		if (item->child)
			newline(b, pretty, depth);
		strbuf_putc(b, object ? '}' : ']');
	} else if (node_is_null(json_node((cJSON *)item))) {
		strbuf_puts(b, "null");
	} else if (cJSON_IsString(item)) {
		print_string(b, item->valuestring);
	} else if (cJSON_IsNumber(item)) {
		print_number(b, item->valuedouble);
	} else {
		strbuf_puts(b, cJSON_IsTrue(item) ? "true" : "false");
	}
}

char *node_print(const struct node *n, bool pretty)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(SIZE_MAX - 1);

	if (!n)
		return mem_strdup(pretty ? "null\n" : "null");
	print(&b, node_json(n), pretty, 0);
	if (pretty)
		strbuf_putc(&b, '\n');
	return strbuf_take(&b);
}
