/* Profiles are composed once for each context and stay where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/ops/profiles.h"
#include "ops/ops.h"

static const struct profile *use(struct context *c, const char *name)
{
	const struct profile *p = NULL;
	struct err e = ERR_INIT;

	if (profile_use(c, name, &p, &e))
		fail_msg("%s: %s", name, e.message);
	return p;
}

static void test_once(void **state unused_arg)
{
	struct context c = { 0 };
	const struct profile *worker = use(&c, "ai-worker");
	const struct profile *gateway = use(&c, "gateway");

	assert_ptr_not_equal(worker, gateway);
	assert_string_not_equal(worker->text, gateway->text);
	assert_non_null(strstr(worker->text, "defaultAction"));
	assert_true(worker->program.filter.count > 0);
	use(&c, "strict");
	assert_ptr_equal(use(&c, "ai-worker"), worker);
	assert_ptr_equal(use(&c, "gateway"), gateway);
	context_close(&c);
	assert_null(c.profiles);
}

static void test_same_as_loaded(void **state unused_arg)
{
	auto_seccomp_profile struct seccomp_profile *loaded = NULL;
	auto_seccomp_program struct seccomp_program program = { 0 };
	struct context c = { 0 };
	struct err e = ERR_INIT;
	const struct profile *p = use(&c, "strict");
	char *text;

	assert_int_equal(profile_load("strict", &loaded, &e), 0);
	assert_int_equal(seccomp_compose(loaded, &program, &e), 0);
	text = seccomp_profile_json(loaded);
	assert_string_equal(p->text, text);
	assert_string_equal(p->program.digest, program.digest);
	assert_int_equal(p->program.filter.count, program.filter.count);
	free(text);
	context_close(&c);
}

static void test_unknown(void **state unused_arg)
{
	struct context c = { 0 };
	const struct profile *p = NULL;
	struct err e = ERR_INIT;

	assert_int_not_equal(profile_use(&c, "no-such-profile", &p, &e), 0);
	assert_null(p);
	assert_int_not_equal(e.code, ERR_NONE);
	assert_non_null(use(&c, "gateway")); /* a failure spoils nothing */
	context_close(&c);
}

/* What a fleet's children find is what was made before them. */
static void test_warm(void **state unused_arg)
{
	struct context c = { 0 };
	const struct profile_cache *cache;

	profiles_warm(&c);
	cache = c.profiles;
	assert_non_null(cache);
	for (const char *const *name = seccomp_builtin_names(); *name; name++) {
		const struct profile *before = use(&c, *name);

		profiles_warm(&c);
		assert_ptr_equal(use(&c, *name), before);
	}
	assert_ptr_equal(c.profiles, cache);
	context_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_same_as_loaded),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_warm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
