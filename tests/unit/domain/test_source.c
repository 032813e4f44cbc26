/* Where checks come from: none without a reference, no reference that nobody can look up. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/domain/source_tables.h"
#include "domain/checks.h"
#include "domain/doctor.h"
#include "domain/source.h"

#define URI_MAX 256

static void check_has_source(const char *id)
{
	auto_strlist struct strlist references = { 0 };

	if (!source_of(id))
		fail_msg("nobody says where %s is from: add it to src/domain/source_*.c", id);
	source_references(id, &references);
	assert_true(references.count > 0);
	for (size_t i = 0; i < references.count; i++) {
		auto_strbuf struct strbuf uri = STRBUF_INIT(URI_MAX);

		if (!source_uri(references.items[i], &uri))
			fail_msg("%s: '%s' can't be looked up anywhere", id, references.items[i]);
		assert_false(strncmp(strbuf_str(&uri), "https://", 8));
		for (const char *p = strbuf_str(&uri); *p; p++)
			if (!isgraph((unsigned char)*p) || *p == '*')
				fail_msg("%s: no address: %s", id, strbuf_str(&uri));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(references.items[i], references.items[k]);
	}
}

static void every_check_has_a_source(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++)
		check_has_source(all[i].id);
	assert_null(source_of("no.such"));
	assert_null(source_of(""));
}

static void every_check_of_the_host_has_a_source(void **state unused_arg)
{
	struct findings f;

	doctor_catalogue(&f);
	for (size_t i = 0; i < f.count; i++)
		check_has_source(f.items[i].id);
	findings_free(&f);
}

static bool is_listed(const char *id)
{
	size_t count;
	const struct check *all = checks_all(&count);
	struct findings f;
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found = found || !strcmp(all[i].id, id);
	doctor_catalogue(&f);
	for (size_t i = 0; i < f.count; i++)
		found = found || !strcmp(f.items[i].id, id);
	findings_free(&f);
	return found;
}

static void check_table(const struct source *(*table)(size_t *))
{
	size_t count;
	const struct source *all = table(&count);

	for (size_t i = 0; i < count; i++) {
		if (!is_listed(all[i].id))
			fail_msg("%s has a source and is no check", all[i].id);
		/* a second row, or one that a rule of versions already gives, would never be read
		 */
		assert_ptr_equal(source_of(all[i].id), all[i].text);
	}
}

static void nothing_else_has_a_source(void **state unused_arg)
{
	check_table(source_worker_all);
	check_table(source_network_all);
	check_table(source_twin_all);
	check_table(source_host_all);
	check_table(source_drill_all);
}

static void references_lead_to_their_pages(void **state unused_arg)
{
	static const struct {
		const char *reference, *uri;
	} cases[] = {
		{ "CVE-2024-21626", "https://www.cve.org/CVERecord?id=CVE-2024-21626" },
		{ "CWE-918", "https://cwe.mitre.org/data/definitions/918.html" },
		{ "CIS Docker 5.4", "https://www.cisecurity.org/benchmark/docker" },
		{ "RFC 9112", "https://www.rfc-editor.org/rfc/rfc9112" },
		{ "Docker Engine 28", "https://docs.docker.com/engine/release-notes/28/" },
		{ "moby #45610", "https://github.com/moby/moby/issues/45610" },
		{ "capabilities(7)", "https://man7.org/linux/man-pages/man7/capabilities.7.html" },
		{ "amicontained", "https://github.com/genuinetools/amicontained" },
	};
	static const char *const unknown[] = { "", "own", "capabilities", "(7)", "x(7) y", "x(7" };
	auto_strbuf struct strbuf none = STRBUF_INIT(URI_MAX);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strbuf struct strbuf uri = STRBUF_INIT(URI_MAX);

		assert_true(source_uri(cases[i].reference, &uri));
		assert_string_equal(strbuf_str(&uri), cases[i].uri);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_false(source_uri(unknown[i], &none));
	assert_int_equal(none.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_check_has_a_source),
		cmocka_unit_test(every_check_of_the_host_has_a_source),
		cmocka_unit_test(nothing_else_has_a_source),
		cmocka_unit_test(references_lead_to_their_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
