/* log.separate: every way in which a mark can and cannot be found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/domain/checks_judges.h"
#include "domain/twin.h"

static enum finding_verdict verdict_of(const struct log_facts *log, const struct twin_facts *twin)
{
	const struct check_input in = { .log = log, .twin = twin };
	struct finding f = { .verdict = VERDICT_INCONCLUSIVE };
	enum finding_verdict v;

	judge_log_separate(&in, &f);
	v = f.verdict;
	assert_non_null(f.expected);
	assert_non_null(f.observed);
	free(f.expected);
	free(f.observed);
	free(f.evidence);
	return v;
}

static void test_verdicts(void **state)
{
	struct log_facts log = { .looked = true, .own = true, .files = 4 };
	const struct twin_facts twin = { 0 };

	(void)state;
	assert_int_equal(verdict_of(NULL, NULL), VERDICT_NOT_APPLICABLE);
	assert_int_equal(verdict_of(NULL, &twin), VERDICT_INCONCLUSIVE);
	assert_int_equal(verdict_of(&log, &twin), VERDICT_PASS);
	log.own = false; /* the search is blind */
	assert_int_equal(verdict_of(&log, &twin), VERDICT_INCONCLUSIVE);
	strlist_add(&log.found, "beta worker"); /* but not too blind for this */
	assert_int_equal(verdict_of(&log, &twin), VERDICT_FAIL);
	log.own = true;
	assert_int_equal(verdict_of(&log, &twin), VERDICT_FAIL);
	log.looked = false;
	assert_int_equal(verdict_of(&log, &twin), VERDICT_NOT_APPLICABLE);
	strlist_free(&log.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_verdicts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
