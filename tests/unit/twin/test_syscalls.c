/* Children that share the memory of the twin, while a filter kills them. */
#include "../base/unit.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>

#include "../../../src/twin/attempt.c"

static int started, dumpable;

static int watched_clone(int (*fn)(void *), void *stack, int flags, void *arg)
{
	started++;
	dumpable += prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) != 0;
	return clone(fn, stack, flags, arg);
}

#define clone watched_clone
#include "../../../src/twin/syscalls.c"
#undef clone

#ifdef __x86_64__
static void kill_foreign_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TWIN_X32_BIT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* A kernel before 5.16 would kill the twin with the first of them, as it shares their memory. */
static void killed_children_are_not_dumped(void **state unused_arg)
{
	struct sweep *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(s, MAP_FAILED);
	kill_foreign_calls();
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL), 1);
	assert_true(sweep_abi(s, TWIN_ABI_X32));
	for (int n = 0; n < TWIN_CALLS; n++)
		assert_int_equal(s->results[n], twin_call_skipped(TWIN_ABI_X32, n)
							? TWIN_CALL_UNTRIED
							: TWIN_CALL_KILLED);
	assert_true(started > TWIN_CALLS / 2);
	assert_int_equal(dumpable, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0UL, 0UL, 0UL, 0UL), 1);
	munmap(s, sizeof(*s));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		cmocka_unit_test(killed_children_are_not_dumped),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
