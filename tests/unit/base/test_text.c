/*
 * Errors, text buffers, lists, maps, digests, log lines: small contracts that every
 * message and every name of the program goes through.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/strmap.h"

static void errors_carry_code_and_context(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	assert_int_equal(err_sys(&e, EACCES, "open %s", "x"), -1);
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_int_equal(e.sys_errno, EACCES);
	assert_string_equal(e.message, "open x: Permission denied");
	err_hint(&e, "run as %s", "root");
	assert_int_equal(err_wrap(&e, "tenant %s", "acme"), -1);
	assert_string_equal(e.message, "tenant acme: open x: Permission denied");
	assert_string_equal(e.hint, "run as root");
	assert_int_equal(e.sys_errno, EACCES);
	err_set(&e, ERR_BUSY, "again: %s", e.message); /* arguments may point into the error */
	assert_string_equal(e.message, "again: tenant acme: open x: Permission denied");
	assert_int_equal(e.sys_errno, 0);
	assert_string_equal(e.hint, "");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
}

static void long_messages_are_cut_at_characters(void **state)
{
	(void)state;
	static const char *const characters[] = { "x", "\xC3\xA9", "\xE2\x82\xAC",
						  "\xF0\x9F\x98\x80" };
	for (size_t c = 0; c < ARRAY_SIZE(characters); c++) {
		for (size_t shift = 0; shift < 5; shift++) {
			auto_strbuf struct strbuf text = STRBUF_INIT(8192);
			struct err e = ERR_INIT;
			for (size_t i = 0; i < shift; i++)
				strbuf_putc(&text, 'a');
			while (text.len < 2000)
				strbuf_puts(&text, characters[c]);
			err_set(&e, ERR_CHECK, "%s", strbuf_str(&text));
			size_t n = strlen(characters[c]);
			size_t fits = (ERR_MESSAGE_MAX - 1 - shift) / n * n + shift;
			assert_int_equal(strlen(e.message), fits);
			assert_memory_equal(e.message, text.data, fits);
			err_wrap(&e, "%s", "context");
			assert_int_equal((strlen(e.message) - 9 - shift) % n, 0);
		}
	}
}

