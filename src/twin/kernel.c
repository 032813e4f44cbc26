/*
 * System calls that hand out the kernel. Each is made so that nothing happens where it is
 * allowed: the kernel checks the right before it finds that the arguments are nonsense.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* The same on all architectures. */
enum { NR_io_uring_setup = 425, NR_pidfd_open = 434, NR_pidfd_getfd = 438 };

static void try_each(struct attempt *a, const char *const *names, const long *errors, size_t count)
{
	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < count; i++) {
		struct attempt one = { .outcome = OUTCOME_ERROR };

		errno = (int)errors[i];
		judge_right(&one, errors[i] ? -1 : 0);
		a->error = one.error;
		if (one.outcome != OUTCOME_OPEN)
			continue;
		a->outcome = OUTCOME_OPEN;
		say(a, "%s: %s ", names[i], errors[i] ? strerror((int)errors[i]) : "worked");
	}
}

static long error_of(long rc)
{
	return rc < 0 ? errno : 0;
}

void attack_kernel_bpf(struct attempt *a)
{
	uint32_t map[16] = { 2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1 };

	judge_call(a, syscall(SYS_bpf, 0, map, sizeof(map)));
}

void attack_kernel_perf(struct attempt *a)
{
	/* PERF_TYPE_SOFTWARE, of this process, without the kernel's part */
	uint64_t attr[16] = { (uint64_t)64 << 32 | 1, 0, 0, 0, 0, 1U << 5 };

	judge_call(a, syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

void attack_kernel_userfaultfd(struct attempt *a)
{
	judge_call(a, syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */));
}

void attack_kernel_io_uring(struct attempt *a)
{
	uint32_t params[30] = { 0 };

	judge_call(a, syscall(NR_io_uring_setup, 1, params));
}

void attack_kernel_modules(struct attempt *a)
{
	static const char *const names[] = { "finit_module", "init_module", "delete_module" };
	const long errors[] = {
		error_of(syscall(SYS_finit_module, -1, "", 0)),
		error_of(syscall(SYS_init_module, "", 0UL, "")),
		error_of(syscall(SYS_delete_module, "twin_is_no_module", O_NONBLOCK)),
	};

	try_each(a, names, errors, ARRAY_SIZE(names));
}

/* More segments than there may be: with none at all, what is loaded would be unloaded. */
void attack_kernel_kexec(struct attempt *a)
{
	judge_right(a, syscall(SYS_kexec_load, 0UL, 1000UL, NULL, 0UL));
}

void attack_kernel_reboot(struct attempt *a)
{
	judge_right(a, syscall(SYS_reboot, 1, 2, 3, NULL)); /* no magic numbers */
}

void attack_kernel_log(struct attempt *a)
{
	char buf[256];

	judge_call(a, syscall(SYS_syslog, 3 /* SYSLOG_ACTION_READ_ALL */, buf, sizeof(buf)));
}

void attack_kernel_clock(struct attempt *a)
{
	struct timespec now;

	/* the time it is: where this is allowed, nobody notices */
	clock_gettime(CLOCK_REALTIME, &now);
	judge_call(a, syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
}

void attack_kernel_swap(struct attempt *a)
{
	static const char *const names[] = { "swapon", "swapoff" };
	const long errors[] = { error_of(syscall(SYS_swapon, "/twin-is-not-here", 0)),
				error_of(syscall(SYS_swapoff, "/twin-is-not-here")) };

	try_each(a, names, errors, ARRAY_SIZE(names));
}

void attack_kernel_acct(struct attempt *a)
{
	judge_right(a, syscall(SYS_acct, "/twin-is-not-here"));
}

void attack_kernel_ports(struct attempt *a)
{
#ifdef SYS_iopl
	static const char *const names[] = { "iopl", "ioperm" };
	const long errors[] = { error_of(syscall(SYS_iopl, 3)),
				error_of(syscall(SYS_ioperm, 0x80UL, 1UL, 1)) };

	try_each(a, names, errors, ARRAY_SIZE(names));
#else
	a->outcome = OUTCOME_NONE;
	say(a, "the machine has none");
#endif
}

void attack_kernel_personality(struct attempt *a)
{
	judge_call(a, syscall(SYS_personality, 0x0040000UL /* ADDR_NO_RANDOMIZE */));
}

void attack_kernel_quota(struct attempt *a)
{
	judge_call(a, syscall(SYS_quotactl, 0x80000100U /* Q_SYNC */, NULL, 0, NULL));
}

/* Without file names it is open to everyone since Linux 5.13 (fanotify_init(2)). */
void attack_kernel_fanotify(struct attempt *a)
{
	judge_call(a, syscall(SYS_fanotify_init, 0x200U /* FAN_REPORT_FID */, O_RDONLY));
}

void attack_kernel_names(struct attempt *a)
{
	static const char *const names[] = { "sethostname", "setdomainname" };
	/* too long for any kernel: only the right is asked for */
	const long errors[] = { error_of(syscall(SYS_sethostname, "twin", 4096UL)),
				error_of(syscall(SYS_setdomainname, "twin", 4096UL)) };

	try_each(a, names, errors, ARRAY_SIZE(names));
}

/* FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI: no libc needs them (musl and glibc requeue
 * plainly), and they were the way into the kernel more than once. */
void attack_kernel_futex(struct attempt *a)
{
	uint32_t from = 0, to = 0;

	judge_call(a,
		   syscall(SYS_futex, &from, FUTEX_CMP_REQUEUE_PI, 1, NULL, &to, 1U /* not 0 */));
	if (errno != EPERM && errno != ENOSYS)
		a->outcome = OUTCOME_OPEN;
}

/* The calls on a terminal that is not one: a filter refuses before that is seen. */
void attack_kernel_terminal(struct attempt *a)
{
	static const unsigned long requests[] = { 0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */ };
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		char byte = 3; /* to TIOCLINUX: what is selected */

		if (ioctl(tty < 0 ? 0 : tty, (int)requests[i], &byte) < 0) {
			a->error = errno;
			if (errno != EIO && errno != EFAULT)
				continue;
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "request %lx ", requests[i]);
	}
}

/* ---- key rings ----------------------------------------------------------------------------- */

void attack_keyring_add(struct attempt *a)
{
	judge_call(a, syscall(SYS_add_key, "user", "twin", "x", 1UL, -2 /* process keyring */));
}

void attack_keyring_request(struct attempt *a)
{
	judge_right(a, syscall(SYS_request_key, "user", "twin-is-not-here", NULL, 0));
}

/* What a process of the same user would have left in the user's ring. */
void attack_keyring_control(struct attempt *a)
{
	static const char *const names[] = { "user ring", "search", "session" };
	const long errors[] = {
		error_of(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4, 1)),
		error_of(syscall(SYS_keyctl, 10 /* KEYCTL_SEARCH */, -4, "user", "twin", 0)),
		error_of(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL)),
	};

	try_each(a, names, errors, ARRAY_SIZE(names));
}

