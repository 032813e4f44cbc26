#!/usr/bin/python3
"""A process of the host that joins a container and is like its own in all but one thing.

usage: intruder.py PID DEVIATION       PID: the container's first process, as the host sees it
  ns=KIND           stays in the host's namespace (mnt, pid, net, ipc, uts, cgroup)
  bounding, permitted, effective, inheritable, ambient      holds a capability in that set
  no_new_privs, seccomp       lacks it
  uid=N, group=N    runs as that user, in that group
  nofile, core      keeps the host's limit
  secret=VALUE      holds it in its environment
  thread=STEP       one thread lacks STEP: bounding, seccomp, no_new_privs or caps

Prints "ready" when it is in the container's cgroups; ends when its standard input does.
"""
import ctypes
import os
import resource
import struct
import sys
import threading

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 8, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 38, 47
CAP_VERSION_3 = 0x20080522
NET_RAW = 1 << 13
STEPS = ("bounding", "seccomp", "no_new_privs", "caps")

libc = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if getattr(libc, function)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), function)


def prctl(option, *arguments):
    call("prctl", option, *[ctypes.c_ulong(a) for a in arguments + (0,) * (4 - len(arguments))])


def capset(effective, permitted, inheritable):
    low, high = (lambda n: n & 0xFFFFFFFF), (lambda n: n >> 32)
    sets = (effective, permitted, inheritable)
    call("capset", struct.pack("=Ii", CAP_VERSION_3, 0),
         struct.pack("=6I", *map(low, sets), *map(high, sets)))


def last_capability():
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return int(file.read())


def filter_that_allows_all():
    """A struct sock_fprog of one instruction: return SECCOMP_RET_ALLOW."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000), 8)
    program = ctypes.create_string_buffer(struct.pack("@HP", 1, ctypes.addressof(code)))
    return code, program


def cgroup_files(pid):
    """cgroup.procs of every hierarchy that the process is in."""
    with open(f"/proc/{pid}/cgroup") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            name = controllers.removeprefix("name=")
            for top in ([name] if name else ["unified", "."]):
                procs = f"/sys/fs/cgroup/{top}{path}/cgroup.procs"
                if os.path.exists(procs):
                    yield os.open(procs, os.O_WRONLY)
                    break


def status_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def hard_limits(pid):
    """By name; prlimit(2) asks for more privilege than reading them here."""
    with open(f"/proc/{pid}/limits") as file:
        lines = [(line[:26].strip(), line[26:].split()[1]) for line in file if line[:4] == "Max "]
    number = {name: resource.RLIM_INFINITY if hard == "unlimited" else int(hard)
              for name, hard in lines}
    return {"nofile": (resource.RLIMIT_NOFILE, number["Max open files"]),
            "core": (resource.RLIMIT_CORE, number["Max core file size"])}


class Intruder:
    def __init__(self, pid, deviation):
        status = status_of(pid)
        self.key, _, self.value = deviation.partition("=")
        self.uid, self.gid = int(status["Uid"].split()[0]), int(status["Gid"].split()[0])
        self.limits = hard_limits(pid)
        self.last_cap = last_capability()
        self.filter = filter_that_allows_all()
        self.own_caps = int(status_of("self")["CapPrm"], 16)
        self.inheritable = NET_RAW if self.key in ("inheritable", "ambient") else 0

    # Steps that the kernel takes for one thread only.

    def bounding(self):
        for cap in range(self.last_cap + 1):
            prctl(PR_CAPBSET_DROP, cap)

    def seccomp(self):
        prctl(PR_SET_SECCOMP, 2, ctypes.addressof(self.filter[1]))

    def no_new_privs(self):
        prctl(PR_SET_NO_NEW_PRIVS, 1)

    def caps(self):
        capset(NET_RAW if self.key == "effective" else 0,
               NET_RAW if self.key in ("permitted", "effective", "ambient") else 0,
               self.inheritable)
        if self.key == "ambient":
            prctl(PR_CAP_AMBIENT, 2, 13)

    def confine(self, lacking):
        for step in STEPS:
            if step != lacking:
                getattr(self, step)()

    def become(self):
        """What the kernel or libc does for the whole process, then the steps."""
        for key, (kind, hard) in self.limits.items():
            if key != self.key:
                resource.setrlimit(kind, (hard, hard))
        gid, uid = self.gid, int(self.value) if self.key == "uid" else self.uid
        os.setgroups([int(self.value)] if self.key == "group" else [])
        prctl(PR_SET_KEEPCAPS, 1)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        # Nothing becomes inheritable that is not in the bounding set, which is emptied next.
        capset(self.own_caps, self.own_caps, self.inheritable)
        if self.key == "thread":
            done = threading.Event()
            threading.Thread(target=self.deviate, args=(done,), daemon=True).start()
            done.wait()
        self.confine(self.key)
        # The kernel forgets it whenever ids change.
        prctl(PR_SET_PDEATHSIG, 9)

    def deviate(self, done):
        self.confine(self.value)
        done.set()
        threading.Event().wait()


def main(pid, deviation):
    if deviation.startswith("secret=") and "SERVICE_TOKEN" not in os.environ:
        environment = {"SERVICE_TOKEN": deviation.partition("=")[2]}
        os.execve(sys.executable, [sys.executable] + sys.argv, environment)
    intruder = Intruder(pid, deviation)
    cgroups = list(cgroup_files(pid))
    kept = intruder.value if intruder.key == "ns" else None
    spaces = [os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
              for kind in ("cgroup", "ipc", "uts", "net", "pid", "mnt") if kind != kept]
    ready, tell = os.pipe()
    for space in spaces:
        call("setns", space, 0)
    child = os.fork()
    if child == 0:
        os.close(ready)
        intruder.become()
        os.write(tell, b".")
        threading.Event().wait()
    os.close(tell)
    if os.read(ready, 1) != b".":
        sys.exit("the process did not become what it should")
    for file in cgroups:
        os.write(file, str(child).encode())
    print("ready", flush=True)
    sys.stdin.read()
    os.kill(child, 9)
    os.waitpid(child, 0)


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(int(sys.argv[1]), sys.argv[2])
