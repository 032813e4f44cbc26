/* What doctor asks of an engine: whose containers are whose, and what is left when calls fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../../src/ops/doctor_gather.h"
#include "../../support/fake_transport.h"
#include "base/mem.h"
#include "ops/doctor.h"

#define ID(c) c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define ID_1 ID("11")
#define ID_2 ID("22")
#define ID_3 ID("33")
#define ID_4 ID("44")
#define ID_5 ID("55")
#define LABELS "\"Labels\":{\"dev.tenantctl.tenant\":\"acme\",\"dev.tenantctl.nonce\":\"0\"}"
#define ROW(id, name, state, more)                                                                 \
	"{\"Id\":\"" id "\",\"Names\":[\"/" name "\"],\"ImageID\":\"sha256:1\",\"State\":\"" state \
	"\"" more "}"
#define INSPECT(id, name, host)                                                                    \
	"{\"Id\":\"" id "\",\"Name\":\"/" name "\",\"Image\":\"sha256:1\",\"State\":{\"Status\":"  \
	"\"running\",\"Running\":true,\"Pid\":7},\"Config\":{},\"HostConfig\":{" host "},"         \
	"\"NetworkSettings\":{\"Networks\":{\"tc-acme\":{}}}}"

static struct client *client_of(const struct script_step *steps, size_t count, unsigned fail_at,
				size_t *used)
{
	struct transport *t = script_transport_new("1.41", steps, count, used);
	struct fault_transport *f = fault_transport_new(t);
	struct client *c;
	struct err e = ERR_INIT;

	if (fail_at)
		fault_at(f, fail_at, FAULT_500, FAULT_BEFORE);
	if (client_open(&f->base, ENGINE_READ, &c, &e))
		fail_msg("%s", e.message);
	return c;
}

static void whose_containers(void **state unused_arg)
{
	static const struct script_step steps[] = {
		{ "GET /v1.41/containers/json?all=1", 200,
		  "[" ROW(ID_1, "tc-acme", "running", "," LABELS) "," ROW(
			  ID_5, "tc-acme-twin", "running",
			  "," LABELS) "," ROW(ID_2, "forged", "running",
					      "," LABELS) "," ROW(ID_3, "gone", "running",
								  "") "," ROW(ID_4, "old", "exited",
									      "") "]" },
		{ "GET /v1.41/containers/" ID_2 "/json", 200,
		  INSPECT(ID_2, "forged",
			  "\"PidMode\":\"host\",\"NetworkMode\":\"host\",\"IpcMode\":\"host\","
			  "\"CapAdd\":[\"CAP_SYS_ADMIN\",\"NET_RAW\"],\"Binds\":[\"/var:/x\","
			  "\"volume:/y\"],\"Mounts\":[{\"Type\":\"bind\",\"Source\":"
			  "\"/r/srv/tenants/acme\",\"Target\":\"/z\"}]") },
		{ "GET /v1.41/containers/" ID_3 "/json", 404, "{\"message\":\"none\"}" },
		{ "GET /v1.41/containers/" ID_4 "/json", 200,
		  INSPECT(ID_4, "old", "\"Privileged\":true,\"Binds\":[\"/:/host\"]") },
	};
	struct strlist tenants auto_strlist = { 0 };
	struct context c = { .root = (char *)"/r", .socket_path = (char *)"/run/docker.sock" };
	struct foreign_container *f;
	struct err e = ERR_INIT;
	size_t used, count;

	strlist_add(&tenants, "acme");
	c.client = client_of(steps, ARRAY_SIZE(steps), 0, &used);
	if (doctor_foreign(&c, &tenants, &f, &count, &e))
		fail_msg("%s", e.message);
	assert_int_equal(used, ARRAY_SIZE(steps));
	assert_int_equal(count, 2);
	assert_string_equal(f[0].name, "forged");
	assert_true(f[0].host_pid && f[0].host_network && f[0].host_ipc && f[0].engine_socket);
	assert_false(f[0].privileged);
	assert_int_equal(f[0].capabilities.count, 1);
	assert_string_equal(f[0].capabilities.items[0], "SYS_ADMIN");
	assert_int_equal(f[0].tenant_mounts.count, 1);
	assert_string_equal(f[0].tenant_mounts.items[0], "/r/srv/tenants/acme");
	assert_string_equal(f[0].tenant_networks.items[0], "tc-acme");
	assert_string_equal(f[1].name, "old (exited)");
	assert_true(f[1].privileged && f[1].engine_socket);
	assert_string_equal(f[1].tenant_mounts.items[0], "/");
	foreign_free(f, count);
	client_close(c.client);
}

/* Every call fails once: the rest is still told, nothing that was asked for passes. */
static void each_call_may_fail(void **state unused_arg)
{
	static const struct script_step steps[] = {
		{ "GET /v1.41/info", 200,
		  "{\"ServerVersion\":\"29.10.0\",\"DockerRootDir\":\"/none\",\"MemoryLimit\":true,"
		  "\"SwapLimit\":true,\"PidsLimit\":true,\"CpuCfsQuota\":true,\"LoggingDriver\":"
		  "\"local\",\"DefaultRuntime\":\"runc\",\"Swarm\":{\"LocalNodeState\":"
		  "\"inactive\"}}" },
		{ "GET /v1.41/version", 200, "{\"Version\":\"29.10.0\"}" },
		{ "GET /v1.41/containers/json?all=1", 200, "[]" },
		{ "GET /v1.41/images/*", 404, "{\"message\":\"none\"}" },
		{ "GET /v1.41/containers/json?all=1", 200, "[]" },
	};
	struct strlist only auto_strlist = { 0 };

	strlist_add(&only, "doctor.containers.privileged");
	strlist_add(&only, "doctor.engine.limits");
	for (unsigned k = 0; k <= ARRAY_SIZE(steps); k++) {
		struct context c = { .root = mem_strdup("/nonexistent"),
				     .socket_path = mem_strdup("/nonexistent/sock") };
		/* what comes after a failed call may not be asked for any more */
		bool engine = k == 0 || k > 2, containers = k == 0;
		struct doctor_fixes fixes auto_doctor_fixes = { 0 };
		struct verify_result r = { 0 };
		struct err e = ERR_INIT;
		size_t used;

		host_config_defaults(&c.host);
		c.client = client_of(steps, ARRAY_SIZE(steps), k ? k + 1 : 0, &used);
		if (ops_doctor(&c, &only, &r, &fixes, &e))
			fail_msg("call %u: %s", k, e.message);
		assert_string_equal(r.tenant, DOCTOR_SUBJECT);
		assert_true(r.partial);
		assert_int_equal(r.findings.count, 2);
		assert_int_equal(r.findings.items[0].verdict,
				 engine ? VERDICT_PASS : VERDICT_INCONCLUSIVE);
		assert_int_equal(r.findings.items[1].verdict,
				 containers ? VERDICT_PASS : VERDICT_INCONCLUSIVE);
		verify_result_free(&r);
		context_close(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_containers),
		cmocka_unit_test(each_call_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
