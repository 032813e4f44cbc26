/* Checks of the worker itself: its processes, files, limits and what it could tell. */
#include "explain_tables.h"

#include "base/compiler.h"

/* clang-format off */
static const struct explanation table[] = {
	{ "cap.effective",
	  "Reads CapEff of every process in the worker's cgroup from /proc/PID/status, on the host.",
	  "An effective capability works at once, without another step: CAP_SYS_ADMIN mounts, "
	  "CAP_NET_RAW forges packets on the tenant's network, CAP_SYS_PTRACE reads other processes." },
	{ "cap.permitted",
	  "Reads CapPrm of every process in the worker's cgroup from /proc/PID/status, on the host.",
	  "A process can raise whatever is permitted to effective by one system call of its own." },
	{ "cap.inheritable",
	  "Reads CapInh of every process in the worker's cgroup from /proc/PID/status, on the host.",
	  "Inheritable capabilities come back to life in a program whose file carries the same ones; "
	  "engines before 20.10.14 left them set (CVE-2022-24769)." },
	{ "cap.bounding",
	  "Reads CapBnd of every process in the worker's cgroup from /proc/PID/status, on the host.",
	  "The bounding set is the ceiling of all that a process can ever gain, through setuid files "
	  "and file capabilities too. Empty, no later mistake can give the worker a capability." },
	{ "cap.ambient",
	  "Reads CapAmb of every process in the worker's cgroup from /proc/PID/status, on the host.",
	  "Ambient capabilities survive exec of ordinary programs: every tool that the agent starts "
	  "would hold them." },
	{ "proc.no_new_privs",
	  "Reads NoNewPrivs of every process in the worker's cgroup from /proc/PID/status.",
	  "With the flag set, exec grants nothing: setuid files and file capabilities in the image do "
	  "not work. It can't be taken back by the process or its children." },
	{ "proc.threads",
	  "Compares ids, capabilities, no_new_privs and seccomp of every thread with those of its "
	  "process, in /proc/PID/task.",
	  "Linux keeps these per thread. One thread without confinement is enough, since it shares "
	  "the memory of all others." },
	{ "proc.handles",
	  "Asks statx(2) on which mount the folder, root, program and every descriptor of each process "
	  "of worker and gateway lie, and looks for it in that process's own mountinfo.",
	  "Whatever is mounted inside, a folder of the host that a runtime left open leads to all its "
	  "files: /proc/self/fd/7/../../etc/shadow. A helper that enters the container brings its own." },
	{ "proc.login",
	  "Looks for servers of remote logins, by name, among the processes of the worker: sshd, "
	  "dropbear, telnetd and the like.",
	  "A second way in past the gateway has accounts, keys and logs of its own that nobody looks "
	  "after; an agent that was talked into opening one waits for its new master." },
	{ "proc.complete",
	  "Counts the processes of the worker's cgroup against the number that one run looks at.",
	  "A process that was not looked at may hold anything. A worker that starts very many could "
	  "hide one among them; then nothing is proved about it." },
	{ "proc.lsm",
	  "Reads /proc/PID/attr/current of every process of the worker, where the engine reports "
	  "AppArmor or SELinux.",
	  "The security module is a second lock that does not depend on namespaces or capabilities. "
	  "An unconfined label means that somebody switched it off for this container." },
	{ "seccomp.mode",
	  "Reads Seccomp and Seccomp_filters of every process of the worker from /proc/PID/status.",
	  "Without a filter every system call of the kernel is open to the worker, and most container "
	  "escapes start with a call that no agent needs." },
	{ "seccomp.filter",
	  "Takes the filter program out of a live process with PTRACE_SECCOMP_GET_FILTER and "
	  "evaluates it for every call number and the arguments that matter, against what libseccomp "
	  "makes of the ordered profile.",
	  "That a filter is on says nothing about what it lets through. Only the program that the "
	  "kernel holds does; the profile's text in the engine's reply proves neither." },
	{ "ns.mnt",
	  "Compares the mount namespace of every process of the worker with that of the host, by "
	  "device and inode of /proc/PID/ns/mnt.",
	  "In the host's mount namespace every file of the host is one path away." },
	{ "ns.pid",
	  "Compares the PID namespace of every process of the worker with that of the host, by device "
	  "and inode of /proc/PID/ns/pid.",
	  "A process that sees those of others can read their command lines, signal those of the same "
	  "user and learn what siblings do." },
	{ "ns.net",
	  "Compares the network namespace of every process of the worker with that of the host, by "
	  "device and inode of /proc/PID/ns/net.",
	  "In the host's network there is no gateway, no filter by name and no border between "
	  "tenants: services on the host's loopback answer, too." },
	{ "ns.ipc",
	  "Compares the IPC namespace of every process of the worker with that of the host, by device "
	  "and inode of /proc/PID/ns/ipc.",
	  "Shared memory segments and message queues are found by number; a shared namespace is a "
	  "way to read and to write what others keep there." },
	{ "ns.uts",
	  "Compares the UTS namespace of every process of the worker with that of the host, by device "
	  "and inode of /proc/PID/ns/uts.",
	  "A shared UTS namespace tells the host's name, which often names the agency or its other "
	  "clients." },
	{ "ns.cgroup",
	  "Compares the cgroup namespace of every process of the worker with that of the host, by "
	  "device and inode of /proc/PID/ns/cgroup.",
	  "The host's cgroup tree tells container ids and paths of all tenants, and is the place "
	  "where release_agent escapes begin." },
	{ "ns.sibling",
	  "Compares six namespaces of the worker with those of every other running tenant's worker.",
	  "Two tenants in one namespace have no border there, however well each is closed off from "
	  "the host." },
	{ "ns.gateway",
	  "Compares six namespaces of the worker with those of its gateway, and the gateway's with "
	  "the host's.",
	  "The gateway holds the tenant's keys and the only way out. A worker inside its namespaces "
	  "could read the first and use the second unfiltered." },
	{ "uid.expected",
	  "Reads Uid, Gid and Groups of every process of the worker from /proc/PID/status, as the "
	  "host sees them, against the ids allocated to the tenant.",
	  "The own user is what separates tenants when a namespace fails: files, keyrings and signals "
	  "are still guarded by it. A supplementary group such as docker or disk undoes that." },
	{ "uid.nonzero",
	  "Looks for an id 0 among all user and group ids of every process of the worker.",
	  "Root in a container is root of the host as soon as it gets out, and files of root that "
	  "were mounted in are its own." },
	{ "uid.unique",
	  "Compares the user ids of worker and gateway with those of all other tenants, and with the "
	  "owner of every process of the host that is in no container.",
	  "Who has the same user may open its files and signal its processes wherever they meet, and "
	  "shares its budgets of processes, pipes, queues and keys: one can use up what the other needs." },
	{ "fs.root.readonly",
	  "Looks up / in the mount table of a live process, /proc/PID/mountinfo.",
	  "On a writable root an injected agent can replace the programs that the worker runs next "
	  "and stay there over restarts." },
	{ "fs.mount.flags",
	  "Looks for nosuid and nodev on every writable mount, and for noexec on every tmpfs, in "
	  "/proc/PID/mountinfo.",
	  "Setuid programs and device nodes are dangerous only where the kernel honours them; scratch "
	  "space that runs programs is where downloaded tools are started from." },
	{ "fs.propagation",
	  "Reads the optional fields (shared, master) of every mount in /proc/PID/mountinfo.",
	  "Through a shared mount, what is mounted on one side shows up on the other: a mount made "
	  "inside would reach the host." },
	{ "fs.masked",
	  "Looks, below /proc/PID/root, whether what runtimes mask is covered: kcore, keys, timer_list, "
	  "firmware, block devices and others.",
	  "They tell of the host's memory, its keys and what runs on it, and have been the first step "
	  "of several escapes." },
	{ "fs.proc.readonly",
	  "Looks for ro at /proc/sys, /proc/irq, /proc/bus, /proc/fs and /sys in /proc/PID/mountinfo.",
	  "Settings written there change the whole host: core_pattern runs a program as root of the "
	  "host, and sysrq restarts it." },
	{ "fs.mounts.declared",
	  "Compares every line of /proc/PID/mountinfo with what runtimes always mount and what the "
	  "manifest declares.",
	  "Whatever else is mounted was brought in by somebody else: a host folder, a device, another "
	  "tenant's data." },
	{ "fs.mounts.source",
	  "Reads mounts, binds and volumes from the engine's inspect reply and compares their sources "
	  "with the declared ones.",
	  "The source decides what a mount gives away. /var/run, /etc or the engine's own folder are "
	  "as good as root on the host." },
	{ "fs.mounts.shared",
	  "Compares device, path and inode of every mount of worker and gateway, and the files behind "
	  "loop devices, with those of all other running tenants. None may be in another, unless both "
	  "sides can only read it, as source material of two manifests.",
	  "A link, a bind mount of the host or a second loop device gives one place two names, and makes a "
	  "declared source of another tenant's workspace. What one writes there, the other's agent reads "
	  "and obeys. Files below a mount are not walked." },
	{ "fs.sockets",
	  "Looks, below /proc/PID/root, for the sockets of daemons and of other users, outside of the "
	  "worker's own writable places and at every mount.",
	  "A socket leads out of the container past every network rule; the engine's own makes "
	  "whoever opens it root on the host." },
	{ "fs.source.readonly",
	  "Looks for ro on every declared source in /proc/PID/mountinfo, and that each is mounted.",
	  "Source material may be shared between tenants. One that can write it plants instructions "
	  "and programs for all others." },
	{ "fs.pagecache",
	  "Takes samples of every file that processes of worker and gateway have mapped from a read-only "
	  "mount, reads each through the page cache and, with O_DIRECT, past it, and compares. Not "
	  "part of the quick verification.",
	  "The files of an image are in memory once for all tenants that use it, and flaws of the "
	  "kernel let a process write there without touching the disk: one tenant then changes what "
	  "every other one runs. A change that was written to the disk as well is not seen here." },
	{ "fs.workspace.quota",
	  "Asks the kernel for the size of the file system behind the workspace (statvfs) and "
	  "compares it with the manifest.",
	  "A workspace that is a plain folder of the host fills the host's disk, and with it stops "
	  "every other tenant and the engine." },
	{ "fs.devices",
	  "Reads devices, device requests and device rules from the engine's inspect reply.",
	  "A disk, /dev/mem, /dev/kvm or a GPU gives access to memory or data that no namespace "
	  "separates." },
	{ "limit.memory",
	  "Reads the memory limit from the worker's own cgroup files (v1 or v2).",
	  "Without it one agent's leak makes the kernel kill processes of others. The engine drops "
	  "limits whose controller is missing, so its word is not enough." },
	{ "limit.swap",
	  "Reads the swap limit from the worker's own cgroup files (v1 or v2).",
	  "A worker that swaps slows the disk down for everybody and leaves its memory, keys "
	  "included, on the disk." },
	{ "limit.pids",
	  "Reads pids.max from the worker's own cgroup files.",
	  "A fork bomb uses up the host's process table in seconds; nobody can log in to stop it." },
	{ "limit.cpu",
	  "Reads quota and period of the cpu controller from the worker's own cgroup files.",
	  "A loop on all cores starves every other tenant." },
	{ "limit.io",
	  "Reads from the worker's own cgroup files (blkio.throttle or io.max) how many bytes per "
	  "second it may read and write on the device that its workspace is on.",
	  "One agent that writes as fast as it can keeps the disk busy for all: other tenants' saves, "
	  "their gateways' logs and the engine wait. Cgroup v1 holds reads, direct writes and "
	  "fsync(2); what is written to memory and left there gets to the disk unbounded." },
	{ "limit.nofile",
	  "Reads the hard limit of open files of every process of the worker from /proc/PID/limits.",
	  "Open files are a table shared by the host; a leak in one tenant must end in its own error." },
	{ "limit.core",
	  "Reads the hard limit of core files of every process of the worker from /proc/PID/limits.",
	  "A core file is the process's memory: conversations and whatever credentials were in it, "
	  "written where core_pattern of the host says." },
	{ "limit.shm",
	  "Reads type and size of /dev/shm from /proc/PID/mountinfo.",
	  "Shared memory counts as memory that the kernel can't drop; without a size it is a way to "
	  "fill the tenant's whole limit by files." },
	{ "limit.tmp",
	  "Reads type and size of /tmp from /proc/PID/mountinfo.",
	  "/tmp lives in memory. Without a size a download fills it until the worker is killed, and on "
	  "a disk it would fill the host's." },
	{ "limit.tmpfs",
	  "Reads the size of every writable tmpfs from /proc/PID/mountinfo.",
	  "One forgotten tmpfs without a size is half of the host's memory by default." },
	{ "limit.priority",
	  "Reads the hard limits of nice and real-time priority of every process of the worker from "
	  "/proc/PID/limits.",
	  "A process that may rank itself above others runs whenever it likes: real-time priority "
	  "starves the neighbours of their processors, whatever the quota says." },
	{ "limit.oom",
	  "Reads OomKillDisable and OomScoreAdj from the engine's inspect reply.",
	  "A worker that can't be killed makes the kernel look for other victims when memory is "
	  "short: its siblings, the gateways, the engine." },
	{ "twin.fidelity",
	  "Compares the engine's inspect replies of the twin and of the worker, setting by setting.",
	  "What attacks in the twin show holds for the worker only if the twin is no stronger. An "
	  "engine, a plugin or somebody in between could make the twin from something else." },
	{ "limit.gateway",
	  "Reads memory and process limits from the gateway's own cgroup files.",
	  "The gateway works on data that the tenant sends. Unbounded, it is the tenant's way around "
	  "its own limits." },
	{ "log.separate",
	  "The twin prints a mark of random digits. It is looked for in the twin's own log file on the host, and "
	  "in what the log files of every other worker and gateway got in the same time.",
	  "One engine writes all logs. A line that ends up in another client's file shows what an agent "
	  "said to somebody who must not know, and makes the log worthless as evidence." },
	{ "log.bounded",
	  "Reads log driver and max-size of worker and gateway from the engine's inspect reply.",
	  "A worker that prints in a loop fills the host's disk with its log within minutes." },
	{ "env.secrets",
	  "Reads /proc/PID/environ of every process of worker and gateway and judges names and values "
	  "by shape; values are never printed.",
	  "Every tool that an agent starts inherits the environment, and printing it is the first "
	  "thing that an injected prompt asks for." },
	{ "image.credentials",
	  "Reads the files in every layer of both images: those that git, npm, docker, cloud tools "
	  "and others keep credentials in, variables (.env), private keys, text shaped like a key. "
	  "What package managers installed is read only where it has such a name: published code is "
	  "full of examples.",
	  "A layer keeps a file that a later one deletes: who has the image has the file, and each "
	  "tenant's worker that runs on it can read what is left. Layers never change, so they are "
	  "walked once for each image id." },
	{ "image.privileged",
	  "Lists setuid and setgid programs and those with file capabilities in all layers of both "
	  "images, and reads NoNewPrivs of each process in /proc/PID/status.",
	  "Images of distributions have some (su, mount, passwd). With no_new_privs the kernel gives "
	  "nothing for executing one: then they are evidence and no finding. In a process without "
	  "it each of them is a way up." },
	{ "image.traps",
	  "Looks in all layers of both images for device nodes (other than those that every "
	  "container has in /dev), for a /dev, /proc or /sys that is no folder, and for a USER "
	  "beyond 2147483647. create and apply refuse such an image before they make anything, where "
	  "the engine tells the layers' folders.",
	  "A runtime sets a container up as root with the image's tree before it: links where it "
	  "mounts have led it out of there, a node is a device that nobody passed in, and such a "
	  "USER has been taken for root." },
	{ "secret.exposed",
	  "Looks for the tenant's keys, plain and encoded, in processes, inspect replies, logs "
	  "and files, and must find them in the gateway's own file.",
	  "A key is given to the gateway so that the worker never has it. One copy elsewhere undoes that, "
	  "and is found by whoever looks." },
	{ "inspect.secrets",
	  "Judges environment, command, entrypoint, health check, labels and log options in the "
	  "engine's inspect reply by shape; values are never printed.",
	  "What the engine tells is read by monitoring, support bundles and everybody in the docker "
	  "group, and stays in the image's history." },
};
/* clang-format on */

const struct explanation *explain_worker_all(size_t *out_count)
{
	*out_count = ARRAY_SIZE(table);
	return table;
}
