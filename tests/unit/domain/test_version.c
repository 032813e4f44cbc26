/* Version numbers as engines, runtimes and kernels print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/version.h"

static struct version parsed(const char *text)
{
	struct version v = { 0 };

	if (!version_parse(text, &v))
		fail_msg("%s is no version", text);
	return v;
}

static void order(void **state)
{
	/* each before the next */
	static const char *const rising[] = {
		"0.9",	  "1.0.0-dev", "1.0.0-alpha.2", "1.0.0-beta.1", "1.0.0~rc9",  "1.0.0-rc93",
		"1.0.0",  "1.0.1",     "1.1.5+ds1",	"1.1.12",	"1.4.0-rc.3", "1.4.0",
		"v2.0.0", "20.10.24",  "28.0.0",	"28.3.3",	"28.10.0",
	};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(rising); i++) {
		struct version a = parsed(rising[i]), b = parsed(rising[i + 1]);

		if (version_compare(&a, &b) >= 0 || version_compare(&b, &a) <= 0 ||
		    version_compare(&a, &a) != 0)
			fail_msg("%s is not before %s", rising[i], rising[i + 1]);
	}
}

static void suffixes(void **state)
{
	static const struct {
		const char *text, *same;
		bool patched;
	} cases[] = {
		{ "28.5.2+dfsg4", "28.5.2", true },
		{ "1.1.5+ds1-1+deb12u1", "1.1.5", true },
		{ "1.6.20~ds1", "1.6.20", true },
		{ "2.1.9+unknown", "2.1.9", true },
		{ "5:27.3.1-1~debian.12~bookworm", "27.3.1", true },
		{ "1.0.0~rc93+ds1-5+deb11u5", "1.0.0-rc.93", true },
		{ "6.18.44-fc-v669", "6.18.44", true },
		{ "24.0.7-0ubuntu4", "24.0.7", true },
		{ "v1.7.29", "1.7.29", false },
		{ "1.3", "1.3.0", false },
		{ "1.2.3.4", "1.2.3.4", false },
		{ "1.4.0-rc.3", "1.4.0-rc3", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct version a = parsed(cases[i].text), b = parsed(cases[i].same);

		if (version_compare(&a, &b) != 0 || a.patched != cases[i].patched)
			fail_msg("%s", cases[i].text);
	}
}

static void no_versions(void **state)
{
	static const char *const cases[] = {
		NULL, "",     "dev",	 "-1",		 ".1",
		"v",  "x1.2", "unknown", "1234567890.1", "1.99999999999",
		":1"
	};
	struct version v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (version_parse(cases[i], &v))
			fail_msg("%s is taken for a version", cases[i] ? cases[i] : "NULL");
}

static void fixes_by_branch(void **state)
{
	static const char *const dns[] = { "23.0.11", "25.0.5", "26.0.0", NULL };
	static const char *const runc[] = { "1.2.8", "1.3.3", "1.4.0-rc.3", NULL };
	static const char *const kernel[] = { "5.10.257", "6.12.91", "6.18.33", "7.0.10", NULL };
	static const struct {
		const char *const *fixed;
		const char *version;
		bool has;
	} cases[] = {
		{ dns, "20.10.24", false },	{ dns, "23.0.10", false },
		{ dns, "23.0.11", true },	{ dns, "24.0.9", false },
		{ dns, "25.0.4", false },	{ dns, "25.0.5", true },
		{ dns, "25.0.5~rc1", false },	{ dns, "26.0.0", true },
		{ dns, "28.5.2+dfsg4", true },	{ runc, "1.1.5+ds1", false },
		{ runc, "1.2.8", true },	{ runc, "1.3.2", false },
		{ runc, "1.4.0-rc.2", false },	{ runc, "1.4.0-rc.3", true },
		{ runc, "1.4.0", true },	{ runc, "1.5.0", true },
		{ kernel, "6.18.44-fc", true }, { kernel, "6.17.99", false },
		{ kernel, "6.18.32", false },	{ kernel, "6.19.3", false },
		{ kernel, "7.0.9", false },	{ kernel, "7.1.0", true },
		{ kernel, "5.4.300", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct version v = parsed(cases[i].version);

		if (version_has_fix(&v, cases[i].fixed) != cases[i].has)
			fail_msg("%s", cases[i].version);
	}
}

static void kernels(void **state)
{
	static const struct {
		const char *release, *version, *signature, *is;
		bool patched;
	} cases[] = {
		{ "6.18.44", "Linux version 6.18.44 (me@here) (gcc (Debian 12.2.0-14) 12.2.0) #1",
		  NULL, "6.18.44", false },
		{ "6.1.0-42-amd64",
		  "Linux version 6.1.0-42-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian "
		  "12.2.0-14+deb12u1) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.159-1 (2025-12-30)",
		  NULL, "6.1.159", true },
		{ "5.15.0-125-generic",
		  "Linux version 5.15.0-125-generic (buildd@lcy02) #135-Ubuntu",
		  "Ubuntu 5.15.0-125.135-generic 5.15.167", "5.15.167", true },
		{ "6.18.44-fc-v669", "Linux version 6.18.44-fc-v669", NULL, "6.18.44", true },
	};
	struct version v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct version is = parsed(cases[i].is);

		if (!version_of_kernel(cases[i].release, cases[i].version, cases[i].signature,
				       &v) ||
		    version_compare(&v, &is) != 0 || v.patched != cases[i].patched)
			fail_msg("%s", cases[i].release);
	}
	assert_false(version_of_kernel(NULL, NULL, NULL, &v));
	/* a text about another kernel decides nothing */
	assert_false(version_of_kernel("6.1.0-42-amd64", "x Debian 5.10.1-1", NULL, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),       cmocka_unit_test(suffixes),
		cmocka_unit_test(no_versions), cmocka_unit_test(fixes_by_branch),
		cmocka_unit_test(kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
