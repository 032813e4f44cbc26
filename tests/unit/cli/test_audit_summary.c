/* A page that fits an e-mail, whatever was found, and a first line that is a subject. */
#include "cli_fixture.h"

#include "../../../src/cli/audit_summary.h"

static const struct audit_summary_part parts[] = { { "caps", "processes", 4000 },
						   { "egress", "rules", 100 },
						   { "images", "images", 100 },
						   { "drift", "differences", 9 },
						   { "log", "records", 12345678 } };

static void add(struct audit_items *a, const char *tenant, const char *id, const char *subject,
		enum finding_verdict v)
{
	struct finding x = { .id = id,
			     .evidence = (char *)subject,
			     .observed = (char *)"somewhat \xc3\xa4 long, so that a line has to be "
						 "cut where it does not fit any more",
			     .verdict = v };
	const struct findings f = { .items = &x, .count = 1 };

	audit_items_add(a, tenant, &f);
}

static char *page(struct audit_items *now, struct audit_items *before, bool whole)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(STRBUF_TEXT_MAX);

	audit_items_sort(now);
	audit_items_sort(before);
	audit_summary(&(struct audit_summary){ .host = "host.of-a-very-long-name.example.com",
					       .engine = "28.5.2",
					       .kernel = "6.18.0-some-long-flavour-amd64",
					       .tenants = 50,
					       .parts = parts,
					       .part_count = ARRAY_SIZE(parts),
					       .now = now,
					       .before = before,
					       .whole = whole },
		      &out);
	return strbuf_take(&out);
}

/* Lines of the page; no line is wider than it may be, and nothing acts on a terminal. */
static size_t measure(const char *text)
{
	size_t lines = 0;

	for (const char *p = text; *p; lines++) {
		size_t columns = 0;

		for (; *p != '\n'; p++) {
			assert_true((unsigned char)*p >= ' ');
			columns += ((unsigned char)*p & 0xc0) != 0x80;
		}
		if (columns > AUDIT_SUMMARY_COLUMNS)
			fail_msg("line %zu has %zu columns", lines + 1, columns);
		p++;
	}
	return lines;
}

static void nothing_found_is_short(void **state unused_arg)
{
	struct audit_items now auto_audit_items = { .at = mem_strdup("2026-01-01T00:00:00Z") };
	struct audit_items before auto_audit_items = { 0 };
	auto_free char *text = page(&now, &before, false);

	assert_int_equal(measure(text), 6 + ARRAY_SIZE(parts));
	assert_holds(text, "audit of host.of-a-very-l...: no problems in 50 tenants, 0 "
			   "warnings\n");
	assert_holds(text, "the first audit of this host");
	assert_holds(text, "\ncaps         4000  processes           0         0\n");
}

static void changes_are_told(void **state unused_arg)
{
	struct audit_items now auto_audit_items = { .at = mem_strdup("2026-01-02T00:00:00Z") };
	struct audit_items before auto_audit_items = { .at = mem_strdup("2026-01-01T00:00:00Z") };

	add(&now, "acme", "audit.caps.sets", "worker: \033[31mnode", VERDICT_FAIL);
	add(&now, "beta", "audit.egress.unused", "tls:443:x", VERDICT_WARN);
	add(&before, "beta", "audit.egress.unused", "tls:443:x", VERDICT_WARN);
	add(&before, "beta", "audit.drift.worker", "HostConfig.Memory", VERDICT_FAIL);
	auto_free char *text = page(&now, &before, false);
	measure(text);
	assert_holds(text, ": 1 problem in 1 of 50, 1 new\n");
	assert_holds(text, "since 2026-01-01T00:00:00Z: 1 new, 1 gone, 1 as before\n");
	assert_holds(text, "\n\nNew (! is a problem)\n! acme: caps.sets: worker: \\x1B[31mnode: ");
	assert_holds(text, "\n\nGone\n! beta: drift.worker: HostConfig.Memory: ");
	assert_holds(text, "\n\nAs before\n  beta: egress.unused: tls:443:x: ");
	assert_holds(text, "\ncaps         4000  processes           1         0\n");
	assert_holds(text, "\negress        100  rules               0         1\n");
}

static void many(struct audit_items *a, int from, int to)
{
	for (int i = from; i < to; i++) {
		auto_free char *subject = mem_printf("worker: %d", i);

		add(a, i % 2 ? "acme" : "a-tenant-with-a-name-as-long-as-it-may-be",
		    "audit.caps.sets", subject, i % 3 ? VERDICT_FAIL : VERDICT_WARN);
	}
}

/* Every share of new, gone and unchanged ones fits the page, and what is left out is counted. */
static void however_many_it_fits(void **state unused_arg)
{
	static const int sizes[] = { 0, 1, 3, 4, 5, 9, 30, 500 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			for (size_t m = 0; m < ARRAY_SIZE(sizes); m++) {
				struct audit_items now auto_audit_items = { .at = mem_strdup("n") };
				struct audit_items before auto_audit_items = { .at = mem_strdup(
										       "b") };

				many(&now, 0, sizes[i] + sizes[k]);
				many(&before, sizes[i], sizes[i] + sizes[k] + sizes[m]);
				auto_free char *text = page(&now, &before, false);
				if (measure(text) > AUDIT_SUMMARY_LINES)
					fail_msg("%d new, %d as before, %d gone", sizes[i],
						 sizes[k], sizes[m]);
			}
}

static void all_of_it_on_demand(void **state unused_arg)
{
	struct audit_items now auto_audit_items = { .at = mem_strdup("n") };
	struct audit_items before auto_audit_items = { .at = mem_strdup("b") };

	many(&now, 0, 200);
	auto_free char *part = page(&now, &before, false);
	auto_free char *whole = page(&now, &before, true);
	assert_holds(part, "more; -v shows them\n");
	assert_int_equal(measure(whole), 6 + ARRAY_SIZE(parts) + 2 + 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_found_is_short),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(however_many_it_fits),
		cmocka_unit_test(all_of_it_on_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
