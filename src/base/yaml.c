/*
 * YAML text to a tree of string scalars plus positions. Only the part of YAML that a
 * manifest needs is accepted: everything that makes two readers disagree, or a small
 * text into a big tree (aliases, anchors, tags, merge keys), is refused with its place.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/doc.h"
#include "base/mem.h"
#include "doc_internal.h"
#include "utf8.h"

#define KEY_MAX 256

struct reader {
	yaml_parser_t parser;
	const char *name;
	const struct doc_limits *limits;
	size_t nodes;
	struct doc_mark *marks;
	size_t last_end; /* of the value read last */
	struct err *e;
};

static int refuse(struct reader *r, struct position at, const char *why)
{
	return err_set(r->e, ERR_MANIFEST, "%s:%u:%u: %s", r->name, at.line, at.column, why);
}

static struct position to_position(yaml_mark_t mark)
{
	return (struct position){ .line = (unsigned)mark.line + 1,
				  .column = (unsigned)mark.column + 1 };
}

/* libyaml's reader reports bytes, not lines, and knows only part of these rules. */
static int check_bytes(const char *text, size_t len, const char *name, struct err *e)
{
	struct position at = { 1, 1 };

	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(text + i, len - i);
		const char *why = NULL;
		if (n == 0)
			why = "not UTF-8";
		else if (utf8_is_control(text + i, n) && !strchr("\t\r\n", text[i]))
			why = "control character";
		else if (text[i] == '\0')
			why = "NUL byte";
		if (why)
			return err_set(e, ERR_MANIFEST, "%s:%u:%u: %s", name, at.line, at.column,
				       why);
		at.column++;
		if (text[i] == '\n')
			at = (struct position){ at.line + 1, 1 };
		i += n;
	}
	return 0;
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	char why[256];

	if (yaml_parser_parse(&r->parser, event))
		return 0;
	if (r->parser.error == YAML_MEMORY_ERROR)
		mem_exhausted();
	snprintf(why, sizeof(why), "not YAML: %s", r->parser.problem ? r->parser.problem : "?");
	return refuse(r, to_position(r->parser.problem_mark), why);
}

/* The anchor and tag of a node event, which are refused wherever they stand. */
static int check_properties(struct reader *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	}
	if (anchor)
		return refuse(r, to_position(event->start_mark), "anchors are not accepted");
	if (tag)
		return refuse(r, to_position(event->start_mark), "tags are not accepted");
	if (event->type == YAML_ALIAS_EVENT)
		return refuse(r, to_position(event->start_mark), "aliases are not accepted");
	return 0;
}

static bool is_null_text(const char *s)
{
	return *s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 ||
	       strcmp(s, "Null") == 0 || strcmp(s, "NULL") == 0;
}

/* NUL cannot come from the text any more, but from "\0" in a quoted scalar. */
static int check_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *s = (const char *)event->data.scalar.value;

	if (strlen(s) != event->data.scalar.length)
		return refuse(r, to_position(event->start_mark), "NUL in a string");
	return 0;
}

static cJSON *make_scalar(const yaml_event_t *event)
{
	const char *s = (const char *)event->data.scalar.value;
	bool null = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null_text(s);
	cJSON *item = doc_item(cJSON_CreateString(null ? "" : s));

	if (null)
		item->valueint = DOC_NULL_STRING;
	return item;
}

/* Where a key stood; zero for what has none. */
struct key_place {
	struct position at;
	struct extent bytes;
};

/* libyaml counts characters; bytes are made of them when all is read. */
static struct extent to_extent(const yaml_event_t *event)
{
	return (struct extent){ .from = event->start_mark.index, .to = event->end_mark.index };
}

static int read_value(struct reader *r, const yaml_event_t *event, const struct key_place *key,
		      unsigned depth, cJSON **out);

