/* What the program does to itself, looked at in a child, and what a program that it runs inherits.
 */
#include "cli_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_gets_into_core_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
