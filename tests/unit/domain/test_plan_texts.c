/* What plans say: reasons, JSON, and what is a reason at all. */
#include "../../support/tenant_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void reasons_are_given(void **state)
{
	struct tenant_fixture f;
	struct plan p = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	tenant_fixture_make(&f, NULL);
	f.state.worker.spec.pids_limit = 0;
	assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), 0);
	assert_string_equal(p.steps[0].object, "tc-acme");
	assert_string_equal(p.steps[0].why, "HostConfig.PidsLimit: expected 256, observed 0");
	assert_string_equal(p.steps[p.count - 1].object, "acme");
	plan_free(&p);
	/* A second difference is counted. */
	f.state.worker.spec.memory = 1;
	f.state.worker.spec.privileged = true;
	assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), 0);
	assert_non_null(strstr(p.steps[0].why, "and 2 more"));
	plan_free(&p);
	tenant_fixture_free(&f);
}

/* Files are written or offered for the reason that was found. */
static void files_have_reasons(void **state)
{
	static const struct {
		bool running, resolv;
		enum step_kind kind;
		const char *differs, *object, *why;
	} cases[] = {
		{ true, true, STEP_GATEWAY_RELOAD, "egress rules, keys", "tc-acme-gw",
		  "egress rules, keys" },
		{ false, true, STEP_FILES_WRITE, "keys", "acme", "keys" },
		{ true, false, STEP_FILES_WRITE, NULL, "acme", "resolv.conf differs" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tenant_fixture f;
		struct plan p = { 0 };
		struct err e = ERR_INIT;

		tenant_fixture_make(&f, NULL);
		f.state.gateway.state.running = cases[i].running;
		f.state.resolv_current = cases[i].resolv;
		mem_replace(&f.state.set_differs, cases[i].differs);
		assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), 0);
		assert_int_equal(p.steps[0].kind, cases[i].kind);
		assert_string_equal(p.steps[0].object, cases[i].object);
		assert_string_equal(p.steps[0].why, cases[i].why);
		plan_free(&p);
		tenant_fixture_free(&f);
	}
}

static void plans_print_as_json(void **state)
{
	struct tenant_fixture f;
	struct plan p = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	tenant_fixture_make(&f, NULL);
	f.state.worker.state.running = false;
	assert_int_equal(plan_build("acme", WANT_RUNNING, &f.desired, &f.state, &p, &e), 0);
	auto_node struct node *json = plan_json(&p);
	auto_free char *text = node_print(json, false);
	assert_string_equal(
		text, "{\"tenant\":\"acme\",\"changes\":true,\"steps\":[{\"action\":\"start\","
		      "\"what\":\"worker\",\"object\":\"tc-acme\",\"why\":\"not running\","
		      "\"undo\":\"stop\",\"after\":-1},{\"action\":\"verify\",\"what\":"
		      "\"isolation\",\"object\":\"acme\",\"why\":\"after every change\","
		      "\"after\":0}]}");
	plan_free(&p);
	tenant_fixture_free(&f);
}

/* A new address of the host changes the gateway's files and nothing that is made of them, unless
 * ranges that are refused anyway hold it. */
static void host_addresses_are_in_the_files(unused_arg void **state)
{
	static const struct {
		const char *address;
		bool differs;
	} addresses[] = { { "192.168.7.1", false }, { "203.0.113.77", true } };
	struct tenant_fixture f;

	tenant_fixture_make(&f, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct strlist l = { .items = (char *[]){ (char *)addresses[i].address },
					   .count = 1 };
		auto_desired struct desired_tenant d = { 0 };
		struct err e = ERR_INIT;

		f.in.host_addresses = &l;
		if (desired_build(&f.in, &d, &e))
			fail_msg("%s", e.message);
		assert_int_equal(!strmap_equal(&d.gateway_files, &f.desired.gateway_files),
				 addresses[i].differs);
		assert_string_equal(strmap_get(&d.gateway.labels, LABEL_SPEC),
				    strmap_get(&f.desired.gateway.labels, LABEL_SPEC));
		assert_string_equal(strmap_get(&d.worker.labels, LABEL_SPEC),
				    strmap_get(&f.desired.worker.labels, LABEL_SPEC));
	}
	tenant_fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_given),
		cmocka_unit_test(files_have_reasons),
		cmocka_unit_test(plans_print_as_json),
		cmocka_unit_test(host_addresses_are_in_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
