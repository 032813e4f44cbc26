/*
 * The container table: what is read can be written, every row of it takes part in
 * the comparison, and spelled-out defaults of engines are no differences.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../../src/engine/client_internal.h"
#include "../../../src/engine/create.h"
#include "../../../src/engine/wire.h"
#include "base/mem.h"

static const char base_spec[] =
	"{\"Config\":{\"Image\":\"sha256:1\",\"User\":\"100001:100001\",\"Cmd\":[\"a\"],"
	"\"Env\":[\"TZ=UTC\"],\"Labels\":{\"dev.tenantctl.tenant\":\"x\"},\"StopTimeout\":10,"
	"\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000000}},"
	"\"HostConfig\":{\"NetworkMode\":\"tc-x\",\"CgroupnsMode\":\"private\",\"CapDrop\":["
	"\"ALL\"],"
	"\"SecurityOpt\":[\"no-new-privileges\",\"seccomp={\\\"a\\\":1,\\\"b\\\":[2]}\"],"
	"\"Tmpfs\":{\"/tmp\":\"size=1m\"},\"LogConfig\":{\"Type\":\"json-file\",\"Config\":"
	"{\"max-size\":\"1m\"}},\"ReadonlyRootfs\":true,\"Init\":true,\"Memory\":64000000,"
	"\"MemorySwap\":64000000,\"NanoCpus\":500000000,\"PidsLimit\":64,"
	"\"Ulimits\":[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0},"
	"{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":2}],"
	"\"BlkioDeviceReadBps\":[{\"Path\":\"/d\",\"Rate\":1048576}],"
	"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\",\"ReadOnly\":true}],"
	"\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"8001\"}]}},"
	"\"NetworkSettings\":{\"Networks\":{\"tc-x\":{\"IPAMConfig\":{\"IPv4Address\":\"10.0.0.3\"}"
	","
	"\"Aliases\":[\"worker\"]}}}}";

static struct doc *parse(const char *text)
{
	static const struct doc_limits limits = DOC_LIMITS_REPLY;
	struct err e = ERR_INIT;
	struct doc *d;

	if (doc_parse_json(text, strlen(text), "test", &limits, &d, &e) < 0)
		fail_msg("%s", e.message);
	return d;
}

static void read_spec(const struct node *root, struct container_spec *out)
{
	struct err e = ERR_INIT;

	memset(out, 0, sizeof(*out));
	if (wire_read(&wire_container_spec, root, "test", out, &e) < 0)
		fail_msg("%s", e.message);
	wire_mounts_weaken(root, out);
}

static char *printed(const struct container_spec *s)
{
	auto_node struct node *n = container_spec_json(s, false);

	return node_print(n, false);
}

static void test_read_write_read(void **state)
{
	auto_doc struct doc *d = parse(base_spec);
	auto_doc struct doc *again = NULL;
	auto_free char *first = NULL;
	auto_free char *second = NULL;
	struct container_spec a, b;

	(void)state;
	read_spec(doc_root(d), &a);
	first = printed(&a);
	again = parse(first);
	assert_true(wire_same_json(doc_root(d), doc_root(again)));
	read_spec(doc_root(again), &b);
	second = printed(&b);
	assert_string_equal(first, second);
	container_spec_free(&a);
	container_spec_free(&b);
}

/* Sets `path` in a copy of the base spec to the JSON `value` and returns the differences. */
static void diff_with(const char *path, const char *value, struct strlist *out)
{
	auto_doc struct doc *d = parse(base_spec);
	auto_doc struct doc *v = parse(value);
	struct container_spec expected, observed;
	auto_free char *copy = mem_strdup(path);
	struct node *at = doc_root(d);
	char *part = copy, *dot;
	size_t added;

	read_spec(at, &expected);
	while ((dot = strchr(part, '.')) != NULL) {
		*dot = '\0';
		at = node_get(at, part) ? node_get(at, part) : node_set_object(at, part);
		part = dot + 1;
	}
	node_set(at, part, node_copy(doc_root(v)));
	read_spec(doc_root(d), &observed);
	added = container_spec_diff(&expected, &observed, out);
	assert_int_equal(added, out->count);
	container_spec_free(&expected);
	container_spec_free(&observed);
}

