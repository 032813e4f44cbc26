"""What an operator would have written instead: docker commands and a compose file that make the
same objects, derived from the objects that tenantctl made. Names, addresses and ports are shifted,
so that both can exist at the same time. The command line cannot say which paths are masked; that is
left out. Gateway files are copies and the workspace is a plain folder, which spares the peers the
file system that tenantctl makes."""

import json
import os
import re
import shutil
import subprocess

PORT_SHIFT = 10000


def shift(value):
    """tc-NAME, 10.231.*, 10.230.* and tenantctl-egress as the peers call them."""
    value = re.sub(r"\btc-", "pc-", value).replace("10.231.", "10.241.").replace("10.230.", "10.240.")
    return value.replace("tenantctl-egress", "peer-egress").replace("dev.tenantctl.", "dev.peer.")


class Peer:
    def __init__(self, docker, inspect, folder, root):
        self.docker, self.folder, self.root = docker, folder, root
        self.get = inspect
        self.tenants = []
        self.networks = {"peer-egress": inspect("/networks/tenantctl-egress")}
        self.containers = {}  # name: (inspect reply, image's environment)

    def add(self, tenant):
        self.tenants.append(tenant)
        self.networks[f"pc-{tenant}"] = self.get(f"/networks/tc-{tenant}")
        for name in (f"tc-{tenant}-gw", f"tc-{tenant}"):
            info = self.get(f"/containers/{name}/json")
            self.containers[shift(name)] = info
            for mount in info["HostConfig"]["Mounts"]:
                self.copy(mount["Source"])

    def path(self, source):
        return self.folder + source[len(self.root):]

    def copy(self, source):
        target = self.path(source)
        if os.path.exists(target):
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.isdir(source):
            self.copy_file(source, target)
            return
        os.mkdir(target)
        if os.path.basename(source) != "data":
            for name in os.listdir(source):
                self.copy_file(f"{source}/{name}", f"{target}/{name}")
        self.own(source, target)

    def copy_file(self, source, target):
        with open(source, encoding="utf-8") as f, open(target, "w", encoding="utf-8") as out:
            out.write(shift(f.read()))
        self.own(source, target)

    @staticmethod
    def own(source, target):
        st = os.stat(source)
        os.chown(target, st.st_uid, st.st_gid)
        shutil.copymode(source, target)

    def seccomp(self, option):
        """The engine takes the profile's text; its clients take a file."""
        path = f"{self.folder}/seccomp-{abs(hash(option)):x}.json"
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as f:
                f.write(option.split("=", 1)[1])
        return path

    # -- docker commands ---------------------------------------------------------------------------

    def network_command(self, name):
        net = self.networks[name]
        pool = net["IPAM"]["Config"][0]
        argv = ["network", "create", "--driver", "bridge", "--subnet", shift(pool["Subnet"]),
                "--gateway", shift(pool["Gateway"])]
        argv += ["--internal"] if net["Internal"] else []
        for key, value in net["Options"].items():
            argv += ["--opt", f"{key}={shift(value)}"]
        for key, value in net["Labels"].items():
            argv += ["--label", f"{shift(key)}={value}"]
        return argv + [name]

    def create_commands(self, name):
        info = self.containers[name]
        config, host = info["Config"], info["HostConfig"]
        argv = ["create", "--name", name, "--hostname", config["Hostname"], "--user", config["User"],
                "--workdir", config["WorkingDir"], "--stop-timeout", str(config["StopTimeout"]),
                "--cgroupns", host["CgroupnsMode"], "--ipc", host["IpcMode"],
                "--runtime", host["Runtime"], "--memory", str(host["Memory"]),
                "--memory-swap", str(host["MemorySwap"]), "--cpus", str(host["NanoCpus"] / 1e9),
                "--pids-limit", str(host["PidsLimit"]), "--shm-size", str(host["ShmSize"]),
                "--log-driver", host["LogConfig"]["Type"], "--no-healthcheck"]
        argv += ["--read-only"] if host["ReadonlyRootfs"] else []
        argv += ["--init"] if host["Init"] else []
        restart = host["RestartPolicy"]
        count = f":{restart['MaximumRetryCount']}" if restart["Name"] == "on-failure" else ""
        argv += ["--restart", restart["Name"] + count]
        argv += self.listed(config, host)
        networks = self.endpoints(info)
        first = networks.pop(host_network(info))
        argv += ["--network", shift(host_network(info)), "--ip", first]
        entrypoint = config["Entrypoint"] or []
        argv += ["--entrypoint", entrypoint[0]] if entrypoint else []
        commands = [argv + [config["Image"]] + entrypoint[1:] + (config["Cmd"] or [])]
        for network, address in networks.items():
            commands.append(["network", "connect", "--ip", address, shift(network), name])
        return commands

    def listed(self, config, host):
        argv = []
        for cap in host["CapDrop"]:
            argv += ["--cap-drop", cap]
        for option in host["SecurityOpt"]:
            is_file = option.startswith("seccomp={")
            argv += ["--security-opt", f"seccomp={self.seccomp(option)}" if is_file else option]
        for limit in host["Ulimits"]:
            argv += ["--ulimit", f"{limit['Name']}={limit['Soft']}:{limit['Hard']}"]
        for mount in host["Mounts"]:
            flag = ",readonly" if mount.get("ReadOnly") else ""
            argv += ["--mount", f"type=bind,source={self.path(mount['Source'])},"
                     f"target={mount['Target']}{flag}"]
        for target, options in (host.get("Tmpfs") or {}).items():
            argv += ["--tmpfs", f"{target}:{options}"]
        for key, value in (host.get("Sysctls") or {}).items():
            argv += ["--sysctl", f"{key}={value}"]
        for key, value in host["LogConfig"]["Config"].items():
            argv += ["--log-opt", f"{key}={value}"]
        for server in host["Dns"] or []:
            argv += ["--dns", shift(server)]
        for value in config["Env"] or []:
            argv += ["--env", value]
        for key, value in config["Labels"].items():
            argv += ["--label", f"{shift(key)}={value}"]
        for port, bindings in (host["PortBindings"] or {}).items():
            for b in bindings:
                argv += ["--publish", f"{b['HostIp']}:{int(b['HostPort']) + PORT_SHIFT}:{port}"]
        return argv

    @staticmethod
    def endpoints(info):
        networks = info["NetworkSettings"]["Networks"]
        return {name: shift(n["IPAMConfig"]["IPv4Address"]) for name, n in networks.items()}

    def script(self, path, tenants, with_egress):
        """A shell script that makes `tenants` one after the other, stopping at the first error."""
        commands = [self.network_command("peer-egress")] if with_egress else []
        for tenant in tenants:
            names = (f"pc-{tenant}-gw", f"pc-{tenant}")
            commands.append(self.network_command(f"pc-{tenant}"))
            commands += self.create_commands(names[0]) + self.create_commands(names[1])
            commands += [["start", name] for name in names]
        with open(path, "w", encoding="utf-8") as f:
            f.write("set -e\n")
            for argv in commands:
                f.write(" ".join(quote(a) for a in [self.docker] + argv) + "\n")
        return ["sh", path]

    def remove(self, tenants, with_egress):
        names = [n for t in tenants for n in (f"pc-{t}", f"pc-{t}-gw")]
        subprocess.run([self.docker, "rm", "-f"] + names, capture_output=True, check=False)
        networks = [f"pc-{t}" for t in tenants] + (["peer-egress"] if with_egress else [])
        subprocess.run([self.docker, "network", "rm"] + networks, capture_output=True, check=False)

    # -- compose -----------------------------------------------------------------------------------

    def compose(self, path):
        """JSON is YAML. Services start in no order, as compose does without depends_on."""
        networks = {name: self.compose_network(name) for name in self.networks}
        services = {name: self.compose_service(name) for name in self.containers}
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"name": "peer", "networks": networks, "services": services}, f, indent=1)

    def compose_network(self, name):
        net = self.networks[name]
        pool = net["IPAM"]["Config"][0]
        options = {k: shift(v) for k, v in net["Options"].items()}
        return {"name": name, "driver": "bridge", "internal": net["Internal"],
                "driver_opts": options, "labels": {shift(k): v for k, v in net["Labels"].items()},
                "ipam": {"config": [{k: shift(pool[k.capitalize()]) for k in ("subnet", "gateway")}]}}

    def compose_service(self, name):
        info = self.containers[name]
        config, host = info["Config"], info["HostConfig"]
        restart = host["RestartPolicy"]
        count = f":{restart['MaximumRetryCount']}" if restart["Name"] == "on-failure" else ""
        service = {
            "container_name": name, "image": config["Image"], "hostname": config["Hostname"],
            "user": config["User"], "working_dir": config["WorkingDir"], "cap_drop": host["CapDrop"],
            "stop_grace_period": f"{config['StopTimeout']}s", "cgroup": host["CgroupnsMode"],
            "ipc": host["IpcMode"], "runtime": host["Runtime"], "read_only": host["ReadonlyRootfs"],
            "init": host["Init"], "mem_limit": host["Memory"], "memswap_limit": host["MemorySwap"],
            "cpus": host["NanoCpus"] / 1e9, "pids_limit": host["PidsLimit"],
            "shm_size": host["ShmSize"], "restart": restart["Name"] + count,
            "healthcheck": {"disable": True}, "sysctls": host.get("Sysctls") or {},
            "logging": {"driver": host["LogConfig"]["Type"], "options": host["LogConfig"]["Config"]},
            "labels": {shift(k): dollar(v) for k, v in config["Labels"].items()},
            "environment": [dollar(v) for v in config["Env"] or []],
            "dns": [shift(d) for d in host["Dns"] or []],
            "tmpfs": [f"{t}:{o}" for t, o in (host.get("Tmpfs") or {}).items()],
            "ulimits": {u["Name"]: {"soft": u["Soft"], "hard": u["Hard"]} for u in host["Ulimits"]},
            "networks": {shift(n): {"ipv4_address": a} for n, a in self.endpoints(info).items()},
        }
        service["security_opt"] = [f"seccomp={self.seccomp(o)}" if o.startswith("seccomp={") else o
                                   for o in host["SecurityOpt"]]
        service["volumes"] = [{"type": "bind", "source": self.path(m["Source"]), "target": m["Target"],
                               "read_only": bool(m.get("ReadOnly"))} for m in host["Mounts"]]
        service["ports"] = [f"{b['HostIp']}:{int(b['HostPort']) + PORT_SHIFT}:{port.split('/')[0]}"
                            for port, bindings in (host["PortBindings"] or {}).items()
                            for b in bindings]
        for key, value in (("entrypoint", config["Entrypoint"]), ("command", config["Cmd"])):
            if value:
                service[key] = [dollar(v) for v in value]
        return service


def host_network(info):
    return info["HostConfig"]["NetworkMode"]


def dollar(value):
    return value.replace("$", "$$")


def quote(value):
    return "'" + value.replace("'", "'\\''") + "'"
