/*
 * Budgets of processes, inotify watches, pipes, message queues and keys belong to a
 * user, not to a container: whoever runs as the tenant's user on the host shares them
 * with the worker, may signal it and be signalled. Processes of containers are left
 * out, as those of tenants are looked at one by one.
 */
#include "uids.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "ident.h"
#include "nsview.h"

enum { SHOWN_MAX = 8, CONTAINER_ID = 64 };

/* Engines and runtimes name a container's cgroup by its id. */
static bool is_in_container(int dir)
{
	auto_strlist struct strlist lines = { 0 };
	struct err e = ERR_INIT;

	if (proc_read_cgroup(dir, &lines, &e) < 0)
		return false;
	for (size_t i = 0; i < lines.count; i++) {
		size_t run = 0;

		for (const char *p = lines.items[i]; *p && run < CONTAINER_ID; p++)
			run = isxdigit((unsigned char)*p) ? run + 1 : 0;
		if (run == CONTAINER_ID)
			return true;
	}
	return false;
}

/* Cgroup version 1 prints "/" for a process that is ending, wherever it was: it leaves its
 * namespaces before its cgroup (do_exit() of Linux), so that one which still has some after that
 * was read is really outside. */
static bool is_outside(int dir)
{
	struct ns_id id;

	return !is_in_container(dir) && nsview_one(dir, NS_MNT, &id);
}

static bool runs_outside(int dir)
{
	auto_fd int thread = -1;
	struct ns_id id;

	if (nsview_one(dir, NS_MNT, &id))
		return is_outside(dir);
	thread = ident_live_thread(dir);
	return thread >= 0 && is_outside(thread);
}

static void look_at(int proc_root, pid_t pid, const uid_t uids[2], struct strlist *out)
{
	struct proc_status s;
	struct err e = ERR_INIT;
	auto_fd int dir = -1;

	if (proc_open_pid(proc_root, pid, &dir, &e) < 0 || !runs_outside(dir) ||
	    proc_read_status(dir, &s, &e) < 0 || (s.uid[1] != uids[0] && s.uid[1] != uids[1]))
		return;
	if (out->count < SHOWN_MAX)
		strlist_addf(out, "process %d (%.20s) of uid %u", (int)pid, s.name,
			     s.uid[1] == uids[0] ? uids[0] : uids[1]);
}

bool uids_list(int proc_root, struct process_owner **out, size_t *out_count)
{
	int fd = openat(proc_root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct process_owner *items = NULL;
	size_t count = 0;

	if (!d) {
		mem_close_slot(&fd);
		return false;
	}
	for (struct dirent *ent; (ent = readdir(d));) {
		struct stat st;

		/* The folder of a process is owned by its effective user (proc_pid(5)): one call
		 * for each process of the host, and more for the few that are of interest. */
		if (!isdigit((unsigned char)ent->d_name[0]) ||
		    fstatat(dirfd(d), ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		items = mem_grow(items, count + 1, sizeof(*items));
		items[count++] =
			(struct process_owner){ .pid = (pid_t)strtol(ent->d_name, NULL, 10),
						.uid = st.st_uid };
	}
	closedir(d);
	*out = items;
	*out_count = count;
	return true;
}

void uids_outside(int proc_root, const struct process_owner *owners, size_t count,
		  const uid_t uids[2], struct strlist *out)
{
	for (size_t i = 0; i < count; i++)
		if (owners[i].uid == uids[0] || owners[i].uid == uids[1])
			look_at(proc_root, owners[i].pid, uids, out);
}
