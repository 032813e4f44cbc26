/*
 * A twin that found every boundary passes every check; one attack that worked, or that the
 * probe did not tell of, turns red just the check it belongs to.
 */
#include "../../support/checks_fixture.h"

#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/twin_attacks.h"
#include "domain/bpf_eval.h"
#include "domain/twin.h"

enum want { WORKS, FAILS, KNOWN, HEARD };

static const struct {
	const char *id, *what;
	enum want want;
} attacks[] = {
#define ROW(id, what, want, function) { id, what, want },
	TWIN_ATTACKS(ROW)
#undef ROW
};

struct tried {
	struct fixture x;
	struct twin_facts facts;
};

/* As a process behind the fixture's filter sees it. */
static unsigned char answer(const struct seccomp_program *p, enum twin_abi abi, int number)
{
	struct seccomp_data data = { .nr = abi == TWIN_ABI_X32 ? number | TWIN_X32_BIT : number,
				     .arch = abi == TWIN_ABI_IA32 ? AUDIT_ARCH_I386 : p->arch };
	uint32_t action;

	memset(data.args, 0xff, sizeof(data.args));
	if (abi == TWIN_ABI_IA32)
		for (size_t i = 0; i < ARRAY_SIZE(data.args); i++)
			data.args[i] = UINT32_MAX;
	action = bpf_run(&p->filter, &data, NULL);
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 22; /* EINVAL */
	case SECCOMP_RET_ERRNO:
		return (unsigned char)(action & SECCOMP_RET_DATA);
	default:
		return TWIN_CALL_KILLED;
	}
}

static void make(struct tried *t)
{
	fixture_make(&t->x);
	t->facts = (struct twin_facts){ .complete = true,
					.items = mem_array(ARRAY_SIZE(attacks),
							   sizeof(*t->facts.items)),
					.count = ARRAY_SIZE(attacks) };
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		struct twin_entry *e = &t->facts.items[i];

		snprintf(e->id, sizeof(e->id), "%s", attacks[i].id);
		snprintf(e->what, sizeof(e->what), "%s", attacks[i].what);
		e->outcome = attacks[i].want == WORKS || attacks[i].want == KNOWN ? TWIN_OPEN
										  : TWIN_BLOCKED;
	}
	for (int abi = 0; abi < TWIN_ABIS; abi++)
		for (int n = 0; n < TWIN_CALLS; n++)
			t->facts.calls[abi][n] =
				twin_call_skipped((enum twin_abi)abi, n)
					? TWIN_CALL_UNTRIED
					: answer(&t->x.filter, (enum twin_abi)abi, n);
	t->facts.listened = true;
	t->x.in.twin = &t->facts;
}

static void release(struct tried *t)
{
	twin_facts_free(&t->facts);
	fixture_free(&t->x);
}

static struct findings judge(struct tried *t)
{
	struct strlist only auto_strlist = { 0 };
	struct findings f;

	strlist_add(&only, "twin.");
	checks_run(&t->x.in, &only, &f);
	return f;
}

static enum finding_verdict verdict_of(const struct findings *f, const char *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (!strcmp(f->items[i].id, id))
			return f->items[i].verdict;
	fail_msg("no check %s", id);
	return VERDICTS;
}

/* Every check of the attacks has `wanted`, but `id`, which has `verdict`. */
static void expect(struct tried *t, enum finding_verdict wanted, const char *id,
		   enum finding_verdict verdict)
{
	struct findings f = judge(t);

	for (size_t i = 0; i < f.count; i++) {
		const struct finding *x = &f.items[i];
		enum finding_verdict w = id && !strcmp(x->id, id) ? verdict : wanted;

		if (strcmp(x->id, "twin.fidelity") != 0 && x->verdict != w)
			fail_msg("%s is %s: %s", x->id, verdict_name(x->verdict), x->observed);
		assert_non_null(x->expected);
		assert_non_null(x->observed);
	}
	findings_free(&f);
}

static void a_closed_twin_passes(void **state unused_arg)
{
	struct tried t;

	make(&t);
	expect(&t, VERDICT_PASS, NULL, VERDICT_PASS);
	release(&t);
}

