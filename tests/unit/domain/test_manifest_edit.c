/*
 * Changes of the egress list in a manifest's text: what is put where in every way of
 * writing a list, and on random manifests that nothing else ever changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/edit_property.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "domain/manifest_edit.h"

#define HEAD "version: 1\ntenant: acme\nimage: example/worker:1.0\n"

static const struct egress_entry plain = { .host = (char *)"new.example.net", .port = 443 };
static const struct egress_entry full = { .host = (char *)"db.example.net",
					  .port = 5432,
					  .protocol = EGRESS_TCP,
					  .private_ok = true,
					  .expires = (char *)"2031-01-31",
					  .reason = (char *)"say \"why\"" };
#define FULL                                                                                       \
	"{ host: db.example.net, port: 5432, protocol: tcp, private: true, expires: 2031-01-31, "  \
	"reason: \"say \\\"why\\\"\" }"

static void check(const char *before, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("from\n%s\ncame\n%s\nnot\n%s", before, got, want);
}

struct add_case {
	const char *before, *after; /* %s: the entry */
};

static const struct add_case adds[] = {
	{ HEAD "egress:\n  - a.example.com\n", HEAD "egress:\n  - a.example.com\n  - %s\n" },
	{ HEAD "egress:\n- a.example.com\nport: 8080\n",
	  HEAD "egress:\n- a.example.com\n- %s\nport: 8080\n" },
	{ HEAD "egress:\n      -   a.example.com  # why\n      # end\nport: 8080\n",
	  HEAD "egress:\n      -   a.example.com  # why\n      -   %s\n      # end\nport: 8080\n" },
	{ HEAD "egress:\n  - a.example.com", HEAD "egress:\n  - a.example.com\n  - %s" },
	{ "version: 1\r\ntenant: acme\r\nimage: e/w:1.0\r\negress:\r\n  - a.example.com\r\n",
	  "version: 1\r\ntenant: acme\r\nimage: e/w:1.0\r\negress:\r\n  - a.example.com\r\n"
	  "  - %s\r\n" },
	{ HEAD "egress:\n  -\n    # inside\n    host: a.example.com\n    port: 8443 # tls\n"
	       "\nport: 8080\n",
	  HEAD "egress:\n  -\n    # inside\n    host: a.example.com\n    port: 8443 # tls\n  - %s\n"
	       "\nport: 8080\n" },
	{ HEAD "\"egress\" : # names\n  - host: a.example.com\n    reason: >-\n      for\n"
	       "      a while\n\n# rest\nport: 8080\n",
	  HEAD "\"egress\" : # names\n  - host: a.example.com\n    reason: >-\n      for\n"
	       "      a while\n  - %s\n\n# rest\nport: 8080\n" },
	{ HEAD "egress: []   # none yet\nport: 8080\n",
	  HEAD "egress:   # none yet\n  - %s\nport: 8080\n" },
	{ HEAD "egress: [ ]", HEAD "egress:\n  - %s" },
	{ HEAD "egress:\n  [\n    # none yet\n  ]\n",
	  HEAD "egress:\n  [%s\n    # none yet\n  ]\n" },
	{ HEAD "egress: [a.example.com, \"*.example.org\"] # two\n",
	  HEAD "egress: [a.example.com, \"*.example.org\", %s] # two\n" },
	{ HEAD "egress: [ a.example.com, ]\n", HEAD "egress: [ a.example.com, %s, ]\n" },
	{ HEAD "egress: [\n  a.example.com,\n  { host: b.example.com, port: 444 }   # last\n]\n",
	  HEAD "egress: [\n  a.example.com,\n  { host: b.example.com, port: 444 },   # last\n"
	       "  %s\n]\n" },
	{ HEAD "egress: [\n\ta.example.com, # one,\n]\n",
	  HEAD "egress: [\n\ta.example.com, # one,\n\t%s,\n]\n" },
	{ HEAD "egress: [host: a.example.com]\n", HEAD "egress: [host: a.example.com, %s]\n" },
	{ "---\n" HEAD "...\n", "---\n" HEAD "egress:\n  - %s\n...\n" },
	{ HEAD "# the end\n", HEAD "egress:\n  - %s\n# the end\n" },
	{ "  version: 1\n  tenant: acme\n  image: \"e/w:1.0\"",
	  "  version: 1\n  tenant: acme\n  image: \"e/w:1.0\"\n  egress:\n    - %s" },
	{ "{version: 1, tenant: acme, image: 'e/w:1.0'}\n",
	  "{version: 1, tenant: acme, image: 'e/w:1.0', egress: [%s]}\n" },
	{ "# \xc3\xbc\xe2\x82\xac\n" HEAD
	  "egress:  # \xf0\x9f\x98\x80\n  - a.example.com # \xc3\xbc\n",
	  "# \xc3\xbc\xe2\x82\xac\n" HEAD
	  "egress:  # \xf0\x9f\x98\x80\n  - a.example.com # \xc3\xbc\n  - %s\n" },
};

