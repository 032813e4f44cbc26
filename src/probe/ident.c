/*
 * Identity of every process of a container: ids, capability sets, seccomp mode,
 * namespaces, label, limits, and of each thread what may differ from its leader.
 * Processes come and go while this runs; one that is gone is left out, one that can't
 * be read is reported as missing, never guessed.
 */
#include "ident.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fsio.h"
#include "base/mem.h"
#include "environ.h"
#include "handles.h"
#include "nsview.h"

enum { THREADS_MAX = 4096 };

struct collector {
	const struct target *t;
	const char *(*secret_shape)(const char *, const char *);
	struct process_facts *items;
	size_t count;
	bool cut;
};

static void read_label(int dir, char *out, size_t size)
{
	struct err e = ERR_INIT;
	char text[1024];

	/* Without an LSM the read fails with EINVAL. */
	if (fsio_read_at(dir, "attr/current", text, sizeof(text), &e) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	size_t len = strnlen(text, size - 1);
	memcpy(out, text, len);
	out[len] = '\0';
}

static bool same_identity(const struct proc_status *a, const struct proc_status *b)
{
	return memcmp(a->caps, b->caps, sizeof(a->caps)) == 0 &&
	       memcmp(a->uid, b->uid, sizeof(a->uid)) == 0 &&
	       memcmp(a->gid, b->gid, sizeof(a->gid)) == 0 && a->no_new_privs == b->no_new_privs &&
	       a->seccomp == b->seccomp && a->seccomp_filters == b->seccomp_filters;
}

/* Counts threads that differ from `f`; false when some could not be looked at. */
static bool read_threads(int dir, struct process_facts *f)
{
	bool complete = true;
	unsigned seen = 0;
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		mem_close_slot(&fd);
		return false;
	}
	for (struct dirent *ent; (ent = readdir(d));) {
		struct err e = ERR_INIT;
		struct proc_status s;

		if (ent->d_name[0] < '0' || ent->d_name[0] > '9')
			continue;
		if (++seen > THREADS_MAX) {
			complete = false;
			break;
		}
		auto_fd int thread =
			openat(dirfd(d), ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* A thread that has ended meanwhile can't do anything any more. */
		if (thread >= 0 && proc_read_status(thread, &s, &e) == 0 &&
		    !same_identity(&s, &f->status))
			f->odd_threads++;
	}
	closedir(d);
	return complete;
}

int ident_live_thread(int dir)
{
	int found = -1;
	int fd = openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		mem_close_slot(&fd);
		return -1;
	}
	for (struct dirent *ent; found < 0 && (ent = readdir(d));) {
		struct ns_id id;
		int thread;

		if (ent->d_name[0] < '0' || ent->d_name[0] > '9')
			continue;
		thread = openat(dirfd(d), ent->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (thread >= 0 && nsview_one(thread, NS_MNT, &id))
			found = thread;
		else
			mem_close_slot(&thread);
	}
	closedir(d);
	return found;
}

/* A kernel that makes no images at all has no such file; of a process that is ending and gave up
 * its memory, which is all that it is about, nothing is read (proc_coredump_filter_read). */
static int64_t read_coredump_filter(int dir)
{
	struct err e = ERR_INIT;
	char text[32], *end;
	long long value;
	ssize_t len = fsio_read_at(dir, "coredump_filter", text, sizeof(text), &e);

	if (len <= 0)
		return len == 0 || e.sys_errno == ENOENT ? 0 : -1;
	errno = 0;
	value = strtoll(text, &end, 16);
	return errno || end == text || value < 0 ? -1 : value;
}

static int read_process(struct collector *c, int dir, int alive, struct process_facts *f,
			struct err *e)
{
	uint64_t again;

	if (proc_start_time(dir, &f->start_time, e) < 0 ||
	    proc_read_status(alive, &f->status, e) < 0)
		return -1;
	nsview_read(alive, f->ns);
	read_label(alive, f->lsm_label, sizeof(f->lsm_label));
	if (proc_read_limits(alive, f->limits, ARRAY_SIZE(f->limits), &f->limit_count, e) < 0)
		return -1;
	environ_look(alive, c->secret_shape, f);
	handles_look_once(alive, f);
	f->coredump_filter = read_coredump_filter(alive);
	if (!read_threads(dir, f))
		c->cut = true;
	if (proc_start_time(dir, &again, e) < 0)
		return -1;
	return again == f->start_time ? 0 : err_set(e, ERR_NOT_FOUND, "replaced");
}

static void add_process(struct collector *c, pid_t pid)
{
	struct err e = ERR_INIT;
	struct process_facts f = { .pid = pid };
	auto_fd int dir = -1;
	auto_fd int thread = -1;
	struct ns_id id;

	if (proc_open_pid(c->t->proc_root, pid, &dir, &e) < 0)
		return;
	if (!nsview_one(dir, NS_MNT, &id) && (thread = ident_live_thread(dir)) < 0)
		return;
	/* Not of this container: the pid was reused after the list was read. Version 1 prints "/"
	 * for an exiting task, so a dead leader can't be asked. */
	if (!target_owns(c->t, thread >= 0 ? thread : dir))
		return;
	if (read_process(c, dir, thread >= 0 ? thread : dir, &f, &e) < 0) {
		strlist_free(&f.secret_variables);
		strlist_free(&f.handles);
		/* Still alive, but not readable: its absence must not look like a pass. */
		if (nsview_one(thread >= 0 ? thread : dir, NS_MNT, &id))
			c->cut = true;
		return;
	}
	c->items = mem_grow(c->items, c->count + 1, sizeof(*c->items));
	c->items[c->count++] = f;
}

int ident_collect(const struct target *t, const char *(*secret_shape)(const char *, const char *),
		  struct process_facts **out, size_t *out_count, bool *out_cut, struct err *e)
{
	struct collector c = { .t = t, .secret_shape = secret_shape };
	auto_pid_set struct pid_set pids = { 0 };

	if (target_pids(t, &pids, e) < 0)
		return -1;
	add_process(&c, t->pid);
	for (size_t i = 0; i < pids.count; i++)
		if (pids.items[i] != t->pid)
			add_process(&c, pids.items[i]);
	handles_look(t, c.items, c.count);
	*out = c.items;
	*out_count = c.count;
	*out_cut = c.cut || pids.cut;
	return 0;
}

const struct process_facts *ident_workload(const struct process_facts *items, size_t count,
					   pid_t init)
{
	const struct process_facts *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (items[i].pid == init || items[i].status.ppid != init)
			continue;
		if (!best || items[i].start_time < best->start_time)
			best = &items[i];
	}
	for (size_t i = 0; !best && i < count; i++)
		if (items[i].pid == init)
			best = &items[i];
	return best;
}