struct change {
	const char *path, *value;
};

static const struct change weaker[] = {
	{ "Config.Image", "\"sha256:2\"" },
	{ "Config.User", "\"0\"" },
	{ "Config.Cmd", "[\"b\"]" },
	{ "Config.Env", "[]" },
	{ "Config.Env", "[\"TZ=UTC\",\"TZ=CET\"]" },
	{ "Config.Labels", "{}" },
	{ "Config.StopTimeout", "0" },
	{ "Config.Tty", "true" },
	{ "Config.OpenStdin", "true" },
	{ "Config.Healthcheck.Test", "[\"NONE\"]" },
	{ "HostConfig.NetworkMode", "\"host\"" },
	{ "HostConfig.NetworkMode", "\"default\"" },
	{ "HostConfig.IpcMode", "\"host\"" },
	{ "HostConfig.IpcMode", "\"shareable\"" },
	{ "HostConfig.PidMode", "\"host\"" },
	{ "HostConfig.UTSMode", "\"host\"" },
	{ "HostConfig.UsernsMode", "\"host\"" },
	{ "HostConfig.CgroupnsMode", "\"host\"" },
	{ "HostConfig.Runtime", "\"runsc\"" },
	{ "HostConfig.CgroupParent", "\"/\"" },
	{ "HostConfig.CapAdd", "[\"SYS_ADMIN\"]" },
	{ "HostConfig.CapDrop", "null" },
	{ "HostConfig.SecurityOpt", "[\"no-new-privileges\"]" },
	{ "HostConfig.SecurityOpt", "[\"seccomp={\\\"a\\\":1,\\\"b\\\":[2]}\"]" },
	{ "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp=unconfined\"]" },
	{ "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp={\\\"a\\\":1,"
				    "\\\"b\\\":[2]}\",\"seccomp={}\"]" },
	{ "HostConfig.SecurityOpt",
	  "[\"no-new-privileges=false\",\"seccomp={\\\"a\\\":1,\\\"b\\\":[2]}\"]" },
	{ "HostConfig.GroupAdd", "[\"0\"]" },
	{ "HostConfig.ExtraHosts", "[\"a:1.2.3.4\"]" },
	{ "HostConfig.Dns", "[\"8.8.8.8\"]" },
	{ "HostConfig.Binds", "[\"/:/host\"]" },
	{ "HostConfig.VolumesFrom", "[\"other\"]" },
	{ "HostConfig.Links", "[\"/other:/x/o\"]" },
	{ "HostConfig.DeviceCgroupRules", "[\"a *:* rwm\"]" },
	{ "HostConfig.Devices", "[{\"PathOnHost\":\"/dev/kmsg\"}]" },
	{ "HostConfig.DeviceRequests", "[{\"Driver\":\"x\"}]" },
	{ "HostConfig.Tmpfs", "{\"/tmp\":\"size=1m,exec\"}" },
	{ "HostConfig.Tmpfs", "{\"/tmp\":\"size=1m\",\"/x\":\"\"}" },
	{ "HostConfig.Sysctls", "{\"net.ipv4.ip_forward\":\"1\"}" },
	{ "HostConfig.LogConfig.Type", "\"syslog\"" },
	{ "HostConfig.LogConfig.Config", "{}" },
	{ "HostConfig.RestartPolicy.Name", "\"always\"" },
	{ "HostConfig.RestartPolicy.MaximumRetryCount", "3" },
	{ "HostConfig.Privileged", "true" },
	{ "HostConfig.ReadonlyRootfs", "false" },
	{ "HostConfig.Init", "null" },
	{ "HostConfig.PublishAllPorts", "true" },
	{ "HostConfig.AutoRemove", "true" },
	{ "HostConfig.OomKillDisable", "true" },
	{ "HostConfig.Memory", "0" },
	{ "HostConfig.MemorySwap", "128000000" },
	{ "HostConfig.MemorySwap", "-1" },
	{ "HostConfig.NanoCpus", "0" },
	{ "HostConfig.PidsLimit", "null" },
	{ "HostConfig.PidsLimit", "-1" },
	{ "HostConfig.ShmSize", "1000000000" },
	{ "HostConfig.OomScoreAdj", "-500" },
	{ "HostConfig.BlkioDeviceReadBps", "null" },
	{ "HostConfig.BlkioDeviceReadBps", "[{\"Path\":\"/d\",\"Rate\":2097152}]" },
	{ "HostConfig.BlkioDeviceReadBps", "[{\"Path\":\"/e\",\"Rate\":1048576}]" },
	{ "HostConfig.BlkioDeviceWriteBps", "[{\"Path\":\"/d\",\"Rate\":1048576}]" },
	{ "HostConfig.Ulimits", "null" },
	{ "HostConfig.Ulimits", "[{\"Name\":\"core\",\"Soft\":0,\"Hard\":0},"
				"{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":99}]" },
	{ "HostConfig.Mounts", "null" },
	{ "HostConfig.Mounts", "[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\"}]" },
	{ "HostConfig.Mounts", "[{\"Type\":\"bind\",\"Source\":\"/\",\"Target\":\"/t\","
			       "\"ReadOnly\":true}]" },
	{ "HostConfig.Mounts", "[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\","
			       "\"ReadOnly\":true,\"BindOptions\":"
			       "{\"ReadOnlyNonRecursive\":true}}]" },
	{ "HostConfig.Mounts", "[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\","
			       "\"ReadOnly\":true,\"BindOptions\":"
			       "{\"Propagation\":\"rshared\"}}]" },
	{ "HostConfig.PortBindings", "{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\","
				     "\"HostPort\":\"8001\"}]}" },
	{ "NetworkSettings.Networks", "{}" },
	{ "NetworkSettings.Networks.bridge", "{}" },
	{ "NetworkSettings.Networks.tc-x.IPAMConfig", "null" },
	{ "NetworkSettings.Networks.tc-x.Aliases", "null" },
};