static int read_key(struct reader *r, const yaml_event_t *event, char key[KEY_MAX])
{
	struct position at = to_position(event->start_mark);
	const char *s = (const char *)event->data.scalar.value;

	if (event->type != YAML_SCALAR_EVENT)
		return refuse(r, at, "a key must be a plain word, not a list or mapping");
	if (check_scalar(r, event))
		return -1;
	if (event->data.scalar.length >= KEY_MAX)
		return refuse(r, at, "key longer than 255 bytes");
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(s, "<<") == 0)
		return refuse(r, at, "merge keys are not accepted");
	memcpy(key, s, event->data.scalar.length + 1);
	return 0;
}

static int read_entry(struct reader *r, const yaml_event_t *key_event, unsigned depth, cJSON *map)
{
	const struct key_place place = { .at = to_position(key_event->start_mark),
					 .bytes = to_extent(key_event) };
	yaml_event_t event;
	char key[KEY_MAX];
	cJSON *item = NULL;

	if (check_properties(r, key_event) || read_key(r, key_event, key) || next_event(r, &event))
		return -1;
	int rc = read_value(r, &event, &place, depth, &item);
	yaml_event_delete(&event);
	if (rc)
		return -1;
	if (!cJSON_AddItemToObject(map, key, item))
		mem_exhausted();
	return 0;
}

static int check_keys(struct reader *r, const cJSON *map)
{
	const cJSON *twice = doc_duplicate_key(map);
	char why[KEY_MAX + 32];

	if (!twice)
		return 0;
	snprintf(why, sizeof(why), "duplicate key '%s'", twice->string);
	for (size_t i = r->nodes; i-- > 0;) {
		if (r->marks[i].item == twice)
			return refuse(r, r->marks[i].key, why);
	}
	return refuse(r, (struct position){ 0, 0 }, why);
}

/* The end of what was just read: in brackets that of the bracket, which the end event knows; of a
 * block that of its last value, as its end event stands at whatever comes next. */
static size_t collection_end(const yaml_event_t *end, size_t last_value)
{
	return end->start_mark.index < end->end_mark.index ? end->end_mark.index : last_value;
}

/* The entries of a mapping or list, whose mark is `mark`, up to its end event. */
static int read_children(struct reader *r, cJSON *parent, size_t mark, unsigned depth)
{
	static const struct key_place no_key = { 0 };
	bool map = cJSON_IsObject(parent);

	for (;;) {
		yaml_event_t event;
		cJSON *item = NULL;
		if (next_event(r, &event))
			return -1;
		bool end = event.type == YAML_MAPPING_END_EVENT ||
			   event.type == YAML_SEQUENCE_END_EVENT;
		int rc = 0;
		if (!end && map)
			rc = read_entry(r, &event, depth, parent);
		else if (!end)
			rc = read_value(r, &event, &no_key, depth, &item);
		if (end)
			r->marks[mark].value_bytes.to = collection_end(&event, r->last_end);
		r->last_end = end ? r->marks[mark].value_bytes.to : r->last_end;
		yaml_event_delete(&event);
		if (rc)
			return -1;
		if (end)
			return map ? check_keys(r, parent) : 0;
		if (item && !cJSON_AddItemToArray(parent, item))
			mem_exhausted();
	}
}

static int add_mark(struct reader *r, const cJSON *item, const yaml_event_t *event,
		    const struct key_place *key)
{
	struct position at = to_position(event->start_mark);

	if (r->nodes >= r->limits->nodes)
		return refuse(r, at, "too many values");
	if ((r->nodes & (r->nodes - 1)) == 0) /* 0 and the powers of two */
		r->marks = mem_grow(r->marks, r->nodes ? r->nodes * 2 : 1, sizeof(*r->marks));
	r->marks[r->nodes++] = (struct doc_mark){ .item = item,
						  .at = at,
						  .key = key->at,
						  .value_bytes = to_extent(event),
						  .key_bytes = key->bytes };
	r->last_end = event->end_mark.index;
	return 0;
}