/* An attack that nobody judges is none of this program's; what others print is. */
static void a_row_of_another_kind_is_no_attack(void **state unused_arg)
{
	static const struct {
		const char *id;
		enum finding_verdict wanted;
	} rows[] = { { "log.marker", VERDICT_PASS }, { "twin.stranger", VERDICT_INCONCLUSIVE } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tried t;
		struct twin_entry *e;

		make(&t);
		t.facts.items = mem_grow(t.facts.items, t.facts.count + 1, sizeof(*t.facts.items));
		e = &t.facts.items[t.facts.count++];
		*e = (struct twin_entry){ .what = "print", .outcome = TWIN_OPEN };
		snprintf(e->id, sizeof(e->id), "%s", rows[i].id);
		struct findings f = judge(&t);
		assert_int_equal(verdict_of(&f, "twin.root"), rows[i].wanted);
		findings_free(&f);
		release(&t);
	}
}

static void each_attack_that_works_is_red(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		struct tried t;
		bool control = attacks[i].want == WORKS;

		if (attacks[i].want == KNOWN || attacks[i].want == HEARD)
			continue;
		make(&t);
		t.facts.items[i].outcome = control ? TWIN_BLOCKED : TWIN_OPEN;
		if (control) {
			struct findings f = judge(&t);

			assert_int_equal(verdict_of(&f, "twin.control"), VERDICT_FAIL);
			/* what could not be done proves nothing */
			assert_int_equal(verdict_of(&f, "twin.net.reach"), VERDICT_INCONCLUSIVE);
			assert_int_equal(findings_count(&f, VERDICT_FAIL), 1);
			findings_free(&f);
		} else {
			expect(&t, VERDICT_PASS, attacks[i].id, VERDICT_FAIL);
		}
		release(&t);
	}
}

static void what_was_not_told_is_not_proved(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		struct tried t;
		struct findings f;

		make(&t);
		t.facts.items[i] = t.facts.items[--t.facts.count];
		f = judge(&t);
		assert_int_equal(verdict_of(&f, attacks[i].id), VERDICT_INCONCLUSIVE);
		findings_free(&f);
		release(&t);

		make(&t);
		t.facts.items[i].outcome = TWIN_ERROR;
		f = judge(&t);
		assert_int_equal(verdict_of(&f, attacks[i].id), VERDICT_INCONCLUSIVE);
		findings_free(&f);
		release(&t);
	}
}

static void a_gateway_that_is_silent_leaves_the_files_proved(void **state unused_arg)
{
	struct tried t;
	struct findings f;

	make(&t);
	for (size_t i = 0; i < t.facts.count; i++)
		if (strstr(t.facts.items[i].what, "the gateway"))
			t.facts.items[i].outcome = TWIN_BLOCKED;
	f = judge(&t);
	assert_int_equal(verdict_of(&f, "twin.root"), VERDICT_PASS);
	assert_int_equal(verdict_of(&f, "twin.net.dns"), VERDICT_INCONCLUSIVE);
	findings_free(&f);
	release(&t);
}

static void nothing_to_try_is_not_a_pass(void **state unused_arg)
{
	struct tried t;

	make(&t);
	for (size_t i = 0; i < t.facts.count; i++)
		if (!strcmp(t.facts.items[i].id, "twin.keyring"))
			t.facts.items[i].outcome = TWIN_NONE;
	expect(&t, VERDICT_PASS, "twin.keyring", VERDICT_NOT_APPLICABLE);
	release(&t);
}

static void an_attack_that_nobody_knows_spoils_it(void **state unused_arg)
{
	struct tried t;

	make(&t);
	t.facts.items = mem_grow(t.facts.items, t.facts.count + 1, sizeof(*t.facts.items));
	t.facts.items[t.facts.count++] =
		(struct twin_entry){ .id = "twin.new", .what = "x", .outcome = TWIN_BLOCKED };
	expect(&t, VERDICT_INCONCLUSIVE, "twin.syscalls", VERDICT_PASS);
	release(&t);
}

static void an_output_that_is_not_whole_proves_nothing(void **state unused_arg)
{
	struct tried t;

	make(&t);
	t.facts.complete = false;
	t.facts.trouble = mem_strdup("line 3: not JSON");
	expect(&t, VERDICT_INCONCLUSIVE, NULL, VERDICT_PASS);
	t.x.in.twin = NULL;
	expect(&t, VERDICT_NOT_APPLICABLE, NULL, VERDICT_PASS);
	release(&t);
}

static void what_the_host_hears_is_red(void **state unused_arg)
{
	struct tried t;

	make(&t);
	t.facts.heard = 1;
	expect(&t, VERDICT_PASS, "twin.net.reach", VERDICT_FAIL);
	t.facts.heard = 0;
	t.facts.listened = false;
	expect(&t, VERDICT_PASS, "twin.net.reach", VERDICT_INCONCLUSIVE);
	release(&t);
}

