/*
 * Reading one scalar: text to a struct member. The declared kind decides how it is
 * read, never its look: `yes`, `0o17`, `1e3` and `12:30` are text unless the table wants
 * a number, and then they are errors.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strlist.h"
#include "bind_internal.h"
#include "doc_internal.h"
#include "utf8.h"

#define QUOTED_MAX 64

int bind_fail_at(const struct binder *b, struct position at, const char *path, const char *message)
{
	if (b->mode == BIND_STRICT && b->d)
		return doc_error_at(b->d, at, path, b->e, message);
	return err_set(b->e, b->mode == BIND_STRICT ? ERR_MANIFEST : ERR_PROTOCOL, "%s: %s%s%s",
		       b->d ? doc_name(b->d) : "default", path, *path ? ": " : "", message);
}

int bind_fail(const struct binder *b, const struct node *n, const char *path, const char *message)
{
	struct position none = { 0, 0 };

	return bind_fail_at(b, b->d ? doc_position(b->d, n) : none, path, message);
}

/* "'text' is not <what>: expected ...", or without the text where that may be a secret. */
static int fail_value(const struct binder *b, const struct bind_field *f, const struct node *n,
		      const char *path, const char *text, const char *what)
{
	char expected[320], message[512];

	bind_expected(f, expected, sizeof(expected));
	if (f->flags & BIND_QUIET) {
		snprintf(message, sizeof(message), "not %s: expected %s", what, expected);
		return bind_fail(b, n, path, message);
	}
	snprintf(message, sizeof(message), "'%.*s'%s is not %s: expected %s", QUOTED_MAX, text,
		 strlen(text) > QUOTED_MAX ? "..." : "", what, expected);
	return bind_fail(b, n, path, message);
}

int bind_fail_kind(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path)
{
	const char *found = node_is_null(n)	? "no value"
			    : node_is_object(n) ? "a mapping"
			    : node_is_array(n)	? "a list"
			    : node_is_string(n) ? "a string"
			    : node_is_number(n) ? "a number"
						: "true or false";
	char expected[320], message[512];

	bind_expected(f, expected, sizeof(expected));
	snprintf(message, sizeof(message), "found %s: expected %s", found, expected);
	return bind_fail(b, n, path, message);
}

/* The whole text must match, whether or not the pattern carries its own anchors. */
static bool matches(const char *pattern, const char *s)
{
	regex_t re;
	regmatch_t m;

	int broken = regcomp(&re, pattern, REG_EXTENDED);
	assert(!broken);
	bool ok = !broken && regexec(&re, s, 1, &m, 0) == 0 && m.rm_so == 0 &&
		  (size_t)m.rm_eo == strlen(s);
	regfree(&re);
	return ok;
}

static bool has_control(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t n = utf8_length(s + i, len - i);
		if (n == 0 || utf8_is_control(s + i, n))
			return true;
		i += n;
	}
	return false;
}

/* `limit` 0: no bound but the document's own. */
int bind_check_string(const struct binder *b, const struct bind_field *f, const struct node *n,
		      const char *path, const char *s, size_t limit)
{
	char message[64];

	if (limit && strlen(s) > limit) {
		snprintf(message, sizeof(message), "longer than %zu bytes", limit);
		return bind_fail(b, n, path, message);
	}
	if (b->mode == BIND_STRICT && has_control(s))
		return bind_fail(b, n, path, "control characters are not accepted");
	if (f->pattern && !matches(f->pattern, s))
		return fail_value(b, f, n, path, s, "valid");
	return 0;
}

size_t bind_string_limit(const struct binder *b, const struct bind_field *f)
{
	size_t unset = b->mode == BIND_STRICT ? BIND_STRING_MAX : 0;

	return f->kind == BIND_STRING && f->max_len ? f->max_len : unset;
}

