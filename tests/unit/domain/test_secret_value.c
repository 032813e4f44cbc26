/*
 * What a secret may hold, how it is sent, and the forms in which it would come back. Each form is
 * looked for in texts that an upstream could answer with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "domain/secret_value.h"

static void values_are_one_visible_line(void **state unused_arg)
{
	static const struct {
		const char *text, *value, *refused;
	} cases[] = {
		{ "sk-12345", "sk-12345", NULL },
		{ "sk-12345\n", "sk-12345", NULL },
		{ "sk-12345\r\n", "sk-12345", NULL },
		{ "sk-1234", NULL, "shorter than 8 bytes" },
		{ "sk-1234\r\n", NULL, "shorter than 8 bytes" },
		{ "x", NULL, "shorter than 8 bytes" },
		{ "two words", "two words", NULL },
		{ "#~! \"\\!~", "#~! \"\\!~", NULL },
		{ "", NULL, "empty" },
		{ "\n", NULL, "empty" },
		{ "a\nb", NULL, "more than one line" },
		{ "a\n\n", NULL, "more than one line" },
		{ " a", NULL, "blank" },
		{ "a ", NULL, "blank" },
		{ "a\tb", NULL, "not visible ASCII, at position 2" },
		{ "a\rb", NULL, "not visible ASCII" },
		{ "caf\303\251", NULL, "not visible ASCII, at position 4" },
		{ "a\177", NULL, "not visible ASCII" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *text = mem_strdup(cases[i].text);
		size_t len = strlen(text);
		struct err e = ERR_INIT;
		int rc = secret_value_trim(text, &len, &e);

		if (cases[i].refused) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_MANIFEST);
			if (!strstr(e.message, cases[i].refused))
				fail_msg("'%s' lacks '%s'", e.message, cases[i].refused);
			continue;
		}
		if (rc)
			fail_msg("%s", e.message);
		assert_int_equal(len, strlen(cases[i].value));
		assert_string_equal(text, cases[i].value);
	}
}

static void sizes_are_bounded(void **state unused_arg)
{
	char text[SECRET_MAX + 3];
	struct err e = ERR_INIT;
	size_t len = SECRET_MAX + 1;

	memset(text, 'x', sizeof(text));
	text[SECRET_MAX] = '\n';
	text[SECRET_MAX + 1] = '\0';
	assert_int_equal(secret_value_trim(text, &len, &e), 0);
	assert_int_equal(len, SECRET_MAX);
	memset(text, 'x', sizeof(text));
	text[SECRET_MAX + 1] = '\0';
	len = SECRET_MAX + 1;
	assert_int_equal(secret_value_trim(text, &len, &e), -1);
	assert_non_null(strstr(e.message, "4096"));
}

static void a_nul_inside_is_refused(void **state unused_arg)
{
	char text[] = "a\0b";
	struct err e = ERR_INIT;
	size_t len = 3;

	assert_int_equal(secret_value_trim(text, &len, &e), -1);
}

static void names_that_are_secrets_are_not_repeated(void **state unused_arg)
{
	static const char *const bad[] = { "",
					   "-a",
					   "a-",
					   "A",
					   "a_b",
					   "../x",
					   "a/b",
					   "a.cred",
					   "sk-Live-4711",
					   "abcdefghijklmnopqrstuvwxyz0123456" };
	static const char *const good[] = { "a", "ghl", "a-b", "0",
					    "abcdefghijklmnopqrstuvwxyz012345" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(secret_name_check(bad[i], &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		if (strlen(bad[i]) > 4) {
			assert_null(strstr(e.message, bad[i]));
			assert_null(strstr(e.hint, bad[i]));
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(secret_name_check(good[i], &e), 0);
	}
}

static void values_are_composed(void **state unused_arg)
{
	static const struct {
		struct inject_entry how;
		const char *secret, *sent;
	} cases[] = {
		{ { .header = (char *)"Authorization", .format = (char *)"Bearer {}" },
		  "k 1",
		  "Bearer k 1" },
		{ { .header = (char *)"X-Key", .format = (char *)"{}" }, "{}", "{}" },
		{ { .header = (char *)"X-Key", .format = (char *)"a{}b{}" }, "k", "akb{}" },
		/* RFC 7617, section 2 */
		{ { .basic = (char *)"Aladdin:{}" },
		  "open sesame",
		  "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
		{ { .basic = (char *)"{}:" }, "sk_live", "Basic c2tfbGl2ZTo=" },
		{ { .query = (char *)"key" }, "a+b/c=d&e ~", "a%2Bb%2Fc%3Dd%26e%20~" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strbuf struct strbuf out = STRBUF_SECRET(20000);

		secret_compose(&cases[i].how, cases[i].secret, &out);
		assert_string_equal(strbuf_str(&out), cases[i].sent);
	}
}

