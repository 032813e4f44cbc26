/*
 * The whole surface of system calls. Every number is called with arguments whose bits are
 * all set: a bad address, a bad descriptor, flags that nobody knows, so that nearly every
 * call fails at once. What it fails with is printed for each; what that means is judged
 * on the host, against what the ordered filter answers to the same call.
 */
#include "attack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NUMBERS = 576, LINE_NUMBERS = 144, LIMIT_MS = 1000, X32_BIT = 0x40000000 };
/* As in domain/twin.h. */
enum {
	ERRNO_MAX_TOLD = 239,
	CALL_SIGNAL = 252,
	CALL_SILENT = 253,
	CALL_KILLED = 254,
	CALL_UNTRIED = 255
};

enum way { WAY_NATIVE, WAY_X32, WAY_IA32, WAYS };
static const char *const way_names[WAYS] = { "native", "x32", "ia32" };

/* Left out: calls that end, multiply or stop the caller whatever their arguments are, and sync,
 * which makes the whole host write. */
static bool is_skipped(enum way way, int number)
{
	static const int native[] = {
		SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_sync,
#ifdef SYS_fork
		SYS_fork, SYS_vfork,	  SYS_pause,
#endif
	};
	/* exit, fork, pause, sync, sigreturn, rt_sigreturn, vfork, exit_group */
	static const int ia32[] = { 1, 2, 29, 36, 119, 173, 190, 252 };
	const int *list = way == WAY_IA32 ? ia32 : native;
	size_t count = way == WAY_IA32 ? ARRAY_SIZE(ia32) : ARRAY_SIZE(native);

	for (size_t i = 0; i < count; i++)
		if (list[i] == number)
			return true;
	return way == WAY_X32 && number == 513; /* rt_sigreturn */
}

static long call(enum way way, int number)
{
	long rc = syscall(way == WAY_X32 ? number | X32_BIT : number, -1L, -1L, -1L, -1L, -1L, -1L);

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
	enum way way;
	int at; /* the number being called */
	unsigned char results[NUMBERS];
};

/* Goes on until a call ends it; what has no result then is that call's fault. */
static void run_sweep(void *arg)
{
	volatile struct sweep *s = arg;

	for (; s->at < NUMBERS; s->at++) {
		long error = 0;

		if (is_skipped(s->way, s->at))
			continue;
#ifdef __x86_64__
		if (s->way == WAY_IA32)
			error = call_ia32(s->at);
		else
#endif
			error = call(s->way, s->at);
		s->results[s->at] = (unsigned char)MIN_OF(error, ERRNO_MAX_TOLD);
	}
}

static bool sweep_way(struct sweep *s, enum way way)
{
	*s = (struct sweep){ .way = way };
	memset(s->results, CALL_UNTRIED, sizeof(s->results));
	while (s->at < NUMBERS) {
		struct child c;
		int ended = 0;
		bool in_time;

		if (!child_start(&c, run_sweep, s))
			return false;
		in_time = child_finish(&c, LIMIT_MS, &ended);
		if (s->at >= NUMBERS)
			break;
		/* it ended by itself: of a call that nobody knows */
		s->results[s->at] = !in_time	      ? CALL_SILENT
				    : ended == SIGSYS ? CALL_KILLED
						      : CALL_SIGNAL;
		s->at++;
	}
	return true;
}

static size_t print_sweep(const struct sweep *s)
{
	size_t lines = 0;

	for (int from = 0; from < NUMBERS; from += LINE_NUMBERS, lines++) {
		printf("{\"v\":1,\"id\":\"sweep\",\"what\":\"%s\",\"from\":%d,\"results\":\"",
		       way_names[s->way], from);
		for (int n = from; n < from + LINE_NUMBERS; n++)
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
	for (int way = WAY_NATIVE; way < WAYS; way++) {
#ifndef __x86_64__
		if (way != WAY_NATIVE)
			break;
#endif
		if (sweep_way(s, (enum way)way))
			lines += print_sweep(s);
	}
	return lines;
}
