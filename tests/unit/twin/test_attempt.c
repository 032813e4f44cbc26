/* What a failed call proves: a refusal, or nothing. */
#include "../base/unit.h"

#include <errno.h>

#include "../../../src/twin/attempt.c"

static enum outcome judged(int error)
{
	struct attempt a = { .outcome = OUTCOME_NONE };

	errno = error;
	judge_call(&a, error ? -1 : 0);
	assert_int_equal(a.error, error);
	return a.outcome;
}

/* A worker has its twin's user, and may use up what the kernel counts by user. */
static void a_shortage_is_no_refusal(void **state unused_arg)
{
	static const int shortages[] = { EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS, EDQUOT };
	static const int refusals[] = { EPERM, EACCES, ENOSYS, EINVAL, EAFNOSUPPORT };

	for (size_t i = 0; i < ARRAY_SIZE(shortages); i++)
		assert_int_equal(judged(shortages[i]), OUTCOME_ERROR);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		assert_int_equal(judged(refusals[i]), OUTCOME_BLOCKED);
	assert_int_equal(judged(0), OUTCOME_OPEN);
}

static void one_shortage_of_many_is_told(void **state unused_arg)
{
	const struct attempt open_one = { .outcome = OUTCOME_OPEN };
	const struct attempt refused = { .outcome = OUTCOME_BLOCKED, .error = EPERM };
	const struct attempt unknown = { .outcome = OUTCOME_ERROR, .error = EMFILE };
	struct attempt all = { .outcome = OUTCOME_BLOCKED };

	note_one(&all, &refused);
	assert_int_equal(all.outcome, OUTCOME_BLOCKED);
	note_one(&all, &unknown);
	note_one(&all, &refused);
	assert_int_equal(all.outcome, OUTCOME_ERROR);
	assert_int_equal(all.error, EMFILE);
	note_one(&all, &open_one);
	note_one(&all, &unknown);
	assert_int_equal(all.outcome, OUTCOME_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shortage_is_no_refusal),
		cmocka_unit_test(one_shortage_of_many_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
