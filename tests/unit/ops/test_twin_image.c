/* Which image a twin gets: known by content, loaded when it is missing, never by its name alone. */
#include "../../../src/ops/twin_image.h"

#include "../../support/fake_transport.h"
#include "../base/folder.h"
#include "base/strbuf.h"
#include "probe_image.h"

#define BY_ID "GET /v1.41/images/sha256:*"
#define BY_TAG "GET /v1.41/images/" PROBE_TAG "/json"
#define LOAD "POST /v1.41/images/load*"
#define OTHER_ID "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define IMAGE(id, layers, config)                                                                  \
	"{\"Id\":\"" id "\",\"RootFS\":{\"Layers\":[" layers "]},\"Config\":{" config "}}"
#define OURS(id) IMAGE(id, "\"" PROBE_LAYER "\"", "\"Entrypoint\":[\"/tenantctl-probe\"]")
#define MISSING 404, "{\"message\":\"No such image\"}"
#define LOADED 200, "{\"stream\":\"Loaded image: " PROBE_TAG "\"}"

static int ask(void **state, struct script_step *steps, size_t count, char **id, struct err *e)
{
	struct context c = { .root = in(state, "root") };
	size_t used;
	int rc;

	assert_ok(client_open(script_transport_new("1.41", steps, count, &used), ENGINE_MAY_LOAD,
			      &c.client, e),
		  e);
	rc = twin_image_id(&c, id, e);
	assert_int_equal(used, count);
	if (!rc) { /* a second twin of the same run asks nothing */
		auto_free char *again = NULL;

		assert_ok(twin_image_id(&c, &again, e), e);
		assert_string_equal(again, *id);
		assert_int_equal(used, count);
	}
	context_close(&c);
	return rc;
}

static void expect_id(void **state, struct script_step *steps, size_t count, const char *want)
{
	auto_free char *id = NULL;
	struct err e = ERR_INIT;

	assert_ok(ask(state, steps, count, &id, &e), &e);
	assert_string_equal(id, want);
}

static void test_present(void **state)
{
	struct script_step steps[] = { { BY_ID, 200, OURS(PROBE_ID) } };

	expect_id(state, steps, ARRAY_SIZE(steps), PROBE_ID);
}

static void test_loaded_when_missing(void **state)
{
	struct script_step steps[] = {
		{ BY_ID, MISSING },  { BY_TAG, MISSING }, { BY_ID, MISSING },
		{ BY_TAG, MISSING }, { LOAD, LOADED },	  { BY_ID, 200, OURS(PROBE_ID) },
	};

	expect_id(state, steps, ARRAY_SIZE(steps), PROBE_ID);
}

/* containerd's store: the id is the engine's own, the content is ours */
static void test_other_id_same_content(void **state)
{
	struct script_step steps[] = { { BY_ID, MISSING }, { BY_TAG, 200, OURS(OTHER_ID) } };

	expect_id(state, steps, ARRAY_SIZE(steps), OTHER_ID);
}

/* Another run was first. */
static void test_loaded_meanwhile(void **state)
{
	struct script_step steps[] = {
		{ BY_ID, MISSING },
		{ BY_TAG, MISSING },
		{ BY_ID, 200, OURS(PROBE_ID) },
	};

	expect_id(state, steps, ARRAY_SIZE(steps), PROBE_ID);
}

static void test_foreign_is_never_used(void **state)
{
	static const char *const foreign[] = {
		IMAGE(OTHER_ID, "\"sha256:1234\"", ""),
		IMAGE(OTHER_ID, "", ""),
		IMAGE(OTHER_ID, "\"" PROBE_LAYER "\",\"sha256:1234\"", ""),
		IMAGE(OTHER_ID, "\"" PROBE_LAYER "\"", "\"Env\":[\"LD_PRELOAD=/x\"]"),
		IMAGE(OTHER_ID, "\"" PROBE_LAYER "\"", "\"Volumes\":{\"/data\":{}}"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		struct script_step steps[] = {
			{ BY_ID, MISSING }, { BY_TAG, 200, foreign[i] },
			{ BY_ID, MISSING }, { BY_TAG, 200, foreign[i] },
			{ LOAD, LOADED },   { BY_ID, 200, OURS(PROBE_ID) },
		};

		expect_id(state, steps, ARRAY_SIZE(steps), PROBE_ID);
	}
}

static void expect_refused(void **state, struct script_step *steps, size_t count, const char *text)
{
	auto_free char *id = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(ask(state, steps, count, &id, &e), -1);
	assert_null(id);
	assert_non_null(strstr(e.message, text));
}

static void test_engine_that_does_not_keep_it(void **state)
{
	struct script_step steps[] = {
		{ BY_ID, MISSING },
		{ BY_TAG, MISSING },
		{ BY_ID, MISSING },
		{ BY_TAG, MISSING },
		{ LOAD, LOADED },
		{ BY_ID, MISSING },
		{ BY_TAG, 200, IMAGE(OTHER_ID, "\"sha256:1234\"", "") },
	};

	expect_refused(state, steps, ARRAY_SIZE(steps), "does not hold image");
}

static void test_engine_says_no(void **state)
{
	struct script_step look[] = { { BY_ID, 500, "{\"message\":\"broken disk\"}" } };
	struct script_step full[] = {
		{ BY_ID, MISSING },
		{ BY_TAG, MISSING },
		{ BY_ID, MISSING },
		{ BY_TAG, MISSING },
		{ LOAD, 200, "{\"errorDetail\":{\"message\":\"no space left\"}}" },
	};

	expect_refused(state, look, ARRAY_SIZE(look), "broken disk");
	expect_refused(state, full, ARRAY_SIZE(full), "no space left");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_present, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loaded_when_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_id_same_content, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loaded_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_is_never_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_engine_that_does_not_keep_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_engine_says_no, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