int bind_read_string(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, char **slot)
{
	const char *s = node_str(n, NULL);

	if (!s)
		return bind_fail_kind(b, f, n, path);
	if (bind_check_string(b, f, n, path, s, bind_string_limit(b, f)))
		return -1;
	if (b->mode == BIND_STRICT && (f->flags & BIND_REQUIRED) && *s == '\0')
		return fail_value(b, f, n, path, s, "valid");
	mem_replace(slot, s);
	return 0;
}

int bind_read_bool(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path, bool *slot)
{
	const char *s = node_str(n, NULL);

	if (node_is_bool(n)) {
		*slot = node_bool(n, false);
		return 0;
	}
	if (b->mode != BIND_STRICT || !s)
		return bind_fail_kind(b, f, n, path);
	if (strcmp(s, "true") != 0 && strcmp(s, "false") != 0)
		return fail_value(b, f, n, path, s, "a truth value");
	*slot = *s == 't';
	return 0;
}

static int parse_number(const struct bind_field *f, const char *s, int64_t *out, struct err *e)
{
	uint64_t size = 0;

	if (f->kind == BIND_INT)
		return bind_parse_int(s, f->min, f->max, out, e);
	if (f->kind == BIND_DECIMAL)
		return bind_parse_decimal(s, f->min, f->max, out, e);
	if (bind_parse_size(s, (uint64_t)f->min, (uint64_t)f->max, &size, e))
		return -1;
	*out = (int64_t)size; /* the range ends at INT64_MAX */
	return 0;
}

/* From a JSON number; decimals are rounded to the nearest thousandth. */
static int number_from_json(const struct binder *b, const struct bind_field *f,
			    const struct node *n, const char *path, int64_t *out)
{
	double v = node_num(n, 0);
	char text[40];

	if (f->kind == BIND_DECIMAL && fabs(v) < 1e12) {
		*out = (int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5));
	} else {
		*out = node_int(n, INT64_MIN);
		if (*out == INT64_MIN)
			return bind_fail(b, n, path, "not a whole number within 2^53");
	}
	if (bind_in_range(f, *out))
		return 0;
	snprintf(text, sizeof(text), "%.17g", v);
	return fail_value(b, f, n, path, text, "in range");
}

int bind_read_number(const struct binder *b, const struct bind_field *f, const struct node *n,
		     const char *path, int64_t *slot)
{
	static const char *const what[] = { [BIND_INT] = "a whole number in range",
					    [BIND_SIZE] = "a size",
					    [BIND_DECIMAL] = "a number in range" };
	const char *s = node_str(n, NULL);
	struct err why = ERR_INIT;

	if (node_is_number(n))
		return number_from_json(b, f, n, path, slot);
	if (!s || b->mode != BIND_STRICT)
		return bind_fail_kind(b, f, n, path);
	if (parse_number(f, s, slot, &why) == 0)
		return 0;
	return f->want ? fail_value(b, f, n, path, s, what[f->kind])
		       : bind_fail(b, n, path, why.message);
}

static size_t name_count(const char *const *names)
{
	size_t count = 0;

	while (names[count])
		count++;
	return count;
}

int bind_read_enum(const struct binder *b, const struct bind_field *f, const struct node *n,
		   const char *path, int *slot)
{
	const char *s = node_str(n, NULL);
	char expected[320], message[512];

	if (!s)
		return bind_fail_kind(b, f, n, path);
	for (int i = 0; f->names[i]; i++) {
		if (strcmp(f->names[i], s) == 0) {
			*slot = i;
			return 0;
		}
	}
	if (f->flags & BIND_QUIET)
		return fail_value(b, f, n, path, s, "known");
	bind_expected(f, expected, sizeof(expected));
	const char *near = strlist_nearest(s, f->names, name_count(f->names));
	snprintf(message, sizeof(message), "'%.*s' is not known: expected %s%s%s%s", QUOTED_MAX, s,
		 expected, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return bind_fail(b, n, path, message);
}
