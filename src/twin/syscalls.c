/*
 * The whole surface of system calls. Every number is called with arguments whose bits are
 * all set: a bad address, a bad descriptor, flags that nobody knows, so that nearly every
 * call fails at once. What it fails with is printed for each; what that means is judged
 * on the host, against what the ordered filter answers to the same call.
 */
#include "attack.h"
#include "base/twin_sweep.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_MS = 1000, STACK_BYTES = 16384 };

static const char *const abi_names[TWIN_ABIS] = { TWIN_ABI_NAMES };

struct sweep { /* shared with the child */
	enum twin_abi abi;
	int at; /* the number being called */
	unsigned char results[TWIN_CALLS];
	_Alignas(16) char stack[STACK_BYTES]; /* of a child that shares our memory */
};

/* Not syscall(2): errno is one for both when a child shares our memory. */
#ifdef __x86_64__
static long call(enum twin_abi abi, int number)
{
	register long fourth __asm__("r10") = -1, fifth __asm__("r8") = -1,
			     sixth __asm__("r9") = -1;
	long rc = abi == TWIN_ABI_X32 ? number | TWIN_X32_BIT : number;

	if (abi == TWIN_ABI_IA32) {
		/* The same kernel through its oldest door: other numbers, other argument rules. */
		__asm__ volatile("int $0x80"
				 : "+a"(rc), "+r"(fourth), "+r"(fifth), "+r"(sixth)
				 : "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L)
				 : "r11", "memory");
		rc = (int)rc;
	} else {
		__asm__ volatile("syscall"
				 : "+a"(rc)
				 : "D"(-1L), "S"(-1L), "d"(-1L), "r"(fourth), "r"(fifth), "r"(sixth)
				 : "rcx", "r11", "memory");
	}
	return rc < 0 ? -rc : 0;
}
#else
static long call(enum twin_abi abi unused_arg, int number)
{
	return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0;
}
#endif

/* Goes on until a call ends it; what has no result then is that call's fault. */
static void run_sweep(void *arg)
{
	volatile struct sweep *s = arg;

	for (; s->at < TWIN_CALLS; s->at++) {
		if (twin_call_skipped(s->abi, s->at))
			continue;
		s->results[s->at] =
			(unsigned char)MIN_OF(call(s->abi, s->at), (long)TWIN_CALL_ERRNO_MAX);
	}
}

/* How a child ended: a signal, 0 by itself. */
struct ending {
	bool in_time;
	int signal;
};

static bool sweep_in_child(struct sweep *s, struct ending *out)
{
	struct child c;

	if (!child_start(&c, run_sweep, s))
		return false;
	out->in_time = child_finish(&c, LIMIT_MS, &out->signal);
	return true;
}

static int run_light(void *arg)
{
	run_sweep(arg);
	return 0;
}

/* Waits for a child with SIGCHLD blocked: one that ended before, or another's, only makes it look
 * once more. */
static bool ends_in_time(pid_t pid, const sigset_t *child, int *out_status)
{
	int64_t end = now_ms() + LIMIT_MS;

	while (waitpid(pid, out_status, WNOHANG) != pid) {
		int64_t left = end - now_ms();
		struct timespec t = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

		if (left <= 0)
			return false;
		(void)sigtimedwait(child, NULL, &t);
	}
	return true;
}

/* Linux before 5.16 ends everyone who shares the memory of a process that it dumps (zap_threads),
 * before it asks for RLIMIT_CORE; and a program that takes dumps is started whatever that says. */
static bool allow_dumps(bool allowed)
{
	return prctl(PR_SET_DUMPABLE, allowed ? 1UL : 0UL, 0UL, 0UL, 0UL) == 0;
}

/* Where a filter kills whoever makes a call of an ABI, each number of it costs a process. One that
 * shares our memory takes a sixth of the time of one with a copy of it. Call with dumps not
 * allowed. */
static bool sweep_in_light_child(struct sweep *s, struct ending *out)
{
	sigset_t child, before;
	int status = 0;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	pid = clone(run_light, s->stack + sizeof(s->stack), CLONE_VM | SIGCHLD, s);
	out->in_time = pid > 0 && ends_in_time(pid, &child, &status);
	if (pid > 0 && !out->in_time) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return pid > 0;
}

static bool sweep_numbers(struct sweep *s, enum twin_abi abi, bool may_share)
{
	bool killed = false;

	s->abi = abi;
	s->at = 0;
	memset(s->results, TWIN_CALL_UNTRIED, sizeof(s->results));
	while (s->at < TWIN_CALLS) {
		struct ending e = { 0 };

		if (!(killed && may_share ? sweep_in_light_child(s, &e) : sweep_in_child(s, &e)))
			return false;
		if (s->at >= TWIN_CALLS)
			break;
		killed = e.in_time && e.signal == SIGSYS;
		/* it ended by itself: of a call that nobody knows */
		s->results[s->at] = !e.in_time ? TWIN_CALL_SILENT
				    : killed   ? TWIN_CALL_KILLED
					       : TWIN_CALL_SIGNAL;
		s->at++;
	}
	return true;
}

static bool sweep_abi(struct sweep *s, enum twin_abi abi)
{
	/* The own ABI's calls are let through: they get a memory of their own. */
	bool quiet = abi != TWIN_ABI_NATIVE && allow_dumps(false);
	bool done = sweep_numbers(s, abi, quiet);

	if (quiet)
		(void)allow_dumps(true);
	return done;
}

static size_t print_sweep(const struct sweep *s)
{
	size_t lines = 0;

	for (int from = 0; from < TWIN_CALLS; from += TWIN_LINE_CALLS, lines++) {
		printf("{\"v\":1,\"id\":\"sweep\",\"what\":\"%s\",\"from\":%d,\"results\":\"",
		       abi_names[s->abi], from);
		for (int n = from; n < from + TWIN_LINE_CALLS; n++)
			printf("%02x", s->results[n]);
		printf("\"}\n");
	}
	fflush(stdout);
	return lines;
}

size_t sweep_syscalls(void)
{
	struct sweep *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t lines = 0;

	if (s == MAP_FAILED)
		return 0;
	for (int abi = TWIN_ABI_NATIVE; abi < TWIN_ABIS; abi++) {
#ifndef __x86_64__
		if (abi != TWIN_ABI_NATIVE)
			break;
#endif
		if (sweep_abi(s, (enum twin_abi)abi))
			lines += print_sweep(s);
	}
	return lines;
}