/* ---- memory of other processes ------------------------------------------------------------- */

/* Its own parent: same user, same everything. If this is refused, so is any other. */
void attack_memory_ptrace(struct attempt *a)
{
	judge_call(a, syscall(SYS_ptrace, 0x4206 /* PTRACE_SEIZE */, getppid(), 0, 0));
}

struct vector {
	void *at;
	size_t len;
};

void attack_memory_read(struct attempt *a)
{
	char byte = 0;
	struct vector local = { &byte, 1 }, remote = { &byte, 1 };

	judge_call(a, syscall(SYS_process_vm_readv, getppid(), &local, 1, &remote, 1, 0));
}

/* No byte at all: nothing of the parent changes. */
void attack_memory_write(struct attempt *a)
{
	char byte = 0;
	struct vector local = { &byte, 0 }, remote = { &byte, 0 };

	judge_call(a, syscall(SYS_process_vm_writev, getppid(), &local, 1, &remote, 1, 0));
}

void attack_memory_compare(struct attempt *a)
{
	judge_call(a, syscall(SYS_kcmp, getpid(), getppid(), 1 /* KCMP_VM */, 0, 0));
}

void attack_memory_descriptor(struct attempt *a)
{
	int pidfd = (int)syscall(NR_pidfd_open, getppid(), 0);

	judge_call(a, syscall(NR_pidfd_getfd, pidfd, 1, 0));
}
