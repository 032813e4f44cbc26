/*
 * The interpreter against the kernel: random programs are offered to seccomp(2) in
 * a child, which must accept exactly those that bpf_check accepts, and calls made
 * under an accepted program must end as bpf_run says.
 */
#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "domain/bpf_eval.h"

#define CALL_NR SYS_getppid
#define OFFSET(member) ((uint32_t)offsetof(struct seccomp_data, member))
#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#else
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

static uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

static int install(const struct sock_filter *code, size_t count)
{
	struct sock_fprog prog = { .len = (unsigned short)count,
				   .filter = (void *)(uintptr_t)code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 ? errno : 0;
}

/* Exit status 0: accepted; else the errno. */
static int kernel_verdict(const struct filter_program *p)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(install(p->code, p->count));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* A filter in force may kill the child at its exit: it was accepted then. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static struct filter_program program(struct sock_filter *code, size_t count)
{
	return (struct filter_program){ code, count };
}

static void test_check_agrees_with_kernel_on_single_faults(void **unused)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct {
		struct sock_filter code[4];
		size_t count;
		bool valid;
	} cases[] = {
		{ { allow }, 1, true },
		{ { BPF_STMT(BPF_LD | BPF_IMM, 1) }, 1, false },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), allow }, 2, false },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), allow }, 2, true },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), allow }, 2, false },
		{ { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), allow }, 2, false },
		{ { BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), allow }, 2, false },
		{ { BPF_STMT(BPF_LD | BPF_MEM, 0), allow }, 2, false },
		{ { BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), allow }, 3, true },
		{ { BPF_STMT(BPF_ST, 16), allow }, 2, false },
		{ { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), allow }, 2, false },
		{ { BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), allow }, 2, true },
		{ { BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), allow }, 2, false },
		{ { BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), allow }, 2, false },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 1), allow, allow }, 3, true },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 2), allow, allow }, 3, false },
		{ { BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), allow, allow }, 3, false },
		{ { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), allow, allow }, 3, true },
		{ { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), allow, allow }, 3, false },
		{ { BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0),
		    BPF_STMT(BPF_LD | BPF_MEM, 0), allow },
		  4,
		  false },
		{ { BPF_STMT(BPF_RET | BPF_X, 0), allow }, 2, false },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct filter_program p = program(cases[i].code, cases[i].count);
		struct err e = ERR_INIT;

		if ((bpf_check(&p, &e) == 0) != cases[i].valid)
			fail_msg("case %zu: bpf_check disagrees with the table", i);
		if ((kernel_verdict(&p) == 0) != cases[i].valid)
			fail_msg("case %zu: the kernel disagrees with the table", i);
	}
}

static struct sock_filter random_instruction(uint64_t *state, size_t left)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_ALU | BPF_NEG,
		BPF_ALU | BPF_ADD,
		BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_X,
		BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_DIV,
		BPF_ALU | BPF_AND,
		BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR,
		BPF_ALU | BPF_LSH | BPF_X,
		BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_RSH,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ,
		BPF_JMP | BPF_JGT | BPF_X,
		BPF_JMP | BPF_JGE,
		BPF_JMP | BPF_JSET,
		BPF_JMP | BPF_JSET | BPF_X,
		BPF_LD | BPF_W | BPF_ABS,
	};
	struct sock_filter f = { .code = codes[next_random(state) % ARRAY_SIZE(codes)] };

	f.k = next_random(state) % 4 ? next_random(state) % 40 : next_random(state);
	if (f.code == (BPF_LD | BPF_W | BPF_ABS))
		f.k = OFFSET(args) + 4 * (next_random(state) % 12);
	if (f.code == BPF_ST || f.code == BPF_STX || BPF_MODE(f.code) == BPF_MEM)
		f.k %= next_random(state) % 8 ? 2 : 17;
	if (BPF_CLASS(f.code) == BPF_JMP) {
		f.jt = (uint8_t)(next_random(state) % (left + (next_random(state) % 64 == 0)));
		f.jf = (uint8_t)(next_random(state) % left);
		if (BPF_OP(f.code) == BPF_JA)
			f.k = next_random(state) % left;
	}
	return f;
}

/* Only CALL_NR runs the random part; the result is shaped to an errno below 256, so that the
 * child survives to tell it. */
static size_t random_program(uint64_t *state, struct sock_filter *code)
{
	static const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_NR, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_ST, 0),
		BPF_STMT(BPF_STX, 1),
	};
	static const struct sock_filter tail[] = {
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	size_t n = ARRAY_SIZE(head), body = 1 + next_random(state) % 24;

	memcpy(code, head, sizeof(head));
	for (size_t i = 0; i < body; i++)
		code[n++] = random_instruction(state, body - i);
	memcpy(code + n, tail, sizeof(tail));
	return n + ARRAY_SIZE(tail);
}

#define CALLS_PER_PROGRAM 8

static void random_call(uint64_t seed, struct seccomp_data *out)
{
	*out = (struct seccomp_data){ .nr = CALL_NR, .arch = OWN_ARCH };
	for (size_t i = 0; i < 6; i++) {
		out->args[i] = next_random(&seed) % 48;
		if (next_random(&seed) % 4 == 0)
			out->args[i] = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
	}
}