/* True when one of the lines of `forms` is part of `answer`. */
static bool is_found(const char *forms, const char *answer)
{
	while (*forms) {
		size_t len = strcspn(forms, "\n");
		auto_free char *form = mem_strndup(forms, len);

		if (strstr(answer, form))
			return true;
		forms += len + (forms[len] == '\n');
	}
	return false;
}

static const char *const echoed[] = { "sk-0123456789abcdef", "#starts-like-a-comment",
				      "a+b/c=d&e?f>g<h",     "pit quoted \"x\\y\" z",
				      "\?\?>>\?\?>>\?\?>>",  "abcdefgh" };

static void every_form_is_found(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(echoed); i++) {
		const char *s = echoed[i];
		auto_strbuf struct strbuf forms = STRBUF_SECRET(100000);
		auto_strbuf struct strbuf percent = STRBUF_SECRET(1000);
		const struct inject_entry query = { .query = (char *)"k" };
		auto_free char *plain = mem_printf("{\"error\": \"key %s is not valid\"}", s);

		secret_echo_forms(s, &forms);
		assert_true(is_found(strbuf_str(&forms), plain));
		secret_compose(&query, s, &percent);
		assert_true(is_found(strbuf_str(&forms), strbuf_str(&percent)));
		/* inside of any text that is base64, at any place */
		for (size_t before = 0; before < 7; before++) {
			for (size_t after = 0; after < 4; after++) {
				auto_free char *text = mem_printf("%.*s%s%.*s", (int)before,
								  "user:ab", s, (int)after, "tail");
				auto_free char *encoded = mem_alloc(2 * strlen(text) + 8);
				EVP_EncodeBlock((unsigned char *)encoded, (unsigned char *)text,
						(int)strlen(text));
				if (!is_found(strbuf_str(&forms), encoded))
					fail_msg("%s, %zu before and %zu after: not found in %s", s,
						 before, after, encoded);
				for (char *p = encoded; *p; p++)
					*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
				assert_true(is_found(strbuf_str(&forms), encoded));
			}
		}
		auto_free char *hex = mem_alloc(2 * strlen(s) + 1);
		for (size_t k = 0; s[k]; k++)
			snprintf(hex + 2 * k, 3, "%02x", (unsigned)(unsigned char)s[k]);
		assert_true(is_found(strbuf_str(&forms), hex));
	}
}

/* No line is a comment, empty or so short that it is found by chance. */
static void forms_are_lines_of_a_pattern_file(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(echoed); i++) {
		auto_strbuf struct strbuf forms = STRBUF_SECRET(100000);

		secret_echo_forms(echoed[i], &forms);
		for (const char *line = strbuf_str(&forms); *line;) {
			size_t len = strcspn(line, "\n");

			assert_true(len >= SECRET_FORM_MIN);
			assert_true(*line != '#' && *line != ' ');
			assert_int_equal(line[len], '\n');
			line += len + 1;
		}
		assert_false(
			is_found(strbuf_str(&forms), "{\"error\":\"not found\",\"code\":404}"));
	}
	auto_strbuf struct strbuf none = STRBUF_SECRET(1000);
	secret_echo_forms("ab", &none);
	assert_false(is_found(strbuf_str(&none), "about"));
}

static void what_is_shown_is_masked(void **state unused_arg)
{
	char text[] = "no such key: hunter2hunter2, use hunter2";
	char shapes[] = "refused: sk-ant-REDACTED-ABCDEF (401)";

	secret_mask(text, "hunter2");
	assert_string_equal(text, "no such key: **************, use *******");
	secret_mask(text, "");
	secret_mask_shapes(shapes);
	assert_null(strstr(shapes, "sk-ant"));
	assert_non_null(strstr(shapes, "refused: "));
	assert_non_null(strstr(shapes, " (401)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_one_visible_line),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(names_that_are_secrets_are_not_repeated),
		cmocka_unit_test(values_are_composed),
		cmocka_unit_test(every_form_is_found),
		cmocka_unit_test(forms_are_lines_of_a_pattern_file),
		cmocka_unit_test(what_is_shown_is_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
