"""The credential route of a gateway against the same HAProxy with nothing but a backend: same image,
same limits, same networks, same upstream. What is compared is requests a second."""

import os
import re
import subprocess
import time

from measure import median, run, turns

MANIFEST = """\
version: 1
tenant: {name}
image: tenantctl-demo-worker:1
environment: {{ TENANT_NAME: {name} }}
resources: {{ memory: 64m, shm: 16m, tmp: 16m, workspace: 64m, pids: 64 }}
credentials:
  - name: api
    upstream: https://api.example.com:9443
    ca: {ca}
    secret: api
    inject: {{ header: Authorization, format: "Bearer {{}}" }}
"""
PLAIN = """\
global
\tnbthread 1
\tmaxconn 1200
defaults
\tmode http
\ttimeout connect 10s
\ttimeout client 1h
\ttimeout server 1h
frontend plain
\tbind {inner}:80
\tdefault_backend upstream
backend upstream
\thttp-request set-path %[path,regsub(^/api,)]
\thttp-request set-header Host api.example.com
\thttp-request set-header Authorization "Bearer sk-bench-4711"
\tserver upstream 198.51.100.10:9443 ssl verify required ca-file /etc/plain/ca.pem sni str(api.example.com) verifyhost api.example.com alpn h2,http/1.1
"""
# The upstream answers at once, from memory.
UPSTREAM = """\
global
\tnbthread 1
defaults
\tmode http
\ttimeout connect 10s
\ttimeout client 1h
\ttimeout server 1h
frontend upstream
\tbind 198.51.100.10:9443 ssl crt {certs}/api.example.com.pem alpn h2,http/1.1
\thttp-request return status 200 content-type application/json string '{{"id":"4711","object":"list","data":[]}}'
"""
NAME, CONNECTIONS = "route", 32


class RouteBench:
    def __init__(self, bench, lab, lab_net):
        self.b, self.o, self.lab, self.lab_net = bench, bench.o, lab, lab_net

    def docker(self, *words):
        return subprocess.run([self.b.docker, *words], check=True, capture_output=True,
                              text=True).stdout.strip()

    def net_of(self, container):
        return f"/proc/{self.docker('inspect', '-f', '{{.State.Pid}}', container)}/ns/net"

    def address(self, container, network):
        return self.docker("inspect", "-f",
                           f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}', container)

    def start_upstream(self):
        path = f"{self.o.work}/upstream.cfg"
        with open(path, "w", encoding="utf-8") as f:
            f.write(UPSTREAM.format(certs=f"{self.lab}/certs"))
        return subprocess.Popen(["nsenter", f"--net={self.lab_net}", "haproxy", "-db", "-f", path],
                                stderr=subprocess.DEVNULL)

    def start_tenant(self):
        secrets = f"{self.b.root}/etc/tenantctl/secrets/{NAME}"
        os.makedirs(secrets, mode=0o700, exist_ok=True)
        with open(os.open(f"{secrets}/api", os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="utf-8") as f:
            f.write("sk-bench-4711")
        with open(f"{self.b.root}/etc/tenantctl/tenants/{NAME}.yaml", "w", encoding="utf-8") as f:
            f.write(MANIFEST.format(name=NAME, ca=f"{self.lab}/ca.pem"))
        run(self.b.ours("create", NAME))

    def start_plain(self, inner):
        """In the tenant's own network, at its fourth address, with the gateway's own limits."""
        folder = f"{self.o.work}/plain"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/haproxy.cfg", "w", encoding="utf-8") as f:
            f.write(PLAIN.format(inner=inner))
        run(["cp", f"{self.lab}/ca.pem", folder])
        os.chmod(folder, 0o755)
        image = self.docker("inspect", "-f", "{{.Image}}", f"tc-{NAME}-gw")
        self.docker("create", "--name", "plain", "--network", "tenantctl-egress", "--entrypoint",
                    "/usr/sbin/haproxy", "--user", "1879048000:1879048000", "--read-only", "--cap-drop",
                    "ALL", "--security-opt", "no-new-privileges", "--security-opt",
                    "seccomp=profiles/gateway.json", "--memory", "128m", "--memory-swap", "128m",
                    "--cpus", "1", "--pids-limit", "32", "--ulimit", "nofile=16384",
                    "--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "-v", f"{folder}:/etc/plain:ro",
                    image, "-db", "-f", "/etc/plain/haproxy.cfg")
        self.docker("network", "connect", "--ip", inner, f"tc-{NAME}", "plain")
        self.docker("start", "plain")

    def load(self, address, seconds):
        """Seconds for one request, all connections together: the inverse of requests a second."""
        out = subprocess.run(
            ["nsenter", f"--net={self.net_of(f'tc-{NAME}')}", "wrk", "-t", "1", "-c",
             str(CONNECTIONS), "-d", f"{seconds}s", "-H", "Host: gateway", f"http://{address}/api/list"],
            check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in out:
            raise RuntimeError(out)
        return 1 / float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])

    def memory(self, container):
        """Bytes in use, without what the kernel would drop first (as `docker stats` counts)."""
        with open(f"/proc/{self.docker('inspect', '-f', '{{.State.Pid}}', container)}/cgroup",
                  encoding="ascii") as f:
            lines = [line.strip().split(":") for line in f]
        v1 = next((line[2] for line in lines if "memory" in line[1].split(",")), None)
        place = f"/sys/fs/cgroup/memory{v1}" if v1 else f"/sys/fs/cgroup{lines[-1][2]}"
        with open(f"{place}/memory.usage_in_bytes" if v1 else f"{place}/memory.current",
                  encoding="ascii") as f:
            used = int(f.read())
        with open(f"{place}/memory.stat", encoding="ascii") as f:
            stat = dict(line.split() for line in f)
        return used - int(stat["total_inactive_file" if v1 else "inactive_file"])

    def run(self):
        upstream = self.start_upstream()
        try:
            self.start_tenant()
            gateway = self.address(f"tc-{NAME}-gw", f"tc-{NAME}")
            plain = re.sub(r"\d+$", lambda m: str(int(m[0]) + 2), gateway)
            self.start_plain(plain)
            time.sleep(0.5)
            seconds = 2 if self.o.quick else 5
            times = turns(3 if self.o.quick else 7, {
                "ours": lambda: self.load(gateway, seconds),
                "theirs": lambda: self.load(plain, seconds)})
            self.rows(times, self.memory(f"tc-{NAME}-gw"), self.memory("plain"))
        finally:
            upstream.kill()
            subprocess.run([self.b.docker, "rm", "-f", "plain"], capture_output=True, check=False)
            self.b.delete([NAME])

    def rows(self, times, memory, plain):
        ours, theirs = (1 / median(times[who]) for who in ("ours", "theirs"))
        self.b.table.ratio("credential route, time per request", times["ours"],
                           "HAProxy with one backend, same image and limits", times["theirs"], 1.11,
                           f"{ours:.0f} against {theirs:.0f} requests/s over {CONNECTIONS} connections; "
                           "1.11 is 0.9 of the requests.")
        self.b.table.limit("gateway's memory after that", memory / 1048576, f"{memory / 1048576:.1f} MiB",
                           10, "≤ 10 MiB", f"Plain HAProxy: {plain / 1048576:.1f} MiB. Its whole cgroup "
                           "without inactive page cache, at the full rate.")