static void adds_in_place(void **state)
{
	static const struct egress_entry *const entries[] = { &plain, &full };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(adds); i++)
		for (size_t k = 0; k < ARRAY_SIZE(entries); k++) {
			const char *mark = strstr(adds[i].after, "%s");
			auto_free char *entry = manifest_egress_text(entries[k]);
			auto_free char *want = mem_printf("%.*s%s%s", (int)(mark - adds[i].after),
							  adds[i].after, entry, mark + 2);
			auto_free char *got = NULL;
			struct err e = ERR_INIT;
			if (manifest_egress_add(adds[i].before, strlen(adds[i].before), "m",
						entries[k], &got, &e))
				fail_msg("%s\n%s", e.message, adds[i].before);
			check(adds[i].before, got, want);
		}
}

static void entries_are_quoted_where_needed(void **state)
{
	static const struct egress_entry wild = { .host = (char *)"*.slack.com", .port = 443 };
	auto_free char *a = manifest_egress_text(&plain);
	auto_free char *b = manifest_egress_text(&full);
	auto_free char *c = manifest_egress_text(&wild);

	(void)state;
	assert_string_equal(a, "new.example.net");
	assert_string_equal(b, FULL);
	assert_string_equal(c, "\"*.slack.com\"");
}

static void json_stays_json(void **state)
{
	static const char before[] =
		"{\n  \"version\": 1, \"tenant\": \"acme\", "
		"\"image\": \"e/w:1.0\",\n  \"egress\": [\"a.example.com\"]\n}\n";
	auto_free char *got = NULL, *again = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(manifest_egress_add(before, strlen(before), "m", &full, &got, &e), 0);
	assert_non_null(strstr(got, "[\"a.example.com\", { \"host\": \"db.example.net\", "
				    "\"port\": 5432, \"protocol\": \"tcp\", \"private\": true, "
				    "\"expires\": \"2031-01-31\", \"reason\": "));
	assert_int_equal(manifest_egress_add(got, strlen(got), "m", &plain, &again, &e), 0);
	assert_non_null(strstr(again, " }, \"new.example.net\"]"));
}

struct remove_case {
	const char *before, *drop, *after; /* drop: a 1 or 0 for each entry */
};

static const struct remove_case removes[] = {
	{ HEAD "egress:\n  # one\n  - a.example.com # a\n  # two\n  - b.example.com # b\n", "10",
	  HEAD "egress:\n  # one\n  # two\n  - b.example.com # b\n" },
	{ HEAD "egress:\n  - a.example.com\n  - b.example.com", "01",
	  HEAD "egress:\n  - a.example.com" },
	{ HEAD "egress:   # names\n- a.example.com\n- b.example.com\nport: 8080\n", "11",
	  HEAD "egress: []   # names\nport: 8080\n" },
	{ HEAD
	  "egress:\n  - host: a.example.com\n    # inside\n    port: 444\n\n  - b.example.com\n",
	  "10", HEAD "egress:\n\n  - b.example.com\n" },
	{ HEAD "egress: [a.example.com, b.example.com, c.example.com]\n", "100",
	  HEAD "egress: [b.example.com, c.example.com]\n" },
	{ HEAD "egress: [a.example.com, b.example.com, c.example.com]\n", "010",
	  HEAD "egress: [a.example.com, c.example.com]\n" },
	{ HEAD "egress: [ a.example.com, b.example.com, c.example.com ]\n", "001",
	  HEAD "egress: [ a.example.com, b.example.com ]\n" },
	{ HEAD "egress: [ a.example.com ] # x\n", "1", HEAD "egress: [ ] # x\n" },
	{ HEAD "egress: [a.example.com]", "1", HEAD "egress: []" },
	{ HEAD "egress: [\n  a.example.com, # a\n  # b is next\n  b.example.com\n]\n", "10",
	  HEAD "egress: [\n  # b is next\n  b.example.com\n]\n" },
	{ HEAD "egress: [\n  a.example.com, # a\n  b.example.com # b\n]\n", "01",
	  HEAD "egress: [\n  a.example.com # a\n]\n" },
	{ HEAD "egress: [\r\n  a.example.com,\r\n  b.example.com,\r\n]\r\n", "11",
	  HEAD "egress: [\r\n]\r\n" },
	{ HEAD "egress: [host: a.example.com, b.example.com]\n", "10",
	  HEAD "egress: [b.example.com]\n" },
};

