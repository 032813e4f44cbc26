/*
 * /proc as data. Every reader takes a directory fd of a proc root ("/proc" or a
 * test's fake tree), so that tests hand in what they like. Text from /proc is
 * bounded and treated as hostile: a process names itself.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/strlist.h"

enum proc_capset {
	PROC_CAP_INH,
	PROC_CAP_PRM,
	PROC_CAP_EFF,
	PROC_CAP_BND,
	PROC_CAP_AMB,
	PROC_CAP_SETS
};

struct proc_status { /* proc_pid_status(5) */
	char name[64];
	pid_t pid, ppid;
	uint32_t uid[4], gid[4]; /* real, effective, saved, filesystem, as the host sees them */
	uint32_t groups[32];
	size_t group_count; /* capped at 32; `groups_more` says that there were others */
	bool groups_more;
	uint64_t caps[PROC_CAP_SETS];
	int no_new_privs, seccomp, seccomp_filters; /* -1 when the kernel does not print it */
	int threads;
	int ns_depth; /* how many pid namespaces deep: entries of NSpid */
};

struct proc_mount { /* proc_pid_mountinfo(5) */
	char *root, *target, *options, *optional, *fstype, *source, *super_options;
	unsigned major, minor;
};

struct proc_mounts {
	struct proc_mount *items;
	size_t count;
};

struct proc_limit {
	char name[32];
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

int proc_open_root(const char *path, int *out_fd, struct err *e) must_check; /* "/proc" */
int proc_open_pid(int proc_root, pid_t pid, int *out_fd, struct err *e) must_check;
/* Start time in clock ticks after boot: with the pid it identifies a process for good. */
int proc_start_time(int pid_dir, uint64_t *out, struct err *e) must_check;
int proc_read_status(int pid_dir, struct proc_status *out, struct err *e) must_check;
int proc_read_mounts(int pid_dir, struct proc_mounts *out, struct err *e) must_check;
void proc_mounts_free(struct proc_mounts *m);
#define auto_mounts cleanup_with(proc_mounts_free)
/* True when `word` is one of the comma-separated words of `options`. */
bool option_has(const char *options, const char *word);
/* At most `max` limits; *out_count is set. */
int proc_read_limits(int pid_dir, struct proc_limit *out, size_t max, size_t *out_count,
		     struct err *e) must_check;
/* A file below a folder of /proc, added to *out; one that is longer than the buffer's maximum is an
 * error. */
int proc_read_text(int dir, const char *name, struct strbuf *out, struct err *e) must_check;
/* NUL-separated environ or cmdline as a list; at most 128 KiB is read. */
int proc_read_strings(int pid_dir, const char *name, struct strlist *out, struct err *e) must_check;
/* Lines "N:controllers:path" of /proc/PID/cgroup. */
int proc_read_cgroup(int pid_dir, struct strlist *out, struct err *e) must_check;
/* Device and inode of ns/<name>; ERR_NOT_FOUND when the kernel has no such namespace. */
int proc_ns_id(int pid_dir, const char *ns, dev_t *out_dev, ino_t *out_ino, struct err *e)
	must_check;

#endif