static void codes_have_statuses_and_names(void **state)
{
	(void)state;
	static const struct {
		enum err_code code;
		int status;
	} cases[] = { { ERR_NONE, 0 },	    { ERR_CHECK, 1 },	    { ERR_USAGE, 2 },
		      { ERR_MANIFEST, 3 },  { ERR_UNREACHABLE, 4 }, { ERR_REFUSED, 5 },
		      { ERR_NOT_FOUND, 5 }, { ERR_CONFLICT, 5 },    { ERR_BUSY, 5 },
		      { ERR_TIMEOUT, 5 },   { ERR_PROTOCOL, 5 },    { ERR_PARTIAL, 6 },
		      { ERR_SYSTEM, 70 },   { ERR_INTERNAL, 70 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(err_exit_status(cases[i].code), cases[i].status);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(err_code_name(cases[i].code),
						err_code_name(cases[j].code));
	}
	assert_string_equal(err_code_name(ERR_UNREACHABLE), "engine-unreachable");
	assert_int_equal(err_exit_status((enum err_code)999), 70);
}

static void buffers_stop_at_their_maximum(void **state)
{
	(void)state;
	auto_strbuf struct strbuf b = STRBUF_INIT(10);
	assert_string_equal(strbuf_str(&b), "");
	strbuf_printf(&b, "%s-%d", "abc", 5);
	assert_false(b.overflow);
	strbuf_puts(&b, "1234567");
	assert_true(b.overflow);
	assert_string_equal(strbuf_str(&b), "abc-512345");
	strbuf_putc(&b, 'x');
	assert_int_equal(b.len, 10);
	auto_free char *taken = strbuf_take(&b);
	assert_string_equal(taken, "abc-512345");
	assert_false(b.overflow);
	auto_free char *empty = strbuf_take(&b);
	assert_string_equal(empty, "");
	auto_strbuf struct strbuf big = STRBUF_INIT(STRBUF_TEXT_MAX);
	strbuf_printf(&big, "%5000d", 1);
	assert_int_equal(big.len, 5000);
	assert_int_equal(big.data[4999], '1');
}

static void escaping_makes_text_harmless(void **state)
{
	(void)state;
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{ "plain \xC3\xA9", "plain \xC3\xA9" },
		{ "\x1b[31m\n\t\x7f", "\\x1B[31m\\x0A\\x09\\x7F" },
		{ "\xC2\x9B"
		  "1m",
		  "\\xC2\\x9B1m" },
		{ "a\xFF"
		  "b",
		  "a\\xFFb" },
		{ "\xE2\x82", "\\xE2\\x82" },
		{ "\xC0\x80", "\\xC0\\x80" },
		{ "\xED\xA0\x80", "\\xED\\xA0\\x80" },
		{ "\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT(100);
		strbuf_escape(&b, cases[i].text, strlen(cases[i].text));
		assert_string_equal(strbuf_str(&b), cases[i].escaped);
	}
	auto_strbuf struct strbuf b = STRBUF_INIT(100);
	strbuf_escape(&b, "a\0b", 3);
	assert_string_equal(strbuf_str(&b), "a\\x00b");
}

static void lists_keep_order_and_end(void **state)
{
	(void)state;
	auto_strlist struct strlist l = { NULL, 0 };
	auto_strlist struct strlist copy = { NULL, 0 };
	for (int i = 0; i < 100; i++) {
		strlist_addf(&l, "%02d", 99 - i);
		assert_int_equal(l.count, i + 1);
		assert_null(l.items[l.count]);
	}
	strlist_add(&copy, "old");
	strlist_copy(&copy, &l);
	assert_true(strlist_equal(&copy, &l));
	strlist_sort(&l);
	assert_false(strlist_equal(&copy, &l));
	assert_string_equal(l.items[0], "00");
	assert_null(l.items[100]);
	assert_true(strlist_has(&l, "42"));
	assert_false(strlist_has(&l, "4"));
}

static void nearest_names_are_found(void **state)
{
	(void)state;
	static const char *const names[] = { "memory", "cpus", "pids", "workspace", "egress" };
	static const struct {
		const char *word, *nearest;
	} cases[] = { { "memroy", "memory" },	    { "cpu", "cpus" },	    { "pid", "pids" },
		      { "workspaec", "workspace" }, { "egres", "egress" },  { "x", NULL },
		      { "volumes", NULL },	    { "memory", "memory" }, { "", NULL } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = strlist_nearest(cases[i].word, names, ARRAY_SIZE(names));
		if (cases[i].nearest)
			assert_string_equal(found, cases[i].nearest);
		else
			assert_null(found);
	}
	char longest[5000];
	memset(longest, 'm', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(strlist_nearest(longest, names, ARRAY_SIZE(names)));
}

/* A map against a plain array of the same pairs, over random operations. */
static void maps_behave_like_arrays(void **state)
{
	(void)state;
	auto_strmap struct strmap m = { NULL, 0 };
	auto_strmap struct strmap copy = { NULL, 0 };
	int model[26];
	size_t present = 0;
	unsigned random = 3;
	memset(model, -1, sizeof(model));
	for (int i = 0; i < 500; i++) {
		char key[2] = "", value[16];
		random = random * 1103515245u + 12345u;
		unsigned slot = (random >> 16) % 26;
		key[0] = (char)('a' + slot);
		snprintf(value, sizeof(value), "%d", i);
		strmap_set(&m, key, value);
		present += model[slot] < 0;
		model[slot] = i;
		assert_int_equal(m.count, present);
		assert_string_equal(strmap_get(&m, key), value);
	}
	strmap_copy(&copy, &m);
	strmap_sort(&copy);
	assert_true(strmap_equal(&copy, &m));
	for (size_t i = 1; i < copy.count; i++)
		assert_true(strcmp(copy.entries[i - 1].key, copy.entries[i].key) < 0);
	strmap_set(&copy, "a", "other");
	assert_false(strmap_equal(&copy, &m));
	assert_null(strmap_get(&m, "A"));
}

static void digests_separate_fields(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} cases[] = { { "ab", "c" }, { "a", "bc" }, { "a", "" },   { "a", NULL },
		      { "a", "-" },  { "", "a" },   { "a1:", "b" } };
	char hex[ARRAY_SIZE(cases)][DIGEST_HEX_SIZE];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct digest_state *s = digest_new();
		digest_field(s, cases[i].name, cases[i].value);
		digest_finish(s, hex[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(hex[i], hex[j]);
	}
	char known[DIGEST_HEX_SIZE]; /* FIPS 180-2, appendix B.1 */
	digest_of("abc", 3, known);
	assert_string_equal(known,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void log_lines_are_single_and_clean(void **state)
{
	(void)state;
	char text[16384] = "";
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	int saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	enum log_level before = log_level_now();
	log_set_level(LOG_INFO);
	log_debug("not shown");
	log_warn("name '%s'", "\x1b[2J\nforged");
	log_error("%9000s", "x");
	log_set_level(before);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(n > 0);
	static const char first[] = "tenantctl: warning: name '\\x1B[2J\\x0Aforged'\n";
	assert_memory_equal(text, first, strlen(first));
	const char *second = text + strlen(first);
	assert_ptr_equal(strchr(second, '\n'), text + n - 1);
}

static void memory_helpers_keep_ownership_clear(void **state)
{
	(void)state;
	char *slot = NULL;
	mem_replace(&slot, "abc");
	mem_replace(&slot, slot + 1); /* a part of the old value */
	assert_string_equal(slot, "bc");
	auto_free char *taken = take_ptr(slot);
	assert_null(slot);
	assert_string_equal(taken, "bc");
	auto_free char *cut = mem_strndup("abcdef", 3);
	assert_string_equal(cut, "abc");
	auto_free char *printed = mem_printf("%d%s", 7, "x");
	assert_string_equal(printed, "7x");
	unsigned char secret[8] = "secret!";
	mem_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret[i], 0);
	auto_free int *array = mem_array(3, sizeof(*array));
	assert_int_equal(array[2], 0);
}

static void secret_buffers_are_wiped(void **state)
{
	(void)state;
	auto_strbuf struct strbuf b = STRBUF_SECRET(4096);
	auto_free char *zeros = mem_alloc(4096);
	for (int i = 0; i < 100; i++)
		strbuf_printf(&b, "secret-%d", i); /* grows several times */
	strbuf_printf(&b, "%0300d", 7);
	assert_int_equal(b.len, 10 * 8 + 90 * 9 + 300);
	assert_memory_equal(b.data, "secret-0secret-1", 16);
	assert_true(b.cap <= 4096);
	strbuf_reset(&b);
	assert_memory_equal(b.data, zeros, b.cap);
	strbuf_puts(&b, "again");
	assert_string_equal(strbuf_str(&b), "again");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_carry_code_and_context),
		cmocka_unit_test(long_messages_are_cut_at_characters),
		cmocka_unit_test(codes_have_statuses_and_names),
		cmocka_unit_test(buffers_stop_at_their_maximum),
		cmocka_unit_test(escaping_makes_text_harmless),
		cmocka_unit_test(lists_keep_order_and_end),
		cmocka_unit_test(nearest_names_are_found),
		cmocka_unit_test(maps_behave_like_arrays),
		cmocka_unit_test(digests_separate_fields),
		cmocka_unit_test(log_lines_are_single_and_clean),
		cmocka_unit_test(memory_helpers_keep_ownership_clear),
		cmocka_unit_test(secret_buffers_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