static void removes_in_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(removes); i++) {
		const struct remove_case *c = &removes[i];
		auto_free char *got = NULL;
		bool drop[8] = { 0 };
		struct err e = ERR_INIT;
		for (size_t k = 0; c->drop[k]; k++)
			drop[k] = c->drop[k] == '1';
		if (manifest_egress_remove(c->before, strlen(c->before), "m", drop, &got, &e))
			fail_msg("%s\n%s", e.message, c->before);
		check(c->before, got, c->after);
	}
}

static void replaces_in_place(void **state)
{
	static const char before[] =
		HEAD "egress:\n  # a\n  - a.example.com   # why\n"
		     "  - host: b.example.com\n    port: 444\n  - c.example.com\n";
	static const char commented[] =
		HEAD "egress:\n  - host: b.example.com # b\n    port: 444\n";
	auto_free char *one = NULL, *two = NULL, *three = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(manifest_egress_replace(before, strlen(before), "m", 0, &full, &one, &e),
			 0);
	check(before, one,
	      HEAD "egress:\n  # a\n  - " FULL "   # why\n"
		   "  - host: b.example.com\n    port: 444\n  - c.example.com\n");
	assert_int_equal(manifest_egress_replace(before, strlen(before), "m", 1, &plain, &two, &e),
			 0);
	check(before, two,
	      HEAD "egress:\n  # a\n  - a.example.com   # why\n  - new.example.net\n"
		   "  - c.example.com\n");
	assert_int_equal(
		manifest_egress_replace(commented, strlen(commented), "m", 0, &plain, &three, &e),
		-1);
	assert_non_null(strstr(e.message, "m:5"));
	assert_non_null(strstr(e.hint, "new.example.net"));
}

static void refuses_what_would_be_refused(void **state)
{
	static const char before[] = HEAD "egress:\n  - a.example.com\n  - { host: b.example.com, "
					  "port: 5432, protocol: tcp }\n";
	static const struct {
		struct egress_entry entry;
		const char *part;
	} cases[] = {
		{ { .host = (char *)"a.example.com", .port = 443 }, "same host and port" },
		{ { .host = (char *)"localhost", .port = 443 }, "at least two labels" },
		{ { .host = (char *)"10.0.0.1", .port = 443 }, "addresses" },
		{ { .host = (char *)"c.example.com", .port = 5432, .protocol = EGRESS_TCP },
		  "leads to one host" },
		{ { .host = (char *)"c.example.com", .port = 53 }, "gateway uses port 53" },
		{ { .host = (char *)"c.example.com", .port = 443, .expires = (char *)"2031-02-30" },
		  "not a day" },
		{ { .host = (char *)"c.example.com\nport: 1", .port = 443 }, "" },
		{ { .host = (char *)"c.example.com", .port = 443, .reason = (char *)"a\nb" }, "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *got = NULL;
		struct err e = ERR_INIT;
		assert_int_equal(
			manifest_egress_add(before, strlen(before), "m", &cases[i].entry, &got, &e),
			-1);
		assert_null(got);
		assert_int_equal(e.code, ERR_MANIFEST);
		if (!strstr(e.message, cases[i].part))
			fail_msg("'%s' lacks '%s'", e.message, cases[i].part);
	}
}

/* ---- random manifests ---- */

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void pick(struct strbuf *b, uint32_t *seed, const char *const *words, size_t count)
{
	strbuf_puts(b, words[next(seed) % count]);
}
#define PICK(b, seed, ...)                                                                         \
	do {                                                                                       \
		static const char *const words_[] = { __VA_ARGS__ };                               \
		pick(b, seed, words_, ARRAY_SIZE(words_));                                         \
	} while (0)

static void put_indent(struct strbuf *b, size_t n)
{
	while (n--)
		strbuf_putc(b, ' ');
}

static void put_comments(struct strbuf *b, uint32_t *seed, size_t indent, const char *nl)
{
	while (next(seed) % 4 == 0) {
		if (next(seed) % 3) {
			put_indent(b, next(seed) % 2 ? indent : next(seed) % 6);
			PICK(b, seed, "# - x", "#", "# \xc3\xbc, [y] {", "# egress:", "#\t\"");
		}
		strbuf_puts(b, nl);
	}
}

static void put_behind(struct strbuf *b, uint32_t *seed, const char *nl)
{
	PICK(b, seed, "", "", " ", "  # why, not", " # \xe2\x82\xac - ]", "\t# tab");
	strbuf_puts(b, nl);
}

static void put_random_entry(struct strbuf *b, uint32_t *seed, size_t i, size_t indent,
			     const char *nl, bool flow)
{
	unsigned form = next(seed) % (flow ? 5 : 8);

	if (form < 2) {
		const char *quote = form ? (next(seed) % 2 ? "\"" : "'") : "";
		strbuf_printf(b, "%sh%zu.example.com%s", quote, i, quote);
	} else if (form == 2) {
		strbuf_printf(b, "\"*.h%zu.example.com\"", i);
	} else if (form == 3) {
		strbuf_printf(b, "{ host: h%zu.example.com, port: 8443, reason: \"a, # b\" }", i);
	} else if (form == 4) {
		strbuf_printf(b, "{host: 'h%zu.example.com',%s%*sport: 8443}", i, nl,
			      (int)indent + 4, "");
	} else {
		if (form == 5)
			strbuf_printf(b, "%s%*s", nl, (int)indent + 2, "");
		strbuf_printf(b, "host: h%zu.example.com", i);
		put_behind(b, seed, nl);
		put_indent(b, indent + 2);
		if (form == 6)
			put_comments(b, seed, 0, nl), put_indent(b, form == 6 ? 0 : indent);
		strbuf_printf(b, "port: 8443");
	}
}

static void put_random_list(struct strbuf *b, uint32_t *seed, const char *nl)
{
	size_t count = next(seed) % 5, indent = next(seed) % 5;

	PICK(b, seed, "egress:", "\"egress\":", "'egress' :", "egress :");
	if (count && next(seed) % 2) {
		put_behind(b, seed, nl);
		for (size_t i = 0; i < count; i++) {
			put_comments(b, seed, indent, nl);
			put_indent(b, indent);
			strbuf_puts(b, "- ");
			put_random_entry(b, seed, i, indent, nl, false);
			put_behind(b, seed, nl);
		}
		return;
	}
	bool lines = next(seed) % 2;
	strbuf_puts(b, lines ? " [" : next(seed) % 2 ? " [ " : " [");
	if (lines)
		put_behind(b, seed, nl);
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;
		if (lines)
			put_comments(b, seed, 2, nl);
		put_indent(b, lines ? 2 : 0);
		put_random_entry(b, seed, i, 2, nl, true);
		strbuf_puts(b, !last ? "," : next(seed) % 2 ? "," : "");
		if (lines)
			put_behind(b, seed, nl);
		else
			strbuf_puts(b, last ? "" : " ");
	}
	strbuf_puts(b, lines ? " ]" : "]");
	put_behind(b, seed, nl);
}

