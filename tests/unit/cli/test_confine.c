/* What the program does to itself, looked at in a child, and what a program that it runs inherits.
 */
#include "cli_fixture.h"

#include <cap-ng.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/cli/confine.h"
#include "base/child.h"

static int read_filter(void *arg unused_arg, int fd)
{
	static const char *const argv[] = { "/bin/cat", "/proc/self/coredump_filter", NULL };
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	struct rlimit core;

	if (confine_self(&e) || getrlimit(RLIMIT_CORE, &core) || core.rlim_max != 0 ||
	    child_exec(argv, 5000, &out, &e))
		return 1;
	return write(fd, out.data, out.len) != (ssize_t)out.len;
}

static void no_memory_gets_into_core_dumps(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;

	if (access("/proc/self/coredump_filter", F_OK))
		skip();
	if (child_call(read_filter, NULL, 10000, &out, &status, &e))
		fail_msg("%s", e.message);
	assert_int_equal(status, 0);
	assert_string_equal(strbuf_str(&out), "00000000\n");
}

static int network_capability(void)
{
	return capng_get_caps_process() ? -1
	       : capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN)
		       ? 1
		       : capng_have_capability(CAPNG_BOUNDING_SET, CAP_NET_ADMIN);
}

static int give_up_network(void *arg unused_arg, int fd unused_arg)
{
	struct err e = ERR_INIT;
	int before = network_capability();

	if (confine_self(&e) || network_capability() != before)
		return 1;
	if (confine_network(&e) || network_capability() != 0)
		return 2;
	return 0;
}

/* What no later step and no program that it runs gets back. */
static void the_packet_filter_is_for_one_command(void **state unused_arg)
{
	auto_strbuf struct strbuf out = STRBUF_INIT(100);
	struct err e = ERR_INIT;
	int status = -1;

	if (geteuid() != 0)
		skip();
	if (child_call(give_up_network, NULL, 10000, &out, &status, &e))
		fail_msg("%s", e.message);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_gets_into_core_dumps),
		cmocka_unit_test(the_packet_filter_is_for_one_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
