/*
 * JSON Schema from the binder's tables, for editors. It accepts what bind_read accepts
 * as far as a schema can say it; the binder stays the judge.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "bind_internal.h"

static struct node *table_schema(const struct bind_table *t);

/* Editors read an unquoted 10 or true as a number or truth value; the binder takes its text. */
static void put_text_types(struct node *out)
{
	struct node *types = node_set_array(out, "type");

	node_push_str(types, "string");
	node_push_str(types, "number");
	node_push_str(types, "boolean");
}

static void put_pattern(struct node *out, const char *pattern)
{
	if (!pattern)
		return;
	auto_free char *anchored = mem_printf("^(%s)$", pattern);
	node_set_str(out, "pattern", anchored);
}

static void put_string(const struct bind_field *f, struct node *out)
{
	node_set_str(out, "type", "string");
	put_pattern(out, f->pattern);
	if (f->flags & BIND_REQUIRED)
		node_set_int(out, "minLength", 1);
	node_set_int(out, "maxLength", (int64_t)(f->max_len ? f->max_len : BIND_STRING_MAX));
}

static void put_range(const struct bind_field *f, struct node *out)
{
	double unit = f->kind == BIND_DECIMAL ? 1000 : 1;

	node_set_num(out, "minimum", (double)f->min / unit);
	if (f->min != 0 || f->max != 0)
		node_set_num(out, "maximum", (double)f->max / unit);
}

static void put_size(const struct bind_field *f, struct node *out)
{
	struct node *types = node_set_array(out, "type");

	node_push_str(types, "string");
	node_push_str(types, "integer");
	node_set_str(out, "pattern", "^(0|[1-9][0-9]*)[bkmg]?$");
	put_range(f, out); /* applies to the integer form only */
}

static void put_strlist(const struct bind_field *f, struct node *out)
{
	node_set_str(out, "type", "array");
	struct node *items = node_set_object(out, "items");
	put_text_types(items);
	put_pattern(items, f->pattern);
	node_set_int(out, "maxItems", (int64_t)(f->max_len ? f->max_len : BIND_STRING_MAX));
}

static void put_strmap(const struct bind_field *f, struct node *out)
{
	node_set_str(out, "type", "object");
	if (f->pattern)
		put_pattern(node_set_object(out, "propertyNames"), f->pattern);
	put_text_types(node_set_object(out, "additionalProperties"));
	node_set_int(out, "maxProperties", (int64_t)(f->max_len ? f->max_len : BIND_STRING_MAX));
}

static void put_list(const struct bind_field *f, struct node *out)
{
	if (f->flags & BIND_SINGLE) {
		struct node *forms = node_set_array(out, "anyOf");
		node_push(forms, table_schema(f->sub));
		out = node_push_object(forms);
	}
	node_set_str(out, "type", "array");
	node_set(out, "items", table_schema(f->sub));
	if (f->flags & BIND_REQUIRED)
		node_set_int(out, "minItems", 1);
	node_set_int(out, "maxItems", (int64_t)(f->max_len ? f->max_len : BIND_STRING_MAX));
}

static void put_enum(const struct bind_field *f, struct node *out)
{
	struct node *names = node_set_array(out, "enum");

	for (size_t i = 0; f->names[i]; i++)
		node_push_str(names, f->names[i]);
}

/* The default as the type that an editor would write. */
static void put_default(const struct bind_field *f, struct node *out)
{
	struct doc_limits limits = DOC_LIMITS_MANIFEST;
	struct err ignored = ERR_INIT;
	auto_doc struct doc *d = NULL;
	int64_t number = 0;

	if (!f->def)
		return;
	if (f->kind == BIND_BOOL)
		node_set_bool(out, "default", strcmp(f->def, "true") == 0);
	else if (f->kind == BIND_INT && !bind_parse_int(f->def, f->min, f->max, &number, &ignored))
		node_set_int(out, "default", number);
	else if (f->kind == BIND_DECIMAL &&
		 !bind_parse_decimal(f->def, f->min, f->max, &number, &ignored))
		node_set_num(out, "default", (double)number / 1000);
	else if (f->kind == BIND_STRING || f->kind == BIND_SIZE || f->kind == BIND_ENUM)
		node_set_str(out, "default", f->def);
	else if (!doc_parse_yaml(f->def, strlen(f->def), "default", &limits, &d, &ignored))
		node_set(out, "default", node_copy(doc_root(d)));
}

static struct node *field_schema(const struct bind_field *f)
{
	struct node *out = f->kind == BIND_OBJECT ? table_schema(f->sub) : node_new_object();

	if (f->help)
		node_set_str(out, "description", f->help);
	switch (f->kind) {
	case BIND_STRING:
		put_string(f, out);
		break;
	case BIND_BOOL:
		node_set_str(out, "type", "boolean");
		break;
	case BIND_INT:
	case BIND_DECIMAL:
		node_set_str(out, "type", f->kind == BIND_INT ? "integer" : "number");
		put_range(f, out);
		break;
	case BIND_SIZE:
		put_size(f, out);
		break;
	case BIND_ENUM:
		put_enum(f, out);
		break;
	case BIND_STRLIST:
		put_strlist(f, out);
		break;
	case BIND_STRMAP:
		put_strmap(f, out);
		break;
	case BIND_LIST:
		put_list(f, out);
		break;
	case BIND_OBJECT:
		break;
	}
	put_default(f, out);
	return out;
}

static struct node *mapping_schema(const struct bind_table *t)
{
	struct node *out = node_new_object();

	node_set_str(out, "type", "object");
	node_set_bool(out, "additionalProperties", false);
	struct node *properties = node_set_object(out, "properties");
	struct node *required = node_new_array();
	for (size_t i = 0; i < t->count; i++) {
		const struct bind_field *f = &t->fields[i];
		if (f->flags & BIND_HIDDEN)
			continue;
		node_set(properties, f->key, field_schema(f));
		if (f->flags & BIND_REQUIRED)
			node_push_str(required, f->key);
	}
	if (node_count(required) > 0)
		node_set(out, "required", required);
	else
		node_free(required);
	return out;
}

static struct node *table_schema(const struct bind_table *t)
{
	if (!t->scalar_key)
		return mapping_schema(t);
	struct node *out = node_new_object();
	struct node *forms = node_set_array(out, "anyOf");
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->fields[i].key, t->scalar_key) == 0)
			node_push(forms, field_schema(&t->fields[i]));
	}
	node_push(forms, mapping_schema(t));
	return out;
}

struct node *bind_schema(const struct bind_table *t)
{
	struct node *out = table_schema(t);

	node_set_str(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
	node_set_str(out, "title", t->name);
	return out;
}