struct child_report {
	int installed;		       /* 0 or errno */
	int result[CALLS_PER_PROGRAM]; /* errno of each call */
};

static void run_child(int fd, const struct filter_program *p, uint64_t seed)
{
	struct child_report r = { 0 };

	r.installed = install(p->code, p->count);
	for (uint64_t i = 0; r.installed == 0 && i < CALLS_PER_PROGRAM; i++) {
		struct seccomp_data d;

		random_call(seed + i, &d);
		errno = 0;
		syscall(CALL_NR, d.args[0], d.args[1], d.args[2], d.args[3], d.args[4], d.args[5]);
		r.result[i] = errno;
	}
	_exit(write(fd, &r, sizeof(r)) == (ssize_t)sizeof(r) ? 0 : 1);
}

static bool kernel_report(const struct filter_program *p, uint64_t seed, struct child_report *out)
{
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_child(fds[1], p, seed);
	close(fds[1]);
	got = read(fds[0], out, sizeof(*out));
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return got == (ssize_t)sizeof(*out);
}

static void test_random_programs_agree_with_kernel(void **unused)
{
	uint64_t state = 0x5eccc0de12345ULL;
	unsigned accepted = 0, refused = 0, killed = 0;

	(void)unused;
	for (unsigned round = 0; round < 600; round++) {
		struct sock_filter code[64];
		struct filter_program p = program(code, random_program(&state, code));
		struct child_report r;
		struct err e = ERR_INIT;
		bool valid = bpf_check(&p, &e) == 0, will_die = false;
		uint64_t seed = state | 1;

		for (uint64_t i = 0; valid && i < CALLS_PER_PROGRAM; i++) {
			struct seccomp_data d;

			random_call(seed + i, &d);
			will_die |= bpf_run(&p, &d, NULL) == SECCOMP_RET_KILL_THREAD;
		}
		if (kernel_report(&p, seed, &r) == will_die)
			fail_msg("round %u: predicted %s", round, will_die ? "death" : "survival");
		killed += will_die;
		if (will_die)
			continue;
		if ((r.installed == 0) != valid)
			fail_msg("round %u: kernel says %d, bpf_check says: %s", round, r.installed,
				 e.message);
		for (uint64_t i = 0; valid && i < CALLS_PER_PROGRAM; i++) {
			struct seccomp_data d;

			random_call(seed + i, &d);
			assert_int_equal(r.result[i], bpf_run(&p, &d, NULL) & 0xffff);
		}
		accepted += valid;
		refused += !valid;
	}
	/* The generator must reach all three ends, else the test shows little. */
	assert_true(accepted > 50);
	assert_true(refused > 50);
	assert_true(killed > 5);
}

static void test_strictest_action_wins(void **unused)
{
	static const uint32_t order[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
					  SECCOMP_RET_TRAP,	    SECCOMP_RET_ERRNO | 5,
					  SECCOMP_RET_TRACE,	    SECCOMP_RET_LOG,
					  SECCOMP_RET_ALLOW };
	struct seccomp_data data = { .nr = 1 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
			struct sock_filter a = BPF_STMT(BPF_RET | BPF_K, order[i]);
			struct sock_filter b = BPF_STMT(BPF_RET | BPF_K, order[k]);
			struct filter_program stack[] = { { &a, 1 }, { &b, 1 } };

			assert_int_equal(bpf_stack_run(stack, 2, &data, NULL), order[MIN_OF(i, k)]);
		}
	assert_int_equal(bpf_stack_run(NULL, 0, &data, NULL), SECCOMP_RET_ALLOW);
}

static void test_newest_wins_among_equals(void **unused)
{
	struct sock_filter newest = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 7);
	struct sock_filter oldest = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 3);
	struct filter_program stack[] = { { &newest, 1 }, { &oldest, 1 } };
	struct seccomp_data data = { .nr = 1 };

	(void)unused;
	assert_int_equal(bpf_stack_run(stack, 2, &data, NULL), SECCOMP_RET_ERRNO | 7);
}

static void test_action_text_and_equality(void **unused)
{
	char buf[32];

	(void)unused;
	assert_string_equal(bpf_action_text(SECCOMP_RET_ERRNO | 38, buf, sizeof(buf)), "errno 38");
	assert_string_equal(bpf_action_text(SECCOMP_RET_ALLOW | 3, buf, sizeof(buf)), "allow");
	assert_string_equal(bpf_action_text(SECCOMP_RET_KILL_THREAD, buf, sizeof(buf)),
			    "kill-thread");
	assert_true(bpf_action_equal(SECCOMP_RET_ERRNO | 5000, SECCOMP_RET_ERRNO | 4095));
	assert_false(bpf_action_equal(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2));
	assert_true(bpf_action_equal(SECCOMP_RET_ALLOW | 1, SECCOMP_RET_ALLOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_agrees_with_kernel_on_single_faults),
		cmocka_unit_test(test_random_programs_agree_with_kernel),
		cmocka_unit_test(test_strictest_action_wins),
		cmocka_unit_test(test_newest_wins_among_equals),
		cmocka_unit_test(test_action_text_and_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
