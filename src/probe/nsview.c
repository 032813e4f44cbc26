/*
 * What a process shares is told by device and inode of its namespaces (namespaces(7));
 * the host's own are those of process 1.
 */
#include "nsview.h"

#include <stdio.h>
#include <string.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/probe.h"

enum { KTHREADD = 2 };

bool nsview_one(int dir, enum ns_kind kind, struct ns_id *out)
{
	struct err e = ERR_INIT;
	struct ns_id id = { 0 };

	if (proc_ns_id(dir, ns_names[kind], &id.dev, &id.ino, &e) < 0)
		return false;
	*out = id;
	return true;
}

void nsview_read(int dir, struct ns_id out[NS_KINDS])
{
	memset(out, 0, NS_KINDS * sizeof(*out));
	for (int k = 0; k < NS_KINDS; k++)
		if (!nsview_one(dir, (enum ns_kind)k, &out[k]))
			out[k].ino = 0;
}

bool nsview_same(const struct ns_id *a, const struct ns_id *b)
{
	return a->ino != 0 && a->ino == b->ino && a->dev == b->dev;
}

/* proc_pid_stat(5): field 9 holds the PF_* flags of include/linux/sched.h. */
static bool is_kernel_thread(int dir)
{
	const unsigned long kthread = 0x00200000;
	struct err e = ERR_INIT;
	unsigned long flags;
	char text[1024];

	if (fsio_read_at(dir, "stat", text, sizeof(text), &e) < 0)
		return false;
	const char *end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 &&
	       (flags & kthread);
}

static bool read_all_of(int root, pid_t pid, struct ns_id out[NS_KINDS])
{
	struct err e = ERR_INIT;
	auto_fd int dir = -1;

	if (proc_open_pid(root, pid, &dir, &e) < 0 || (pid == KTHREADD && !is_kernel_thread(dir)))
		return false;
	nsview_read(dir, out);
	return out[NS_MNT].ino != 0;
}

/* Process 1 may hold a capability that we lack, and is then closed to us (ptrace(2), access
 * checks); kernel threads live in the same namespaces and hold nothing back. */
int probe_host_namespaces(const char *proc_path, struct ns_id out[NS_KINDS], struct err *e)
{
	auto_fd int root = -1;
	struct ns_id all[NS_KINDS];

	if (proc_open_root(proc_path, &root, e) < 0)
		return -1;
	if (!read_all_of(root, 1, all) && !read_all_of(root, KTHREADD, all))
		return err_set(e, ERR_SYSTEM, "the host's namespaces can't be read");
	memcpy(out, all, sizeof(all));
	return 0;
}