static void test_weaker_is_seen(void **state)
{

	size_t i, k, f;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(weaker); i++) {
		auto_strlist struct strlist out = { 0 };

		diff_with(weaker[i].path, weaker[i].value, &out);
		if (out.count == 0)
			fail_msg("%s = %s is not seen", weaker[i].path, weaker[i].value);
		assert_memory_equal(out.items[0], weaker[i].path, 10);
	}
	/* Every row that is compared has a case above. */
	for (f = 0; f < wire_container_spec.count; f++) {
		const struct wire_field *field = &wire_container_spec.fields[f];

		if (field->flags & (WIRE_OBSERVED | WIRE_INHERIT))
			continue;
		for (k = 0; k < ARRAY_SIZE(weaker); k++)
			if (strncmp(weaker[k].path, field->path, strlen(field->path)) == 0)
				break;
		if (k == ARRAY_SIZE(weaker))
			fail_msg("no case for %s", field->path);
	}
}

static void test_spelled_out_is_no_difference(void **state)
{
	static const struct change changes[] = {
		{ "HostConfig.IpcMode", "\"private\"" },
		{ "HostConfig.Runtime", "\"runc\"" },
		{ "HostConfig.RestartPolicy.Name", "\"no\"" },
		{ "HostConfig.ShmSize", "67108864" },
		{ "HostConfig.CapAdd", "[]" },
		{ "HostConfig.CapDrop", "[\"all\"]" },
		{ "HostConfig.Binds", "null" },
		{ "HostConfig.MaskedPaths", "[\"/proc/kcore\"]" },
		{ "HostConfig.SecurityOpt",
		  "[\"seccomp={\\\"b\\\": [2], \\\"a\\\": 1}\",\"no-new-privileges:true\"]" },
		{ "HostConfig.LogConfig.Config", "{\"max-size\":\"1m\",\"max-file\":\"5\"}" },
		{ "HostConfig.Ulimits", "[{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":2},"
					"{\"Name\":\"core\",\"Soft\":0,\"Hard\":0}]" },
		{ "HostConfig.Mounts",
		  "[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\",\"ReadOnly\":true,"
		  "\"BindOptions\":{\"Propagation\":\"rprivate\",\"NonRecursive\":true}}]" },
		{ "Config.Env", "[\"PATH=/bin\",\"TZ=UTC\"]" },
		{ "Config.Labels", "{\"dev.tenantctl.tenant\":\"x\",\"image\":\"label\"}" },
		{ "Config.Hostname", "\"0123456789ab\"" },
		{ "Config.Entrypoint", "[\"/from-image\"]" },
		{ "NetworkSettings.Networks.tc-x.Aliases", "[\"worker\",\"0123456789ab\"]" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_strlist struct strlist out = { 0 };

		diff_with(changes[i].path, changes[i].value, &out);
		if (out.count > 0)
			fail_msg("%s = %s: %s", changes[i].path, changes[i].value, out.items[0]);
	}
}

