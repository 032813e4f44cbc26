/* The input as every file that is read of a process and of its cgroup. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/probe/cgroup.h"
#include "base/mem.h"
#include "base/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = { "stat",   "status",  "limits",	 "mountinfo",
				     "cgroup", "environ", "cgroup.procs" };

static void read_cgroup(int dir)
{
	struct err e = ERR_INIT;
	struct strlist lines = { 0 };
	struct cgroup_place place;
	auto_pid_set struct pid_set pids = { 0 };
	size_t len;

	if (proc_read_cgroup(dir, &lines, &e) == 0 &&
	    cgroup_locate(&lines, "memory", &place, &e) == 0 &&
	    cgroup_is_of(place.path, "0123456789abcdef", &len))
		abort(); /* no full id */
	strlist_free(&lines);
	if (cgroup_read_pids(dir, &pids, &e) == 0 && pids.count > CGROUP_PIDS_MAX)
		abort();
}

static void read_process(int dir)
{
	struct err e = ERR_INIT;
	struct proc_status status;
	struct proc_limit limits[20];
	struct proc_mounts mounts = { 0 };
	struct strlist environ_list = { 0 };
	size_t count = 0;
	uint64_t start;

	(void)!proc_start_time(dir, &start, &e);
	(void)!proc_read_status(dir, &status, &e);
	if (proc_read_limits(dir, limits, ARRAY_SIZE(limits), &count, &e) == 0 &&
	    count > ARRAY_SIZE(limits))
		abort();
	(void)!proc_read_mounts(dir, &mounts, &e);
	proc_mounts_free(&mounts);
	(void)!proc_read_strings(dir, "environ", &environ_list, &e);
	strlist_free(&environ_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/fuzz-procstat-XXXXXX";

	if (!mkdtemp(path))
		abort();
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = openat(dir, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0 || write(fd, data, size) != (ssize_t)size)
			abort();
		close(fd);
	}
	read_process(dir);
	read_cgroup(dir);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(dir, files[i], 0);
	close(dir);
	rmdir(path);
	return 0;
}