static char *random_manifest(uint32_t seed)
{
	auto_strbuf struct strbuf b = STRBUF_INIT(STRBUF_TEXT_MAX);
	const char *nl = next(&seed) % 4 ? "\n" : "\r\n";
	unsigned place = next(&seed) % 5;

	if (next(&seed) % 3 == 0)
		strbuf_printf(&b, "---%s", nl);
	put_comments(&b, &seed, 0, nl);
	for (unsigned i = 0; i < 5; i++) {
		static const char *const lines[] = { "version: 1", "tenant: acme",
						     "image: example/worker:1.0",
						     "environment: { A: b }", "port: 8080" };
		if (i == place && next(&seed) % 8)
			put_random_list(&b, &seed, nl);
		strbuf_printf(&b, "%s", lines[i]);
		put_behind(&b, &seed, nl);
		put_comments(&b, &seed, 2, nl);
	}
	if (next(&seed) % 4 == 0)
		strbuf_printf(&b, "...%s", nl);
	else if (next(&seed) % 3 == 0)
		while (b.len && (b.data[b.len - 1] == '\n' || b.data[b.len - 1] == '\r'))
			b.data[--b.len] = '\0';
	return strbuf_take(&b);
}

static void nothing_else_changes(void **state)
{
	size_t refused = 0, read = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 4000; seed++) {
		auto_free char *text = random_manifest(seed * 2654435761u);
		struct tenant_spec spec = { 0 };
		struct err e = ERR_INIT;
		const char *wrong = edit_property(text, strlen(text), seed * 40503u >> 3, &refused);
		if (wrong)
			fail_msg("seed %u: %s\n%s", (unsigned)seed, wrong, text);
		if (!manifest_parse(text, strlen(text), "m", NULL, &spec, &e))
			read++;
		tenant_spec_free(&spec);
	}
	/* the generator makes manifests, and they are edited */
	if (read < 3600 || refused > 0)
		fail_msg("%zu of 4000 read, %zu changes refused", read, refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_in_place),
		cmocka_unit_test(entries_are_quoted_where_needed),
		cmocka_unit_test(json_stays_json),
		cmocka_unit_test(removes_in_place),
		cmocka_unit_test(replaces_in_place),
		cmocka_unit_test(refuses_what_would_be_refused),
		cmocka_unit_test(nothing_else_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
