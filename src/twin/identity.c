/* Becoming somebody else, and getting more than what was given. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The value of "Name:\t..." in the own status; NULL when there is none. */
static const char *status_value(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? at + strlen(name) : NULL;
}

static bool read_status(struct attempt *a, char *text, size_t size)
{
	if (read_text("/proc/self/status", text, size))
		return true;
	attempt_failed(a);
	return false;
}

static void judge_found(struct attempt *a, bool found)
{
	a->outcome = found ? OUTCOME_OPEN : OUTCOME_BLOCKED;
}

void attack_identity_capabilities(struct attempt *a)
{
	static const char *const names[] = { "\nCapInh:\t", "\nCapPrm:\t", "\nCapEff:\t",
					     "\nCapBnd:\t", "\nCapAmb:\t" };
	char text[4096];
	bool found = false;

	if (!read_status(a, text, sizeof(text)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = status_value(text, names[i]);

		if (!value || strtoull(value, NULL, 16) == 0)
			continue;
		found = true;
		say(a, "%.6s %.16s ", names[i] + 1, value);
	}
	judge_found(a, found);
}

/* Any of the four user ids, four group ids or supplementary groups. */
void attack_identity_ids(struct attempt *a)
{
	static const char *const names[] = { "\nUid:\t", "\nGid:\t", "\nGroups:\t" };
	char text[4096];
	bool found = false;

	if (!read_status(a, text, sizeof(text)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = status_value(text, names[i]);
		char line[512], *rest = line, *word;

		snprintf(line, sizeof(line), "%.*s", value ? (int)strcspn(value, "\n") : 0,
			 value ? value : "");
		while ((word = strsep(&rest, "\t ")))
			found = found || strcmp(word, "0") == 0;
		say(a, "%s ", line);
	}
	judge_found(a, found);
}

void attack_identity_privileges(struct attempt *a)
{
	char text[4096];
	const char *value;

	if (!read_status(a, text, sizeof(text)))
		return;
	value = status_value(text, "\nNoNewPrivs:\t");
	judge_found(a, !value || *value != '1');
	if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) {
		a->outcome = OUTCOME_OPEN;
		say(a, "taken back");
	}
}

void attack_identity_filter(struct attempt *a)
{
	char text[4096];
	const char *value;

	if (!read_status(a, text, sizeof(text)))
		return;
	value = status_value(text, "\nSeccomp:\t");
	judge_found(a, !value || *value != '2');
}

void attack_identity_user(struct attempt *a)
{
	judge_call(a, syscall(SYS_setresuid, 0, 0, 0));
}

void attack_identity_group(struct attempt *a)
{
	judge_call(a, syscall(SYS_setresgid, 0, 0, 0));
}

void attack_identity_groups(struct attempt *a)
{
	gid_t group = 0;

	judge_call(a, syscall(SYS_setgroups, 1UL, &group));
}

void attack_identity_capset(struct attempt *a)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { ~0U, ~0U, 0 }, { ~0U, ~0U, 0 } };

	judge_call(a, syscall(SYS_capset, &head, data));
}

void attack_identity_ambient(struct attempt *a)
{
	a->outcome = OUTCOME_BLOCKED;
	for (unsigned long cap = 0; cap < 41; cap++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0) {
			a->error = errno;
			continue;
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "%lu ", cap);
	}
}

/* ---- priority and limits ------------------------------------------------------------------- */

void attack_limits_realtime(struct attempt *a)
{
	struct sched_param p = { .sched_priority = 1 };

	judge_call(a, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
	if (a->error == 0) { /* back at once: nothing waits for this process */
		p.sched_priority = 0;
		(void)syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p);
	}
}

void attack_limits_deadline(struct attempt *a)
{
	struct { /* sched_setattr(2) */
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = { .size = sizeof(attr),
		   .policy = 6 /* SCHED_DEADLINE */,
		   .runtime = 1000000,
		   .deadline = 100000000,
		   .period = 100000000 };

	judge_call(a, syscall(SYS_sched_setattr, 0, &attr, 0U));
}

void attack_limits_nice(struct attempt *a)
{
	judge_call(a, setpriority(PRIO_PROCESS, 0, -20));
}

void attack_limits_io(struct attempt *a)
{
	judge_call(a, syscall(SYS_ioprio_set, 1, 0, 1 << 13 /* real time, level 0 */));
}

/* A limit without an end counts where one is always ordered. */
void attack_limits_raise(struct attempt *a)
{
	static const struct {
		int resource;
		const char *name;
		bool ordered;
	} list[] = {
		{ RLIMIT_NOFILE, "nofile", true },	{ RLIMIT_NPROC, "nproc", true },
		{ RLIMIT_CORE, "core", true },		{ RLIMIT_RTPRIO, "rtprio", true },
		{ RLIMIT_NICE, "nice", true },		{ RLIMIT_MEMLOCK, "memlock", false },
		{ RLIMIT_MSGQUEUE, "msgqueue", false }, { RLIMIT_SIGPENDING, "sigpending", false },
	};

	a->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		struct rlimit l;

		if (getrlimit(list[i].resource, &l) < 0) {
			attempt_failed(a);
			return;
		}
		if (l.rlim_max == RLIM_INFINITY && !list[i].ordered)
			continue;
		if (l.rlim_max != RLIM_INFINITY) {
			l.rlim_max++;
			if (setrlimit(list[i].resource, &l) < 0) {
				a->error = errno;
				continue;
			}
		}
		a->outcome = OUTCOME_OPEN;
		say(a, "%s ", list[i].name);
	}
}

void attack_limits_oom(struct attempt *a)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	judge_call(a, fd < 0 ? -1 : write(fd, "-999", 4));
}