static int read_value(struct reader *r, const yaml_event_t *event, const struct key_place *key,
		      unsigned depth, cJSON **out)
{
	struct position at = to_position(event->start_mark);
	size_t mark = r->nodes;
	cJSON *item = NULL;

	if (check_properties(r, event))
		return -1;
	if (event->type == YAML_SCALAR_EVENT) {
		if (check_scalar(r, event))
			return -1;
		item = make_scalar(event);
	} else if (depth >= r->limits->depth) {
		return refuse(r, at, "nested too deep");
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		item = doc_item(cJSON_CreateObject());
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		item = doc_item(cJSON_CreateArray());
	} else {
		return refuse(r, at, "a value was expected");
	}
	if (add_mark(r, item, event, key) ||
	    (!cJSON_IsString(item) && read_children(r, item, mark, depth + 1))) {
		cJSON_Delete(item);
		return -1;
	}
	*out = item;
	return 0;
}

static int check_document_start(struct reader *r, const yaml_event_t *event)
{
	struct position at = to_position(event->start_mark);

	if (event->type == YAML_STREAM_END_EVENT)
		return refuse(r, at, "the document is empty");
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		return refuse(r, at, "directives are not accepted");
	return 0;
}

/* stream start, document start, value, document end, stream end: nothing else. */
static int read_stream(struct reader *r, cJSON **out)
{
	static const struct key_place no_key = { 0 };

	for (int part = 0; part < 5; part++) {
		yaml_event_t event;
		int rc = 0;
		if (next_event(r, &event))
			return -1;
		if (part == 1)
			rc = check_document_start(r, &event);
		else if (part == 2)
			rc = read_value(r, &event, &no_key, 0, out);
		else if (part == 4 && event.type != YAML_STREAM_END_EVENT)
			rc = refuse(r, to_position(event.start_mark),
				    "more than one document is not accepted");
		yaml_event_delete(&event);
		if (rc)
			return -1;
	}
	return 0;
}

static int compare_mark(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct doc_mark *)a)->item;
	uintptr_t y = (uintptr_t)((const struct doc_mark *)b)->item;

	return (x > y) - (x < y);
}

/* From characters to bytes, where they differ. */
static void to_bytes(struct reader *r, const char *text, size_t len)
{
	auto_free size_t *at = NULL;
	size_t chars = 0;

	for (size_t i = 0; i < len; chars++)
		i += MAX_OF(utf8_length(text + i, len - i), 1);
	if (chars == len)
		return;
	at = mem_array(chars + 1, sizeof(*at));
	for (size_t i = 0, n = 0; i < len; n++) {
		at[n] = i;
		i += MAX_OF(utf8_length(text + i, len - i), 1);
	}
	at[chars] = len;
	for (size_t i = 0; i < r->nodes; i++) {
		struct doc_mark *m = &r->marks[i];
		size_t *const places[] = { &m->value_bytes.from, &m->value_bytes.to,
					   &m->key_bytes.from, &m->key_bytes.to };

		for (size_t j = 0; j < ARRAY_SIZE(places); j++)
			*places[j] = at[MIN_OF(*places[j], chars)];
	}
}

int doc_parse_yaml(const char *text, size_t len, const char *name, const struct doc_limits *limits,
		   struct doc **out, struct err *e)
{
	struct reader r = { .name = name, .limits = limits, .e = e };
	cJSON *root = NULL;

	if (len > limits->bytes)
		return err_set(e, ERR_MANIFEST, "%s: longer than %zu bytes", name, limits->bytes);
	if (check_bytes(text, len, name, e))
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		mem_exhausted();
	/* said, not guessed: libyaml would take UTF-16 from a byte order mark */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	int rc = read_stream(&r, &root);
	yaml_parser_delete(&r.parser);
	if (rc) {
		cJSON_Delete(root);
		free(r.marks);
		return -1;
	}
	to_bytes(&r, text, len);
	qsort(r.marks, r.nodes, sizeof(*r.marks), compare_mark);
	struct doc *d = doc_new(root, name);
	d->marks = r.marks;
	d->mark_count = r.nodes;
	*out = d;
	return 0;
}
