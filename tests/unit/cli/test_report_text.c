/* Escaping of reports: what goes in harms nobody who reads what comes out. */
#include "cli_fixture.h"

#include "../../../src/cli/report_text.h"

static void outside_text_is_made_safe(void **state unused_arg)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain, \xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x8b", /* letters of 2, 3 and 4 bytes */
		  "plain, \xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x8b" },
		{ "a\tb\nc\x1b[0m\x7f", "a\\x09b\\x0Ac\\x1B[0m\\x7F" },
		{ "\xff\xc0\x80\xed\xa0\x80", "\\xFF\\xC0\\x80\\xED\\xA0\\x80" },
		{ "\xc2\x9b", "\\xC2\\x9B" },
		{ "a\xe2\x80\xaez", "a\\u{202E}z" },
		{ "\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf\xd8\x9c",
		  "\\u{2028}\\u{2066}\\u{FEFF}\\u{061C}" },
		{ "\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", "\\u{FFFE}\\u{FFFF}\xef\xbf\xbd" },
		{ "\xf3\xa0\x81\x81", "\\u{E0041}" },
		{ "\xe2\x80\x8bx", "\\u{200B}x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strbuf struct strbuf out = STRBUF_INIT(1024);

		report_safe(&out, cases[i].in);
		assert_string_equal(strbuf_str(&out), cases[i].out);
	}
}

static void markup_has_no_meaning(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(1024);

	report_markup(&out, "<a href=\"x\" b='y'>&amp;]]>\x01");
	assert_string_equal(strbuf_str(&out),
			    "&lt;a href=&quot;x&quot; b=&apos;y&apos;&gt;&amp;amp;]]&gt;\\x01");
	strbuf_reset(&out);
	report_markup(&out, NULL);
	assert_string_equal(strbuf_str(&out), "");
}

static void a_quoted_text_is_one_string(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(1024);

	report_quoted(&out, "a\"b\\c: {d}\n#");
	assert_string_equal(strbuf_str(&out), "\"a\\\"b\\\\c: {d}\\\\x0A#\"");
}

/* A buffer that is full drops the rest, and says so. */
static void bounds_are_kept(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(16);

	report_markup(&out, "<<<<<<<<<<<<<<<<<<<<<<<<");
	assert_true(out.overflow);
	assert_int_equal(out.len, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outside_text_is_made_safe),
		cmocka_unit_test(markup_has_no_meaning),
		cmocka_unit_test(a_quoted_text_is_one_string),
		cmocka_unit_test(bounds_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
