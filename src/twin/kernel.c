/* System calls that hand out the kernel, and identity: each is one call that must fail. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NR_io_uring_setup = 425 };

static void try_bpf(struct result *r)
{
	uint32_t map[16] = { 2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1 };

	judge_call(r, syscall(SYS_bpf, 0, map, sizeof(map)));
}

static void try_perf(struct result *r)
{
	uint64_t attr[16] = { (uint64_t)64 << 32 | 1 };

	judge_call(r, syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

static void try_userfaultfd(struct result *r)
{
	judge_call(r, syscall(SYS_userfaultfd, O_CLOEXEC));
}

static void try_io_uring(struct result *r)
{
	uint32_t params[30] = { 0 };

	judge_call(r, syscall(NR_io_uring_setup, 1, params));
}

static void try_add_key(struct result *r)
{
	judge_call(r, syscall(SYS_add_key, "user", "twin", "x", 1, -2 /* process keyring */));
}

static void try_keyctl(struct result *r)
{
	judge_call(r, syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -4 /* user keyring */, 1));
}

static void try_modules(struct result *r)
{
	judge_call(r, syscall(SYS_finit_module, 0, "", 0));
}

static void try_kexec(struct result *r)
{
	judge_call(r, syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static void try_syslog(struct result *r)
{
	char buf[256];

	judge_call(r, syscall(SYS_syslog, 3 /* SYSLOG_ACTION_READ_ALL */, buf, sizeof(buf)));
}

static void try_clock(struct result *r)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	judge_call(r, syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
}

static void try_personality(struct result *r)
{
	judge_call(r, syscall(SYS_personality, 0x0040000UL /* ADDR_NO_RANDOMIZE */));
}

static void try_quota(struct result *r)
{
	judge_call(r, syscall(SYS_quotactl, 0x80000100 /* Q_SYNC */, NULL, 0, NULL));
}

static void try_fanotify(struct result *r)
{
	judge_call(r, syscall(SYS_fanotify_init, 0, O_RDONLY));
}

static void try_hostname(struct result *r)
{
	judge_call(r, syscall(SYS_sethostname, "twin", 4));
}

static void try_ptrace(struct result *r)
{
	judge_call(r, syscall(SYS_ptrace, 0x4206 /* PTRACE_SEIZE */, 1, 0, 0));
}

static void try_read_memory(struct result *r)
{
	char byte;
	struct {
		void *at;
		size_t len;
	} local = { &byte, 1 }, remote = { &byte, 1 };

	judge_call(r, syscall(SYS_process_vm_readv, getppid(), &local, 1, &remote, 1, 0));
}

static void try_kcmp(struct result *r)
{
	judge_call(r, syscall(SYS_kcmp, getpid(), 1, 1 /* KCMP_VM */, 0, 0));
}

static void try_terminal(struct result *r)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		judge_call(r, -1);
		say(r, "there is no terminal");
		return;
	}
	judge_call(r, ioctl(fd, 0x5412 /* TIOCSTI */, "x"));
}

/* ---- identity ------------------------------------------------------------------------------ */

static void become_root(struct result *r)
{
	judge_call(r, syscall(SYS_setresuid, 0, 0, 0));
}

static void join_root(struct result *r)
{
	judge_call(r, syscall(SYS_setresgid, 0, 0, 0));
}

static void join_groups(struct result *r)
{
	gid_t group = 0;

	judge_call(r, syscall(SYS_setgroups, 1, &group));
}

static void take_capabilities(struct result *r)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { ~0U, ~0U, 0 }, { ~0U, ~0U, 0 } };

	judge_call(r, syscall(SYS_capset, &head, data));
}

static void shed_no_new_privs(struct result *r)
{
	judge_call(r, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* ---- priority and limits ------------------------------------------------------------------- */

static void realtime(struct result *r)
{
	struct sched_param p = { .sched_priority = 1 };

	judge_call(r, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
}

static void better_priority(struct result *r)
{
	judge_call(r, setpriority(PRIO_PROCESS, 0, -20));
}

static void better_io(struct result *r)
{
	judge_call(r, syscall(SYS_ioprio_set, 1, 0, 1 << 13 /* real time, level 0 */));
}

static void raise_limits(struct result *r)
{
	static const struct {
		int resource;
		const char *name;
	} list[] = { { RLIMIT_NOFILE, "nofile" },
		     { RLIMIT_NPROC, "nproc" },
		     { RLIMIT_CORE, "core" } };

	r->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		struct rlimit l;

		if (getrlimit(list[i].resource, &l) < 0) {
			r->outcome = OUTCOME_ERROR;
			return;
		}
		if (l.rlim_max != RLIM_INFINITY) {
			l.rlim_max++;
			if (setrlimit(list[i].resource, &l) < 0) {
				r->error = errno;
				continue;
			}
		}
		r->outcome = OUTCOME_OPEN;
		say(r, "%s ", list[i].name);
	}
}

static const struct attack items[] = {
	{ "twin.kernel", "bpf", try_bpf },
	{ "twin.kernel", "perf_event_open", try_perf },
	{ "twin.kernel", "userfaultfd", try_userfaultfd },
	{ "twin.kernel", "io_uring_setup", try_io_uring },
	{ "twin.kernel", "finit_module", try_modules },
	{ "twin.kernel", "kexec_load", try_kexec },
	{ "twin.kernel", "syslog", try_syslog },
	{ "twin.kernel", "clock_settime", try_clock },
	{ "twin.kernel", "personality", try_personality },
	{ "twin.kernel", "quotactl", try_quota },
	{ "twin.kernel", "fanotify_init", try_fanotify },
	{ "twin.kernel", "sethostname", try_hostname },
	{ "twin.kernel", "TIOCSTI", try_terminal },
	{ "twin.keyring", "add_key", try_add_key },
	{ "twin.keyring", "keyctl", try_keyctl },
	{ "twin.peer.memory", "ptrace", try_ptrace },
	{ "twin.peer.memory", "process_vm_readv", try_read_memory },
	{ "twin.peer.memory", "kcmp", try_kcmp },
	{ "twin.identity", "setresuid 0", become_root },
	{ "twin.identity", "setresgid 0", join_root },
	{ "twin.identity", "setgroups 0", join_groups },
	{ "twin.identity", "capset", take_capabilities },
	{ "twin.identity", "clear no_new_privs", shed_no_new_privs },
	{ "twin.priority", "SCHED_FIFO", realtime },
	{ "twin.priority", "nice -20", better_priority },
	{ "twin.priority", "real time I/O", better_io },
	{ "twin.priority", "raise hard limits", raise_limits },
};
const struct attack_list attacks_kernel = { items, ARRAY_SIZE(items) };
