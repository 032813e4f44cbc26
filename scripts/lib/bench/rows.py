"""The rows of the table, in an order that shares what is expensive to make."""

import concurrent.futures
import ctypes
import os
import re
import shutil
import subprocess
import time

import fake_engine
import wire
from measure import median, run, text, turns
from peers import PORT_SHIFT, Peer, shift

MANIFEST = """\
version: 1
tenant: {name}
image: tenantctl-demo-worker:1
environment: {{ TENANT_NAME: {name} }}
resources: {{ memory: 64m, shm: 16m, tmp: 16m, workspace: 64m, pids: 64 }}
egress:
  - api.openai.com
  - "*.slack.com"
"""
BASE = "base"
MS_PRIVATE_RECURSIVE = 0x44000  # MS_PRIVATE | MS_REC
CLONE_NEWNS = 0x20000


class Bench:
    def __init__(self, options, table):
        self.o, self.table = options, table
        self.root = f"{options.work}/root"
        self.engine = wire.Engine(options.socket)
        self.docker = shutil.which("docker")
        self.configure(self.root)

    # -- tenants -----------------------------------------------------------------------------------

    @staticmethod
    def configure(root):
        os.makedirs(f"{root}/etc/tenantctl/tenants", exist_ok=True)

    @staticmethod
    def manifests(root, names):
        for name in names:
            with open(f"{root}/etc/tenantctl/tenants/{name}.yaml", "w", encoding="utf-8") as f:
                f.write(MANIFEST.format(name=name))

    def ours(self, *words, root=None, socket=None):
        return [self.o.tenantctl, "--root", root or self.root, "--socket", socket or self.o.socket,
                "-q", *words]

    def create(self, name, socket=None):
        self.manifests(self.root, [name])
        return run(self.ours("create", name, socket=socket))

    def delete(self, names):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: run(self.ours("delete", n, "--purge")), names))

    def peer(self, names):
        folder = f"{self.o.work}/peer"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        peer = Peer(self.docker, self.engine.get, folder, self.root)
        for name in names:
            peer.add(name)
        return peer

    # -- one tenant --------------------------------------------------------------------------------

    def start(self):
        for what, argv, peer in (("start of the program (`version`)", [self.o.tenantctl, "version"],
                                  [self.docker, "--version"]),):
            times = turns(10 if self.o.quick else 30,
                          {"ours": lambda a=argv: run(a), "theirs": lambda p=peer: run(p)})
            self.table.fact(what, text(median(times["ours"])),
                            f"`docker --version`: {text(median(times['theirs']))}")
        stripped = f"{self.o.work}/stripped"
        run(["strip", "-o", stripped, self.o.tenantctl])
        self.table.fact("size of the binary, stripped", f"{os.path.getsize(stripped) / 1024:.0f} KiB",
                        f"docker: {os.path.getsize(os.path.realpath(self.docker)) / 1024:.0f} KiB",
                        "dynamically linked to the libraries of Debian")

    def list(self, count):
        times = turns(7 if self.o.quick else 25, {
            "ours": lambda: run(self.ours("list")),
            "theirs": lambda: run([self.docker, "ps", "--all", "--filter",
                                   "label=dev.tenantctl.tenant"])})
        self.table.ratio(f"`list`, {count} tenant{'s' * (count > 1)}", times["ours"],
                         "`docker ps`, same label", times["theirs"], 0.5)

    def one(self, rows):
        self.create(BASE)
        if "list" in rows:
            self.list(1)
        if "create" in rows or "share" in rows:
            self.create_rows(rows)
        self.delete([BASE])

    def record(self, name):
        """The calls of one creation, as a peer would make them."""
        path = f"{self.o.work}/recorder.sock"
        recorder = wire.Recorder(path, self.o.socket)
        self.create(name, socket=path)
        ids = {self.engine.get(f"/containers/{c}/json")["Id"]: c for c in (f"tc-{name}", f"tc-{name}-gw")}
        return ids, list(recorder.requests)

    def replayable(self, ids, requests, peer):
        calls = []
        for method, path, body in requests:
            body = body.decode() if body else ""
            for container_id, container in ids.items():
                path, body = path.replace(container_id, container), body.replace(container_id, container)
            if body:
                body = shift(body).replace(self.root, peer.folder)
                body = re.sub(r'("HostPort":")(\d+)"',
                              lambda m: f'{m[1]}{int(m[2]) + PORT_SHIFT}"', body).encode()
            calls.append((method, shift(path), body or None))
        return calls

    def create_rows(self, rows):
        name = "new"
        ids, requests = self.record(name)
        peer = self.peer([name])
        calls = self.replayable(ids, requests, peer)
        script = peer.script(f"{self.o.work}/create.sh", [name], False)
        self.delete([name])
        run([self.docker] + peer.network_command("peer-egress"))

        def ours():
            seconds = self.create(name)
            self.delete([name])
            return seconds

        def by_cli():
            seconds = run(script)
            peer.remove([name], False)
            return seconds

        def by_replay():
            seconds = wire.replay(self.o.socket, calls)
            peer.remove([name], False)
            return seconds

        contestants = {"ours": ours}
        contestants.update({"cli": by_cli} if "create" in rows else {})
        contestants.update({"replay": by_replay} if "share" in rows else {})
        times = turns(3 if self.o.quick else 9, contestants)
        peer.remove([], True)
        if "cli" in times:
            self.table.ratio("`create` (network, gateway, worker, verify)", times["ours"],
                             "docker commands, no verification", times["cli"], 1.0,
                             "The peer makes no file system for the workspace.")
        if "replay" in times:
            self.table.ratio("`create`, share of the client", times["ours"],
                             f"its {len(calls)} API calls replayed over one connection",
                             times["replay"], 1.05,
                             "Ours also makes a file system, mounts it and verifies.")

    # -- many tenants ------------------------------------------------------------------------------

    def many(self, rows):
        count = self.o.tenants
        names = [f"t{i:02d}" for i in range(1, count + 1)]
        compose = f"{self.o.work}/compose.yaml"
        times = {"ours": [], "cli": [], "compose": []}

        def ours(look=False):
            self.manifests(self.root, names)
            times["ours"].append(run(self.ours("apply", "--all", "-j", "8")))
            peer = self.look(rows, names) if look else None
            self.delete(names)
            return peer

        peer = ours(look=True)
        if "apply" not in rows:
            return
        peer.compose(compose)
        script = peer.script(f"{self.o.work}/all.sh", names, True)

        def by_cli():
            times["cli"].append(run(script))
            peer.remove(names, True)

        def by_compose():
            if not self.o.compose:
                return
            words = [self.o.compose, "-p", "peer", "-f", compose]
            environment = dict(os.environ, COMPOSE_PARALLEL_LIMIT="-1")
            times["compose"].append(run(words + ["up", "-d", "--quiet-pull"], env=environment))
            run(words + ["down", "-t", "0"], env=environment)

        by_cli()
        by_compose()
        if not self.o.quick:
            for contestant in (by_compose, by_cli, ours):
                contestant()
        self.apply_rows(count, times)

    def apply_rows(self, count, times):
        what = f"`apply --all -j 8`, {count} new tenants, verified"
        self.table.ratio(what, times["ours"], "docker commands, one at a time", times["cli"], 0.5)
        if times["compose"]:
            self.table.ratio(what, times["ours"], f"`docker compose up -d`, the same {2 * count} "
                             "containers", times["compose"], 0.8)
        else:
            self.table.absent(f"{what}, against `docker compose up -d`",
                              "no compose program: neither the engine's packages nor this host have one")

    def look(self, rows, names):
        if "list" in rows:
            self.list(len(names))
        if "verify" in rows:
            self.verify(names)
            self.verify_whole(names)
        return self.peer(names) if "apply" in rows else None

    def verify(self, names):
        """A guide's way: `docker exec` in every tenant for every other, here sampled."""
        pairs = len(names) * (len(names) - 1)
        sample = []
        ours = [run(self.ours("verify", "--all", "--quick")) for _ in range(1 if self.o.quick else 3)]
        for i in range(12 if self.o.quick else 40):
            a, b = names[(7 * i) % len(names)], names[(7 * i + 1 + i % 3) % len(names)]
            address = self.engine.get(f"/containers/tc-{b}/json")
            address = address["NetworkSettings"]["Networks"][f"tc-{b}"]["IPAddress"]
            sample.append(run([self.docker, "exec", f"tc-{a}", "nc", "-w", "1", address, "8080"],
                              check=False, stdin=subprocess.DEVNULL))
        self.table.limit(f"`verify --all --quick`, {len(names)} tenants, time", median(ours),
                         text(median(ours)), 1.0, "≤ 1 s", f"{len(ours)} runs.")
        self.table.ratio(f"`verify --all --quick`, {len(names)} tenants, every pair", ours,
                         f"`docker exec … nc` for {pairs} pairs", [median(sample) * pairs], 0.01,
                         f"The peer is {len(sample)} runs, their median {text(median(sample))} "
                         "multiplied; it tries one port, ours all checks.")

    def verify_whole(self, names):
        """Each tenant's twin is a container that is made, started, waited for and removed, so that is
        the floor: the same by the engine's own client, as many at the same time."""
        jobs = 8

        def ours():
            return run(self.ours("verify", "--all", "-j", str(jobs)))

        def by_cli():
            began = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
                list(pool.map(lambda _: run([self.docker, "run", "--rm", "--network", "none",
                                             "tenantctl-demo-worker:1", "true"]), names))
            return time.perf_counter() - began

        times = turns(1 if self.o.quick else 3, {"ours": ours, "theirs": by_cli})
        self.table.limit(f"`verify --all`, {len(names)} tenants, time", median(times["ours"]),
                         text(median(times["ours"])), 15, "≤ 15 s", f"{len(times['ours'])} runs.")
        self.table.ratio(f"`verify --all`, {len(names)} tenants, attacks from inside included",
                         times["ours"], f"`docker run --rm … true` for each, {jobs} at a time",
                         times["theirs"], 3,
                         "The peer's containers have no network, and do nothing.")

    # -- plan --------------------------------------------------------------------------------------

    def plan(self):
        """Last of all: it leaves the host's mount namespace, so that hundreds of mounts end with it."""
        count = 100 if self.o.quick else 500
        libc = ctypes.CDLL(None, use_errno=True)
        root, socket = f"{self.o.work}/plan", f"{self.o.work}/fake.sock"
        names = [f"p{i:03d}" for i in range(count)]
        images = {n: self.raw(f"/images/{n}/json")
                  for n in ("tenantctl-demo-worker:1", "tenantctl-gateway:2")}
        _, version, _ = self.engine.call("HEAD", "/_ping")
        fake_engine.Server(socket, fake_engine.State(images, self.raw("/info"), version))
        if libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_PRIVATE_RECURSIVE, None):
            raise OSError(ctypes.get_errno(), "a mount namespace of our own")
        self.configure(root)
        self.manifests(root, names)
        for name in names:
            place = f"{root}/srv/tenants/{name}"
            os.makedirs(f"{place}/workspace")
            with open(f"{place}/workspace.img", "wb") as f:
                f.truncate(1 << 20)
            libc.mount(b"bench", f"{place}/workspace".encode(), b"tmpfs", 0, b"size=64k")
        # Nothing real runs, so nothing verifies; everything else is made as on a host.
        run(self.ours("apply", "--all", root=root, socket=socket), check=False)
        self.plan_rows(root, socket, names)

    def raw(self, path):
        status, _, data = self.engine.call("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status}")
        return data

    def plan_rows(self, root, socket, names):
        count = len(names)
        sizes = [count // 10, count // 5, count // 2, count]
        times = turns(2 if self.o.quick else 3, {
            size: lambda n=size: run(self.ours("plan", *names[:n], root=root, socket=socket))
            for size in sizes})
        each = {size: median(times[size]) / size * 1000 for size in sizes}
        shown = ", ".join(f"{size}: {each[size]:.2f}" for size in sizes)
        usage, total = watch(self.ours("plan", "--all", root=root, socket=socket))
        cpu = (usage.ru_utime + usage.ru_stime) / count * 1000
        note = ("Replies come from a program that stands in for the engine, since that many containers "
                "do not fit here; workspaces are empty mounts.")
        self.table.limit(f"`plan --all`, {count} unchanged tenants: time per tenant, ms",
                         each[count] / each[sizes[1]], shown, 1.25, "linear (last ≤ 1.25 × second)",
                         f"{note} The client itself: {cpu:.2f} ms of processor time per tenant.")
        self.table.limit(f"`plan --all`, {count} unchanged tenants: peak memory", total / 1048576,
                         f"{total / 1048576:.1f} MiB", 16, "≤ 16 MiB",
                         "All its processes together, shared pages counted once (Pss).")


def proportional(session):
    """Bytes of all processes of a session, shared pages divided among those that share them."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                if int(f.read().rpartition(")")[2].split()[3]) != session:
                    continue
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
                total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
        except (OSError, ValueError, IndexError):
            continue
    return total


def watch(argv):
    """Runs argv; returns its resource usage and the peak of its processes' memory."""
    peak = 0
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            break
        peak = max(peak, proportional(child.pid))
        time.sleep(0.005)
    if child.returncode:
        raise RuntimeError(f"{' '.join(argv)}: status {child.returncode}")
    return usage, peak
