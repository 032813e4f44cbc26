/*
 * The whole surface of system calls. Every number is called with arguments whose bits are
 * all set: a bad address, a bad descriptor, flags that nobody knows, so that nearly every
 * call fails at once. What it fails with is printed for each; what that means is judged
 * on the host, against what the ordered filter answers to the same call.
 */
#include "attack.h"
#include "base/twin_sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIMIT_MS = 1000 };

static const char *const abi_names[TWIN_ABIS] = { TWIN_ABI_NAMES };

static long call(enum twin_abi abi, int number)
{
	long rc = syscall(abi == TWIN_ABI_X32 ? number | TWIN_X32_BIT : number, -1L, -1L, -1L, -1L,
			  -1L, -1L);

	return rc < 0 ? errno : 0;
}

#ifdef __x86_64__
/* The same kernel through its oldest door: other numbers, other argument rules. */
static long call_ia32(int number)
{
	long rc;

	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(number), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L)
			 : "r8", "r9", "r10", "r11", "memory");
	rc = (int)rc;
	return rc < 0 ? -rc : 0;
}
#endif

struct sweep { /* shared with the child */
	enum twin_abi abi;
	int at; /* the number being called */
	unsigned char results[TWIN_CALLS];
};

/* Goes on until a call ends it; what has no result then is that call's fault. */
static void run_sweep(void *arg)
{
	volatile struct sweep *s = arg;

	for (; s->at < TWIN_CALLS; s->at++) {
		long error = 0;

		if (twin_call_skipped(s->abi, s->at))
			continue;
#ifdef __x86_64__
		if (s->abi == TWIN_ABI_IA32)
			error = call_ia32(s->at);
		else
#endif
			error = call(s->abi, s->at);
		s->results[s->at] = (unsigned char)MIN_OF(error, TWIN_CALL_ERRNO_MAX);
	}
}

static bool sweep_abi(struct sweep *s, enum twin_abi abi)
{
	*s = (struct sweep){ .abi = abi };
	memset(s->results, TWIN_CALL_UNTRIED, sizeof(s->results));
	while (s->at < TWIN_CALLS) {
		struct child c;
		int ended = 0;
		bool in_time;

		if (!child_start(&c, run_sweep, s))
			return false;
		in_time = child_finish(&c, LIMIT_MS, &ended);
		if (s->at >= TWIN_CALLS)
			break;
		/* it ended by itself: of a call that nobody knows */
		s->results[s->at] = !in_time	      ? TWIN_CALL_SILENT
				    : ended == SIGSYS ? TWIN_CALL_KILLED
						      : TWIN_CALL_SIGNAL;
		s->at++;
	}
	return true;
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
