/* Where the drills come from. */
#include "source_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct source table[] = {
	{ "drill.fork", "CIS Docker 5.29, CWE-770, docs.kernel.org/admin-guide/cgroup-v2" },
	{ "drill.memory", "CIS Docker 5.11, CWE-770, docs.kernel.org/admin-guide/cgroup-v2" },
	{ "drill.cpu", "CIS Docker 5.12, CWE-770, docs.kernel.org/scheduler/sched-bwc" },
	{ "drill.tmp.bytes", "CWE-770, tmpfs(5)" },
	{ "drill.tmp.inodes", "CWE-770, tmpfs(5)" },
	{ "drill.shm.bytes", "CWE-770, tmpfs(5)" },
	{ "drill.workspace.bytes", "CWE-770, ext4(5)" },
	{ "drill.workspace.inodes", "CWE-770, ext4(5)" },
	{ "drill.disk", "CWE-770, docs.kernel.org/admin-guide/cgroup-v1/blkio-controller" },
	{ "drill.log", "CWE-779, docs.docker.com/engine/logging/drivers/json-file" },
	{ "drill.descriptors", "CIS Docker 5.19, CWE-770, getrlimit(2)" },
	{ "drill.connections", "CWE-400, CWE-770" },
};
/* clang-format on */

const struct source *source_drill_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
