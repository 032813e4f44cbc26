/* What the tests of seccomp profiles share: a smallest profile and ways to compose one. */
#ifndef TEST_SECCOMP_FIXTURE_H
#define TEST_SECCOMP_FIXTURE_H

#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "domain/bpf_eval.h"
#include "domain/seccomp.h"

#define ALLOW SECCOMP_RET_ALLOW
#define EPERM_RET (SECCOMP_RET_ERRNO | 1)
#define ENOSYS_RET (SECCOMP_RET_ERRNO | 38)

/* Just what the runtime needs, so that cases fail for their own reason. */
#define START_CALLS                                                                                \
	"\"arch_prctl\",\"close\",\"execve\",\"exit_group\",\"fstatfs\",\"getdents64\",\"mmap\","  \
	"\"mprotect\",\"openat\",\"rt_sigaction\",\"rt_sigprocmask\",\"rt_sigtimedwait\","         \
	"\"setpgid\",\"wait4\",\"write\",\"clone\",\"futex\",\"ioctl\",\"fcntl\",\"madvise\","     \
	"\"munmap\",\"nanosleep\",\"read\",\"rt_sigreturn\",\"sched_yield\",\"sigaltstack\","      \
	"\"tgkill\",\"getpid\",\"gettid\""
#define PROFILE(head, rules)                                                                       \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\"" head ",\n\"syscalls\":[\n{\"names\":[" START_CALLS \
	"],\"action\":\"SCMP_ACT_ALLOW\"}" rules "]}"
#define RULE(text) ",\n{" text "}"

static inline int parse(const char *text, struct seccomp_profile **out, struct err *e)
{
	return seccomp_profile_parse(text, strlen(text), "test", out, e);
}

static inline void compose(const char *text, struct seccomp_program *out)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	struct err e = ERR_INIT;

	if (parse(text, &p, &e) < 0 || seccomp_compose(p, out, &e) < 0)
		fail_msg("%s", e.message);
}

static inline void compose_builtin(const char *name, struct seccomp_program *out)
{
	auto_seccomp_profile struct seccomp_profile *p = NULL;
	struct err e = ERR_INIT;

	if (seccomp_profile_builtin(name, &p, &e) < 0 || seccomp_compose(p, out, &e) < 0)
		fail_msg("%s", e.message);
}

#endif
