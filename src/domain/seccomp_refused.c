/*
 * What ai-worker leaves out on purpose, and why: the one list of it. `seccomp show`
 * prints it, and a test holds it against the profile. Also the text form of a
 * profile's rules.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "seccomp_internal.h"

#define TEXT_MAX ((size_t)64 << 10)

#define WHY_NAMESPACE "new namespaces open kernel code that is otherwise for root only"
#define WHY_MOUNT "mounts change what the boundary is made of"
#define WHY_MODULE "loads code into the kernel"
#define WHY_PEEK "reads or changes another process"
#define WHY_URING "io_uring runs calls that no filter sees"
#define WHY_KEYS "kernel key rings are not namespaced: they follow the uid"
#define WHY_AIO "old asynchronous I/O: large attack surface, nothing measured uses it"
#define WHY_SYSV "System V IPC: kernel heap spraying, nothing measured uses it"
#define WHY_MQ "POSIX queues: kernel heap spraying, nothing measured uses it"
#define WHY_HANDLE "file handles reach files outside the container's tree"
#define WHY_CLOCK "the clock belongs to the host"
#define WHY_SPLICE "puts page-cache pages into pipes, where kernel bugs wrote through to files"
#define WHY_NUMA "memory placement is the host's; a known source of kernel bugs"
#define WHY_HOST "changes the host"
#define WHY_OLD "obsolete; nothing measured uses it"

static const struct seccomp_refusal refused[] = {
	{ "unshare", WHY_NAMESPACE, false },
	{ "setns", WHY_NAMESPACE, false },
	{ "clone", WHY_NAMESPACE "; threads and processes pass", true },
	{ "clone3", "its flags are in memory, out of a filter's sight; libc goes back to clone",
	  false },
	{ "mount", WHY_MOUNT, false },
	{ "umount2", WHY_MOUNT, false },
	{ "pivot_root", WHY_MOUNT, false },
	{ "chroot", WHY_MOUNT, false },
	{ "open_tree", WHY_MOUNT, false },
	{ "move_mount", WHY_MOUNT, false },
	{ "fsopen", WHY_MOUNT, false },
	{ "fsconfig", WHY_MOUNT, false },
	{ "fsmount", WHY_MOUNT, false },
	{ "fspick", WHY_MOUNT, false },
	{ "mount_setattr", WHY_MOUNT, false },
	{ "socket",
	  "only unix, inet and inet6 (stream and datagram) and netlink route pass: no raw "
	  "and "
	  "packet sockets, vsock, AF_ALG, bluetooth, ICMP, SCTP, other netlink kinds",
	  true },
	{ "socketpair", "unix sockets only", true },
	{ "ioctl",
	  "only terminal, descriptor, socket and file queries pass: TIOCSTI and TIOCLINUX "
	  "type "
	  "into a terminal, TIOCSETD loads line disciplines",
	  true },
	{ "prctl", "only options that name, bound or describe the caller pass", true },
	{ "personality", "turns off address randomisation; only the plain one passes", true },
	{ "futex",
	  "WAIT_REQUEUE_PI and CMP_REQUEUE_PI had privilege escalations and no libc uses "
	  "them",
	  true },
	{ "mknod", "only fifos, sockets and plain files pass: no devices", true },
	{ "mknodat", "only fifos, sockets and plain files pass: no devices", true },
	{ "ptrace", WHY_PEEK, false },
	{ "process_vm_readv", WHY_PEEK, false },
	{ "process_vm_writev", WHY_PEEK, false },
	{ "process_madvise", WHY_PEEK, false },
	{ "process_mrelease", WHY_PEEK, false },
	{ "pidfd_getfd", WHY_PEEK, false },
	{ "kcmp", WHY_PEEK, false },
	{ "io_uring_setup", WHY_URING, false },
	{ "io_uring_enter", WHY_URING, false },
	{ "io_uring_register", WHY_URING, false },
	{ "userfaultfd", "stops the kernel half way, which makes races winnable", false },
	{ "bpf", "runs code in the kernel", false },
	{ "perf_event_open", "measures other processes and the kernel", false },
	{ "add_key", WHY_KEYS, false },
	{ "request_key", WHY_KEYS, false },
	{ "keyctl", WHY_KEYS, false },
	{ "init_module", WHY_MODULE, false },
	{ "finit_module", WHY_MODULE, false },
	{ "delete_module", WHY_MODULE, false },
	{ "kexec_load", WHY_MODULE, false },
	{ "kexec_file_load", WHY_MODULE, false },
	{ "name_to_handle_at", WHY_HANDLE, false },
	{ "open_by_handle_at", WHY_HANDLE, false },
	{ "fanotify_init", "watches and holds up other processes' files", false },
	{ "fanotify_mark", "watches and holds up other processes' files", false },
	{ "io_setup", WHY_AIO, false },
	{ "io_destroy", WHY_AIO, false },
	{ "io_submit", WHY_AIO, false },
	{ "io_cancel", WHY_AIO, false },
	{ "io_getevents", WHY_AIO, false },
	{ "io_pgetevents", WHY_AIO, false },
	{ "shmget", WHY_SYSV, false },
	{ "shmat", WHY_SYSV, false },
	{ "shmctl", WHY_SYSV, false },
	{ "shmdt", WHY_SYSV, false },
	{ "semget", WHY_SYSV, false },
	{ "semop", WHY_SYSV, false },
	{ "semctl", WHY_SYSV, false },
	{ "semtimedop", WHY_SYSV, false },
	{ "msgget", WHY_SYSV, false },
	{ "msgsnd", WHY_SYSV, false },
	{ "msgrcv", WHY_SYSV, false },
	{ "msgctl", WHY_SYSV, false },
	{ "mq_open", WHY_MQ, false },
	{ "mq_unlink", WHY_MQ, false },
	{ "mq_timedsend", WHY_MQ, false },
	{ "mq_timedreceive", WHY_MQ, false },
	{ "mq_notify", WHY_MQ, false },
	{ "mq_getsetattr", WHY_MQ, false },
	{ "splice", WHY_SPLICE, false },
	{ "tee", WHY_SPLICE, false },
	{ "vmsplice", WHY_SPLICE, false },
	{ "memfd_secret", "memory that the host can't account or inspect", false },
	{ "get_mempolicy", WHY_NUMA, false },
	{ "set_mempolicy", WHY_NUMA, false },
	{ "mbind", WHY_NUMA, false },
	{ "migrate_pages", WHY_NUMA, false },
	{ "move_pages", WHY_NUMA, false },
	{ "clock_settime", WHY_CLOCK, false },
	{ "clock_adjtime", WHY_CLOCK, false },
	{ "adjtimex", WHY_CLOCK, false },
	{ "settimeofday", WHY_CLOCK, false },
	{ "reboot", WHY_HOST, false },
	{ "swapon", WHY_HOST, false },
	{ "swapoff", WHY_HOST, false },
	{ "acct", WHY_HOST, false },
	{ "quotactl", WHY_HOST, false },
	{ "quotactl_fd", WHY_HOST, false },
	{ "sethostname", WHY_HOST, false },
	{ "setdomainname", WHY_HOST, false },
	{ "syslog", "the kernel log names other tenants' processes and addresses", false },
	{ "vhangup", WHY_HOST, false },
	{ "iopl", "direct hardware access", false },
	{ "ioperm", "direct hardware access", false },
	{ "modify_ldt", "opens 16-bit segments: a source of kernel bugs", false },
	{ "remap_file_pages", WHY_OLD, false },
	{ "uselib", WHY_OLD, false },
	{ "ustat", WHY_OLD, false },
	{ "sysfs", WHY_OLD, false },
	{ "lookup_dcookie", WHY_OLD, false },
	{ "nfsservctl", WHY_OLD, false },
	{ "_sysctl", WHY_OLD, false },
};

const struct seccomp_refusal *seccomp_refused(size_t *out_count)
{
	*out_count = ARRAY_SIZE(refused);
	return refused;
}

static void cond_text(const struct seccomp_cond *c, struct strbuf *out)
{
	static const char *const signs[] = { "!=", "<", "<=", "==", ">=", ">" };

	if (c->op == OP_MASKED_EQ && c->value == UINT32_MAX)
		strbuf_printf(out, "arg%d == 0x%" PRIx64, (int)c->index, (uint64_t)c->value_two);
	else if (c->op == OP_MASKED_EQ)
		strbuf_printf(out, "(arg%d & 0x%" PRIx64 ") == 0x%" PRIx64, (int)c->index,
			      (uint64_t)c->value, (uint64_t)c->value_two);
	else
		strbuf_printf(out, "arg%d %s 0x%" PRIx64, (int)c->index, signs[c->op],
			      (uint64_t)c->value);
}

static void describe_conditional(const struct seccomp_rule *r, struct strlist *conditional)
{
	auto_strbuf struct strbuf text = STRBUF_INIT(TEXT_MAX);

	for (size_t i = 0; i < r->args.count; i++) {
		strbuf_puts(&text, i ? " and " : "");
		cond_text(seccomp_cond_at(r, i), &text);
	}
	if (r->comment && r->comment[0])
		strbuf_printf(&text, " (%s)", r->comment);
	for (size_t k = 0; k < r->names.count; k++)
		strlist_addf(conditional, "%s: %s", r->names.items[k], strbuf_str(&text));
}

void seccomp_profile_describe(const struct seccomp_profile *p, struct strlist *allowed,
			      struct strlist *conditional)
{
	for (size_t i = 0; i < p->rules.count; i++) {
		const struct seccomp_rule *r = seccomp_rule_at(p, i);

		if (r->action != SECCOMP_DO_ALLOW && r->action != SECCOMP_DO_LOG)
			continue;
		if (r->args.count > 0) {
			describe_conditional(r, conditional);
			continue;
		}
		for (size_t k = 0; k < r->names.count; k++)
			strlist_add(allowed, r->names.items[k]);
	}
	strlist_sort(allowed);
	strlist_sort(conditional);
}
