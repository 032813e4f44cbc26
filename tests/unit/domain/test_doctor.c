/*
 * Every check of the host in green and in red: each case spoils one thing of a good
 * host and names exactly the checks that must notice, and how. A check that no case
 * can turn fails the suite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "../../support/doctor_fixture.h"

static const struct doctor_case *(*const tables[])(size_t *) = {
	doctor_cases_host, doctor_cases_runtime, doctor_cases_firewall, doctor_cases_values
};

static void words_of(const struct findings *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].verdict != VERDICT_PASS &&
		    f->items[i].verdict != VERDICT_NOT_APPLICABLE)
			strbuf_printf(out, "%s%s %s", out->len ? ", " : "",
				      verdict_name(f->items[i].verdict),
				      f->items[i].id + strlen("doctor."));
}

static void good_host_passes(void **state unused_arg)
{
	struct doctor_fixture x;
	struct findings f;

	doctor_fixture_make(&x);
	doctor_run(&x.in, NULL, &f);
	for (size_t i = 0; i < f.count; i++) {
		if (f.items[i].verdict != VERDICT_PASS &&
		    f.items[i].verdict != VERDICT_NOT_APPLICABLE)
			fail_msg("%s: %s: %s", f.items[i].id, verdict_name(f.items[i].verdict),
				 f.items[i].observed);
		assert_non_null(f.items[i].expected);
		assert_non_null(f.items[i].observed);
		assert_non_null(f.items[i].remedy);
	}
	assert_true(findings_pass(&f));
	findings_free(&f);
	doctor_fixture_free(&x);
}

static bool run_case(const struct doctor_case *c)
{
	struct strbuf red auto_strbuf = STRBUF_INIT(16384);
	struct doctor_fixture x;
	struct findings f;
	bool good;

	doctor_fixture_make(&x);
	c->spoil(&x);
	doctor_run(&x.in, NULL, &f);
	words_of(&f, &red);
	good = !strcmp(strbuf_str(&red), c->red);
	if (!good)
		print_error("%s:\n  got    %s\n  wanted %s\n", c->what, strbuf_str(&red), c->red);
	findings_free(&f);
	doctor_fixture_free(&x);
	return good;
}

static void each_spoiled_host_is_noticed(void **state unused_arg)
{
	size_t count, bad = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const struct doctor_case *c = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			bad += !run_case(&c[i]);
	}
	assert_int_equal(bad, 0);
}

/* "fail engine.tcp" or "warn engine.tcp" as a whole entry of the list. */
static bool names(const char *red, const char *id)
{
	size_t len = strlen(id);

	for (const char *p = red; (p = strstr(p, id)) != NULL; p++)
		if (p - red >= 5 && (!strncmp(p - 5, "fail ", 5) || !strncmp(p - 5, "warn ", 5)) &&
		    (p[len] == '\0' || p[len] == ','))
			return true;
	return false;
}

static bool is_ever_red(const char *id)
{
	size_t count;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const struct doctor_case *c = tables[t](&count);

		for (size_t i = 0; i < count; i++)
			if (names(c[i].red, id + strlen("doctor.")))
				return true;
	}
	return false;
}

static void no_check_is_an_ornament(void **state unused_arg)
{
	/* these can only be unknown or not apply */
	static const char *const never[] = { "doctor.engine.answers", "doctor.engine.userns" };
	struct findings f;
	size_t idle = 0;

	doctor_catalogue(&f);
	for (size_t i = 0; i < f.count; i++) {
		bool expected = true;

		for (size_t k = 0; k < ARRAY_SIZE(never); k++)
			expected = expected && strcmp(f.items[i].id, never[k]) != 0;
		if (is_ever_red(f.items[i].id) != expected) {
			print_error("%s is never red\n", f.items[i].id);
			idle++;
		}
		for (size_t k = i + 1; k < f.count; k++)
			assert_string_not_equal(f.items[i].id, f.items[k].id);
	}
	assert_int_equal(idle, 0);
	findings_free(&f);
}