static void what_works_everywhere_is_told(void **state unused_arg)
{
	struct tried t;
	struct findings f;
	bool told = false;

	make(&t);
	f = judge(&t);
	for (size_t i = 0; i < f.count; i++)
		told = told || (!strcmp(f.items[i].id, "twin.noexec") &&
				strstr(f.items[i].evidence, "nameless memory"));
	assert_true(told);
	findings_free(&f);
	release(&t);
}

/* ---- the sweep ---- */

struct met {
	enum twin_abi abi;
	int number;
	unsigned char met;
	enum finding_verdict verdict;
};

static void calls_are_compared_with_the_filter(void **state unused_arg)
{
	static const struct met cases[] = {
		{ TWIN_ABI_NATIVE, SYS_mount, 14, VERDICT_FAIL },
		{ TWIN_ABI_NATIVE, SYS_mount, 0, VERDICT_FAIL },
		{ TWIN_ABI_NATIVE, SYS_mount, 38, VERDICT_FAIL },
		{ TWIN_ABI_NATIVE, SYS_mount, TWIN_CALL_SILENT, VERDICT_FAIL },
		{ TWIN_ABI_NATIVE, SYS_mount, TWIN_CALL_UNTRIED, VERDICT_INCONCLUSIVE },
		{ TWIN_ABI_NATIVE, SYS_read, TWIN_CALL_KILLED, VERDICT_FAIL },
		{ TWIN_ABI_NATIVE, SYS_read, 9, VERDICT_PASS },
		{ TWIN_ABI_NATIVE, TWIN_CALLS - 1, 38, VERDICT_PASS },
#ifdef __x86_64__
		{ TWIN_ABI_X32, 0, 38, VERDICT_FAIL },
		{ TWIN_ABI_X32, 520, TWIN_CALL_UNTRIED, VERDICT_INCONCLUSIVE },
		{ TWIN_ABI_IA32, 102, 9, VERDICT_FAIL },
		{ TWIN_ABI_IA32, 102, TWIN_CALL_SIGNAL, VERDICT_PASS },
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tried t;

		make(&t);
		t.facts.calls[cases[i].abi][cases[i].number] = cases[i].met;
		expect(&t, VERDICT_PASS, "twin.syscalls", cases[i].verdict);
		release(&t);
	}
}

static void without_a_filter_to_compare_with_nothing_is_proved(void **state unused_arg)
{
	struct tried t;

	make(&t);
	t.x.in.expected_filter = NULL;
	expect(&t, VERDICT_PASS, "twin.syscalls", VERDICT_INCONCLUSIVE);
	release(&t);
}

/* ---- the catalogue ---- */

static void every_check_has_an_attack(void **state unused_arg)
{
	size_t count;
	const struct check *all = checks_all(&count);

	for (size_t c = 0; c < count; c++) {
		bool found = strncmp(all[c].id, "twin.", 5) != 0 ||
			     !strcmp(all[c].id, "twin.fidelity") ||
			     !strcmp(all[c].id, "twin.syscalls");

		for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
			found = found || !strcmp(attacks[i].id, all[c].id);
		if (!found)
			fail_msg("%s has no attack", all[c].id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		bool found = false;

		for (size_t c = 0; c < count; c++)
			found = found || !strcmp(attacks[i].id, all[c].id);
		if (!found)
			fail_msg("nobody judges %s", attacks[i].id);
		assert_true(strlen(attacks[i].what) < TWIN_WHAT_MAX);
		for (size_t j = 0; j < i; j++)
			assert_false(!strcmp(attacks[i].id, attacks[j].id) &&
				     !strcmp(attacks[i].what, attacks[j].what));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_twin_passes),
		cmocka_unit_test(a_row_of_another_kind_is_no_attack),
		cmocka_unit_test(each_attack_that_works_is_red),
		cmocka_unit_test(what_was_not_told_is_not_proved),
		cmocka_unit_test(a_gateway_that_is_silent_leaves_the_files_proved),
		cmocka_unit_test(nothing_to_try_is_not_a_pass),
		cmocka_unit_test(an_attack_that_nobody_knows_spoils_it),
		cmocka_unit_test(an_output_that_is_not_whole_proves_nothing),
		cmocka_unit_test(what_the_host_hears_is_red),
		cmocka_unit_test(what_works_everywhere_is_told),
		cmocka_unit_test(calls_are_compared_with_the_filter),
		cmocka_unit_test(without_a_filter_to_compare_with_nothing_is_proved),
		cmocka_unit_test(every_check_has_an_attack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
