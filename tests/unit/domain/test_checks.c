/*
 * Every check in green and in red: each case spoils one thing of a good tenant and
 * names exactly the checks that must notice. A check that no case can turn red is an
 * ornament, and fails the suite.
 */
#include "../../support/checks_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "checks_red_cases.h"
#include "domain/drill.h"

/* The tenant of these tests has no twin; test_twin_fidelity.c and the like give it one. */
static bool is_of_twin(const char *id)
{
	return !strncmp(id, "twin.", 5) || !strcmp(id, "log.separate");
}

static void ids_with(const struct findings *f, enum finding_verdict v, struct strbuf *out)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].verdict == v && !is_of_twin(f->items[i].id))
			strbuf_printf(out, "%s%s", out->len ? "," : "", f->items[i].id);
}

static void good_tenant_passes(void **state unused_arg)
{
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	checks_run(&x.in, NULL, &f);
	for (size_t i = 0; i < f.count; i++) {
		bool skipped = !strcmp(f.items[i].id, "proc.lsm") || is_of_twin(f.items[i].id);

		if (f.items[i].verdict != (skipped ? VERDICT_NOT_APPLICABLE : VERDICT_PASS))
			fail_msg("%s: %s: %s", f.items[i].id, verdict_name(f.items[i].verdict),
				 f.items[i].observed);
		assert_non_null(f.items[i].expected);
		assert_non_null(f.items[i].observed);
	}
	assert_true(findings_pass(&f));
	findings_free(&f);
	fixture_free(&x);
}

static bool run_case(const struct red_case *c)
{
	struct strbuf red auto_strbuf = STRBUF_INIT(8192);
	struct strbuf unknown auto_strbuf = STRBUF_INIT(8192);
	struct fixture x;
	struct findings f;
	bool good;

	fixture_make(&x);
	c->spoil(&x);
	checks_run(&x.in, NULL, &f);
	ids_with(&f, VERDICT_FAIL, &red);
	ids_with(&f, VERDICT_INCONCLUSIVE, &unknown);
	good = !strcmp(strbuf_str(&red), c->red) && !strcmp(strbuf_str(&unknown), c->unknown) &&
	       !findings_pass(&f);
	if (!good)
		print_error("%s: failed [%s], inconclusive [%s]; wanted [%s], [%s]\n", c->what,
			    strbuf_str(&red), strbuf_str(&unknown), c->red, c->unknown);
	findings_free(&f);
	fixture_free(&x);
	return good;
}

static void each_spoiling_is_noticed(void **state unused_arg)
{
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		wrong += !run_case(&cases[i]);
	for (size_t i = 0; i < ARRAY_SIZE(gateway_cases); i++)
		wrong += !run_case(&gateway_cases[i]);
	assert_int_equal(wrong, 0);
}

static bool names_id(const char *list, const char *id)
{
	size_t len = strlen(id);

	for (const char *p = list; (p = strstr(p, id)); p += len)
		if ((p == list || p[-1] == ',') && (p[len] == '\0' || p[len] == ','))
			return true;
	return false;
}

static bool any_names(const struct red_case *list, size_t count, const char *id, bool unknown)
{
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found |= names_id(unknown ? list[i].unknown : list[i].red, id);
	return found;
}

/* proc.complete only ever says that it could not look. */
static void every_check_has_a_red_case(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t i = 0; i < count; i++) {
		bool never_fails = !strcmp(all[i].id, "proc.complete");

		if (is_of_twin(all[i].id) || !all[i].judge)
			continue;
		if (!any_names(cases, ARRAY_SIZE(cases), all[i].id, never_fails) &&
		    !any_names(gateway_cases, ARRAY_SIZE(gateway_cases), all[i].id, never_fails))
			fail_msg("no case turns %s red", all[i].id);
	}
}

static void ids_are_unique_and_complete(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	assert_true(count >= 80);
	assert_null(check_find("no.such"));
	for (size_t i = 0; i < count; i++) {
		assert_true(all[i].id && all[i].title && all[i].remedy);
		assert_true(!all[i].judge == !!drill_find(all[i].id));
		assert_ptr_equal(check_find(all[i].id), &all[i]);
		for (size_t k = i + 1; k < count; k++)
			assert_string_not_equal(all[i].id, all[k].id);
	}
}

/* Whatever is missing, nothing may pass that needed it, and nothing may crash. */
static void nothing_passes_without_evidence(void **state unused_arg)
{
	static const char *const may_pass[] = { "net.subnet.unique" };
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	x.in.engine = NULL;
	x.in.worker = x.in.gateway = NULL;
	x.in.network = x.in.egress = NULL;
	x.in.facts = NULL;
	checks_run(&x.in, NULL, &f);
	for (size_t i = 0; i < f.count; i++) {
		bool allowed = is_of_twin(f.items[i].id);

		for (size_t k = 0; k < ARRAY_SIZE(may_pass); k++)
			allowed |= !strcmp(f.items[i].id, may_pass[k]);
		if (f.items[i].verdict != VERDICT_INCONCLUSIVE && !allowed &&
		    strcmp(f.items[i].id, "config.running") != 0)
			fail_msg("%s: %s", f.items[i].id, verdict_name(f.items[i].verdict));
	}
	findings_free(&f);
	fixture_free(&x);
}

static void selection_is_by_prefix(void **state unused_arg)
{
	struct strlist only auto_strlist = { 0 };
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	strlist_add(&only, "net.sibling.");
	strlist_add(&only, "cap.effective");
	checks_run(&x.in, &only, &f);
	assert_int_equal(f.count, 4);
	findings_free(&f);
	fixture_free(&x);
}