static void test_env_values_stay_hidden(void **state)
{
	auto_strlist struct strlist out = { 0 };

	(void)state;
	diff_with("Config.Env", "[\"TZ=hunter2\"]", &out);
	assert_int_equal(out.count, 1);
	assert_null(strstr(out.items[0], "hunter2"));
	assert_null(strstr(out.items[0], "UTC"));
}

static void test_wrong_types_are_refused(void **state)
{
	static const struct change changes[] = {
		{ "HostConfig", "{\"Privileged\":\"no\"}" },
		{ "HostConfig", "{\"PidsLimit\":1.5}" },
		{ "HostConfig", "{\"PidsLimit\":1e300}" },
		{ "HostConfig", "{\"CapAdd\":\"ALL\"}" },
		{ "HostConfig", "{\"CapAdd\":[1]}" },
		{ "HostConfig", "{\"Tmpfs\":{\"/tmp\":1}}" },
		{ "HostConfig", "{\"Mounts\":{}}" },
		{ "HostConfig", "{\"Mounts\":[\"/:/host\"]}" },
		{ "HostConfig", "{\"Mounts\":[{\"ReadOnly\":1}]}" },
		{ "HostConfig", "{\"PortBindings\":{\"80/tcp\":{}}}" },
		{ "HostConfig", "{\"Devices\":{}}" },
		{ "NetworkSettings", "{\"Networks\":[]}" },
		{ "NetworkSettings", "{\"Networks\":{\"x\":1}}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_free char *text = mem_printf("{\"%s\":%s}", changes[i].path, changes[i].value);
		auto_doc struct doc *d = parse(text);
		struct container_spec s = { 0 };
		struct err e = ERR_INIT;

		if (wire_read(&wire_container_spec, doc_root(d), "test", &s, &e) == 0)
			fail_msg("%s believed", text);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

/* What doctor relies on: runtimes with their arguments, and null wherever engines write it. */
static void test_engine_info(void **state)
{
	static const char text[] =
		"{\"ServerVersion\":\"28.5.2\",\"DefaultRuntime\":\"runc\",\"Runtimes\":{\"runc\":"
		"{\"path\":\"runc\"},\"runsc\":{\"path\":\"/usr/bin/runsc\",\"runtimeArgs\":"
		"[\"--network=host\",\"--debug\"]},\"kata\":{\"runtimeType\":\"io.containerd.kata."
		"v2\","
		"\"options\":{\"ConfigPath\":\"/etc/"
		"kata.toml\"}}},\"Plugins\":{\"Authorization\":null},"
		"\"Swarm\":{\"LocalNodeState\":\"active\"},\"RegistryConfig\":{"
		"\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\"]},\"LiveRestoreEnabled\":true}";
	auto_doc struct doc *d = parse(text);
	struct engine_info i = { 0 };
	const struct engine_runtime *r;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(wire_read(&wire_engine_info, doc_root(d), "test", &i, &e), 0);
	r = i.runtime_details.items;
	assert_int_equal(i.runtime_details.count, 3);
	assert_string_equal(r[1].name, "runsc");
	assert_int_equal(r[1].args.count, 2);
	assert_string_equal(r[1].args.items[0], "--network=host");
	assert_string_equal(r[2].type, "io.containerd.kata.v2");
	assert_string_equal(r[2].config, "/etc/kata.toml");
	assert_int_equal(i.authorization.count, 0);
	assert_string_equal(i.swarm_state, "active");
	assert_true(i.live_restore);
	engine_info_free(&i);
}

static void test_create_body(void **state)
{
	auto_doc struct doc *d = parse(base_spec);
	struct client old = { .major = 1, .minor = 43 }, new = { .major = 1, .minor = 44 };
	auto_node struct node *a = NULL;
	auto_node struct node *b = NULL;
	struct container_spec s;
	struct err e = ERR_INIT;
	const struct node *mount;

	(void)state;
	read_spec(doc_root(d), &s);
	assert_int_equal(create_container_body(&old, &s, CREATE_ORDERED, &a, &e), 0);
	assert_int_equal(create_container_body(&new, &s, CREATE_ORDERED, &b, &e), 0);
	mount = wire_find(a, "HostConfig.Mounts.0.BindOptions");
	assert_string_equal(node_str(node_get(mount, "Propagation"), ""), "rprivate");
	assert_true(node_bool(node_get(mount, "NonRecursive"), false));
	assert_null(node_get(mount, "ReadOnlyForceRecursive"));
	mount = wire_find(b, "HostConfig.Mounts.0.BindOptions");
	assert_true(node_bool(node_get(mount, "ReadOnlyForceRecursive"), false));
	assert_null(node_get(mount, "NonRecursive"));
	assert_string_equal(node_str(node_get(a, "Image"), ""), "sha256:1");
	assert_non_null(wire_find(a, "NetworkingConfig.EndpointsConfig.tc-x.IPAMConfig"));
	assert_null(node_get(a, "NetworkSettings"));
	/* An empty list here would unmask everything. */
	assert_null(wire_find(a, "HostConfig.MaskedPaths"));
	s.privileged = true;
	assert_int_equal(create_container_body(&new, &s, CREATE_ORDERED, &b, &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	container_spec_free(&s);
}

/* What was observed is asked for again, whatever it is; empty lists are said. */
static void test_copy_body(void **state)
{
	auto_doc struct doc *d = parse(base_spec);
	struct client new = { .major = 1, .minor = 44 };
	auto_node struct node *body = NULL;
	struct container_spec s, copy = { 0 };
	auto_free char *first = NULL, *second = NULL;
	struct err e = ERR_INIT;
	struct engine_mount *m;

	(void)state;
	read_spec(doc_root(d), &s);
	s.privileged = true;
	strlist_add(&s.cap_add, "NET_RAW");
	strlist_add(&s.binds, "/:/host");
	strlist_free(&s.masked_paths);
	strlist_free(&s.readonly_paths);
	strlist_add(&s.readonly_paths, "/proc/sys");
	m = s.mounts.items;
	mem_replace(&m[0].propagation, "rshared");
	container_spec_copy(&copy, &s);
	first = printed(&s);
	second = printed(&copy);
	assert_string_equal(first, second);
	container_spec_free(&s);
	assert_int_equal(create_container_body(&new, &copy, CREATE_COPY, &body, &e), 0);
	assert_true(node_bool(wire_find(body, "HostConfig.Privileged"), false));
	assert_string_equal(node_str(wire_find(body, "HostConfig.CapAdd.0"), ""), "NET_RAW");
	assert_string_equal(node_str(wire_find(body, "HostConfig.Binds.0"), ""), "/:/host");
	assert_true(node_is_array(wire_find(body, "HostConfig.MaskedPaths")));
	assert_int_equal(node_count(wire_find(body, "HostConfig.MaskedPaths")), 0);
	assert_int_equal(node_count(wire_find(body, "HostConfig.ReadonlyPaths")), 1);
	assert_string_equal(
		node_str(wire_find(body, "HostConfig.Mounts.0.BindOptions.Propagation"), ""),
		"rshared");
	container_spec_free(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_body),
		cmocka_unit_test(test_read_write_read),
		cmocka_unit_test(test_weaker_is_seen),
		cmocka_unit_test(test_spelled_out_is_no_difference),
		cmocka_unit_test(test_env_values_stay_hidden),
		cmocka_unit_test(test_wrong_types_are_refused),
		cmocka_unit_test(test_engine_info),
		cmocka_unit_test(test_create_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
