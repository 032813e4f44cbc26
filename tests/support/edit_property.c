/* See edit_property.h. */
#include "edit_property.h"

#include <stdlib.h>
#include <string.h>

#include "base/bind.h"
#include "base/mem.h"
#include "domain/manifest_edit.h"

static bool same(const struct tenant_spec *a, const struct tenant_spec *b)
{
	return bind_equal(&tenant_table, a, b);
}

static size_t count_of(const char *text, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == c;
	return n;
}

static bool is_subsequence(const char *part, const char *whole)
{
	for (; *part && *whole; whole++)
		part += *part == *whole;
	return *part == '\0';
}

/* Everything that was there still is, in its order: only empty brackets may go. */
static const char *check_added(const char *before, size_t len, const char *after)
{
	auto_free char *old = mem_strndup(before, len);
	char *brackets;

	if (is_subsequence(old, after))
		return NULL;
	brackets = strstr(old, "[");
	for (; brackets; brackets = strstr(brackets + 1, "[")) {
		size_t n = strcspn(brackets, "]");
		size_t head = (size_t)(brackets - old);
		while (head > 0 && (old[head - 1] == ' ' || old[head - 1] == '\t'))
			head--;
		auto_free char *without =
			mem_printf("%.*s%s", (int)head, old, brackets[n] ? brackets + n + 1 : "");
		if (is_subsequence(without, after))
			return NULL;
	}
	return "adding changed something else";
}

static const char *add_and_remove(const char *text, size_t len, const struct tenant_spec *old,
				  const struct egress_entry *entry, size_t *refused)
{
	auto_spec struct tenant_spec with = { 0 }, without = { 0 };
	auto_free char *added = NULL, *removed = NULL;
	auto_free bool *drop = NULL;
	struct err e = ERR_INIT;
	size_t n = old->egress.count;
	const char *wrong;

	if (manifest_egress_add(text, len, "m", entry, &added, &e)) {
		++*refused;
		return e.code == ERR_MANIFEST && e.message[0] ? NULL : "wrong kind of refusal";
	}
	wrong = check_added(text, len, added);
	if (wrong)
		return wrong;
	if (manifest_parse(added, strlen(added), "m", NULL, &with, &e))
		return "what was added to does not parse";
	if (with.egress.count != n + 1)
		return "adding did not add one";
	drop = mem_array(n + 1, sizeof(*drop));
	drop[n] = true;
	if (manifest_egress_remove(added, strlen(added), "m", drop, &removed, &e)) {
		++*refused;
		return NULL;
	}
	if (manifest_parse(removed, strlen(removed), "m", NULL, &without, &e) ||
	    !same(old, &without))
		return "removing what was added does not give what was";
	if (n > 0 && (strlen(removed) != len || memcmp(removed, text, len) != 0))
		return "removing what was added does not give the same text";
	return NULL;
}

const char *edit_property(const char *text, size_t len, unsigned pick, size_t *out_refused)
{
	const struct egress_entry entry = { .host = (char *)"added.example.net",
					    .port = 8444,
					    .reason = pick & 1 ? (char *)"say \"why\": # \\ {x}, ü"
							       : NULL,
					    .expires = pick & 2 ? (char *)"2031-01-31" : NULL };
	auto_spec struct tenant_spec old = { 0 }, now = { 0 };
	auto_free char *removed = NULL;
	auto_free bool *drop = NULL;
	struct err e = ERR_INIT;
	size_t dropped = 0;
	const char *wrong;

	if (manifest_parse(text, len, "m", NULL, &old, &e))
		return NULL;
	wrong = add_and_remove(text, len, &old, &entry, out_refused);
	if (wrong)
		return wrong;
	drop = mem_array(old.egress.count + 1, sizeof(*drop));
	for (size_t i = 0; i < old.egress.count; i++) {
		drop[i] = pick >> (i % 16) & 1;
		dropped += drop[i];
	}
	if (manifest_egress_remove(text, len, "m", drop, &removed, &e)) {
		++*out_refused;
		return e.code == ERR_MANIFEST && e.message[0] ? NULL : "wrong kind of refusal";
	}
	if (manifest_parse(removed, strlen(removed), "m", NULL, &now, &e))
		return "what was removed from does not parse";
	if (now.egress.count != old.egress.count - dropped)
		return "the wrong number is left";
	if (!dropped && (strlen(removed) != len || memcmp(removed, text, len) != 0))
		return "removing nothing changed the text";
	if (count_of(removed, strlen(removed), '#') > count_of(text, len, '#'))
		return "comments appeared";
	return NULL;
}
