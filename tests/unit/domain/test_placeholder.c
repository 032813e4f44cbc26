/* The word 'placeholder' in a manifest's environment, as the worker's container gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../support/tenant_fixture.h"
#include "base/mem.h"

#define TOKEN SECRET_PLACEHOLDER_PREFIX "0123456789abcdef0123456789abcdef"

static const char manifest[] = "version: 1\ntenant: acme\nimage: a:1\n"
			       "environment: { A_KEY: placeholder, B: placeholder, C: placeholder2,"
			       " D: placeholder }\n"
			       "allow_plain: [D]\n"
			       "credentials:\n"
			       "  - name: ghl\n"
			       "    upstream: https://a.example.com\n"
			       "    inject: { header: Authorization }\n"
			       "    secret: ghl\n";

static void test_worker_gets_the_token(unused_arg void **state)
{
	auto_desired struct desired_tenant d = { 0 };
	struct tenant_fixture f;
	struct err e = ERR_INIT;

	tenant_fixture_make(&f, manifest);
	mem_replace(&f.allocation.token, TOKEN);
	assert_int_equal(desired_build(&f.in, &d, &e), 0);
	assert_true(strlist_has(&d.worker.env, "A_KEY=" TOKEN));
	assert_true(strlist_has(&d.worker.env, "B=" TOKEN));
	assert_true(strlist_has(&d.worker.env, "C=placeholder2"));
	assert_true(strlist_has(&d.worker.env, "D=placeholder"));
	for (size_t i = 0; i < d.gateway.env.count; i++)
		assert_null(strstr(d.gateway.env.items[i], "placeholder"));
	tenant_fixture_free(&f);
}

/* Another token is another worker. */
static void test_token_is_part_of_the_worker(unused_arg void **state)
{
	auto_desired struct desired_tenant d = { 0 };
	struct tenant_fixture f;
	struct err e = ERR_INIT;

	tenant_fixture_make(&f, manifest);
	mem_replace(&f.allocation.token, TOKEN);
	assert_int_equal(desired_build(&f.in, &d, &e), 0);
	assert_string_not_equal(strmap_get(&d.worker.labels, LABEL_SPEC),
				strmap_get(&f.desired.worker.labels, LABEL_SPEC));
	assert_string_equal(strmap_get(&d.gateway.labels, LABEL_SPEC),
			    strmap_get(&f.desired.gateway.labels, LABEL_SPEC));
	tenant_fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker_gets_the_token),
		cmocka_unit_test(test_token_is_part_of_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
