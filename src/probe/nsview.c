/*
 * What a process shares is told by device and inode of its namespaces (namespaces(7));
 * the host's own are those of process 1.
 */
#include "nsview.h"

#include <string.h>

#include "base/mem.h"
#include "base/proc.h"
#include "probe/probe.h"

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

int probe_host_namespaces(const char *proc_path, struct ns_id out[NS_KINDS], struct err *e)
{
	auto_fd int root = -1;
	auto_fd int dir = -1;
	struct ns_id all[NS_KINDS];

	if (proc_open_root(proc_path, &root, e) < 0 || proc_open_pid(root, 1, &dir, e) < 0)
		return -1;
	nsview_read(dir, all);
	if (all[NS_MNT].ino == 0)
		return err_set(e, ERR_SYSTEM, "the namespaces of process 1 can't be read");
	memcpy(out, all, sizeof(all));
	return 0;
}
