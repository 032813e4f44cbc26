/* Drills: what is done in the twin, and what it would do to others without a limit. */
#include "explain_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct explanation table[] = {
	{ "drill.fork",
	  "A twin of the worker starts processes until it is refused, a quarter more than are "
	  "allowed at most. The worker has the same user: for that second it can start none either.",
	  "One loop in a shell takes every process number of the host. Then nobody can log in, and "
	  "no other tenant's worker can start a tool." },
	{ "drill.memory",
	  "A twin of the worker writes to ever more memory, a quarter more than is allowed at most, "
	  "and has to be killed for it again and again.",
	  "Without a limit the host runs out of memory, and the kernel chooses what to kill: the "
	  "engine, a gateway, another tenant's worker." },
	{ "drill.cpu",
	  "A twin of the worker spins on every processor of the host. Its cgroup's count of "
	  "throttled periods and used time tell whether it was held to its share.",
	  "An agent in an endless loop slows everybody down, the gateways included." },
	{ "drill.tmp.bytes",
	  "A twin of the worker fills its /tmp until no block is left, a quarter more than is "
	  "allowed at most.",
	  "A tmpfs without a size takes half of the host's memory, and it stays taken when the "
	  "process that filled it has ended." },
	{ "drill.tmp.inodes",
	  "A twin of the worker makes empty files in its /tmp until no more are to be had.",
	  "A file without a byte costs kernel memory that the size of a tmpfs does not count." },
	{ "drill.shm.bytes",
	  "A twin of the worker fills its /dev/shm until no block is left, a quarter more than is "
	  "allowed at most.",
	  "Shared memory is memory: without a size it is a way around what was meant for files." },
	{ "drill.workspace.bytes",
	  "An image of the workspace's size is made in the same way and mounted into a twin, which "
	  "fills it. Blocks are reserved, not written: the host's disk stays free.",
	  "A workspace on the host's own file system fills it: no log can be written, no database "
	  "of the host goes on, no other tenant can save a file." },
	{ "drill.workspace.inodes",
	  "An image made like the workspace's, of 2 GiB at most, is mounted into a twin, which "
	  "makes empty files until no more are to be had.",
	  "A file system without free inodes is full, however many bytes are free: unpacking one "
	  "archive of small files is enough." },
	{ "drill.disk",
	  "An image made like the workspace's is mounted into a twin, which writes to it for 1.5 s and "
	  "reads for as long, past the page cache. Where the manifest orders resources.disk_rate, it "
	  "must not move more than that; without, others must not notice.",
	  "A disk serves one request after the other: whoever asks without end makes all others wait, "
	  "the engine and the gateways' logs among them." },
	{ "drill.log",
	  "A twin of the worker writes lines to its log as fast as the engine takes them, more than "
	  "its log files may hold; their size on the host's disk is watched.",
	  "Standard output is the one thing that a worker writes to the host's disk past all "
	  "quotas. A tool that prints in a loop fills it over night." },
	{ "drill.descriptors",
	  "A twin of the worker opens files until it is refused, a quarter more than are allowed at "
	  "most.",
	  "Open files are kernel memory, and their number on a host is limited for all together." },
	{ "drill.connections",
	  "A twin of the worker opens up to 2000 connections to its own gateway and says nothing on "
	  "them. Afterwards the gateway has to answer again, as the same process.",
	  "A gateway that falls over takes keys and rules with it; one that starves others makes one "
	  "tenant's agent an outage of all." },
};
/* clang-format on */

const struct explanation *explain_drill_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
