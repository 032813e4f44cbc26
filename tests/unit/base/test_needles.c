/*
 * Secrets are found in every form that a program may write them in, whatever stands
 * around them, and nothing else is.
 */
#include "unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/needles.h"

#define SECRET "q8Zt/4Lw7+x2 Rn9<Bd>\"5K\\c3"

static bool finds(const struct needles *n, const char *text, size_t tag, const char *form)
{
	struct needle_hit hit = { 0 };

	return needles_find(n, text, strlen(text), NEEDLES_ANY, &hit) && hit.tag == tag &&
	       !strcmp(hit.form, form);
}

static void every_form_is_found(void **state)
{
	static const struct {
		const char *text, *form;
	} cases[] = {
		{ SECRET, "plain" },
		{ "key=" SECRET ";", "plain" },
		{ "q8Zt/4Lw7+x2 Rn9\\u003cBd\\u003e\\\"5K\\\\c3", "JSON" },
		{ "q8Zt/4Lw7+x2 Rn9<Bd>\\\"5K\\\\c3", "JSON" },
		{ "71385a742f344c77372b783220526e393c42643e22354b5c6333", "hex" },
		{ "71385A742F344C77372B783220526E393C42643E22354B5C6333", "hex" },
		{ "?k=q8Zt%2F4Lw7%2Bx2%20Rn9%3CBd%3E%225K%5Cc3&", "URL-encoded" },
		{ "?k=q8Zt%2f4Lw7%2bx2%20Rn9%3cBd%3e%225K%5cc3&", "URL-encoded" },
	};
	struct needles *n auto_needles = needles_new();

	(void)state;
	assert_true(needles_add(n, SECRET, strlen(SECRET), 7) > 8);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!finds(n, cases[i].text, 7, cases[i].form))
			fail_msg("%s: not found as %s", cases[i].text, cases[i].form);
}

/* Whatever stands before and behind it in the text that was encoded. */
static void base64_is_found_at_any_alignment(void **state)
{
	struct needles *n auto_needles = needles_new();

	(void)state;
	needles_add(n, SECRET, strlen(SECRET), 1);
	for (size_t before = 0; before < 7; before++) {
		for (size_t behind = 0; behind < 4; behind++) {
			char plain[64], text[128];
			int len = snprintf(plain, sizeof(plain), "%.*s%s%.*s", (int)before,
					   "user:xy", SECRET, (int)behind, "@hos");

			EVP_EncodeBlock((unsigned char *)text, (unsigned char *)plain, len);
			assert_true(finds(n, text, 1, "base64"));
			for (char *p = text; *p; p++)
				*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
			assert_true(finds(n, text, 1, "base64"));
		}
	}
}

static void nothing_else_is_found(void **state)
{
	static const char *const texts[] = { "", "q8Z", "q8Zt/4Lw7+x2 Rn9<Bd>\"5K\\c", "q8zt/4lw7",
					     "71385a742f344c77372b783220526e393c42643e22354b5c63" };
	struct needles *n auto_needles = needles_new();
	struct needle_hit hit;

	(void)state;
	assert_false(needles_find(n, SECRET, strlen(SECRET), NEEDLES_ANY, &hit));
	needles_add(n, SECRET, strlen(SECRET), 1);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(needles_find(n, texts[i], strlen(texts[i]), NEEDLES_ANY, &hit));
}

static void short_texts_are_not_looked_for(void **state)
{
	struct needles *n auto_needles = needles_new();

	(void)state;
	assert_int_equal(needles_add(n, "1234567", 7, 1), 0);
	assert_int_equal(needles_add(n, "", 0, 1), 0);
	assert_true(needles_add(n, "12345678", 8, 1) > 0);
}

static void tags_tell_secrets_apart(void **state)
{
	static const char first[] = "first-secret-value", second[] = "second-secret-value";
	static const char text[] = "a first-secret-value and a second-secret-value";
	struct needles *n auto_needles = needles_new();
	struct needle_hit hit;

	(void)state;
	needles_add(n, first, strlen(first), 1);
	needles_add(n, second, strlen(second), 2);
	assert_true(needles_find(n, text, strlen(text), 2, &hit));
	assert_int_equal(hit.tag, 2);
	assert_true(needles_find(n, text, strlen(text), NEEDLES_ANY, &hit));
	assert_int_equal(hit.tag, 1);
	assert_false(needles_find(n, text, strlen(text), 3, &hit));
}

/* One read beyond the end would be seen by the sanitizer. */
static void the_end_of_the_data_is_respected(void **state)
{
	struct needles *n auto_needles = needles_new();
	struct needle_hit hit;

	(void)state;
	needles_add(n, SECRET, strlen(SECRET), 1);
	for (size_t len = 0; len <= strlen(SECRET); len++) {
		char *exact = mem_strndup(SECRET, len);
		char *data = malloc(len + 1);

		assert_non_null(data);
		memcpy(data, exact, len);
		data = realloc(data, len ? len : 1);
		assert_non_null(data);
		assert_int_equal(needles_find(n, data, len, NEEDLES_ANY, &hit),
				 len == strlen(SECRET));
		free(data);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_found),
		cmocka_unit_test(base64_is_found_at_any_alignment),
		cmocka_unit_test(nothing_else_is_found),
		cmocka_unit_test(short_texts_are_not_looked_for),
		cmocka_unit_test(tags_tell_secrets_apart),
		cmocka_unit_test(the_end_of_the_data_is_respected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
