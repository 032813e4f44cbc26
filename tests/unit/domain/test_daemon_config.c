/* daemon.json and arguments, as an engine takes them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "domain/daemon_config.h"

static void read_both(const char *text, const char *const *words, struct daemon_config *out)
{
	struct strlist args auto_strlist = { 0 };
	struct err e = ERR_INIT;

	for (; words && *words; words++)
		strlist_add(&args, *words);
	if (daemon_config_read(text, &args, out, &e))
		fail_msg("%s", e.message);
}

static void defaults(void **state)
{
	static const char *const texts[] = { NULL, "", "{}" };
	struct daemon_config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_both(texts[i], NULL, &c);
		assert_true(c.iptables && c.ip6tables && c.icc);
		assert_false(c.direct_routing || c.no_new_privileges || c.live_restore ||
			     c.tls_verify || c.has_ulimits);
		assert_int_equal(c.hosts.count, 0);
		daemon_config_free(&c);
	}
}

static void from_the_file(void **state)
{
	struct daemon_config c;

	(void)state;
	read_both("{\"iptables\":false,\"icc\":false,\"no-new-privileges\":true,\"unknown\":[1],"
		  "\"log-driver\":\"json-file\",\"log-opts\":{\"max-size\":\"10m\"},"
		  "\"hosts\":[\"tcp://0.0.0.0:2375\"],\"default-ulimits\":{\"nofile\":{\"Name\":"
		  "\"nofile\",\"Hard\":1,\"Soft\":1}},\"tlsverify\":true}",
		  NULL, &c);
	assert_false(c.iptables || c.icc);
	assert_true(c.no_new_privileges && c.has_ulimits && c.tls_verify && c.ip6tables);
	assert_string_equal(strmap_get(&c.log_options, "max-size"), "10m");
	assert_string_equal(c.hosts.items[0], "tcp://0.0.0.0:2375");
	daemon_config_free(&c);
}

static void from_arguments(void **state)
{
	static const char *const words[] = { "dockerd",
					     "--iptables=false",
					     "--no-new-privileges",
					     "-H",
					     "unix:///x",
					     "-Htcp://1.2.3.4:1",
					     "--host=tcp://1.2.3.4:2",
					     "--log-opt",
					     "max-size=5m",
					     "--default-ulimit=nofile=1",
					     "--seccomp-profile",
					     "unconfined",
					     "--icc=0",
					     "--data-root",
					     "--live-restore",
					     NULL };
	struct daemon_config c;

	(void)state;
	read_both("{\"ip6tables\":false}", words, &c);
	assert_false(c.iptables || c.icc || c.ip6tables);
	assert_true(c.no_new_privileges && c.has_ulimits);
	assert_int_equal(c.hosts.count, 3);
	assert_string_equal(c.hosts.items[1], "tcp://1.2.3.4:1");
	assert_string_equal(c.hosts.items[2], "tcp://1.2.3.4:2");
	assert_string_equal(strmap_get(&c.log_options, "max-size"), "5m");
	assert_string_equal(c.seccomp_profile, "unconfined");
	daemon_config_free(&c);
}

static void refused(void **state)
{
	static const char *const texts[] = { "{",
					     "[]",
					     "7",
					     "\"x\"",
					     "{\"iptables\":\"no\"}",
					     "{\"iptables\":true,\"iptables\":false}",
					     "{\"hosts\":\"tcp://x\"}" };
	struct daemon_config c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err e = ERR_INIT;

		if (daemon_config_read(texts[i], NULL, &c, &e) == 0)
			fail_msg("%s is taken", texts[i]);
		assert_int_equal(e.code, ERR_PROTOCOL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(from_the_file),
		cmocka_unit_test(from_arguments),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