/* Nothing known, nothing passed: but for what is decided by no facts at all. */
static void unknown_is_never_pass(void **state unused_arg)
{
	struct host_config config = { 0 };
	struct behaviour none = { 0 };
	struct host_facts host = { .apparmor_profile = -1,
				   .selinux_enforcing = -1,
				   .firewalld = -1,
				   .clock_synced = -1,
				   .entropy_ready = -1 };
	struct doctor_input in = { .host = &host,
				   .config = &config,
				   .engine_error = "gone",
				   .behaviour = &none,
				   .served = "/srv/tenants" };
	struct findings f;

	host_config_defaults(&config);
	doctor_run(&in, NULL, &f);
	for (size_t i = 0; i < f.count; i++)
		if (f.items[i].verdict == VERDICT_PASS &&
		    strcmp(f.items[i].id, "doctor.net.pool") != 0)
			fail_msg("%s passes: %s", f.items[i].id, f.items[i].observed);
	findings_free(&f);
	host_config_free(&config);
}

static void selection(void **state unused_arg)
{
	struct strlist only auto_strlist = { 0 };
	struct doctor_fixture x;
	struct findings f;

	doctor_fixture_make(&x);
	strlist_add(&only, "doctor.memory.");
	doctor_run(&x.in, &only, &f);
	assert_int_equal(f.count, 2);
	findings_free(&f);
	doctor_fixture_free(&x);
}

static void fixes(void **state unused_arg)
{
	struct strlist only auto_strlist = { 0 };
	struct doctor_fixture x;
	struct doctor_fixes f;

	doctor_fixture_make(&x);
	doctor_fixes(&x.in, NULL, &f);
	assert_int_equal(f.count, 0);
	doctor_fixes_free(&f);
	fixture_sysctl(&x, "kernel.kptr_restrict", "0");
	fixture_sysctl(&x, "kernel.io_uring_disabled", "0"); /* left to the operator */
	fixture_sysctl(&x, "fs.protected_fifos", "what");
	x.host.folders[3].mode = 0755;
	x.host.folders[4].mode = 0777;
	x.host.folders[4].is_link = true;
	x.host.folders[5].mode = 0777;
	x.host.folders[5].uid = 7;
	doctor_fixes(&x.in, NULL, &f);
	assert_int_equal(f.count, 2);
	assert_string_equal(f.items[0].target, "kernel.kptr_restrict");
	assert_string_equal(f.items[0].before, "0");
	assert_string_equal(f.items[0].after, "1");
	assert_string_equal(f.items[1].target, x.host.folders[3].path);
	assert_string_equal(f.items[1].before, "0755");
	assert_string_equal(f.items[1].after, "0700");
	assert_int_equal(f.items[1].mode, 0700);
	doctor_fixes_free(&f);
	strlist_add(&only, "doctor.state");
	doctor_fixes(&x.in, &only, &f);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.items[0].kind, FIX_MODE);
	doctor_fixes_free(&f);
	doctor_fixture_free(&x);
}

static void file_of_sysctls(void **state unused_arg)
{
	struct strbuf first auto_strbuf = STRBUF_INIT(4096);
	struct strbuf again auto_strbuf = STRBUF_INIT(4096);
	struct strbuf edited auto_strbuf = STRBUF_INIT(4096);
	char name[] = "kernel.kptr_restrict", folder[] = "/x";
	char zero[] = "0", one[] = "1", open_mode[] = "0755", closed[] = "0700";
	struct doctor_fix items[] = {
		{ .kind = FIX_SYSCTL, .target = name, .before = zero, .after = one },
		{ .kind = FIX_MODE, .target = folder, .before = open_mode, .after = closed },
	};
	struct doctor_fixes f = { .items = items, .count = ARRAY_SIZE(items) };

	doctor_sysctl_file(NULL, &f, &first);
	assert_non_null(strstr(strbuf_str(&first),
			       "\n# kernel.kptr_restrict was 0\nkernel.kptr_restrict = 1\n"));
	assert_null(strstr(strbuf_str(&first), "/x"));
	doctor_sysctl_file(strbuf_str(&first), &f, &again);
	assert_string_equal(strbuf_str(&first), strbuf_str(&again));
	/* what somebody else wrote stays, a value in another form is replaced */
	doctor_sysctl_file("# mine\nkernel.kptr_restrict_x = 0\n -kernel.kptr_restrict=0\nvm.x=1",
			   &f, &edited);
	assert_string_equal(strbuf_str(&edited), "# mine\nkernel.kptr_restrict_x = 0\n"
						 "kernel.kptr_restrict = 1\nvm.x=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_host_passes),
		cmocka_unit_test(each_spoiled_host_is_noticed),
		cmocka_unit_test(no_check_is_an_ornament),
		cmocka_unit_test(unknown_is_never_pass),
		cmocka_unit_test(selection),
		cmocka_unit_test(fixes),
		cmocka_unit_test(file_of_sysctls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
