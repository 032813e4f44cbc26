/*
 * Any bytes as a manifest of a small table with every kind of field: refused, or a
 * struct that is the same after it was printed as a manifest and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "base/strlist.h"
#include "base/strmap.h"

struct sample {
	char *s;
	bool b;
	int64_t i, d;
	uint64_t z;
	int e;
	struct strlist l;
	struct strmap m;
	struct bind_list list;
};

static const char *const names[] = { "one", "two", NULL };
static const struct bind_field inner_fields[] = { { .key = "s", .kind = BIND_STRING } };
static const struct bind_table inner = { .name = "entry",
					 .size = sizeof(char *),
					 .fields = inner_fields,
					 .count = 1,
					 .scalar_key = "s" };

#define FIELD(name, what, ...)                                                                     \
	{                                                                                          \
		.key = #name, .kind = what, .offset = offsetof(struct sample, name), __VA_ARGS__   \
	}

static const struct bind_field fields[] = {
	FIELD(s, BIND_STRING, .def = "x"),
	FIELD(b, BIND_BOOL, .def = "true"),
	FIELD(i, BIND_INT, .min = -5, .max = 70000),
	FIELD(d, BIND_DECIMAL, .min = -1000, .max = 5000),
	FIELD(z, BIND_SIZE, .def = "1k"),
	FIELD(e, BIND_ENUM, .names = names),
	FIELD(l, BIND_STRLIST, .def = "[a]"),
	FIELD(m, BIND_STRMAP, .pattern = "[a-z]+"),
	FIELD(list, BIND_LIST, .sub = &inner),
};

static const struct bind_table table = { .name = "sample",
					 .size = sizeof(struct sample),
					 .fields = fields,
					 .count = ARRAY_SIZE(fields) };

static int read_sample(const char *text, size_t len, struct sample *out)
{
	const struct doc_limits limits = { .bytes = 1 << 20, .depth = 16, .nodes = 20000 };
	auto_doc struct doc *d = NULL;
	struct err e = ERR_INIT;

	if (doc_parse_yaml(text, len, "input", &limits, &d, &e))
		return -1;
	return bind_read(&table, BIND_STRICT, d, doc_root(d), "", out, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(STRBUF_TEXT_MAX);
	struct sample first = { .s = NULL }, second = { .s = NULL };

	if (size > 100000 || read_sample((const char *)data, size, &first))
		return 0;
	bind_write_yaml(&table, &first, &text);
	if (read_sample(strbuf_str(&text), text.len, &second) ||
	    !bind_equal(&table, &first, &second))
		abort();
	bind_free(&table, &first);
	bind_free(&table, &second);
	return 0;
}
