/*
 * JSON text to tree and access to the tree. cJSON recurses, decodes \u0000 into a
 * string's end, and lets control bytes, duplicate keys and "1e999" pass; so the text
 * is scanned before cJSON sees it and the tree is checked afterwards.
 */
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "doc_internal.h"
#include "utf8.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: above, a double skips whole numbers */

struct scan {
	const char *text;
	size_t len, at;
	unsigned depth;
	size_t nodes;
	bool after_open; /* nothing but blanks since the last [ or { */
};

/* Behind the closing quote of the string whose opening quote is at s->at, or why not. */
static const char *scan_string(struct scan *s)
{
	for (s->at++; s->at < s->len; s->at++) {
		unsigned char c = (unsigned char)s->text[s->at];
		if (c == '"') {
			s->at++;
			return NULL;
		}
		if (c < 0x20)
			return "control byte in a string";
		if (c != '\\')
			continue;
		if (s->len - s->at >= 6 && memcmp(s->text + s->at, "\\u0000", 6) == 0)
			return "NUL in a string";
		s->at++;
	}
	return "string without an end";
}

static const char *scan_open(struct scan *s, const struct doc_limits *limits)
{
	if (++s->depth > limits->depth)
		return "nested too deep";
	s->after_open = true;
	s->at++;
	return NULL;
}

static const char *scan_close(struct scan *s)
{
	if (s->depth == 0)
		return "bracket closed that was never opened";
	s->depth--;
	s->after_open = false;
	s->at++;
	return NULL;
}

static const char *scan_token(struct scan *s, const struct doc_limits *limits)
{
	char c = s->text[s->at];

	if (c == '\0')
		return "NUL byte";
	if (c == ']' || c == '}')
		return scan_close(s);
	/* every value but the first of a container follows a comma */
	if (c == ',' || s->after_open) {
		if (++s->nodes > limits->nodes)
			return "too many values";
	}
	s->after_open = false;
	if (c == '[' || c == '{')
		return scan_open(s, limits);
	if (c == '"')
		return scan_string(s);
	s->at++;
	return NULL;
}

static const char *scan_text(struct scan *s, const struct doc_limits *limits)
{
	while (s->at < s->len) {
		if (strchr(" \t\r\n", s->text[s->at]) && s->text[s->at] != '\0') {
			s->at++;
			continue;
		}
		const char *why = scan_token(s, limits);
		if (why)
			return why;
	}
	return NULL;
}

/* Recursion is bounded: the scan has checked the depth. */
static const char *check_tree(const cJSON *item)
{
	if (cJSON_IsNumber(item) && !isfinite(item->valuedouble))
		return "number out of range";
	if (cJSON_IsString(item) &&
	    utf8_valid_until(item->valuestring, strlen(item->valuestring)) !=
		    strlen(item->valuestring))
		return "invalid UTF-8 in a string";
	if (cJSON_IsObject(item) && doc_duplicate_key(item))
		return "duplicate key";
	for (const cJSON *i = item->child; i; i = i->next) {
		const char *why = check_tree(i);
		if (why)
			return why;
	}
	return NULL;
}

int doc_parse_json(const char *text, size_t len, const char *name, const struct doc_limits *limits,
		   struct doc **out, struct err *e)
{
	struct scan s = { .text = text, .len = len, .nodes = 1 };
	const char *end = NULL;

	if (len > limits->bytes)
		return err_set(e, ERR_PROTOCOL, "%s: longer than %zu bytes", name, limits->bytes);
	size_t valid = utf8_valid_until(text, len);
	if (valid < len)
		return err_set(e, ERR_PROTOCOL, "%s: invalid UTF-8 at byte %zu", name, valid);
	const char *why = scan_text(&s, limits);
	if (why)
		return err_set(e, ERR_PROTOCOL, "%s: %s at byte %zu", name, why, s.at);
	cJSON *root = cJSON_ParseWithLengthOpts(text, len, &end, false);
	if (!root)
		return err_set(e, ERR_PROTOCOL, "%s: not JSON at byte %zu", name,
			       end ? (size_t)(end - text) : (size_t)0);
	while (end < text + len && strchr(" \t\r\n", *end))
		end++;
	why = end < text + len ? "text after the value" : check_tree(root);
	if (why) {
		cJSON_Delete(root);
		return err_set(e, ERR_PROTOCOL, "%s: %s", name, why);
	}
	*out = doc_new(root, name);
	return 0;
}

bool node_is_object(const struct node *n)
{
	return cJSON_IsObject(node_json(n));
}

bool node_is_array(const struct node *n)
{
	return cJSON_IsArray(node_json(n));
}

bool node_is_string(const struct node *n)
{
	return cJSON_IsString(node_json(n));
}

bool node_is_number(const struct node *n)
{
	return cJSON_IsNumber(node_json(n));
}

bool node_is_bool(const struct node *n)
{
	return cJSON_IsBool(node_json(n));
}

bool node_is_null(const struct node *n)
{
	const cJSON *item = node_json(n);

	return cJSON_IsNull(item) || (cJSON_IsString(item) && item->valueint == DOC_NULL_STRING);
}

struct node *node_get(const struct node *object, const char *key)
{
	if (!node_is_object(object))
		return NULL;
	return json_node(cJSON_GetObjectItemCaseSensitive(node_json(object), key));
}

struct node *node_at(const struct node *array, size_t index)
{
	if (!node_is_array(array) || index > INT32_MAX)
		return NULL;
	return json_node(cJSON_GetArrayItem(node_json(array), (int)index));
}

size_t node_count(const struct node *n)
{
	size_t count = 0;

	for (const struct node *i = node_first(n); i; i = node_next(i))
		count++;
	return count;
}

struct node *node_first(const struct node *n)
{
	return node_is_object(n) || node_is_array(n) ? json_node(node_json(n)->child) : NULL;
}

struct node *node_next(const struct node *n)
{
	return n ? json_node(node_json(n)->next) : NULL;
}

const char *node_key(const struct node *n)
{
	return n ? node_json(n)->string : NULL;
}

const char *node_str(const struct node *n, const char *fallback)
{
	return node_is_string(n) ? node_json(n)->valuestring : fallback;
}

double node_num(const struct node *n, double fallback)
{
	return node_is_number(n) ? node_json(n)->valuedouble : fallback;
}

int64_t node_int(const struct node *n, int64_t fallback)
{
	if (!node_is_number(n))
		return fallback;
	double v = node_json(n)->valuedouble;
	if (!(v >= -EXACT_MAX && v <= EXACT_MAX) || v != (double)(int64_t)v)
		return fallback;
	return (int64_t)v;
}

bool node_bool(const struct node *n, bool fallback)
{
	return node_is_bool(n) ? cJSON_IsTrue(node_json(n)) : fallback;
}
