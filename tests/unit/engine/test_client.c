/* Rules of the client that need odd engines: permissions, warnings, versions, faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../support/fake_transport.h"
#include "base/mem.h"
#include "engine/client.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TOO_NEW "{\"message\":\"client version 1.41 is too new. Maximum supported ...\"}"

static struct client *open_with(const struct script_step *steps, size_t count, size_t *used,
				unsigned permissions)
{
	struct err e = ERR_INIT;
	struct client *c;

	if (client_open(script_transport_new("1.41", steps, count, used), permissions, &c, &e) < 0)
		fail_msg("%s", e.message);
	return c;
}

static void test_permissions(void **state)
{
	size_t used;
	struct client *c = open_with(NULL, 0, &used, ENGINE_READ);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(client_container_start(c, "tc-x", &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(client_image_pull(c, "a:1", NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(used, 0);
	client_close(c);
}

static void test_bad_references(void **state)
{
	static const char *const bad[] = {
		"", "../x", "a/b", "a?b", "a b", ".a", "%2e", "-a", "a#b"
	};
	size_t used, i;
	struct client *c = open_with(NULL, 0, &used, ENGINE_MAY_CHANGE);
	struct err e = ERR_INIT;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(client_container_remove(c, bad[i], &e), -1);
		assert_int_equal(client_network_remove(c, bad[i], &e), -1);
	}
	assert_int_equal(used, 0);
	client_close(c);
}

static void test_warning_deletes(void **state)
{
	static const struct script_step steps[] = {
		{ "POST /v1.41/containers/create?name=tc-x", 201,
		  "{\"Id\":\"" ID
		  "\",\"Warnings\":[\"Your kernel does not support pids limit\"]}" },
		{ "DELETE /v1.41/containers/" ID "?force=1&v=1", 204, NULL },
	};
	struct container_spec spec = { 0 };
	char id[ENGINE_ID_SIZE] = "untouched";
	size_t used;
	struct client *c = open_with(steps, ARRAY_SIZE(steps), &used, ENGINE_MAY_CHANGE);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(client_container_create(c, "tc-x", &spec, id, &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
	assert_non_null(strstr(e.message, "pids limit"));
	assert_string_equal(id, "untouched");
	assert_int_equal(used, 2);
	client_close(c);
}

static void test_removal_in_progress(void **state)
{
	static const struct script_step steps[] = {
		{ "DELETE /v1.41/containers/tc-x?force=1&v=1", 409,
		  "{\"message\":\"removal of container tc-x is already in progress\"}" },
		{ "GET /v1.41/containers/tc-x/json", 404, "{\"message\":\"no such\"}" },
		{ "DELETE /v1.41/containers/tc-x?force=1&v=1", 409, "{\"message\":\"busy\"}" },
	};
	size_t used;
	struct client *c = open_with(steps, ARRAY_SIZE(steps), &used, ENGINE_MAY_CHANGE);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(client_container_remove(c, "tc-x", &e), 0);
	assert_int_equal(client_container_remove(c, "tc-x", &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(e.status, 409);
	assert_int_equal(used, 3);
	client_close(c);
}

static void test_prefix_is_not_a_name(void **state)
{
	static const struct script_step steps[] = {
		{ "GET /v1.41/containers/0123/json", 200,
		  "{\"Id\":\"" ID "\",\"Name\":\"/other\",\"Image\":\"sha256:1\",\"State\":"
		  "{\"Status\":\"running\",\"Running\":true,\"Pid\":4}}" },
	};
	struct container_info info;
	size_t used;
	struct client *c = open_with(steps, ARRAY_SIZE(steps), &used, ENGINE_READ);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(client_container_inspect(c, "0123", &info, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	client_close(c);
}

static void test_version_changes(void **state)
{
	static const struct script_step steps[] = {
		{ "GET /v1.41/info", 400, TOO_NEW },
		{ "GET /v1.41/info", 200, "{\"ServerVersion\":\"1\"}" },
		{ "POST /v1.41/containers/tc-x/start", 400, TOO_NEW },
		{ "GET /v1.41/info", 400, TOO_NEW },
		{ "GET /v1.41/info", 400, TOO_NEW },
	};
	struct engine_info info;
	size_t used;
	struct client *c = open_with(steps, ARRAY_SIZE(steps), &used, ENGINE_MAY_CHANGE);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(client_info(c, &info, &e), 0);
	engine_info_free(&info);
	/* A change is never repeated, a read once. */
	assert_int_equal(client_container_start(c, "tc-x", &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
	assert_int_equal(client_info(c, &info, &e), -1);
	assert_int_equal(used, ARRAY_SIZE(steps));
	client_close(c);
}

/* Each fault at the one call after the ping, and what the caller learns. */
static void test_faults(void **state)
{
	static const struct script_step steps[] = { { "GET /v1.41/info", 200,
						      "{\"ServerVersion\":\"1\"}" } };
	static const enum err_code expected[FAULT_KINDS] = {
		[FAULT_REFUSED] = ERR_UNREACHABLE, [FAULT_TIMEOUT] = ERR_TIMEOUT,
		[FAULT_CLOSED] = ERR_PROTOCOL,	   [FAULT_CUT_BODY] = ERR_PROTOCOL,
		[FAULT_BAD_JSON] = ERR_PROTOCOL,   [FAULT_409] = ERR_CONFLICT,
		[FAULT_500] = ERR_REFUSED,
	};
	int kind, after;

	(void)state;
	for (kind = FAULT_REFUSED; kind < FAULT_KINDS; kind++) {
		for (after = 0; after <= 1; after++) {
			struct fault_transport *f;
			struct engine_info info;
			struct client *c;
			struct err e = ERR_INIT;
			size_t used;
			unsigned calls = 0;

			f = fault_transport_new(script_transport_new("1.41", steps, 1, &used));
			f->counter = &calls;
			fault_at(f, 2, (enum fault_kind)kind, after ? FAULT_AFTER : FAULT_BEFORE);
			assert_int_equal(client_open(&f->base, ENGINE_READ, &c, &e), 0);
			assert_int_equal(client_info(c, &info, &e), -1);
			if (e.code != expected[kind])
				fail_msg("%s: %s", fault_name((enum fault_kind)kind), e.message);
			assert_int_equal(calls, 2);
			assert_int_equal(used, after && kind != FAULT_REFUSED);
			client_close(c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_bad_references),
		cmocka_unit_test(test_warning_deletes),
		cmocka_unit_test(test_removal_in_progress),
		cmocka_unit_test(test_prefix_is_not_a_name),
		cmocka_unit_test(test_version_changes),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
