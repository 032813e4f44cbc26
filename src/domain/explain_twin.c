/* Checks of what a twin of the worker can do, from inside. */
#include "explain_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct explanation table[] = {
	{ "twin.control",
	  "The twin writes to its workspace, /tmp and /dev/shm, runs itself, makes children and sockets, "
	  "and looks up and connects to its gateway.",
	  "An attack that fails proves a boundary only where the same kind of thing works. A twin that "
	  "can't do what every worker does would call everything closed." },
	{ "twin.root",
	  "The twin creates, links, renames, deletes and changes files on its root; what stops it must be "
	  "that the root is read-only, not whose the files are.",
	  "A root that can be written is where an injected agent stays: it replaces the programs that "
	  "run next, and plants what survives a restart of the process." },
	{ "twin.noexec",
	  "The twin copies a program to /tmp and /dev/shm, and runs and maps it. Memory without a name "
	  "(memfd_create) is tried and told, as only vm.memfd_noexec of the host can refuse it.",
	  "Scratch space that runs programs is where whatever a prompt made an agent download is "
	  "started from." },
	{ "twin.settings",
	  "The twin opens settings of the kernel, network, cgroup and processes for writing, and looks "
	  "whether a read-only mount is what stops it.",
	  "core_pattern, modprobe or release_agent run a program as root of the host; other settings "
	  "change the host for everybody." },
	{ "twin.masked",
	  "The twin reads what runtimes mask: kcore, keys, timers, firmware, block devices, kernel "
	  "addresses, and looks for other tenants' paths in its mount table.",
	  "They tell of the host and its other tenants, and were the first step of several escapes." },
	{ "twin.devices",
	  "The twin looks at every node below /dev, opens known devices by name and makes nodes of its "
	  "own.",
	  "A disk, the machine's memory, KVM or a GPU gives access to data that no namespace separates." },
	{ "twin.handles",
	  "The twin opens the root of the disks behind its mounts by file handle (open_by_handle_at).",
	  "A handle names any file of a disk, whatever is mounted of it: with the right to open one, a "
	  "single mounted file gives away the host's whole disk." },
	{ "twin.credentials",
	  "The twin looks for files that only the host or the gateway has: shadow, keys of ssh, cloud "
	  "and cluster credentials, state of engines and of tenantctl.",
	  "A credential of the host makes every other boundary needless." },
	{ "twin.engine",
	  "The twin connects to every socket that it finds in a file or mount, and to the ports that "
	  "engines listen on, at the gateway and the host.",
	  "Whoever speaks to the engine is root on the host." },
	{ "twin.mount",
	  "The twin mounts, remounts, binds, moves and unmounts by the old and the new calls, and "
	  "changes its root.",
	  "A mount takes masks and read-only flags away, or brings in cgroups and disks of the host." },
	{ "twin.namespace",
	  "The twin asks for new namespaces of every kind by unshare, clone and clone3, and to enter "
	  "others by setns.",
	  "In a user namespace of its own a process is root, and reaches parts of the kernel that were "
	  "never meant for strangers; most kernel exploits start there." },
	{ "twin.kernel",
	  "The twin makes calls that hand out the kernel: bpf, perf, userfaultfd, io_uring, modules, "
	  "kexec, swap, clocks, ports, terminals.",
	  "Each was the way into the kernel at least once, and no agent needs any of them." },
	{ "twin.keyring",
	  "The twin adds, requests and searches keys of the kernel's key rings.",
	  "Key rings belong to users, not to namespaces: what one container stores there another one "
	  "of the same user reads." },
	{ "twin.memory",
	  "The twin attaches to, reads, writes and compares a process of its own user, and takes a "
	  "descriptor from it.",
	  "Memory of other processes holds what they keep secret. A worker whose tools can do this to "
	  "each other can do it to whatever shares its user." },
	{ "twin.identity",
	  "The twin reads its capabilities, ids, no_new_privs and filter, and tries to become root, "
	  "join groups and raise capabilities.",
	  "All other limits are relaxed for somebody else: root and capabilities pass most checks of "
	  "the kernel." },
	{ "twin.limits",
	  "The twin asks for real-time and deadline scheduling, better priority of CPU and I/O, higher "
	  "hard limits, and protection from the OOM killer.",
	  "A tenant that comes first everywhere starves all others without breaking any quota." },
	{ "twin.processes",
	  "The twin lists, signals and holds processes by number, reads environments, and looks for "
	  "descriptors that a runtime left open.",
	  "Foreign processes tell command lines and environments; a descriptor from outside leads out "
	  "of the container (CVE-2024-21626)." },
	{ "twin.ipc",
	  "The twin looks for shared memory and queues of others, and opens those that tenantctl makes "
	  "on the host for this run.",
	  "Shared memory is found by number or name, and read or written by whoever finds it." },
	{ "twin.sockets",
	  "The twin looks for abstract sockets in its network's table and connects to one that "
	  "tenantctl listens on for this run.",
	  "Abstract sockets have no file and no permissions; runtimes and desktops have listened on "
	  "them for commands (CVE-2020-15257)." },
	{ "twin.net.family",
	  "The twin asks for sockets of every family, type and protocol, pairs, every kind of netlink, "
	  "and the hypervisor's.",
	  "Rare families are rarely tested parts of the kernel (AF_ALG, RxRPC, vsock); raw and packet "
	  "sockets forge what other machines trust." },
	{ "twin.net.change",
	  "The twin changes links, addresses, routes, neighbours, the packet filter and options of "
	  "sockets that firewalls trust.",
	  "Whoever can change its network takes another one's address, or goes around the gateway." },
	{ "twin.net.dns",
	  "The twin asks the gateway, the engine's resolver and public ones for names that nobody "
	  "declared, of the types that tunnels use, over UDP and TCP.",
	  "A lookup that leaves the host carries data out, 60 bytes at a time, past every other rule." },
	{ "twin.net.reach",
	  "The twin connects to public addresses, metadata services, the host and other tenants, past "
	  "its routes, over IPv6 and from a forged address, and sends broadcasts to the host.",
	  "The gateway filters only what goes through it. Any second way out makes it needless." },
	{ "twin.names",
	  "The twin reads its host and domain name and its resolver's configuration.",
	  "Names of hosts and domains tell whose machine this is and what else runs there." },
	{ "twin.syscalls",
	  "The twin makes every system call of three ABIs with nonsense for arguments; how each ends is "
	  "compared with what the ordered filter answers.",
	  "The 32-bit and x32 doors have other numbers and argument rules: one that is open lets "
	  "through what the filter refuses." },
};
/* clang-format on */

const struct explanation *explain_twin_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
