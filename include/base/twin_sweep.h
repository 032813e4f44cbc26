/*
 * How a twin's probe calls every system call number, and how it tells what came of it:
 * what the probe and its judge have to agree on.
 *
 * Each number is called with six arguments whose bits are all set: a bad address, a bad
 * descriptor, flags that nobody knows.
 */
#ifndef BASE_TWIN_SWEEP_H
#define BASE_TWIN_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "base/compiler.h"

enum twin_abi { TWIN_ABI_NATIVE, TWIN_ABI_X32, TWIN_ABI_IA32, TWIN_ABIS };
#define TWIN_ABI_NAMES "native", "x32", "ia32"

#define TWIN_CALLS 576	    /* x32 has numbers of its own up to 547 */
#define TWIN_LINE_CALLS 144 /* told in one line */
#define TWIN_X32_BIT 0x40000000

enum twin_call { /* 0: it returned no error; 1 to 239: the error's number, larger ones as 239 */
		 TWIN_CALL_ERRNO_MAX = 239,
		 TWIN_CALL_SIGNAL = 252,  /* a signal of another kind ended the caller */
		 TWIN_CALL_SILENT = 253,  /* it did not return in time */
		 TWIN_CALL_KILLED = 254,  /* SIGSYS: a filter killed the caller */
		 TWIN_CALL_UNTRIED = 255, /* left out on purpose, or no line told of it */
};

/* Left out: calls that end, multiply or stop the caller whatever their arguments are, and sync,
 * which makes the whole host write. On x86-64 two calls of user-space tracing, which pass every
 * filter and end whoever is not being traced (Linux 6.11 and later). */
static inline bool twin_call_skipped(enum twin_abi abi, int number)
{
	static const int own[] = {
		SYS_exit,	  SYS_exit_group, SYS_rt_sigreturn, SYS_sync,
#ifdef __x86_64__
		SYS_fork,	  SYS_vfork,	  SYS_pause,	    335 /* uretprobe */,
		336 /* uprobe */,
#endif
	};
	/* exit, fork, pause, sync, sigreturn, rt_sigreturn, vfork, exit_group */
	static const int ia32[] = { 1, 2, 29, 36, 119, 173, 190, 252 };
	const int *list = abi == TWIN_ABI_IA32 ? ia32 : own;
	size_t count = abi == TWIN_ABI_IA32 ? ARRAY_SIZE(ia32) : ARRAY_SIZE(own);

	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return abi == TWIN_ABI_X32 && number == 513; /* rt_sigreturn */
}

#endif