static void alone_on_the_host_is_not_a_pass_of_the_matrix(void **state unused_arg)
{
	struct strbuf skipped auto_strbuf = STRBUF_INIT(8192);
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	x.in.sibling_count = 0;
	checks_run(&x.in, NULL, &f);
	ids_with(&f, VERDICT_NOT_APPLICABLE, &skipped);
	assert_string_equal(strbuf_str(&skipped),
			    "proc.lsm,ns.sibling,fs.mounts.shared,net.sibling.tcp,"
			    "net.sibling.udp,net.sibling.dns,net.published,"
			    "route.peer,gateway.peers");
	assert_true(findings_pass(&f));
	findings_free(&f);
	fixture_free(&x);
}

static void a_route_to_nobody_is_no_way_out(void **state unused_arg)
{
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	give_dead_route(&x);
	checks_run(&x.in, NULL, &f);
	assert_true(findings_pass(&f));
	findings_free(&f);
	fixture_free(&x);
}

static void a_silent_neighbour_fails_nobody_else(void **state unused_arg)
{
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	fixture_reach(&x, "net.sibling.tcp", true)->outcome = REACH_TIMEOUT;
	fixture_reach(&x, "net.sibling.udp", true)->outcome = REACH_TIMEOUT;
	checks_run(&x.in, NULL, &f);
	assert_true(findings_pass(&f));
	findings_free(&f);
	fixture_free(&x);
}

/* Else whoever makes the gateway late gets another look, in which the failure may be gone. */
static void silence_excuses_nothing_else(void **state unused_arg)
{
	static const struct {
		const char *red, *late; /* fails for another reason; its control is silent */
		bool excused;
	} looks[] = {
		{ NULL, NULL, false },
		{ NULL, "net.gateway.control", true },
		{ "net.metadata", "net.gateway.control", false },
		{ "net.metadata", NULL, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		struct fixture x;
		struct findings f = { 0 };

		fixture_make(&x);
		if (looks[i].red)
			fixture_reach(&x, looks[i].red, false)->outcome = REACH_OPEN;
		if (looks[i].late)
			fixture_reach(&x, looks[i].late, true)->outcome = REACH_TIMEOUT;
		checks_run(&x.in, NULL, &f);
		assert_int_equal(findings_count(&f, VERDICT_FAIL) > 0,
				 looks[i].red || looks[i].late);
		assert_int_equal(checks_fail_for_silence(&x.facts, &f), looks[i].excused);
		findings_free(&f);
		fixture_free(&x);
	}
}

/* Older generations whose connections have not ended are as it should be. */
static void draining_generations_pass(void **state unused_arg)
{
	struct fixture x;
	struct findings f;
	struct process_facts *p;

	fixture_make(&x);
	p = mem_grow(x.facts.gateway_processes, 7, sizeof(*p));
	for (size_t i = 3; i < 7; i++) {
		p[i] = p[1];
		p[i].start_time -= i;
		strcpy(p[i].gateway_config, "fedcba9876543210");
	}
	x.facts.gateway_processes = p;
	x.facts.gateway_process_count = 7;
	checks_run(&x.in, NULL, &f);
	assert_true(findings_pass(&f));
	findings_free(&f);
	fixture_free(&x);
}

static void without_credentials_there_is_no_search(void **state unused_arg)
{
	struct strlist only auto_strlist = { 0 };
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	strlist_add(&only, "secret.exposed");
	x.facts.secrets.searched = false;
	size_t count = x.spec.credentials.count;
	x.spec.credentials.count = 0;
	checks_run(&x.in, &only, &f);
	assert_int_equal(f.items[0].verdict, VERDICT_NOT_APPLICABLE);
	findings_free(&f);
	x.spec.credentials.count = count;
	fixture_free(&x);
}

static void secrets_are_never_printed(void **state unused_arg)
{
	struct fixture x;
	struct findings f;

	fixture_make(&x);
	spoil_env_inspect(&x);
	spoil_label_secret(&x);
	checks_run(&x.in, NULL, &f);
	for (size_t i = 0; i < f.count; i++) {
		auto_node struct node *n = finding_json(&f.items[i]);
		auto_free char *text = node_print(n, false);

		assert_null(strstr(text, "q8Zt4Lw7"));
	}
	findings_free(&f);
	fixture_free(&x);
}

static void a_run_that_looked_at_nothing_is_no_pass(void **state unused_arg)
{
	struct findings none = { 0 };

	assert_false(findings_pass(&none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tenant_passes),
		cmocka_unit_test(each_spoiling_is_noticed),
		cmocka_unit_test(every_check_has_a_red_case),
		cmocka_unit_test(ids_are_unique_and_complete),
		cmocka_unit_test(nothing_passes_without_evidence),
		cmocka_unit_test(selection_is_by_prefix),
		cmocka_unit_test(alone_on_the_host_is_not_a_pass_of_the_matrix),
		cmocka_unit_test(a_route_to_nobody_is_no_way_out),
		cmocka_unit_test(a_silent_neighbour_fails_nobody_else),
		cmocka_unit_test(silence_excuses_nothing_else),
		cmocka_unit_test(draining_generations_pass),
		cmocka_unit_test(without_credentials_there_is_no_search),
		cmocka_unit_test(secrets_are_never_printed),
		cmocka_unit_test(a_run_that_looked_at_nothing_is_no_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
