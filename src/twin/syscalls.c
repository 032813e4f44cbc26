/*
 * The whole surface of system calls. Arguments of zero make nearly every call fail at once;
 * what counts is how: EPERM and ENOSYS are how a filter refuses, and the host compares the
 * numbers that got through with what the ordered filter lets through.
 */
#include "attack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NUMBERS = 512, LIMIT_MS = 300, X32_BIT = 0x40000000 };

/* Left out: calls that with arguments of zero end, stop, replace or multiply the process, or wait
 * for something. The filter that they meet is judged on the host from the program itself. */
static const int skipped[] = {
	SYS_exit,   SYS_exit_group,    SYS_rt_sigreturn,    SYS_clone,
	SYS_execve, SYS_rt_sigsuspend, SYS_restart_syscall, SYS_read,
	SYS_ppoll,  SYS_pselect6,      SYS_vhangup,	    SYS_munmap,
#ifdef SYS_fork
	SYS_fork,   SYS_vfork,	       SYS_pause,	    SYS_select,
	SYS_poll,   SYS_alarm,
#endif
};

enum way { WAY_NATIVE, WAY_X32, WAY_IA32, WAYS };
static const char *const way_names[WAYS] = { "native", "x32", "ia32" };

static bool is_skipped(enum way way, int number)
{
	/* the old numbers are others, and none of those that matter returns */
	if (way == WAY_IA32)
		return number == 1 || number == 2 || number == 29 || number == 119 ||
		       number == 173 || number == 190 || number == 252 || number == 3;
	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++)
		if (skipped[i] == number)
			return true;
	return false;
}

struct call {
	enum way way;
	int number;
};

/* Exit status 1: let through. */
static void make_call(void *arg)
{
	const struct call *c = arg;
	long rc = -1;

	errno = 0;
	if (c->way == WAY_NATIVE)
		rc = syscall(c->number, 0, 0, 0, 0, 0, 0);
	else if (c->way == WAY_X32)
		rc = syscall(c->number | X32_BIT, 0, 0, 0, 0, 0, 0);
#ifdef __x86_64__
	else {
		__asm__ volatile("int $0x80"
				 : "=a"(rc)
				 : "a"(c->number), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
				 : "memory");
		rc = (int)rc;
		errno = rc < 0 ? (int)-rc : 0;
	}
#endif
	_exit(rc >= 0 || (errno != EPERM && errno != ENOSYS) ? 1 : 0);
}

static void sweep_way(enum way way)
{
	char bitmap[NUMBERS / 4 + 1];
	unsigned char nibble[NUMBERS / 4] = { 0 };
	size_t open_count = 0, killed = 0, silent = 0;

	for (int n = 0; n < NUMBERS; n++) {
		struct call c = { way, n };
		int ended = 0;

		if (is_skipped(way, n))
			continue;
		if (!run_bounded(make_call, &c, LIMIT_MS, &ended)) {
			silent++; /* it waits: it got through */
			ended = -1;
		}
		if (ended == SIGSYS) {
			killed++;
		} else if (ended != 0) {
			nibble[n / 4] |= (unsigned char)(1 << n % 4);
			open_count++;
		}
	}
	for (size_t i = 0; i < sizeof(nibble); i++)
		bitmap[i] = "0123456789abcdef"[nibble[i]];
	bitmap[sizeof(nibble)] = '\0';
	printf("{\"v\":1,\"id\":\"twin.syscalls\",\"what\":\"%s\",\"outcome\":\"%s\",\"errno\":0,"
	       "\"open\":%zu,\"killed\":%zu,\"silent\":%zu,\"bitmap\":\"%s\"}\n",
	       way_names[way], open_count ? "open" : "blocked", open_count, killed, silent, bitmap);
	fflush(stdout);
}

void sweep_syscalls(void)
{
	sweep_way(WAY_NATIVE);
#ifdef __x86_64__
	sweep_way(WAY_X32);
	sweep_way(WAY_IA32);
#endif
}
